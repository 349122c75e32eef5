"""Databases behind an address, read by SQLAlchemy in one transaction that cannot write.

No password is kept, logged or shown: it stands in the address, in `GANSMITH_DB_PASSWORD`, or where the driver
looks for it (`PGPASSWORD`, `.pgpass`).
"""

from __future__ import annotations

import datetime
import decimal
import json
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational.families import drawn_families
from gansmith.modalities.relational.reading import check_columns, nothing_of, typed
from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey, TableSchema
from gansmith.store.address import is_address, without_password
from gansmith.tabular.schema import Table

PASSWORD: Final = "GANSMITH_DB_PASSWORD"
ROWS_AT_ONCE: Final = 50_000
_MISSING: Final = (
    "databases need SQLAlchemy and a driver: pip install 'gansmith[db]' (PostgreSQL, SQLite), with pymysql "
    "for MySQL, duckdb-engine for DuckDB."
)
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
}


def engine_of(address: str, *, is_read_only: bool) -> Any:
    """An engine for an address; of SQLite the file must be there to be read.

    Raises:
        UsageError: SQLAlchemy or a driver is not installed, or the address is none.
        DataError: There is no such file.
    """
    try:
        import sqlalchemy as sa
        from sqlalchemy import exc
    except ImportError as error:
        raise UsageError(_MISSING) from error
    if not is_address(address):
        address = f"sqlite:///{address}"
    try:
        url = sa.make_url(address)
        if url.drivername in _DRIVERS:
            url = url.set(drivername=_DRIVERS[url.drivername])
        if url.username and not url.password and os.environ.get(PASSWORD):
            url = url.set(password=os.environ[PASSWORD])
        if url.get_backend_name() == "sqlite" and url.database:
            path = Path(url.database)
            if is_read_only and not path.is_file():
                raise DataError(f"{path}: there is no such database. Give the address of one that is there.")
            if is_read_only:
                url = url.set(database=f"file:{path.absolute()}", query={"mode": "ro", "uri": "true"})
        return sa.create_engine(url, hide_parameters=True)
    except (exc.ArgumentError, exc.NoSuchModuleError, ImportError) as error:
        raise UsageError(
            f"{without_password(address)}: no address of a database that can be reached ({error}). {_MISSING}"
        ) from error


@contextmanager
def connected(address: str, *, is_read_only: bool) -> Generator[Any]:
    """A connection in one transaction; on an error nothing was written.

    Raises:
        DataError: The database cannot be reached, or breaks off; without a password in the message.
    """
    engine = engine_of(address, is_read_only=is_read_only)
    from sqlalchemy import exc

    try:
        with engine.connect() as plain:
            connection = plain
            if engine.dialect.name == "postgresql" and is_read_only:
                connection = plain.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection
    except exc.SQLAlchemyError as error:
        raise failed(address, error) from None
    finally:
        engine.dispose()


def failed(address: str, error: Exception) -> DataError:
    """What to say of an error of a database: its first line, without the password."""
    import sqlalchemy as sa

    cause = getattr(error, "orig", None) or error
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    password = sa.make_url(address).password if is_address(address) else None
    if password:
        said = said.replace(str(password), "***")
    return DataError(f"{without_password(address)}: {said}. Check address, user, password and rights.")


def identity_of(address: str) -> str:
    """Tells databases apart without saying which: the same for the same one, whoever asks."""
    import sqlalchemy as sa

    url = sa.make_url(address if is_address(address) else f"sqlite:///{address}")
    backend, name = url.get_backend_name(), url.database or ""
    if backend in ("sqlite", "duckdb"):
        where = str(Path(name).resolve())
    else:
        host = url.host or str(url.query.get("host", "")) or "localhost"
        host = "localhost" if host in ("127.0.0.1", "::1") else host
        where = f"{host}:{url.port or ''}/{name}"
    return sha256(f"{backend} {where}".encode()).hexdigest()[:32]


def read_database(
    address: str, given: DatabaseSchema | None, most_rows: int
) -> tuple[DatabaseSchema, dict[str, Table], tuple[str, ...]]:
    """All tables of a database that may be read, their keys, and notes on the rest.

    Args:
        address: Of the database, or the path of a file that is one.
        given: What the user says of keys and columns; it goes before what the database says.
        most_rows: At most so many rows, whole families; 0: all.

    Raises:
        DataError: It cannot be reached or read.
        UsageError: A driver is not installed.
    """
    with connected(address, is_read_only=True) as connection:
        schema, notes = _reflected(connection)
        if given is not None:
            known = {one.name: one for one in given.tables}
            schema = replace(
                schema,
                tables=tuple(
                    replace(known[one.name], definition=one.definition) if one.name in known else one
                    for one in schema.tables
                ),
            )
        tables: dict[str, Table] = {}
        for table in schema.tables:
            cells = _rows_of(connection, table)
            tables[table.name] = _typed(cells, table)
    for table in schema.tables:
        check_columns(table, tables[table.name], schema, tables)
    if most_rows and sum(map(len, tables.values())) > most_rows:
        tables, said = drawn_families(schema, tables, most_rows)
        notes = (*notes, said)
    return schema, tables, notes


