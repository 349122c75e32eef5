"""Any whole number is a seed."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.features import Features, draws, small_seed
from gansmith.scorecard.real.two_sample import quick_two_sample_auc, two_sample_auc
from gansmith.scorecard.usefulness import contest, train_here_test_real


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
