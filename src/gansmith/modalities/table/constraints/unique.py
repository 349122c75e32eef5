"""No two records have the same value in a column, or in several columns taken together.

Whether a record is new depends on all records before it, so this is seen to when records are made, not here.
"""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError
from gansmith.modalities.table.constraints.base import AbstractConstraint, Columns, Mask
from gansmith.modalities.table.constraints.cells import is_again, is_missing, keys_of
from gansmith.settings import Annotated, Field, settings


@final
@settings(eq=False, error=DataError)
class Unique(AbstractConstraint):
    """The values of `columns` together occur once; records that lack one of them are not compared."""

    kind: ClassVar[str] = "unique"

    columns: Annotated[Columns, Field(min_length=1)]

    @property
    def is_by_construction(self) -> bool:
        """Whether one of the columns is made so that no two values are alike."""
        return any(column.kind == "identifier" for column in self.columns)

    def in_words(self) -> str:
        """See the base class."""
        together = " together" if len(self.columns) > 1 else ""
        return f"{', '.join(self.reads)}{together}: never twice the same"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class: the second and all further records of a key."""
        return is_again(keys_of(records, self.reads)) & ~self.lacking(records)

    def lacking(self, records: pa.Table) -> Mask:
        """Which records lack a cell of the key."""
        return np.logical_or.reduce([is_missing(records, name) for name in self.reads])

    def numbers(self, records: pa.Table) -> np.ndarray:
        """A 64-bit number for the key of each record: equal keys, equal numbers, on every machine."""
        import pandas as pd  # slow to import, and a first look at data needs none of it

        return pd.util.hash_array(keys_of(records, self.reads).to_numpy(zero_copy_only=False))
