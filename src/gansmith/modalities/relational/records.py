"""A database as records: its tables, how their rows point at each other, and the families that these make.

A row belongs to the family of the row that it hangs on, and that to the family of its own one, up to a *root*
row, which hangs on none. So every row of a table that is learnt belongs to one family, and a database is as
many records as it has families. Tables that are kept belong to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey
from gansmith.tabular.cells import cells_of, keys_of
from gansmith.tabular.schema import Table

if TYPE_CHECKING:
    from gansmith.modalities.relational.planning import Plan

NOBODY: Final = -1
"""The number of the row that a row points at which points at none."""
Rows = Int[np.ndarray, " _"]
Links = Mapping[tuple[str, str], Rows]
"""By table and name of a foreign key, the number of the row that each row points at."""


@final
@dataclass(frozen=True, eq=False)
class Database:
    """Tables and how they hang together."""

    schema: DatabaseSchema
    tables: Mapping[str, Table]
    """Typed, by name, keys and all."""
    name: str
    """Where it came from, without a password."""
    notes: tuple[str, ...] = ()
    plan: Plan | None = None
    """How it is learnt; None: nothing is to be learnt of it."""
    families: Rows | None = None
    """Numbers of the families that count, see `take`; None: all."""
    source: str = ""
    """Tells the database or folder apart that was read; says nothing of it."""

    def __len__(self) -> int:
        return self.n_families if self.families is None else len(self.families)

    def take(self, indices: np.ndarray) -> Database:
        """The families with these numbers: their rows count, the others are there to be pointed at."""
        own = np.arange(self.n_families) if self.families is None else self.families
        return replace(self, families=own[np.asarray(indices, np.int64)])

    @cached_property
    def links(self) -> Links:
        """Which row each row points at."""
        found: dict[tuple[str, str], Rows] = {}
        for table in self.schema.tables:
            own = self.tables[table.name].records
            for key in table.foreign_keys:
                found[table.name, key.name] = rows_pointed_at(own, key, self.tables[key.parent].records)
        return found

    @cached_property
    def _family_of(self) -> tuple[dict[str, Rows], int]:
        """The family of each row by table, `NOBODY` in tables that are kept, and how many there are."""
        found: dict[str, Rows] = {}
        n_families = 0
        for table in self.plan.tables if self.plan else ():
            n = len(self.tables[table.name])
            if not table.is_made:
                found[table.name] = np.full(n, NOBODY)
                continue
            driving = table.driving
            up = np.full(n, NOBODY) if driving is None else self.links[table.name, driving.name]
            own = np.full(n, NOBODY)
            if driving is not None and len(found[driving.parent]):
                own = np.where(up >= 0, found[driving.parent][up], NOBODY)
            is_root = own < 0
            own[is_root] = n_families + np.arange(is_root.sum())
            n_families += int(is_root.sum())
            found[table.name] = own
        return found, n_families

    @property
    def n_families(self) -> int:
        """Of the whole database."""
        return self._family_of[1] if self.plan else sum(map(len, self.tables.values()))

    def family_of(self, table: str) -> Rows:
        """The family of each row of a table; `NOBODY` in tables that are kept."""
        return self._family_of[0][table]

    def counts(self, table: str) -> Bool[np.ndarray, " n"]:
        """Which rows of a table belong to families that count."""
        family, n_families = self._family_of[0][table], self._family_of[1]
        if self.families is None:
            return np.ones(len(family), bool)
        is_in = np.zeros(n_families + 1, bool)  # the last one stands for those of no family
        is_in[self.families], is_in[-1] = True, True
        return is_in[family]

    @cached_property
    def whole(self) -> Database:
        """The database of the rows that count alone; what points at others points at nothing."""
        if self.families is None or not self.plan:
            return self
        tables = {name: table.take(np.flatnonzero(self.counts(name))) for name, table in self.tables.items()}
        return replace(self, tables=tables, families=None)

    @property
    def n_rows(self) -> int:
        """Of all tables."""
        return sum(map(len, self.tables.values()))


def rows_pointed_at(child: pa.Table, key: ForeignKey, parent: pa.Table) -> Rows:
    """The number of the parent's row for each row, `NOBODY` where a part of the key is missing or unknown."""
    ours, theirs = key_cells(child, key.columns), key_cells(parent, key.parent_columns)
    if ours.type != theirs.type:
        ours, theirs = ours.cast(pa.string()), theirs.cast(pa.string())
    found = pc.index_in(ours, value_set=theirs)
    there = pc.and_(pc.is_valid(found), pc.is_valid(ours))
    rows = pc.if_else(there, found, NOBODY).cast(pa.int64())
    return rows.to_numpy(zero_copy_only=False)


def key_cells(records: pa.Table, names: Sequence[str]) -> pa.Array:
    """A cell for each row, equal where these columns are; missing where one of them is."""
    if len(names) == 1:
        return cells_of(records, names[0])
    lacking = cells_of(records, names[0]).is_null()
    for name in names[1:]:
        lacking = pc.or_(lacking, cells_of(records, name).is_null())
    return pc.if_else(lacking, None, keys_of(records, names))


def n_each(rows: Rows, n_parents: int) -> Int[np.ndarray, " n_parents"]:
    """How many rows point at each row of a parent."""
    return np.bincount(rows[rows >= 0], minlength=n_parents)


def families_in_order(rows: Rows, order: np.ndarray | None) -> tuple[Rows, Rows, Rows]:
    """The place of each row in its family, the row before it in there, or -1, and all rows family by family.

    Args:
        rows: What each hangs on.
        order: By what rows of a family follow each other; None: as they stand.
    """
    n = len(rows)
    by = np.lexsort((np.arange(n), np.zeros(n) if order is None else order, rows))
    is_first = np.ones(n, bool)
    is_first[1:] = rows[by][1:] != rows[by][:-1]
    is_first |= rows[by] < 0
    begins = np.maximum.accumulate(np.where(is_first, np.arange(n), 0))
    places, before = np.empty(n, np.int64), np.empty(n, np.int64)
    places[by] = np.arange(n) - begins
    before[by] = np.where(is_first, -1, np.concatenate([[-1], by[:-1]]))
    return places, before, by
