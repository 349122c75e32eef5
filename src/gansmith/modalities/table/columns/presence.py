"""Which cells are there: all that is learnt of a column that is made anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from gansmith.modalities.table.columns.base import Codes, Levels


@final
@dataclass(frozen=True)
class Presence:
    """States: missing and present, where cells are missing; else none."""

    has_missing: bool

    @property
    def n_states(self) -> int:
        """Two or none."""
        return 2 if self.has_missing else 0

    def encode(self, column: pa.Array) -> tuple[Codes, Levels]:
        """The state of each cell; levels are zero."""
        is_present = pc.is_valid(column).to_numpy(zero_copy_only=False)
        codes = is_present.astype(np.int64) if self.has_missing else np.zeros(len(column), np.int64)
        return codes, np.zeros(len(column), np.float32)

    def is_missing(self, codes: Codes) -> Bool[np.ndarray, " n"]:
        """Which cells are to be missing."""
        return (codes == 0) if self.has_missing else np.zeros(len(codes), bool)
