"""Records whose cells are put together from parts: taken apart to be learnt, and put together again.

Users see the records as they are, whatever is learnt sees them flat: with a column for each part. Parts may
have parts themselves. The first part of a column says which of the others there are; what is not there is
missing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from gansmith.tabular.cells import Mask, cells_of
from gansmith.tabular.columns.base import parted
from gansmith.tabular.schema import Column, Schema


def split(records: pa.Table, schema: Schema) -> pa.Table:
    """Records taken apart, columns in the order of `schema.flat`.

    Args:
        records: Typed as the schema says; columns that it does not name are left out.
        schema: Of the records.
    """
    if not schema.has_parts:
        return records
    found: dict[str, pa.Array] = {}
    for column in schema.columns:
        found |= _split(cells_of(records, column.name), column)
    return pa.table(found)


def _split(cells: pa.Array, column: Column) -> dict[str, pa.Array]:
    if not column.parts:
        return {column.name: cells}
    parts = parted(column).split(cells.cast(column.arrow_type), column)
    return {name: one for part in column.parts for name, one in _split(parts[part.name], part).items()}


def join(records: pa.Table, schema: Schema) -> pa.Table:
    """Flat records put together, columns in the order of the schema: the inverse of `split`."""
    if not schema.has_parts:
        return records
    return pa.table({column.name: _join(records, column) for column in schema.columns})


def _join(records: pa.Table, column: Column) -> pa.Array:
    if not column.parts:
        return cells_of(records, column.name)
    return parted(column).join({part.name: _join(records, part) for part in column.parts}, column)


def whole(records: pa.Table, schema: Schema) -> tuple[pa.Table, Schema]:
    """Records with the columns of the schema and, beside those that have them, their parts."""
    if not schema.has_parts:
        return records, schema
    flat, named = split(records, schema), schema.named
    for part in named.columns[len(schema) :]:
        records = records.append_column(part.name, flat.column(part.name))
    return records, named


def needed(records: pa.Table, schema: Schema) -> Iterator[tuple[str, Mask]]:
    """Of each part its name, and which flat records have it; a part of a part is there where that is."""
    for column in schema.columns:
        yield from _needed(records, column, None)


def _needed(records: pa.Table, column: Column, within: Mask | None) -> Iterator[tuple[str, Mask]]:
    if not column.parts:
        return
    first, *others = column.parts
    if within is not None:
        yield first.name, within
    there = parted(column).needed(cells_of(records, first.name), column)
    for part in others:
        is_there = there[part.name] if within is None else there[part.name] & within
        if part.parts:
            yield from _needed(records, part, is_there)
        else:
            yield part.name, is_there
