"""Series that are made: step by step, of noise, as they were asked for, and from where a history ends."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.draws import Draws
from gansmith.modalities.recipe import seeded_networks
from gansmith.modalities.series import SeriesOptions, request
from gansmith.modalities.series.along import told
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.crops import Crops
from gansmith.modalities.series.format import SeriesFormat
from gansmith.modalities.series.futures import SeriesPartial, conditions_for
from gansmith.modalities.series.making import _resampled
from gansmith.modalities.series.of_series import STEPS
from gansmith.modalities.series.recipe import SeriesRecipe
from gansmith.modalities.series.window_codec import WindowCodec
from gansmith.tabular.cells import cells_of

RECIPE = SeriesRecipe()


def learnt(frame, **options):
    """Series, their codec, and an untrained generator."""
    chosen = SeriesOptions(**options)
    series = RECIPE.divided(SeriesFormat().read(frame, chosen))
    codec = SeriesCodec.fit(series, chosen, 0)
    assert isinstance(codec, SeriesCodec)
    plan = RECIPE.plan(codec, len(series), "default")
    sizes = replace(plan.networks, width=16, attribute_width=16)
    generator = seeded_networks(RECIPE, codec, sizes, plan.game, 1)["generator"].eval()
    return series, codec, generator


@pytest.fixture(scope="module")
def shop():
    from tests.unit.modalities.series.conftest import make_customers

    return learnt(make_customers(40), entity="customer_id", time="when", columns={"born": "date"})


def noise(n: int, seed: int = 0):
    return Randomness(seed).normal((n, 2), "noise", 0)


def test_a_series_is_a_function_of_its_own_noise(shop):
    _, _, generator = shop
    together = generator(noise(6), None)
    for number in (0, 3, 5):
        alone = generator(noise(6)[number : number + 1], None)
        torch.testing.assert_close(alone[0], together[number], rtol=0, atol=1e-6)


def test_chance_is_even_and_independent_of_its_place():
    draws = Draws(noise(4_000))
    one, other = draws.at(4_000, 3, 0), draws.at(4_000, 3, 1)
    assert abs(one.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    assert abs(np.corrcoef(one, draws.at(4_000, 4, 0))[0, 1]) < 0.05
    assert abs(float(draws.latents(2).std()) - 1) < 0.03


def test_what_is_made_reads_as_what_it_was_made_of(shop):
    series, codec, generator = shop
    made = codec.decode(generator(noise(20), None), 0, 100)
    assert made.steps.schema == series.steps.schema
    assert set(cells_of(made.steps, "city").to_pylist()) <= {"Rome", "Oslo", "Bern"}
    assert set(cells_of(made.steps, "shop").to_pylist()) == {"online"}
    assert len(set(made.entities.to_pylist())) == 20
    assert not set(made.entities.to_pylist()) & set(series.entities.to_pylist())
    times = cells_of(made.steps, "when").cast(pa.int64()).to_numpy()
    within = np.diff(made.owners) == 0
    assert (np.diff(times)[within] >= 0).all()


def test_a_walk_along_what_was_made_meets_what_the_network_met(shop):
    _, codec, generator = shop
    compact = generator(noise(15), None).numpy()
    _, steps, lengths = codec.unpacked(compact)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    found = told(codec.steps, steps, starts)
    again = codec.steps.encode(codec.decode(torch.from_numpy(compact), 0, 0), 0)
    seen = told(codec.steps, again, starts)
    assert (found.states[:, codec.steps.n_clock :] == seen.states[:, codec.steps.n_clock :]).mean() > 0.99
    np.testing.assert_array_equal(found.days, seen.days)
    inside = np.setdiff1d(np.arange(len(steps.times)), starts[:-1])
    np.testing.assert_allclose(
        found.moment[inside].astype(float), seen.moment[inside].astype(float), atol=2e-3
    )


def test_likelihood_is_that_of_the_steps_alone(shop):
    series, codec, generator = shop
    crops = Crops(codec, series, 0)
    both = crops.batch(torch.tensor([0, 1]))
    alone = [crops.batch(torch.tensor([number])) for number in (0, 1)]
    found = generator.log_likelihood(both.parts, None)
    for number, batch in enumerate(alone):
        torch.testing.assert_close(generator.log_likelihood(batch.parts, None)[0], found[number])
    assert (found < 0).all()


def test_what_was_learnt_comes_back_from_plain_json_and_tensors(shop):
    _, codec, generator = shop
    state, tensors = codec.state()
    again = SeriesCodec.from_state(json.loads(json.dumps(state)), tensors)
    compact = generator(noise(5), None)
    assert again.decode(compact, 1, 7).steps.equals(codec.decode(compact, 1, 7).steps)


# --- What is asked ---


def made_by(asked, codec, generator, n: int, size: int = 40):
    block = asked.block(size, 0, n, 3)
    rounds = 0
    while not block.is_done:
        question = block.ask(Origins(noise(size, rounds), torch.zeros(size, dtype=torch.long)))
        block.take(generator(noise(size, rounds), question.condition))
        rounds += 1
    return codec.decode(block.compact[:n], 0, 0)


def test_attributes_statistics_and_lengths_can_be_asked_for(shop):
    _, codec, generator = shop
    where = ["city=Rome", "max(amount)>60", f"{STEPS}=6"]
    made = made_by(RECIPE.request(codec, where, ""), codec, generator, 10)
    assert set(cells_of(made.steps, "city").to_pylist()) == {"Rome"}
    assert set(made.lengths.tolist()) == {6}
    amounts = cells_of(made.steps, "amount").to_numpy()
    assert (np.maximum.reduceat(amounts, made.starts[:-1]) > 60).all()


def test_a_step_can_be_asked_for(shop):
    _, codec, generator = shop
    made = made_by(RECIPE.request(codec, ["kind=books", "amount>=50"], ""), codec, generator, 8)
    is_book = cells_of(made.steps, "kind").to_numpy(zero_copy_only=False) == "books"
    is_dear = cells_of(made.steps, "amount").to_numpy() >= 50
    assert np.logical_or.reduceat(is_book, made.starts[:-1]).all()
    assert np.logical_or.reduceat(is_dear, made.starts[:-1]).all()


def test_values_take_turns(shop):
    _, codec, generator = shop
    made = made_by(RECIPE.request(codec, [], "city"), codec, generator, 9)
    cities = cells_of(made.first_steps, "city").to_pylist()
    assert sorted(cities) == sorted(["Rome", "Oslo", "Bern"] * 3)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("citty=Rome", "city"),
        ("city=Paris", "Paris"),
        ("kind=boks", "books"),
        ("max(amout)>3", "max(amount)"),
        (f"{STEPS}=0", "steps"),
    ],
)
def test_what_is_not_known_is_refused_by_name(shop, where, said):
    _, codec, _ = shop
    with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(")", r"\)")):
        RECIPE.request(codec, [where], "")


def test_what_hardly_ever_happens_is_given_up(shop, monkeypatch):
    monkeypatch.setattr(request, "MAX_ROUNDS", 2)
    _, codec, generator = shop
    with pytest.raises(UsageError, match="were made"):
        made_by(RECIPE.request(codec, ["min(amount)>1e9"], ""), codec, generator, 3, size=4)


# --- What goes on ---


def continued(codec, generator, partial, n: int):
    chosen = np.arange(n) // partial.n_futures
    compact = generator(noise(n), conditions_for(partial, chosen))
    return partial.settled(codec.decode(compact, 0, 0), chosen, 0)


def test_a_history_goes_on_from_where_it_ends_in_several_ways(shop):
    series, codec, generator = shop
    partial = SeriesPartial(codec, series.take(np.array([4, 9])), 3, 2)
    made = continued(codec, generator, partial, 4)
    assert made.lengths.tolist() == [3] * 4
    assert cells_of(made.steps, "future").to_pylist() == [1] * 3 + [2] * 3 + [1] * 3 + [2] * 3
    ends = cells_of(series.steps, "when").cast(pa.int64()).to_numpy()[series.starts[[5, 10]] - 1]
    begins = cells_of(made.first_steps, "when").cast(pa.int64()).to_numpy()
    assert (begins >= np.repeat(ends, 2)).all()
    whose = cells_of(made.first_steps, "customer_id").to_pylist()
    assert whose == np.repeat(np.array(series.entities.to_pylist())[[4, 9]], 2).tolist()


def test_gaps_are_filled_and_what_is_there_stays(shop):
    series, codec, generator = shop
    some = series.take(np.array([1, 2]))
    amounts = cells_of(some.steps, "amount").to_pylist()
    amounts[3] = None
    place = some.steps.column_names.index("amount")
    steps = some.steps.set_column(place, "amount", pa.array(amounts, pa.float64()))
    holed = replace(some, steps=steps)
    made = continued(codec, generator, SeriesPartial(codec, holed, 0, 1), 2)
    filled = cells_of(made.steps, "amount").to_pylist()
    assert filled[3] is not None
    assert [one for k, one in enumerate(filled) if k != 3] == [one for k, one in enumerate(amounts) if k != 3]
    assert cells_of(made.steps, "when").equals(cells_of(some.steps, "when"))


def test_likely_ways_go_on_oftener():
    surprise = np.log([1.0, 9.0, 9.0, 9.0])  # the first is nine times as likely as each other
    assert _resampled(np.log([1.0, 1.1, 1.0, 1.0]), 4, Draws(noise(4)), 0) is None
    firsts = [int((_resampled(surprise, 4, Draws(noise(4, k)), k) == 0).sum()) for k in range(200)]
    assert np.mean(firsts) == pytest.approx(3.0, abs=0.1)


# --- One long series ---


def test_one_series_is_learnt_in_stretches_and_made_whole(hours):
    series, codec, generator = learnt(hours(640), time="when")
    assert len(series) == 10
    made = codec.decode(generator(noise(1), None), 0, 0)
    assert made.lengths.tolist() == [640]
    when = cells_of(made.steps, "when").cast(pa.int64()).to_numpy()
    assert set(np.diff(when).tolist()) == {3_600_000_000}
    assert when[0] == cells_of(series.steps, "when").cast(pa.int64()).to_numpy().min()


def test_a_short_series_is_drafted_and_its_trend_may_go_on():
    months = np.arange("2014-01", "2024-01", dtype="M8[M]")
    sold = np.round(100 * np.exp(0.01 * np.arange(120)) * (1 + 0.2 * np.sin(np.arange(120) * np.pi / 6)))
    frame = pd.DataFrame({"month": months.astype("M8[s]"), "sold": sold.astype(int)})
    series = SeriesFormat().read(frame, SeriesOptions(time="month"))
    codec = SeriesCodec.fit(series, SeriesOptions(), 0)
    assert isinstance(codec, SeriesCodec)
    (measure,) = codec.steps.route.measures
    assert measure.is_drafted
    assert measure.high > sold.max() * 1.5
    assert codec.steps.route.draft is not None
    assert codec.steps.route.draft.spread[3, 0] < 0.1


def test_series_in_which_nothing_varies_are_made_as_they_are():
    hours = np.datetime64("2024-01-01T00", "s") + 3600 * np.arange(8)
    frame = pd.DataFrame({"sensor": np.repeat(["a", "b", "c"], 8), "hour": np.tile(hours, 3), "load": 5})
    _, codec, generator = learnt(frame, entity="sensor", time="hour", min_count=1)
    made = codec.decode(generator(noise(4), None), 0, 0)
    assert set(cells_of(made.steps, "load").to_pylist()) == {5}
    assert set(made.lengths.tolist()) == {8}


def test_windows_of_numbers_alone_are_learnt_whole(hours):
    frame = hours(300).drop(columns="when")
    chosen = SeriesOptions(window=24)
    series = RECIPE.divided(SeriesFormat().read(frame, chosen))
    codec = SeriesCodec.fit(series, chosen, 0)
    assert isinstance(codec, WindowCodec)
    plan = RECIPE.plan(codec, len(series), "default")
    batch = RECIPE.samples(
        codec, plan.networks, RECIPE.dataset(codec, series, 0).batch(torch.arange(9)), None
    )
    again = codec.decode(codec.compact(batch["real"]), 0, 0)
    first = codec.windows(series)[:9]
    np.testing.assert_allclose(codec.windows(again), first, atol=1e-5)
    state, tensors = codec.state()
    assert SeriesCodec.from_state(json.loads(json.dumps(state)), tensors).n_values == codec.n_values
    with pytest.raises(UsageError, match="--window"):
        RECIPE.partial(codec, frame, chosen, keep_missing=False)


def test_windows_that_are_in_step_keep_their_times():
    values = pd.DataFrame(np.random.default_rng(0).random((300, 12)).round(2))
    values.columns = [f"2024-{month + 1:02d}-01" for month in range(12)]
    series = SeriesFormat().read(values, SeriesOptions(wide=True))
    codec = SeriesCodec.fit(series, SeriesOptions(), 0)
    assert isinstance(codec, WindowCodec)
    state, tensors = codec.state()
    codec = SeriesCodec.from_state(json.loads(json.dumps(state)), tensors)
    made = codec.decode(codec.encode(series.take(np.arange(4)), 0), 0, 0)
    assert made.steps["time"].to_pylist() == series.steps["time"].to_pylist()[:12] * 4


def test_windows_are_series_of_as_many_steps(hours):
    _, codec, generator = learnt(hours(300), time="when", window=24)
    made = codec.decode(generator(noise(3), None), 0, 0)
    assert made.lengths.tolist() == [24] * 3
