"""Finding out what a typed column is: one of a data frame, an Arrow table, a Parquet file or JSON lines.

Its type says most. What the type leaves open is found here: the digits of its decimals, the granularity of
its times, whether it is constant or an identifier. Strings, and typed columns that the user wants to be of
another kind, are learnt as cells of text are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.tabular.files.attempts import Cells, Learnt, Wish, not_finite
from gansmith.tabular.files.dates import granularity_seconds
from gansmith.tabular.files.kinds import (
    MAX_EXACT,
    MIN_IDENTIFIERS,
    fitted,
    is_beyond,
    is_id_name,
    is_run,
    learn_text,
    merged,
)
from gansmith.tabular.files.spelling import decimal_style, mask_of, read_decimals
from gansmith.tabular.files.stored import has_local_days, plain, spelt
from gansmith.tabular.schema import Column


def learn_typed(name: str, column: pa.ChunkedArray, wish: Wish) -> Learnt:
    """The column that these values are.

    Args:
        name: What it is called.
        column: Of any type that is not nested.
        wish: What the user wants; a kind that the values contradict is refused.

    Raises:
        DataError: A value that is not of the wanted kind, an infinite number, or a nested type.
    """
    simple, stored_as = plain(name, column)
    if pa.types.is_string(simple.type):
        learnt = learn_text(Cells.of(name, simple), wish)
        return _kept(learnt, stored_as or "string")
    found, values = _natural(name, _without_marks(simple.combine_chunks(), wish.marks))
    if pa.types.is_decimal(column.type) and column.type.scale > 0 and found.kind != "constant":
        found = Column(name, "decimal", decimals=column.type.scale)
        values = pc.cast(values, pa.float64())
    found = replace(
        found, stored_as=stored_as or (str(simple.type) if str(simple.type) != found.type else "")
    )
    if found.kind == "datetime" and pa.types.is_timestamp(column.type) and column.type.tz:
        found = found if has_local_days(column) else replace(found, zone=column.type.tz)
    found = replace(found, missing_rate=values.null_count / len(values))
    kind = wish.column.kind if wish.column else wish.kind
    if kind is None and found.kind == "integer" and is_beyond(values):
        is_distinct = len(pc.unique(values)) == len(values) >= MIN_IDENTIFIERS and not values.null_count
        kind = "identifier" if is_distinct else "category"
        wish = replace(wish, kind=kind)
    if kind is None:
        return Learnt(_settled(found, values), values)
    if kind == "identifier" and found.kind == "integer":
        found = replace(found, kind=kind)
    if kind == "constant":
        found = _settled(found, values)
    if kind == "decimal" and found.kind == "integer" and found.stored_as:  # whole doubles
        found, values = replace(found, kind=kind, type="double", stored_as=""), pc.cast(values, pa.float64())
    if kind == found.kind and wish.column is None:
        return Learnt(found, values)
    if kind == found.kind:
        found = merged(found, wish.given)
        return Learnt(found, fitted(values, found))
    return _kept(
        learn_text(Cells.of(name, pa.chunked_array([spelt(values, found)])), wish),
        found.stored_as or found.type,
    )


def _without_marks(values: pa.Array, marks: Sequence[str]) -> pa.Array:
    """Numbers without those that the user calls missing, such as -999."""
    if not marks or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return values
    numbers = read_decimals(pa.array(marks, pa.string()), ".").drop_null()
    is_marked = pc.is_in(pc.cast(values, pa.float64(), safe=False), value_set=numbers)
    return pc.if_else(is_marked, pa.scalar(None, values.type), values)


def _natural(name: str, values: pa.Array) -> tuple[Column, pa.Array]:
    """What the type says, and the values in the type of that kind."""
    kind = values.type
    if pa.types.is_null(kind):
        return Column(name, "constant", "null"), values
    if pa.types.is_boolean(kind):
        return Column(name, "boolean"), values
    if pa.types.is_integer(kind):
        return Column(name, "integer", str(kind)), values
    if pa.types.is_floating(kind):
        return _number(name, values)
    if pa.types.is_date(kind):
        return Column(name, "date"), values
    if pa.types.is_timestamp(kind):
        return Column(name, "datetime", granularity_seconds=granularity_seconds(values)), values
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        wanted = "time" if pa.types.is_time(kind) else "duration"
        return Column(name, wanted, granularity_seconds=granularity_seconds(values)), values
    raise DataError(f"column {name!r} holds values of type {kind}, which cannot be learnt. Leave it out.")


def _number(name: str, values: pa.Array) -> tuple[Column, pa.Array]:
    """Whole doubles are integers (a data frame has no other way to say that some are missing)."""
    infinite = mask_of(pc.is_inf(values))
    if infinite.any():
        record = int(np.argmax(infinite))
        raise not_finite(name, record + 1, str(values[record].as_py()))
    values = pc.if_else(pc.is_nan(values), None, values)
    distinct = pc.unique(pc.drop_null(values))
    numbers = np.asarray(distinct, dtype=np.float64)
    if len(numbers) == 0:
        return Column(name, "constant", str(values.type)), values
    if (np.rint(numbers) == numbers).all() and (np.abs(numbers) < MAX_EXACT).all():
        return Column(name, "integer"), pc.cast(values, pa.int64())
    decimals, _, _ = decimal_style(pc.cast(distinct, pa.string()), distinct, ".")
    return Column(name, "decimal", str(values.type), decimals=decimals), values


def _settled(column: Column, values: pa.Array) -> Column:
    """`column` as a constant or an identifier, when it is one."""
    n_distinct = len(pc.unique(pc.drop_null(values)))
    if n_distinct <= 1:
        return replace(column, kind="constant")
    is_distinct = n_distinct == len(values) >= MIN_IDENTIFIERS
    if column.kind == "integer" and is_distinct and (is_id_name(column.name) or is_run(values)):
        return replace(column, kind="identifier")
    return column


def _kept(learnt: Learnt, stored_as: str) -> Learnt:
    """`learnt` with the type that the caller had, where it is another one."""
    if learnt.column.stored_as or stored_as == learnt.column.type:
        return learnt
    return replace(learnt, column=replace(learnt.column, stored_as=stored_as))
