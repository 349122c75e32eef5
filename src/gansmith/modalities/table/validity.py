"""What holds for every real record of a table, and which records of another table break it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.constraints.base import Mask
from gansmith.modalities.table.constraints.cells import cells_of, codes_of, mask_of
from gansmith.modalities.table.constraints.declared import read_constraints
from gansmith.modalities.table.constraints.finding import find
from gansmith.modalities.table.schema import MADE_ANEW, Column, Schema


def broken_rules(fake: pa.Table, real: pa.Table, schema: Schema) -> dict[str, Mask]:
    """Which synthetic records break what holds for all real ones, by the rule in words.

    The rules: every cell is of its column's kind, a number or a time lies within the real range, a category
    occurs in the real data, a cell is missing only where real ones are, keys are unique, and all constraints
    hold, those of the schema and those that are found in the real records.

    Args:
        fake: The synthetic table; a column may be of another type than the schema's, or lacking.
        real: All real records, those held out among them.
        schema: Of the real records.

    Raises:
        DataError: A real record breaks a constraint of the schema.
    """
    broken: dict[str, Mask] = {}
    fitting: list[str] = []
    for column in schema.columns:
        if column.name not in fake.column_names:
            broken[f"column {column.name!r} is there"] = np.ones(fake.num_rows, dtype=bool)
            continue
        cells, known = cells_of(fake, column.name), cells_of(real, column.name)
        read = _as_kind(cells, known.type)
        if not cells.type.equals(known.type):
            broken[f"{column.name!r} is {_article(column)}"] = mask_of(
                pc.and_(_there(cells), pc.is_null(read))
            )
        else:
            fitting.append(column.name)
        broken.update(_of_cells(column, read, known))
    broken.update(_of_constraints(fake, real, schema, frozenset(fitting)))
    return broken


def _there(cells: pa.Array) -> pa.Array:
    return pc.is_valid(cells)


def _article(column: Column) -> str:
    return f"{'an' if column.kind[0] in 'aeiou' else 'a'} {column.kind}"


def _as_kind(cells: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Cells in the type of the real ones, missing where they cannot be."""
    if cells.type.equals(wanted):
        return cells
    try:
        return cells.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    known = pc.unique(cells)
    read = pa.array([_one_as(value, wanted) for value in known], wanted)
    return read.take(pc.index_in(cells, known))


def _one_as(value: pa.Scalar, wanted: pa.DataType) -> object:
    try:
        return value.cast(wanted).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _of_cells(column: Column, cells: pa.Array, known: pa.Array) -> Iterator[tuple[str, Mask]]:
    name, is_there = column.name, mask_of(pc.is_valid(cells))
    if not known.null_count:
        yield f"{name!r} is never missing", ~is_there
    if column.kind in MADE_ANEW:
        if column.kind == "identifier" and len(pc.unique(known)) == len(known):
            yield f"{name!r} is unique", is_there & _repeated(cells)
        return
    if column.kind in ("category", "boolean", "constant", "list"):
        is_known = pc.is_in(cells, value_set=pc.unique(known.drop_null()))
        yield f"{name!r} has known values", is_there & ~mask_of(is_known)
        return
    is_span = pa.types.is_duration(cells.type)  # of which Arrow knows no smallest and largest
    ours, theirs = (part.cast(pa.int64()) if is_span else part for part in (cells, known))
    ends = pc.min_max(theirs)
    if not ends["min"].is_valid:
        return
    is_out = pc.or_(pc.less(ours, ends["min"]), pc.greater(ours, ends["max"]))
    yield f"{name!r} is within {_range(ends, column)}", mask_of(is_out.fill_null(False))


def _range(ends: pa.Scalar, column: Column) -> str:
    if column.kind == "duration":
        return "its range"
    low, high = ends["min"].as_py(), ends["max"].as_py()
    return f"{low:g} to {high:g}" if isinstance(low, float) else f"{low} to {high}"


def _repeated(cells: pa.Array) -> Mask:
    """Which cells equal an earlier one."""
    codes = codes_of(cells)
    is_first = np.zeros(len(codes), dtype=bool)
    is_first[np.unique(codes, return_index=True)[1]] = True
    return ~is_first


def _of_constraints(
    fake: pa.Table, real: pa.Table, schema: Schema, fitting: frozenset[str]
) -> Iterator[tuple[str, Mask]]:
    """Constraints between columns whose types fit."""
    declared = read_constraints(schema.constraints or (), schema)
    for constraint in [*declared, *find(real, schema, declared)]:
        if fitting.issuperset({*constraint.reads, *constraint.writes}):
            yield constraint.in_words(), constraint.learnt(real).violating(fake)
