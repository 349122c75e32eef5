"""Arrow columns as arrays of truths, numbers, codes and keys: what every part of a table is made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

Mask = Bool[np.ndarray, " n"]
Numbers = Float[np.ndarray, " n"]
Counts = Int[np.ndarray, " n"]

EXACT: Final = 2**53
"""Whole numbers up to here are told apart by a double."""
_SEPARATOR: Final = "\x1f"


def cells_of(records: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    found = records.column(name).combine_chunks()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def replaced(records: pa.Table, columns: Mapping[str, pa.Array]) -> pa.Table:
    """Records with other cells in some columns, each in its own place."""
    for name, cells in columns.items():
        records = records.set_column(records.column_names.index(name), name, cells)
    return records


def mask_of(truths: pa.Array) -> Mask:
    """An Arrow column of truth values as an array, missing ones as false."""
    return pc.fill_null(truths, False).to_numpy(zero_copy_only=False)


def are_missing(cells: pa.Array) -> Mask:
    """Which cells are missing."""
    return mask_of(pc.is_null(cells))


def is_missing(records: pa.Table, name: str) -> Mask:
    """Which cells of a column are missing."""
    return are_missing(cells_of(records, name))


def without(cells: pa.Array, missing: Mask) -> pa.Array:
    """Cells with nulls where `missing`."""
    return pc.if_else(pa.array(missing), None, cells)


def matches(cells: pa.Array, pattern: str) -> Mask:
    """Which texts match the regular expression."""
    return mask_of(pc.match_substring_regex(cells, pattern))


def are_in(cells: pa.Array, values: pa.Array | Sequence[str]) -> Mask:
    """Which cells are one of `values`; a missing cell is one where a null is among them."""
    known = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    return mask_of(pc.is_in(cells, value_set=known))


def strings(cells: pa.Array) -> list[str]:
    """Texts, none of them missing, as a list."""
    return cast("list[str]", cells.to_pylist())


def texts_as(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Texts as what they spell; of times of day as well, which Arrow does not read by itself.

    Raises:
        pa.ArrowInvalid: One of them spells nothing of this type.
    """
    if pa.types.is_time(kind) and pa.types.is_string(cells.type):
        whole = pc.binary_join_element_wise("1970-01-01", cells, " ")
        return whole.cast(pa.timestamp("ns" if kind.bit_width == 64 else "ms")).cast(kind)
    return cells.cast(kind)


def some_of(n: int, n_wanted: int) -> Int[np.ndarray, " n_chosen"]:
    """Places of that many of `n` values, from anywhere among them, in their order; all where there are fewer.

    The first ones alone would not do: numbers that count on come in order.
    """
    if n <= n_wanted:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, n_wanted, replace=False))


def codes_of(cells: pa.Array) -> Int[np.ndarray, " n"]:
    """A number from 0 for each distinct cell, missing ones included, in the order they first occur."""
    return cells.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)


def are_again(cells: pa.Array) -> Mask:
    """Which cells equal an earlier one."""
    found = np.ones(len(cells), bool)
    found[np.unique(codes_of(cells), return_index=True)[1]] = False
    return found


def equals(cells: pa.Array, wanted: pa.Scalar) -> Mask:
    """Which cells are this one, which may be a missing one."""
    return mask_of(pc.equal(cells, wanted) if wanted.is_valid else pc.is_null(cells))


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


def floats_of(cells: pa.Array | pa.ChunkedArray) -> Numbers:
    """Numbers as they are, dates in days, all other times in their own unit; NaN where missing.

    Of whole numbers beyond 2^53 the last digits are lost.
    """
    if pa.types.is_temporal(cells.type):
        cells = cells.cast(pa.int32() if pa.types.is_date32(cells.type) else pa.int64())
    return cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
