"""Times as ticks and back, on the grids that series lie on; and what the calendar says of them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from gansmith.modalities.series.ticks import Grid, calendar_parts, cells_at, grid_of, times_of
from gansmith.settings import from_plain, to_plain
from gansmith.tabular.schema import Column

DATE, MOMENT = Column("when", "date"), Column("when", "datetime")


def found(times, column=MOMENT, starts=None):
    """The grid of times, of which it loses nothing."""
    times = np.asarray(times).astype("datetime64[us]").astype(np.int64)
    grid = grid_of(times, np.array([0, len(times)]) if starts is None else starts, column)
    np.testing.assert_array_equal(grid.times(grid.ticks(times)), times)
    assert from_plain(Grid, json.loads(json.dumps(to_plain(grid)))) == grid
    return grid, grid.ticks(times)


def days(first, last, step="D"):
    return np.arange(np.datetime64(first), np.datetime64(last), dtype=f"datetime64[{step}]")


@pytest.mark.parametrize(
    ("times", "words", "gap"),
    [
        (days("1749-01", "1760-01", "M"), "every month", 1),
        (days("1949-01", "1959-01", "M")[::3], "every 3 months", 1),
        (days("1900-01", "2000-01", "M")[::12], "every year", 1),
        (days("2020-02", "2022-02", "M").astype("datetime64[D]") - 1, "every month", 1),  # month ends
        (days("1981-01-01", "1985-01-01"), "every day", 1),
        (days("2019-01-07", "2021-01-01")[::7], "every week", 1),
        (days("2020-01-01", "2020-02-01").astype("datetime64[s]") + 64_800, "every day", 1),
        (
            np.arange(np.datetime64("2020-02-28T00:05"), np.datetime64("2020-03-02"), 10),
            "every 10 minutes",
            1,
        ),
    ],
)
def test_regular_steps_are_one_tick_apart(times, words, gap):
    grid, ticks = found(times, DATE if words.endswith(("day", "week", "month", "year")) else MOMENT)
    assert grid.in_words == words
    assert grid.is_regular
    assert grid.share == 1
    assert set(np.diff(ticks)) == {gap}


def test_business_days_have_no_weekends():
    every = days("2020-01-01", "2020-06-01")
    grid, ticks = found(every[np.is_busday(every)], DATE)
    assert grid.in_words == "every business day"
    assert set(np.diff(ticks)) == {1}
    friday, monday = grid.ticks(np.array(["2020-02-28", "2020-03-02"], "datetime64[us]").astype(np.int64))
    assert monday - friday == 1
    holidays = np.delete(every[np.is_busday(every)], [3, 40, 41])
    grid, ticks = found(holidays, DATE)
    assert grid.unit == "business days"
    assert sorted(set(np.diff(ticks))) == [1, 2, 3]
    mondays, _ = found(days("2020-01-06", "2021-01-01")[::7], DATE)
    assert mondays.unit == "days"


def test_gaps_leave_the_grid_as_it_is():
    hours = np.delete(days("2020-01-01", "2020-03-01", "h"), [*range(30, 60), 100, 900])
    grid, ticks = found(hours)
    assert grid.in_words == "every hour"
    assert 0.99 < grid.share < 1
    assert sorted(set(np.diff(ticks))) == [1, 2, 31]
    half = hours[np.sort(np.random.default_rng(0).permutation(len(hours))[: len(hours) // 2])]
    assert found(half)[0].size == 3_600_000_000


def test_months_by_the_calendar_in_leap_years():
    grid = Grid(unit="months", day=31)
    dates = cells_at(grid.times(np.arange(600, 603)), DATE).to_pylist()
    assert [str(one) for one in dates] == ["2020-01-31", "2020-02-29", "2020-03-31"]
    early = np.array(["2020-02-28", "2020-02-29", "2020-03-30"], "datetime64[us]").astype(np.int64)
    assert grid.ticks(early).tolist() == [600, 601, 601]


def test_events_are_counted_in_the_finest_unit():
    seconds = np.datetime64("2020-01-01", "s") + np.sort(np.random.default_rng(0).integers(0, 9**6, 300))
    grid, ticks = found(seconds.astype("datetime64[s]"))
    assert not grid.is_regular
    assert grid.in_words == "irregular, to the second"
    assert (np.diff(ticks) >= 0).all()
    jitter = np.datetime64("2020-01-01", "s") + np.cumsum(np.where(np.arange(200) % 20, 10, 11))
    grid, _ = found(jitter)
    assert (grid.usual, grid.share, grid.in_words) == (10, pytest.approx(0.95, abs=0.01), "every 10 seconds")


def test_series_that_begin_apart_share_a_grid():
    one = days("2020-01-01T00:00", "2020-01-03", "h").astype("datetime64[s]")
    grid, _ = found(np.concatenate([one, one + 17]), starts=np.array([0, 48, 96]))
    assert (grid.size, grid.usual, grid.share) == (1_000_000, 3600, 1)
    assert found(one[:1])[0].usual == 0


def test_whole_numbers_are_times():
    column = Column("cycle", "integer", "int16")
    grid = grid_of(np.array([1, 2, 3, 1, 2]), np.array([0, 3, 5]), column)
    assert (grid.in_words, grid.usual, grid.size) == ("in steps of 1", 1, 1)
    years = times_of(pa.array([1950, 1955, 1960, 1970], pa.int16()), column)
    grid = grid_of(years, np.array([0, 4]), column)
    assert grid.in_words == "in steps of 5"
    assert cells_at(grid.times(grid.ticks(years)), column).to_pylist() == [1950, 1955, 1960, 1970]
    column = Column("t", "decimal", decimals=3)
    beats = times_of(pa.array([0.0, 0.008, 0.016, 0.032]), column)
    grid = grid_of(beats, np.array([0, 4]), column)
    assert (grid.in_words, grid.size) == ("in steps of 0.008", 8)
    assert cells_at(grid.times(grid.ticks(beats)), column).to_pylist() == [0.0, 0.008, 0.016, 0.032]


def test_days_are_those_of_the_time_zone():
    column = Column("when", "datetime", zone="Europe/Berlin")
    local = pa.array(days("2021-03-20", "2021-11-10").astype("datetime64[us]") + 7 * 3_600_000_000)
    times = pc.assume_timezone(local, "Europe/Berlin").cast(pa.int64()).to_numpy()
    grid, ticks = found(times.astype("datetime64[us]"), column)
    assert grid.in_words == "every day"
    assert set(np.diff(ticks)) == {1}
    assert set(grid.calendar(ticks).hour) == {7}
    hours = np.arange(times[0], times[-1], 3_600_000_000).astype("datetime64[us]")
    grid, ticks = found(hours, column)
    assert grid.in_words == "every hour"
    assert set(np.diff(ticks)) == {1}
    assert (np.diff(grid.calendar(ticks).hour) % 24 != 1).sum() == 2  # summer time begins and ends


def test_calendar_parts():
    moments = np.array(["2020-02-29T23:45", "2021-12-31T00:00", "1969-07-20T20:17"], "datetime64[us]")
    found = calendar_parts(moments.astype(np.int64))
    assert found.hour.tolist() == [23, 0, 20]
    assert found.minute.tolist() == [45, 0, 17]
    assert found.weekday.tolist() == [5, 4, 6]
    assert found.day.tolist() == [29, 31, 20]
    assert found.days_left.tolist() == [0, 0, 11]
    assert found.month.tolist() == [2, 12, 7]
    assert found.day_of_year.tolist() == [60, 365, 201]
