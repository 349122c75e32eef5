"""What follows from dates and moments: a year or a weekday, and the time between two, such as an age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, field, settings
from gansmith.tabular.cells import Mask, Numbers, are_missing, cells_of
from gansmith.tabular.columns.measures import from_units, step_of
from gansmith.tabular.constraints.base import Named, OptionallyNamed, check_kinds, typed
from gansmith.tabular.constraints.derived import AbstractDerived, AbstractFormula
from gansmith.tabular.schema import Column

Ticks = Int[np.ndarray, " n"]
"""Microseconds since 1970, as the clock of the column's time zone showed."""

Part = Literal[
    "year", "quarter", "month", "week", "day", "weekday", "Sunday weekday", "weekend", "hour", "minute",
    "date", "first of the month", "time",
]  # fmt: skip
"""Weekdays are counted from Monday as 0, or from Sunday as 0."""
Unit = Literal[
    "years", "months", "calendar years", "calendar months", "calendar days", "years of 365 days",
    "years of 365.25 days", "weeks", "days", "hours", "minutes", "seconds",
]  # fmt: skip
"""Years and months that are completed; of the calendar: years, months and days that begin in between."""
Rounding = Literal["down", "nearest", "up"]

DAY: Final = 86_400_000_000
UNITS: Final[dict[Unit, float]] = {
    "years of 365 days": 365.0 * DAY, "years of 365.25 days": 365.25 * DAY, "weeks": 7.0 * DAY,
    "days": float(DAY), "hours": DAY / 24, "minutes": DAY / 1440, "seconds": 1e6,
}  # fmt: skip
"""Microseconds of those that are always equally long."""
SLACK: Final = 1e-9
"""What floats may be off a whole number."""
_QUARTER: Final = "%q"
_TYPES: Final = {"date": "date32[day]", "first of the month": "date32[day]", "time": "time64[us]"}
"""Of parts that are neither numbers nor names."""


def ticks_of(cells: pa.Array, column: Column) -> tuple[Ticks, Mask]:
    """Dates, moments or times of day, and which are missing (there: 0)."""
    if pa.types.is_time(cells.type):
        numbers = cells.cast(pa.time64("us")).cast(pa.int64())
    else:
        moments = cells.cast(pa.timestamp("us"))
        if column.zone:
            moments = pc.local_timestamp(moments.cast(pa.timestamp("us", column.zone)))
        numbers = moments.cast(pa.int64())
    return numbers.fill_null(0).to_numpy(zero_copy_only=False), are_missing(cells)


def part_of(ticks: Ticks, part: Part) -> Int[np.ndarray, " n"]:
    """A part of each moment; dates in days, times of day in microseconds."""
    days, clock = np.divmod(ticks, DAY)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    match part:
        case "year":
            return 1970 + months // 12
        case "quarter":
            return months % 12 // 3 + 1
        case "month":
            return months % 12 + 1
        case "week":  # of ISO 8601: that of its Thursday
            thursday = days - (days + 3) % 7 + 3
            return (thursday - _first_of_year(thursday)) // 7 + 1
        case "day":
            return days - months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + 1
        case "weekday":
            return (days + 3) % 7
        case "Sunday weekday":
            return (days + 4) % 7
        case "weekend":
            return ((days + 3) % 7 >= 5).astype(np.int64)
        case "hour":
            return clock // (DAY // 24)
        case "minute":
            return clock // 60_000_000 % 60
        case "date":
            return days
        case "first of the month":
            return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        case "time":
            return clock


