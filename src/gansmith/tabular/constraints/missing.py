"""Cells that are missing together, or never: one question was asked, or none of them.

The columns after the first take part in the game as if they were there wherever the first is missing; there
they are emptied again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, is_missing, replaced
from gansmith.tabular.columns.base import from_units, units
from gansmith.tabular.constraints.base import AbstractConstraint, Cells, Columns, typed
from gansmith.tabular.constraints.view import View
from gansmith.tabular.schema import Column

MIN_OF_EACH: Final = 20
"""Records that lack the cells, and records that have them."""


@final
@settings(eq=False, error=DataError)
class MissingTogether(AbstractConstraint):
    """In every record all of `columns` are missing, or none."""

    kind: ClassVar[str] = "missing_together"

    learns: ClassVar = ("stand_ins",)

    columns: Annotated[Columns, Field(min_length=2)]
    stand_ins: tuple[pa.Array, ...] = ()
    """What stands in the missing cells of each column but the first meanwhile; empty where nothing can."""

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns[1:])

    def in_words(self) -> str:
        return f"{', '.join(column.name for column in self.columns)} are missing together"

    def violating(self, records: pa.Table) -> Mask:
        missing = [is_missing(records, column.name) for column in self.columns]
        return np.logical_or.reduce(missing) & ~np.logical_and.reduce(missing)

    def learnt(self, records: pa.Table, min_count: int = 1) -> MissingTogether:
        found = [_stand_in(cells_of(records, column.name), column, min_count) for column in self.columns[1:]]
        return replace(self, stand_ins=tuple(found))

    def learnt_again(self, state: Mapping[str, Any]) -> MissingTogether:
        listed: Any = state["stand_ins"]
        if not isinstance(listed, list) or len(listed) != len(self.writes):
            raise DataError(f"stand-ins for {len(self.writes)} columns are wanted.")
        found = [typed(texts, column) for texts, column in zip(listed, self.columns[1:], strict=True)]
        if any(len(cells) > 1 or cells.null_count for cells in found):
            raise DataError("one value stands in for each column, or none.")
        return replace(self, stand_ins=tuple(found))

    def reduce(self, records: pa.Table) -> pa.Table:
        is_gone = pa.array(is_missing(records, self.reads[0]))
        filled: dict[str, pa.Array] = {}
        for name, stand_in in zip(self.writes, self.stand_ins, strict=True):
            cells = cells_of(records, name)
            if len(stand_in):
                filled[name] = pc.if_else(pc.and_(is_gone, pc.is_null(cells)), stand_in[0], cells)
        return replaced(records, filled)

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        is_gone = pa.array(is_missing(records, self.reads[0]))
        emptied: dict[str, pa.Array] = {}
        for name in self.writes:
            cells = cells_of(records, name)
            emptied[name] = pc.if_else(is_gone, pa.scalar(None, cells.type), cells)
        return replaced(records, emptied)

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; that one is missing says it of the first, too; a value needs that there."""
        gone = [name for name in self.writes if name in cells and not cells[name][0].is_valid]
        asked = {name: cell for name, cell in cells.items() if name not in gone}
        unsure = self.apart(asked)[1]
        return (asked | {self.reads[0]: pa.nulls(1, self.columns[0].arrow_type)} if gone else asked), unsure


def _stand_in(cells: pa.Array, column: Column, min_count: int) -> pa.Array:
    """The most frequent value where enough records share it, else the mean; nothing if there is neither."""
    present = cells.drop_null()
    if not len(present) or not column.traits.is_exact:
        return present[:0]
    counts = pc.value_counts(present)
    most = int(np.argmax(counts.field("counts").to_numpy()))
    if counts.field("counts")[most].as_py() >= min_count:
        return counts.field("values")[most : most + 1]
    if not (column.traits.is_number or column.traits.is_time):
        return present[:0]
    numbers, _ = units(present, column)
    return from_units(np.array([numbers.mean()]), np.zeros(1, bool), column)


def find_missing_together(view: View, taken: frozenset[str]) -> list[MissingTogether]:
    """Groups of columns that lack their cells in exactly the same records, of which there are enough."""
    groups: defaultdict[bytes, list[Column]] = defaultdict(list)
    for column in view.schema.columns:
        if column.name in taken or not (column.traits.is_varied and column.traits.is_exact):
            continue
        missing = is_missing(view.records, column.name)
        if MIN_OF_EACH <= missing.sum() <= len(missing) - MIN_OF_EACH:
            groups[np.packbits(missing).tobytes()].append(column)
    return [MissingTogether(tuple(group)) for group in groups.values() if len(group) > 1]
