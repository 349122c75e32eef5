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
    """Whether a text file's first line names its columns, or is data; found when not given."""
    encoding: Annotated[str, Offered(EVERYWHERE)] = ""
    """Of a text file; found when not given."""
    missing: Annotated[tuple[str, ...], Offered(READING, form="TEXT")] = ()
    """A spelling of a missing cell beside the usual ones."""
    columns: Annotated[Mapping[str, str], Offered(READING, "--column", "NAME:KIND")] = field(
        default_factory=dict[str, str]
    )
    """A column's kind that you know better, or what is to be invented for it."""
    schema: Annotated[str | Mapping[str, Any] | None, Offered(READING, form="FILE")] = None
    """All columns as `gansmith show DATA --json` prints them, or SDV's metadata; a file or its content."""
    schema_table: Annotated[str, Offered(READING, form="NAME")] = ""
    """The table of SDV's metadata that the data is, where it has several."""
    where: Annotated[Any, Offered(("fit",), form="COLUMN=VALUE")] = ()
    """What must hold of the records that are learnt from: also != >= <= > < for =, nothing for a missing
    cell; several values of a column are alternatives."""
    constraints: Annotated[tuple[Mapping[str, Any], ...], Offered(("fit",))] = ()
    """What always holds, beside what the schema says, as in a schema:
    `[{"kind": "inequality", "low": "start", "high": "end"}]`."""
    finds_constraints: Annotated[
        bool, Offered(("fit",), "--no-constraints", help="Look for no rules that hold without exception.")
    ] = True
    """Whether to look for what always holds where the schema says nothing of it."""
    locale: Annotated[str, Offered(("fit",))] = ""
    """Language and country of invented names and addresses, such as de_DE."""
    min_count: Annotated[NonNegativeInt, Offered(("fit",))] = 0
    """Records that must share a value before it comes out; 0 takes 5, or 2 to 4 in small tables; 1 lets
    everything out."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet would run as a formula."""
