"""Time series: transactions, sensors, prices, events; whatever is rows in time, of one or of many.

A long table with a column that says whose rows they are and one that says when; one single long series; a row
for each series; a file for each. Options stand here, where they are quickly imported: help texts are made of
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

from gansmith.settings import Annotated, NonNegativeInt, Offered, PositiveInt, field, settings

READING: Final = ("fit", "score", "show", "rebalance")
EVERYWHERE: Final = (*READING, "complete")


@final
@settings(kw_only=True)
class SeriesOptions:
    """How series are read, learnt and written."""

    entity: Annotated[str, Offered(READING, form="COLUMN")] = ""
    """The column that says whose step it is, such as customer_id; if not given, found where that is plain."""
    time: Annotated[str, Offered(READING, form="COLUMN")] = ""
    """The column that says when; if not given, found where that is plain, else steps follow each other."""
    window: Annotated[NonNegativeInt | None, Offered(("fit", "score", "show"), form="STEPS")] = None
    """Learn separate windows of so many steps, from every step on; 0 learns whole series step by step; if not
    given, series of numbers that are all as long are learnt as windows of that length."""
    wide: Annotated[bool, Offered(READING)] = False
    """Each row is a series, its steps side by side in columns."""
    has_header: Annotated[bool | None, Offered(EVERYWHERE, "--header/--no-header")] = None
    """Whether the first line of a text file holds the column names; if not given, found from the data."""
    encoding: Annotated[str, Offered(EVERYWHERE)] = ""
    """Encoding of a text file, such as latin-1; if not given, found from the data."""
    missing: Annotated[tuple[str, ...], Offered(READING, form="TEXT")] = ()
    """A text that stands for a missing cell, besides the usual ones. Repeat for more."""
    columns: Annotated[Mapping[str, str], Offered(READING, "--column", "NAME:KIND")] = field(
        default_factory=dict[str, str]
    )
    """Kind of a column, where the one found is wrong, or the type of values to invent for it, such as
    email."""
    locale: Annotated[str, Offered(("fit",))] = ""
    """Language and country of invented names and addresses, such as de_DE."""
    min_count: Annotated[NonNegativeInt, Offered(("fit",))] = 0
    """Suppress values that fewer series than this share; 0 takes 5, or 2 to 4 for few series; 1 suppresses
    nothing."""
    steps: Annotated[NonNegativeInt, Offered(("sample", "complete"))] = 0
    """Steps of each series that is made, or by which each is continued; 0: as many as the data has."""
    futures: Annotated[PositiveInt, Offered(("complete",), "-n")] = 1
    """In how many ways each series is continued."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet program would run as a formula."""
