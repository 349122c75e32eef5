"""Any whole number is a seed."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.features import Features, draws, fold_rare_codes, small_seed
from gansmith.scorecard.points import as_points
from gansmith.scorecard.real.two_sample import quick_two_sample_auc, two_sample_auc
from gansmith.scorecard.useful import contest, train_here_test_real


@pytest.mark.parametrize(
    ("names", "values", "is_category"),
    [
        (("a",), np.zeros((3, 2)), np.zeros(2, dtype=bool)),
        (("a", "b"), np.zeros((3, 2)), np.zeros(3, dtype=bool)),
        (("a",), np.zeros((3, 1), dtype=np.float32), np.zeros(1, dtype=bool)),
        (("a",), np.zeros(3), np.zeros(1, dtype=bool)),
        (("a",), np.array([[np.inf]]), np.zeros(1, dtype=bool)),
        (("a",), np.array([[0.5]]), np.ones(1, dtype=bool)),
        (("a",), np.array([[-1.0]]), np.ones(1, dtype=bool)),
    ],
)
def test_refused(names: tuple[str, ...], values: np.ndarray, is_category: np.ndarray):
    with pytest.raises(DataError):
        Features(names, values, is_category)


def test_take_and_position():
    table = Features(("age", "sex"), np.array([[1.0, 0], [2, 1], [3, np.nan]]), np.array([False, True]))
    assert len(table) == 3
    assert table.take(np.array([2, 0])).values[:, 0].tolist() == [3.0, 1.0]
    assert table.position("sex") == 1
    with pytest.raises(UsageError, match="Did you mean 'age'"):
        table.position("agge")


def test_common_codes_stay_apart():
    folded = fold_rare_codes(np.repeat(np.arange(300.0), np.arange(300) + 1))
    assert len(np.unique(folded)) == 255
    assert folded[-1] == 0.0
    assert folded[0] == folded[1] == 254.0


def test_points_measure_ranks_and_mismatches():
    values = np.array([[10.0, 0], [1000.0, 0], [10.0, 1], [np.nan, 0]])
    (points,) = as_points(Features(("a", "b"), values, np.array([False, True])))
    squared = np.square(points[0] - points).sum(axis=1)
    # Ranks of 10, 10, 1000: 1/3, 1/3, 5/6. A missing number: in the middle, and one more coordinate.
    assert squared == pytest.approx([0.0, 0.25, 1.0, (0.5 - 1 / 3) ** 2 + 1.0])


def test_seeds_that_libraries_take_stay_as_they_are():
    assert [small_seed(seed) for seed in (0, 7, 2**32 - 1)] == [0, 7, 2**32 - 1]
    assert (draws(7).random(5) == np.random.default_rng(7).random(5)).all()


@pytest.mark.parametrize("seed", [-1, 2**32, 2**40 + 3, -(2**70)])
def test_any_whole_number_is_a_seed(seed):
    values = np.random.default_rng(0).normal(size=(60, 2))
    is_category = np.zeros(2, dtype=bool)
    features = Features(("a", "b"), values, is_category)
    fake = Features(("a", "b"), values + 0.1, is_category)
    assert 0 <= two_sample_auc(fake, features, seed=seed).score.value <= 1
    assert 0 <= quick_two_sample_auc(values, values + 0.1, is_category, seed=seed) <= 1
    assert np.isfinite(train_here_test_real(fake, contest("a", features), seed=seed).value)
