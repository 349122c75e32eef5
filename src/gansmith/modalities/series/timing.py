"""When steps happen, as columns of their own: the gap to the step before, or days and a time of day.

On a grid the gap is a whole number of its usual steps, mostly one. Events of whole days have a gap of days.
Events with a clock have two ways to go on: later on the same day, after a gap of seconds, or on another day,
at a time of day; so bursts of seconds, opening hours and nightly jobs all come out.
"""

from __future__ import annotations

from typing import Final, Literal, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.modalities.series.records import Starts
from gansmith.modalities.series.ticks import Grid, Times, from_local, grid_of, to_local
from gansmith.settings import settings
from gansmith.tabular.constraints.calendar import DAY
from gansmith.tabular.schema import Column, Schema

GAP, DAYS, CLOCK, MOMENT = "gap", "days", "clock", "moment"
"""Columns of time: the gap alone; or days, and then a time of day or, on the same day, a gap in seconds."""
Kind = Literal["none", "grid", "days", "clock"]
SECOND: Final = 1_000_000
_N_YEARLY, _N_DAILY = 2, 3
"""Harmonics of the year and of the day by which drafts go."""
_N_HOURS, _N_WEEKDAYS, _N_DAYS, _N_LEFT, _N_MONTHS = 24, 7, 31, 5, 12


