"""The last touch: what is made freely has the margins of real series."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.modalities.series import margins
from gansmith.modalities.series.crops import Crops
from gansmith.modalities.series.margins import (
    Counted,
    Margins,
    _one_each,
    _shares,
    calibrate_attributes,
    calibrate_steps,
    margins_of,
)
from tests.unit.modalities.series.conftest import make_customers
from tests.unit.modalities.series.test_making import learnt, noise


def made_margins(codec, generator) -> Margins:
    made = codec.decode(generator(noise(120, 9), None), 0, 0)
    return margins_of(codec.steps, codec.steps.encode(made, 0), made.starts)


def apart(one: Counted, other: Counted) -> float:
    shares = [each.counts / each.counts.sum() for each in (one, other)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


@pytest.fixture(scope="module")
def shop():
    return learnt(make_customers(120), entity="customer_id", time="when", columns={"born": "date"})


def test_steps_are_counted_but_no_time_before_the_first(shop):
    series, codec, _ = shop
    found = Crops(codec, series, 0).margins
    n_later = series.steps.num_rows - len(series)
    assert (found.n_steps, found.n_series) == (series.steps.num_rows, len(series))
    assert found.weekdays.counts.sum() == n_later
    n_each = [one.counts.sum() for one in found.states]
    assert n_each == [
        n_later if place < codec.steps.n_clock else found.n_steps for place in range(len(n_each))
    ]
    assert np.array_equal(Margins.together([found, found]).weekdays.counts, 2 * found.weekdays.counts)


def test_counts_of_few_series_are_doubtful():
    codes = np.repeat([0, 1, 0], [1, 60, 60])
    of_one = Counted.of(codes, np.repeat([0, 1], [61, 60]), 2)  # all ones are of one series
    of_all = Counted.of(codes, np.tile(np.arange(11), 11), 2)
    assert np.array_equal(of_one.counts, of_all.counts)
    assert (of_one.variances > 5 * of_all.variances).all()
    alike = Counted.of(codes, np.repeat([0, 1], [61, 60]), 2, is_even=True)
    assert alike.counts == pytest.approx([60.5 * (1 / 61 + 1), 60.5 * 60 / 61])
    even = Counted(np.array([61.0, 60.0]), of_one.variances)
    assert not _shares(Counted(np.array([70.0, 51.0]), of_one.variances), even).any()
    sure = Counted(np.array([70.0, 51.0]), 0 * of_one.variances)
    assert _shares(sure, Counted(even.counts, sure.variances))[0] > 0.05


def test_free_series_come_nearer_to_the_margins_of_real_ones(shop):
    series, codec, generator = shop
    wanted = Crops(codec, series, 0).margins
    place = [one.column.name for one in codec.steps.columns].index("kind")
    states, weekdays = [*wanted.states], wanted.weekdays
    skewed = np.where(np.arange(len(states[place].counts)) == 0, 3, 1)
    states[place] = states[place]._replace(counts=states[place].counts * skewed)
    weekdays = weekdays._replace(counts=weekdays.counts * [3, 1, 1, 1, 1, 1, 1])
    wanted = Margins(tuple(states), weekdays, wanted.n_steps, wanted.n_series)
    before = made_margins(codec, generator)
    calibrate_steps(generator, codec, wanted, 0)
    after = made_margins(codec, generator)
    assert apart(after.weekdays, weekdays) < apart(before.weekdays, weekdays) / 2
    assert apart(after.states[place], states[place]) < 0.06 < apart(before.states[place], states[place])


def test_attributes_come_as_often_as_they_do(shop):
    series, codec, generator = shop
    compact = Crops(codec, series, 0).attributes
    place = [codec.attributes.flat.names[index] for index in codec.attributes.playing].index("city")
    wanted = _one_each(compact[:, place], 3)
    calibrate_attributes(generator.attributes, compact, 0)
    made, _, _ = codec.unpacked(generator(noise(600, 3), None).numpy())
    assert apart(_one_each(torch.from_numpy(made[:, place]), 3), wanted) < 0.07


def test_few_series_have_margins_of_their_own(shop, monkeypatch):
    series, codec, generator = shop
    monkeypatch.setattr(margins, "FEWEST_SERIES", len(series) + 1)
    before = generator.bias.clone()
    calibrate_steps(generator, codec, Crops(codec, series, 0).margins, 0)
    assert bool((generator.bias == before).all())
