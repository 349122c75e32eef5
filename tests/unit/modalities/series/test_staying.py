"""Numbers that are what they were the last time: found, made, and asked of nobody who has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.modalities.series.staying import coded, learnt_staying, memory_of, remember, stayed
from gansmith.modalities.series.steps import StepCodec
from gansmith.tabular.columns.measures import NumberCodec
from tests.unit.modalities.series.test_making import learnt, noise

N_KINDS = 2


def rents(n_series: int = 60, n_steps: int = 24, seed: int = 0) -> pd.DataFrame:
    """Rent, nearly the same for each tenant, and food, anything."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(n_series), n_steps)
    is_rent = np.tile(np.arange(n_steps) % 3 == 0, n_series)
    level = rng.uniform(500, 2_000, n_series)[owners]
    rent, food = level * np.exp(rng.normal(0, 0.01, len(owners))), rng.lognormal(3, 1, len(owners))
    days = np.concatenate([np.sort(rng.choice(700, n_steps, False)) for _ in range(n_series)])
    return pd.DataFrame(
        {
            "tenant": [f"T{one:04}" for one in owners],
            "day": np.datetime64("2022-01-01", "D") + days,
            "kind": np.where(is_rent, "rent", "food"),
            "amount": np.where(is_rent, rent, food).round(2),
        }
    )


def found(frame: pd.DataFrame):
    kinds = (frame["kind"] == "rent").to_numpy().astype(np.int64)
    owners = frame["tenant"].str[1:].astype(int).to_numpy()
    return learnt_staying(0, frame["amount"].to_numpy(), {1: (kinds, N_KINDS)}, owners)


def test_what_stays_is_found_and_what_does_not_is_not():
    staying = found(rents())
    assert staying is not None
    assert (staying.is_log, staying.chances[0], staying.differences[0]) == (True, 0.0, ())
    assert staying.chances[1] > 0.9
    assert max(map(abs, staying.differences[1])) < 0.1
    frame = rents()
    assert found(frame.assign(amount=np.random.default_rng(1).permutation(frame["amount"]))) is None


def test_the_first_of_a_kind_stays_at_nothing_and_later_ones_at_what_was_before():
    staying = found(rents())
    assert staying is not None
    memory, kinds, chance = memory_of((staying,), 2), np.array([1, 1]), np.array([0.5, 0.5])
    assert not stayed(memory, (staying,), staying, kinds, chance)[0].any()
    remember(memory, (staying,), np.array([[0, 1], [0, 0]]), np.array([[900.0], [20.0]]))
    stays, at = stayed(memory, (staying,), staying, kinds, chance)
    assert stays.tolist() == [True, False]
    assert staying.made(kinds[:1], at[:1], np.array([0.5])) == pytest.approx(900, rel=0.01)


def test_series_are_made_with_numbers_that_stay():
    series, codec, generator = learnt(rents(), entity="tenant", time="day")
    assert len(codec.steps.route.staying) == 1
    plain, arrays = codec.steps.state()
    assert StepCodec.from_state(plain, arrays).route.staying == codec.steps.route.staying
    made = codec.decode(generator(noise(30), None), 0, 0).steps.to_pandas()
    is_rent = made["kind"] == "rent"
    assert float((made["amount"][is_rent].astype(float) > 400).mean()) > 0.95
    rent = made[is_rent].groupby("tenant")["amount"]
    later = rent.transform(lambda one: one / one.shift().expanding().mean())
    assert float((np.log(later.dropna().astype(float)).abs() < 0.1).mean()) > 0.8
    number = codec.steps.columns[codec.steps.measured[0]]
    assert isinstance(number, NumberCodec)
    amounts = series.steps.column("amount").to_numpy()[:50].astype(float)
    states, levels = coded(number, amounts)
    assert number.numbers(states, levels.astype(np.float32))[0] == pytest.approx(amounts, rel=0.02)
