"""Databases as a file of SQL statements."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, final

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from gansmith.modalities.relational import ddl
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.targets import quoted
from gansmith.modalities.relational.writing import check_tables, following
from gansmith.store import whole_file
from gansmith.tabular.columns.stored import stored_table

ROWS_AT_ONCE: Final = 200


@final
class DumpWriter:
    """A file of statements in the words of PostgreSQL, whole or not there: tables, rows, then keys."""

    def __init__(self, path: Path, like: Database, tables: Sequence[str]) -> None:
        check_tables(like, tables)
        chosen = tuple(tables) or tuple(like.tables)
        self._like = like
        self._tables = tuple(name for name in chosen if len(like.tables[name].schema))
        self._metadata = ddl.metadata_of(like, "postgresql", self._tables)
        self._n_before = dict.fromkeys(like.tables, 0)
        self._opening = whole_file(path)

    def __enter__(self) -> DumpWriter:
        self._file = self._opening.__enter__()
        self._say("BEGIN")
        for statement in ddl.enums_of(self._like, self._tables).values():
            self._say(statement)
        for table in self._metadata.tables.values():
            self._say(self._spelt(CreateTable(table, include_foreign_key_constraints=[])))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            for table in self._metadata.tables.values():
                for index in table.indexes:
                    self._say(self._spelt(CreateIndex(index)))
            for table in self._metadata.tables.values():
                for constraint in table.foreign_key_constraints:
                    self._say(self._spelt(AddConstraint(constraint)))
            for statement in ddl.counters_of(self._like, self._tables):
                self._say(statement)
            self._say("COMMIT")
        self._opening.__exit__(kind, error, trace)

    def write(self, records: Database) -> None:
        """Append a block."""
        for name, table in following(records, self._n_before).items():
            if name not in self._tables:
                continue
            stored = stored_table(table.records, self._like.tables[name].schema)
            names = ", ".join(quoted(one) for one in stored.column_names)
            for part in stored.to_batches(max_chunksize=ROWS_AT_ONCE):
                columns = [[_literal(cell) for cell in column.to_pylist()] for column in part.columns]
                rows = ",\n".join(f"({', '.join(row)})" for row in zip(*columns, strict=True))
                if rows:
                    self._say(f"INSERT INTO {quoted(name)} ({names}) VALUES\n{rows}")

    def _say(self, statement: str) -> None:
        self._file.write(f"{statement.strip()};\n".encode())

    def _spelt(self, clause: Any) -> str:
        return str(clause.compile(dialect=postgresql.dialect()))


def _literal(cell: object) -> str:
    if cell is None:
        return "NULL"
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        return repr(cell)
    return "'" + str(cell).replace("'", "''") + "'"
