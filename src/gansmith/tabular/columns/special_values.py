"""Values that stand for something else: 9999-12-31 for "no end", 1900-01-01 for "unknown", 99999.

Among numbers and times they would hide what holds for all others: that days begin at midnight, that an end
comes after its start, where the largest value lies. So they are set apart: a state of their own each, and
what is said of the column is said without them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.tabular.cells import Counts, Mask, Numbers, are_missing, floats_of, without
from gansmith.tabular.columns.date_codes import granularity_seconds
from gansmith.tabular.schema import Column

Places = Int[np.ndarray, " n"]
Values = Float[np.ndarray, " _"]
Weights = Int[np.ndarray, " _"]

_LATE: Final = ("2099-12-31", "2100-01-01", "2199-12-31", "2222-12-31", "2999-12-31", "3000-01-01")
_EARLY: Final = (
    "1000-01-01", "1111-11-11", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31", "1900-01-01",
    "1970-01-01",
)  # fmt: skip
"""Days that are written where none is known: the last and the first that systems can hold, or round ones."""
_YEAR: Final = 365.25 * 86_400e6
_MIN_YEARS: Final = 5
"""Years between such a day and the next one."""
_NINES: Final = re.compile(r"-?9{2,}(?:\.[09]+)?|-9(?:\.0+)?")
_APART: Final = 2.0
"""How far out a value lies that many records share, in the span of all others."""
_MIN_COUNT: Final = 10
_MIN_SHARE: Final = 0.01
MAX_EACH: Final = 3
"""Such values at either end."""
_NEXT: Final = 2.0**-50
MARK: Final = 2**50
"""What stands for the first of them where a column holds distances meanwhile; the next ones follow."""


def with_special(column: Column, values: pa.Array, counts: Counts | None = None) -> tuple[Column, str]:
    """A column of numbers or times with its special values, and a remark on them.

    Args:
        column: What was found of it.
        values: All its values, or distinct ones.
        counts: How many records have each; None: one.
    """
    if not (column.traits.is_time or (column.traits.is_number and column.traits.is_varied)):
        return column, ""
    is_there = ~are_missing(values)
    floats = floats_of(values)[is_there]
    numbers, places = np.unique(floats, return_inverse=True)
    weights = np.ones(len(floats)) if counts is None else counts[is_there].astype(float)
    n_each = np.bincount(places, weights, len(numbers)).astype(float)  # of nothing it counts in integers
    chosen = _chosen(numbers, n_each, column)
    if not len(chosen):
        return column, ""
    first = np.flatnonzero(is_there)[np.unique(places, return_index=True)[1]]
    found = values.take(pa.array(first[chosen]))
    told = ", ".join(
        f"{text} in {n:,.0f} records" for text, n in zip(_texts(found), n_each[chosen], strict=True)
    )
    column = replace(column, special=tuple(_texts(found)))
    if column.granularity_seconds or pa.types.is_timestamp(values.type):
        others = without(values, are_special(values, column))
        column = replace(column, granularity_seconds=granularity_seconds(others))
    return column, f"special values, learnt apart from the others: {told}"


def specials(column: Column) -> pa.Array:
    """The special values of a column, in its type."""
    return pa.array(column.special, pa.string()).cast(column.arrow_type)


def are_special(values: pa.Array, column: Column) -> Mask:
    """Which values of a column are special."""
    if not column.special:
        return np.zeros(len(values), bool)
    return np.asarray(pc.fill_null(pc.is_in(values, value_set=specials(column)), False))


def special_places(values: pa.Array, column: Column) -> Places:
    """Which of the special values each value is; -1: none."""
    if not column.special:
        return np.full(len(values), -1)
    return np.asarray(pc.fill_null(pc.index_in(values, value_set=specials(column)), -1)).astype(np.int64)


def with_exact(cells: pa.Array, numbers: Numbers, column: Column) -> pa.Array:
    """Cells made of numbers, those that are a special value exactly so.

    Args:
        cells: Rounded to what the column's other values are multiples of.
        numbers: What they were made of, in the unit of `floats_of`.
        column: Theirs.
    """
    for value, number in zip(specials(column), floats_of(specials(column)), strict=True):
        is_it = np.abs(numbers - number) <= _NEXT * abs(number)
        cells = pc.if_else(pa.array(is_it & ~are_missing(cells)), value, cells)
    return cells


def set_apart(numbers: Values, special: Values, min_count: int) -> tuple[Values, Weights, Values]:
    """The special ones among numbers that enough records share, how many do, and all other numbers."""
    known, counts = np.unique(numbers[np.isin(numbers, special)], return_counts=True)
    known, counts = known[counts >= min_count], counts[counts >= min_count]
    return known, counts, numbers[~np.isin(numbers, known)]


def _texts(values: pa.Array) -> list[str]:
    return [str(text) for text in values.cast(pa.string()).to_pylist()]


def _chosen(numbers: Numbers, n_each: Numbers, column: Column) -> Int[np.ndarray, " k"]:
    """Places of the special values among distinct numbers in ascending order; from either end inwards."""
    low, high = 0, len(numbers)
    for is_high in (True, False):
        for _ in range(MAX_EACH):
            place = high - 1 if is_high else low
            rest = numbers[low : high - 1] if is_high else numbers[low + 1 : high]
            if len(rest) < 3 or not _is_special(numbers[place], n_each[place], rest, n_each.sum(), column):
                break
            low, high = (low, high - 1) if is_high else (low + 1, high)
    return np.concatenate([np.arange(low), np.arange(high, len(numbers))])


def _is_special(number: float, n: float, rest: Values, n_all: float, column: Column) -> bool:
    """Whether the first or the last of all numbers stands for something else than the rest."""
    span, gap = rest[-1] - rest[0], min(abs(number - rest[0]), abs(number - rest[-1]))
    if not column.traits.is_time:
        is_out = gap >= (1 if abs(number) > 99 else 3) * span or number < 0 <= rest[0]
        return bool(n > 1 and is_out and _NINES.fullmatch(f"{number:.10g}"))
    ticks = 86_400e6 if column.type == "date32[day]" else 1.0
    day = np.datetime64(int(number * ticks // 86_400e6), "D")
    if str(day)[:4] in ("9999", "0001"):
        return True
    if str(day) in (_LATE if number > rest[-1] else _EARLY) and gap * ticks >= _MIN_YEARS * _YEAR:
        return True
    return bool(n >= max(_MIN_COUNT, _MIN_SHARE * n_all) and gap >= _APART * max(span, _YEAR / ticks))
