"""Tables that a program holds: arrays of rows, and one more column for any kind of table."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError

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

        own = (
            values.array if isinstance(values, pd.Series) else cells.to_pandas().array
        )  # by place, not index
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
