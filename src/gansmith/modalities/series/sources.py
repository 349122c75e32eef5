"""Where series come from: a table of steps, a row for each series, a folder or archive of tables, an array.

Each becomes one long table of raw cells, with a column that says whose step each row is; the columns are
understood afterwards, all steps of all series together.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gansmith.errors import DataError
from gansmith.modalities.series.records import ENTITY, TIME, Form, Shape
from gansmith.modalities.series.when import free_name
from gansmith.tabular.columns.date_formats import find_format
from gansmith.tabular.files import raw_table
from gansmith.tabular.files.raw import EXTENSIONS, RawTable

NUMPY: Final = ".npy"
VALUE: Final = "value"
"""What the only measure of a wide table is called."""
MAX_UNPACKED_BYTES: Final = 8 * 1024**3
_N_COMPARED: Final = 5
"""Files of a folder whose columns are compared before it is taken for one of series."""
_N_BEFORE: Final = 4
"""Columns with numbers in their names that may stand before those that are dates."""
_COUNTED: Final = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)
_DAMAGED: Final = (zipfile.BadZipFile, EOFError, NotImplementedError, OSError)


@final
@dataclass(frozen=True)
class Source:
    """The cells of series as one long table, before its columns are understood."""

    raw: RawTable
    shape: Shape
    entity: str = ""
    """The column that was put to it, and says whose step each row is; empty: none was."""
    time: str = ""
    """The column that was put to it, and says when."""
    sides: tuple[tuple[str, ...], ...] = ()
    """Of a wide table, of each measure the columns of its steps."""
    names: tuple[str, ...] = ()
    """The columns of a wide table, in their order."""


def source_of(
    source: object,
    *,
    wide: bool = False,
    has_header: bool | None = None,
    encoding: str | None = None,
    like: Form | None = None,
) -> Source:
    """The cells of series, wherever the user has them.

    Args:
        source: A path of a table, or of a folder or zip of tables, one each; a frame, an Arrow table, an
            array of rows or one `(n_series, n_steps, n_measures)`, also in a .npy file.
        wide: Whether each row is a series.
        has_header: Delimited text: whether the first line holds the names of the columns; None: found.
        encoding: Text: its encoding; None: found.
        like: How other series were read that these are to be compared with.

    Raises:
        DataError: It is missing or malformed, with the place.
        UsageError: It is no table.
    """
    if isinstance(source, (str, Path)) and Path(source).suffix.lower() == NUMPY:
        source = _loaded(Path(source))
    if isinstance(source, np.ndarray) and source.ndim == 3:
        return _of_array(source)
    if isinstance(source, (str, Path)) and is_many_files(Path(source)):
        return _of_files(Path(source), has_header, encoding)
    if is_pandas(source):
        source = with_index(cast("Any", source))
    raw = raw_table(source, has_header, encoding, False, like.written.names if like else ())
    return _melted(raw, like) if wide else Source(raw, "long")


# --- Frames and arrays --------------------------------------------------------------------------------------


def is_pandas(source: object) -> bool:
    """Whether this is a frame or a series of pandas, which is not imported for it."""
    kind = type(source)
    return kind.__module__.split(".")[0] == "pandas" and kind.__name__ in ("DataFrame", "Series")


def with_index(frame: Any) -> Any:
    """A pandas frame or series with its index as columns, where that says something."""
    import pandas as pd  # only for those who have a frame of it

    frame = frame.to_frame(frame.name or VALUE) if isinstance(frame, pd.Series) else frame
    index = frame.index
    if isinstance(index, pd.RangeIndex) and index.name is None:
        return frame
    says_nothing = all(name is None for name in index.names) and not isinstance(index, pd.DatetimeIndex)
    if says_nothing and index.nlevels == 1:
        return frame.reset_index(drop=True)
    names = [name or (TIME if place == index.nlevels - 1 else f"{ENTITY}{place or ''}")
             for place, name in enumerate(index.names)]  # fmt: skip
    return frame.reset_index(names=names)


def _loaded(path: Path) -> np.ndarray:
    """The array in a file of NumPy."""
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: no array can be read there ({error}). Check the path.") from error


def _of_array(values: np.ndarray) -> Source:
    """An array `(n_series, n_steps, n_measures)`; NaN is a missing value."""
    n_series, n_steps, n_measures = values.shape
    if not values.size:
        raise DataError(f"an array of shape {values.shape} holds nothing. Give series of some steps.")
    columns = {ENTITY: pa.array(np.repeat(np.arange(1, n_series + 1), n_steps))}
    for place in range(n_measures):
        try:
            flat = np.ascontiguousarray(values[:, :, place]).reshape(-1)
            columns[f"x{place}"] = pa.array(flat, from_pandas=True)
        except pa.ArrowException as error:
            raise DataError(f"measure {place} of the array mixes types ({error}). Convert it.") from error
    return Source(RawTable(pa.table(columns)), "array", ENTITY)


# --- Folders and archives -----------------------------------------------------------------------------------


def is_many_files(path: Path) -> bool:
    """Whether this is a folder or a zip archive."""
    return path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())


def looks_like_series(path: Path) -> bool:
    """Whether this is a folder or an archive of tables, several, and all of the same columns, or an array."""
    if path.suffix.lower() == NUMPY:
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False).ndim == 3
        except (OSError, ValueError, EOFError):
            return False
    if not is_many_files(path) or (path / "config.json").exists():  # a run
        return False
    try:
        with _unpacked(path, _N_COMPARED) as folder:
            files = _tables_in(folder)[:_N_COMPARED]
            return len(files) > 1 and len({_names_in(file) for file in files}) == 1
    except (DataError, OSError, pa.ArrowException):
        return False


def _names_in(path: Path) -> tuple[str, ...]:
    """The names of a table's columns; of a text file its first line."""
    if path.suffix.lower() == ".parquet":
        return tuple(pq.read_schema(path).names)
    if _stem(path)[1].startswith((".jsonl", ".ndjson")):
        return tuple(sorted(raw_table(path, None, None, False, ()).columns.column_names))
    if path.suffix.lower() == ".gz":
        return tuple(raw_table(path, True, None, False, ()).columns.column_names)
    with path.open("rb") as file:
        return (file.readline(1 << 16).decode("utf-8", "replace").strip(),)


