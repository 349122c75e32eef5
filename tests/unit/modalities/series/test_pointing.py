"""When events come: each day ahead has a rate, and what comes on the same day comes before midnight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.format import SeriesFormat
from gansmith.modalities.series.pointing import GAIN, Pointer, _calendar, _moved
from gansmith.modalities.series.timing import CLOCK, DAYS, MOMENT
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.constraints.calendar import DAY

FIRST = np.datetime64("2024-01-01")


@pytest.fixture(scope="module")
def steps():
    """Of events at random and a fee on the 25th, of 30 accounts."""
    rng, rows = np.random.default_rng(0), []
    for account in range(30):
        seconds = np.sort(rng.integers(0, 150 * 86_400, 40))
        rows += [(account, FIRST.astype("M8[s]") + int(at), "sale") for at in seconds]
        rows += [(account, np.datetime64(f"2024-0{month}-25T05:00:00"), "fee") for month in range(1, 6)]
    frame = pd.DataFrame(rows, columns=["account", "time", "type"]).sort_values(["account", "time"])
    options = SeriesOptions(entity="account", time="time")
    codec = SeriesCodec.fit(SeriesFormat().read(frame, options), options, 0)
    assert isinstance(codec, SeriesCodec)
    return codec.steps


@pytest.fixture(scope="module")
def pointer(steps):
    found = Pointer(steps, 6, 4, (1,))
    with torch.no_grad():
        for weights in found.parameters():
            weights.zero_()
    return found


def test_each_day_of_some_weeks_is_told_apart(steps):
    codec = steps.columns[0]
    assert isinstance(codec, NumberCodec)
    assert codec.column.name == DAYS
    assert codec.spikes[:10].tolist() == list(range(10))


def test_chances_of_gaps_come_from_rates(steps, pointer):
    n = steps.n_states[0]
    even = pointer.waited(torch.zeros(1, n)).exp()
    assert torch.allclose(even, torch.full((1, n), 1 / n), atol=1e-5)
    some = 3 * torch.randn(50, n)
    assert torch.allclose(pointer.waited(some).exp().sum(1), torch.ones(50), atol=1e-4)
    certain = torch.full((1, n), -5.0)
    certain[0, 4] = 20.0
    found = pointer.waited(certain).exp()[0]
    assert found[5:].sum() < 1e-6  # what is sure to come keeps all that is later away, not what is earlier
    assert found[:4].sum() > 1e-4


def test_gaps_are_judged_by_the_days_they_lead_to(steps, pointer):
    last = torch.tensor([int((np.datetime64("2024-02-22") - np.datetime64("1970-01-01")).astype(int))])
    never = torch.full((1, steps.route.n_recalled), -1)
    with torch.no_grad():
        pointer.usual[0, 7 + 24] = 5 / GAIN  # the 25th of the month, of everybody
        pointer.usual[1, 7 + 22] = 2 / GAIN  # the 23rd, of who is of a kind
        pointer.pace_of[0] = 1.0
        pointer.again.bias[2] = 3.0  # the same day of the month as the first state was last there on
    told, none = torch.zeros(1, 6), torch.zeros(1)
    assert pointer.logits(told, last, never, none + 2)[0, :6].tolist() == [2, 2, 2, 7, 2, 2]
    assert pointer.logits(told, last, never, none)[0, :6].tolist() == [0, 0, 0, 5, 0, 0]
    told[0, 5] = 1
    assert pointer.logits(told, last, never, none)[0, :6].tolist() == [0, 2, 0, 5, 0, 0]
    seen = never.clone()
    seen[0, 0] = last - 29  # the 24th of January
    assert pointer.logits(told, last, seen, none)[0, :6].tolist() == [0, 2, 3, 5, 0, 0]


def test_business_days_stand_for_the_weekend_beside_them():
    days = np.arange("2023-01-12", "2023-01-17", dtype="M8[D]").astype(np.int64)  # Thursday to Monday
    before, after = (_moved(days, (days + 3) % 7 < 5, ahead) for ahead in (1, -1))
    assert [(np.flatnonzero(row) + 1).tolist() for row in before] == [[12], [13, 14, 15], [], [], [16]]
    assert [(np.flatnonzero(row) + 1).tolist() for row in after] == [[12], [13], [], [], [14, 15, 16]]
    calendar, of_month = _calendar(days)
    assert calendar.sum(1)[1] > calendar.sum(1)[0]
    assert of_month.tolist() == [12, 13, 14, 15, 16]


def test_what_comes_on_the_same_day_comes_before_midnight(steps):
    late = np.array([np.datetime64("2024-01-05T23:59:58", "us").astype(np.int64)])
    made = {DAYS: np.zeros(1), CLOCK: np.array([np.nan]), MOMENT: np.array([5_000.0])}
    assert steps.timing.following(late, made)[0] // DAY == late[0] // DAY
    assert steps.timing.left_of_day(late)[0] == pytest.approx(1, abs=0.1)
