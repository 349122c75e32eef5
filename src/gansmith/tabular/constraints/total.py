"""A column is the sum of others: total = fare + tip + tolls; or of their multiples: tax = 0.19 * net."""

from __future__ import annotations

from itertools import compress
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, Numbers, cells_of
from gansmith.tabular.columns.measures import from_units, step_of, units
from gansmith.tabular.constraints.base import Cells, Columns, Named, check_kinds
from gansmith.tabular.constraints.derived import AbstractFormula
from gansmith.tabular.constraints.view import MIN_RECORDS, View
from gansmith.tabular.schema import Column

MAX_TOGETHER: Final = 100
"""Columns that are looked at together; of more, only neighbours can add up."""
MAX_PARTS: Final = 20
_RESIDUAL: Final = 1e-7
_COEFFICIENT: Final = 1e-4
_DIGITS: Final = 3
"""Of weights that somebody has chosen."""


@final
@settings(eq=False, error=DataError)
class Total(AbstractFormula):
    """`total` is the sum of `parts`, each times its weight, plus a number, up to its rounding."""

    kind: ClassVar[str] = "sum"

    total: Named
    parts: Annotated[Columns, Field(min_length=1)]
    weights: Annotated[tuple[float, ...], Field(strict=False)] = ()
    """What each part is multiplied with; empty: all by 1."""
    plus: float = 0.0
    may_be_missing: bool = False

    def __post_init__(self) -> None:
        check_kinds((self.total, *self.parts), lambda one: one.traits.is_number, "numbers")
        if self.weights and len(self.weights) != len(self.parts):
            raise DataError(
                f"{len(self.weights)} 'weights' for {len(self.parts)} 'parts'. Give one for each."
            )
        if 0 in self.weights:
            raise DataError("one of its 'weights' is 0. Leave this part out.")

    @property
    def target(self) -> Column:
        return self.total

    def in_words(self) -> str:
        weights = self.weights or (1.0,) * len(self.parts)
        terms = [_term(weight, part.name) for weight, part in zip(weights, self.parts, strict=True)]
        text = "".join([*terms, _term(self.plus, "") if self.plus else ""])
        return f"{self.total.name} = {text[3:] if text.startswith(' + ') else f'-{text[3:]}'}"

    def exact(self, records: pa.Table) -> tuple[Numbers, Mask, Numbers]:
        found = [units(cells_of(records, part.name), part) for part in self.parts]
        numbers = np.stack([values for values, _ in found], 1) * (self.weights or 1.0)
        missing = np.logical_or.reduce([lacking for _, lacking in found])
        return numbers.sum(1) + self.plus, missing, np.abs(numbers).sum(1) + abs(self.plus)

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; where one part alone decides, what it must be is asked of that."""
        left, own = self.apart(cells)
        if not own or len(self.parts) > 1 or own[self.total.name].null_count:
            return super().conditions_for(cells)
        part, cell = next(iter(self.parts)), own[self.total.name]
        weight = self.weights[0] if self.weights else 1.0
        if not step_of(part) or step_of(part) * abs(weight) < step_of(self.total):
            return super().conditions_for(cells)  # several values of the part make this total
        number = (units(cell, self.total)[0] - self.plus) / weight
        source = from_units(number, np.zeros(1, bool), part)
        if self.differs(cell, cell, pa.table({part.name: source})).any():
            raise UsageError(f"no record has {self.total.name}={cell[0].as_py()}: {self.in_words()}.")
        return {**left, part.name: source}, {}


def _term(number: float, name: str) -> str:
    """A summand with its sign, as people write it."""
    sign, size = ("-" if number < 0 else "+"), f"{abs(number):.12g}"
    product = (name if size == "1" else f"{size} * {name}") if name else size
    return f" {sign} {product}"


def find_totals(view: View, taken: frozenset[str]) -> list[Total]:
    """Sums that hold for every record, largest totals last looked at, each column in one of them at most."""
    columns = [column for column in view.measures if column.name not in taken]
    found: list[Total] = []
    for first in range(0, len(columns), MAX_TOGETHER):
        some = columns[first : first + MAX_TOGETHER]
        for candidate in _relations(view.numbers(some, view.quick), some):
            if not candidate.violating(view.sample).any() and not candidate.violating(view.records).any():
                found.append(candidate)
    return found


def _relations(values: Float[np.ndarray, "n k"], columns: list[Column]) -> list[Total]:
    """Sums that hold in these records, as far as linear algebra can see.

    Column after column, in order of size, is expressed by those before it that are independent of each other.
    """
    is_whole = ~np.isnan(values)
    rows = is_whole.all(1)
    if rows.sum() < MIN_RECORDS + 2 * len(columns):  # too few: without the columns that lack some
        kept = np.logical_and.reduce(is_whole)
        values, columns = values[:, kept], list(compress(columns, kept))
        rows = np.ones(len(values), bool)
    if rows.sum() < MIN_RECORDS + 2 * len(columns) or len(columns) < 2:
        return []
    values = values[rows]
    order = np.argsort(values.std(0), kind="stable")
    basis = np.zeros((len(values), 0))
    independent: list[int] = []
    found: list[Total] = []
    for index in order.tolist():
        column = values[:, index]
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)  # once more: the first time leaves a rounding error
        size = float(np.linalg.norm(rest))
        if size > _RESIDUAL * float(np.linalg.norm(column)):
            basis = np.concatenate([basis, rest[:, None] / size], 1)
            independent.append(index)
            continue
        weights = np.linalg.lstsq(values[:, independent], column, rcond=None)[0]
        total = _total(index, independent, weights, columns)
        if total is not None:
            found.append(total)
    return _each_once(found)


def _total(
    index: int, others: list[int], weights: Float[np.ndarray, " k"], columns: list[Column]
) -> Total | None:
    """A sum, if column `index` is one or is a part of one, or one of multiples with short weights."""
    whole = np.rint(weights)
    if np.abs(weights - whole).max() > _COEFFICIENT or np.abs(whole).max() > 1:
        return _weighted(index, others, weights, columns)
    plus = sorted(other for other, weight in zip(others, whole, strict=True) if weight == 1)
    minus = sorted(other for other, weight in zip(others, whole, strict=True) if weight == -1)
    if 1 <= len(plus) <= MAX_PARTS and not minus:
        return Total(columns[index], tuple(columns[part] for part in plus))
    if len(plus) == 1 and 1 <= len(minus) < MAX_PARTS:
        parts = sorted([index, *minus])
        return Total(columns[plus[0]], tuple(columns[part] for part in parts))
    return _weighted(index, others, weights, columns)


def _weighted(
    index: int, others: list[int], weights: Float[np.ndarray, " k"], columns: list[Column]
) -> Total | None:
    """A sum of multiples, of whichever column is one with short weights, if any is."""
    members = [index, *others]
    signed = np.array([-1.0, *weights])
    kept = sorted(place for place in range(len(members)) if abs(signed[place]) > _COEFFICIENT)
    if not 3 <= len(kept) <= MAX_PARTS + 1:
        return None  # of one part alone: see `maps.py`
    for target in sorted(kept, key=lambda place: -members[place]):
        parts = sorted((place for place in kept if place != target), key=lambda place: members[place])
        exact = -signed[parts] / signed[target]
        short = [float(f"{weight:.{_DIGITS}g}") for weight in exact]
        if np.abs(exact - short).max() <= _RESIDUAL:
            return Total(
                columns[members[target]], tuple(columns[members[part]] for part in parts), tuple(short)
            )
    return None


def _each_once(found: list[Total]) -> list[Total]:
    """Sums of which none puts back what another needs in a circle: each total stands on its own parts."""
    totals: set[str] = set()
    kept: list[Total] = []
    for total in found:
        if total.total.name not in totals and not totals & set(total.reads):
            totals.add(total.total.name)
            kept.append(total)
    return kept
