"""Folds, methods and copies: what is learnt from, and what must never be."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.contest.arena import Lessons, Method
from gansmith.scorecard.contest.copies import copies
from gansmith.scorecard.contest.folds import folds_of, stratified
from gansmith.scorecard.contest.methods import plain_methods, with_all, with_made
from gansmith.scorecard.contest.playing import Fold, played
from gansmith.scorecard.contest.predictions import Aim

MIXED = np.array([False, False, True])


def _lessons(n=200, n_rare=20, seed=0):
    rng = np.random.default_rng(seed)
    inputs = np.stack([rng.normal(size=n), rng.normal(size=n) * 100, rng.integers(4, size=n)], axis=1)
    is_rare = np.arange(n) < n_rare
    inputs[is_rare, 0] += 2
    return Lessons.of(inputs, is_rare)


def _by_name(is_category=MIXED):
    return {method.name: method for method in plain_methods(is_category)}


@pytest.mark.parametrize("name", ["random", "smote"])
def test_oversampling_balances_and_keeps_the_real_records_first(name):
    lessons = _lessons()
    made = _by_name()[name].remedy(lessons, np.random.default_rng(0))
    assert made.is_rare.sum() == (~made.is_rare).sum() == 180
    assert np.array_equal(made.inputs[:200], lessons.inputs)


def test_weights_balance_without_a_record_more():
    made = _by_name()["weights"].remedy(_lessons(), np.random.default_rng(0))
    assert len(made) == 200
    assert made.share == pytest.approx(0.5)
    assert made.weights.sum() == pytest.approx(200)


def test_random_repeats_every_rare_record_as_often_as_any_other():
    lessons = _lessons()
    made = _by_name()["random"].remedy(lessons, np.random.default_rng(0))
    _, counts = np.unique(made.inputs[made.is_rare], axis=0, return_counts=True)
    assert len(counts) == 20
    assert np.ptp(counts) <= 1


@pytest.mark.parametrize("kinds", [[False] * 3, [True] * 3, [False, False, True], [False, True, True]])
def test_smote_makes_codes_of_codes_whatever_is_missing(kinds):
    lessons, is_category = _lessons(), np.array(kinds)
    inputs = np.where(is_category, np.round(np.abs(lessons.inputs)), lessons.inputs)
    inputs[::7, 2] = np.nan
    inputs[::5, 0] = np.nan
    made = _by_name(is_category)["smote"].remedy(
        Lessons.of(inputs, lessons.is_rare), np.random.default_rng(0)
    )
    codes = made.inputs[200:][:, is_category]
    assert np.isin(codes[~np.isnan(codes)], inputs[~np.isnan(inputs)]).all()
    assert not np.isnan(made.inputs[200:][:, ~is_category]).any()


@pytest.mark.parametrize("n_rare", [2, 3])
def test_smote_of_very_few_takes_fewer_neighbours(n_rare):
    made = _by_name()["smote"].remedy(_lessons(n_rare=n_rare), np.random.default_rng(0))
    assert made.is_rare.sum() == 200 - n_rare


def test_made_records_are_added_up_to_a_share():
    pool = np.full((500, 3), 7.0)
    made = with_made(pool, 0.25)(_lessons(), np.random.default_rng(0))
    assert len(made) == 200 + 40
    assert made.is_rare[200:].all()
    made = with_all(pool, np.arange(500) < 50)(_lessons(), np.random.default_rng(0))
    assert len(made) == 400


def test_equal_records_are_in_one_fold_and_classes_in_all():
    rng = np.random.default_rng(0)
    inputs, classes = rng.integers(60, size=(400, 1)).astype(float), rng.integers(3, size=400)
    classes = (inputs[:, 0] % 3).astype(int)
    folds = folds_of(inputs, classes, 5, rng)
    assert all(len(set(folds[inputs[:, 0] == value])) == 1 for value in range(60))
    assert all(set(folds[classes == one]) == set(range(5)) for one in range(3))


def test_the_test_records_are_never_learnt_from():
    """Each record has a number of its own; the learner keeps those that it is given."""
    seen: set[float] = set()

    def learner(lessons, seed):
        seen.update(lessons.inputs[:, 1].tolist())
        return lambda inputs: np.full(len(inputs), 0.5)

    lessons = _lessons()
    inputs = lessons.inputs.copy()
    inputs[:, 1] = np.arange(200)
    folds = folds_of(inputs, lessons.is_rare.astype(int), 4, np.random.default_rng(0))
    for number in range(4):
        seen.clear()
        learnt, tested = np.flatnonzero(folds != number), np.flatnonzero(folds == number)
        fold = Fold(
            Lessons.of(inputs[learnt], lessons.is_rare[learnt]), inputs[tested], lessons.is_rare[tested], 0
        )
        methods = [method for name, method in _by_name().items() if name != "smote"]
        found = played(fold, learner, methods, Aim(), 2)
        assert list(found) == [method.name for method in methods]
        assert not seen & set(tested.tolist())


def test_a_remedy_that_helps_is_seen_to_help():
    """A learner that says the mean of its lessons: only what changes lessons changes what it says."""

    def learner(lessons, seed):
        middle = lessons.inputs[lessons.is_rare, 0].mean()
        return lambda inputs: 1 / (1 + np.abs(inputs[:, 0] - middle))

    lessons = _lessons()
    fold = Fold(lessons, lessons.inputs, lessons.is_rare, 0)
    moved = Method("moved", "far away", with_made(np.full((200, 3), -50.0)))
    found = played(fold, learner, [*plain_methods(MIXED)[:1], moved], Aim(), 1)
    assert found["moved"]["pr_auc"] < found["nothing"]["pr_auc"]


def test_a_share_of_the_records_keeps_both_classes():
    rows = stratified(np.arange(100) < 8, 0.25, np.random.default_rng(0))
    assert (rows < 8).sum() == 2
    assert len(rows) == 25


def test_copies_are_counted_and_fresh_records_are_not():
    rng = np.random.default_rng(0)
    learnt, fresh = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))
    made = np.concatenate([learnt[:5], learnt[:7] + 1e-3, rng.normal(size=(88, 4))])
    found = copies(made, learnt, fresh, np.zeros(4, bool))
    assert (found.n_exact, found.n_near, found.n_real_near) == (5, 12, 0)
    assert "12 near copies" in str(found)
