"""Running numbers of databases that are made part after part: those of a later part follow the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.relational.records import Database
from gansmith.tabular.cells import cells_of, replaced
from gansmith.tabular.schema import Table

DEEPEST: Final = 50
"""Keys that may hand a number on."""


def origins(database: Database) -> dict[tuple[str, str], str]:
    """By table and column, the table whose running numbers stand there."""
    assert database.plan
    found: dict[tuple[str, str], str] = {
        (one.name, one.numbered): one.name for one in database.plan.made if one.numbered
    }
    for _ in range(DEEPEST):
        before = len(found)
        for table in database.schema.tables:
            for key in table.foreign_keys:
                for own, theirs in zip(key.columns, key.parent_columns, strict=True):
                    if (key.parent, theirs) in found:
                        found.setdefault((table.name, own), found[key.parent, theirs])
        if len(found) == before:
            break
    return found


def shifted(database: Database, n_before: Mapping[str, int]) -> Database:
    """The database with running numbers that come after so many rows of each table."""
    if not any(n_before.values()):
        return database
    tables: dict[str, Table] = dict(database.tables)
    for (table, column), origin in origins(database).items():
        records = tables[table].records
        if n := n_before[origin]:
            cells = cells_of(records, column)
            moved = pc.add(cells, pa.scalar(n, cells.type))
            tables[table] = replace(tables[table], records=replaced(records, {column: moved}))
    return replace(database, tables=tables)


def joined(parts: Sequence[Database]) -> Database:
    """Databases as one: running numbers run on; what is kept is there once."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    assert first.plan
    n_before = dict.fromkeys(first.tables, 0)
    moved: list[Database] = []
    for part in parts:
        moved.append(shifted(part, n_before))
        n_before = {name: n + len(part.tables[name]) for name, n in n_before.items()}
    tables: dict[str, Table] = {}
    for table in first.plan.tables:
        of_table = [one.tables[table.name].records for one in (moved if table.is_made else moved[:1])]
        whole = pa.concat_tables(of_table).combine_chunks()
        tables[table.name] = replace(first.tables[table.name], records=whole)
    return replace(first, tables=tables)
