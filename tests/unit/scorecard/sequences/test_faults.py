"""What is wrong is found and named; what is honest is not accused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gansmith.scorecard.chance import DOUBT, KINDS
from gansmith.scorecard.score import QUICK
from gansmith.scorecard.sequences.differences import design_effect
from gansmith.scorecard.sequences.judge import SequenceJudge, stretches
from gansmith.scorecard.sequences.records import Sequences
from gansmith.scorecard.sequences.rules import Rulebook
from gansmith.scorecard.validity import defects
from tests.unit.scorecard.sequences.made import panel, wave, with_column, with_steps_shuffled


def _judge(train: Sequences, holdout: Sequences, *, is_whole: bool = True) -> SequenceJudge:
    return SequenceJudge(train, holdout, is_whole=is_whole, target="", seed=0, effort=QUICK)


@pytest.fixture(scope="module")
def judge() -> SequenceJudge:
    return _judge(panel(1), panel(2))


def _named(judge: SequenceJudge, fake: Sequences) -> list[str]:
    return [one.words for one in judge.unlike(fake) if KINDS * one.chance < DOUBT and one.effect > 0.03]


def _with_other_city(of: Sequences) -> Sequences:
    order = np.random.default_rng(0).permutation(len(of))
    return replace(of, attributes=of.attributes.take(order))


FAULTS = {
    "shuffled steps": (with_steps_shuffled(panel(3)), "value: correlation with the step before"),
    "wrong memory": (panel(3, memory=0.5), "value: correlation with the step before"),
    "halved volatility": (panel(3, size=0.5), "value: size of changes"),
    "a category without memory": (panel(3, is_markov=False), "kind: share of steps that stay"),
    "all of one length": (panel(3, shortest=80), "length of series"),
    "gaps of another law": (panel(3, shape=0.3), "when: spread of gaps"),
    "scattered gaps": (panel(3, in_stretches=False), "value: longest stretch of missing cells"),
    "an attribute without effect": (_with_other_city(panel(3)), "city and value: level"),
}


@pytest.mark.parametrize(("fake", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(judge, fake, words):
    assert words in _named(judge, fake)


@pytest.mark.parametrize("seed", range(10, 14))
def test_honest_series_are_not_accused(judge, seed):
    assert _named(judge, panel(seed)) == []


@pytest.mark.slow
@pytest.mark.parametrize("n", [60, 150, 400])
def test_a_hundred_honest_draws(n):
    found = [
        names
        for seed in range(100)
        if (names := _named(_judge(panel(3 * seed, n), panel(3 * seed + 1, n)), panel(3 * seed + 2, n)))
    ]
    assert len(found) <= 3, found


def _long(seed: int, n_steps: int, n: int = 1) -> Sequences:
    """An AR(1) series that hardly forgets, so that pieces beside each other are alike."""
    rng = np.random.default_rng(seed)
    made, noise = wave(n, n_steps, 24, seed), rng.normal(size=(n_steps, n))
    for step in range(1, n_steps):
        noise[step] += 0.98 * noise[step - 1]
    return with_column(made, "load", noise.T.ravel())


def test_pieces_of_one_long_series_count_for_less():
    pieces = _long(0, 4_800).pieces(24)
    levels = pieces.column("load").reshape(-1, 24).mean(axis=1)
    assert design_effect(levels, pieces.origins) > 3
    assert design_effect(np.random.default_rng(0).normal(size=200), pieces.origins) < 2


def test_stretches_keep_pieces_together():
    found = stretches(_long(0, 960, 2).pieces(24))
    assert len(np.unique(found)) == 26
    assert (np.diff(found) >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_long_series_is_not_accused(seed):
    long = _long(seed, 7_200)
    judge = _judge(
        long.pieces(24).take(np.arange(240)), long.pieces(24).take(np.arange(240, 300)), is_whole=False
    )
    assert _named(judge, _long(seed + 50, 7_200).pieces(24)) == []


def test_a_long_series_of_half_the_spread_is_named():
    long = _long(0, 7_200).pieces(24)
    judge = _judge(long.take(np.arange(240)), long.take(np.arange(240, 300)), is_whole=False)
    fake = _long(5, 7_200).pieces(24)
    assert "load: size of changes" in _named(judge, with_column(fake, "load", 0.5 * fake.column("load")))


# --- Rules --------------------------------------------------------------------------------------------------


def _broken(fake: Sequences, real: Sequences) -> list[str]:
    return [one.words for one in defects(Rulebook(real).judged(fake))]


def test_rules_of_time_are_kept():
    real = wave(40, 30, 8, 0)
    assert _broken(wave(40, 30, 8, 1), real) == []
    back = real.times.copy()
    back[5] -= 7_200
    assert "'time' does not go back within a series" in _broken(replace(real, times=back), real)
    twice = real.times.copy()
    twice[6::30] = twice[5::30]
    assert "no two steps of a series are at one 'time'" in _broken(replace(real, times=twice), real)
    off = real.times + np.random.default_rng(0).uniform(0, 900, real.n_steps)
    assert "gaps of 'time' are whole multiples of 1 h" in _broken(replace(real, times=off), real)


def test_rules_of_cells_are_kept():
    real = panel(0)
    real = with_column(real, "other", np.round(real.column("other"), 1))
    fake = panel(1)
    assert _broken(with_column(fake, "other", np.round(fake.column("other"), 1)), real) == []
    assert "'other' has no more than 1 decimals" in _broken(fake, real)
    assert "'kind' is a known category" in _broken(with_column(fake, "kind", fake.column("kind") + 1), real)
    assert "'value' is within its range" in _broken(
        with_column(fake, "value", fake.column("value") + 30), real
    )
    assert "the number of steps is within its range" in _broken(panel(1, shortest=20), real)
