"""One value as a person writes it, as one typed cell."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa

from gansmith.errors import UsageError
from gansmith.modalities.table.files.parsing import parse_asked
from gansmith.modalities.table.schema import Column


def parse_value(column: Column, value: Any, *, is_bound: bool = False) -> pa.Array:
    """One value as a column of one cell, typed as the schema says.

    Args:
        column: What the column is.
        value: As a person writes it, spelt as in the data, or a Python value; None, nothing or the column's
            missing mark for a missing cell.
        is_bound: Whether it is the end of a range, which may have more decimals than the column.

    Raises:
        UsageError: When it is not of the column's kind.
    """
    is_nan = isinstance(value, float) and math.isnan(value)
    if value is None or is_nan or (isinstance(value, str) and value in ("", column.missing_mark)):
        return pa.nulls(1, column.arrow_type)
    try:
        cell = (
            parse_asked(value, column)
            if isinstance(value, str)
            else pa.array([value]).cast(column.arrow_type)
        )
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise UsageError(
            f"column {column.name!r}: {value!r} is no {column.kind}.{_hint(column, value)}"
        ) from error
    if cell.null_count:
        wanted = f"Write it as in the data: {' or '.join(column.spelling) or column.format or 'a number'}."
        raise UsageError(
            f"column {column.name!r}: {value!r} is no {column.kind}. {wanted}{_hint(column, value)}"
        )
    if column.kind == "decimal" and column.decimals >= 0 and not is_bound:
        number = cell[0].as_py()
        if abs(round(number, column.decimals) - number) > 1e-12 * max(1.0, abs(number)):
            raise UsageError(
                f"column {column.name!r} has {column.decimals} decimals and cannot hold {value!r}. Round it."
            )
    return cell


def _hint(column: Column, value: object) -> str:
    """What to do when a range was meant: in `age=>65` the value is `>65`."""
    if isinstance(value, str) and value[:1] in ("<", ">"):
        return f" For a range write {column.name}{value}."
    return ""
