"""When the rows of a table are: a column of dates, moments or whole numbers, or several that tell it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from gansmith.errors import UsageError
from gansmith.modalities.series.records import TIME, listed
from gansmith.tabular.cells import are_missing, cells_of
from gansmith.tabular.columns.date_codes import granularity_seconds
from gansmith.tabular.constraints.calendar import DAY
from gansmith.tabular.schema import Column, Table
from gansmith.tabular.timelines import ticks_of

Numbers = Int[np.ndarray, " n"]

_PARTS: Final = {
    "year": "year|yr|yyyy", "month": "month|mon|mnth|mo", "day": "day|dy|dd|dom|day.?of.?month|mday",
    "hour": "hour|hr|hh|hours", "minute": "minute|min|mi|minutes", "second": "second|sec|ss|seconds",
}  # fmt: skip
_LOWEST: Final = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}
_HIGHEST: Final = {"year": 9999, "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59}
_MICROSECONDS: Final = {"time": 1, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}


@final
@dataclass(frozen=True, eq=False)
class When:
    """The times of rows, and the column or columns that tell them."""

    column: Column
    """Of the long table."""
    times: Numbers
    """As whole numbers in their order."""
    missing: Bool[np.ndarray, " n"]
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where several columns tell them: which tells what."""

    @property
    def said(self) -> str:
        """The columns that tell them, in words."""
        return listed([*self.parts.values()] or [self.column.name])

    @property
    def cells(self) -> pa.Array:
        """The column's cells, where it is put together from others."""
        moments = pa.array(self.times, pa.int64(), mask=self.missing).cast(pa.timestamp("us"))
        return moments.cast(self.column.arrow_type)


def told(table: Table, name: str) -> When:
    """The times that a column tells.

    Raises:
        UsageError: There is no such column, or it tells none.
    """
    column = table.schema.column(name)
    cells = cells_of(table.records, name)
    if not (column.traits.is_time or pa.types.is_integer(cells.type) or column.has_decimals):
        raise UsageError(f"time {name!r} is {column.kind}: wanted dates, moments or numbers. Choose another.")
    return When(column, ticks_of(cells_of(table.records, column.name), column), are_missing(cells))


def _named_parts(table: Table, wanted: Sequence[str]) -> dict[str, str]:
    """Columns of whole numbers that are named as these parts of a time, and hold such."""
    found: dict[str, str] = {}
    for part in wanted:
        for column in table.schema.columns:
            if not re.fullmatch(_PARTS[part], column.name.strip(), re.IGNORECASE) or not pa.types.is_integer(
                column.arrow_type
            ):
                continue
            ends: Any = pc.min_max(cells_of(table.records, column.name)).as_py()
            if ends["min"] is not None and _LOWEST[part] <= ends["min"] <= ends["max"] <= _HIGHEST[part]:
                found[part] = column.name
                break
        if part not in found:
            break
    return found


def composed(table: Table) -> When | None:
    """Times told by columns of years and months, and perhaps days, hours, minutes and seconds."""
    parts = _named_parts(table, tuple(_PARTS))
    return put_together(table, parts) if len(parts) > 1 else None


def with_clock(table: Table, when: When) -> When | None:
    """Days that come several times, with the time of day that another column tells."""
    if when.column.kind != "date" or (n_days := len(np.unique(when.times))) == len(when.times):
        return None
    clock = next((one.name for one in table.schema.columns if one.type == "time64[us]"), "")
    parts = {"time": clock} if clock else _named_parts(table, ("hour", "minute", "second"))
    found = put_together(table, {"date": when.column.name, **parts}) if parts else None
    return found if found is not None and len(np.unique(found.times)) > n_days else None


def put_together(table: Table, parts: Mapping[str, str]) -> When | None:
    """Times that several columns tell together; None where they do not: there is no 30 February.

    Args:
        table: With these columns.
        parts: Columns by what each tells, as `Form.parts`: "date", or "year" and "month", and perhaps others.
    """
    cells = {part: cells_of(table.records, name) for part, name in parts.items()}
    numbers = {part: ticks_of(cells[part], table.schema.column(name)) for part, name in parts.items()}
    missing = np.any([are_missing(one) for one in cells.values()], axis=0)
    numbers = {part: np.where(missing, _LOWEST.get(part, 0), found) for part, found in numbers.items()}
    if "date" in parts:
        times = numbers["date"]
    else:
        first = ((numbers["year"] - 1970) * 12 + numbers["month"] - 1).astype("datetime64[M]")
        days = first.astype("datetime64[D]").astype(np.int64) + numbers.get("day", np.ones(1, np.int64)) - 1
        if (days >= (first + 1).astype("datetime64[D]").astype(np.int64)).any():
            return None
        times = days * DAY
    for part, microseconds in _MICROSECONDS.items():
        times = times + numbers.get(part, np.zeros(1, np.int64)) * microseconds
    name = free_name(TIME, table.schema.names)
    if parts.keys() <= {"year", "month", "day"}:
        return When(Column(name, "date"), times, missing, parts)
    seconds = granularity_seconds(pa.array(times).cast(pa.timestamp("us")))
    return When(Column(name, "datetime", granularity_seconds=seconds), times, missing, parts)


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, or one like it that no column has."""
    while name in taken:
        name += "_"
    return name