def _stem(path: Path) -> tuple[str, str]:
    """A file's name without what says that it is a table, and that; "" where it is none."""
    name = path.name
    for ending in EXTENSIONS:
        for whole in (ending, f"{ending}.gz"):
            if name.lower().endswith(whole):
                return name[: -len(whole)], whole
    return name, ""


def _tables_in(folder: Path) -> list[Path]:
    found = (one for one in folder.iterdir() if one.is_file() and not one.name.startswith((".", "_")))
    return sorted(one for one in found if _stem(one)[1])


@contextmanager
def _unpacked(path: Path, n_most: int | None = None) -> Generator[Path]:
    """A folder as it is, or what is in an archive, the first files of it, for as long as it is needed."""
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="gansmith-") as aside:
        try:
            with zipfile.ZipFile(path) as archive:
                inside = [one for one in archive.infolist() if _stem(Path(one.filename))[1]]
                inside = [one for one in inside if not Path(one.filename).name.startswith((".", "_"))][
                    :n_most
                ]
                if sum(one.file_size for one in inside) > MAX_UNPACKED_BYTES:
                    raise DataError(
                        f"{path}: unpacked it is larger than {MAX_UNPACKED_BYTES:,} bytes. Unpack it "
                        "yourself and give the folder."
                    )
                for one in inside:
                    (Path(aside) / Path(one.filename).name).write_bytes(archive.read(one))
        except _DAMAGED as error:
            raise DataError(f"{path}: the archive is damaged ({error}). Copy or make it again.") from error
        yield Path(aside)


def _of_files(path: Path, has_header: bool | None, encoding: str | None) -> Source:
    """The tables of a folder or an archive, one after the other, each with its name in a column before it."""
    tables: list[pa.Table] = []
    first: RawTable | None = None
    notes: dict[str, None] = {}
    with _unpacked(path) as folder:
        files = _tables_in(folder)
        if not files:
            raise DataError(f"{path}: no tables in it. Wanted: files such as {', '.join(EXTENSIONS)}.")
        for file in files:
            try:
                raw = raw_table(file, has_header, encoding, False, ())
            except DataError as error:
                raise DataError(f"{path / file.name}: {error}") from error
            first = first or raw
            _check_alike(raw, first, path / file.name, files[0].name)
            notes |= dict.fromkeys(raw.notes)
            whose = pa.array([_stem(file)[0]] * raw.columns.num_rows, pa.string())
            names = [free_name(ENTITY, first.columns.column_names), *first.columns.column_names]
            columns = raw.columns.select(first.columns.column_names).columns
            tables.append(pa.table([whose, *columns], names=names))
    assert first is not None
    try:
        joined = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(
            f"{path}: columns of its files have different types ({error}). Convert them."
        ) from error
    return Source(replace(first, columns=joined, notes=tuple(notes)), "folder", joined.column_names[0])


def _check_alike(raw: RawTable, first: RawTable, path: Path, other: str) -> None:
    ours, theirs = set(raw.columns.column_names), set(first.columns.column_names)
    if ours != theirs or raw.is_text != first.is_text:
        odd = sorted(ours ^ theirs)
        what = f"column {odd[0]!r} is in one of them alone" if odd else "one is text, the other is not"
        raise DataError(f"{path}: not of the same columns as {other!r}: {what}. Give files that are alike.")


