"""Databases written behind an address: real tables, keys on, all of it or nothing.

Files are written aside and renamed, PostgreSQL in one transaction, MySQL under other names. The keys are
checked by the database itself before anything is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import final

import pyarrow as pa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from gansmith.errors import UsageError
from gansmith.modalities.relational.connecting import failed, identity_of, is_duckdb
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.targets import AbstractTarget
from gansmith.modalities.relational.writing import check_tables, following
from gansmith.store.address import is_address, without_password
from gansmith.tabular.columns.stored import stored_table
from gansmith.tabular.schema import Table


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
        self._address, self._like = address, like
        self._refuse_source(identity_of(address))
        chosen = tuple(tables) or tuple(like.tables)
        self._tables = tuple(name for name in chosen if len(like.tables[name].schema))
        self._replaces = replaces
        self._n_before = dict.fromkeys(like.tables, 0)
        self._target = _target(address, like, self._tables)
        try:
            self._refuse_source(self._target.check(replaces=replaces))
        except (SQLAlchemyError, RuntimeError) as error:
            raise failed(address, error) from None

    def _refuse_source(self, identity: str) -> None:
        if identity and identity in self._like.source.split():
            raise UsageError(
                f"{without_password(self._address)} is the database that was learnt from. It is never "
                "written to: name another one."
            )

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


def _target(address: str, like: Database, tables: tuple[str, ...]) -> AbstractTarget:
    """What writes to an address; drivers are imported for the kind that it names alone."""
    if is_duckdb(address):
        from gansmith.modalities.relational.duck_writing import DuckTarget

        return DuckTarget(address, like, tables)
    backend = make_url(address).get_backend_name() if is_address(address) else "sqlite"
    if backend == "sqlite":
        from gansmith.modalities.relational.sqlite_writing import SqliteTarget

        return SqliteTarget(address, like, tables)
    from gansmith.modalities.relational import server_writing

    match backend:
        case "postgresql" | "postgres":
            return server_writing.PostgresTarget(address, like, tables)
        case "mysql" | "mariadb":
            return server_writing.MySqlTarget(address, like, tables)
        case _:
            return server_writing.PlainTarget(address, like, tables)
