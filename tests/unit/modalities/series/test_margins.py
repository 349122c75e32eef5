"""The last touch: what is made freely has the margins of real series."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.modalities.series import margins
from gansmith.modalities.series.crops import Crops
from gansmith.modalities.series.margins import Margins, calibrate_steps, margins_of
from tests.unit.modalities.series.conftest import make_customers
from tests.unit.modalities.series.test_making import learnt, noise


def made_margins(codec, generator) -> Margins:
    made = codec.decode(generator(noise(120, 9), None), 0, 0)
    return margins_of(codec.steps, codec.steps.encode(made, 0), made.starts)


def apart(one, other) -> float:
    return float(np.abs(one / one.sum(-1, keepdims=True) - other / other.sum(-1, keepdims=True)).sum() / 2)


@pytest.fixture(scope="module")
def shop():
    return learnt(make_customers(120), entity="customer_id", time="when", columns={"born": "date"})


def test_steps_are_counted_but_no_time_before_the_first(shop):
    series, codec, _ = shop
    found = Crops(codec, series, 0).margins
    n_later = series.steps.num_rows - len(series)
    assert (found.n_steps, found.n_series) == (series.steps.num_rows, len(series))
    assert found.weekdays.sum() == n_later
    assert found.states[: codec.steps.n_clock].sum(1).tolist() == [n_later] * codec.steps.n_clock
    assert found.states[codec.steps.n_clock :].sum(1) == pytest.approx(found.n_steps)
    assert np.array_equal(Margins.together([found, found]).weekdays, 2 * found.weekdays)


def test_free_series_come_nearer_to_the_margins_of_real_ones(shop):
    series, codec, generator = shop
    wanted = Crops(codec, series, 0).margins
    place = [one.column.name for one in codec.steps.columns].index("kind")
    states = wanted.states.copy()
    states[place, 0] *= 3
    wanted = Margins(states, wanted.weekdays * [3, 1, 1, 1, 1, 1, 1], wanted.n_steps, wanted.n_series)
    before = made_margins(codec, generator)
    calibrate_steps(generator, codec, wanted, 0)
    after = made_margins(codec, generator)
    assert apart(after.weekdays, wanted.weekdays) < apart(before.weekdays, wanted.weekdays) / 2
    assert (
        apart(after.states[place], wanted.states[place]) < 0.06 < apart(before.states[place], states[place])
    )


def test_few_series_have_margins_of_their_own(shop, monkeypatch):
    series, codec, generator = shop
    monkeypatch.setattr(margins, "FEWEST_SERIES", len(series) + 1)
    before = generator.bias.clone()
    calibrate_steps(generator, codec, Crops(codec, series, 0).margins, 0)
    assert bool((generator.bias == before).all())
