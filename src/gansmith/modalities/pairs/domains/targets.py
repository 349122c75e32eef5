"""What records can become when several values are asked for: one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from gansmith.modalities.attribute_columns import Categories
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.tabular.where import Term, Where, terms_of


def targets_of(codec: DomainCodec, where: Where) -> dict[str, Where]:
    """By a name for people what is asked of each target: every value that fulfils the conditions.

    Of several attributes all values of one go with all of the others. Numbers that are asked for by a range
    are one target.

    Raises:
        UsageError: There is no such attribute, or it never has that value.
    """
    terms, choices = terms_of(where, codec.changed), dict[str, list[Any]]()
    for term in terms:
        if term.column not in choices:
            choices[term.column] = _values(codec, [one for one in terms if one.column == term.column])
    found = (dict(zip(choices, values, strict=True)) for values in product(*choices.values()))
    return {", ".join(map(_said, one.values())): one for one in found}


def _values(codec: DomainCodec, terms: Sequence[Term]) -> list[Any]:
    """What is asked of one attribute, value by value."""
    column = codec.attributes.columns[codec.attributes.index(terms[0].column)]
    if isinstance(column, Categories):
        weights = column.asked(terms).weights
        return [value for value, weight in zip(column.values, weights, strict=False) if weight]
    if all(term.operator == "=" for term in terms):
        return [value for term in terms for value in term.values]
    return [{term.operator: [*term.values] for term in terms}]


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{operator}{wanted[0]}" for operator, wanted in value.items())
    return str(value).replace("/", "_")  # it may become the name of a file
