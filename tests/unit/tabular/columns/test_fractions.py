"""Numbers that are made end as real ones do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

N = 3_000
PRICE = Column("price", "decimal", decimals=2)


def fitted(numbers, column=PRICE, min_count=5):
    return NumberCodec.fit(pa.array(numbers), column, Fitting(min_count))


def made(codec, n=5_000):
    rng = np.random.default_rng(1)
    codes = rng.integers(len(codec.spikes), codec.n_states, n)
    return np.array(codec.decode(codes, rng.uniform(-1, 1, n).astype(np.float32), rng, Keyed()))


def prices():
    rng = np.random.default_rng(0)
    return (np.floor(rng.gamma(2, 400, N)) + rng.choice([0.0, 0.49, 0.99], N, p=[0.1, 0.3, 0.6])).round(2)


def test_prices_end_as_real_ones_and_as_often():
    numbers = made(fitted(prices()))
    ends, counts = np.unique((numbers % 1).round(2), return_counts=True)
    assert ends.tolist() == [0, 0.49, 0.99]
    assert counts / len(numbers) == pytest.approx([0.1, 0.3, 0.6], abs=0.03)
    assert np.quantile(numbers, [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(prices(), [0.1, 0.5, 0.9]), rel=0.06
    )


def test_negative_numbers_end_likewise():
    numbers = made(fitted(-prices()))
    assert set((-numbers % 1).round(2).tolist()) == {0, 0.49, 0.99}


def test_ages_have_halves_and_no_other_ends():
    rng = np.random.default_rng(0)
    ages = np.clip(rng.normal(300, 120, 700).round(), 1, 800) + rng.choice([0.0, 0.5], 700, p=[0.96, 0.04])
    ages[:3] = 0.42, 0.67, 0.83  # too few share these ends
    codec = fitted(ages)
    assert codec.ends == (0, 0.5)
    assert set((made(codec) % 1).round(4).tolist()) == {0, 0.5}


def test_ends_that_are_lost_with_rare_numbers_come_back():
    rng = np.random.default_rng(0)
    ages = rng.integers(1, 75, N) + np.where(rng.random(N) < 0.08, 0.5, 0.0)
    ages[:40] = np.repeat([0.42, 0.75], 20)
    codec = fitted(ages)
    assert codec.ends == (0, 0.5)
    codes, levels = codec.encode(pa.array(ages), rng)
    found = np.array(codec.decode(codes, levels, rng, Keyed()))
    assert (found % 1 == 0.5).mean() == pytest.approx((ages % 1 == 0.5).mean(), abs=0.02)
    assert set(found[found < 1].tolist()) == {0.42, 0.75}
    assert set((found[found > 1] % 1).tolist()) == {0, 0.5}
    again = np.array(codec.decode(codes[:50], levels[:50], rng, Keyed()))
    assert (again == found[:50]).all()


def test_real_numbers_come_back_as_they_are():
    codec, rng = fitted(prices(), min_count=1), np.random.default_rng(0)
    back = codec.decode(*codec.encode(pa.array(prices()), rng), rng, Keyed())
    assert np.array(back) == pytest.approx(prices(), abs=1e-9)


@pytest.mark.parametrize("decimals", [1, 2, -1])
def test_numbers_that_end_with_anything_do_so(decimals):
    numbers = np.random.default_rng(0).gamma(2, 400, N)
    column = replace(PRICE, decimals=decimals)
    assert not fitted(numbers.round(decimals) if decimals > 0 else numbers, column).ends


def test_ends_of_a_hostile_model_are_refused():
    codec = fitted(prices())
    for change in (
        {"ends": [0.5]},
        {"ends": [0.1, 0.2, 1.5]},
        {"ends": [0.2, 0.1, 0.5]},
        {"upto": ["x"] * 3},
    ):
        with pytest.raises(DataError, match=r"ends|upto"):
            NumberCodec.from_state({**codec.state(), **change}, PRICE)
    assert (made(NumberCodec.from_state(codec.state(), PRICE)) == made(codec)).all()