def _first_of_year(days: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def elapsed(start: Ticks, end: Ticks, unit: Unit) -> Numbers:
    """From one moment to another; years, months and what is of the calendar in whole numbers.

    Who is born on 29 February becomes a year older on 1 March where there is no such day.
    """
    if unit in UNITS:
        return (end - start) / UNITS[unit]
    first, last = start // DAY, end // DAY
    if unit == "calendar days":
        return (last - first).astype(float)
    months = [days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) for days in (first, last)]
    n_months = months[1] - months[0]
    if unit == "calendar months":
        return n_months.astype(float)
    if unit == "calendar years":
        return (months[1] // 12 - months[0] // 12).astype(float)
    of_month = [part_of(ticks, "day") for ticks in (start, end)]
    n_months = n_months - (of_month[1] < of_month[0])
    return (n_months if unit == "months" else n_months // 12).astype(float)


@final
@settings(eq=False, error=DataError)
class MomentPart(AbstractDerived):
    """`column` is a part of the date, moment or time of day `of`; or that as `format` spells it."""

    kind: ClassVar[str] = "part"
    learns: ClassVar = ("numbers", "names")

    column: Named
    of: Named
    part: Literal[Part, ""] = ""
    """Which part; of texts it is called by a name, such as Monday."""
    plus: int = 0
    """Added to it, such as 1 where Monday is 1."""
    format: Annotated[str, Field(max_length=100)] = ""
    """Texts: as in `strftime`, and %q for the quarter."""
    may_be_missing: bool = False
    numbers: Annotated[tuple[int, ...], Field(strict=False)] = ()
    """Of texts, the parts that have a name; empty: not learnt yet."""
    names: pa.Array = field(default_factory=lambda: pa.nulls(0, pa.string()))
    """What each is called."""

    def __post_init__(self) -> None:
        wanted = "a date, a moment or a time of day"
        check_kinds([self.of], lambda one: one.traits.is_time or one.type == "time64[us]", wanted)
        if bool(self.part) == bool(self.format):
            raise DataError("give either 'part' or 'format'.")
        if self.format:
            check_kinds([self.column], lambda one: one.type == "string", "a text")
        elif self.part in _TYPES:
            type = _TYPES[self.part]
            check_kinds([self.column], lambda one: one.type == type, f"of type {type}")
        else:
            check_kinds([self.column], _can_be_part, "a number, a boolean or a text")
        if self.column.name == self.of.name:
            raise DataError(f"it names the column {self.of.name!r} twice. Name different columns.")

    @property
    def target(self) -> Column:
        return self.column

    def in_words(self) -> str:
        added = f" {'+' if self.plus > 0 else '-'} {abs(self.plus)}" if self.plus else ""
        if self.format:
            return f"{self.column.name} is {self.of.name}, spelt {self.format}"
        return f"{self.column.name} is the {self.part} of {self.of.name}{added}"

    def computed(self, records: pa.Table) -> pa.Array:
        """See the base class; a part whose name too few records have makes a missing cell."""
        ticks, missing = ticks_of(cells_of(records, self.of.name), self.of)
        if self.format:
            return pc.if_else(pa.array(missing), None, spelt(ticks, self.format))
        numbers = part_of(ticks, self.part or "date") + self.plus
        if self.column.type == "string":
            rule = self if self.numbers else self.learnt(records)
            return rule.names.take(
                pc.index_in(pa.array(numbers, mask=missing), pa.array(rule.numbers, pa.int64()))
            )
        if self.column.type == "bool":
            return pa.array(numbers != 0, mask=missing)
        if self.part == "time":  # a coarser column has the beginning of its minute
            step = max(1, self.column.granularity_seconds * 1_000_000)
            return pa.array(numbers // step * step, mask=missing).cast(pa.time64("us"))
        return from_units(numbers.astype(float), missing, self.column)

    def learnt(self, records: pa.Table, min_count: int = 1) -> MomentPart:
        """See the base class; of each part the first name that occurs with it, if enough records have it."""
        if self.format or self.column.type != "string":
            return self
        ticks, missing = ticks_of(cells_of(records, self.of.name), self.of)
        cells = cells_of(records, self.column.name)
        rows = np.flatnonzero(~missing & ~are_missing(cells))
        numbers = (part_of(ticks, self.part or "date") + self.plus)[rows]
        found, first, counts = np.unique(numbers, return_index=True, return_counts=True)
        kept = counts >= min_count
        names = cells.take(pa.array(rows[first[kept]])).cast(pa.string())
        return replace(self, numbers=tuple(found[kept].tolist()), names=names)

    def learnt_again(self, state: Mapping[str, Any]) -> MomentPart:
        found = replace(self, numbers=state["numbers"], names=typed(state["names"], self.column))
        if len(set(found.numbers)) != len(found.names) or found.names.null_count:
            raise DataError(f"{len(found.numbers)} 'numbers', {len(found.names)} 'names'. Wanted: as many.")
        return found


@final
@settings(eq=False, error=DataError)
class Elapsed(AbstractFormula):
    """`column` is the time from `start` to `end`, in a unit; either may be one `date` for all records."""

    kind: ClassVar[str] = "elapsed"

    column: Named
    start: OptionallyNamed = None
    end: OptionallyNamed = None
    date: str = ""
    """Where `start` or `end` is not given, what stands for it, as ISO 8601 spells it."""
    unit: Unit = "days"
    """Durations: has no meaning."""
    rounding: Rounding = "down"
    """To the last digit that the column has."""
    may_be_missing: bool = False

    def __post_init__(self) -> None:
        sources = [one for one in (self.start, self.end) if one is not None]
        check_kinds(sources, lambda one: one.traits.is_time, "a date or a moment")
        wanted = "a number or a duration"
        check_kinds([self.column], lambda one: one.traits.is_number or one.type == "duration[us]", wanted)
        if len(sources) + bool(self.date) != 2:
            raise DataError("give two of 'start', 'end' and 'date'.")
        try:
            _ = self._fixed
        except ValueError as error:
            raise DataError(f"'date' is {self.date!r}. Wanted: a date such as 2024-06-30.") from error

    @property
    def target(self) -> Column:
        return self.column

    def in_words(self) -> str:
        start, end = (self.date if one is None else one.name for one in (self.start, self.end))
        unit = "time" if self.column.type == "duration[us]" else self.unit
        how = "" if self.rounding == "down" or unit == "time" else f", rounded {_WAYS[self.rounding]}"
        return f"{self.column.name} = {unit} from {start} to {end}{how}"

    def exact(self, records: pa.Table) -> tuple[Numbers, Mask, Numbers]:
        fixed = np.full(records.num_rows, self._fixed), np.zeros(records.num_rows, bool)
        (start, no_start), (end, no_end) = (
            fixed if one is None else ticks_of(cells_of(records, one.name), one)
            for one in (self.start, self.end)
        )
        missing = no_start | no_end
        if self.column.type == "duration[us]":
            return (end - start).astype(float), missing, np.zeros(len(missing))
        numbers = elapsed(start, end, self.unit)
        return rounded(numbers, step_of(self.column), self.rounding), missing, np.abs(numbers)

    @property
    def _fixed(self) -> int:
        """Microseconds since 1970."""
        return int(np.datetime64(self.date, "us").astype(np.int64)) if self.date else 0


_WAYS: Final[dict[Rounding, str]] = {"down": "down", "nearest": "to the nearest", "up": "up"}


def rounded(numbers: Numbers, step: float, rounding: Rounding) -> Numbers:
    """Numbers as multiples of a step; as they are where it is 0."""
    if not step:
        return numbers
    shares = numbers / step
    match rounding:
        case "down":
            return np.floor(shares + SLACK) * step
        case "nearest":
            return np.rint(shares) * step
        case "up":
            return np.ceil(shares - SLACK) * step


def spelt(ticks: Ticks, form: str) -> pa.Array:
    """Moments as texts."""
    moments = pa.array(ticks // 1_000_000).cast(pa.timestamp("s"))
    if _QUARTER not in form:
        return pc.strftime(moments, format=form, locale="C")
    quarters = pa.array(part_of(ticks, "quarter")).cast(pa.string())
    pieces = [pc.strftime(moments, format=piece, locale="C") for piece in form.split(_QUARTER)]
    joined = [one for piece in pieces for one in (piece, quarters)][:-1]
    return pc.binary_join_element_wise(*joined, "")


def _can_be_part(column: Column) -> bool:
    return column.traits.is_number or column.type in ("string", "bool")
