"""Databases on servers: all of it or nothing, keys checked by the database itself."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from gansmith.errors import DataError
from gansmith.modalities.relational import ddl
from gansmith.modalities.relational.connecting import engine_of, failed, server_of
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.targets import AbstractTarget, quoted

ROWS_AT_ONCE: Final = 20_000
UNFINISHED: Final = "gansmith_unfinished_"
"""How names of tables begin that are being written where no transaction can undo what makes them."""


class AbstractServerTarget(AbstractTarget):
    """A database that SQLAlchemy reaches, written in one transaction."""

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        super().__init__(address, like, tables)
        self._engine = engine_of(address, is_read_only=False)
        self._metadata = ddl.metadata_of(like, self._engine.dialect.name, tables)
        self._connection: Any = None

    def check(self, *, replaces: bool) -> str:
        try:
            with self._engine.connect() as connection:
                there = [
                    name
                    for name in sa.inspect(connection).get_table_names()
                    if not name.startswith(UNFINISHED)
                ]
                identity = server_of(connection)
        finally:
            self._engine.dispose()  # nothing stays open until it begins
        if there and not replaces:
            raise self._taken(there)
        return identity

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
                self._connection.execute(_text(f"DROP TABLE IF EXISTS {quoted(name)} CASCADE"))
        for name, statement in ddl.enums_of(self._like, self._tables).items():
            if replaces:
                self._connection.execute(_text(f"DROP TYPE IF EXISTS {quoted(name)} CASCADE"))
            self._connection.execute(_text(statement))
        for table in self._metadata.tables.values():
            self._connection.execute(CreateTable(table, include_foreign_key_constraints=[]))

    def append(self, name: str, rows: pa.Table) -> None:
        buffer = io.BytesIO()
        pa_csv.write_csv(rows, buffer, pa_csv.WriteOptions(include_header=False))
        columns = ", ".join(quoted(column) for column in rows.column_names)
        statement = f"COPY {quoted(name)} ({columns}) FROM STDIN (FORMAT csv)"
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
        for statement in ddl.counters_of(self._like, self._tables):
            self._connection.execute(_text(statement))
        self._connection.commit()
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as after:
            after.execute(sa.text("ANALYZE"))


@final
class MySqlTarget(AbstractServerTarget):
    """MySQL and MariaDB: tables under names of their own, which become theirs when all is there.

    What makes tables cannot be undone there; renaming all of them at once can only happen or not.
    """

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        super().__init__(address, like, tables)
        self._called = {name: f"{UNFINISHED}{number}" for number, name in enumerate(tables)}
        self._metadata = ddl.metadata_of(like, "mysql", tables, self._called)
        self._is_finished = False

    def begin(self, *, replaces: bool) -> None:
        self._connect()
        self._without_checks()
        self._drop(self._unfinished())
        self._metadata.create_all(self._connection)

    def append(self, name: str, rows: pa.Table) -> None:
        table = self._metadata.tables[self._called[name]]
        for part in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
            columns = [column.to_pylist() for column in part.columns]
            records = [dict(zip(part.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]
            self._connection.execute(table.insert(), records)

    def finish(self) -> None:
        self._check_keys()
        self._connection.commit()
        self._connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        there = set(sa.inspect(self._connection).get_table_names())
        old = {name: f"{UNFINISHED}old_{number}" for number, name in enumerate(self._called) if name in there}
        turns = [*old.items(), *((temporary, name) for name, temporary in self._called.items())]
        listed = ", ".join(f"{self._spelt(before)} TO {self._spelt(after)}" for before, after in turns)
        self._connection.execute(_text(f"RENAME TABLE {listed}"))
        self._is_finished = True
        self._without_checks()
        self._drop(list(old.values()))

    def abandon(self) -> None:
        if self._connection is not None and not self._is_finished:
            with suppress(SQLAlchemyError):  # the old connection may be gone, the server not
                self._connection.close()
                self._connect()
                self._without_checks()
                self._drop(self._unfinished())
        super().abandon()

    def _without_checks(self) -> None:
        self._connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")

    def _unfinished(self) -> list[str]:
        return [one for one in sa.inspect(self._connection).get_table_names() if one.startswith(UNFINISHED)]

    def _drop(self, names: Sequence[str]) -> None:
        for name in names:
            self._connection.execute(_text(f"DROP TABLE {self._spelt(name)}"))

    def _spelt(self, name: str) -> str:
        return self._engine.dialect.identifier_preparer.quote_identifier(name)

    def _check_keys(self) -> None:
        """Raise DataError when a row points at nothing: keys were off while rows came."""
        for table in self._metadata.tables.values():
            for constraint in table.foreign_key_constraints:
                parent = constraint.referred_table.alias()
                pairs = [(one.parent, parent.columns[one.column.name]) for one in constraint.elements]
                joined = sa.and_(*(ours == theirs for ours, theirs in pairs))
                broken = (
                    sa.select(sa.func.count())
                    .select_from(table.outerjoin(parent, joined))
                    .where(*(ours.is_not(None) for ours, _ in pairs), pairs[0][1].is_(None))
                )
                if n := self._connection.execute(broken).scalar():
                    raise DataError(f"{table.name}: {n:,} rows would point at nothing. Nothing was written.")


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
