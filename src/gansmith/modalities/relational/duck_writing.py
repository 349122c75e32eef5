"""DuckDB databases, written aside and renamed.

DuckDB looks at keys as rows come, and cannot be told to wait. So all rows are put aside first; then the
tables are made, each after those that it points at, and filled, of those that point at themselves whoever is
pointed at first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, final

import duckdb
import pyarrow as pa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from gansmith.errors import DataError, UsageError
from gansmith.modalities.relational import ddl
from gansmith.modalities.relational.connecting import file_of
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.schema import ForeignKey
from gansmith.modalities.relational.targets import AbstractTarget, quoted

_START: Final = re.compile(r"START (?:WITH )?\d+")
_SEQUENCE: Final = re.compile(r'CREATE SEQUENCE (?:IF NOT EXISTS )?("(?:[^"]|"")+"|\S+)')
_GIVES: Final = re.compile(r"^nextval\('(.*)'\)$")
_INDEX: Final = re.compile(r"CREATE (?:UNIQUE )?INDEX")
DEEPEST: Final = 1_000
"""Rows one above the other in a table that points at itself."""


@final
class DuckTarget(AbstractTarget):
    """A file, written aside."""

    def __init__(self, address: str, like: Database, tables: tuple[str, ...]) -> None:
        super().__init__(address, like, tables)
        self._path = file_of(address)
        if not self._path.name:
            raise UsageError(f"{address}: name the file of the database, as in duckdb:///copy.duckdb.")
        self._aside = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        self._connection: Any = None

    def check(self, *, replaces: bool) -> str:
        if not self._path.absolute().parent.is_dir():
            raise DataError(
                f"{self._path}: there is no folder {self._path.parent}. Make it, or name another."
            )
        if self._path.exists() and self._path.stat().st_size and not replaces:
            with self._said(), duckdb.connect(str(self._path), read_only=True) as connection:
                there = [str(row[0]) for row in connection.execute("SHOW TABLES").fetchall()]
            if there:
                raise self._taken(there)
        return ""

    def begin(self, *, replaces: bool) -> None:
        self._aside.unlink(missing_ok=True)
        self._connection = duckdb.connect(str(self._aside))
        self._connection.execute("SET threads = 1")
        self._staged: dict[str, str] = {}

    def append(self, name: str, rows: pa.Table) -> None:
        with self._said():
            self._connection.register("rows_to_add", rows)
            if name in self._staged:
                self._connection.execute(f"INSERT INTO {self._staged[name]} SELECT * FROM rows_to_add")
            else:
                self._staged[name] = f"gansmith_aside_{len(self._staged)}"
                self._connection.execute(
                    f"CREATE TEMP TABLE {self._staged[name]} AS SELECT * FROM rows_to_add"
                )
            self._connection.unregister("rows_to_add")

    def finish(self) -> None:
        with self._said():
            order, after = self._make()
            for name in order:
                if name in self._staged:
                    self._fill(name)
            for statement in after:
                self._connection.execute(statement)
        self._connection.close()
        self._connection = None
        self._aside.replace(self._path)

    def abandon(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for path in (self._aside, self._aside.with_name(f"{self._aside.name}.wal")):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    @contextmanager
    def _said(self) -> Generator[None]:
        """What DuckDB says is wrong, as an error of ours."""
        try:
            yield
        except duckdb.Error as error:
            said = str(error).strip().splitlines()[0]
            raise DataError(f"{self._path}: {said} Nothing was written.") from error

    def _make(self) -> tuple[list[str], list[str]]:
        """Make the tables, each after those that it points at; their order, and what comes last."""
        if ddl.has_own_statements(self._like, "duckdb", self._tables):
            metadata, statements = None, list(ddl.own_statements(self._like, self._tables))
        else:
            metadata, statements = ddl.metadata_of(self._like, "duckdb", self._tables), []
        order = self._in_turn()
        for statement in statements:
            if statement.startswith("CREATE SEQUENCE"):
                self._connection.execute(_START.sub(f"START {self._next(statement)}", statement))
        for place, name in enumerate(order):
            if metadata is None:
                own = self._like.schema[name].definition["statements"]
                self._connection.execute(next(one for one in own if one.startswith("CREATE TABLE")))
            else:
                table, earlier = metadata.tables[name], {*order[: place + 1]}
                keys = [one for one in table.foreign_key_constraints if one.referred_table.name in earlier]
                self._connection.execute(_compiled(CreateTable(table, include_foreign_key_constraints=keys)))
        if metadata is None:
            return order, [one for one in statements if _INDEX.match(one)]
        made = [CreateIndex(index) for table in metadata.tables.values() for index in table.indexes]
        return order, [_compiled(one) for one in made]

    def _in_turn(self) -> list[str]:
        """The tables, each after those that it points at; where they point in a circle, in any order."""
        waiting = {name: self._parents(name) for name in self._tables}
        found: list[str] = []
        while waiting:
            ready = [name for name, parents in waiting.items() if not parents & waiting.keys()]
            for name in ready or [next(one for one in waiting if _is_in_circle(one, waiting))]:
                found.append(name)
                del waiting[name]
        return found

    def _parents(self, name: str) -> set[str]:
        return {key.parent for key in self._like.schema[name].foreign_keys} - {name}

    def _next(self, sequence: str) -> int:
        """The number that follows those that a sequence gave."""
        match, most = _SEQUENCE.match(sequence), 0
        for table in self._like.schema.tables:
            for column, said in table.definition.get("running", {}).items():
                if match and table.name in self._staged and _GIVES.sub(r"\1", said) == match[1].strip('"'):
                    found = self._connection.execute(
                        f"SELECT max({quoted(column)}) FROM {self._staged[table.name]}"
                    ).fetchone()
                    most = max(most, int(found[0] or 0))
        return most + 1

    def _fill(self, name: str) -> None:
        """Put the rows of a table where they belong."""
        staged, table = self._staged[name], quoted(name)
        columns = [str(row[0]) for row in self._connection.execute(f"DESCRIBE {staged}").fetchall()]
        listed = ", ".join(map(quoted, columns))
        insert = f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {staged}"
        own = [key for key in self._like.schema[name].foreign_keys if key.parent == name]
        if not own:
            self._connection.execute(insert)
            return
        ready = " AND ".join(_points_at_somebody(table, key) for key in own)
        key = ", ".join(map(quoted, own[0].parent_columns))
        for _ in range(DEEPEST):
            fresh = f"({key}) NOT IN (SELECT ({key}) FROM {table})"
            (n,) = self._connection.execute(f"{insert} WHERE {ready} AND {fresh}").fetchone()
            if not n:
                break
        (lost,) = self._connection.execute(
            f"SELECT (SELECT count(*) FROM {staged}) - (SELECT count(*) FROM {table})"
        ).fetchone()
        if lost:
            raise DataError(f"{self._path}: {lost:,} rows of {name} would point at nothing.")


def _is_in_circle(name: str, parents: Mapping[str, set[str]]) -> bool:
    """Whether keys lead from a table back to it."""
    reached, going = set[str](), set(parents[name])
    while going := going & parents.keys() - reached:
        reached |= going
        going = set[str]().union(*(parents[one] for one in going))
    return name in reached


def _points_at_somebody(table: str, key: ForeignKey) -> str:
    ours, theirs = (", ".join(map(quoted, some)) for some in (key.columns, key.parent_columns))
    return f"({quoted(key.columns[0])} IS NULL OR ({ours}) IN (SELECT ({theirs}) FROM {table}))"


def _compiled(clause: Any) -> str:
    """A statement in the words of PostgreSQL, which DuckDB reads."""
    return str(clause.compile(dialect=postgresql.dialect()))
