"""Mechanisms: as much noise as the charge says, and nothing beside it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from gansmith.privacy.auditing import choice_loss
from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Ledger
from gansmith.privacy.mechanisms import (
    SCORE_STEPS,
    bounded_rows,
    categories,
    noise_scale,
    noisy_counts,
    noisy_marginal,
    noisy_n_rows,
    select,
    threshold_of,
    true_marginal,
)

PERSON = Guarantee(3.0, unit="person", max_rows=4)


@pytest.mark.parametrize("promised", [Guarantee(3.0), PERSON])
def test_counts_have_the_noise_that_they_pay_for(promised):
    ledger = Ledger(promised)
    noisy = noisy_counts(ledger, np.full((40, 500), 9, np.int64), 0.002, "cells")
    sigma = noise_scale(ledger, 0.002)
    assert sigma == pytest.approx(promised.max_rows / math.sqrt(0.004))
    chi2 = ((noisy - 9.0) ** 2).sum() / sigma**2
    assert 1e-6 < stats.chi2.cdf(chi2, noisy.size) < 1 - 1e-6
    assert (ledger.charges[0].rho, ledger.charges[0].sigma) == (0.002, sigma)


def test_marginals_count_every_combination():
    age, sex = np.array([0, 2, 2, 1]), np.array([1, 0, 0, 1])
    assert true_marginal([age, sex], [3, 2]).tolist() == [[0, 1], [0, 1], [2, 0]]
    noisy = noisy_marginal(Ledger(Guarantee(3.0)), [age, sex], [3, 2], 0.01, "age x sex")
    assert noisy.shape == (3, 2)


def test_a_code_out_of_its_column_is_our_mistake():
    with pytest.raises(ValueError, match="code"):
        true_marginal([np.array([0, 3])], [3])


def test_choices_lose_what_they_pay_for():
    """Over all outcomes: the loss between neighbours never exceeds epsilon, and comes close to it."""
    rho, sensitivity = 0.02, 3.0
    epsilon = math.sqrt(8 * rho)
    rate = Fraction(math.sqrt(2 * rho)) / (SCORE_STEPS + 2)
    random = np.random.default_rng(0)
    worst = 0.0
    for _ in range(300):
        scores = random.normal(0, 4, 6)
        moved = scores + random.choice([-sensitivity, 0, sensitivity], 6)
        one, two = (np.rint(each * SCORE_STEPS / sensitivity).astype(np.int64) for each in (scores, moved))
        worst = max(worst, choice_loss(one, two, rate))
    assert 0.8 * epsilon < worst <= epsilon


def test_high_scores_are_chosen_oftener():
    ledger = Ledger(Guarantee(10.0))
    chosen = [select(ledger, np.array([0.0, 0.0, 40.0, 0.0]), 0.005, "which") for _ in range(60)]
    assert chosen.count(2) > 50
    assert {(charge.mechanism, charge.rho) for charge in ledger.charges} == {("exponential", 0.005)}


def test_a_person_with_many_rows_makes_choices_more_random():
    scores = np.array([0.0, 20.0])
    alone, person = (Ledger(Guarantee(10.0, max_rows=rows)) for rows in (1, 50))
    assert sum(select(alone, scores, 0.02, "which") for _ in range(40)) > 30
    assert sum(select(person, scores, 0.02, "which") for _ in range(40)) < 35


def test_rows_of_a_person_are_bounded_by_lot():
    units = np.array(["b"] * 30 + ["a"] * 3 + ["c"] * 6 + ["b"] * 5)
    ledger = Ledger(PERSON)
    kept = bounded_rows(ledger, units)
    assert kept.tolist() == sorted(set(kept.tolist()))
    assert {name: int((units[kept] == name).sum()) for name in "abc"} == {"a": 3, "b": 4, "c": 4}
    assert any(not np.array_equal(kept, bounded_rows(ledger, units)) for _ in range(5))
    often = np.bincount(np.concatenate([bounded_rows(ledger, np.zeros(8)) for _ in range(400)]), minlength=8)
    assert stats.chisquare(often).pvalue > 1e-6


def test_few_share_a_value_and_it_stays_unseen():
    values = [None] * 500 + ["Paris"] * 900 + ["Rome"] * 700 + [f"alone {n}" for n in range(3_000)]
    ledger = Ledger(Guarantee(3.0))
    found = categories(ledger, values, 0.005, 5e-8, "city")
    assert list(found) == ["Paris", "Rome"]
    assert abs(found["Paris"] - 900) < 80
    assert ledger.charges[0].delta == 5e-8


@pytest.mark.parametrize(("sigma", "n_rows"), [(5.0, 1), (20.0, 1), (20.0, 3)])
def test_a_threshold_is_passed_by_one_alone_no_more_often_than_delta(sigma, n_rows):
    delta = 1e-3
    threshold = threshold_of(sigma, delta, n_rows)
    reach = np.arange(-int(12 * sigma), int(12 * sigma) + 1)
    mass = np.exp(-(reach**2) / (2 * sigma**2)) / np.exp(-(reach**2) / (2 * sigma**2)).sum()
    for n_values in range(1, n_rows + 1):  # so many values of one's own, with the other rows in one of them
        largest = n_rows - n_values + 1
        chance = (
            mass[reach >= threshold - largest].sum() + (n_values - 1) * mass[reach >= threshold - 1].sum()
        )
        assert chance <= delta


def test_about_how_many_rows():
    assert abs(noisy_n_rows(Ledger(Guarantee(3.0)), 5_000, 0.01) - 5_000) < 60
    assert noisy_n_rows(Ledger(Guarantee(0.01)), 0, 1e-8) >= 1