def _typed(cells: pa.Table, table: TableSchema) -> Table:
    """A table understood; keys of texts stay texts, whatever they spell."""
    if not cells.num_rows:
        return nothing_of(cells.column_names, table.name)
    return typed(cells, table.name, table.columns)


def _reflected(connection: Any) -> tuple[DatabaseSchema, tuple[str, ...]]:
    """The tables that may be read, as the database declares them."""
    import sqlalchemy as sa

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
                unique=tuple(_unique(inspector, name)),
                required=tuple(one["name"] for one in columns if not one.get("nullable", True)),
                checks=tuple(_checks(inspector, name)),
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
    import sqlalchemy as sa
    from sqlalchemy import exc

    try:
        with connection.begin_nested():
            connection.execute(sa.select(sa.text("1")).select_from(sa.table(name)).limit(1)).all()
    except exc.DBAPIError:
        notes.append(f"table {name} may not be read: left out")
        return False
    return True


def _unique(inspector: Any, name: str) -> list[tuple[str, ...]]:
    found = [tuple(one["column_names"]) for one in inspector.get_unique_constraints(name)]
    found += [
        tuple(one["column_names"])
        for one in inspector.get_indexes(name)
        if one.get("unique") and all(one["column_names"]) and not one.get("dialect_options")
    ]
    return list(dict.fromkeys(found))


def _checks(inspector: Any, name: str) -> list[str]:
    try:
        return [one["sqltext"] for one in inspector.get_check_constraints(name)]
    except NotImplementedError:
        return []


def _definition(
    connection: Any, inspector: Any, name: str, columns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """How the database spells a table: types, defaults, indexes; of SQLite the very statements."""
    import sqlalchemy as sa
    from sqlalchemy import exc

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
        "dialect": dialect.name,
        "types": spelt,
        "generic": generic,
        "defaults": {
            one["name"]: str(one["default"])
            for one in columns
            if one.get("default") is not None and "nextval" not in str(one["default"])
        },
        "running": [
            one["name"] for one in columns if one.get("identity") or "nextval" in str(one.get("default"))
        ],
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


def _rows_of(connection: Any, table: TableSchema) -> pa.Table:
    """All rows of a table, in the order of its key; what is computed is left out."""
    import sqlalchemy as sa

    names = [name for name in table.definition["types"] if name not in table.definition["computed"]]
    chosen = sa.select(*(sa.column(name) for name in names)).select_from(sa.table(table.name))
    chosen = chosen.order_by(*(sa.column(name) for name in table.primary_key))
    result = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(chosen)
    parts: list[list[list[Any]]] = [[] for _ in names]
    for partition in result.partitions(ROWS_AT_ONCE):
        for place, cells in enumerate(zip(*partition, strict=True)):
            parts[place].append(list(cells))
    arrays = [_array([cell for part in column for cell in part]) for column in parts]
    return pa.table(dict(zip(names, arrays, strict=True)))


def _array(cells: list[Any]) -> pa.Array:
    """Cells as Arrow has them: decimals as numbers, lists and objects as texts, bytes not at all."""
    first = next((cell for cell in cells if cell is not None), None)
    if first is None or isinstance(first, (bytes, memoryview)):
        return pa.nulls(len(cells))
    if isinstance(first, decimal.Decimal):
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    if isinstance(first, (list, dict)):
        return pa.array([None if cell is None else _spelt(cell) for cell in cells], pa.string())
    if isinstance(first, datetime.datetime) and first.tzinfo is not None:
        cells = [
            None if cell is None else cell.astimezone(datetime.UTC).replace(tzinfo=None) for cell in cells
        ]
    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # a column of SQLite may hold anything
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def _spelt(cell: Any) -> str:
    """A list as PostgreSQL spells it, anything else as JSON."""
    if isinstance(cell, list) and all(isinstance(one, str) for one in cell):
        quoted = (one.replace("\\", "\\\\").replace('"', '\\"') for one in cell)
        return "{" + ",".join(f'"{one}"' for one in quoted) + "}"
    return json.dumps(cell, ensure_ascii=False)
