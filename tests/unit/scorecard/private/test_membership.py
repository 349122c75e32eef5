from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.features import Features
from gansmith.scorecard.private import membership as module
from gansmith.scorecard.private.membership import (
    Membership,
    _agreeing,
    membership,
    membership_attacks,
)
from gansmith.scorecard.private.rates import chance_of_rate, true_positive_rate
from gansmith.scorecard.private.unusual import unusualness
from gansmith.scorecard.score import Score


def lows(result: Membership) -> tuple[float, float]:
    return result.auc.interval[0], result.tpr.interval[0]


def test_a_copy_is_caught(world):
    result = membership(*world(1.0, 0), seed=0)
    assert lows(result) > (0.98, 0.8)
    assert result.unusual_auc.interval[0] > 0.9
    assert (result.auc.n, result.tpr.n, result.unusual_auc.n) == (1_000, 1_000, 20)
    assert result.auc.caveat == result.tpr.caveat == result.unusual_auc.caveat == ""
    assert "only 20 records" in result.unusual_tpr.caveat
    assert max(result.details.values()) == next(iter(result.details.values()))


def test_a_tenth_memorised_is_caught(world):
    result = membership(*world(0.1, 1, 5_000), seed=1)
    auc, tpr = lows(result)
    assert auc > 0.5
    assert 0.02 < tpr < result.tpr.value < 0.2


def test_real_records_are_left_in_peace(world):
    for seed in range(4):
        result = membership(*world(0.0, seed, 1_000), seed=seed)
        assert lows(result) < (0.5, 0.01)
        assert result.unusual_auc.interval[0] < 0.5 < result.unusual_auc.interval[1]
        assert abs(result.auc.value - 0.5) < 3 * result.auc.error


def test_the_unusual_are_measured_by_themselves(world):
    """Only the most unusual records were memorised: all others look innocent."""
    fake, train, holdout = world(0.0, 3, 2_000)
    odd = train.values.copy()
    odd[:40, [0, 3, 5]] = np.random.default_rng(0).uniform(300.0, 900.0, size=(40, 3))
    other = holdout.values.copy()
    other[:40, [0, 3, 5]] = np.random.default_rng(1).uniform(300.0, 900.0, size=(40, 3))
    known = np.concatenate([fake.values, odd[:40]])
    parts = [Features(fake.names, values, fake.is_category) for values in (known, odd, other)]
    result = membership(*parts, seed=0)
    assert result.unusual_auc.interval[0] > 0.9
    assert result.auc.value < 0.56


@pytest.mark.slow
def test_the_choice_flatters_nobody(monkeypatch):
    """Of thirty guesses the best is chosen; measured on other targets it is still a guess."""

    def guesses(fake, reference, targets, *, seed):
        rng = np.random.default_rng(seed)
        return {
            str(i): (rng.normal(size=len(targets[0])), rng.normal(size=len(targets[1]))) for i in range(30)
        }

    monkeypatch.setattr(module, "membership_attacks", guesses)
    part = Features(("a",), np.random.default_rng(0).normal(size=(400, 1)), np.array([False]))
    results = [membership(part, part, part, seed=seed) for seed in range(30)]
    for name, guess in (("auc", 0.5), ("tpr", 0.01), ("unusual_auc", 0.5), ("unusual_tpr", 0.01)):
        scores = [getattr(result, name) for result in results]
        mean = np.mean([score.value for score in scores])
        spread = np.std([score.value for score in scores])
        assert abs(mean - guess) < 3.5 * spread / np.sqrt(30)
        assert np.mean([score.interval[0] > guess for score in scores]) <= 0.15
    assert np.mean([max(result.details.values()) for result in results]) > 0.55


@pytest.mark.parametrize("seed", range(4))
def test_no_target_is_among_the_reference(monkeypatch, seed):
    seen = {}

    def look(fake, reference, targets, *, seed):
        seen.update(reference=reference.values[:, 0], members=targets[0].values, others=targets[1].values)
        return {"a": tuple(np.zeros(len(part)) for part in targets)}

    monkeypatch.setattr(module, "membership_attacks", look)
    train, holdout = (
        Features(("a",), start + np.arange(100.0)[:, None] ** 2, np.array([False])) for start in (0, 10_000)
    )
    result = membership(train, train, holdout, seed=seed)
    assert not np.isin(seen["reference"], seen["others"]).any()
    assert len(seen["others"]) == len(seen["members"]) == 50 + 20
    assert (seen["reference"] >= 10_000).all()
    assert (seen["members"] < 10_000).all()
    # What says nothing is a guess: ties count half.
    assert (result.auc.value, result.unusual_auc.value) == (0.5, 0.5)
    assert result.tpr.value <= 0.01


