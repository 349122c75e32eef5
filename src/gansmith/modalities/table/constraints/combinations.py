"""Only the combinations that occurred: a city with its own country.

The columns take part in the game as one column of combinations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.constraints.base import Cells, Mask
from gansmith.modalities.table.constraints.cells import (
    cells_of,
    check_plain,
    codes_of,
    keys_of,
    mask_of,
    nothing_kept,
    replaced,
    spelt,
    typed,
)
from gansmith.modalities.table.constraints.given import Columns, check_keys
from gansmith.modalities.table.constraints.merged import AbstractMerger
from gansmith.modalities.table.schema import Column
from gansmith.settings import Annotated, Field, settings


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
        """See the base class."""
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
        """See the base class."""
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
        """See the base class."""
        if self.known is None:
            return {}
        values = [spelt(cells_of(self.known, name)) for name in self.writes]
        return {"names": list(self.names), "values": values}

    def with_state(self, state: Mapping[str, Any]) -> Combinations:
        """See the base class."""
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
        """See the base class."""
        assert self.known is not None
        places = pc.index_in(cells_of(records, self.writes[0]), value_set=pa.array(self.names, pa.string()))
        drawn = rng.integers(0, len(self.names), records.num_rows)
        found = np.where(
            mask_of(pc.is_null(places)), drawn, places.fill_null(0).to_numpy(zero_copy_only=False)
        )
        chosen = self.known.take(pa.array(found))
        return replaced(records, {name: cells_of(chosen, name) for name in self.writes})

    def asked(self, cells: Cells) -> Cells:
        """See the base class."""
        left = {name: cell for name, cell in cells.items() if name not in self.writes}
        if len(left) == len(cells):
            return cells
        matching = self._matching(cells)
        if not len(matching):
            spelt_out = " and ".join(f"{n}={cells[n][0].as_py()}" for n in self.writes if n in cells)
            raise UsageError(f"no record has {spelt_out}: {self.in_words()}. Ask for one that occurs.")
        return {**left, self.writes[0]: pa.array(matching, pa.string())} if len(matching) == 1 else left

    def is_determined_by(self, name: str, cells: Cells) -> bool:
        """See the base class."""
        return name not in self.writes or len(self._matching(cells)) == 1

    def _matching(self, cells: Cells) -> list[str]:
        """What the combinations with these cells are called."""
        assert self.known is not None
        matches = np.ones(len(self.names), bool)
        for name in self.writes:
            if name in cells:
                wanted, known = cells[name][0], cells_of(self.known, name)
                same = pc.equal(known, wanted) if wanted.is_valid else pc.is_null(known)
                matches &= mask_of(pc.fill_null(same, False))
        return [name for name, is_match in zip(self.names, matches, strict=True) if is_match]

    def _places(self, records: pa.Table) -> pa.Array:
        """Which of the known combinations each record has; null: none."""
        assert self.known is not None
        return pc.index_in(keys_of(records, self.writes), value_set=keys_of(self.known, self.writes))
