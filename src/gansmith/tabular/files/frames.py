"""Tables that a program holds: frames and arrays of rows, and records back in the caller's own type."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import datetime
from typing import Any, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError
from gansmith.tabular.columns.stored import flat, is_string, stored, stored_table
from gansmith.tabular.schema import Column, Schema

TARGET: Final = "target"
"""What a column is called that came without a name."""


def from_numpy(rows: np.ndarray) -> pa.Table:
    """An array of rows, shape (n, n_columns), as a table with columns x0, x1, ...

    Raises:
        DataError: It has another number of dimensions, or holds what no column can hold.
    """
    if rows.ndim != 2:
        raise DataError(f"an array of shape {rows.shape} is no table. Give one of rows and columns.")
    columns: dict[str, pa.Array] = {}
    for place in range(rows.shape[1]):
        try:
            columns[f"x{place}"] = pa.array(np.ascontiguousarray(rows[:, place]), from_pandas=True)
        except pa.ArrowException as error:
            raise DataError(
                f"column {place} of the array mixes types ({error}). Convert it to one."
            ) from error
    return pa.table(columns)


def from_pandas(source: object) -> tuple[pa.Table, tuple[str, ...]]:
    """A pandas data frame as a table, and notes for the user.

    Raises:
        DataError: A column mixes types, or holds objects that are no values of a column.
        UsageError: It is another thing of pandas.
    """
    import pandas as pd  # only for those who have a frame of it

    if not isinstance(source, pd.DataFrame):
        raise UsageError(f"A {type(source).__name__} of pandas is no table. Give a data frame.")
    arrays: list[pa.Array] = []
    notes: list[str] = []
    for place, label in enumerate(source.columns):
        array, note = _from_series(str(label), source.iloc[:, place])
        arrays.append(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)
        notes += [note] if note else []
    if not (isinstance(source.index, pd.RangeIndex) and source.index.name is None):
        notes.append("the index of the frame was left out; reset_index() makes a column of it")
    return pa.Table.from_arrays(arrays, names=[str(label) for label in source.columns]), tuple(notes)


def _from_series(name: str, series: Any) -> tuple[pa.Array | pa.ChunkedArray, str]:
    """A column of a pandas frame, and a note on it, mostly empty."""
    import pandas as pd

    note = ""
    if isinstance(series.dtype, pd.SparseDtype):
        series = series.sparse.to_dense()
    first = _first_object(series)
    if isinstance(first, uuid.UUID):
        series = series.map(str, na_action="ignore")
    elif isinstance(first, datetime) and first.tzinfo is not None:
        note = _note_on_offsets(name, series.dropna())
    try:
        return pa.Array.from_pandas(series), note
    except pa.ArrowException as error:
        types = sorted({type(value).__name__ for value in series.dropna()})
        is_mixed = len(types) > 1
        what = f"holds objects of type {types[0]}, which are no values of a column"
        raise DataError(
            f"column {name!r} {f'mixes values of several types ({error})' if is_mixed else what}. "
            "Convert it to one, such as str."
        ) from error


def _first_object(series: Any) -> object:
    """The first value of a column of Python's own objects; None: there is none."""
    place = series.first_valid_index() if series.dtype == np.dtype(object) else None
    return None if place is None else series[series.notna()].iloc[0]


def _note_on_offsets(name: str, moments: Any) -> str:
    """What to say where points in time have offsets from UTC that no single time zone gives them."""
    zones = {str(moment.tzinfo) for moment in moments}
    if len(zones) < 2:
        return ""
    n_offsets, first = len({moment.utcoffset() for moment in moments}), str(moments.iloc[0].tzinfo)
    return (
        f"column {name!r}: its {n_offsets} offsets from UTC are not kept: all times become those of {first}, "
        "that of the first cell; let a column of its own hold the offset or the time zone"
    )


def with_column(source: object, values: object) -> tuple[object, str]:
    """A table with one more column, in its own type, and the name of that column.

    Args:
        source: A pandas or polars frame, an Arrow table, or an array of rows.
        values: As many as there are rows, in their order: a series, an array or a list. A series gives the
            column its name, anything else is called "target".

    Raises:
        UsageError: There are not as many values as rows, a column has that name, or `source` takes no column.
    """
    if isinstance(source, np.ndarray):
        source = from_numpy(source).to_pandas()
    library = type(source).__module__.split(".")[0]
    if library not in ("pandas", "polars", "pyarrow"):
        raise UsageError(
            f"y cannot be joined to a {type(source).__name__}. Let it be a column of the data and give its "
            "name: target='NAME'."
        )
    name, cells = _named(values)
    table = cast("Any", source)
    names = [str(each) for each in (table.column_names if library == "pyarrow" else table.columns)]
    if name in names:
        raise UsageError(f"y is called {name!r}, and so is a column of the data. Rename one of them.")
    if len(cells) != len(table):
        raise UsageError(f"y has {len(cells)} values for {len(table)} records. Give one for each.")
    if library == "pandas":
        import pandas as pd

        # By place, not by index.
        own = values.array if isinstance(values, pd.Series) else cells.to_pandas().array
        return table.assign(**{name: own}), name
    if library == "polars":
        import polars as pl  # only for those who have a frame of it

        return table.with_columns(cast("pl.Series", pl.from_arrow(cells)).alias(name)), name
    return table.append_column(name, cells), name


