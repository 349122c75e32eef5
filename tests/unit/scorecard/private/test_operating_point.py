from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.private.membership import true_positive_rate


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
