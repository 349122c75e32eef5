"""Writing records: to files that are whole or not there, and back into the caller's own kind of table."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from types import TracebackType
from typing import Any, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.table.files.sinks import JsonSink, ParquetSink, Sink, TextSink, flat, stored_table
from gansmith.modalities.table.files.stored import stored
from gansmith.modalities.table.schema import Schema, TextStyle

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
    ) -> None:
        self.n_records = 0
        self._path = Path(path)
        self._is_stdout = str(path) == STDOUT
        self._extension = ".csv" if self._is_stdout else writable_extension(self._path)
        self._schema = schema
        self._metadata = dict(metadata or {})
        self._safe_csv = safe_csv
        self._part = self._path.with_name(f".{self._path.name[:200]}.{secrets.token_hex(4)}.part")
        self._file: BufferedIOBase | None = None
        self._stream: BufferedIOBase | None = None
        self._sink: Sink | None = None

    def __enter__(self) -> TableWriter:
        try:
            self._guarded(self._open)
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._abandon()
            return
        try:
            self._guarded(self._finish)
        except BaseException:
            self._abandon()
            raise

    def write(self, records: pa.Table) -> None:
        """Append a block.

        Args:
            records: With the schema's columns, in any order; types that cast safely to the schema's will do.

        Raises:
            DataError: The disk is full or the file cannot be written, or a value does not fit its column.
        """
        sink = self._sink
        if sink is None:
            raise RuntimeError("TableWriter.write is for use inside its `with` block")
        for column in self._schema.names:
            if column not in records.column_names:
                near = did_you_mean(column, records.column_names)
                raise DataError(f"{self._path}: the records to write have no column {column!r}. {near}")
        self._guarded(lambda: sink.write(records))
        self.n_records += records.num_rows

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

    def _make_sink(self, stream: BufferedIOBase) -> Sink:
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
        if self._stream is not None and self._stream is not self._file:
            self._stream.close()
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        self._part.replace(self._path)

    def _abandon(self) -> None:
        """Close what is open and remove the hidden file; the error under way matters more than these."""
        closers = [item.close for item in (self._sink, self._stream, self._file) if item is not None]
        for close in closers if not self._is_stdout else []:
            with contextlib.suppress(OSError, ValueError, pa.ArrowException):
                close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
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


def in_type_of(records: pa.Table, schema: Schema, original: object) -> Any:
    """Records as the caller's own kind of table, with the types that it had.

    Args:
        records: Typed as the schema says.
        schema: The columns.
        original: What the schema was learnt from: a pandas or polars frame, an Arrow table; a path or
            anything else gets a pandas frame.

    Raises:
        DataError: A value does not fit the type that it had.
    """
    library = type(original).__module__.split(".")[0]
    if library == "polars":
        return _like_polars(records, schema, original)
    if isinstance(original, pa.Table):
        table = stored_table(records, schema)
        fields = [cast("pa.Table", original).schema.field(name) for name in schema.names]
        arrays = [_cast(table.column(field.name), field.type) for field in fields]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    frame = _like_pandas(records, schema, original if library == "pandas" else None)
    return frame.to_numpy(cast("Any", original).dtype) if library == "numpy" else frame


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(column.type):
        return pc.cast(pc.dictionary_encode(pc.cast(column, kind.value_type)), kind)
    return pc.cast(column, kind)


def _like_polars(records: pa.Table, schema: Schema, original: object) -> Any:
    import polars as pl  # optional; here only for those who have a frame of it

    types: dict[str, Any] = dict(original.schema) if isinstance(original, pl.DataFrame) else {}
    frame = cast("pl.DataFrame", pl.from_arrow(stored_table(records, schema)))
    made_anew = {column.name for column in schema.columns if column.kind == "text"}
    names = [
        name
        for name in schema.names
        if name in types and not (name in made_anew and isinstance(types[name], pl.Enum))
    ]
    return frame.with_columns([pl.col(name).cast(types[name]) for name in names])


def _like_pandas(records: pa.Table, schema: Schema, original: object) -> Any:
    import pandas as pd

    frame = original if isinstance(original, pd.DataFrame) else None
    labels = {str(label): label for label in frame.columns} if frame is not None else {}
    series: dict[Any, Any] = {}
    for column in schema.columns:
        label = labels.get(column.name, column.name)
        values = stored(flat(records, column), column)
        if frame is None:
            series[label] = values.to_pandas()
            continue
        dtype: Any = frame[label].dtype
        if isinstance(dtype, pd.CategoricalDtype) and column.kind == "text":  # made anew: no category of it
            series[label] = pd.Series(flat(records, column).to_pylist(), dtype=object)
        elif isinstance(dtype, pd.CategoricalDtype):
            plain_values = (
                pc.cast(values, values.type.value_type) if pa.types.is_dictionary(values.type) else values
            )
            series[label] = pd.Series(pd.Categorical(plain_values.to_pandas(), dtype=dtype))
        elif dtype == np.dtype(object):
            series[label] = pd.Series(values.to_pylist(), dtype=object)
        else:
            series[label] = _nullable(values, dtype)
    return pd.DataFrame(series)


def _nullable(values: pa.Array, dtype: Any) -> Any:
    """A pandas series of `dtype`; a column that had no missing values and now has some keeps them as NaN."""
    import pandas as pd

    if isinstance(dtype, np.dtype) and dtype.kind in "iub" and values.null_count:
        return values.to_pandas()
    if isinstance(dtype, np.dtype):
        return values.to_pandas().astype(dtype)
    return pd.Series(pd.array(values.to_pylist(), dtype=dtype))
