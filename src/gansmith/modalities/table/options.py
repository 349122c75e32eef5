"""The options of tables. Quickly imported: help texts are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from gansmith.settings import Annotated, NonNegativeInt, Offered, field, settings

READING: Final = ("fit", "score", "show", "rebalance")
EVERYWHERE: Final = (*READING, "complete")


@final
@settings(kw_only=True)
class TableOptions:
    """How a table is read, learnt and written."""

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
    schema: Annotated[str | Mapping[str, Any] | None, Offered(READING, form="FILE")] = None
    """The schema: JSON as `gansmith show DATA --json` prints it, or SDV metadata."""
    schema_table: Annotated[str, Offered(READING, form="NAME")] = ""
    """The name of this table, where the SDV metadata has several."""
    where: Annotated[Any, Offered(("fit",), form="COLUMN=VALUE")] = ()
    """Learn only from records that fulfil this; != >= <= > < work, too; COLUMN= means missing; several values
    of one column are alternatives."""
    constraints: Annotated[tuple[Mapping[str, Any], ...], Offered(("fit",))] = ()
    """What always holds, beside what the schema says, as in a schema:
    `[{"kind": "inequality", "low": "start", "high": "end"}]`."""
    finds_constraints: Annotated[
        bool, Offered(("fit",), "--no-constraints", help="Do not look for rules that all records keep.")
    ] = True
    """Whether to look for what always holds where the schema says nothing of it."""
    locale: Annotated[str, Offered(("fit",))] = ""
    """Language and country of invented names and addresses, such as de_DE."""
    min_count: Annotated[NonNegativeInt, Offered(("fit",))] = 0
    """Suppress values that fewer records than this share; 0 takes 5, or 2 to 4 for small tables; 1 suppresses
    nothing."""
    entity: Annotated[str, Offered(("score",), form="COLUMN")] = ""
    """The column that says whose record it is, such as customer_id: a hold-out that is split off holds whole
    entities; if not given, found where such a column repeats."""
    time: Annotated[str, Offered(("score",), form="COLUMN")] = ""
    """The column that says when: a hold-out that is split off is the latest fifth."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet program would run as a formula."""
