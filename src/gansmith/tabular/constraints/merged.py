"""Several columns that take part in the game as one category, which stands in the place of the first.

Combinations: only those that occurred, such as a city with its own country. One of: exactly one of several
0/1 columns is 1, a category that somebody has spread over columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import compress
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import (
    Mask,
    cells_of,
    codes_of,
    equals,
    floats_of,
    is_missing,
    keys_of,
    mask_of,
    replaced,
)
from gansmith.tabular.constraints.base import (
    AbstractConstraint,
    Cells,
    Columns,
    check_keys,
    check_kinds,
    check_plain,
    empty,
    nothing_kept,
    spelt,
    typed,
)
from gansmith.tabular.constraints.view import View
from gansmith.tabular.schema import Column

MIN_COLUMNS: Final = 3
"""Of two columns one decides the other; that is found as such."""
MAX_COLUMNS: Final = 1_000


class AbstractMerger(AbstractConstraint):
    """What constraints have in common that make one column of several."""

    columns: tuple[Column, ...]

    @final
    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @final
    def reduced(self) -> Mapping[str, Column]:
        first, *others = self.columns
        return {first.name: Column(first.name, "category")} | {one.name: empty(one) for one in others}

    @final
    def merged(self, records: pa.Table, called: pa.Array) -> pa.Table:
        """The records with that category in the place of the first column and nothing in the others."""
        nothing = pa.nulls(records.num_rows)
        return replaced(records, {self.writes[0]: called} | dict.fromkeys(self.writes[1:], nothing))


@final
@settings(eq=False, error=DataError)
class Combinations(AbstractMerger):
    """All values of `columns` together occurred in one real record."""

    kind: ClassVar[str] = "combinations"

    learns: ClassVar = ("known", "names")

    columns: Annotated[Columns, Field(min_length=2)]
    known: pa.Table | None = None
    """The combinations, one record each; None: not learnt yet."""
    names: tuple[str, ...] = ()
    """What each of them is called in the game."""

    def __post_init__(self) -> None:
        check_plain(self.columns)

    def in_words(self) -> str:
        counted = f" ({len(self.names):,} of them)" if self.names else ""
        return f"only combinations of {', '.join(self.writes)} that occurred{counted}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class; where nothing is learnt yet, every combination is a new one."""
        if self.known is None:
            return np.zeros(records.num_rows, bool)
        return mask_of(pc.is_null(self._places(records)))

    def learnt(self, records: pa.Table, min_count: int = 1) -> Combinations:
        """See the base class; the rare ones are left out later, as categories that are never made."""
        del min_count
        first = np.unique(codes_of(keys_of(records, self.writes)), return_index=True)[1]
        known = records.select(list(self.writes)).take(pa.array(first)).combine_chunks()
        return replace(self, known=known, names=tuple(str(number) for number in range(len(first))))

    def keeping(self, emitted: Mapping[str, pa.Array]) -> Combinations:
        if self.columns[0].name not in emitted or self.known is None:
            return self
        made = set(emitted[self.columns[0].name].to_pylist())
        kept = [place for place, name in enumerate(self.names) if name in made]
        if not kept:
            raise nothing_kept(self.in_words())
        return replace(
            self,
            known=self.known.take(kept).combine_chunks(),
            names=tuple(self.names[place] for place in kept),
        )

    def learnt_state(self) -> dict[str, Any]:
        if self.known is None:
            return {}
        values = [spelt(cells_of(self.known, name)) for name in self.writes]
        return {"names": list(self.names), "values": values}

    def with_state(self, state: Mapping[str, Any]) -> Combinations:
        check_keys(state, "names", "values")
        names = typed(state["names"], Column("names", "category"))
        listed: Any = state["values"]
        if not isinstance(listed, list) or len(listed) != len(self.columns):
            raise DataError(f"values of {len(self.columns)} columns are wanted.")
        arrays = [typed(values, column) for values, column in zip(listed, self.columns, strict=True)]
        if any(len(values) != len(names) for values in arrays) or names.null_count or not len(names):
            raise DataError("its values and names are not equally many.")
        known = pa.table(arrays, names=list(self.writes))
        if len(pc.unique(names)) < len(names) or len(pc.unique(keys_of(known, self.writes))) < len(names):
            raise DataError("a combination is there twice.")
        return replace(self, known=known, names=tuple(names.to_pylist()))

    def reduce(self, records: pa.Table) -> pa.Table:
        """See the base class; a combination that is not known is missing."""
        called = pa.array(self.names, pa.string()).take(self._places(records))
        return self.merged(records, called)

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        assert self.known is not None
        places = pc.index_in(cells_of(records, self.writes[0]), value_set=pa.array(self.names, pa.string()))
        drawn = rng.integers(0, len(self.names), records.num_rows)
        known = places.fill_null(0).to_numpy(zero_copy_only=False)
        found = np.where(mask_of(pc.is_null(places)), drawn, known)
        chosen = self.known.take(pa.array(found))
        return replaced(records, {name: cells_of(chosen, name) for name in self.writes})

    def conditions_for(self, cells: Cells) -> Cells:
        left = {name: cell for name, cell in cells.items() if name not in self.writes}
        if len(left) == len(cells):
            return cells
        matching = self._matching(cells)
        if not len(matching):
            spelt_out = " and ".join(f"{n}={cells[n][0].as_py()}" for n in self.writes if n in cells)
            raise UsageError(f"no record has {spelt_out}: {self.in_words()}. Ask for one that occurs.")
        return {**left, self.writes[0]: pa.array(matching, pa.string())} if len(matching) == 1 else left

    def is_determined_by(self, name: str, cells: Cells) -> bool:
        return name not in self.writes or len(self._matching(cells)) == 1

    def _matching(self, cells: Cells) -> list[str]:
        """What the combinations with these cells are called."""
        assert self.known is not None
        matches = np.ones(len(self.names), bool)
        for name in self.writes:
            if name in cells:
                matches &= equals(cells_of(self.known, name), cells[name][0])
        return list(compress(self.names, matches))

    def _places(self, records: pa.Table) -> pa.Array:
        """Which of the known combinations each record has; null: none."""
        assert self.known is not None
        return pc.index_in(keys_of(records, self.writes), value_set=keys_of(self.known, self.writes))


