"""A table as plain texts by column, nothing guessed of what they mean: labels, names, paths."""

from __future__ import annotations

import math
from typing import Any, Final, cast

import pyarrow as pa

from gansmith.errors import DataError
from gansmith.tabular.files import SpeaksArrow
from gansmith.tabular.files.dialect import decode, find_dialect, records_of
from gansmith.tabular.files.frames import from_pandas

_MISSING: Final = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
Texts = dict[str, list[str | None]]
"""Columns by name, all equally long; None where nothing is known."""


def texts_of_file(content: bytes, name: str, encoding: str = "") -> Texts:
    """The columns of a delimited text with a header.

    Args:
        content: The whole file.
        name: For messages.
        encoding: Of the text; empty: found.

    Raises:
        DataError: It is no text, or a record has another number of cells than the header.
    """
    try:
        text, _, _ = decode(content, encoding or None)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    rows = records_of(text, find_dialect(text))
    if not rows:
        raise DataError(
            f"{name}: nothing in it. Wanted: a line of column names, and a line for each picture."
        )
    header = [cell.strip() or f"column {place}" for place, cell in enumerate(rows[0], start=1)]
    if len(set(header)) < len(header):
        twice = next(cell for cell in header if header.count(cell) > 1)
        raise DataError(f"{name}: two columns are called {twice!r}. Rename one.")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header):
            raise DataError(
                f"{name}: record {number} has {len(row)} cells, the header {len(header)}. Repair the line."
            )
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(header)
    return {one: [_known(cell) for cell in cells] for one, cells in zip(header, columns, strict=True)}


def texts_of_frame(source: object) -> Texts | None:
    """The columns of a data frame or an Arrow table as texts; None when it is something else.

    Raises:
        DataError: A column mixes types.
    """
    if type(source).__module__.split(".")[0] == "pandas":
        table, _ = from_pandas(source)
    elif isinstance(source, SpeaksArrow):
        table = pa.table(cast("Any", source))
    else:
        return None
    return {name: [_text(value) for value in table[name].to_pylist()] for name in table.column_names}


def _known(cell: str) -> str | None:
    cell = cell.strip()
    return None if cell in _MISSING else cell


def _text(value: object) -> str | None:
    """A cell of a frame: truth as yes and no, whole numbers without a point, items of a list with bars."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list):
        return "|".join(text for text in map(_text, cast("list[object]", value)) if text is not None)
    return _known(str(value))
