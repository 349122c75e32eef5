"""Groups of columns: exactly one of them is 1; all of them are missing, or none.

One of: a category that somebody has spread over 0/1 columns. They take part in the game as that category,
which stands in the place of the first.
Missing together: one question was asked, or none of them. The columns after the first take part in the game
as if they were there wherever the first is missing; there they are emptied again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, cells_of, floats_of, is_missing, replaced
from gansmith.tabular.columns.measures import from_units, units
from gansmith.tabular.constraints.base import (
    AbstractConstraint,
    Cells,
    Columns,
    check_kinds,
    emptied,
    empty,
    typed,
)
from gansmith.tabular.constraints.view import View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

MIN_COLUMNS: Final = 3
"""Of two columns one decides the other; that is found as such."""
MAX_COLUMNS: Final = 1_000
MIN_OF_EACH: Final = 20
"""Records that lack the cells, and records that have them."""


@final
@settings(eq=False, error=DataError)
class OneOf(AbstractConstraint):
    """One column is 1 (or true) and the others are 0 (or false); or all of them are missing."""

    kind: ClassVar[str] = "one_of"

    columns: Annotated[Columns, Field(min_length=2)]

    def __post_init__(self) -> None:
        check_kinds(
            self.columns, lambda one: one.traits.is_number or one.type == "bool", "0 and 1, or booleans"
        )

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def in_words(self) -> str:
        first, last = self.writes[0], self.writes[-1]
        shown = f"{first}, ..., {last}" if len(self.columns) > 3 else ", ".join(self.writes)
        return f"exactly one of {shown} is 1 ({len(self.columns)} columns)"

    def violating(self, records: pa.Table) -> Mask:
        values, missing = self._matrix(records)
        is_right = np.isin(values, (0.0, 1.0)).all(1) & (values.sum(1) == 1) & ~missing.any(1)
        return ~(is_right | missing.all(1))

    def reduced(self) -> Mapping[str, Column]:
        first = self.writes[0]
        rate = min(column.missing_rate for column in self.columns)
        return {**empty(self.columns), first: Column(first, "category", missing_rate=rate)}

    def reduce(self, records: pa.Table) -> pa.Table:
        values, missing = self._matrix(records)
        chosen = pa.array(np.where(missing, -1.0, values).argmax(1), mask=missing.all(1))
        called = pa.array(self.writes).take(chosen)
        return replaced(emptied(records, self.writes), {self.writes[0]: called})

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        called = cells_of(records, self.writes[0])
        ones = {column: pc.equal(called, column.name).cast(pa.int8()) for column in self.columns}
        return replaced(records, {column.name: one.cast(column.arrow_type) for column, one in ones.items()})

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; that a column is 0 leaves all others open."""
        left, own = self.apart(cells)
        ones = [name for name in self.writes if name in own and own[name][0].as_py() in (1, True)]
        if len(ones) > 1:
            raise UsageError(
                f"no record has both {ones[0]}=1 and {ones[1]}=1: {self.in_words()}. Ask for one."
            )
        if any(not cell[0].is_valid for cell in own.values()):
            return {**left, self.writes[0]: pa.nulls(1, pa.string())}, {}
        return ({**left, self.writes[0]: pa.array(ones)}, {}) if ones else (left, own)

    def _matrix(self, records: pa.Table) -> tuple[Float[np.ndarray, "n k"], np.ndarray]:
        """Values, and which are missing (there: 0); both of shape (n, n_columns)."""
        missing = np.stack([is_missing(records, name) for name in self.writes], 1)
        numbers = np.stack([floats_of(cells_of(records, name)) for name in self.writes], 1)
        return np.where(missing, 0.0, numbers), missing


def find_one_of(view: View, taken: frozenset[str]) -> list[OneOf]:
    """Groups that hold for every record; columns that are always the same may stand among them."""
    found: list[OneOf] = []
    for run in _runs(view, taken):
        first = 0
        while first + MIN_COLUMNS <= len(run):
            last = _last([truths for _, truths in run[first : first + MAX_COLUMNS]])
            columns = tuple(column for column, _ in run[first : first + last])
            group = OneOf(columns) if last >= MIN_COLUMNS else None
            if group and not group.violating(view.records).any():
                found.append(group)
                first += last
            else:
                first += 1
    return found


def _runs(view: View, taken: frozenset[str]) -> list[list[tuple[Column, Int[np.ndarray, " n"]]]]:
    """Neighbouring 0/1 columns without missing cells, with their values."""
    runs: list[list[tuple[Column, np.ndarray]]] = [[]]
    for column in view.schema.columns:
        if not column.traits.is_varied:
            continue
        truths = None if column.name in taken else _truths(view, column)
        if truths is None:
            runs.append([])
        else:
            runs[-1].append((column, truths))
    return [run for run in runs if len(run) >= MIN_COLUMNS]


def _truths(view: View, column: Column) -> Int[np.ndarray, " n"] | None:
    """The sample's values as 0 and 1, or None where there are others."""
    is_whole_number = column.traits.is_number and column.traits.is_whole
    if column.missing_rate or not (is_whole_number or column.type == "bool"):
        return None
    for records in (view.quick, view.sample):
        cells = cells_of(records, column.name)
        if cells.null_count:
            return None
        values = cells.cast(pa.int8() if column.type == "bool" else pa.int64(), safe=False).to_numpy()
        if ((values != 0) & (values != 1)).any():
            return None
    return values.astype(np.int8)


def _last(truths: list[Int[np.ndarray, " n"]]) -> int:
    """How many columns from the first on add up to 1 in every record; 0: none do."""
    total = np.zeros(len(truths[0]), np.int16)
    for number, values in enumerate(truths, start=1):
        total = total + values
        if total.max() > 1:
            return 0
        if total.min() == 1:
            return number
    return 0


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
        found = [
            stand_in_for(cells_of(records, column.name), column, min_count) for column in self.columns[1:]
        ]
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

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
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


def stand_in_for(cells: pa.Array, column: Column, min_count: int) -> pa.Array:
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