@final
@settings(kw_only=True, error=DataError)
class Timing:
    """How the times of steps follow each other."""

    kind: Kind
    """No times; a grid that is mostly kept; irregular, of whole ticks; irregular, with a time of day."""
    grid: Grid | None = None
    first: int = 0
    """Time of the earliest step that was learnt, ..."""
    last: int = 0
    """... and of the latest: where in between a step lies says how far things have changed."""

    @classmethod
    def of(cls, times: Times | None, starts: Starts, column: Column | None) -> Timing:
        """How these times, of series one after the other, follow each other."""
        if times is None or column is None or not len(times):
            return cls(kind="none")
        grid = grid_of(times, starts, column)
        kind: Kind = "grid" if grid.is_regular else "clock" if grid.unit == "microseconds" else "days"
        return cls(kind=kind, grid=grid, first=int(times.min()), last=int(times.max()))

    @property
    def is_fixed(self) -> bool:
        """Whether every gap is the usual one, so that times need not be learnt."""
        return self.kind == "none" or (self.kind == "grid" and self._grid.share == 1)

    @property
    def _grid(self) -> Grid:
        assert self.grid is not None
        return self.grid

    @property
    def in_days(self) -> bool:
        """Whether gaps are whole days."""
        grid = self.grid
        is_daily = self.kind == "days" and grid is not None and grid.unit == "days" and grid.size == 1
        return self.kind == "clock" or is_daily

    @property
    def _stride(self) -> int:
        """Ticks of a gap of one."""
        return max(self._grid.usual, 1) if self.kind == "grid" else 1

    @property
    def schema(self) -> Schema:
        """The columns of time."""
        if self.is_fixed:
            return Schema(())
        if self.kind != "clock":
            return Schema((Column(GAP, "integer"),))
        seconds = [Column(name, "decimal", decimals=6) for name in (CLOCK, MOMENT)]
        return Schema((Column(DAYS, "integer"), *seconds))

    def columns(self, times: Times, starts: Starts) -> pa.Table:
        """The columns of time of all steps; those of a first step mean nothing."""
        schema = self.schema
        if not schema.columns:
            return pa.table({})
        before = np.concatenate([times[:1], times[:-1]])
        before[starts[:-1]] = times[starts[:-1]]
        if self.kind != "clock":
            gaps = (self._grid.ticks(times) - self._grid.ticks(before)) // self._stride
            return pa.table({GAP: pa.array(gaps)})
        (day, clock), (day_before, _) = (np.divmod(self.local(each), DAY) for each in (times, before))
        days, seconds = day - day_before, (times - before) / SECOND
        is_other = days > 0
        return pa.table(
            {
                DAYS: pa.array(days),
                CLOCK: pa.array(clock / SECOND, mask=~is_other),
                MOMENT: pa.array(seconds, mask=is_other),
            }
        )

    def local(self, times: Times) -> Times:
        """What the clock shows."""
        return to_local(times, self._grid.zone)

    def following(self, times: Times, made: dict[str, Float[np.ndarray, " n"]]) -> Times:
        """The times of the next steps.

        Args:
            times: Of the steps before.
            made: Columns of time, NaN where missing; nothing where these are fixed.
        """
        if self.kind == "none":
            return times + 1
        grid = self._grid
        if self.kind != "clock":
            gaps = np.maximum(np.round(made[GAP]), 0).astype(np.int64) if made else 1
            return grid.times(grid.ticks(times) + gaps * self._stride)
        days, clock, seconds = (made[name] for name in (DAYS, CLOCK, MOMENT))
        whole = np.maximum(np.round(days), 0).astype(np.int64)
        moment = np.nan_to_num(clock, nan=43_200.0).clip(0, 86_399.999999)
        there = (self.local(times) // DAY + whole) * DAY + (moment * SECOND).astype(np.int64)
        within = np.nan_to_num(seconds, nan=0.0).clip(0, self.left_of_day(times))
        later = times + (within * SECOND).astype(np.int64)
        found = np.where(whole > 0, from_local(there, grid.zone), later)
        return np.maximum(grid.times(grid.ticks(found)), times)

    def left_of_day(self, times: Times) -> Float[np.ndarray, " n"]:
        """Seconds to the last tick before midnight."""
        tick = max(self._grid.size, 1)
        return np.maximum(DAY - tick - self.local(times) % DAY, 0) / SECOND

    @property
    def n_features(self) -> int:
        """Numbers by which `features` tells a time."""
        if self.kind == "none" or self._grid.unit == "numbers":
            return 0
        has_hours = self._grid.unit == "microseconds"
        of_days = 0 if self._grid.unit == "months" else _N_WEEKDAYS + _N_DAYS + _N_LEFT
        return _N_HOURS * has_hours + of_days + _N_MONTHS + 3

    def features(self, times: Times) -> Float[np.ndarray, "n n_features"]:
        """What the calendar says of times, as numbers: ones for hour, weekday, day and month; the season."""
        if not self.n_features:
            return np.zeros((len(times), 0), np.float32)
        grid = self._grid
        parts = grid.calendar(grid.ticks(times))
        found: list[np.ndarray] = []
        if grid.unit == "microseconds":
            found.append(np.eye(_N_HOURS, dtype=np.float32)[parts.hour])
        if grid.unit != "months":
            found += [
                np.eye(_N_WEEKDAYS, dtype=np.float32)[parts.weekday],
                np.eye(_N_DAYS, dtype=np.float32)[parts.day - 1],
                np.eye(_N_LEFT + 1, dtype=np.float32)[np.minimum(parts.days_left, _N_LEFT)][:, :_N_LEFT],
            ]
        turn = 2 * np.pi * parts.day_of_year / 365.25
        span = max(self.last - self.first, 1)
        share = np.clip((times - self.first) / span, 0, 1)
        found += [
            np.eye(_N_MONTHS, dtype=np.float32)[parts.month - 1],
            np.stack([np.sin(turn), np.cos(turn), share], 1),
        ]
        return np.concatenate(found, 1, dtype=np.float32)

    @property
    def n_usual(self) -> int:
        """Numbers by which `habit` tells a time."""
        return 0 if not self.in_days else _N_WEEKDAYS + 4 * (self.kind == "clock")

    def habit(self, times: Times) -> Float[np.ndarray, "n n_usual"]:
        """What series may get used to: the weekday, and the hour as turns of a day and of half a day."""
        if not self.n_usual:
            return np.zeros((len(times), 0))
        day, clock = np.divmod(self.local(times), DAY)
        found = [np.eye(_N_WEEKDAYS)[(day + 3) % 7]]
        if self.kind == "clock":
            turn = 2 * np.pi * clock / DAY
            found.append(np.stack([wave(k * turn) for k in (1, 2) for wave in (np.sin, np.cos)], 1))
        return np.concatenate(found, 1)

    @property
    def n_waves(self) -> int:
        """Numbers that `waves` gives."""
        if self.kind == "none" or self._grid.unit == "numbers":
            return 0
        of_day = 2 * _N_DAILY + 4 if self._grid.unit == "microseconds" else 0
        return 2 * _N_YEARLY + of_day

    def waves(self, times: Times) -> Float[np.ndarray, "n n_waves"]:
        """The seasons as sines and cosines: of the year, and of the day where times have one, and of both."""
        if not self.n_waves:
            return np.zeros((len(times), 0))
        parts = self._grid.calendar(self._grid.ticks(times))
        year = 2 * np.pi * (parts.day_of_year + parts.hour / 24) / 365.25
        found = [wave(k * year) for k in range(1, _N_YEARLY + 1) for wave in (np.sin, np.cos)]
        if self._grid.unit == "microseconds":
            day = 2 * np.pi * (parts.hour + parts.minute / 60) / 24
            found += [wave(k * day) for k in range(1, _N_DAILY + 1) for wave in (np.sin, np.cos)]
            found += [one(day) * other(year) for one in (np.sin, np.cos) for other in (np.sin, np.cos)]
        return np.stack(found, 1)

    def trend(self, times: Times) -> Float[np.ndarray, " n"]:
        """How far times are along those that were learnt, -1 to 1, and beyond."""
        return (
            2 * (times - self.first) / max(self.last - self.first, 1) - 1
            if self.last
            else np.zeros(len(times))
        )

    def days_at(self, times: Times) -> Float[np.ndarray, " n"]:
        """Times in days, to count how long ago something was; steps where there are no times."""
        if self.kind == "none" or self._grid.unit == "numbers":
            return times.astype(float)
        return self.local(times) / DAY


def season_of(timing: Timing, n_longest: int) -> int:
    """Steps of the season that a regular grid has, 0 where there is none or no series has two of them.

    A day of hours or minutes, a week of days, a year of months.
    """
    if timing.kind != "grid" or timing.grid is None:
        return 0
    grid = timing.grid
    step = grid.size * max(grid.usual, 1)
    match grid.unit:
        case "months":
            n = 12 / step
        case "days":
            n = 7 / step
        case "business days":
            n = 5 / step
        case "microseconds":
            n = DAY / step
        case "numbers":
            return 0
    return int(n) if n > 1 and n == int(n) and 2 * n < n_longest else 0


def to_same_day(seen: Float[np.ndarray, "n m"], since: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Days from now to the same day of the month after a time, in days since 1970, so many days ago."""
    day = np.floor(seen).astype(np.int64).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    place = day - month.astype("datetime64[D]")
    n_days = (month + 2).astype("datetime64[D]") - (month + 1).astype("datetime64[D]")
    then = (month + 1).astype("datetime64[D]") + np.minimum(place, n_days - np.timedelta64(1, "D"))
    return (then - day).astype(float) - np.floor(seen + since) + np.floor(seen)
