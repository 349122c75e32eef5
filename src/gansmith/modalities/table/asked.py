"""What `--where column=value` means for a table: one parsed value, one state, one level."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.base import Request
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.columns.categories import CategoryCodec
from gansmith.modalities.table.columns.numbers import NumberCodec, to_numbers
from gansmith.modalities.table.conditions import hold_fixed
from gansmith.modalities.table.files.parsing import parse_asked
from gansmith.modalities.table.schema import Column, Schema


def request_for(codec: TableCodec, where: Mapping[str, Any]) -> Request:
    """The condition under which every record has these values.

    Raises:
        UsageError: When a column or a value is unknown or out of range, with the nearest known one.
    """
    layout = codec.layout
    is_asked = torch.zeros(1, layout.n_columns)
    compact = torch.zeros(1, layout.n_compact)
    fixed: dict[str, pa.Scalar] = {}
    reduced = codec.chain.reduced
    given = {name: parse_value(codec.schema.column(name), value) for name, value in where.items()}
    cells, sought = codec.chain.asked(given)
    for name, cell in cells.items():
        column = reduced.column(name)
        index = codec.schema.names.index(name)
        column_codec = codec.columns[index]
        _check_known(column, column_codec, cell)
        fixed[name] = cell[0]
        if column_codec.n_states:
            place = codec.playing.index(index)
            codes, levels = column_codec.encode(cell, np.random.default_rng(0))
            is_asked[0, place] = 1.0
            compact[0, place] = int(codes[0])
            if place in layout.level_columns:
                compact[0, layout.n_columns + layout.level_columns.index(place)] = float(levels[0])
    conditions = hold_fixed(layout, layout.expand(compact), is_asked)
    return Request(conditions, fixed, {name: cell[0] for name, cell in sought.items()})


def matching(records: pa.Table, schema: Schema, where: Mapping[str, str]) -> np.ndarray:
    """Numbers of the records that have all of these values.

    Raises:
        UsageError: When a column is unknown or a value is not of its kind.
    """
    keep = np.ones(records.num_rows, bool)
    for name, value in where.items():
        wanted, cells = parse_value(schema.column(name), value)[0], records.column(name)
        same = pc.is_null(cells) if not wanted.is_valid else pc.fill_null(pc.equal(cells, wanted), False)
        keep &= same.to_numpy()
    return np.flatnonzero(keep)


def parse_value(column: Column, value: Any) -> pa.Array:
    """One value as a column of one cell, typed as the schema says.

    Args:
        column: What the column is.
        value: As a person writes it, spelt as in the data, or a Python value; None or the column's missing
            mark for a missing cell.

    Raises:
        UsageError: When it is not of the column's kind.
    """
    is_nan = isinstance(value, float) and math.isnan(value)
    if value is None or is_nan or (isinstance(value, str) and value == column.missing_mark):
        return pa.nulls(1, column.arrow_type)
    try:
        cell = (
            parse_asked(value, column)
            if isinstance(value, str)
            else pa.array([value]).cast(column.arrow_type)
        )
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise UsageError(f"column {column.name!r}: {value!r} is no {column.kind}.") from error
    if cell.null_count:
        wanted = f"Write it as in the data: {' or '.join(column.spelling) or column.format or 'a number'}."
        raise UsageError(f"column {column.name!r}: {value!r} is no {column.kind}. {wanted}")
    if column.kind == "decimal" and column.decimals >= 0:
        number = cell[0].as_py()
        if abs(round(number, column.decimals) - number) > 1e-12 * max(1.0, abs(number)):
            raise UsageError(
                f"column {column.name!r} has {column.decimals} decimals and cannot hold {value!r}. Round it."
            )
    return cell


def _check_known(column: Column, codec: object, cell: pa.Array) -> None:
    """Raise UsageError unless the model has seen such a value."""
    text = str(cell[0].as_py())
    if isinstance(codec, NumberCodec):
        _check_number(column, codec, cell)
    elif not isinstance(codec, CategoryCodec):
        raise UsageError(f"column {column.name!r} is {column.kind}: it is made anew and cannot be asked for.")
    elif cell.null_count:
        _check_missing(column, codec.has_missing)
    elif not pc.is_in(cell.cast(pa.string()), codec.values)[0].as_py():
        known = [str(value) for value in codec.values.to_pylist()]
        raise UsageError(f"column {column.name!r} has no value {text!r}. {did_you_mean(text, known)}")


def _check_number(column: Column, codec: NumberCodec, cell: pa.Array) -> None:
    if cell.null_count:
        _check_missing(column, codec.has_missing)
        return
    number = to_numbers(cell, column)[0][0]
    known = np.concatenate([codec.spikes, codec.knots])
    if not len(known):
        raise UsageError(f"column {column.name!r} has no values, only missing cells.")
    if not known.min() <= number <= known.max() or (not codec.n_bins and number not in codec.spikes):
        ends = codec.numbers_as_cells(np.array([known.min(), known.max()]))
        low, high = (str(end) for end in ends.to_pylist())
        nearest = codec.numbers_as_cells(known[[np.abs(known - number).argmin()]])[0]
        raise UsageError(
            f"column {column.name!r} has no value {cell[0].as_py()}: it was learnt from {low} to {high}. "
            f"The nearest is {nearest.as_py()}."
        )


def _check_missing(column: Column, has_missing: bool) -> None:
    if not has_missing:
        raise UsageError(f"column {column.name!r} has no missing cells, so none can be asked for.")