def _named(values: object) -> tuple[str, pa.Array]:
    """Values as a column, and what they are called."""
    library = type(values).__module__.split(".")[0]
    given = cast("Any", values)
    try:
        if library == "pandas" and given.ndim == 2 and given.shape[1] == 1:
            given = given.iloc[:, 0]
        if library in ("pandas", "polars"):
            cells = pa.array(given.to_list(), from_pandas=True)
            return (TARGET if given.name in (None, "") else str(given.name)), cells
        flat = np.asarray(given).reshape(len(given), -1)
        if flat.shape[1] != 1:
            raise UsageError(f"y has {flat.shape[1]} columns. Give one value for each record.")
        return TARGET, pa.array(flat[:, 0], from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"y is a {type(values).__name__}, not one value for each record ({error}). Give a column's name, "
            "a series, an array or a list."
        ) from error


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
        fields = [
            _field(cast("pa.Table", original).schema.field(column.name), column) for column in schema.columns
        ]
        arrays = [_cast(table.column(field.name), field.type) for field in fields]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    frame = _like_pandas(records, schema, original if library == "pandas" else None)
    return frame.to_numpy(cast("Any", original).dtype) if library == "numpy" else frame


def _is_text_now(column: Column) -> bool:
    """Whether what was made of a column of numbers, times or truth values is text."""
    return column.traits.makes_texts(column) and column.stored_as in ("", "string")


def _field(own: pa.Field, column: Column) -> pa.Field:
    """The caller's field, where it can hold what was made."""
    is_text = is_string(own.type) or pa.types.is_dictionary(own.type)
    return own if is_text or not _is_text_now(column) else pa.field(own.name, pa.string())


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(kind) and not pa.types.is_dictionary(column.type):
        return pc.cast(pc.dictionary_encode(pc.cast(column, kind.value_type)), kind)
    return pc.cast(column, kind)


def _like_polars(records: pa.Table, schema: Schema, original: object) -> Any:
    import polars as pl  # optional; here only for those who have a frame of it

    types: dict[str, Any] = dict(original.schema) if isinstance(original, pl.DataFrame) else {}
    frame = cast("pl.DataFrame", pl.from_arrow(stored_table(records, schema)))
    for column in schema.columns:
        kind = types.get(column.name)
        is_text = kind is None or kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum)
        if _is_text_now(column) and not is_text:
            continue
        if kind is not None and not (column.traits.is_made_anew and isinstance(kind, pl.Enum)):
            frame = frame.with_columns(pl.col(column.name).cast(kind))
    return frame


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
        if isinstance(dtype, pd.CategoricalDtype) and column.traits.is_made_anew:  # no category of it
            values, dtype = flat(records, column), np.dtype(object)
        if _is_text_now(column) and isinstance(dtype, np.dtype):
            dtype = np.dtype(object)
        series[label] = _of_dtype(values, dtype)
        if isinstance(_first_object(frame[label]), uuid.UUID):
            series[label] = series[label].map(uuid.UUID, na_action="ignore")
    return pd.DataFrame(series)


def _of_dtype(values: pa.Array, dtype: Any) -> Any:
    """A pandas series of `dtype`; a column that had no missing values and now has some keeps them as NaN."""
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        plain = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
        return pd.Series(pd.Categorical(plain.to_pandas(), dtype=dtype))
    if dtype == np.dtype(object):
        return pd.Series(values.to_pylist(), dtype=object)
    if not isinstance(dtype, np.dtype):
        return pd.Series(pd.array(values.to_pylist(), dtype=dtype))
    found = values.to_pandas()
    return found if dtype.kind in "iub" and values.null_count else found.astype(dtype)


def fingerprint_of(records: pa.Table) -> str:
    """A short text that tells tables apart, made without a second copy of the table.

    The same for the same cells, names and types, another for others. What lies in memory below a missing cell
    is nobody's value: which cells are missing counts, and the cells that are there.
    """
    sink = _Digest()
    with pa.PythonFile(sink, mode="w") as file:
        for name, column in zip(records.column_names, records.columns, strict=True):
            for part in (column.drop_null(), column.is_null()):
                table = pa.table({name: part.combine_chunks()})
                with pa.ipc.new_stream(file, table.schema) as writer:
                    writer.write_table(table)
    return sink.digest.hexdigest()


@final
class _Digest(io.RawIOBase):
    """A file that keeps nothing of what is written to it but its digest."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.digest.update(data)
        return len(data)
