"""Patches: nothing is told where nothing differs, and what is planted is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gansmith.errors import DataError
from gansmith.scorecard.learners import Trees
from gansmith.scorecard.translation.patches import MOST_OF_ONE, features_of, patches_of, side_of
from gansmith.scorecard.translation.realism import fd_patches, patch_auc

QUICK = Trees(n_trees=10, n_leaves=4, learning_rate=0.4, n_codes=31)


def _textures(n, seed, grid=(48, 64), n_channels=1):
    """Smooth noise, a little of it sharp, not in each as much."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        rough = rng.normal(size=(n_channels, *grid))
        smooth = gaussian_filter(rough, (0, *[1.5] * len(grid)))
        found.append((0.5 + 0.4 * smooth + rng.uniform(0.02, 0.026) * rough).clip(0, 1).astype(np.float32))
    return found


def _patches(records, seed=0):
    return patches_of(records, side_of(records), seed=seed)


def test_equal_halves_are_not_told_and_the_error_says_so():
    halves = [_patches(_textures(10, seed)) for seed in (1, 2)]
    score = patch_auc(*halves, is_paired=False, seed=0, learner=QUICK)
    assert abs(score.value - 0.5) < 3 * score.error
    assert 0.01 < score.error < 0.12
    assert score.n == 10


def test_what_is_equal_is_told_half_the_time_and_has_no_distance():
    real = _patches(_textures(4, 1))
    assert patch_auc(real, real, is_paired=True, seed=0, learner=QUICK).value == 0.5
    assert fd_patches(real, real, is_paired=True, seed=0).value == pytest.approx(0, abs=1e-6)


def test_blurred_records_are_told():
    real = _textures(8, 1)
    made = _patches([gaussian_filter(one, (0, 0.7, 0.7)) for one in real])
    score = patch_auc(made, _patches(real), is_paired=True, seed=0, learner=QUICK)
    null = _patches(_textures(8, 2))
    assert score.value > 0.95
    assert score.error < 0.1
    near, far = (fd_patches(one, _patches(real), is_paired=False, seed=0) for one in (null, made))
    assert far.value > near.value + 3 * (far.error + near.error)


def test_a_checkerboard_of_four_steps_is_told():
    real = _textures(6, 1)
    board = np.indices((48, 64)).sum(0) % 2 * (4 / 255)
    made = _patches([(one + board).astype(np.float32) for one in real])
    assert patch_auc(made, _patches(real), is_paired=True, seed=0, learner=QUICK).value > 0.95


def test_what_was_never_rounded_is_not_told_by_that():
    real = _textures(6, 1)
    rounded = [np.rint(255 * one) / 255 for one in real]
    assert np.array_equal(_patches(real).features, _patches(rounded).features)


def test_a_record_and_its_truth_are_cut_at_the_same_places_and_counted_alike():
    real = [*_textures(1, 1, (20, 33)), *_textures(2, 2, (40, 70))]
    found = _patches(real)
    assert np.bincount(found.records).tolist() == [2, 8, 8]
    half = found.take(np.array([0, 2]))
    assert np.bincount(half.records).tolist() == [2, 8]
    assert np.array_equal(half.features[:2], found.features[:2])
    many = _patches(_textures(2, 3, (300, 300)))
    assert np.bincount(many.records).tolist() == [MOST_OF_ONE] * 2


@pytest.mark.parametrize("shape", [(3, 1, 200), (3, 3, 16, 16), (2, 2, 8, 8, 8), (2, 5, 9, 9), (2, 1, 8, 8)])
def test_patches_of_any_form_have_finite_features(shape):
    for values in (np.random.default_rng(0).random(shape), np.zeros(shape), np.ones(shape)):
        features = features_of(values.astype(np.float32))
        assert len(features) == len(values)
        assert np.isfinite(features).all()


def test_too_little_is_refused():
    with pytest.raises(DataError, match="7 places is too short"):
        side_of(_textures(1, 0, (7, 20)))
    one = _patches(_textures(1, 0))
    for score in (patch_auc, fd_patches):
        with pytest.raises(DataError, match="Give two"):
            score(one, one, is_paired=True, seed=0)
