"""A private table as samples and back: the cells of its columns, what was measured of them, and the ledger.

All of it came out of mechanisms, or follows from what did. Nothing else of the records is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.table.private import PrivateOptions
from gansmith.modalities.table.private.curator import Curator, Table, opened
from gansmith.modalities.table.private.domain import Cells
from gansmith.modalities.table.private.learning import Learning
from gansmith.modalities.table.private.records import PrivateRecords
from gansmith.nets.mixture import Columns
from gansmith.privacy.ledger import Ledger
from gansmith.privacy.noise import ExactNoise
from gansmith.privacy.randomness import SeededBits
from gansmith.settings import from_plain, to_plain
from gansmith.store import as_json
from gansmith.tabular.schema import Schema
from gansmith.tabular.schema import Table as Typed

MAX_BLOCK_SIZE: Final = 2048
Compact = Float[Tensor, "n n_learnt"]


@final
@dataclass(frozen=True, eq=False)
class PrivateCodec(AbstractCodec[PrivateRecords, PrivateOptions]):
    """What was learnt of a table within the guarantee."""

    cells: tuple[Cells, ...]
    """Of each column."""
    tables: tuple[Table, ...]
    """What was measured."""
    n_records: float
    """About how many records there were."""
    draft: Mapping[str, Tensor]
    """The generator as it was when the budget was spent."""
    ledger: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """All charges, plain; see `gansmith.privacy.ledger`."""
    notes: tuple[str, ...] = ()
    """What the user should know. Not stored."""

    @classmethod
    def fit(cls, records: PrivateRecords, options: PrivateOptions, seed: int) -> PrivateCodec:
        return cls.paid(records, options, None, seed)

    @classmethod
    def paid(
        cls, records: PrivateRecords, options: PrivateOptions, path: Path | None, seed: int
    ) -> PrivateCodec:
        """Spend a budget on records; where its ledger lies at a path already, go on with it.

        Raises:
            UsageError: Something public is not so, or nothing can be learnt within the guarantee.
            DataError: The ledger is of other records or options.
        """
        noise = ExactNoise(SeededBits(seed)) if options.insecure_seed else None
        ledger = Ledger(options.guarantee, path, noise)
        curator: Curator = opened(records, options, ledger)
        learning = Learning(curator, seed)
        learning.run()
        draft = {name: value.detach().clone() for name, value in learning.mixture.state_dict().items()}
        del draft["makes"]
        tables = tuple(learning.tables.values())
        cells = tuple(learning.cells())
        return cls(cells, tables, learning.n_records, draft, ledger.to_plain(), curator.notes)

    @cached_property
    def learnt(self) -> tuple[int, ...]:
        """Numbers of the columns that a sample holds."""
        return tuple(place for place, one in enumerate(self.cells) if not one.is_made_anew)

    @property
    def sizes(self) -> list[int]:
        """Cells of these."""
        return [self.cells[place].n_cells for place in self.learnt]

    @property
    def makes(self) -> np.ndarray:
        """Which of all these cells records are made with."""
        return np.concatenate([self.cells[place].makes for place in self.learnt])

    @cached_property
    def schema(self) -> Schema:
        """All columns."""
        return Schema(tuple(one.column for one in self.cells))

    @property
    def n_values(self) -> int:
        return len(self.learnt)

    @property
    def block_size(self) -> int:
        return MAX_BLOCK_SIZE

    @property
    def empty(self) -> PrivateRecords:
        return PrivateRecords.of(Typed(self.schema.arrow_schema.empty_table(), self.schema, "synthetic"))

    def encode(self, records: PrivateRecords, seed: int) -> Compact:
        """As many empty rows as there are records: the generator learns from what was measured."""
        return torch.zeros(len(records), self.n_values)

    def decode(self, compact: Compact, seed: int, first_index: int) -> PrivateRecords:
        codes = compact.numpy().astype(np.int64)
        lots = np.random.default_rng(seed).random((len(codes), len(self.cells)))
        of_column = dict(zip(self.learnt, codes.T, strict=True))
        nothing = np.zeros(len(codes), np.int64)
        arrays = [
            one.decoded(of_column.get(place, nothing), lots[:, place], first_index)
            for place, one in enumerate(self.cells)
        ]
        made = pa.table(arrays, schema=self.schema.arrow_schema)
        return PrivateRecords.of(Typed(made, self.schema, "synthetic"))

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        state = {
            "cells": json.loads(as_json([to_plain(one) for one in self.cells])),
            "schema": self.schema.to_json(),
            "tables": [list(one.columns) for one in self.tables],
            "n_records": self.n_records,
            "ledger": dict(self.ledger),
        }
        tensors = {f"draft/{name}": value for name, value in self.draft.items()}
        for number, one in enumerate(self.tables):
            tensors[f"tables/{number}"] = torch.from_numpy(np.stack([one.counts, one.variances]))
        return state, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PrivateCodec:
        cells = tuple(from_plain(Cells, one, "cells: ", DataError) for one in state["cells"])
        tables: list[Table] = []
        made = cls(cells, (), float(state["n_records"]), _below("draft/", tensors), state["ledger"])
        for number, said in enumerate(state["tables"]):
            columns: Columns = tuple(said)
            counts, variances = tensors[f"tables/{number}"].numpy()
            sizes = [made.sizes[place] for place in columns]
            if len(counts) != np.prod(sizes) or not np.all(variances > 0) or not np.isfinite(counts).all():
                raise DataError(f"table {number} is none of columns {columns}.")
            tables.append(Table(columns, counts, variances))
        return cls(cells, tuple(tables), made.n_records, made.draft, made.ledger)


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): one for name, one in tensors.items() if name.startswith(prefix)}
