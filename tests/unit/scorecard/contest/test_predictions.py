"""Scores of predictions against small cases by hand."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.contest.predictions import (
    Aim,
    best_threshold,
    calibration_error,
    recall_at,
    scores,
    without_shift,
)

RNG = np.random.default_rng(0)
TRUE_CHANCE = RNG.random(20_000) ** 3
IS_RARE = RNG.random(20_000) < TRUE_CHANCE


def test_perfect_ranks_are_perfect_scores():
    found = scores(IS_RARE * 0.9, IS_RARE, Aim(), 0.5, (0.5, 0.5))
    assert (found["pr_auc"], found["roc_auc"], found["recall"], found["f1"]) == (1, 1, 1, 1)


def test_true_chances_are_calibrated_and_shifted_ones_are_not():
    share = float(IS_RARE.mean())
    shifted = without_shift(TRUE_CHANCE, 0.5, share)  # as if half of the lessons had been rare
    assert calibration_error(TRUE_CHANCE, IS_RARE) < 0.01
    assert calibration_error(shifted, IS_RARE) > 0.1
    assert without_shift(shifted, share, 0.5) == pytest.approx(TRUE_CHANCE)


def test_recall_needs_the_precision():
    chance, is_rare = np.array([0.9, 0.8, 0.7, 0.6]), np.array([False, True, True, True])
    assert recall_at(chance, is_rare, 0.75) == 1.0
    assert recall_at(chance, is_rare, 0.9) == 0.0


def test_the_best_threshold_of_known_chances_is_that_of_the_costs():
    threshold = best_threshold(TRUE_CHANCE, IS_RARE, Aim(costs=(9.0, 1.0)))
    assert threshold == pytest.approx(0.1, abs=0.05)


def test_costs_are_a_score_only_where_they_are_known():
    given = (TRUE_CHANCE, IS_RARE)
    assert "cost" not in scores(*given, Aim(), 0.5, (0.5, 0.5))
    assert scores(*given, Aim(costs=(2.0, 1.0)), 0.0, (0.5, 0.5))["cost"] == pytest.approx((~IS_RARE).mean())


@pytest.mark.parametrize(
    ("aim", "score"), [(Aim(), "pr_auc"), (Aim(precision=0.8), "recall"), (Aim(costs=(2.0, 1.0)), "cost")]
)
def test_what_counts(aim, score):
    assert aim.score == score
