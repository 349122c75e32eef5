"""Series as numbers: steps before, pieces, and numbers of each series against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.sequences.profiles import Plan, profile
from gansmith.scorecard.sequences.ragged import Ragged
from gansmith.scorecard.sequences.records import Sequences
from tests.unit.scorecard.sequences.made import panel, wave


@pytest.fixture(scope="module")
def some() -> Sequences:
    return panel(0, 12)


def test_series_are_taken_and_joined(some):
    taken = some.take(np.array([3, 1]))
    assert taken.lengths.tolist() == some.lengths[[3, 1]].tolist()
    assert taken.keys() == [some.keys()[3], some.keys()[1]]
    assert some.take(np.arange(5)).above(some.take(np.arange(5, 12))).keys() == some.keys()


def test_pieces_follow_each_other_within_their_series(some):
    pieces = some.pieces(20)
    assert (pieces.lengths == 20).all()
    assert np.bincount(pieces.origins).tolist() == (some.lengths // 20).tolist()
    start = some.starts[1]
    second = pieces.take(np.flatnonzero(pieces.origins == 1))
    assert np.array_equal(
        second.steps.values, some.steps.values[start : start + second.n_steps], equal_nan=True
    )


@pytest.mark.parametrize("n_together", [1, 4])
def test_dealt_blocks_keep_lengths_values_and_what_stands_together(some, n_together):
    dealt = some.dealt(n_together, np.random.default_rng(0))
    assert dealt.lengths.tolist() == some.lengths.tolist()
    assert sorted(dealt.column("other").tolist()) == sorted(some.column("other").tolist())
    assert dealt.keys() != some.keys()
    places = {value: place for place, value in enumerate(some.column("other").tolist())}
    order = np.array([places[value] for value in dealt.column("other").tolist()])
    is_together = (dealt.places % n_together > 0) & (dealt.places < dealt.lengths[dealt.owners] // 4 * 4)
    assert (np.diff(order)[is_together[1:]] == 1).all()
    assert n_together == 1 or is_together.sum() > dealt.n_steps / 2


def test_numbers_of_series_are_those_of_a_loop(some):
    by, values = Ragged(some), some.column("value")
    parts = np.split(values, some.starts[1:-1])
    assert np.allclose(by.mean(values), [np.nanmean(part) for part in parts])
    known = some.column("other")
    whole = np.split(known, some.starts[1:-1])
    found = by.quantiles(known, (0.0, 1.0))
    assert found[0].tolist() == [part.min() for part in whole]
    assert found[1].tolist() == [part.max() for part in whole]
    one = whole[4] - whole[4].mean()
    expected = (one[2:] * one[:-2]).mean() / (one**2).mean()
    assert by.autocorrelation(known, 2)[4] == pytest.approx(expected)


def test_a_correlation_of_steps_that_both_have(some):
    by, x, y = Ragged(some), some.column("value"), some.column("other")
    for series, found in enumerate(by.correlation(x, y)):
        own = (some.owners == series) & ~np.isnan(x)
        assert found == pytest.approx(np.corrcoef(x[own], y[own])[0, 1])


def test_runs_begin_anew_with_each_series():
    made = wave(2, 4, 4, 0)
    runs = Ragged(made).runs(np.array([True, True, False, True, True, False, True, True]))
    assert runs.tolist() == [1, 2, 0, 1, 1, 0, 1, 2]
    assert Ragged(made).longest(runs).tolist() == [2, 2]


def test_a_profile_says_what_the_series_is_like():
    real = wave(60, 96, 24, 0)
    plan = Plan.of(real)
    assert plan.season == 24
    assert not plan.is_irregular
    features, parts = profile(real, plan)
    means = dict(zip(features.names, np.nanmean(features.values, axis=0), strict=True))
    assert means["load: correlation with a season (24 steps) before"] > 0.6
    assert means["length of series"] == 96
    assert [part.name for part in parts] == list(features.names)


def test_a_flat_series_has_no_memory_to_speak_of():
    real = wave(30, 40, 8, 0)
    flat = real.steps.values.copy()
    flat[: real.starts[1]] = 5.0
    constant = Sequences(
        type(real.steps)(real.steps.names, flat, real.steps.is_category),
        real.starts,
        real.attributes,
        real.times,
        real.clock,
        real.origins,
    )
    features, _ = profile(constant, Plan.of(real))
    assert np.isnan(features.values[0, features.position("load: correlation with the step before")])


def test_rare_categories_are_not_called_by_their_names():
    real = panel(0, 150)
    kinds = real.column("kind").copy()
    kinds[:3] = 3.0
    values = real.steps.values.copy()
    values[:, 2] = kinds
    labels = {"kind": ("a", "b", "c", "Mr Smith's own")}
    steps = type(real.steps)(real.steps.names, values, real.steps.is_category, labels)
    plan = Plan.of(
        Sequences(steps, real.starts, real.attributes, real.times, real.clock, real.origins, real.time)
    )
    assert plan.label("kind", 2) == "c"
    assert plan.label("kind", 3) == "category 4"
