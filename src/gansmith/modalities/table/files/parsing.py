"""Cells of text as values of a column that is known: the one place that reads what `stored.spelt` writes."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.files import clocks, zones
from gansmith.modalities.table.files.dress import undressed
from gansmith.modalities.table.files.spelling import read_decimals, read_integers, read_truths
from gansmith.modalities.table.schema import Column


def parse_cells(cells: pa.Array, column: Column) -> pa.Array:
    """Values of the column's type; null where a cell is not spelt as the column's are.

    Args:
        cells: Trimmed, missing cells as nulls; strings are kept as they are.
        column: What they are and how they are spelt.

    Raises:
        pa.ArrowInvalid: A number does not fit the column's type, such as 300 an int8.
    """
    kind = column.arrow_type
    if pa.types.is_string(kind):
        return cells
    if pa.types.is_null(kind):
        return pa.nulls(len(cells))
    if pa.types.is_boolean(kind):
        return read_truths(cells, column.spelling or ("false", "true"))
    if pa.types.is_integer(kind):
        return pc.cast(read_integers(undressed(cells, column)), kind)
    if pa.types.is_floating(kind):
        return pc.cast(read_decimals(undressed(cells, column), column.point), kind)
    return pc.cast(_moments(cells, column), kind, safe=False)


def parse_asked(text: str, column: Column) -> pa.Array:
    """What a person asks for as one cell: spelt as in the data, or a bare number; null if neither.

    Raises:
        pa.ArrowInvalid: A number does not fit the column's type.
    """
    if pa.types.is_string(column.arrow_type):  # blanks may be part of it
        return pa.array([text])
    cell = pa.array([text.strip()])
    found = parse_cells(cell, column)
    if found.null_count and column.is_number:
        plain = replace(column, prefix="", suffix="", thousands="", negative="", plus="", point=".")
        return parse_cells(cell, plain)
    return found


def _moments(cells: pa.Array, column: Column) -> pa.Array:
    kind = column.arrow_type
    if pa.types.is_time(kind):
        return clocks.read_clock(cells, column.format or "%H:%M:%S")
    if pa.types.is_duration(kind):
        return clocks.read_duration(cells, column.format)
    if not column.format:
        return pc.cast(cells, kind)
    return zones.read_zoned(cells, column.format)
