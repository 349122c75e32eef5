"""Databases as folders with a file for each table, whole or not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, final

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.relational.numbering import shifted
from gansmith.modalities.relational.planning import Plan
from gansmith.modalities.relational.records import Database
from gansmith.store import whole_folder
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import Table

ENDINGS: Final = {"csv": ".csv", "parquet": ".parquet", "jsonl": ".jsonl"}


@final
class FolderWriter:
    """A folder of files that appears when all went well; blocks follow each other in every file.

    Args:
        path: Of the folder, which is empty or not there.
        like: Its tables and columns.
        tables: Those that are written; none names all.
        ending: Of the files.
        safe_csv: Escape text that a spreadsheet program would run as a formula.
        replaces: Whether a folder that is not empty may go.
    """

    def __init__(
        self,
        path: Path,
        like: Database,
        tables: Sequence[str],
        ending: str,
        *,
        safe_csv: bool,
        replaces: bool,
    ) -> None:
        check_tables(like, tables)
        if path.is_file() or (path.is_dir() and any(path.iterdir()) and not replaces):
            raise UsageError(
                f"{path} is there and not empty. Give another folder, or --replace to write into this one."
            )
        self._path, self._like, self._safe_csv = path, like, safe_csv
        self._tables = tuple(tables) or tuple(like.tables)
        self._ending, self._replaces = ending, replaces
        self._n_before = dict.fromkeys(like.tables, 0)

    def __enter__(self) -> FolderWriter:
        self._stack = ExitStack()
        if self._replaces and self._path.is_dir():
            self._path.mkdir(exist_ok=True)
            folder = self._path
        else:
            folder = self._stack.enter_context(whole_folder(self._path))
        try:
            self._writers = {
                name: self._stack.enter_context(
                    TableWriter(
                        folder / f"{file_name(name)}{self._ending}",
                        self._like.tables[name].schema,
                        safe_csv=self._safe_csv and self._ending == ENDINGS["csv"],
                    )
                )
                for name in self._tables
                if len(self._like.tables[name].schema)
            }
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, records: Database) -> None:
        """Append a block; tables that are kept are written once."""
        for name, table in following(records, self._n_before).items():
            if name in self._writers:
                self._writers[name].write(table)


def file_name(table: str) -> str:
    """What the file of a table is called: letters that no file may have are left out."""
    name = "".join("_" if letter in '/\\:*?"<>|' or ord(letter) < 32 else letter for letter in table)
    return name.lstrip(".") or "table"


def check_tables(like: Database, tables: Sequence[str]) -> None:
    """Raise UsageError when a table is to be written that is not there."""
    for name in tables:
        if name not in like.tables:
            raise UsageError(f"there is no table {name!r}. {did_you_mean(name, like.tables)}")


def following(records: Database, n_before: dict[str, int]) -> Mapping[str, Table]:
    """The tables of a block that comes after others, with running numbers that go on; counts its rows.

    Raises:
        DataError: It is no block of a database that is made.
    """
    plan = records.plan
    if plan is None:
        raise DataError("these tables are no part of a database that is made. Make one with a model.")
    is_first = not any(n_before[one.name] for one in plan.tables)
    moved = shifted(records, {one.name: n_before[one.name] for one in plan.made} | _none(plan))
    found: dict[str, Table] = {}
    for table in plan.tables:
        if table.is_made or is_first:
            found[table.name] = moved.tables[table.name]
        n_before[table.name] += len(records.tables[table.name])
    return found


def _none(plan: Plan) -> dict[str, int]:
    return {one.name: 0 for one in plan.tables if not one.is_made}