def test_each_attack_is_high_for_what_was_learnt():
    rng = np.random.default_rng(0)

    def part(n: int, shift: float = 0.0) -> Features:
        values = np.stack([rng.normal(shift, size=n), rng.normal(size=n), rng.integers(0, 3, size=n)], axis=1)
        return Features(tuple("abc"), values, np.array([False, False, True]))

    # The model put too many of its records where the members lie.
    said = membership_attacks(part(2_000, 1.5), part(2_000), (part(300, 1.5), part(300)), seed=0)
    assert len(said) == 6
    for name, (members, others) in said.items():
        if name != "synthetic records in a small ball":  # few are within the ball of few neighbours
            assert members.mean() > others.mean() + 0.1 * np.std(others), name


def test_copies_lie_in_their_own_small_ball():
    rng = np.random.default_rng(0)
    known, others = (Features(("a", "b"), rng.normal(size=(200, 2)), np.array([False] * 2)) for _ in range(2))
    said = membership_attacks(known, others, (known, others), seed=0)["synthetic records in a small ball"]
    assert said[0].min() >= 1.0
    assert said[1].mean() < 0.1


def test_ties_missing_cells_and_the_seed(world):
    fake, train, holdout = world(0.5, 1, 60)
    assert membership(fake, train, holdout, seed=2) == membership(fake, train, holdout, seed=2)
    nothing = Features(("a",), np.full((40, 1), np.nan), np.array([True]))
    result = membership(nothing, nothing, nothing, seed=0)
    assert (result.auc.value, result.unusual_auc.value) == (0.5, 0.5)
    assert "only 10 records" in result.unusual_auc.caveat


@pytest.mark.parametrize("n_fake", [1, 2, 30])
def test_tiny_tables(n_fake, world):
    fake, train, holdout = world(1.0, 0, 30)
    result = membership(fake.take(np.arange(n_fake)), train, holdout, seed=0)
    assert 0.0 <= result.auc.value <= 1.0
    with pytest.raises(DataError, match="12 or more of each"):
        membership(fake, train, holdout.take(np.arange(11)), seed=0)
    assert membership(fake, train, holdout.take(np.arange(12)), seed=0).auc.n == 6


def test_it_is_the_surprise_summed_over_columns():
    values = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, np.nan], [1.0, 1.0]])
    part = Features(("a", "b"), values, np.array([True, True]))
    half = Features(("a", "b"), values[2:], np.array([True, True]))
    got = unusualness(part.take(np.array([0, 1])), half)
    assert got[0] == pytest.approx(-2 * np.log(3 / 4) * np.ones(2))
    assert got[1] == pytest.approx(np.full(2, -np.log(3 / 4) - np.log(1 / 4)))


def test_extreme_numbers_are_unusual_and_the_middle_is_not():
    numbers = np.random.default_rng(0).normal(size=(2_000, 1))
    (how,) = unusualness(Features(("x",), numbers, np.array([False])))
    order = np.argsort(numbers[:, 0])
    assert how[order[[0, -1]]].min() > 3.0 > how[order[1_000]]


def test_constant_and_empty_columns_are_no_surprise():
    values = np.stack([np.full(5, 3.0), np.full(5, np.nan)], axis=1)
    (how,) = unusualness(Features(("a", "b"), values, np.array([False, False])))
    assert how.tolist() == [0.0] * 5


def test_the_threshold_is_the_one_that_few_negatives_exceed():
    # Of 99 negatives, the largest is passed by 1 / 100 of their kind on average.
    negatives = np.arange(99.0)
    positives = np.concatenate([np.full(30, 98.5), np.full(70, 97.5)])
    assert true_positive_rate(positives, negatives, false_positives=0.01).value == pytest.approx(0.3)
    assert true_positive_rate(positives, negatives, false_positives=0.02).value == pytest.approx(1.0)
    assert true_positive_rate(positives, negatives, false_positives=0.015).value == pytest.approx(0.65)


