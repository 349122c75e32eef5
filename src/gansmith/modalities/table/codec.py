"""A table as samples and back: the rows of `tabular`, side by side in one layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.layout import Compact, Layout
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Schema, Table

MAX_BLOCK_SIZE: Final = 8192
MAX_BLOCK_VALUES: Final = 4_000_000


@final
@dataclass(frozen=True, eq=False)
class TableCodec(AbstractCodec[Table, TableOptions]):
    """What was learnt of the columns, and the layout of a sample."""

    rows: RowCodec

    @classmethod
    def fit(cls, records: Table, options: TableOptions, seed: int) -> TableCodec:
        return cls(RowCodec.fit(records, options.min_count, seed))

    @property
    def schema(self) -> Schema:
        """All columns."""
        return self.rows.schema

    @cached_property
    def layout(self) -> Layout:
        """Where each column stands in a sample."""
        return Layout.of(self.rows)

    @property
    def n_values(self) -> int:
        return self.layout.n_values

    @property
    def block_size(self) -> int:
        return int(np.clip(MAX_BLOCK_VALUES // self.n_values, 64, MAX_BLOCK_SIZE))

    @property
    def empty(self) -> Table:
        return Table(self.schema.arrow_schema.empty_table(), self.schema, "synthetic")

    def encode(self, records: Table, seed: int) -> Compact:
        return self.encode_rows(records.records, np.random.default_rng(seed))

    def decode(self, compact: Compact, seed: int, first_index: int) -> Table:
        rows = self.decode_rows(compact, np.random.default_rng(seed), first_index)
        return Table(rows, self.schema, "synthetic")

    def encode_rows(self, records: pa.Table, rng: np.random.Generator) -> Compact:
        """Records as compact samples, shape `(n_records, n_compact)`."""
        codes, levels = self.rows.encode(records, rng)
        return torch.from_numpy(np.concatenate([codes, levels], 1, dtype=np.float32))

    def decode_rows(
        self,
        compact: Compact,
        rng: np.random.Generator,
        first_index: int = 0,
        fixed: Mapping[str, pa.Array] | None = None,
    ) -> pa.Table:
        """Compact samples, shape `(n_records, n_compact)`, as records; see `RowCodec.decode`."""
        return self.rows.decode(*self.layout.parts(compact), rng, first_index, fixed)

    def expand(self, compact: Compact) -> Tensor:
        return self.layout.expand(compact)

    def compact(self, samples: Tensor) -> Compact:
        return self.layout.compact(samples)

    def features(
        self, compact: Compact
    ) -> tuple[Float[np.ndarray, "n columns"], Bool[np.ndarray, " columns"]]:
        """What a judge outside the game sees: numbers (NaN: missing) and codes, and which is which."""
        return self.rows.features(*self.layout.parts(compact))

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        state, arrays = self.rows.state()
        return state, {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TableCodec:
        return cls(RowCodec.from_state(state, {name: tensor.numpy() for name, tensor in tensors.items()}))
