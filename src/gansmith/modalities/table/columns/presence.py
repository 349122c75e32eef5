"""Columns that are made anew: all that is learnt of them is which cells are there."""

from __future__ import annotations

from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool

from gansmith.modalities.table.columns.base import AbstractColumnCodec, Codes, Levels


class AbstractPresenceCodec(AbstractColumnCodec):
    """States: missing and present, where cells are missing, else none; what stands there is not kept."""

    @final
    @property
    def n_bins(self) -> int:
        """What is made anew has no levels."""
        return 0

    @final
    @property
    def n_states(self) -> int:
        """Two or none."""
        return 2 if self.has_missing else 0

    @final
    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """Whether each cell is there; levels are zero."""
        is_present = pc.is_valid(column).to_numpy(zero_copy_only=False)
        codes = is_present.astype(np.int64) if self.has_missing else np.zeros(len(column), np.int64)
        return codes, np.zeros(len(column), np.float32)

    @final
    def is_missing(self, codes: Codes) -> Bool[np.ndarray, " n"]:
        """Which cells are to be missing."""
        return (codes == 0) if self.has_missing else np.zeros(len(codes), bool)
