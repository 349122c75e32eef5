"""What is known of the past of series: drafts, seasons, how long ago things were, the days ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.modalities.series.drafting import measure_of, off_drafts, with_draft, with_room, within
from gansmith.modalities.series.ticks import Grid
from gansmith.modalities.series.timing import Timing, season_of
from gansmith.modalities.series.walk import LENGTH_SCALE, Draft, Measure, Route, Walk
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.constraints.calendar import DAY
from gansmith.tabular.schema import Column

NONE = Timing(kind="none")


def days(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[us]").astype(np.int64)


def test_the_draft_of_an_autoregression_leaves_its_innovations():
    rng = np.random.default_rng(0)
    n, series = 400, []
    for _ in range(20):
        values = np.zeros(n)
        noise = rng.normal(size=n)
        for t in range(2, n):
            values[t] = 1.4 * values[t - 1] - 0.5 * values[t - 2] + noise[t]
        series.append(5 + values)
    numbers, starts = np.concatenate(series)[:, None], np.arange(0, 20 * n + 1, n)
    measure = measure_of(numbers[:, 0], 0, starts)
    assert measure.is_drafted
    assert not measure.is_log
    times = np.tile(np.arange(n), 20)
    route = with_draft(Route(NONE, 0, (measure,), ()), times, numbers, starts)
    assert route.draft is not None
    spread = route.draft.spread[2, 0] * measure.deviation
    assert spread == pytest.approx(1.0, abs=0.06)  # as most innovations are: two in three within one
    off, is_same = off_drafts(route, times, numbers, starts)
    later = np.setdiff1d(np.arange(20 * n), np.concatenate([starts[:-1], starts[:-1] + 1]))
    left = off[later, 0]
    assert abs(np.corrcoef(left[1:], left[:-1])[0, 1]) < 0.03
    assert not is_same[later].any()


def test_numbers_that_vary_more_the_larger_they_are_are_drafted_as_logarithms():
    rng = np.random.default_rng(1)
    prices = np.exp(np.cumsum(0.02 * rng.normal(size=3_000)) + 3)
    found = measure_of(prices, 0, np.array([0, 3_000]))
    assert found.is_log
    assert found.is_drafted
    noise = measure_of(rng.normal(size=500), 0, np.array([0, 500]))
    assert not noise.is_drafted


def test_a_season_is_drafted_from_a_season_ago():
    rng = np.random.default_rng(2)
    shape = rng.normal(size=24)
    values = np.tile(shape, 40) + 0.05 * rng.normal(size=960)
    starts, times = np.array([0, 960]), np.arange(960)
    measure = measure_of(values + np.cumsum(0.02 * rng.normal(size=960)) * 5, 0, starts)
    measure = type(measure)(0, True, False, measure.mean, measure.deviation)
    route = with_draft(Route(NONE, 24, (measure,), ()), times, values[:, None], starts)
    off, _ = off_drafts(route, times, values[:, None], starts)
    assert route.draft is not None
    left = (off[100:, 0] * route.draft.spread[3, 0]) * measure.deviation
    assert left.std() < 0.15 < values.std()


def test_weights_of_drafts_that_few_steps_tell_are_doubted_as_much_as_they_vary():
    rng = np.random.default_rng(3)

    def learnt(n_series: int) -> Draft:
        values = np.zeros((n_series, 100))
        for t in range(1, 100):
            values[:, t] = 0.8 * values[:, t - 1] + rng.normal(size=n_series)
        route = Route(NONE, 0, (Measure(0, is_drafted=True),), ())
        times, starts = np.tile(np.arange(100), n_series), np.arange(0, 100 * n_series + 1, 100)
        found = with_draft(route, times, values.reshape(-1, 1), starts).draft
        assert found is not None
        return found

    at, drafts = np.array([[0.0, 1.0, -0.5, 0.0]]), [learnt(1) for _ in range(40)]
    said = np.diff(np.quantile([(at @ draft.past[2])[0, 0] for draft in drafts], (0.16, 0.84)))[0] / 2
    normal = rng.normal(size=(400, 1, 4))
    doubts = [draft.doubted(2, at.repeat(400, 0), normal).std() for draft in drafts]
    assert np.median(doubts) == pytest.approx(said, rel=0.4)
    assert not len(learnt(40).doubt)


def test_a_draft_goes_by_the_seasons_of_year_and_day():
    hours = days("2022-01-01")[0] + 3_600_000_000 * np.arange(2 * 365 * 24)
    starts = np.arange(0, len(hours) + 1, 24 * 73)
    timing = Timing.of(hours, starts, Column("when", "datetime"))
    waves = timing.waves(hours)
    assert waves.shape[1] == timing.n_waves
    values = 20 * waves[:, 0] + 5 * waves[:, 4] + 3 * waves[:, -1]
    measure = replace(measure_of(values, 0, starts), is_drafted=True)
    route = with_draft(Route(timing, 0, (measure,), ()), hours, values[:, None], starts)
    assert route.draft is not None
    assert route.draft.spread[2, 0] * measure.deviation < 0.01


def test_seasons_are_those_of_the_calendar():
    hourly = Timing(kind="grid", grid=Grid(unit="microseconds", size=3_600_000_000, usual=1))
    assert season_of(hourly, 200) == 24
    assert season_of(hourly, 40) == 0
    assert season_of(Timing(kind="grid", grid=Grid(unit="months", usual=1)), 100) == 12
    assert season_of(Timing(kind="grid", grid=Grid(unit="business days", usual=1)), 100) == 5
    assert season_of(NONE, 1_000) == 0


@pytest.mark.parametrize("kind", ["hours", "days", "months", "clock"])
def test_times_follow_from_the_columns_of_time(kind):
    rng = np.random.default_rng(3)
    n, column = 200, Column("when", "datetime")
    gaps = np.where(rng.random(n) < 0.1, rng.integers(2, 9, n), 1)
    if kind == "clock":
        times = np.cumsum(rng.integers(1, 90_000, n)) * 1_000_000 + days("2024-03-01")[0]
    elif kind == "months":
        months = np.datetime64("2010-01", "M") + np.cumsum(gaps)
        times = months.astype("datetime64[us]").astype(np.int64)
    else:
        step = 3_600_000_000 if kind == "hours" else DAY
        times = np.cumsum(rng.integers(1, 9, n) if kind == "days" else gaps) * step + days("2024-03-01")[0]
    starts = np.array([0, n])
    timing = Timing.of(times, starts, column)
    assert not timing.is_fixed
    made = timing.columns(times, starts)
    cells = {
        name: made.column(name).to_numpy(zero_copy_only=False).astype(float) for name in made.column_names
    }
    found = times[:1]
    for step in range(1, n):
        found = timing.following(found, {name: values[step : step + 1] for name, values in cells.items()})
        assert found[0] == times[step]


def test_it_is_known_how_long_ago_a_state_was_there():
    timing = Timing.of(
        days("2024-01-25", "2024-02-03", "2024-02-04T10:00"), np.array([0, 3]), Column("w", "datetime")
    )
    route = Route(timing, 0, (), ((0, 2),))
    times = days("2024-01-25", "2024-02-24")
    walk = Walk(route, times[:1], np.array([9]), times[1:])
    none = np.zeros((1, 0))
    walk.push(times[:1], np.array([[1]]), none, none)
    assert walk.seen_days().tolist() == [[-1, 19_747]]
    told = walk.moment(times[1:])[0, -8:]
    assert told[0] == 1
    assert told[2] == pytest.approx(30 / 30.44)
    assert told[3:].tolist() == [0, 1, 0, 0, 0]  # the same day of the next month is one day ahead


def test_what_it_was_the_last_time_is_remembered():
    timing = Timing(kind="clock", grid=Grid(unit="microseconds"), last=DAY)
    route = Route(timing, 0, (Measure(1, mean=10.0, deviation=2.0),), ((0, 3),), ((0, 3),))
    first = days("2024-01-01")
    walk = Walk(route, first, np.array([9]), first + 90 * DAY)
    for state, number in ((1, 14.0), (2, 8.0), (1, 12.0)):
        walk.push(first, np.array([[state, 0]]), np.array([[number]]), np.zeros((1, 1)))
    assert walk.again(np.array([[1, 0]])).tolist() == [[1, 1]]
    assert walk.again(np.array([[2, 0]])).tolist() == [[-1, 1]]
    assert walk.again(np.array([[0, 0]])).tolist() == [[0, 0]]
    assert walk.shares() == pytest.approx(np.array([[0, 2 / 3, 1 / 3, LENGTH_SCALE * np.log(4)]]))
    assert walk.usual[0].round(6).tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1]  # a Monday, midnight
    assert walk.history().shape == (1, route.n_history)


def test_a_trend_has_room_to_go_on_and_noise_has_none():
    rng = np.random.default_rng(0)
    growing = np.exp(np.linspace(0, 2, 200)) * (1 + 0.02 * rng.normal(size=200))
    for numbers, is_growing in ((growing, True), (20 + np.sin(np.arange(200.0) / 10), False)):
        measure = measure_of(numbers, 0, np.array([0, 200]))
        assert measure.is_drafted
        found = with_room(measure, numbers)
        assert found.low == measure.low
        assert (found.high > 2 * measure.high) == is_growing


def test_no_extreme_that_is_one_series_own_comes_out():
    cells = pa.array(np.concatenate([np.tile(np.arange(0.0, 50.0), 20), [400.0]]))
    codec = NumberCodec.fit(cells, Column("load", "decimal", decimals=1), Fitting(min_count=5))
    numbers = cells.to_numpy()
    bare = replace(measure_of(numbers, 0, np.array([0, len(numbers)])), singles=(3.0, 400.0))
    found = within(bare, codec)
    assert bare.high == 400
    assert found.high == 49
    assert found.number(np.array([99.0]))[0] == 49
    assert 400 not in found.singles
