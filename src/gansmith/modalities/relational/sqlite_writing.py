"""SQLite databases, written aside and renamed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import ddl
from gansmith.modalities.relational.connecting import engine_of
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.targets import AbstractTarget, quoted
from gansmith.store.address import is_address

ROWS_AT_ONCE: Final = 20_000


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

    def check(self, *, replaces: bool) -> str:
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
        return ""

    def begin(self, *, replaces: bool) -> None:
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
        listed = ", ".join(quoted(column) for column in rows.column_names)
        marks = ", ".join("?" * rows.num_columns)
        statement = f"INSERT INTO {quoted(name)} ({listed}) VALUES ({marks})"
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
        try:
            step()
        except sqlite3.Error as error:
            raise DataError(f"{self._path}: {error}. Nothing was written.") from error


def _plain(column: pa.Array) -> list[Any]:
    """Cells as SQLite keeps them: times as texts."""
    if pa.types.is_temporal(column.type):
        column = column.cast(pa.string())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_dictionary(column.type) or pa.types.is_decimal(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()
