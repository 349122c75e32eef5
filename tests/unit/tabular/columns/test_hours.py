"""Moments that are made fall into the hours and days in which real ones do."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.conditions import conditions_of
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column, Schema

N = 2_000
DAY = 86_400
START = 1_672_617_600
"""Monday, 2 January 2023, in seconds."""
AT = Column("at", "datetime", granularity_seconds=1)


def opened():
    """Monday to Friday from 9 to 18, on Saturdays to 13."""
    rng = np.random.default_rng(0)
    weekday = rng.choice(6, N, p=[0.18] * 5 + [0.1])
    day = 7 * rng.integers(0, 52, N) + weekday
    return START + DAY * day + ((9 + rng.beta(2, 2, N) * np.where(weekday < 5, 9, 4)) * 3600).astype(int)


def moments(seconds):
    return pa.array(np.asarray(seconds) * 10**6).cast(pa.timestamp("us"))


def made(codec, n=5_000):
    rng = np.random.default_rng(1)
    codes = rng.integers(codec.has_missing + len(codec.spikes), codec.n_states, n)
    return codec.decode(codes, rng.uniform(-1, 1, n).astype(np.float32), rng, Keyed()).to_pylist()


def test_moments_fall_into_open_hours_as_often_as_real_ones():
    codec = NumberCodec.fit(moments(opened()), AT, Fitting(5))
    found = made(codec)
    is_open = [9 <= one.hour < (18 if one.weekday() < 5 else 13) and one.weekday() < 6 for one in found]
    assert np.mean(is_open) > 0.998
    weekdays = np.bincount([one.weekday() for one in found], minlength=7) / len(found)
    assert weekdays == pytest.approx([0.18] * 5 + [0.1, 0], abs=0.03)
    assert all(one.microsecond == 0 for one in found)


def test_real_moments_come_back_as_they_are():
    cells, rng = moments(opened()), np.random.default_rng(0)
    codec = NumberCodec.fit(cells, AT, Fitting(1))
    assert codec.hours
    assert codec.decode(*codec.encode(cells, rng), rng, Keyed()).equals(cells)


def test_dates_keep_to_their_weekdays_and_times_to_their_hours():
    days = pa.array(opened() // DAY).cast(pa.int32()).cast(pa.date32())
    assert {one.weekday() for one in made(NumberCodec.fit(days, Column("d", "date"), Fitting(5)))} == set(
        range(6)
    )
    times = pa.array(opened() % DAY * 10**6).cast(pa.time64("us"))
    column = Column("t", "time", granularity_seconds=1)
    assert {one.hour for one in made(NumberCodec.fit(times, column, Fitting(5)))} == set(range(9, 18))


def test_a_range_of_moments_can_be_asked_for():
    codec = NumberCodec.fit(moments(opened()), AT, Fitting(1))
    (asked,) = conditions_of(Schema((AT,)), ["at>=2023-06-01", "at<2023-07-01"]).values()
    choices = codec.choices(asked)
    assert choices.cells is not None
    assert {one.month for one in choices.cells.to_pylist()} == {6}
    assert sum(choices.weights) == pytest.approx(N * 30 / 364, rel=0.15)
    one = conditions_of(
        Schema((AT,)), {"at": datetime.datetime.fromtimestamp(int(opened()[7]), datetime.UTC)}
    )["at"]
    assert len(codec.choices(one)) == 1


@pytest.mark.parametrize("n", [60, 200, 2_000])
def test_moments_at_any_hour_stay_as_they_are(n):
    for seed in range(10):
        seconds = START + np.random.default_rng(seed).integers(0, 364 * DAY, n)
        assert not NumberCodec.fit(moments(seconds), AT, Fitting(5)).hours
        days = pa.array(seconds // DAY).cast(pa.int32()).cast(pa.date32())
        assert not NumberCodec.fit(days, Column("d", "date"), Fitting(5)).hours


def test_hours_of_a_hostile_model_are_refused():
    codec = NumberCodec.fit(moments(opened()), AT, Fitting(5))
    for hours in ([1.0], [0.0] * 168, [1.0] * 168, ["x"] * 168, [-1.0, 2.0] + [0.0] * 166):
        with pytest.raises(DataError, match="hours"):
            NumberCodec.from_state({**codec.state(), "hours": hours}, AT)
    assert made(NumberCodec.from_state(codec.state(), AT)) == made(codec)


def test_a_column_without_a_date_has_no_hours():
    codec = NumberCodec.fit(pa.nulls(2, pa.date32()), Column("on", "date"), Fitting(1))

    assert not codec.hours
