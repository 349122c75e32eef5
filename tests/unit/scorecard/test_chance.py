"""Chances of two-sample tests: as often as they say on honest data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from gansmith.scorecard.chance import (
    Tally,
    chance_beyond,
    chance_of_more,
    chance_of_more_within,
    chance_unlike,
)

SUMS = {
    "even": np.full(10, 60),
    "sparse": np.r_[np.full(60, 2), 300],
    "rare": np.array([950, 40, 10]),
}


@pytest.mark.parametrize("sums", SUMS.values(), ids=SUMS)
def test_honest_samples_are_accused_as_seldom_as_is_said(sums):
    rng = np.random.default_rng(0)
    drawn = rng.multivariate_hypergeometric(sums, sums.sum() // 3, size=4_000)
    chances = np.array([chance_unlike(one, sums - one) for one in drawn])
    assert 0.02 < (chances < 0.05).mean() < 0.065
    assert (chances < 0.004).mean() < 0.008


def test_unlike_samples_are_seen_and_empty_cells_say_nothing():
    assert chance_unlike(np.array([80, 20, 0]), np.array([50, 50, 0])) < 1e-4
    assert chance_unlike(np.array([5, 0, 0]), np.array([7, 0, 0])) == 1.0
    assert chance_unlike(np.zeros(3, np.int64), np.array([7, 1, 0])) == 1.0


def test_large_samples_have_the_usual_chances():
    ours, theirs = np.array([1000, 2100, 3000]), np.array([1080, 2000, 2900])
    usual = chi2_contingency(np.stack([ours, theirs]), correction=False)[1]
    assert chance_unlike(ours, theirs) == pytest.approx(usual, rel=0.01)


def test_no_error_leaves_no_doubt():
    assert chance_beyond(0.1, 0.0) == 0.0
    assert chance_beyond(0.0, 0.0) == 1.0


def test_groups_are_held_against_their_own():
    ours, theirs = Tally(30, 200), Tally(20, 100)
    assert chance_of_more_within([(ours, theirs)]) == pytest.approx(chance_of_more(ours, theirs))
    # Alike within each group, unlike together: the one side has more of those that are always hit.
    groups = [(Tally(90, 90), Tally(10, 10)), (Tally(1, 10), Tally(9, 90))]
    assert chance_of_more_within(groups) > 0.5
    assert chance_of_more(Tally(91, 100), Tally(19, 100)) < 1e-9
    assert chance_of_more_within([]) == 1.0