@final
@settings(eq=False, error=DataError)
class OneOf(AbstractMerger):
    """One column is 1 (or true) and the others are 0 (or false); or all of them are missing."""

    kind: ClassVar[str] = "one_of"

    columns: Annotated[Columns, Field(min_length=2)]

    def __post_init__(self) -> None:
        check_kinds(
            self.columns, lambda one: one.traits.is_number or one.type == "bool", "0 and 1, or booleans"
        )

    def in_words(self) -> str:
        first, last = self.writes[0], self.writes[-1]
        shown = f"{first}, ..., {last}" if len(self.columns) > 3 else ", ".join(self.writes)
        return f"exactly one of {shown} is 1 ({len(self.columns)} columns)"

    def violating(self, records: pa.Table) -> Mask:
        values, missing = self._matrix(records)
        is_right = np.isin(values, (0.0, 1.0)).all(1) & (values.sum(1) == 1) & ~missing.any(1)
        return ~(is_right | missing.all(1))

    def reduce(self, records: pa.Table) -> pa.Table:
        values, missing = self._matrix(records)
        chosen = pa.array(np.where(missing, -1.0, values).argmax(1), mask=missing.all(1))
        return self.merged(records, pa.array(self.writes).take(chosen))

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        called = cells_of(records, self.writes[0])
        ones = {column: pc.equal(called, column.name).cast(pa.int8()) for column in self.columns}
        return replaced(records, {column.name: one.cast(column.arrow_type) for column, one in ones.items()})

    def conditions_for(self, cells: Cells) -> Cells:
        ones = [name for name in self.writes if name in cells and _is_one(cells[name])]
        if len(ones) > 1:
            raise UsageError(
                f"no record has both {ones[0]}=1 and {ones[1]}=1: {self.in_words()}. Ask for one."
            )
        left = {name: cell for name, cell in cells.items() if name not in self.writes}
        missing = [name for name in self.writes if name in cells and not cells[name][0].is_valid]
        if missing:
            return {**left, self.writes[0]: pa.nulls(1, pa.string())}
        return {**left, self.writes[0]: pa.array(ones)} if ones else left

    def is_determined_by(self, name: str, cells: Cells) -> bool:
        """See the base class; that a column is 0 leaves all others open."""
        asked = [cells[one] for one in self.writes if one in cells]
        return name not in self.writes or any(_is_one(cell) or not cell[0].is_valid for cell in asked)

    def _matrix(self, records: pa.Table) -> tuple[Float[np.ndarray, "n k"], np.ndarray]:
        """Values, and which are missing (there: 0); both of shape (n, n_columns)."""
        missing = np.stack([is_missing(records, name) for name in self.writes], 1)
        numbers = np.stack([floats_of(cells_of(records, name)) for name in self.writes], 1)
        return np.where(missing, 0.0, numbers), missing


def _is_one(cell: pa.Array) -> bool:
    return cell[0].is_valid and cell[0].as_py() in (1, True)


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
