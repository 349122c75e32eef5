"""Where blocks of records go: delimited text, Parquet or JSON lines, written to a binary stream."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from io import BufferedIOBase
from typing import Any, Final, Protocol, final, runtime_checkable

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gansmith.errors import DataError
from gansmith.modalities.table.files.stored import spelt, stored, type_of
from gansmith.modalities.table.schema import Column, Schema, TextStyle

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
    """Cells spelt as the input spelt them, laid out in a style.

    Args:
        stream: Open for bytes; the header is written at once.
        schema: The columns.
        style: Delimiter, quotes, ends of lines and encoding.
        is_safe: Whether text that a spreadsheet would run as a formula gets a single quote before it.
    """

    def __init__(self, stream: BufferedIOBase, schema: Schema, style: TextStyle, is_safe: bool) -> None:
        self._stream = stream
        self._schema = schema
        self._is_safe = is_safe
        self._style = style
        self._encoder = codecs.getincrementalencoder(style.encoding)()
        is_bare = style.quoting == "needed"
        self._put([self._quoted(pa.array([name]), is_wanted=not is_bare) for name in schema.names])

    def write(self, records: pa.Table) -> None:
        """Append a block.

        Raises:
            DataError: A cell cannot be spelt in the encoding.
        """
        self._put([self._cells(flat(records, column), column) for column in self._schema.columns])

    def close(self) -> None:
        """Nothing stands at the end."""

    def _cells(self, values: pa.Array, column: Column) -> pa.Array:
        cells = pc.cast(spelt(values, column), pa.string())
        if self._is_safe and pa.types.is_string(values.type):
            is_formula = pc.match_substring_regex(cells, pattern=_FORMULA)
            cells = pc.if_else(is_formula, pc.binary_join_element_wise("'", cells, ""), cells)
        is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        is_wanted = self._style.quoting == "all" or (self._style.quoting == "text" and not is_number)
        mark = self._quoted(pa.array([column.missing_mark]), is_wanted=self._style.quoting == "all")[0]
        return pc.fill_null(self._quoted(cells, is_wanted=is_wanted), mark)

    def _put(self, cells: list[pa.Array]) -> None:
        """Write columns of cells as lines; in UTF-8 the joined strings' own buffer is the text."""
        lines = pc.binary_join_element_wise(*cells, self._style.delimiter)
        ended = pc.binary_join_element_wise(lines, "", self._style.line_end)
        if isinstance(ended, pa.ChunkedArray):
            ended = ended.combine_chunks()
        if not len(ended):
            return
        text = memoryview(ended.buffers()[2])[: int(pc.sum(pc.binary_length(ended)).as_py())]
        self._stream.write(text if self._style.encoding == "utf-8" else self._encoded(text))

    def _encoded(self, text: memoryview) -> bytes:
        try:
            return self._encoder.encode(str(text, "utf-8"))
        except UnicodeEncodeError as error:
            raise DataError(
                f"the text file cannot be written: {self._style.encoding} has no "
                f"{error.object[error.start]!r}. Learn with another encoding in the schema's 'text', such as "
                "utf-8, or write Parquet."
            ) from error

    def _quoted(self, cells: pa.Array, *, is_wanted: bool) -> pa.Array:
        quote = self._style.quote
        is_special = pc.match_substring_regex(cells, pattern=f"[{quote}\r\n{self._style.delimiter}]")
        if is_wanted:
            is_special = pc.if_else(pc.is_valid(cells), True, None)
        elif not pc.any(is_special).as_py():
            return cells
        doubled = pc.replace_substring(cells, pattern=quote, replacement=quote * 2)
        return pc.if_else(is_special, pc.binary_join_element_wise(quote, doubled, quote, ""), cells)


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
