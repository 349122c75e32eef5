"""The types that callers keep their columns in: what is learnt of each, and values as that type again.

A data frame or a Parquet file has more types than a table of ours. Each becomes a plain column to learn
from; its name is kept in `Column.stored_as`, so that synthetic records can have the caller's own types again.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.tabular.columns.date_codes import STEPS_SECONDS, granularity_seconds
from gansmith.tabular.schema import TYPES, Column, Schema

_NAMES: Final = {"dictionary": pa.dictionary(pa.int32(), pa.string())} | {
    str(kind): kind for kind in (
        pa.large_string(), pa.string_view(), pa.float16(), pa.date64(), pa.time32("s"), pa.time32("ms"),
        pa.time64("us"), pa.time64("ns"), *(pa.duration(unit) for unit in ("s", "ms", "us", "ns")),
    )
}  # fmt: skip
_DECIMAL: Final = re.compile(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)")
_TIMESTAMP: Final = re.compile(r"timestamp\[(s|ms|us|ns)(?:, tz=([^\]]+))?\]")


def plain(name: str, column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, str]:
    """A column in one of the plain types, and the name of its own type where that is another.

    Raises:
        DataError: The type is nested or binary: nothing that a table of plain columns could hold.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        decoded, _ = plain(name, _decoded(column))
        return decoded, "dictionary" if pa.types.is_string(decoded.type) else ""
    if is_string(kind) and kind != pa.string():
        return pc.cast(column, pa.string()), str(kind)
    if pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64(), safe=False), str(kind)
    if kind == pa.float16():
        return pc.cast(column, pa.float32()), str(kind)
    if pa.types.is_date64(kind):
        return pc.cast(column, pa.date32()), str(kind)
    if pa.types.is_timestamp(kind) and kind != pa.timestamp("us"):
        moments = pc.local_timestamp(column) if kind.tz and has_local_days(column) else column
        return pc.cast(moments, pa.timestamp("us"), safe=False), str(kind)
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        wanted = pa.time64("us") if pa.types.is_time(kind) else pa.duration("us")
        return pc.cast(column, wanted, safe=False), str(kind) if kind != wanted else ""
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise DataError(
            f"column {name!r} holds values of type {kind}, which are not plain numbers, dates or strings. "
            "Spread it over several columns, or leave it out."
        )
    return column, ""


def is_string(kind: pa.DataType) -> bool:
    """Whether values of this type are texts."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def has_local_days(column: pa.ChunkedArray) -> bool:
    """Whether points in time of a zone are days there: these are learnt as such, all others in UTC.

    So days stay days, and times in the hour that summer time doubles stay two.
    """
    local = pc.cast(pc.local_timestamp(column), pa.timestamp("us"), safe=False)
    return granularity_seconds(local.combine_chunks()) == STEPS_SECONDS[0]


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # By hand, as Arrow's own cast does not know every type of dictionary, polars' among them.
    kind = column.type.value_type
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        kind = pa.string()
    decoded = [pc.cast(chunk.dictionary, kind).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(decoded, type=kind)


def type_of(column: Column) -> pa.DataType:
    """The Arrow type that `column` has in the caller's own table.

    Raises:
        DataError: `stored_as` is no such type.
    """
    name = column.stored_as or column.type
    if name in _NAMES:
        return _NAMES[name]
    if found := _DECIMAL.fullmatch(name):
        makers = {"32": pa.decimal32, "64": pa.decimal64, "128": pa.decimal128, "256": pa.decimal256}
        return makers[found[1]](int(found[2]), int(found[3]))
    if found := _TIMESTAMP.fullmatch(name):
        return pa.timestamp(found[1], found[2])
    if name not in TYPES:
        raise DataError(
            f"column {column.name!r}: there is no type {name!r} to store it as. "
            "Leave 'stored_as' out of the schema."
        )
    return TYPES[name]


def stored(values: pa.Array, column: Column) -> pa.Array:
    """Values of `Table.records` in the type that the caller keeps them in.

    Args:
        values: Typed as `column.type` says, shape (n,).
        column: What they are.

    Raises:
        DataError: A value does not fit that type.
    """
    wanted = type_of(column)
    if pa.types.is_floating(values.type) and column.decimals >= 0:
        values = pc.round(values, ndigits=column.decimals)
    if column.is_filled and column.missing_rate:
        values = pc.fill_null(pc.cast(column.traits.spell(values, column), pa.string()), column.missing_mark)
        column = Column(column.name, "text")
    try:
        return _converted(values, column, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"column {column.name!r} cannot be stored as {wanted}: {error}.") from error


def _converted(values: pa.Array, column: Column, wanted: pa.DataType) -> pa.Array:
    have = values.type
    if have == wanted:
        return values
    if pa.types.is_dictionary(wanted):
        return pc.dictionary_encode(column.traits.spell(values, column))
    if is_string(wanted):
        return pc.cast(column.traits.spell(values, column), wanted)
    if pa.types.is_timestamp(have) and pa.types.is_timestamp(wanted) and wanted.tz:
        if column.zone:
            return pc.cast(values, wanted, safe=False)  # Arrow takes what has no zone for UTC
        local = pc.cast(values, pa.timestamp(wanted.unit), safe=False)
        return pc.assume_timezone(local, wanted.tz, ambiguous="earliest", nonexistent="latest")
    if pa.types.is_decimal(wanted):
        number = (
            values
            if pa.types.is_floating(have)
            else pc.cast(column.traits.spell(values, column), pa.float64())
        )
        return pc.cast(number, wanted, safe=False)
    is_alike = (pa.types.is_floating(have) or pa.types.is_integer(have)) and not pa.types.is_boolean(wanted)
    if is_alike or (pa.types.is_temporal(have) and pa.types.is_temporal(wanted)):
        return pc.cast(values, wanted, safe=not pa.types.is_temporal(wanted))
    return pc.cast(column.traits.spell(values, column), wanted)


def stored_schema(schema: Schema) -> pa.Schema:
    """The types that the caller keeps the columns in."""
    return pa.schema([pa.field(column.name, type_of(column)) for column in schema.columns])


def stored_table(records: pa.Table, schema: Schema) -> pa.Table:
    """Records in the types that the caller keeps them in."""
    arrays = [stored(flat(records, column), column) for column in schema.columns]
    return pa.table(arrays, schema=stored_schema(schema))


def flat(records: pa.Table, column: Column) -> pa.Array:
    """The values of one column in one piece, typed as the schema says."""
    return pc.cast(records.column(column.name), column.arrow_type).combine_chunks()
