"""Series as the user's data holds them: tables of steps, a row for each, a file for each, arrays."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError
from gansmith.modalities.series.records import ENTITY, Form, SeriesSet
from gansmith.modalities.series.sources import NUMPY, is_pandas, with_index
from gansmith.modalities.series.ticks import calendar_parts, times_of
from gansmith.store import whole_file, whole_folder
from gansmith.tabular.cells import cells_of, floats_of
from gansmith.tabular.constraints.calendar import DAY
from gansmith.tabular.files.frames import in_type_of, with_column
from gansmith.tabular.files.writing import TableWriter, writable_extension

ARCHIVE: Final = ".zip"


def rows_of(series: SeriesSet) -> pa.Table:
    """Series as rows of the user's own table, `form.written`.

    A row for each step, or for each series where the table is wide; several columns that tell the time
    together tell it again.

    Raises:
        DataError: A series has more steps than a wide table has columns.
    """
    form = series.form
    if form.sides:
        return _wide(series)
    records = series.steps
    if form.parts:
        for name, cells in _time_told(series).items():
            records = records.append_column(name, cells)
    return records.select(list(form.written.names))


def _time_told(series: SeriesSet) -> dict[str, pa.Array]:
    """The columns that tell the time together."""
    form = series.form
    times = times_of(cells_of(series.steps, form.time), form.schema.column(form.time))
    calendar = calendar_parts(times)
    years = times.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    told: dict[str, Any] = {
        "year": years, "month": calendar.month, "day": calendar.day, "hour": calendar.hour,
        "minute": calendar.minute, "second": times // 1_000_000 % 60,
    }  # fmt: skip
    columns: dict[str, pa.Array] = {}
    for part, name in form.parts.items():
        column = form.written.column(name)
        if part == "date":
            columns[name] = pa.array((times // DAY).astype(np.int32)).cast(column.arrow_type)
        elif part == "time":
            columns[name] = pa.array(times % DAY).cast(column.arrow_type)
        else:
            columns[name] = pa.array(told[part]).cast(column.arrow_type)
    return columns


def _wide(series: SeriesSet) -> pa.Table:
    form, n = series.form, len(series)
    n_columns, longest = len(form.sides[0]), int(series.lengths.max(initial=0))
    if longest > n_columns:
        raise DataError(
            f"a series of {longest:,} steps has no room in a table of {n_columns:,} columns. Ask for fewer "
            "with --steps."
        )
    columns = {name: cells_of(series.first_steps, name) for name in (form.entity, *form.attributes) if name}
    for measure, side in zip(form.measures, form.sides, strict=True):
        cells = cells_of(series.steps, measure.name)
        for place, name in enumerate(side):
            at = series.starts[:-1] + place
            columns[name] = cells.take(pa.array(at, mask=place >= series.lengths))
    if not n:
        return form.written.arrow_schema.empty_table()
    return pa.table({one.name: columns[one.name].cast(one.arrow_type) for one in form.written.columns})


def array_of(series: SeriesSet, dtype: np.dtype[Any]) -> np.ndarray:
    """Series as an array `(n_series, n_steps, n_measures)`, NaN behind the last step of shorter ones."""
    columns = [one for one in series.form.written.columns if one.name != series.form.entity]
    longest = int(series.lengths.max(initial=0))
    is_float = np.issubdtype(dtype, np.floating)
    found = np.full((len(series), longest, len(columns)), np.nan if is_float else 0, dtype=dtype)
    places = np.arange(series.steps.num_rows) - np.repeat(series.starts[:-1], series.lengths)
    for number, column in enumerate(columns):
        cells = cells_of(series.steps, column.name)
        values = floats_of(cells) if is_float else cells.to_numpy(zero_copy_only=False)
        found[series.owners, places, number] = values
    return found


def returned(series: SeriesSet, source: Any) -> Any:
    """Series in the type of the caller's own data; a file or nothing gives a pandas frame.

    Several series, where the data was one alone, are numbered in a column of their own.
    """
    if isinstance(source, np.ndarray) and not series.form.sides:
        made = array_of(series, source.dtype)
        return made[0] if source.ndim == 2 and len(series) == 1 else made
    return _in_type_of(series, source)


def _in_type_of(series: SeriesSet, source: Any) -> Any:
    """Series as the caller's own kind of table, with the index that it had."""
    told = _told_apart(series)
    rows, schema = rows_of(told), told.form.written
    if source is None or isinstance(source, (str, Path)):
        return rows.to_pandas()
    given: Any = with_index(source) if is_pandas(source) else source
    n_index = given.shape[1] - (source.shape[1] if source.ndim == 2 else 1) if is_pandas(source) else 0
    index = list(given.columns[:n_index]) if n_index else []
    if told is not series:
        import pandas as pd  # takes a moment, and most data is of one series or of several

        given, _ = with_column(given, pd.Series(np.zeros(len(given), np.int64), name=ENTITY))
    found = in_type_of(rows, schema, given)
    if not index:
        return found
    found = found.set_index(index)
    found.index.names = list(source.index.names)
    is_alone = source.ndim == 1 and found.shape[1] == 1
    return found.iloc[:, 0].rename(source.name) if is_alone else found


def _told_apart(series: SeriesSet) -> SeriesSet:
    """Several series with a column that says whose each step is, where the data was one alone."""
    form = series.form
    if form.entity or len(series) < 2 or form.separated == form:
        return series
    return numbered(series, 1)


