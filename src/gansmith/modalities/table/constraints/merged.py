"""Several columns that take part in the game as one category, which stands in the place of the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import pyarrow as pa

from gansmith.modalities.table.constraints.base import AbstractConstraint
from gansmith.modalities.table.constraints.cells import empty, replaced
from gansmith.modalities.table.schema import Column


class AbstractMerger(AbstractConstraint):
    """What constraints have in common that make one column of several."""

    columns: tuple[Column, ...]

    @final
    @property
    def reads(self) -> tuple[str, ...]:
        """See the base class."""
        return ()

    @final
    @property
    def writes(self) -> tuple[str, ...]:
        """See the base class."""
        return tuple(column.name for column in self.columns)

    @final
    def reduced(self) -> Mapping[str, Column]:
        """See the base class."""
        first, *others = self.columns
        return {first.name: Column(first.name, "category")} | {one.name: empty(one) for one in others}

    @final
    def merged(self, records: pa.Table, called: pa.Array) -> pa.Table:
        """The records with that category in the place of the first column and nothing in the others."""
        nothing = pa.nulls(records.num_rows)
        return replaced(records, {self.writes[0]: called} | dict.fromkeys(self.writes[1:], nothing))
