"""No two rows alike where the database allows none: what comes twice is changed, or goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.relational.records import Database, key_cells
from gansmith.tabular.cells import are_again, cells_of, floats_of, replaced
from gansmith.tabular.schema import Table


def without_repeats(database: Database) -> Database:
    """The database with every key its own.

    A text that comes again gets a number, a number the next free one. Of rows that nobody points at, and that
    repeat the keys of others alone, the first one stays.
    """
    pointed_at = {key.parent for one in database.schema.tables for key in one.foreign_keys}
    tables = dict(database.tables)
    for schema in database.schema.tables:
        pointing = frozenset(name for key in schema.foreign_keys for name in key.columns)
        for columns in (schema.primary_key, *schema.unique):
            table = tables[schema.name]
            is_again = _repeats(table.records, columns) if columns else np.zeros(0, bool)
            if not is_again.any():
                continue
            free = [name for name in columns if name not in pointing]
            if free and free[-1] not in _keys_of_others(database, schema.name):
                tables[schema.name] = _changed(table, free[-1], is_again)
            elif schema.name not in pointed_at:
                tables[schema.name] = table.take(np.flatnonzero(~is_again))
    return replace(database, tables=tables)


def _keys_of_others(database: Database, table: str) -> frozenset[str]:
    """Columns of a table that others point at."""
    return frozenset(
        name
        for one in database.schema.tables
        for key in one.foreign_keys
        if key.parent == table
        for name in key.parent_columns
    )


def _repeats(records: pa.Table, columns: Sequence[str]) -> np.ndarray:
    """Which rows have the key of an earlier one."""
    cells = key_cells(records, columns)
    return are_again(cells) & pc.is_valid(cells).to_numpy(zero_copy_only=False)


def _changed(table: Table, name: str, is_again: np.ndarray) -> Table:
    """The table with other cells in a column where they come again."""
    cells = cells_of(table.records, name)
    n, numbers = int(is_again.sum()), np.zeros(len(cells), np.int64)
    numbers[is_again] = np.arange(1, n + 1)
    if pa.types.is_string(cells.type):
        suffix = pa.array([f"{number + 1}" for number in numbers.tolist()])
        changed = pc.binary_join_element_wise(cells, suffix, "-")
    elif pa.types.is_integer(cells.type):
        changed = pa.array(numbers + int(np.nanmax(floats_of(cells)))).cast(cells.type)
    else:
        return table.take(np.flatnonzero(~is_again))
    cells = pc.if_else(pa.array(is_again), changed, cells)
    return replace(table, records=replaced(table.records, {name: cells}))
