"""Whole numbers and decimals, bare or in a number format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.tabular.cells import EXACT, Mask, Numbers, are_missing, mask_of, matches, strings, without
from gansmith.tabular.columns.base import MANY_DISTINCT, Attempt, Cells
from gansmith.tabular.columns.check_digits import found_check
from gansmith.tabular.columns.date_formats import find_compact
from gansmith.tabular.columns.decimals import (
    decimal_style,
    has_endless_digits,
    has_leading_zeros,
    is_infinite,
    read_decimals,
    read_integers,
    spell_decimals,
)
from gansmith.tabular.columns.measures import AbstractMeasure
from gansmith.tabular.columns.number_formats import bare_numbers, find_number_format, formatted
from gansmith.tabular.columns.semantic_types import sure_semantic_type
from gansmith.tabular.schema import INTEGER_TYPES, NOT_ROUNDED, Column

_FORMAT: Final = ("prefix", "suffix", "thousands", "negative", "plus", "point")


@final
class Integer(AbstractMeasure):
    """Whole numbers."""

    name: ClassVar[str] = "integer"
    types: ClassVar[tuple[str, ...]] = INTEGER_TYPES
    sdtypes: ClassVar[tuple[str, ...]] = ("numerical",)
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("integer", "decimal", "category")
    is_exact: ClassVar[bool] = True
    is_deciding: ClassVar[bool] = True
    is_number: ClassVar[bool] = True
    is_whole: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        """Numbers of either kind; not codes, phone numbers or days, with which nobody calculates."""
        present = cells.present(cells.marked)
        is_long = bool(matches(present[:1], r"^\+?[0-9 ]{8,}$").all())
        is_code = is_long and sure_semantic_type(cells.name, present) is not None
        is_code = is_code or (is_long and found_check(strings(present)) is not None)
        if is_code or has_leading_zeros(present) or has_endless_digits(present):
            return None
        if find_compact(cells.name, present) or _are_codes(cells, present):
            return None
        has_plus = bool(matches(present, r"^\+").any())
        return (
            (_formatted(cells).fitting if has_plus else None)
            or _integers(cells).fitting
            or _decimals(cells).fitting
            or _formatted(cells).fitting
        )

    def read(self, cells: Cells) -> Attempt:
        found = _preferring(self.name, _integers(cells), cells)
        if not found.is_bad.any() and is_beyond(found.values):
            told = f"numbers beyond {EXACT} lose their last digits; an identifier or a category keeps them"
            return replace(found, remark=told)
        return found

    def of_type(self, name: str, values: pa.Array) -> tuple[Column, pa.Array]:
        return Column(name, self.name, str(values.type)), values

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return pc.cast(read_integers(bare_numbers(cells, column)), column.arrow_type)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        digits = pc.cast(values, pa.string())
        return formatted(pc.utf8_lpad(digits, column.width, "0") if column.width else digits, column)

    def from_units(self, numbers: Numbers, missing: Mask, column: Column) -> pa.Array:
        return pa.array(_whole(numbers, column.arrow_type.to_pandas_dtype()), mask=missing)


@final
class Decimal(AbstractMeasure):
    """Numbers with digits after the point."""

    name: ClassVar[str] = "decimal"
    types: ClassVar[tuple[str, ...]] = ("double", "float")
    sdtypes: ClassVar[tuple[str, ...]] = ("numerical",)
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("decimal", "category")
    is_exact: ClassVar[bool] = True
    is_number: ClassVar[bool] = True

    def read(self, cells: Cells) -> Attempt:
        return _preferring(self.name, _decimals(cells), cells)

    def of_type(self, name: str, values: pa.Array) -> tuple[Column, pa.Array]:
        """Whole doubles are integers: a data frame has no other way to say that some are missing."""
        infinite = mask_of(pc.is_inf(values))
        if infinite.any():
            record = int(np.argmax(infinite))
            raise _not_finite(name, record + 1, str(values[record].as_py()))
        values = pc.if_else(pc.is_nan(values), None, values)
        distinct = pc.unique(pc.drop_null(values))
        numbers = np.asarray(distinct, dtype=np.float64)
        if not len(numbers):
            return Column(name, "constant", str(values.type)), values
        if (np.rint(numbers) == numbers).all() and (np.abs(numbers) < EXACT).all():
            return Column(name, "integer"), pc.cast(values, pa.int64())
        decimals, _, _ = decimal_style(pc.cast(distinct, pa.string()), distinct, ".")
        return Column(name, self.name, str(values.type), decimals=decimals), values

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return pc.cast(read_decimals(bare_numbers(cells, column), column.point), column.arrow_type)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        return formatted(spell_decimals(values, column), column)

    def step(self, column: Column) -> float:
        return 10.0**-column.decimals if column.decimals != NOT_ROUNDED else 0.0

    def from_units(self, numbers: Numbers, missing: Mask, column: Column) -> pa.Array:
        exact = numbers if column.decimals == NOT_ROUNDED else np.round(numbers, column.decimals)
        return pa.array(exact, mask=missing).cast(column.arrow_type, safe=False)


INTEGER: Final = Integer()
DECIMAL: Final = Decimal()


def _are_codes(cells: Cells, present: pa.Array) -> bool:
    """Whether strings of digits, beside columns of numbers, come again and again, as codes do."""
    if not cells.wish.keeps_digits or not matches(present, "^[0-9]+$").all():
        return False
    return len(present) <= max(MANY_DISTINCT, int(cells.counts[~cells.marked].sum()) // 2)


def is_beyond(values: pa.Array) -> bool:
    """Whether a double would not keep all digits of whole numbers."""
    if not pa.types.is_integer(values.type):
        return False
    ends = pc.min_max(values).as_py()
    return ends["max"] is not None and max(abs(ends["min"]), abs(ends["max"])) > EXACT


def _whole(numbers: Numbers, type: Any) -> np.ndarray:
    """Rounded, in a type of whole numbers; a double next to its largest may lie beyond it."""
    limits = np.iinfo(type)
    low, high = float(limits.min), float(limits.max)
    if int(high) > limits.max:
        high = float(np.nextafter(high, 0.0))
    return np.clip(np.rint(numbers), low, high).astype(type)


def _preferring(kind: str, bare: Attempt, cells: Cells) -> Attempt:
    """Bare numbers, or if they are none, numbers in a format."""
    if not bare.is_bad.any():
        return bare
    found = _formatted(cells)
    return bare if found.is_bad.any() or found.column.kind != kind else found


def _integers(cells: Cells) -> Attempt:
    """Whole numbers; as the schema's column spells them, where one is given."""
    missing, given = cells.missing_values, cells.wish.given
    present = without(cells.trimmed, missing)
    values = read_integers(bare_numbers(present, given))
    column = replace(Column(cells.name, "integer"), **_format_of(given))
    if matches(present, r"^\+").any() and not given.plus and values.null_count == int(missing.sum()):
        found = find_number_format(column, cells.present(missing), is_comma_decimal=False)
        column = found[0] if found else column
    return Attempt(column, values, missing)


