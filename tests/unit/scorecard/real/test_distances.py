from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.real.distances import frechet_distance, kernel_distance


def whitened(rng: np.random.Generator, n: int, n_dimensions: int) -> np.ndarray:
    """Points with the mean 0 and the identity for a covariance, exactly."""
    points = rng.normal(size=(n, n_dimensions))
    points -= points.mean(axis=0)
    root = np.linalg.cholesky(np.cov(points, rowvar=False).reshape(n_dimensions, n_dimensions))
    return points @ np.linalg.inv(root).T


def test_frechet_distance_of_two_normal_distributions():
    rng = np.random.default_rng(0)
    fake, real = whitened(rng, 200, 3), whitened(rng, 300, 3)
    assert frechet_distance(fake, real).value == pytest.approx(0.0, abs=1e-9)
    shift, scale = np.array([1.0, 2.0, 2.0]), np.array([1.0, 3.0, 0.5])
    # |m|^2 + sum of (1 - s)^2 where the covariances commute.
    assert frechet_distance(fake * scale + shift, real).value == pytest.approx(9.0 + 4.25)


def test_frechet_distance_of_covariances_that_do_not_commute():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 2, 2))
    value = frechet_distance(whitened(rng, 90, 2) @ a, whitened(rng, 90, 2) @ b).value
    s, t = a.T @ a, b.T @ b
    # In two dimensions, tr (S T)^(1/2) = sqrt(tr(S T) + 2 sqrt(det(S T))).
    shared = np.sqrt(np.trace(s @ t) + 2 * np.sqrt(np.linalg.det(s @ t)))
    assert value == pytest.approx(np.trace(s) + np.trace(t) - 2 * shared)


def test_frechet_error_is_about_what_repetition_shows():
    rng = np.random.default_rng(2)
    scores = [frechet_distance(rng.normal(1.0, 1.0, (200, 2)), rng.normal(size=(200, 2))) for _ in range(40)]
    spread = np.std([score.value for score in scores])
    assert 0.6 < np.mean([score.error for score in scores]) / spread < 1.6


def test_kernel_distance_has_no_bias_and_an_honest_error():
    rng = np.random.default_rng(3)
    scores = [kernel_distance(*rng.exponential(size=(2, 60, 3))) for _ in range(100)]
    values = np.array([score.value for score in scores])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(100)
    assert values.min() < 0.0
    assert 0.7 < np.sqrt(np.mean([score.error**2 for score in scores])) / values.std() < 1.5


def test_kernel_distance_of_two_heaps():
    # All real points at 0, all synthetic ones at 2: scaled, at -1 and 1, where the kernel is 8 and 0.
    assert kernel_distance(np.full((50, 1), 2.0), np.zeros((50, 1))).value == pytest.approx(16.0)


def test_kernel_distance_sees_lost_correlation_and_skewness():
    rng = np.random.default_rng(4)
    real = np.minimum(rng.exponential(size=(2000, 1)), 2.5) * 2 + rng.uniform(-1, 1, size=(2000, 3))
    broken = np.stack([rng.permutation(column) for column in real.T], axis=1)
    mirrored = 2 * real.mean(axis=0) - real
    for fake in (broken, mirrored):
        score = kernel_distance(fake, real)
        assert score.value > 3 * score.error


def test_many_dimensions_are_projected_and_still_right():
    rng = np.random.default_rng(5)
    fake, real = rng.normal(size=(2, 400, 300)) * np.linspace(1.0, 0.01, 300)
    assert abs(kernel_distance(fake, real).value) < 4 * kernel_distance(fake, real).error
    plain = frechet_distance(fake[:, :256], real[:, :256]).value
    assert frechet_distance(fake, real).value == pytest.approx(plain, rel=0.05)
    # What only synthetic points have is not projected away.
    real[:, 299], fake[:, 299] = 0.0, rng.normal(0.0, 3.0, 400)
    assert frechet_distance(fake, real).value > plain + 5.0


def test_few_points_the_same_seed_and_refusals():
    points = np.random.default_rng(6).normal(size=(3, 4))
    for distance in (frechet_distance, kernel_distance):
        assert np.isfinite([distance(points[:2], points).value, distance(points[:2], points).error]).all()
        assert distance(points, points[::-1] + 1.0, seed=1) == distance(points, points[::-1] + 1.0, seed=1)
        assert distance(np.zeros((5, 2)), np.zeros((5, 2))).value == 0.0
        with pytest.raises(DataError, match="2 points or more"):
            distance(points[:1], points)
