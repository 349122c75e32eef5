"""A column is the sum of others: total = fare + tip + tolls.

It takes no part in the game; it is added up afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, replaced
from gansmith.tabular.columns.measures import from_units, step_of, units
from gansmith.tabular.constraints.base import (
    AbstractConstraint,
    Columns,
    Named,
    check_kinds,
    emptied,
    empty,
)
from gansmith.tabular.constraints.view import MIN_RECORDS, View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

_RELATIVE: Final = 1e-9
"""Doubles that differ by less than this share of their size are equal."""
MAX_TOGETHER: Final = 100
"""Columns that are looked at together; of more, only neighbours can add up."""
MAX_PARTS: Final = 20
_RESIDUAL: Final = 1e-7
_COEFFICIENT: Final = 1e-4


@final
@settings(eq=False, error=DataError)
class Total(AbstractConstraint):
    """`total` is the sum of `parts` up to its rounding, and missing where one of them is."""

    kind: ClassVar[str] = "sum"

    total: Named
    parts: Annotated[Columns, Field(min_length=1)]

    def __post_init__(self) -> None:
        check_kinds((self.total, *self.parts), lambda one: one.traits.is_number, "numbers")

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.total.name,)

    def in_words(self) -> str:
        return f"{self.total.name} = {' + '.join(self.reads)}"

    def violating(self, records: pa.Table) -> Mask:
        total, missing = units(cells_of(records, self.total.name), self.total)
        wanted, lacking, size = self._added(records)
        # A single where it is stored in few digits, and half of the last digit that is kept.
        coarse = 1e-6 if self.total.type == "float" else _RELATIVE
        tolerance = 0.5001 * step_of(self.total) * (not self.total.traits.is_whole) + coarse * size
        return (missing != lacking) | (~missing & ~lacking & (np.abs(total - wanted) > tolerance))

    def reduced(self) -> Mapping[str, Column]:
        return empty([self.total])

    def reduce(self, records: pa.Table) -> pa.Table:
        return emptied(records, self.writes)

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        wanted, lacking, _ = self._added(records)
        return replaced(records, {self.total.name: from_units(wanted, lacking, self.total)})

    def _added(self, records: pa.Table) -> tuple[Float[np.ndarray, " n"], Mask, Float[np.ndarray, " n"]]:
        """Sums, where a part is missing, and the sizes of what was added."""
        found = [units(cells_of(records, part.name), part) for part in self.parts]
        numbers = np.stack([values for values, _ in found], 1)
        missing = np.logical_or.reduce([lacking for _, lacking in found])
        return numbers.sum(1), missing, np.abs(numbers).sum(1)


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
    """A sum, if column `index` is one or is a part of one: all weights -1, 0 or 1, one column on one side."""
    whole = np.rint(weights)
    if np.abs(weights - whole).max() > _COEFFICIENT or np.abs(whole).max() > 1:
        return None
    plus = sorted(other for other, weight in zip(others, whole, strict=True) if weight == 1)
    minus = sorted(other for other, weight in zip(others, whole, strict=True) if weight == -1)
    if 1 <= len(plus) <= MAX_PARTS and not minus:
        return Total(columns[index], tuple(columns[part] for part in plus))
    if len(plus) == 1 and 1 <= len(minus) < MAX_PARTS:
        parts = sorted([index, *minus])
        return Total(columns[plus[0]], tuple(columns[part] for part in parts))
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
