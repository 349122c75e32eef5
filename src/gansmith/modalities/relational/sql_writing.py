"""Databases written behind an address: real tables, keys on, all of it or nothing.

SQLite is written aside and renamed; others are written in one transaction. The keys are checked by the
database itself before anything is kept.
"""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import ddl
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.sql import engine_of, failed, identity_of
from gansmith.modalities.relational.writing import check_tables, following
from gansmith.store.address import is_address, without_password
from gansmith.tabular.columns.stored import stored_table
from gansmith.tabular.schema import Table

ROWS_AT_ONCE: Final = 20_000


@final
class DatabaseWriter:
    """A database that is there when all went well; blocks follow each other.

    Args:
        address: Where to.
        like: Its tables and columns.
        tables: Those that are written; none names all.
        replaces: Whether tables of the same names may go; of SQLite the whole file.

    Raises:
        UsageError: From the constructor: it is the database that was read, or it is not empty.
        DataError: From the others: it cannot be reached, or breaks off; nothing was kept then.
    """

    def __init__(self, address: str, like: Database, tables: Sequence[str], *, replaces: bool) -> None:
        check_tables(like, tables)
        if like.source and identity_of(address) == like.source:
            raise UsageError(
                f"{without_password(address)} is the database that was learnt from. It is never written to: "
                "name another one."
            )
        self._address, self._like = address, like
        chosen = tuple(tables) or tuple(like.tables)
        self._tables = tuple(name for name in chosen if len(like.tables[name].schema))
        self._replaces = replaces
        self._n_before = dict.fromkeys(like.tables, 0)
        self._target = self._chosen()
        try:
            self._target.check(replaces=replaces)
        except SQLAlchemyError as error:
            raise failed(address, error) from None

    def _chosen(self) -> AbstractTarget:
        url = sa.make_url(self._address if is_address(self._address) else f"sqlite:///{self._address}")
        of_kind = {"sqlite": SqliteTarget, "postgresql": PostgresTarget, "postgres": PostgresTarget}
        return of_kind.get(url.get_backend_name(), PlainTarget)(self._address, self._like, self._tables)

    def __enter__(self) -> DatabaseWriter:
        try:
            self._target.begin(replaces=self._replaces)
        except SQLAlchemyError as error:
            self._target.abandon()
            raise failed(self._address, error) from None
        except BaseException:
            self._target.abandon()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._target.finish()
        except SQLAlchemyError as broken:
            raise failed(self._address, broken) from None
        finally:
            self._target.abandon()

    def write(self, records: Database) -> None:
        """Append a block; tables that are kept are written once."""
        for name, table in following(records, self._n_before).items():
            if name in self._tables and len(table):
                try:
                    self._target.append(name, _as_stored(table, self._like.tables[name]))
                except SQLAlchemyError as error:
                    raise failed(self._address, error) from None


def _as_stored(table: Table, like: Table) -> pa.Table:
    """Cells in the types that they had in the database that was read."""
    return stored_table(table.records, like.schema)


