"""Where blocks of records go: delimited text, Parquet or JSON lines, written to a binary stream."""

from __future__ import annotations

from collections.abc import Mapping
from io import BufferedIOBase
from typing import Any, Final, Protocol, final, runtime_checkable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gansmith.errors import DataError
from gansmith.modalities.table.files.stored import spelt, stored, type_of
from gansmith.modalities.table.schema import Column, Schema

# What a spreadsheet runs as a formula when a cell begins with it.
_FORMULA: Final = r"^[=+\-@\t\r]"


@runtime_checkable
class Sink(Protocol):
    """Takes blocks of records, one after the other."""

    def write(self, records: pa.Table) -> None:
        """Append a block, typed as the schema says."""
        ...

    def close(self) -> None:
        """Write what stands at the end of such a file; the stream stays open."""
        ...


@final
class TextSink:
    """Cells spelt as the input spelt them, quoted only where they must be (RFC 4180, with line feeds).

    Args:
        stream: Open for bytes; the header is written at once.
        schema: The columns.
        delimiter: Between cells.
        is_safe: Whether text that a spreadsheet would run as a formula gets a single quote before it.
    """

    def __init__(self, stream: BufferedIOBase, schema: Schema, delimiter: str, is_safe: bool) -> None:
        self._stream = stream
        self._schema = schema
        self._is_safe = is_safe
        self._delimiter = delimiter
        self._put([pa.array([name]) for name in schema.names])

    def write(self, records: pa.Table) -> None:
        """Append a block."""
        self._put([self._cells(flat(records, column), column) for column in self._schema.columns])

    def close(self) -> None:
        """Nothing stands at the end."""

    def _cells(self, values: pa.Array, column: Column) -> pa.Array:
        cells = pc.cast(spelt(values, column), pa.string())
        if self._is_safe and pa.types.is_string(values.type):
            is_formula = pc.match_substring_regex(cells, pattern=_FORMULA)
            cells = pc.if_else(is_formula, pc.binary_join_element_wise("'", cells, ""), cells)
        return pc.fill_null(cells, column.missing_mark)

    def _put(self, cells: list[pa.Array]) -> None:
        """Write columns of cells as lines; the joined strings' own buffer is the text."""
        quoted = [self._quoted(column) for column in cells]
        lines = pc.binary_join_element_wise(*quoted, self._delimiter)
        ended = pc.binary_join_element_wise(lines, "", "\n")
        if isinstance(ended, pa.ChunkedArray):
            ended = ended.combine_chunks()
        if len(ended):
            self._stream.write(memoryview(ended.buffers()[2])[: int(pc.sum(pc.binary_length(ended)).as_py())])

    def _quoted(self, cells: pa.Array) -> pa.Array:
        is_special = pc.match_substring_regex(cells, pattern=f'["\r\n{self._delimiter}]')
        if not pc.any(is_special).as_py():
            return cells
        doubled = pc.replace_substring(cells, pattern='"', replacement='""')
        return pc.if_else(is_special, pc.binary_join_element_wise('"', doubled, '"', ""), cells)


@final
class ParquetSink:
    """Columns in the caller's own types.

    Args:
        stream: Open for bytes.
        schema: The columns.
        metadata: Kept in the file beside the schema.
    """

    def __init__(self, stream: BufferedIOBase, schema: Schema, metadata: Mapping[str, str]) -> None:
        self._schema = schema
        self._writer: Any = pq.ParquetWriter(stream, _stored_schema(schema).with_metadata(dict(metadata)))

    def write(self, records: pa.Table) -> None:
        """Append a block as a row group."""
        self._writer.write_table(stored_table(records, self._schema).cast(self._writer.schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


@final
class JsonSink:
    """One JSON object on each line; numbers and truth values as such, times as the input spelt them.

    Args:
        stream: Open for bytes.
        schema: The columns.
    """

    def __init__(self, stream: BufferedIOBase, schema: Schema) -> None:
        self._stream = stream
        self._schema = schema

    def write(self, records: pa.Table) -> None:
        """Append a block.

        Raises:
            DataError: Two columns differ in upper and lower case alone.
        """
        columns = {
            column.name: self._values(flat(records, column), column) for column in self._schema.columns
        }
        connection: Any = duckdb.connect(":memory:")
        with connection:
            connection.register("records", pa.table(columns))
            try:
                lines = connection.sql("SELECT to_json(records)::VARCHAR FROM records").to_arrow_table()
            except duckdb.Error as error:
                raise DataError(
                    f"the records cannot be written as JSON lines: {error}. Write Parquet or CSV."
                ) from error
        text = "\n".join(lines.column(0).to_pylist())
        self._stream.write(f"{text}\n".encode() if text else b"")

    def close(self) -> None:
        """Nothing stands at the end."""

    def _values(self, values: pa.Array, column: Column) -> pa.Array:
        if pa.types.is_temporal(values.type):
            return spelt(values, column)
        kept = stored(values, column)
        is_plain = pa.types.is_primitive(kept.type) and not pa.types.is_temporal(kept.type)
        return kept if is_plain or pa.types.is_string(kept.type) else values


def _stored_schema(schema: Schema) -> pa.Schema:
    return pa.schema([pa.field(column.name, type_of(column)) for column in schema.columns])


def stored_table(records: pa.Table, schema: Schema) -> pa.Table:
    """Records in the types that the caller keeps them in."""
    arrays = [stored(flat(records, column), column) for column in schema.columns]
    return pa.table(arrays, schema=_stored_schema(schema))


def flat(records: pa.Table, column: Column) -> pa.Array:
    """The values of one column in one piece, typed as the schema says."""
    values = pc.cast(records.column(column.name), column.arrow_type).combine_chunks()
    return pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
