"""Records that nobody looks into but a curator, and made ones, which anybody may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pyarrow as pa

from gansmith.tabular.files.raw import RawTable
from gansmith.tabular.schema import Schema, Table


@final
@dataclass(frozen=True)
class PrivateRecords:
    """A table as it was read: its columns have names, and perhaps types, and that is all that is known."""

    raw: RawTable
    name: str
    schema: Schema | None = None
    """Of records that were made."""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Table) -> PrivateRecords:
        """Records that were made."""
        return cls(RawTable(table.records), table.name, table.schema)

    def __len__(self) -> int:
        return self.raw.columns.num_rows

    def take(self, indices: np.ndarray[Any, np.dtype[np.integer[Any]]]) -> PrivateRecords:
        """The records at `indices`, shape (n,), in that order."""
        return replace(self, raw=replace(self.raw, columns=self.raw.columns.take(pa.array(indices))))

    @property
    def records(self) -> pa.Table:
        """The columns."""
        return self.raw.columns.combine_chunks()

    @property
    def table(self) -> Table:
        """Records that were made, with their schema."""
        assert self.schema is not None
        return Table(self.records, self.schema, self.name)


def called(source: object) -> str:
    """What to call data in messages."""
    return Path(source).name if isinstance(source, (str, Path)) else type(source).__name__
