"""Databases as folders of tables, or several tables in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from gansmith.errors import DataError, did_you_mean
from gansmith.modalities.relational.finding import with_found_keys
from gansmith.modalities.relational.schema import DatabaseSchema, TableSchema
from gansmith.tabular.files import read_table
from gansmith.tabular.files.raw import EXTENSIONS
from gansmith.tabular.schema import Column, Schema, Table

MOST_FILES: Final = 2_000


def table_files(folder: Path) -> dict[str, Path]:
    """The files of tables in a folder, by the name of the table."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir())[:MOST_FILES]:
        if path.name.startswith(".") or not path.is_file():
            continue
        ending = next(
            (one for one in sorted(EXTENSIONS, key=len, reverse=True) if path.name.endswith(one)), ""
        )
        if ending:
            found[path.name.removesuffix(ending)] = path
    return found


def read_sources(
    sources: Mapping[str, Any], name: str, given: DatabaseSchema | None
) -> tuple[DatabaseSchema, dict[str, Table], tuple[str, ...]]:
    """Tables by name, each from a file or from memory; their keys as given or found.

    Raises:
        DataError: One of them cannot be read; the message names it.
    """
    tables: dict[str, Table] = {}
    for table, source in sources.items():
        columns = given[table].columns if given and table in given.names else None
        tables[table] = typed(source, table, columns)
    if given is not None:
        for stated in given.names:
            if stated not in tables:
                near = did_you_mean(stated, tables)
                raise DataError(f"{name}: table {stated!r} of the schema is not there. {near}")
    known = {one.name: one for one in given.tables} if given else {}
    schema = DatabaseSchema(tables=tuple(known.get(one, TableSchema(name=one)) for one in tables))
    for table in schema.tables:
        check_columns(table, tables[table.name], schema, tables)
    if given is None:
        schema = with_found_keys(schema, {table: one.records for table, one in tables.items()})
    return schema, tables, _said(schema) if given is None else ()


def typed(source: Any, name: str, columns: Schema | None = None) -> Table:
    """One table, its columns understood; one without rows is nothing but names."""
    if isinstance(source, pa.Table) and not source.num_rows:
        return nothing_of(source.column_names, name)
    try:
        table = read_table(source, name=name, n_min=1, schema=columns)
    except DataError as error:
        if "no records" in str(error) and isinstance(source, Path):
            header = source.read_text(encoding="utf-8", errors="replace").splitlines()[:1]
            return nothing_of([one.strip('"') for one in "".join(header).split(",")], name)
        raise
    return replace(table, name=name)


def nothing_of(names: list[str], called: str) -> Table:
    """A table without rows."""
    columns = tuple(Column(name, "constant", "null") for name in names)
    return Table(Schema(columns).arrow_schema.empty_table(), Schema(columns), called)


def check_columns(
    table: TableSchema, records: Table, schema: DatabaseSchema, tables: Mapping[str, Table]
) -> None:
    """Raise DataError when a key names columns that are not there."""
    named = [(table.name, records, (*table.primary_key, *(n for one in table.unique for n in one)))]
    for key in table.foreign_keys:
        named += [(table.name, records, key.columns), (key.parent, tables[key.parent], key.parent_columns)]
    for where, found, names in named:
        for name in names:
            if name not in found.schema.names:
                near = did_you_mean(name, found.schema.names)
                raise DataError(f"table {where!r}: a key names the column {name!r}. {near}")


def _said(schema: DatabaseSchema) -> tuple[str, ...]:
    """Which keys were found, for confirmation."""
    found = [
        f"{table.name}.{key.name} → {key.parent}.{' + '.join(key.parent_columns)}"
        for table in schema.tables
        for key in table.foreign_keys
    ]
    if not found:
        return (
            "no foreign keys were found: every table is learnt by itself. Declare them with --schema FILE.",
        )
    return (f"foreign keys found in the data: {'; '.join(found)}. --schema FILE declares others",)
