"""Databases as they are read: what every kind of them can say, and cells as Arrow has them."""

from __future__ import annotations

import datetime
import decimal
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from gansmith.modalities.relational.schema import DatabaseSchema, TableSchema
from gansmith.tabular.cells import cells_of

ROWS_AT_ONCE: Final = 50_000


class AbstractSource(ABC):
    """A database that is open, in one transaction that cannot write."""

    def __init__(self, schema: DatabaseSchema, notes: Sequence[str], identity: str) -> None:
        self.schema, self.notes, self.identity = schema, tuple(notes), identity

    @property
    def has_hash(self) -> bool:
        """Whether rows can be drawn by a hash of their keys before they are read."""
        return True

    @abstractmethod
    def query(self, statement: str, names: Sequence[str], values: Sequence[Any] = ()) -> pa.Table:
        """The rows of a SELECT of these columns; `self.mark(k)` stands for the k-th of the values."""

    @abstractmethod
    def quoted(self, name: str) -> str:
        """A name as this database spells it, whatever it holds."""

    @abstractmethod
    def hashed(self, cells: Sequence[str]) -> str:
        """Expressions side by side as a share from 0 to 1, the same each time, in SQL."""

    @abstractmethod
    def mark(self, number: int) -> str:
        """What stands for a value in a statement."""

    def counted(self, table: str) -> int:
        """Rows of a table."""
        found = self.query(f"SELECT count(*) FROM {self.quoted(table)}", ("n",))
        return int(found.column("n")[0].as_py())

    def columns(self, table: str) -> list[str]:
        """What is read of a table: all but what is computed."""
        spelt = self.schema[table].definition
        return [name for name in spelt["types"] if name not in spelt["computed"]]

    def rows(self, table: TableSchema, rest: str = "", values: Sequence[Any] = ()) -> pa.Table:
        """Rows of a table, called `t0` in what follows FROM, in the order of its key."""
        names = self.columns(table.name)
        listed = ", ".join(f"t0.{self.quoted(name)}" for name in names)
        statement = f"SELECT {listed} FROM {self.quoted(table.name)} t0 {rest}"
        if table.primary_key:
            statement += " ORDER BY " + ", ".join(f"t0.{self.quoted(name)}" for name in table.primary_key)
        return self.query(statement, names, values)


def arrow_table(names: Sequence[str], parts: Sequence[Sequence[pa.Array]]) -> pa.Table:
    """Parts of rows as one table, each part with an array for each column."""
    columns = [joined_cells([part[place] for part in parts]) for place in range(len(names))]
    return pa.table(dict(zip(names, columns, strict=True)))


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Rows of the same columns, those of one table after those of another."""
    names = tables[0].column_names
    return arrow_table(names, [[cells_of(one, name) for name in names] for one in tables])


def joined_cells(parts: Sequence[pa.Array]) -> pa.Array:
    """Parts of a column as one, in a type that all of them fit."""
    kinds = {part.type for part in parts if not pa.types.is_null(part.type)}
    if not kinds:
        return pa.nulls(sum(map(len, parts)))
    kind = kinds.pop()
    if kinds:
        numbers = all(pa.types.is_integer(one) or pa.types.is_floating(one) for one in (kind, *kinds))
        kind = pa.float64() if numbers else pa.string()
    return pa.concat_arrays([part.cast(kind) for part in parts])


def cells_as_arrow(cells: Sequence[Any]) -> pa.Array:
    """Cells as Arrow has them: decimals as numbers, lists and objects as texts, bytes not at all."""
    first = next((cell for cell in cells if cell is not None), None)
    if first is None or isinstance(first, (bytes, memoryview)):
        return pa.nulls(len(cells))
    if isinstance(first, decimal.Decimal):
        return pa.array([None if cell is None else float(cell) for cell in cells], pa.float64())
    if isinstance(first, (list, dict, set, frozenset)):
        return pa.array([None if cell is None else _spelt(cell) for cell in cells], pa.string())
    if isinstance(first, datetime.datetime) and first.tzinfo is not None:
        cells = [
            None if cell is None else cell.astimezone(datetime.UTC).replace(tzinfo=None) for cell in cells
        ]
    try:
        found = pa.array(cells)
        if pa.types.is_primitive(found.type) or pa.types.is_string(found.type):
            return found
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # a column of SQLite may hold anything
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def _spelt(cell: Any) -> str:
    """A list as PostgreSQL spells it, a set as MySQL does, anything else as JSON."""
    if isinstance(cell, (set, frozenset)):
        return ",".join(sorted(map(str, cell)))
    if isinstance(cell, list) and all(isinstance(one, str) for one in cell):
        quoted = (one.replace("\\", "\\\\").replace('"', '\\"') for one in cell)
        return "{" + ",".join(f'"{one}"' for one in quoted) + "}"
    return json.dumps(cell, ensure_ascii=False)