# --- Wide tables --------------------------------------------------------------------------------------------


def _melted(raw: RawTable, like: Form | None = None) -> Source:
    """A table of a row for each series as a long one."""
    names = raw.columns.column_names
    sides, labels = find_sides(names if like is None else like.written.names)
    taken = [name for side in sides for name in side]
    if lacking := [name for name in taken if name not in names]:
        raise DataError(f"column {lacking[0]!r} is not in the table, and steps of its series stand there.")
    n, n_steps = raw.columns.num_rows, len(labels)
    others = [name for name in names if name not in set(taken)]
    if like is None:
        entity = free_name(ENTITY, others)
        time = free_name(TIME, [*others, entity])
        measures = _measure_names(sides, [*others, entity, time])
    else:
        entity = like.entity if like.entity not in like.written.names else free_name(ENTITY, others)
        time, measures = like.time, [one.name for one in like.measures]
    is_number = not raw.is_text and all(isinstance(one, int) for one in labels)
    times = pa.array(labels if is_number else [str(one) for one in labels])
    whose = pa.array(np.arange(1, n + 1))
    rows = pa.array(np.repeat(np.arange(n), n_steps))
    columns: dict[str, Any] = {entity: (whose.cast(pa.string()) if raw.is_text else whose).take(rows)}
    columns |= {name: raw.columns.column(name).take(rows) for name in others}
    columns[time] = times.take(pa.array(np.tile(np.arange(n_steps), n)))
    by_row = pa.array(np.arange(n * n_steps).reshape(n_steps, n).T.reshape(-1))
    for name, side in zip(measures, sides, strict=True):
        columns[name] = _stacked([raw.columns.column(one) for one in side]).take(by_row)
    long = replace(raw, columns=pa.table(columns), headers={})
    return Source(long, "wide", entity, time, sides, tuple(names))


def _stacked(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Columns below each other, in a type that holds all."""
    types = {column.type for column in columns}
    if len(types) > 1:
        is_number = [pa.types.is_integer(one) or pa.types.is_floating(one) for one in types]
        is_whole = all(pa.types.is_integer(one) for one in types)
        common = pa.string()
        if all(number or pa.types.is_null(one) for number, one in zip(is_number, types, strict=True)):
            common = pa.int64() if is_whole else pa.float64()
        columns = [column.cast(common) for column in columns]
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks], columns[0].type)


def find_sides(names: Sequence[str]) -> tuple[tuple[tuple[str, ...], ...], tuple[int | str, ...]]:
    """The columns of a wide table that hold steps, of each measure, and what their names count or date.

    The longest stretch of columns whose names are dates, or count up behind one word; others that are counted
    by the same numbers are further measures.

    Raises:
        DataError: There is none.

    Example:
        >>> find_sides(["id", "city", "2020-01", "2020-02", "2020-03"])
        ((('2020-01', '2020-02', '2020-03'),), ('2020-01', '2020-02', '2020-03'))
    """
    stretches = [*_dated(names), *_counted(names)]
    longest = max(stretches, key=lambda one: len(one[0]), default=((), ()))
    if len(longest[0]) < 2:
        raise DataError(
            "no columns side by side have names that count up or are dates, such as t0, t1, ... or 2020-01, "
            "2020-02, ...: which of them are the steps of a series? Name them so, or leave out --wide."
        )
    sides = tuple(side for side, labels in stretches if labels == longest[1])
    return tuple(dict.fromkeys(sides)), longest[1]


def _counted(names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Columns side by side whose names count up behind one word."""
    found = [_COUNTED.fullmatch(name) for name in names]
    keyed = [(match[1], match[3]) if match else None for match in found]
    for key, group in groupby(range(len(names)), key=lambda place: keyed[place]):
        places = list(group)
        numbers = tuple(int(match[2]) for place in places if (match := found[place]))
        if key is not None and all(one < other for one, other in pairwise(numbers)):
            yield tuple(names[place] for place in places), numbers


def _dated(names: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Columns side by side whose names are dates or moments."""
    for has_digit, group in groupby(
        range(len(names)), key=lambda place: bool(re.search(r"\d", names[place]))
    ):
        places = list(group)
        for n_before in range(_N_BEFORE + 1) if has_digit else ():  # counted attributes may stand before them
            some = tuple(names[place] for place in places[n_before:])
            if len(some) > 1 and find_format(pa.array(some))[0]:
                yield some, some
                break


def _measure_names(sides: Sequence[Sequence[str]], taken: Sequence[str]) -> list[str]:
    """What the measures of a wide table are called: of several each by the word before its numbers."""
    found: list[str] = []
    for side in sides:
        word = match[1].strip(" _.-") if len(sides) > 1 and (match := _COUNTED.fullmatch(side[0])) else ""
        found.append(free_name(word or VALUE, [*taken, *found]))
    return found
