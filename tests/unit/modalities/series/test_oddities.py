"""Odd series: what surprises a generator, where it is marked, what is said of it, and how series are seen."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import chi2, norm

from gansmith.errors import DataError, UsageError
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.format import SeriesFormat
from gansmith.modalities.series.sight import SeriesSight
from gansmith.modalities.series.stretches import marked_window, stretches_of, strongest
from gansmith.modalities.series.surprise import normal_scores
from gansmith.modalities.series.window_codec import WindowCodec
from tests.unit.modalities.series.conftest import make_customers, make_hours
from tests.unit.modalities.series.test_making import RECIPE, learnt

AS_THEY_ARE = {"entity": "customer_id", "time": "when", "columns": {"born": "date"}}


@pytest.fixture(scope="module")
def shop():
    return learnt(make_customers(40), **AS_THEY_ARE)


def quiet(n: int, n_columns: int = 2) -> np.ndarray:
    """Scores of cells where all is usual."""
    return np.random.default_rng(0).normal(size=(n, n_columns))


# --- Windows ------------------------------------------------------------------------------------------------


def test_the_nats_of_a_window_are_those_of_its_chance():
    one = np.array([[2.0], [0.0]])  # widths above 1 are more than half of it
    wanted = max(-np.log(2 * norm.sf(2.0)), -chi2.logsf(4.0, 1))
    assert strongest(one, np.array([0, 2]))[0] == pytest.approx(wanted)
    four = np.array([[0.0], [0.0], [1.5], [1.5]])
    lies = -np.log(2 * norm.sf(3.0 / np.sqrt(2)))
    assert strongest(four, np.array([0, 4]))[0] == pytest.approx(lies)


def test_a_window_never_crosses_from_one_series_into_the_next():
    scores = np.zeros((16, 1))
    scores[6:10] = 1.5
    together, apart = (strongest(scores, np.array(starts)).max() for starts in ([0, 16], [0, 8, 16]))
    assert together > apart + 1


def test_a_series_is_scored_as_by_itself():
    scores, starts = quiet(60), np.array([0, 7, 20, 21, 60])
    alone = [strongest(scores[a:b], np.array([0, b - a]))[0] for a, b in pairwise(starts.tolist())]
    assert strongest(scores, starts) == pytest.approx(alone)


def test_the_stretch_that_lies_to_one_side_is_marked_and_not_its_echo():
    scores = quiet(100, 1)
    scores[30:38] += 3
    scores[75:83] -= 3.1
    window = marked_window(scores)
    assert abs(window.first - 30) <= 1
    assert abs(window.last - 37) <= 1


# --- Surprise -----------------------------------------------------------------------------------------------


def test_normal_scores_are_those_of_what_the_network_says(shop):
    series, codec, generator = shop
    scores = normal_scores(codec, generator, series)
    assert scores.shape == (len(series.owners), len(codec.steps.columns))
    assert np.isfinite(scores).all()
    assert not scores[series.starts[:-1], : codec.steps.n_clock].any()
    some = normal_scores(codec, generator, series.take(np.array([5, 2])))
    length = int(series.lengths[5])
    first = int(series.starts[5])
    np.testing.assert_allclose(some[:length], scores[first : first + length], atol=1e-4)


def test_what_lies_far_out_scores_high_and_a_burst_is_marked(shop):
    _, codec, generator = shop
    frame = make_customers(40)
    whose = frame["customer_id"] == "C0003"
    frame.loc[frame.index[whose][-3:], "amount"] = 9e5
    odd = SeriesFormat().read_for(frame, codec.empty)
    nats = RECIPE.surprise(codec, {"generator": generator}, odd)
    assert nats is not None
    assert int(np.argmax(nats)) == 3
    one = RECIPE.stretches(codec, {"generator": generator}, odd.take(np.array([3])))[0]
    n = int(odd.lengths[3])
    assert one.last == n - 1
    assert "amount" in one.words
    assert "higher than likely" in one.words
    assert one.begins in one.words
    assert f" {n:,}, " in one.words


def test_what_is_said_of_a_stretch_names_gaps_and_categories(shop):
    series, codec, _ = shop
    scores = np.zeros((len(series.owners), len(codec.steps.columns)))
    names = [one.column.name for one in codec.steps.columns]
    scores[2:4, 0] = -5
    scores[2:4, names.index("kind")] = 3.5
    words = stretches_of(codec.steps, series.take(np.array([0])), scores[: series.lengths[0]])[0].words
    assert words.startswith("steps 3 to 4, 2020-01-")
    assert " are unlikely after what came before: gaps of " in words
    assert "kind " in words


# --- Sight --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sight(shop):
    return SeriesSight.fit(shop[0])


def test_a_series_is_seen_alone_as_among_others(shop, sight):
    series = shop[0]
    whole = sight.seen(series)
    assert torch.isfinite(whole).all()
    alone = torch.cat([sight.seen(series.take(np.array([number]))) for number in (3, 0, 7)])
    torch.testing.assert_close(alone, whole[[3, 0, 7]])
    assert list(sight.names(series))[:2] == ["C0000", "C0001"]


def test_a_sight_of_series_goes_round(shop, sight):
    plain, tensors = sight.state()
    again = SeriesSight.from_state(json.loads(json.dumps(plain, allow_nan=False)), tensors)
    assert torch.equal(again.seen(shop[0]), sight.seen(shop[0]))
    assert again.plan == sight.plan


def test_categories_that_are_not_known_have_no_code(shop, sight):
    frame = make_customers(40)
    frame["kind"] = "toys"
    odd = SeriesFormat().read_for(frame, shop[1].empty)
    texts = sight.texts(odd)[0]
    assert texts["kind: share of food"] == texts["kind: share of books"] == "0"
    assert texts["kind: how many different ones"] == "1"
    assert "toys" not in json.dumps(sight.state()[0])


def test_what_is_usual_is_not_known_from_few(shop):
    with pytest.raises(DataError, match="nobody knows what is usual"):
        SeriesSight.fit(shop[0].take(np.arange(5)))


# --- Classes ------------------------------------------------------------------------------------------------


def test_the_class_of_a_series_is_an_attribute(shop):
    series = shop[0]
    assert RECIPE.classes(series, "city").tolist()[:4] == ["Rome", "Oslo", "Bern", "Rome"]
    with pytest.raises(UsageError, match=r"changes within .* series, such as customer_id C0"):
        RECIPE.classes(series, "amount")
    with pytest.raises(UsageError, match="whose steps"):
        RECIPE.classes(series, "when")
    with pytest.raises(UsageError, match="'city'"):
        RECIPE.classes(series, "citty")


def test_series_as_arrays_have_one_code_book_and_not_the_target(shop):
    series = shop[0]
    arena = RECIPE.arena([series, series.take(np.array([4, 9]))], "city")
    np.testing.assert_array_equal(arena.inputs[0][[4, 9]], arena.inputs[1])
    assert len(arena.inputs[0]) == 40
    with_city = RECIPE.arena([series], "born").inputs[0].shape[1]
    assert with_city == arena.inputs[0].shape[1]
    assert set(arena.learners) == {"linear", "trees"}


def test_marked_series_say_which_were_made_and_none_is_called_as_another(shop):
    series = shop[0]
    both = RECIPE.marked([series, series.take(np.array([1, 2]))], [False, True], "city")
    assert len(both) == 42
    assert both.form.attributes[-1] == "city_2"
    assert both.steps.column("city_2").to_pylist()[-1] is True
    assert len(set(both.entities.to_pylist())) == 42


def test_whose_series_are_is_learnt_alike_however_often_they_come(shop):
    _, codec, _ = shop
    series = shop[0].take(np.repeat(np.arange(40), 3))
    again = type(codec).fit(series, RECIPE.sparing(SeriesOptions(), 40, 3), 0)
    kinds = [{one.column.name: one.column.kind for one in each.attributes.columns} for each in (codec, again)]
    assert kinds[0]["customer_id"] == kinds[1]["customer_id"]


def test_windows_are_not_searched():
    options = SeriesOptions(window=24)
    series = SeriesFormat().read(make_hours(300).drop(columns="when"), options)
    codec = SeriesCodec.fit(series, options, 0)
    with pytest.raises(UsageError, match="--window 0"):
        SeriesSight.fit(series)
    assert isinstance(codec, WindowCodec)
    assert RECIPE.surprise(codec, {}, series) is None
    assert RECIPE.broken(codec, series) == {}
