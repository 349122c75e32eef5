"""Time as ticks: the grid that the steps of series lie on, whole numbers on it, and the calendar around them.

A regular series has a step every hour, every business day, every month; whoever learns it counts steps, not
microseconds. Months are counted by the calendar, business days without weekends, all others as multiples of
days or of so many microseconds. Events lie on no such grid: their ticks are the finest unit that their times
are multiples of.

>>> column = Column("when", "date")
>>> days = np.array(["2020-01-31", "2020-02-29", "2020-03-31"], "datetime64[us]").astype(np.int64)
>>> grid = grid_of(days, np.array([0, 3]), column)
>>> grid.in_words, np.diff(grid.ticks(days)).tolist()
('every month', [1, 1])
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final, Literal, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from gansmith.errors import DataError
from gansmith.settings import Field, settings
from gansmith.tabular.constraints.calendar import DAY, part_of
from gansmith.tabular.fields import Zone
from gansmith.tabular.schema import Column
from gansmith.tabular.timelines import ticks_of

Times = Int[np.ndarray, " n"]
"""Microseconds since 1970 in UTC, where the column has a time zone, else as the clock showed; of a column of
whole numbers they as they are, of one of decimals in its last digit."""
Ticks = Int[np.ndarray, " n"]
Unit = Literal["months", "business days", "days", "microseconds", "numbers"]

REGULAR: Final = 0.5
"""Share of the gaps that must be the usual one for the steps to lie on a grid, with gaps in it."""
_MONTH: Final = 28 * DAY
_MIN_BUSINESS_DAYS: Final = 10
"""Steps from which on days without a weekend are no chance: it is one in thirty for any days."""
_NAMES: Final = (
    (7 * DAY, "week"), (DAY, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second"),
    (1_000, "millisecond"), (1, "microsecond"),
)  # fmt: skip


@final
class CalendarParts(NamedTuple):
    """What a calendar and a clock on the wall say of times; whole numbers, shape `(n,)` each."""

    hour: Ticks
    """0 to 23."""
    minute: Ticks
    """0 to 59."""
    weekday: Ticks
    """0, Monday, to 6."""
    day: Ticks
    """Of the month, 1 to 31."""
    days_left: Ticks
    """To the last day of the month, which has 0."""
    month: Ticks
    """1 to 12."""
    day_of_year: Ticks
    """1 to 366."""


@final
@settings(kw_only=True, error=DataError)
class Grid:
    """Where the steps of some series lie in time.

    Raises:
        DataError: From the constructor, when a field is out of its range.
    """

    unit: Unit
    """What ticks are counted in."""
    size: Annotated[int, Field(ge=1)] = 1
    """How many of them a tick has: 3 months are a quarter, 3,600,000,000 microseconds an hour."""
    phase: Annotated[int, Field(ge=0)] = 0
    """Where in a tick the steps are, in units, below `size`: 1 where quarters begin in February."""
    day: Annotated[int, Field(ge=1, le=31)] = 1
    """Months: the day of the month, or its last one where it has fewer."""
    clock: Annotated[int, Field(ge=0, lt=DAY)] = 0
    """Days and months: the time of day, in microseconds."""
    zone: Zone = ""
    """Times are UTC, and this time zone tells the time of day; empty: they are what the clock showed."""
    decimals: Annotated[int, Field(ge=0, le=30)] = 0
    """Numbers: digits after the point."""
    usual: Annotated[int, Field(ge=0)] = 1
    """The most frequent gap between two steps, in ticks; 0: there are no two of a series."""
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Of the gaps that are the usual one."""

    @property
    def is_regular(self) -> bool:
        """Whether steps follow each other in the usual gap, mostly."""
        return self.usual > 0 and self.share >= REGULAR

    @property
    def in_words(self) -> str:
        """How often there is a step, or in which unit events are counted."""
        n = self.size * (self.usual if self.is_regular else 1)
        if self.unit == "numbers":
            counted = f"{n / 10**self.decimals:,.{self.decimals}f}"
            return f"in steps of {counted}" if self.is_regular else f"irregular, to the {counted}"
        word = self.unit.removesuffix("s")
        if self.unit == "months" and n % 12 == 0:
            n, word = n // 12, "year"
        elif self.unit in ("microseconds", "days"):
            length = n * (DAY if self.unit == "days" else 1)
            n, word = next((length // whole, name) for whole, name in _NAMES if length % whole == 0)
        counted = word if n == 1 else f"{n:,} {word}s"
        return f"every {counted}" if self.is_regular else f"irregular, to the {counted}"

    def ticks(self, times: Times) -> Ticks:
        """The tick of each time, since 1970; of a time between two that before it."""
        return (self._units(times) - self.phase) // self.size

    def times(self, ticks: Ticks) -> Times:
        """The time of each tick: the inverse of `ticks`."""
        units = np.asarray(ticks, np.int64) * self.size + self.phase
        match self.unit:
            case "numbers" | "microseconds":
                return units
            case "months":
                first = units.astype("datetime64[M]")
                days = first.astype("datetime64[D]").astype(np.int64)
                n_days = (first + 1).astype("datetime64[D]").astype(np.int64) - days
                days = days + np.minimum(self.day, n_days) - 1
            case "business days":
                days = units // 5 * 7 + units % 5 - 3
            case "days":
                days = units
        return from_local(days * DAY + self.clock, self.zone)

    def calendar(self, ticks: Ticks) -> CalendarParts:
        """What the calendar says of ticks; see `calendar_parts`."""
        return calendar_parts(self.times(ticks), self.zone)

    def _units(self, times: Times) -> Ticks:
        if self.unit in ("numbers", "microseconds"):
            return np.asarray(times, np.int64)
        days = (to_local(times, self.zone) - self.clock) // DAY
        if self.unit == "days":
            return days
        if self.unit == "business days":
            weeks, weekday = np.divmod(days + 3, 7)
            return weeks * 5 + np.minimum(weekday, 4)
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        n_days = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
        is_before = part_of(days * DAY, "day") < np.minimum(self.day, n_days)
        return months.astype(np.int64) - is_before


def times_of(cells: pa.Array, column: Column) -> Times:
    """The times of steps, none of them missing."""
    return ticks_of(cells, column)


def cells_at(times: Times, column: Column) -> pa.Array:
    """The inverse of `times_of`: cells of the column's type; of dates the clock is left out."""
    if pa.types.is_integer(column.arrow_type):
        limits = np.iinfo(column.type)
        return pa.array(np.clip(times, limits.min, limits.max), pa.int64()).cast(column.arrow_type)
    if pa.types.is_floating(column.arrow_type):
        return pa.array(np.round(times / 10.0**column.decimals, column.decimals)).cast(column.arrow_type)
    if pa.types.is_date32(column.arrow_type):
        return pa.array((times // DAY).astype(np.int32)).cast(pa.date32())
    return pa.array(times, pa.int64()).cast(column.arrow_type)


def calendar_parts(times: Times, zone: str = "") -> CalendarParts:
    """What a calendar and a clock say of each time, in the time zone where there is one."""
    local = to_local(np.asarray(times, np.int64), zone)
    days, clock = np.divmod(local, DAY)
    dates = days.astype("datetime64[D]")
    months, years = dates.astype("datetime64[M]"), dates.astype("datetime64[Y]")
    return CalendarParts(
        hour=clock // 3_600_000_000,
        minute=clock // 60_000_000 % 60,
        weekday=(days + 3) % 7,
        day=(dates - months.astype("datetime64[D]")).astype(np.int64) + 1,
        days_left=((months + 1).astype("datetime64[D]") - dates).astype(np.int64) - 1,
        month=months.astype(np.int64) % 12 + 1,
        day_of_year=(dates - years.astype("datetime64[D]")).astype(np.int64) + 1,
    )


def grid_of(times: Times, starts: Int[np.ndarray, " n_series_and_one"], column: Column) -> Grid:
    """The coarsest grid that all times lie on.

    Args:
        times: Of all series, one after the other, each ascending; repetitions count as one.
        starts: Where each series begins, and last where the last one ends.
        column: The one that they are of: its kind and time zone.

    Returns:
        Months and business days only where all times are such; weeks and the like are days.
    """
    is_within = _within(len(times), starts)
    if column.type in ("date32[day]", "timestamp[us]"):
        local = to_local(times, column.zone)
        days, clock = np.divmod(local, DAY)
        if len(times) and (clock == clock[0]).all():
            found = Grid(unit="days", clock=int(clock[0]), zone=column.zone)
            return _of_days(found, days, times, is_within)
        return _sized(Grid(unit="microseconds", zone=column.zone), times, is_within)
    return _sized(Grid(unit="numbers", decimals=max(column.decimals, 0)), times, is_within)


def _of_days(grid: Grid, days: Ticks, times: Times, is_within: Bool[np.ndarray, " m"]) -> Grid:
    """A grid of days, all at one time of day, or of months or business days."""
    gaps = np.diff(days)[is_within]
    gaps = gaps[gaps > 0]
    if len(gaps) and np.median(gaps) * DAY >= _MONTH and (day := _day_of_month(days)):
        return _sized(replace(grid, unit="months", day=day), times, is_within)
    if len(gaps) >= _MIN_BUSINESS_DAYS and np.median(gaps) == 1 and not ((days + 3) % 7 > 4).any():
        found = _sized(replace(grid, unit="business days"), times, is_within)
        if found.is_regular and found.size == found.usual == 1:
            return found
    return _sized(grid, times, is_within)


def _day_of_month(days: Ticks) -> int:
    """The day of the month that all are, or the last one of shorter months; 0: there is no such."""
    parts = calendar_parts(days * DAY)
    day = int(parts.day.max())
    is_kept = parts.day == np.minimum(day, parts.day + parts.days_left)
    return day if is_kept.all() else 0


def _sized(grid: Grid, times: Times, is_within: Bool[np.ndarray, " m"]) -> Grid:
    """The grid with the greatest tick that all times are whole ones of, and the usual gap."""
    units = replace(grid, size=1, phase=0).ticks(times)
    if not len(units):
        return replace(grid, usual=0, share=0.0)
    size = max(1, int(np.gcd.reduce(units - units[0])))
    gaps = np.diff(units)[is_within] // size
    found, counts = np.unique(gaps[gaps > 0], return_counts=True)
    grid = replace(grid, size=size, phase=int(units[0] % size))
    if not len(found):
        return replace(grid, usual=0, share=0.0)
    most = int(counts.argmax())
    return replace(grid, usual=int(found[most]), share=float(counts[most] / counts.sum()))


def _within(n: int, starts: Int[np.ndarray, " n_series_and_one"]) -> Bool[np.ndarray, " m"]:
    """Whether each step but the last is followed by one of the same series."""
    found = np.ones(max(n - 1, 0), dtype=bool)
    borders = np.asarray(starts)[1:-1] - 1
    found[borders[(borders >= 0) & (borders < len(found))]] = False
    return found


def to_local(times: Times, zone: str) -> Times:
    """What the clock shows in a time zone, in microseconds; without one they as they are."""
    if not zone:
        return times
    moments = pa.array(times).cast(pa.timestamp("us")).cast(pa.timestamp("us", zone))
    return pc.local_timestamp(moments).cast(pa.int64()).to_numpy(zero_copy_only=False)


def from_local(times: Times, zone: str) -> Times:
    """The inverse; of an hour that comes twice the first, and the next moment for one that is left out."""
    if not zone:
        return times
    local = pa.array(times).cast(pa.timestamp("us"))
    moments = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest")
    return moments.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(zero_copy_only=False)