def _format_of(column: Column) -> dict[str, Any]:
    return {name: getattr(column, name) for name in _FORMAT}


def _decimals(cells: Cells) -> Attempt:
    """Numbers with a decimal point; as the schema's column spells them, where one is given."""
    return _as_decimals(cells, replace(Column(cells.name, "decimal"), **_format_of(cells.wish.given)))


def _as_decimals(cells: Cells, column: Column) -> Attempt:
    missing = cells.missing_values
    present = bare_numbers(without(cells.trimmed, missing), column)
    values = read_decimals(present, column.point)
    is_number = ~are_missing(values)
    if (is_number | missing).all():
        infinite = mask_of(pc.is_inf(values)) | is_infinite(cells.trimmed)
        if infinite.any():
            index = int(np.argmax(infinite))
            raise _not_finite(cells.name, cells.record(index), repr(cells.raw[index].as_py()))
        kept = pa.array(is_number)
        decimals, is_padded, has_point = decimal_style(
            present.filter(kept), values.filter(kept), column.point
        )
        column = replace(column, decimals=decimals, is_padded=is_padded, has_point=has_point)
    return Attempt(column, values, missing)


def _formatted(cells: Cells) -> Attempt:
    """Numbers of a format that is to be found, whole ones as integers."""
    missing, bare_column = cells.missing_values, Column(cells.name, "decimal")
    found = find_number_format(
        bare_column, cells.present(missing), is_comma_decimal=cells.wish.is_comma_decimal
    )
    if found is None:
        return Attempt(bare_column, pa.nulls(len(missing), pa.float64()), missing)
    column, remark = found
    whole = read_integers(bare_numbers(without(cells.trimmed, missing), column))
    if whole.null_count == int(missing.sum()) and cells.wish.kind is not DECIMAL:
        return Attempt(replace(column, kind="integer", type="int64"), whole, missing, remark)
    return replace(_as_decimals(cells, column), remark=remark)


def _not_finite(name: str, record: int, value: str) -> DataError:
    return DataError(
        f"column {name!r}, record {record}: {value} is not a finite number. "
        "Replace infinite numbers, or leave the cell empty if the value is unknown."
    )
