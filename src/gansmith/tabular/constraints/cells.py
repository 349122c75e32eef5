"""Cells of several columns as numbers, texts and keys that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.tabular.schema import NOT_ROUNDED, Column

Mask = Bool[np.ndarray, " n"]

_SEPARATOR: Final = "\x1f"
PLAIN: Final = ("integer", "decimal", "boolean", "category", "date", "datetime", "constant")
"""Kinds whose values are learnt as they are, and can be spelt and read again."""
EXACT: Final = 2.0**53
"""Whole numbers up to here are exact as doubles."""
_DAY_MICROSECONDS: Final = 86_400_000_000


def cells_of(records: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    found = records.column(name).combine_chunks()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def replaced(records: pa.Table, columns: dict[str, pa.Array]) -> pa.Table:
    """Records with other cells in some columns, each in its own place."""
    for name, cells in columns.items():
        place = records.column_names.index(name)
        records = records.set_column(place, name, cells)
    return records


def mask_of(truths: pa.Array) -> Mask:
    """An Arrow column of truth values without missing ones as an array."""
    return truths.to_numpy(zero_copy_only=False)


def is_missing(records: pa.Table, name: str) -> Mask:
    """Which cells of a column are missing."""
    return mask_of(pc.is_null(cells_of(records, name)))


def codes_of(cells: pa.Array) -> Int[np.ndarray, " n"]:
    """A number from 0 for each distinct cell, missing ones included, in the order they first occur."""
    return cells.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)


def is_again(cells: pa.Array) -> Mask:
    """Which cells equal an earlier one."""
    found = np.ones(len(cells), bool)
    found[np.unique(codes_of(cells), return_index=True)[1]] = False
    return found


def equals(cells: pa.Array, wanted: pa.Scalar) -> Mask:
    """Which cells are this one, which may be a missing one."""
    same = pc.equal(cells, wanted) if wanted.is_valid else pc.is_null(cells)
    return mask_of(pc.fill_null(same, False))


def keys_of(records: pa.Table, names: Sequence[str]) -> pa.Array:
    """One text per record, equal where all of these cells are equal."""
    spelt: list[pa.Array] = []
    for name in names:
        cells = cells_of(records, name)
        text = (cells.cast(pa.int64()) if pa.types.is_duration(cells.type) else cells).cast(pa.string())
        for taken, stand_in in (("\\", "\\\\"), (_SEPARATOR, "\\u")):
            text = pc.replace_substring(text, taken, stand_in)
        spelt.append(pc.fill_null(text, "\\N"))
    return pc.call_function("binary_join_element_wise", [*spelt, _SEPARATOR])


def floats_of(cells: pa.Array | pa.ChunkedArray) -> Float[np.ndarray, " n"]:
    """Numbers as they are, dates in days, all other times in their own unit; NaN where missing.

    Of whole numbers beyond 2^53 the last digits are lost.
    """
    if pa.types.is_temporal(cells.type):
        cells = cells.cast(pa.int32() if pa.types.is_date32(cells.type) else pa.int64())
    return cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def units(cells: pa.Array, column: Column, *, is_mixed: bool = False) -> tuple[Float[np.ndarray, " n"], Mask]:
    """Numbers as they are, dates in days, datetimes in microseconds; and which are missing (there: 0).

    Args:
        cells: Of the column.
        column: A number or a time.
        is_mixed: Whether dates are wanted in microseconds, too.
    """
    missing = mask_of(pc.is_null(cells))
    numbers = np.where(missing, 0.0, floats_of(cells))
    return numbers * (_DAY_MICROSECONDS if is_mixed and column.kind == "date" else 1), missing


def step_of(column: Column, *, is_mixed: bool = False) -> float:
    """The distance of neighbouring values in `units`; 0 where there is none."""
    match column.kind:
        case "decimal":
            return 10.0**-column.decimals if column.decimals != NOT_ROUNDED else 0.0
        case "date":
            return _DAY_MICROSECONDS if is_mixed else 1.0
        case "datetime":
            return column.granularity_seconds * 1e6 or 1.0
        case _:
            return 1.0


def from_units(
    numbers: Float[np.ndarray, " n"], missing: Mask, column: Column, *, is_mixed: bool = False
) -> pa.Array:
    """The inverse of `units`, to the nearest value that the column can hold."""
    numbers = np.where(missing, 0.0, numbers)
    if column.kind == "decimal":
        exact = numbers if column.decimals == NOT_ROUNDED else np.round(numbers, column.decimals)
        return pa.array(exact, mask=missing).cast(column.arrow_type, safe=False)
    if column.kind == "integer":
        limits = np.iinfo(column.arrow_type.to_pandas_dtype())
        whole = np.clip(np.rint(numbers), max(limits.min, -EXACT), min(limits.max, EXACT))
        return pa.array(whole.astype(limits.dtype), mask=missing)
    if column.kind == "date":
        days = np.clip(np.rint(numbers / (_DAY_MICROSECONDS if is_mixed else 1)), -(2**31), 2**31 - 1)
        return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())
    step = step_of(column)
    microseconds = np.clip(np.rint(numbers / step) * step, -EXACT, EXACT).astype(np.int64)
    return pa.array(microseconds, mask=missing).cast(pa.timestamp("us"))


def spelt(cells: pa.Array) -> list[str | None]:
    """Cells as texts that `typed` reads, for a model file."""
    return cells.cast(pa.string()).to_pylist()


def typed(listed: object, column: Column) -> pa.Array:
    """Cells from texts.

    Raises:
        DataError: They are no list of texts and nulls, or not of the column's type.
    """
    texts = cast("list[Any]", listed)
    if not isinstance(listed, list) or not all(text is None or isinstance(text, str) for text in texts):
        raise DataError(f"the values of {column.name!r} are no list of texts.")
    try:
        return pa.array(texts, pa.string()).cast(column.arrow_type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"the values of {column.name!r} are not of type {column.type}.") from error


def nothing_kept(rule: str, min_count: int = 0) -> DataError:
    """The error of a rule all of whose values are too rare to come out."""
    few = f"as many as {min_count} records" if min_count else "enough records"
    return DataError(
        f"{rule}: no value is shared by {few}, so none may come out. Leave the constraint out, or let rare "
        "values out with a smaller --min-count."
    )


def empty(column: Column) -> Column:
    """What a column is while it is taken out of the records."""
    return Column(column.name, "constant", "null")
