"""Writing records to files that are whole or not there: delimited text, Parquet or JSON lines."""

from __future__ import annotations

import codecs
import contextlib
import errno
import gzip
import os
import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, Final, cast, final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.tabular.columns.stored import flat, stored, stored_schema, stored_table
from gansmith.tabular.formulas import FORMULA
from gansmith.tabular.schema import Column, Schema, Table, TextStyle

STDOUT: Final = "-"
WRITABLE_EXTENSIONS: Final = (
    ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz",
    ".parquet",
)  # fmt: skip
_GZIP_LEVEL: Final = 4


@final
class TableWriter:
    """Writes blocks of records to a file that appears when all went well, and otherwise stays as it was.

    The blocks go to a hidden file beside the wanted one, which takes its name at the end.

    Args:
        path: Where to; its extension says the format (`WRITABLE_EXTENSIONS`). "-" is CSV on standard output.
        schema: The columns, which say how values are spelt and typed, and how text files are laid out.
        metadata: Parquet: kept in the file.
        safe_csv: Delimited text: put a single quote before text that a spreadsheet would run as a formula.
        spelt: Makes of a block, and the number of its first record, what is to be written.

    Raises:
        UsageError: From the constructor: no such format.
        DataError: From the others: the file cannot be written; the disk is full.

    Example:
        >>> with TableWriter(Path("out.csv"), table.schema) as writer:  # doctest: +SKIP
        ...     writer.write(table.records)
    """

    def __init__(
        self,
        path: Path | str,
        schema: Schema,
        *,
        metadata: Mapping[str, str] | None = None,
        safe_csv: bool = False,
        spelt: Callable[[pa.Table, int], pa.Table] | None = None,
    ) -> None:
        self.n_records = 0
        self._path = Path(path)
        self._is_stdout = str(path) == STDOUT
        self._extension = ".csv" if self._is_stdout else writable_extension(self._path)
        self._schema, self._metadata, self._safe_csv, self._spelt = schema, metadata or {}, safe_csv, spelt
        self._part = self._path.with_name(f".{self._path.name[:200]}.{secrets.token_hex(4)}.part")
        self._file: BufferedIOBase | None = None
        self._stream: BufferedIOBase | None = None
        self._sink: AbstractSink | None = None

    def __enter__(self) -> TableWriter:
        try:
            with self._guarded():
                self._open()
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                with self._guarded():
                    self._finish()
        finally:
            self._abandon()

    def write(self, records: pa.Table | Table) -> None:
        """Append a block.

        Args:
            records: With the schema's columns, in any order; types that cast safely to the schema's will do.

        Raises:
            DataError: The disk is full or the file cannot be written, or a value does not fit its column.
        """
        if self._sink is None:
            raise RuntimeError("TableWriter.write is for use inside its `with` block")
        block = records.records if isinstance(records, Table) else records
        block = self._spelt(block, self.n_records) if self._spelt else block
        for column in self._schema.names:
            if column not in block.column_names:
                near = did_you_mean(column, block.column_names)
                raise DataError(f"{self._path}: the records to write have no column {column!r}. {near}")
        with self._guarded():
            self._sink.write(block)
        self.n_records += block.num_rows

    def _open(self) -> None:
        if self._is_stdout:
            stream = cast("BufferedIOBase", sys.stdout.buffer)
        else:
            if self._path.is_dir():
                raise DataError(f"{self._path} is a folder. Give the name of a file.")
            if not self._path.parent.is_dir():
                raise DataError(
                    f"{self._path}: there is no folder {str(self._path.parent)!r}. Make it first."
                )
            stream = self._file = self._part.open("xb")
        if self._extension.endswith(".gz"):
            # No name and no time inside, so that equal records make equal bytes.
            stream = cast("BufferedIOBase", gzip.GzipFile("", "wb", _GZIP_LEVEL, fileobj=stream, mtime=0))
        self._stream = stream
        self._sink = self._make_sink(stream)

    def _make_sink(self, stream: BufferedIOBase) -> AbstractSink:
        form = self._extension.removesuffix(".gz")
        if form == ".parquet":
            return ParquetSink(stream, self._schema, self._metadata)
        if form in (".jsonl", ".ndjson"):
            return JsonSink(stream, self._schema)
        style = self._schema.text or TextStyle()
        if self._is_stdout:
            style = replace(style, encoding="utf-8")  # as other programs and terminals expect it
        if form == ".tsv":
            style = replace(style, delimiter="\t")
        elif form == ".csv" and style.delimiter == "\t":
            style = replace(style, delimiter=",")
        return TextSink(stream, self._schema, style, self._safe_csv)

    def _finish(self) -> None:
        if self._sink is not None:
            self._sink.close()
        if self._is_stdout:
            sys.stdout.flush()
            return
        assert self._stream is not None
        assert self._file is not None
        if self._stream is not self._file:
            self._stream.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def _abandon(self) -> None:
        """Close what is still open and remove the hidden file; an error under way matters more than these."""
        for item in (self._sink, self._stream, self._file) if not self._is_stdout else ():
            with contextlib.suppress(OSError, ValueError, pa.ArrowException):
                if item is not None:
                    item.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _guarded(self) -> Generator[None]:
        try:
            yield
        except BrokenPipeError:  # whoever reads our standard output has seen enough; not an error of the data
            raise
        except OSError as error:
            raise DataError(self._failure(error)) from error

    def _failure(self, error: OSError) -> str:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
        done = f"after {self.n_records:,} records"
        with contextlib.suppress(OSError):
            done += f" ({self._part.stat().st_size:,} bytes)"
        if is_full:
            return f"{self._path}: the disk is full {done}. Nothing was kept; make room, or write elsewhere."
        why = error.strerror or str(error)
        return (
            f"{self._path}: writing failed {done}: {why}. Nothing was kept; check the folder's permissions."
        )