class AbstractTarget(ABC):
    """A kind of database that is written to."""

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        self._address, self._like, self._tables = address, like, tables

    @abstractmethod
    def check(self, *, replaces: bool) -> None:
        """Raise UsageError when something is there that would be lost."""

    @abstractmethod
    def begin(self, *, replaces: bool) -> None:
        """Make the tables."""

    @abstractmethod
    def append(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table."""

    @abstractmethod
    def finish(self) -> None:
        """Turn keys on, check them, and keep all of it."""

    @abstractmethod
    def abandon(self) -> None:
        """Leave; what is not finished is as if it never was."""

    def _taken(self, there: Sequence[str]) -> UsageError:
        shown = ", ".join(sorted(there)[:6])
        return UsageError(
            f"{without_password(self._address)} is not empty: it has {shown}. Give an empty database, or "
            "--replace to replace tables of the same names."
        )


@final
class SqliteTarget(AbstractTarget):
    """A file, written aside."""

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        super().__init__(address, like, tables)
        url = sa.make_url(address if is_address(address) else f"sqlite:///{address}")
        if not url.database:
            raise UsageError(f"{address}: name the file of the database, as in sqlite:///copy.db.")
        self._path = Path(url.database)
        self._aside = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        self._raw: Any = None

    def check(self, *, replaces: bool) -> None:
        if not self._path.absolute().parent.is_dir():
            raise DataError(
                f"{self._path}: there is no folder {self._path.parent}. Make it, or name another."
            )
        if self._path.exists() and self._path.stat().st_size and not replaces:
            engine = engine_of(self._address, is_read_only=True)
            try:
                there = sa.inspect(engine).get_table_names()
            finally:
                engine.dispose()
            if there:
                raise self._taken(there)

    def begin(self, *, replaces: bool) -> None:
        import sqlite3

        self._aside.unlink(missing_ok=True)
        self._raw = sqlite3.connect(self._aside, isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "locking_mode=EXCLUSIVE"):
            self._raw.execute(f"PRAGMA {setting}")
        self._after: list[str] = []
        for statement in self._statements():
            is_index = statement.lstrip().upper().startswith(("CREATE INDEX", "CREATE UNIQUE"))
            if is_index:
                self._after.append(statement)
            else:
                self._raw.execute(statement)
        self._raw.execute("BEGIN")

    def _statements(self) -> Iterator[str]:
        if ddl.has_own_statements(self._like, "sqlite", self._tables):
            yield from ddl.own_statements(self._like, self._tables)
            return
        metadata = ddl.metadata_of(self._like, "sqlite", self._tables)
        dialect = sa.create_engine("sqlite://").dialect
        for table in metadata.tables.values():
            yield str(CreateTable(table).compile(dialect=dialect))
            for index in table.indexes:
                yield str(CreateIndex(index).compile(dialect=dialect))

    def append(self, name: str, rows: pa.Table) -> None:
        quoted = ", ".join(_quoted(column) for column in rows.column_names)
        marks = ", ".join("?" * rows.num_columns)
        statement = f"INSERT INTO {_quoted(name)} ({quoted}) VALUES ({marks})"
        for part in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
            columns = [_plain(column) for column in part.columns]
            self._guarded(lambda: self._raw.executemany(statement, zip(*columns, strict=True)))  # noqa: B023

    def finish(self) -> None:
        self._guarded(lambda: self._raw.execute("COMMIT"))
        for statement in self._after:
            self._guarded(lambda: self._raw.execute(statement))  # noqa: B023
        broken = self._raw.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise DataError(
                f"{self._path}: {len(broken):,} rows would point at nothing, such as {broken[0]}."
            )
        self._raw.close()
        self._raw = None
        self._aside.replace(self._path)

    def abandon(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None
        with suppress(OSError):
            self._aside.unlink(missing_ok=True)

    def _guarded(self, step: Any) -> None:
        import sqlite3

        try:
            step()
        except sqlite3.Error as error:
            raise DataError(f"{self._path}: {error}. Nothing was written.") from error


class AbstractServerTarget(AbstractTarget):
    """A database that SQLAlchemy reaches, written in one transaction."""

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        super().__init__(address, like, tables)
        self._engine = engine_of(address, is_read_only=False)
        self._metadata = ddl.metadata_of(like, self._engine.dialect.name, tables)
        self._connection: Any = None

    def check(self, *, replaces: bool) -> None:
        try:
            there = sa.inspect(self._engine).get_table_names()
        finally:
            self._engine.dispose()  # nothing stays open until it begins
        if there and not replaces:
            raise self._taken(there)

    def _connect(self) -> None:
        self._connection = self._engine.connect()
        self._connection.begin()

    def abandon(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.rollback()
            self._connection.close()
            self._connection = None
        self._engine.dispose()


@final
class PostgresTarget(AbstractServerTarget):
    """PostgreSQL: rows by COPY, keys when all rows are there, all in one transaction."""

    def begin(self, *, replaces: bool) -> None:
        self._connect()
        if replaces:
            for name in self._tables:
                self._connection.execute(sa.text(f"DROP TABLE IF EXISTS {_quoted(name)} CASCADE"))
        for name, words in ddl.enums_of(self._like, "postgresql").items():
            listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
            if replaces:
                self._connection.execute(sa.text(f"DROP TYPE IF EXISTS {_quoted(name)} CASCADE"))
            self._connection.execute(_text(f"CREATE TYPE {_quoted(name)} AS ENUM ({listed})"))
        for table in self._metadata.tables.values():
            self._connection.execute(CreateTable(table, include_foreign_key_constraints=[]))

    def append(self, name: str, rows: pa.Table) -> None:
        buffer = io.BytesIO()
        pa_csv.write_csv(rows, buffer, pa_csv.WriteOptions(include_header=False))
        quoted = ", ".join(_quoted(column) for column in rows.column_names)
        statement = f"COPY {_quoted(name)} ({quoted}) FROM STDIN (FORMAT csv)"
        raw = self._connection.connection.driver_connection
        import psycopg

        try:
            with raw.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write(buffer.getvalue())
        except psycopg.Error as error:
            raise failed(self._address, error) from None

    def finish(self) -> None:
        for table in self._metadata.tables.values():
            for index in table.indexes:
                self._connection.execute(CreateIndex(index))
        for table in self._metadata.tables.values():
            for constraint in table.foreign_key_constraints:
                self._connection.execute(AddConstraint(constraint))
        for schema in self._like.schema.tables:
            for name in schema.definition.get("running", ()) if schema.name in self._tables else ():
                self._connection.execute(
                    _text(
                        f"SELECT setval(pg_get_serial_sequence('{_quoted(schema.name)}', '{name}'), "
                        f"(SELECT coalesce(max({_quoted(name)}), 1) FROM {_quoted(schema.name)}))"
                    )
                )
        self._connection.commit()
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as after:
            after.execute(sa.text("ANALYZE"))


@final
class PlainTarget(AbstractServerTarget):
    """Any other database that SQLAlchemy reaches: rows by INSERT, keys from the start, parents first."""

    def begin(self, *, replaces: bool) -> None:
        self._connect()
        if replaces:
            self._metadata.drop_all(self._connection)
        self._metadata.create_all(self._connection)

    def append(self, name: str, rows: pa.Table) -> None:
        for part in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
            self._connection.execute(self._metadata.tables[name].insert(), part.to_pylist())

    def finish(self) -> None:
        self._connection.commit()


def _text(statement: str) -> Any:
    """A statement in which colons are colons."""
    return sa.text(statement.replace(":", r"\:"))


def _quoted(name: str) -> str:
    """A name as SQL spells it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _plain(column: pa.Array) -> list[Any]:
    """Cells as SQLite keeps them: times as texts."""
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_dictionary(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()
