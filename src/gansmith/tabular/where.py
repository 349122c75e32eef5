"""What `where` says, in any of its spellings, as terms: a column, an operator, values.

On the command line a condition is one text, `age>=65`; in Python also a mapping:

>>> columns = ["age", "income", "city"]
>>> terms_of(["age>=65", "income=>50K"], columns)
(Term(column='age', operator='>=', values=('65',)), Term(column='income', operator='=', values=('>50K',)))
>>> terms_of({"city": ["Rome", "Oslo"], "age": {">=": 65}}, columns)
(Term(column='city', operator='=', values=('Rome', 'Oslo')), Term(column='age', operator='>=', values=(65,)))
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, final

import numpy as np

from gansmith.errors import UsageError, did_you_mean

OPERATORS: Final = (">=", "<=", "!=", "=", ">", "<")
"""Longer ones first, as a text is searched for them in this order."""
FORM: Final = "COLUMN=VALUE, or with one of != >= <= > < instead of ="

Where = Mapping[str, Any] | Sequence[Any]
"""Conditions as a user gives them: texts as on the command line; or by column a value, a list of values of
which one must hold, or a mapping of operators to values."""


@final
@dataclass(frozen=True)
class Term:
    """One condition, not yet looked at."""

    column: str
    operator: str
    """One of `OPERATORS`."""
    values: tuple[Any, ...]
    """With "=" one of them must hold, with any other operator all."""

    @property
    def texts(self) -> tuple[str, ...]:
        """It as on the command line, one text for each value; a missing cell has no spelling."""
        spelt = ("" if value is None else str(value) for value in self.values)
        return tuple(f"{self.column}{self.operator}{value}" for value in spelt)


def terms_of(where: Where, columns: Collection[str]) -> tuple[Term, ...]:
    """Conditions as terms.

    In a text the column is the longest known name that an operator follows, so that with a column `income`
    the text `income=>50K` asks for the value `>50K`. Blanks around the name do not count.

    Raises:
        UsageError: When a column or an operator is unknown, with the nearest known one, or a text has none.
    """
    if isinstance(where, Mapping):
        return tuple(term for name, wanted in where.items() for term in _terms(name, wanted, columns))
    return tuple(_term(text, columns) for text in ([where] if isinstance(where, str) else where))


def _term(text: object, columns: Collection[str]) -> Term:
    if not isinstance(text, str):
        raise UsageError(f"where: {text!r} is no condition. Write {FORM}.")
    bare = text.lstrip()
    fitting = [name for name in columns if bare.startswith(name) and _operator(bare[len(name) :])]
    if fitting:
        name = max(fitting, key=len)
        rest = bare[len(name) :].lstrip()
        operator = _operator(rest)
        return Term(name, operator, (rest[len(operator) :],))
    first = min((bare.find(operator) for operator in OPERATORS if operator in bare), default=0)
    if not first:
        raise UsageError(f"--where {text!r}: write {FORM}.")
    name = bare[:first].rstrip()
    raise UsageError(f"There is no column {name!r}. {did_you_mean(name, columns)}")


def _operator(text: str) -> str:
    """The operator that a text begins with, or nothing."""
    text = text.lstrip()
    return next((operator for operator in OPERATORS if text.startswith(operator)), "")


def _terms(name: str, wanted: object, columns: Collection[str]) -> list[Term]:
    if name not in columns:
        raise UsageError(f"There is no column {name!r}. {did_you_mean(name, columns)}")
    if not isinstance(wanted, Mapping):
        return [Term(name, "=", _values(name, wanted))]
    found: list[Term] = []
    for operator, values in cast("Mapping[str, Any]", wanted).items():
        if operator not in OPERATORS:
            known = ", ".join(OPERATORS)
            raise UsageError(f"column {name!r}: there is no operator {operator!r}. Known: {known}.")
        found.append(Term(name, operator, _values(name, values)))
    return found


def _values(name: str, wanted: object) -> tuple[Any, ...]:
    """One value, or the values of a list."""
    if isinstance(wanted, (set, frozenset)):
        wanted = sorted(cast("Collection[Any]", wanted), key=str)  # the same order each time
    if isinstance(wanted, (list, tuple, np.ndarray)):
        values = tuple(cast("Collection[Any]", wanted))
        if not values:
            raise UsageError(f"column {name!r}: an empty list of values. Leave the column out, or give one.")
        return values
    return (wanted,)


def with_texts(where: Where | None, texts: Sequence[str]) -> Where | None:
    """Conditions and some more, these as texts."""
    if not texts or not where:
        return where or list(texts) or None
    if isinstance(where, Mapping):
        more = [(text.partition("=")[0], text.partition("=")[2]) for text in texts]
        return {**where, **dict(more)}
    return [*([where] if isinstance(where, str) else where), *texts]


def plain_where(where: Where) -> Any:
    """Conditions as JSON can hold them: they are kept with the model.

    Raises:
        UsageError: When a value is no text, number, truth value or None.
    """
    try:
        return json.loads(json.dumps(where))
    except (TypeError, ValueError) as error:
        raise UsageError(f"where: {error}. To learn from a part, spell values as in the data.") from error