def writable_extension(path: Path) -> str:
    """The extension that says in which format to write.

    Raises:
        UsageError: It is none of `WRITABLE_EXTENSIONS`.
    """
    name = path.name.lower()
    for extension in sorted(WRITABLE_EXTENSIONS, key=len, reverse=True):
        if name.endswith(extension):
            return extension
    near = did_you_mean("".join(path.suffixes[-2:]) or "(none)", WRITABLE_EXTENSIONS)
    raise UsageError(f"{path}: no format has this extension. {near}")


class AbstractSink(ABC):
    """Takes blocks of records, one after the other, and writes them to a binary stream."""

    @abstractmethod
    def write(self, records: pa.Table) -> None:
        """Append a block, typed as the schema says."""

    def close(self) -> None:  # noqa: B027 - most files just end
        """Write what stands at the end of such a file, mostly nothing; the stream stays open."""


@final
class TextSink(AbstractSink):
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
        names = [column.header or column.name for column in schema.columns]
        self._put([self._quoted(pa.array([name]), is_wanted=not is_bare) for name in names])

    def write(self, records: pa.Table) -> None:
        """See the base class; a cell that the encoding has no signs for is a DataError."""
        self._put([self._cells(flat(records, column), column) for column in self._schema.columns])

    def _cells(self, values: pa.Array, column: Column) -> pa.Array:
        cells = pc.cast(column.traits.spell(values, column), pa.string())
        if self._is_safe and pa.types.is_string(values.type):
            is_formula = pc.match_substring_regex(cells, pattern=FORMULA)
            cells = pc.if_else(is_formula, pc.binary_join_element_wise("'", cells, ""), cells)
        is_number = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        is_wanted = self._style.quoting == "all" or (self._style.quoting == "text" and not is_number)
        if column.around:
            before, after = column.around
            cells, is_wanted = pc.binary_join_element_wise(before, cells, after, ""), True
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
class ParquetSink(AbstractSink):
    """Columns in the caller's own types, and metadata beside the schema."""

    def __init__(self, stream: BufferedIOBase, schema: Schema, metadata: Mapping[str, str]) -> None:
        self._schema = schema
        self._writer: Any = pq.ParquetWriter(stream, stored_schema(schema).with_metadata(dict(metadata)))

    def write(self, records: pa.Table) -> None:
        self._writer.write_table(stored_table(records, self._schema).cast(self._writer.schema))

    def close(self) -> None:
        self._writer.close()


@final
@dataclass(frozen=True)
class JsonSink(AbstractSink):
    """One JSON object on each line; numbers and truth values as such, times as the input spelt them."""

    stream: BufferedIOBase
    """Open for bytes."""
    schema: Schema
    """The columns."""

    def write(self, records: pa.Table) -> None:
        """See the base class; columns that differ in upper and lower case alone are a DataError."""
        columns = {one.name: self._values(flat(records, one), one) for one in self.schema.columns}
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
        self.stream.write(f"{text}\n".encode() if text else b"")

    def _values(self, values: pa.Array, column: Column) -> pa.Array:
        if pa.types.is_temporal(values.type):
            return column.traits.spell(values, column)
        kept = stored(values, column)
        is_plain = pa.types.is_primitive(kept.type) and not pa.types.is_temporal(kept.type)
        return kept if is_plain or pa.types.is_string(kept.type) else values
