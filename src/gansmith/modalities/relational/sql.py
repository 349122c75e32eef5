"""Databases that SQLAlchemy reaches, as they declare themselves, in one transaction that cannot write."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import exc

from gansmith.errors import DataError
from gansmith.modalities.relational.connecting import backend_of, connected, identity_of, server_of
from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey, TableSchema
from gansmith.modalities.relational.sources import (
    ROWS_AT_ONCE,
    AbstractSource,
    arrow_table,
    cells_as_arrow,
)

_HASHES: Final = {
    "postgresql": "(hashtext({})::bigint + 2147483648) / 4294967296.0",
    "mysql": "CONV(SUBSTRING(MD5({}), 1, 8), 16, 10) / 4294967296.0",
    "sqlite": "gansmith_hash({})",
}


@contextmanager
def opened(address: str) -> Generator[AbstractSource]:
    """A database behind an address, to be read.

    Raises:
        DataError: It cannot be reached, or breaks off, or has no table that may be read.
        UsageError: A driver is not installed.
    """
    with connected(address, is_read_only=True) as connection:
        schema, notes = _reflected(connection)
        if connection.dialect.name == "sqlite":
            raw = connection.connection.driver_connection
            raw.create_function("gansmith_hash", 1, _share_of, deterministic=True)
        yield SqlSource(connection, schema, notes, f"{identity_of(address)} {server_of(connection)}")


@final
class SqlSource(AbstractSource):
    """See the base class; by an open connection."""

    def __init__(self, connection: Any, schema: DatabaseSchema, notes: Sequence[str], identity: str) -> None:
        super().__init__(schema, notes, identity)
        self._connection, self._dialect = connection, connection.dialect
        self._backend = backend_of(connection.dialect.name)

    @property
    def has_hash(self) -> bool:
        return self._backend in _HASHES

    def query(self, statement: str, names: Sequence[str], values: Sequence[Any] = ()) -> pa.Table:
        bound = {f"k{number}": value for number, value in enumerate(values)}
        result = self._connection.execution_options(yield_per=ROWS_AT_ONCE).execute(sa.text(statement), bound)
        parts: list[list[pa.Array]] = []
        for rows in result.partitions(ROWS_AT_ONCE):
            parts.append([cells_as_arrow(cells) for cells in zip(*rows, strict=True)])
        return arrow_table(names, parts)

    def quoted(self, name: str) -> str:
        return self._dialect.identifier_preparer.quote_identifier(name).replace(":", r"\:")

    def mark(self, number: int) -> str:
        return f":k{number}"

    def hashed(self, cells: Sequence[str]) -> str:
        if self._backend == "mysql":
            whole = f"CONCAT_WS('|', {', '.join(cells)})"
        else:
            whole = " || '|' || ".join(f"CAST({cell} AS TEXT)" for cell in cells)
        return _HASHES[self._backend].format(whole).replace("::", r"\:\:")


def _share_of(text: str | None) -> float | None:
    """A text as a share from 0 to 1, the same each time."""
    if text is None:
        return None
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") / 2**32


def _reflected(connection: Any) -> tuple[DatabaseSchema, tuple[str, ...]]:
    """The tables that may be read, as the database declares them."""
    inspector, notes = sa.inspect(connection), list[str]()
    names = [name for name in inspector.get_table_names() if _may_be_read(connection, name, notes)]
    found: list[TableSchema] = []
    for name in names:
        keys: list[ForeignKey] = []
        for one in inspector.get_foreign_keys(name):
            parent = one["referred_table"]
            if parent not in names:
                notes.append(f"{name}: {', '.join(one['constrained_columns'])} points at {parent}, which may "
                             "not be read: learnt as a plain column")  # fmt: skip
                continue
            theirs = tuple(
                one["referred_columns"] or inspector.get_pk_constraint(parent)["constrained_columns"]
            )
            keys.append(
                ForeignKey(columns=tuple(one["constrained_columns"]), parent=parent, parent_columns=theirs)
            )
        columns = inspector.get_columns(name)
        found.append(
            TableSchema(
                name=name,
                primary_key=tuple(inspector.get_pk_constraint(name)["constrained_columns"] or ()),
                foreign_keys=tuple(_once(keys)),
                unique=tuple(_unique(connection, inspector, name)),
                required=tuple(one["name"] for one in columns if not one.get("nullable", True)),
                checks=tuple(_checks(connection, inspector, name)),
                definition=_definition(connection, inspector, name, columns),
            )
        )
    if not found:
        raise DataError(f"this database has no table that may be read. {' '.join(notes)}")
    views = inspector.get_view_names()
    if views:
        notes.append(f"views are left out, as they follow from tables: {', '.join(views[:8])}")
    return DatabaseSchema(tables=tuple(found)), tuple(notes)


def _once(keys: Iterable[ForeignKey]) -> Iterable[ForeignKey]:
    """Keys of the same columns are one, the first."""
    return {one.columns: one for one in reversed(list(keys))}.values()


def _may_be_read(connection: Any, name: str, notes: list[str]) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(sa.select(sa.text("1")).select_from(sa.table(name)).limit(1)).all()
    except exc.DBAPIError:
        notes.append(f"table {name} may not be read: left out")
        return False
    return True


def _unique(connection: Any, inspector: Any, name: str) -> list[tuple[str, ...]]:
    if connection.dialect.name == "sqlite":  # SQLAlchemy reads statements, and does not see all
        return _unique_in_sqlite(connection, name)
    found = [tuple(one["column_names"]) for one in inspector.get_unique_constraints(name)]
    found += [
        tuple(one["column_names"])
        for one in inspector.get_indexes(name)
        if one.get("unique") and all(one["column_names"]) and not one.get("dialect_options")
    ]
    return list(dict.fromkeys(found))


def _unique_in_sqlite(connection: Any, name: str) -> list[tuple[str, ...]]:
    indexes = sa.text('SELECT name FROM pragma_index_list(:name) WHERE "unique" AND NOT partial '
                      "AND origin <> 'pk' ORDER BY seq DESC")  # fmt: skip
    columns = sa.text("SELECT name FROM pragma_index_info(:name) ORDER BY seqno")
    found = [
        tuple(row[0] for row in connection.execute(columns, {"name": index}))
        for (index,) in connection.execute(indexes, {"name": name}).all()
    ]
    return [one for one in dict.fromkeys(found) if all(one)]


def _checks(connection: Any, inspector: Any, name: str) -> list[str]:
    if getattr(connection.dialect, "is_mariadb", False):  # SQLAlchemy does not see those of a column
        of_table = sa.text("SELECT check_clause FROM information_schema.check_constraints "
                           "WHERE constraint_schema = database() AND table_name = :name")  # fmt: skip
        return [row[0] for row in connection.execute(of_table, {"name": name})]
    try:
        return [one["sqltext"] for one in inspector.get_check_constraints(name)]
    except NotImplementedError:
        return []


def _definition(
    connection: Any, inspector: Any, name: str, columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """How the database spells a table: types, defaults, indexes; of SQLite the very statements."""
    dialect = connection.dialect
    spelt: dict[str, str] = {}
    generic: dict[str, str] = {}
    for one in columns:
        try:
            spelt[one["name"]] = one["type"].compile(dialect=dialect)
        except exc.CompileError:
            spelt[one["name"]] = "TEXT"
        try:
            generic[one["name"]] = str(one["type"].as_generic())
        except (NotImplementedError, exc.CompileError):
            generic[one["name"]] = "TEXT"
    found: dict[str, Any] = {
        "dialect": backend_of(dialect.name),
        "types": spelt,
        "generic": generic,
        "defaults": {
            one["name"]: str(one["default"])
            for one in columns
            if one.get("default") is not None and "nextval" not in str(one["default"])
        },
        "running": {
            one["name"]: ""
            for one in columns
            if one.get("identity") or one.get("autoincrement") is True or "nextval" in str(one.get("default"))
        },
        "computed": {one["name"]: one["computed"]["sqltext"] for one in columns if one.get("computed")},
        "enums": {
            one["type"].name: list(one["type"].enums)
            for one in columns
            if getattr(one["type"], "enums", None) and getattr(one["type"], "name", None)
        },
        "indexes": [
            [one["name"], list(one["column_names"]), bool(one.get("unique"))]
            for one in inspector.get_indexes(name)
            if all(one["column_names"]) and not one.get("duplicates_constraint")
        ],
    }
    if dialect.name == "sqlite":
        of_table = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL "
                           "AND type IN ('table', 'index') ORDER BY type DESC")  # fmt: skip
        found["statements"] = [row[0] for row in connection.execute(of_table, {"name": name})]
    return found
