"""Databases behind an address, whatever kind they are: read whole, or in part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from gansmith.modalities.relational.connecting import is_duckdb
from gansmith.modalities.relational.families import Part, drawn
from gansmith.modalities.relational.reading import check_columns, typed
from gansmith.modalities.relational.schema import DatabaseSchema
from gansmith.modalities.relational.sources import AbstractSource
from gansmith.tabular.schema import Table


@final
@dataclass(frozen=True, eq=False)
class Read:
    """What was read of a database."""

    schema: DatabaseSchema
    tables: dict[str, Table]
    notes: tuple[str, ...]
    identity: str
    """Tells it apart from others, and says nothing of it."""
    part: Part | None
    """How much of it that is; None: all."""


def read_database(address: str, given: DatabaseSchema | None, most_rows: int) -> Read:
    """All tables of a database that may be read, their keys, and notes on the rest.

    Args:
        address: Of the database, or the path of a file that is one.
        given: What the user says of keys and columns; it goes before what the database says.
        most_rows: At most so many rows, whole families; 0: all.

    Raises:
        DataError: It cannot be reached or read.
        UsageError: A driver is not installed.
    """
    if is_duckdb(address):
        from gansmith.modalities.relational.duck import opened
    else:
        from gansmith.modalities.relational.connecting import check_installed

        check_installed()
        from gansmith.modalities.relational.sql import opened
    with opened(address) as source:
        schema, notes = _with_given(source.schema, given), source.notes
        part = drawn(source, schema, most_rows) if most_rows and source.has_hash else None
        tables = part.tables if part else _whole(source, schema)
    for table in schema.tables:
        check_columns(table, tables[table.name], schema, tables)
    return Read(schema, tables, notes, source.identity, part)


def _with_given(schema: DatabaseSchema, given: DatabaseSchema | None) -> DatabaseSchema:
    """The schema with what the user says of some tables."""
    for table in given.tables if given else ():
        schema = schema.with_table(replace(table, definition=schema[table.name].definition))
    return schema


def _whole(source: AbstractSource, schema: DatabaseSchema) -> dict[str, Table]:
    """All tables, understood."""
    return {one.name: typed(source.rows(one), one.name, one.columns) for one in schema.tables}
