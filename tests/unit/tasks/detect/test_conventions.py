"""Scores as chances, and how sure a prediction is: closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom, norm

from gansmith.errors import UsageError
from gansmith.scorecard.features import draws
from gansmith.tasks.detect.conventions import confidence, probabilities, rejected, rejection_statistics

USUAL = draws(0).normal(3.0, 2.0, 1_000)
SCORES = np.linspace(-10, 16, 200)


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_chances_sum_to_one_and_rise(method):
    found = probabilities(USUAL, SCORES, method)
    assert found.shape == (200, 2)
    assert found.sum(1) == pytest.approx(np.ones(200))
    assert found.min() >= 0
    assert found.max() <= 1
    assert (np.diff(found[:, 1]) >= 0).all()
    assert found[[0, -1], 1] == pytest.approx([0, 1])


def test_linear_is_a_line_between_the_ends_of_usual_scores():
    usual = np.array([2.0, 3.0, 6.0])
    found = probabilities(usual, np.array([1.0, 2.0, 4.0, 6.0, 7.0]), "linear")
    assert found[:, 1].tolist() == [0, 0, 0.5, 1, 1]


def test_unify_is_twice_a_bell_beyond_its_middle():
    found = probabilities(USUAL, SCORES, "unify")[:, 1]
    bell = 2 * norm(USUAL.mean(), USUAL.std()).cdf(SCORES) - 1
    assert found == pytest.approx(np.maximum(bell, 0), abs=1e-12)


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_scores_that_are_all_the_same_are_usual(method):
    found = probabilities(np.full(10, 2.0), np.array([1.0, 2.0, 9.0]), method)
    assert found[:2, 1].tolist() == [0, 0]
    assert found[2, 1] == pytest.approx(1)


@pytest.mark.parametrize("method", ["", "Linear", "softmax"])
def test_another_method_is_refused(method):
    with pytest.raises(UsageError, match="linear or unify"):
        probabilities(USUAL, SCORES, method)


# --- Confidence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_confidence_rises_away_from_the_threshold(share):
    threshold = float(np.quantile(USUAL, 1 - share))
    found = confidence(USUAL, SCORES, share, threshold < SCORES)
    assert found.min() >= 0
    assert found.max() <= 1
    assert (np.diff(found[threshold < SCORES]) >= 0).all()
    assert (np.diff(found[threshold > SCORES]) <= 0).all()
    assert found[[0, -1]] == pytest.approx([1, 1], abs=1e-3)
    nearest = found[np.argmin(np.abs(SCORES - threshold))]
    assert 0.3 < nearest < 0.8


def test_confidence_is_the_chance_of_the_same_answer_of_another_sample():
    """Of five usual records one is called odd: the answer is the same if four at most are below."""
    usual = np.arange(5.0)
    found = confidence(usual, np.array([0.5, 9.0]), 0.2, np.array([False, True]))
    assert found == pytest.approx([binom.cdf(4, 5, 2 / 7), 1 - binom.cdf(4, 5, 6 / 7)])


# --- Rejection ----------------------------------------------------------------------------------------------


def test_what_is_not_sure_is_rejected():
    labels, sureness = np.array([0, 1, 0, 1]), np.array([1.0, 1.0, 0.6, 0.2])
    assert rejected(labels, sureness, 3.0).tolist() == [0, 1, -2, -2]
    assert rejected(labels, sureness, math.log(2)).tolist() == [0, 1, 0, 1]  # nothing sure is asked for


@pytest.mark.parametrize(("n", "share", "threshold"), [(100, 0.1, 4.0), (1_000, 0.05, 8.0), (50, 0.5, 2.0)])
def test_rejected_is_what_lies_between_two_shares(n, share, threshold):
    found = rejection_statistics(n, share, threshold, 0.1, (0.0, 0.0, 1.0))
    n_odd, doubt = int(n * share), math.exp(-threshold)
    places = np.linspace(0, 1, 200_001)
    sureness = binom.cdf(n - n_odd, n, places)
    between = ((sureness > doubt) & (sureness < 1 - doubt)).mean()
    assert found.expected_rejection_rate == pytest.approx(between, abs=2e-5)
    assert found.upper_bound_cost == pytest.approx(found.expected_rejection_rate)
    slack = 2 * math.sqrt(math.log(2 / 0.1) / (2 * n))
    assert found.upper_bound_rejection_rate == pytest.approx(min(1.0, between + slack), abs=2e-5)


def test_costs_are_those_of_what_is_not_rejected():
    rates = [rejection_statistics(500, 0.1, 5.0, 0.1, costs) for costs in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))]
    false_alarms, misses = (found.upper_bound_cost for found in rates)
    between = rates[0].expected_rejection_rate
    assert 0 < false_alarms < 0.1
    assert misses == pytest.approx(0.1)
    assert false_alarms + between < 0.3
    both = rejection_statistics(500, 0.1, 5.0, 0.1, (2.0, 3.0, 4.0)).upper_bound_cost
    assert both == pytest.approx(2 * false_alarms + 3 * misses + 4 * between)


def test_more_records_and_less_caution_reject_less():
    def rate(n: int, threshold: float) -> float:
        return rejection_statistics(n, 0.1, threshold, 0.1, (1, 1, 1)).expected_rejection_rate

    assert rate(10_000, 8.0) < rate(100, 8.0)
    assert rate(100, 4.0) < rate(100, 8.0)
    assert rate(100, 0.5) == 0.0


@pytest.mark.parametrize("share", [0.001, 0.5])
def test_very_few_records_have_statistics_too(share):
    found = rejection_statistics(3, share, 32.0, 0.1, (1, 1, share))
    assert all(np.isfinite(found))
    assert 0 <= found.expected_rejection_rate <= found.upper_bound_rejection_rate == 1
