"""One of several columns is there, and the others are missing: money goes in or out.

Which one it is the first column says by being there or not, and so on. The last one takes part in the game as
if it were always there, with values as they occur; it is emptied where another one is there.
"""

from __future__ import annotations

from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, is_missing, replaced, without
from gansmith.tabular.constraints.base import AbstractConstraint, Cells, Columns
from gansmith.tabular.constraints.groups import MIN_OF_EACH
from gansmith.tabular.constraints.view import View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import FIRST_PARTS, Column

MAX_COLUMNS: Final = 8
MIN_EXPECTED: Final = 20.0
"""Records that would have two of the columns by chance, where none has."""
MAX_GAPPED: Final = 200
"""Columns with missing cells that are compared with each other."""


@final
@settings(eq=False, error=DataError)
class OnePresent(AbstractConstraint):
    """One of `columns` is there and the others are missing; or none is, where that is `optional`."""

    kind: ClassVar[str] = "one_present"

    columns: Annotated[Columns, Field(min_length=2)]
    is_optional: Annotated[bool, Field(alias="optional")] = False

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns[1:])

    def in_words(self) -> str:
        names = ", ".join(column.name for column in self.columns)
        return f"{'at most' if self.is_optional else 'exactly'} one of {names} is present"

    def violating(self, records: pa.Table) -> Mask:
        n_there = self._there(records).sum(1)
        return n_there > 1 if self.is_optional else n_there != 1

    def reduce(self, records: pa.Table) -> pa.Table:
        """See the base class; the last column's gaps are filled with its own values, in their order."""
        if self.is_optional:
            return records
        name = self.columns[-1].name
        cells = cells_of(records, name)
        present = cells.drop_null()
        if not len(present):
            return records
        gaps = np.asarray(pc.is_null(cells))
        places = np.cumsum(gaps) % len(present)
        return replaced(records, {name: pc.coalesce(cells, present.take(pa.array(places)))})

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; the first one that is there stays."""
        there = self._there(records)
        is_later = np.cumsum(there, 1) - there > 0
        return replaced(
            records,
            {
                column.name: without(cells_of(records, column.name), is_later[:, place])
                for place, column in enumerate(self.columns)
                if place
            },
        )

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; a value needs all columns before it to be missing."""
        there = [column for column in self.columns if column.name in cells and cells[column.name][0].is_valid]
        if len(there) > 1:
            raise UsageError(
                f"no record has both {there[0].name!r} and {there[1].name!r}: {self.in_words()}. Ask for one."
            )
        names = [column.name for column in self.columns]
        before = self.columns[: names.index(there[0].name)] if there else ()
        gone = {column.name: pa.nulls(1, column.arrow_type) for column in before}
        left, own = self.apart(cells)
        if not there or there[0].name not in own:
            return left, own
        return {**left, **gone, there[0].name: own[there[0].name]}, {}

    def _there(self, records: pa.Table) -> Bool[np.ndarray, "n k"]:
        """Which of the columns are there."""
        return ~np.stack([is_missing(records, column.name) for column in self.columns], 1)


def find_one_present(view: View, taken: frozenset[str]) -> list[OnePresent]:
    """Groups of columns of which every record has one, and pairs that no record has both of; no parts."""
    names = view.schema.names
    put_together = {name.rpartition(".")[0] for name in names if name.rpartition(".")[2] in FIRST_PARTS}
    gapped = [
        column
        for column in view.schema.columns
        if column.name.rpartition(".")[0] not in put_together and _has_gaps(view, column)
    ][:MAX_GAPPED]
    there = {column.name: ~is_missing(view.records, column.name) for column in gapped}
    found: list[OnePresent] = []
    used: set[str] = set()
    for place, first in enumerate(gapped):
        group = [first]
        union = there[first.name].copy()
        for other in gapped[place + 1 :] if first.name not in used else ():
            is_free = other.name not in used | taken and len(group) < MAX_COLUMNS
            if is_free and not union.all() and _are_apart(union, there[other.name]):
                group.append(other)
                union |= there[other.name]
        if len(group) > 2 and not union.all():
            group = group[:2]
        if len(group) > 1:
            union = np.logical_or.reduce([there[column.name] for column in group])
            found.append(OnePresent(tuple(group), not union.all()))
            used |= {column.name for column in group}
    return found


def _has_gaps(view: View, column: Column) -> bool:
    """Whether a column is missing often enough, and there often enough."""
    n_missing = int(is_missing(view.records, column.name).sum())
    return column.traits.is_varied and MIN_OF_EACH <= n_missing <= view.records.num_rows - MIN_OF_EACH


def _are_apart(one: Mask, other: Mask) -> bool:
    """Whether no record has both, though by chance many would."""
    return not (one & other).any() and bool(one.mean() * other.sum() >= MIN_EXPECTED)
