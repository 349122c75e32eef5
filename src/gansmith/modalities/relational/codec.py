"""A database as states and back: what was learnt of each table, and the tables that are kept.

A sample is a whole database, or a part of one that can stand alone: the states of all rows, and the row that
each key points at, one table after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractCodec, Compact
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.fitting import fitted_views
from gansmith.modalities.relational.keeping import kept_table, of_bytes, to_bytes
from gansmith.modalities.relational.numbering import joined
from gansmith.modalities.relational.packing import packed, unpacked
from gansmith.modalities.relational.planning import Plan, TablePlan
from gansmith.modalities.relational.records import Database, n_each
from gansmith.modalities.relational.schema import DatabaseSchema
from gansmith.modalities.relational.views import Place, TableView, sequence_of
from gansmith.settings import from_plain, to_plain
from gansmith.tabular.schema import Schema, Table

ROWS_PER_BLOCK: Final = 100_000
"""Rows that are made at a time, about."""


@final
@dataclass(frozen=True, eq=False)
class RelationalCodec(AbstractCodec[Database, RelationalOptions]):
    """What was learnt of a database."""

    schema: DatabaseSchema
    plan: Plan
    columns: Mapping[str, Schema]
    """Of each table, all that are written."""
    views: Mapping[str, TableView]
    """Of the tables that are made."""
    kept: Mapping[str, pa.Table]
    """The others, whole."""
    kept_counts: Mapping[str, np.ndarray]
    """By "child/key", how many rows point at each row of a table that is kept."""
    n_alone: Mapping[str, int]
    """Rows of each table that hang on nobody."""
    min_count: int
    seed: int
    """That rows were encoded and grouped by."""
    source: str = ""
    """Tells what was learnt from, so that it is never written to."""
    sample: int = 0
    """Seed of the sample that is made. Not stored."""

    @classmethod
    def fit(cls, records: Database, options: RelationalOptions, seed: int) -> RelationalCodec:
        plan = records.plan
        if plan is None or not plan.made:
            raise DataError(
                f"{records.name}: no table has rows enough to be learnt from. Give one of 20 rows or "
                "more, or "
                "name it with --generate."
            )
        views, _ = fitted_views(records, options.min_count, seed)
        kept = {one.name: kept_table(records, one, seed) for one in plan.tables if not one.is_made}
        counts = {
            f"{child.name}/{link.name}": n_each(records.links[child.name, link.name], one.n_rows)
            for one in plan.tables
            if not one.is_made
            for child, link in plan.pointing_at(one.name)
        }
        alone = {one.name: _n_alone(records, one) for one in plan.made}
        columns = {one.name: records.tables[one.name].schema for one in plan.tables}
        return cls(
            records.schema, plan, columns, views, kept, counts, alone, options.min_count, seed, records.source
        )

    @property
    def n_values(self) -> int:
        """A sample is as long as its database is large: this is about one that is as large as the data."""
        return max(1, sum(one.n_rows * len(self.views[one.name].said) for one in self.plan.made))

    @property
    def n_rows(self) -> int:
        """Of the data."""
        return sum(one.n_rows for one in self.plan.tables)

    @property
    def block_size(self) -> int:
        return 1

    def n_blocks(self, scale: float) -> int:
        """In how many parts a database of that many times the size is made; each can stand alone."""
        return max(1, round(scale * sum(one.n_rows for one in self.plan.made) / ROWS_PER_BLOCK))

    @property
    def empty(self) -> Database:
        tables = {
            name: Table(schema.arrow_schema.empty_table(), schema, name)
            for name, schema in self.columns.items()
        }
        return Database(self.schema, tables, "synthetic", plan=self.plan, source=self.source)

    @cached_property
    def sequences(self) -> dict[str, tuple[tuple[Place, ...], int]]:
        """Of each table that is made what is seen and said of a row, and how much is seen first."""
        return {one.name: sequence_of(self.plan, self.views, one) for one in self.plan.made}

    def encode(self, records: Database, seed: int) -> Compact:
        from gansmith.modalities.relational.encoding import made_of  # which needs this module

        return torch.from_numpy(packed(self.plan, self.views, made_of(self, records, seed)))[None]

    def decode(self, compact: Compact, seed: int, first_index: int) -> Database:
        from gansmith.modalities.relational.decoding import database_of  # which needs this module

        if not len(compact):
            return self.empty
        parts = [
            database_of(
                self, unpacked(self.plan, self.views, row.numpy()), [seed, index], first_index + index
            )
            for index, row in enumerate(compact)
        ]
        return joined(parts)

    def of_sample(self, seed: int) -> RelationalCodec:
        """The codec that makes what is made anew for the sample of this seed."""
        return replace(self, sample=seed)

    # --- Stored ---

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        plain: dict[str, Any] = {
            "schema": self.schema.to_json(),
            "plan": to_plain(self.plan),
            "columns": {name: schema.to_json() for name, schema in self.columns.items()},
            "alone": dict(self.n_alone),
            "min_count": self.min_count,
            "seed": self.seed,
            "source": self.source,
            "views": {},
        }
        arrays: dict[str, np.ndarray] = {}
        for number, table in enumerate(self.plan.made):
            plain["views"][table.name], own = self.views[table.name].state()
            arrays |= {f"views/{number}/{name}": array for name, array in own.items()}
        for number, table in enumerate(self.plan.tables):
            if table.name in self.kept:
                arrays[f"kept/{number}"] = to_bytes(self.kept[table.name])
        for number, name in enumerate(sorted(self.kept_counts)):
            arrays[f"counts/{number}"] = self.kept_counts[name]
        plain["counts"] = sorted(self.kept_counts)
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        return plain, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> RelationalCodec:
        plan, arrays = from_plain(Plan, state["plan"]), {name: one.numpy() for name, one in tensors.items()}
        views: dict[str, TableView] = {}
        for number, table in enumerate(plan.made):
            begin = f"views/{number}/"
            own = {name.removeprefix(begin): one for name, one in arrays.items() if name.startswith(begin)}
            views[table.name] = TableView.from_state(table, state["views"][table.name], own)
        columns = {name: Schema.from_json(one) for name, one in state["columns"].items()}
        kept = {
            table.name: of_bytes(arrays[f"kept/{number}"], columns[table.name], table)
            for number, table in enumerate(plan.tables)
            if not table.is_made
        }
        counts = {str(name): arrays[f"counts/{number}"] for number, name in enumerate(state["counts"])}
        alone = {str(name): _whole(n) for name, n in state["alone"].items()}
        schema = DatabaseSchema.from_json(state["schema"])
        numbers = _whole(state["min_count"]), _whole(state["seed"]), str(state["source"])
        return cls(schema, plan, columns, views, kept, counts, alone, *numbers)


def _n_alone(records: Database, table: TablePlan) -> int:
    """Rows of the whole table that hang on nobody."""
    if table.driving is None:
        return table.n_rows
    return int((records.links[table.name, table.driving.name] < 0).sum())


def _whole(n: Any) -> int:
    if type(n) is not int or n < 0:
        raise DataError(f"the model holds {n!r}, no whole number from 0. Learn the database again.")
    return n
