"""A request to a model whose records have attributes: what each of them shall be, and what it is told.

A generator that has learnt with conditions is always told some; when nothing is asked for they are drawn as
they occur. Each block is asked for once, since whatever a generator is told it makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, final

import numpy as np

from gansmith.disclosure import usual_min_count
from gansmith.errors import UsageError, find
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attribute_columns import Asked, Categories
from gansmith.modalities.attribute_tree import GivenTree
from gansmith.modalities.attributes import Attributes, HasAttributes
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.recipe import Compact
from gansmith.tabular.where import Term, Where, terms_of

MIN_KNOWN: Final = 20
"""Learnt records that must be like what is asked for, or the model can hardly know it."""
MAX_LISTED: Final = 8
"""Values that are listed in a message."""


@final
@dataclass(frozen=True, eq=False)
class AttributeRequest:
    """See `Request` of the base."""

    codec: AttributeCodec
    terms: tuple[Term, ...] = ()
    """What is asked for."""
    evidence: Mapping[str, Asked] = field(default_factory=dict[str, Asked])
    """What that leaves of each attribute."""
    balance: str = ""
    """A category whose values take turns, all that are asked for or else all that are known; "" for none."""

    @property
    def texts(self) -> tuple[str, ...]:
        """See `Request`."""
        return tuple(text for term in self.terms for text in term.texts)

    @cached_property
    def _given(self) -> GivenTree:
        return self.codec.given(self.evidence, self.balance)

    @cached_property
    def _turns(self) -> np.ndarray:
        """States of the balanced attribute that take turns."""
        n_values = self.codec.columns[self.codec.index(self.balance)].width
        asked = self.evidence.get(self.balance)
        return np.arange(n_values) if asked is None else np.flatnonzero(asked.weights[:n_values])

    @property
    def n_turns(self) -> int:
        """How many values of the balanced attribute take turns; 0 where none is balanced."""
        return len(self._turns) if self.balance else 0

    @property
    def with_turns(self) -> AttributeRequest:
        """The same; where nothing is balanced, the first category of which several values are asked for."""
        for name, asked in self.evidence.items():
            column = self.codec.columns[self.codec.index(name)]
            if self.balance or not isinstance(column, Categories):
                continue
            values = [term.values for term in self.terms if (term.column, term.operator) == (name, "=")]
            if sum(map(len, values)) > 1 and np.count_nonzero(asked.weights[: column.width]) > 1:
                return replace(self, balance=name)
        return self

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> AttributeBlock:
        """See `Request`."""
        numbers = first_index + np.arange(size)
        roots = self._turns[numbers % len(self._turns)] if self.balance else None
        rng = np.random.default_rng(seed)
        return AttributeBlock(self.codec, self.codec.draw(size, rng, self.evidence, self._given, roots))

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`; how many records are alike is what the tree says, exact for two attributes."""
        alike = {name: Asked(asked.likeness, asked.likeness) for name, asked in self.evidence.items()}
        n_by_root = n_learnt * self.codec.given(alike, self.balance).by_root
        if not self.balance:
            n_had = round(float(n_by_root.sum()))
            if not self.terms or n_had >= MIN_KNOWN:
                return ()
            about = "" if len(self.evidence) == 1 else "about "
            return (
                f"{about}{n_had:,} of the {n_learnt:,} records that were learnt from had "
                f"{self._in_words}: too few to know what such records are like.",
            )
        column = self.codec.columns[self.codec.index(self.balance)]
        assert isinstance(column, Categories)
        order = sorted(self._turns.tolist(), key=lambda state: n_by_root[state])
        rare = {state: n for state in order if (n := float(n_by_root[state])) < MIN_KNOWN}
        n_enough = usual_min_count(n_learnt)
        named = [f"{column.values[state]} ({n:.0f})" for state, n in rare.items() if round(n) >= n_enough]
        named, n_more = named[:MAX_LISTED], len(rare) - len(named[:MAX_LISTED])
        listed = " and ".join(filter(None, [", ".join(named), f"{n_more:,} more" if n_more else ""]))
        what = f"too few records that were learnt from had these values of {self.balance!r} to know them"
        return (f"{what}: {listed}.",) if rare else ()

    @property
    def _in_words(self) -> str:
        """What is asked, alternatives together."""
        choices: dict[str, list[str]] = {}
        for number, term in enumerate(self.terms):
            choices.setdefault(term.column if term.operator == "=" else str(number), []).extend(term.texts)
        return " and ".join(" or ".join(texts) for texts in choices.values())


@final
class AttributeBlock:
    """See `ConditionalBlock`: asked once, whatever comes of it is kept.

    Args:
        codec: How a generator is told.
        attributes: What each record of the block shall be.
    """

    def __init__(self, codec: AttributeCodec, attributes: Attributes) -> None:
        self._codec, self.attributes = codec, attributes
        self._compact: Compact | None = None

    @property
    def is_done(self) -> bool:
        """See `ConditionalBlock`."""
        return self._compact is not None

    def ask(self, fresh: Origins) -> Question:
        """See `ConditionalBlock`."""
        return Question(fresh, self._codec.encode(self.attributes))

    def take(self, compact: Compact) -> None:
        """See `ConditionalBlock`."""
        self._compact = compact

    @property
    def compact(self) -> Compact:
        """See `ConditionalBlock`."""
        assert self._compact is not None
        return self._compact

    def settled(self, records: Any) -> Any:
        """The first records with the attributes that they were made for."""
        assert isinstance(records, HasAttributes)
        return records.with_attributes(self.attributes.take(np.arange(len(records))))


def request_for(codec: AttributeCodec, where: Where, balance: str) -> AttributeRequest | None:
    """The request for records of these attributes.

    Args:
        codec: What was learnt of attributes.
        where: Conditions; what they do not name is drawn as it goes with the rest. Nothing, as in `label=` or
            None, is unknown.
        balance: A category of which all values, or all that are asked for, are equally frequent: they take
            turns, record i having value i modulo their number.

    Returns:
        None when records have no attributes and none are asked for.

    Raises:
        UsageError: An attribute or a value is not known, with the nearest known one, or is out of range.
    """
    if codec.is_empty:
        if where or balance:
            asked = balance or _in_words(where)
            raise UsageError(
                f"these records were learnt without labels: {asked!r} cannot be asked of them. "
                "Learn from records with labels or other attributes, or leave it out."
            )
        return None
    by_column: dict[str, list[Term]] = {}
    for term in terms_of(where, codec.names):
        by_column.setdefault(term.column, []).append(term)
    evidence = {name: codec.columns[codec.index(name)].asked(terms) for name, terms in by_column.items()}
    in_order = tuple(term for terms in by_column.values() for term in terms)
    if balance:
        column = find({column.name: column for column in codec.columns}, "attribute", balance)
        if not isinstance(column, Categories):
            raise UsageError(
                f"attribute {balance!r} is a number: it has no values to balance. Choose a category."
            )
        _check_balanced(column, evidence.get(balance))
    return AttributeRequest(codec, in_order, evidence, balance)


def _check_balanced(column: Categories, asked: Asked | None) -> None:
    if asked is not None and not asked.weights[: column.width].any():
        raise UsageError(
            f"attribute {column.name!r}: no known value of it is asked for, so none can be balanced. "
            "Leave out the condition, or the balance."
        )


def _in_words(where: Where) -> str:
    if isinstance(where, Mapping):
        return ", ".join(map(str, where))
    return where if isinstance(where, str) else ", ".join(map(str, where))