def test_told_apart_perfectly():
    rate = true_positive_rate(np.ones(500), np.zeros(500), false_positives=0.01)
    assert (rate.value, rate.high, rate.n) == (1.0, 1.0, 500)
    assert rate.low > 0.9
    never = true_positive_rate(np.zeros(500), np.ones(500), false_positives=0.01)
    assert (never.value, never.low) == (0.0, 0.0)


@pytest.mark.parametrize("n", [30, 400])
def test_a_guess_reaches_the_false_positives(n):
    rng = np.random.default_rng(0)
    rates = [
        true_positive_rate(rng.normal(size=n), rng.normal(size=n), false_positives=0.05) for _ in range(400)
    ]
    assert np.mean([rate.value for rate in rates]) == pytest.approx(0.05, abs=0.006)
    assert np.mean([rate.low > 0.05 for rate in rates]) < 0.05
    assert np.mean([rate.high < 0.05 for rate in rates]) < 0.05


def test_ties_are_split():
    both = np.zeros(1_000)
    assert true_positive_rate(both, both, false_positives=0.1).value == pytest.approx(0.1)
    # One positive above, one in the tie of nine negatives, one below.
    some = np.array([2.0, 1.0, 0.0])
    for share in (0.1, 0.5, 0.9):
        rate = true_positive_rate(some, np.ones(9), false_positives=share)
        assert rate.value == pytest.approx((1 + share) / 3)


def test_the_interval_holds_the_truth():
    # Normal numbers shifted by 1: at 5 % false positives 26 % are found.
    rng = np.random.default_rng(0)
    rates = [
        true_positive_rate(rng.normal(1.0, size=300), rng.normal(size=300), false_positives=0.05)
        for _ in range(300)
    ]
    assert 0.92 < np.mean([rate.low <= 0.2595 <= rate.high for rate in rates]) <= 1.0


def test_the_unusual_copied_exactly_are_recognised_for_sure():
    """The most unusual hundredth of the training records is copied, all others are fresh."""
    rng = np.random.default_rng(4)
    is_category = np.zeros(4, dtype=bool)
    fake, train, holdout = (Features(tuple("abcd"), rng.normal(size=(9_900, 4)), is_category) for _ in "abc")
    order = np.argsort(-unusualness(train, holdout)[0], kind="stable")[:99]
    fake.values[:99] = train.values[order]
    result = membership(fake, train, holdout, seed=0, n_max=400)
    assert result.unusual_auc.value > 0.9
    assert result.unusual_tpr.caveat == ""
    assert result.unusual_tpr.value > 0.9
    assert result.unusual_tpr.interval[0] > 0.05
    assert result.unusual_tpr.chance == pytest.approx(0.0, abs=1e-9)
    honest = membership(holdout.take(np.arange(4_950, 9_900)), fake, train, seed=0, n_max=400)
    assert honest.unusual_tpr.interval[0] < 0.01


def test_a_rate_that_contradicts_its_auc_is_flagged():
    auc, tpr = (Score(value, error, 500, "lower") for value, error in ((1.0, 0.0001), (0.01, 0.02)))
    assert "contradicts" in _agreeing(tpr, auc).caveat
    assert _agreeing(tpr, replace(auc, value=0.95)).caveat == ""
    assert _agreeing(replace(tpr, value=1.0), auc).caveat == ""


@pytest.mark.parametrize("n", [120, 450])
def test_a_guess_has_the_chance_of_a_guess(n):
    rng = np.random.default_rng(0)
    chances = [
        chance_of_rate(rng.normal(size=n), rng.normal(size=n), false_positives=0.02) for _ in range(400)
    ]
    for level in (0.2, 0.05, 0.01):
        assert np.mean(np.array(chances) <= level) <= level + 2.5 * np.sqrt(level / 400)
    assert np.mean(chances) < 0.75


def test_few_false_alarms_take_many_records():
    assert chance_of_rate(np.ones(50), np.zeros(50), false_positives=0.01) == 1.0
    assert (
        "It takes 99 records of each kind."
        in membership(
            *(Features(("a",), np.arange(40.0)[:, None], np.array([False])) for _ in range(3)), seed=0
        ).tpr.meaning
    )
