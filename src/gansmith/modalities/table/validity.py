"""What holds for every real record of a table, and which records of another table break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Mask, are_again, cells_of, floats_of, mask_of
from gansmith.tabular.constraints.chain import read_constraints
from gansmith.tabular.constraints.finding import find
from gansmith.tabular.schema import Column, Schema


@final
@dataclass(frozen=True, eq=False)
class Rule:
    """What holds for every real record, and which synthetic ones break it."""

    words: str
    columns: tuple[str, ...]
    is_broken: Mask
    may_break: bool = False
    """Whether fresh real records may break it, too: it was only found in those at hand."""

    @property
    def gist(self) -> tuple[tuple[str, ...], str]:
        """The same for the same rule found in other records, of which it may name other numbers."""
        return self.columns, self.words.partition(" (")[0]


def rules_of(fake: pa.Table, real: pa.Table, schema: Schema) -> list[Rule]:
    """What holds for all real records, and which synthetic ones break it.

    The rules: every cell is of its column's kind, a number or a time lies within the real range (with some
    air where the real ones thin out), a category occurs in the real data, a cell is missing only where real
    ones are, keys are unique, and all constraints hold, those of the schema and those that are found in the
    real records.

    Args:
        fake: The synthetic table; a column may be of another type than the schema's, or lacking.
        real: All real records, those held out among them.
        schema: Of the real records, with the constraints that were declared.

    Raises:
        DataError: A real record breaks a constraint of the schema.
    """
    rules: list[Rule] = []
    fitting: list[str] = []
    for column in schema.columns:
        name = column.name
        if name not in fake.column_names:
            rules.append(Rule(f"column {name!r} is there", (name,), np.ones(fake.num_rows, dtype=bool)))
            continue
        cells, known = cells_of(fake, name), cells_of(real, name)
        read = _as_kind(cells, known.type)
        if not cells.type.equals(known.type):
            is_other = mask_of(pc.and_(pc.is_valid(cells), pc.is_null(read)))
            article = "an" if column.kind[0] in "aeiou" else "a"
            rules.append(Rule(f"{name!r} is {article} {column.kind}", (name,), is_other))
        else:
            fitting.append(name)
        rules += _of_cells(column, cells, read, known)
    return [*rules, *_of_constraints(fake, real, schema, frozenset(fitting))]


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


def _of_cells(column: Column, original: pa.Array, cells: pa.Array, known: pa.Array) -> Iterator[Rule]:
    """What holds for the cells of one column."""
    name, is_there = column.name, mask_of(pc.is_valid(cells))
    if not known.null_count:
        yield Rule(f"{name!r} is never missing", (name,), mask_of(pc.is_null(original)))
    if column.traits.is_made_anew:
        if column.traits.is_unique and len(pc.unique(known)) == len(known):
            yield Rule(f"{name!r} is unique", (name,), is_there & are_again(cells))
        return
    if not column.traits.is_measure:
        is_known = pc.is_in(cells, value_set=pc.unique(known.drop_null()))
        yield Rule(f"{name!r} has known values", (name,), is_there & ~mask_of(is_known), may_break=True)
        return
    low, high = _room(known)
    if low is None:
        return
    values = floats_of(cells)
    yield Rule(f"{name!r} is within its range", (name,), (values < low) | (values > high), may_break=True)


def _room(known: pa.Array) -> tuple[float, float] | tuple[None, None]:
    """Between what numbers may lie: the real ends, and some air where the real numbers thin out.

    Fresh real records go beyond the ends of others, too: by no more than twice the distance from the last to
    the tenth last of these, but for one time in hundreds. Where many share the last number it is an end; and
    so is zero where no real number lies beyond it.
    """
    values = np.sort(floats_of(known.drop_null()))
    values = values[np.isfinite(values)]
    if not len(values):
        return None, None
    tenth = min(9, len(values) - 1)
    low = values[0] - 2 * (values[tenth] - values[0])
    high = values[-1] + 2 * (values[-1] - values[-1 - tenth])
    return max(low, 0.0) if values[0] >= 0 else low, min(high, 0.0) if values[-1] <= 0 else high


def _of_constraints(
    fake: pa.Table, real: pa.Table, schema: Schema, fitting: frozenset[str]
) -> Iterator[Rule]:
    """Constraints between columns whose types fit."""
    declared = read_constraints(schema.constraints or (), schema)
    for number, constraint in enumerate([*declared, *find(real, schema, declared)]):
        columns = tuple(dict.fromkeys((*constraint.reads, *constraint.writes)))
        if fitting.issuperset(columns):
            is_broken = constraint.learnt(real).violating(fake)
            yield Rule(constraint.in_words(), columns, is_broken, may_break=number >= len(declared))
