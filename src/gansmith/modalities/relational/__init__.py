"""Databases: tables that point at each other by keys, in a database, or as a folder with a file for each.

Options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, final

from gansmith.settings import (
    Annotated,
    Field,
    NonNegativeInt,
    Offered,
    settings,
)

READING: Final = ("fit", "score", "show")
MOST_SCALE: Final = 100_000.0


@final
@settings(kw_only=True)
class RelationalOptions:
    """How databases are read, learnt and written."""

    schema: Annotated[Mapping[str, Any] | str | None, Offered(READING, form="FILE")] = None
    """A JSON file with the tables, columns and keys, as `gansmith show --json` prints it; SDV's metadata will
    do."""
    keep: Annotated[tuple[str, ...], Offered(("fit", "show"), form="TABLE")] = ()
    """A table that is kept as it is, as it holds nobody's data. Repeat for more."""
    generate: Annotated[tuple[str, ...], Offered(("fit", "show"), form="TABLE")] = ()
    """A table that is learnt, where it would be kept as a list of names. Repeat for more."""
    most_rows: Annotated[NonNegativeInt, Offered(READING, form="ROWS")] = 0
    """Read at most so many rows of a database: whole families, drawn by their root rows; 0 reads all."""
    min_count: Annotated[NonNegativeInt, Offered(("fit",))] = 0
    """Suppress values that fewer records than this share; 0 takes 5, or 2 to 4 for few records; 1 suppresses
    nothing."""
    scale: Annotated[float, Field(gt=0, le=MOST_SCALE), Offered(("sample",), form="FACTOR")] = 1.0
    """How many times as many rows as the data has."""
    table: Annotated[tuple[str, ...], Offered(("sample",), form="TABLE")] = ()
    """Write this table alone; of rows that it points at the keys. Repeat for more."""
    files: Annotated[Literal["csv", "parquet", "jsonl"], Offered(("sample",), form="csv|parquet|jsonl")] = (
        "csv"
    )
    """What the files of a folder are."""
    replace: Annotated[bool, Offered(("sample",))] = False
    """Write into a database or folder that is not empty: tables of the same names are replaced."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet program would run as a formula."""