def numbered(series: SeriesSet, first: int) -> SeriesSet:
    """Series with a column that numbers them from `first` on."""
    whose = pa.array(series.owners + first, pa.int64())
    return replace(series, steps=series.steps.add_column(0, ENTITY, whose), form=series.form.separated)


def _check_numbers(path: Path, form: Form) -> None:
    others = [one.name for one in form.written.columns if one.name != form.entity]
    for name in others:
        if form.sides or name == form.time or not form.schema.column(name).traits.is_number:
            raise UsageError(
                f"{path}: an array holds numbers alone, and {name!r} holds none. Give the name of a table, "
                "such as out.csv."
            )


def _stacked(blocks: list[np.ndarray], form: Form) -> np.ndarray:
    """Blocks of arrays as one, NaN behind the last step of shorter series."""
    blocks = blocks or [np.zeros((0, 0, len(form.measures)))]
    longest = max(block.shape[1] for block in blocks)
    lacking = [((0, 0), (0, longest - block.shape[1]), (0, 0)) for block in blocks]
    return np.concatenate(
        [np.pad(block, places, constant_values=np.nan) for block, places in zip(blocks, lacking, strict=True)]
    )


@final
class SeriesWriter:
    """Writes blocks of series to a file, or a file each to a folder or a zip archive; whole or not at all.

    A name that ends in .npy is an array `(n_series, n_steps, n_measures)`, NaN behind shorter series.

    A name that ends in .zip, or has no ending, is an archive or a folder where the data was such, too.
    Several series, where the data was one alone, are numbered in a column of their own.

    Args:
        path: Where to; "-" is CSV on standard output.
        like: Series of the form that is written.
        metadata: Parquet: kept in the file.
        safe_csv: Delimited text: escape text that a spreadsheet would run as a formula.

    Raises:
        UsageError: From the constructor: there is no such format.
        DataError: From the others: the file cannot be written.
    """

    def __init__(self, path: Path, like: SeriesSet, metadata: Mapping[str, str], *, safe_csv: bool) -> None:
        self._path, self._form, self._metadata, self._is_safe = path, like.form, metadata, safe_csv
        self._is_many = str(path) != "-" and (not path.suffix or path.suffix.lower() == ARCHIVE)
        if self._is_many and (not like.form.entity or like.form.sides):
            raise UsageError(
                f"{path}: these series make no folder. Give the name of a file, such as out.csv."
            )
        self._arrays: list[np.ndarray] | None = [] if path.suffix.lower() == NUMPY else None
        if self._arrays is not None:
            _check_numbers(path, like.form)
        elif not self._is_many and str(path) != "-":
            writable_extension(path)
        self._is_numbered, self._n_series = False, 0
        self._files: dict[str, int] = {}
        self._stack = ExitStack()
        self._writer: TableWriter | None = None
        self._folder: Path | None = None

    def __enter__(self) -> SeriesWriter:
        self._stack.__enter__()
        if self._is_many and self._path.suffix:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gansmith-")))
        elif self._is_many:
            self._folder = self._stack.enter_context(whole_folder(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._arrays is not None:
                with whole_file(self._path) as file:
                    np.save(file, _stacked(self._arrays, self._form))
            elif error is None and self._folder is None and self._writer is None:
                self._open(self._form)  # nothing was written: a header alone
            if error is None and self._folder is not None and self._path.suffix:
                self._pack(self._folder)
        finally:
            self._stack.__exit__(kind, error, trace)

    def write(self, records: SeriesSet) -> None:
        """Append series.

        Raises:
            DataError: The file cannot be written, or one series was written before and has no number.
        """
        if self._arrays is not None:
            self._arrays.append(array_of(records, np.dtype(np.float64)))
            return
        if self._folder is not None:
            self._write_files(records, self._folder)
            return
        if self._writer is None:
            self._is_numbered = not records.form.entity and len(records) > 1
            self._open(records.form.separated if self._is_numbered else records.form)
        elif not self._is_numbered and not records.form.entity and not records.form.sides:
            raise DataError(f"{self._path}: a second series follows, and no column says whose each step is.")
        if self._is_numbered:
            records = numbered(records, self._n_series + 1)
        self._n_series += len(records)
        assert self._writer is not None
        self._writer.write(rows_of(records))

    def _open(self, form: Form) -> None:
        writer = TableWriter(self._path, form.written, metadata=self._metadata, safe_csv=self._is_safe)
        self._writer = self._stack.enter_context(writer)

    def _write_files(self, records: SeriesSet, folder: Path) -> None:
        """Each series as a file that is called as it is."""
        form = records.form
        schema = form.written
        own = replace(schema, columns=tuple(one for one in schema.columns if one.name != form.entity))
        rows = rows_of(records)
        names: list[Any] = records.entities.to_pylist()
        for number in range(len(records)):
            called = str(names[number])
            start, length = int(records.starts[number]), int(records.lengths[number])
            with TableWriter(folder / self._file_name(called), own, safe_csv=self._is_safe) as writer:
                writer.write(rows.slice(start, length))

    def _file_name(self, called: str) -> str:
        """A name for the file of a series that no other has."""
        stem = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in called).strip(
            ". "
        )
        n = self._files[stem] = self._files.get(stem, 0) + 1
        return f"{stem or 'series'}{f'-{n}' if n > 1 else ''}.csv"

    def _pack(self, folder: Path) -> None:
        with whole_file(self._path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in sorted(folder.iterdir()):
                info = zipfile.ZipInfo(one.name)  # no time inside, so that equal series make equal bytes
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, one.read_bytes())
