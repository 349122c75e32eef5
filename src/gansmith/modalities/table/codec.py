"""A table as samples and back: the rows of `tabular`, side by side in one layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.engine.batches import Weights
from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.layout import Compact, Layout
from gansmith.tabular.rows import FIRST_RECORDS, RowCodec
from gansmith.tabular.schema import Schema, Table

MAX_BLOCK_SIZE: Final = 8192
MAX_BLOCK_VALUES: Final = 4_000_000
RARE: Final = 0.03
"""Share of the records below which a state is rare."""
TIMES: Final = 2
"""How much oftener than others a record with a rare state is learnt from."""
MOST_LIFTED: Final = 0.2
"""Share of the records that are learnt from oftener, at most."""
N_LOOKED_AT: Final = 10_000
"""Records by which states are found to be rare."""


@final
@dataclass(frozen=True, eq=False)
class TableCodec(AbstractCodec[Table, TableOptions]):
    """What was learnt of the columns, and the layout of a sample."""

    rows: RowCodec
    lifts: Int[Tensor, " n_one_hot"]
    """By state, how much oftener records with it are learnt from: more than once where it is rare."""
    sample: int = 0
    """Seed of the sample that is made: what is made anew differs from sample to sample. Not stored."""

    @classmethod
    def fit(cls, records: Table, options: TableOptions, seed: int) -> TableCodec:
        rows = RowCodec.fit(records, options.min_count, seed)
        some = records.records.slice(0, N_LOOKED_AT)
        codes, _ = rows.encode(some, np.random.default_rng(seed))
        return cls(rows, lifts_of(Layout.of(rows), torch.from_numpy(codes)))

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
        made = Keyed(first_index=first_index).part(f"sample {self.sample}")
        rows = self.decode_rows(compact, np.random.default_rng(seed), made)
        return Table(rows, self.schema, "synthetic")

    def encode_rows(self, records: pa.Table, rng: np.random.Generator) -> Compact:
        """Records as compact samples, shape `(n_records, n_compact)`."""
        return self.encode_flat(self.rows.split(records), rng)

    def encode_flat(self, records: pa.Table, rng: np.random.Generator) -> Compact:
        """The same of records that are taken apart."""
        codes, levels = self.rows.encode_flat(records, rng)
        return torch.from_numpy(np.concatenate([codes, levels], 1, dtype=np.float32))

    def decode_rows(
        self,
        compact: Compact,
        rng: np.random.Generator,
        made: Keyed = FIRST_RECORDS,
        fixed: Mapping[str, pa.Array] | None = None,
    ) -> pa.Table:
        """Compact samples, shape `(n_records, n_compact)`, as records; see `RowCodec.decode`."""
        return self.rows.decode(*self.layout.parts(compact), rng, made, fixed)

    def decode_flat(
        self,
        compact: Compact,
        rng: np.random.Generator,
        made: Keyed = FIRST_RECORDS,
        fixed: Mapping[str, pa.Array] | None = None,
    ) -> pa.Table:
        """The same before they are put together from parts."""
        return self.rows.decode_flat(*self.layout.parts(compact), rng, made, fixed)

    def expand(self, compact: Compact) -> Tensor:
        return self.layout.expand(compact)

    def compact(self, samples: Tensor) -> Compact:
        return self.layout.compact(samples)

    @cached_property
    def has_lifts(self) -> bool:
        """Whether some records are learnt from oftener than others."""
        return bool((self.lifts > 1).any())

    def cell_lifts(self, compact: Compact) -> Int[Tensor, "n n_columns"]:
        """How much oftener records with the state of each cell of compact samples are learnt from."""
        return self.lifts[compact[:, : self.layout.n_columns].long() + self.layout.offsets]

    def record_lifts(self, compact: Compact) -> Weights:
        """How much oftener each of these records is learnt from: the highest of its cells."""
        return self.cell_lifts(compact).amax(1)

    def features(
        self, compact: Compact
    ) -> tuple[Float[np.ndarray, "n columns"], Bool[np.ndarray, " columns"]]:
        """What a judge outside the game sees: numbers (NaN: missing) and codes, and which is which."""
        return self.rows.features(*self.layout.parts(compact))

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        state, arrays = self.rows.state()
        tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        return state, tensors | ({"lifts": self.lifts} if self.has_lifts else {})

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TableCodec:
        arrays = {name: tensor.numpy() for name, tensor in tensors.items() if name != "lifts"}
        rows = RowCodec.from_state(state, arrays)
        n_states = Layout.of(rows).n_one_hot
        lifts = tensors.get("lifts", torch.ones(n_states, dtype=torch.long))
        if lifts.shape != (n_states,) or lifts.dtype != torch.long or (lifts < 1).any():
            raise DataError(f"'lifts' are not {n_states} whole numbers of 1 or more.")
        return cls(rows, lifts)


def lifts_of(layout: Layout, codes: Int[Tensor, "n n_columns"]) -> Int[Tensor, " n_one_hot"]:
    """How much oftener records with each state are learnt from: `TIMES` as often where it is rare.

    Rare are the states of the records with the rarest ones, a share `MOST_LIFTED` of all records at most: the
    more there are of them, the more records must be made in vain.
    """
    places = codes + layout.offsets
    shares = torch.bincount(places.flatten(), minlength=layout.n_one_hot) / len(codes)
    rarest = shares[places].amin(1).sort().values
    below = min(RARE, float(rarest[int(MOST_LIFTED * len(codes))]))
    return 1 + (TIMES - 1) * (shares < below).long()
