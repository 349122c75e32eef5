"""Attacks that say of a record how likely it was learnt from, given the synthetic records."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features, draws, fold_rare_codes
from gansmith.scorecard.learners import QUICK, fit_classifier
from gansmith.scorecard.points import affordable, as_points, nearest_few

SMALL_K: Final = 1
LARGE_K: Final = 10
_BALL: Final = 0.1
"""The small ball reaches as far as this share of the targets has its nearest synthetic record."""
_RECORDS_LEARNT: Final = 10_000
"""That the classifier learns from, of each side."""
_NO_DISTANCE: Final = 1e-6
"""Added to distances before their logarithm is taken: a copy lies at a distance of 0."""


def membership_attacks(
    fake: Features, reference: Features, targets: tuple[Features, Features], *, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What each attack says of members and of others.

    Args:
        fake: Synthetic records.
        reference: Real records that are neither members nor others.
        targets: Members and others.
        seed: Of the draws and the classifier.

    Returns:
        For each attack its numbers for members and for others, high for members.

    Source:
        The nearest synthetic record, with and without the nearest reference record: Chen et al. 2020,
        "GAN-Leaks" (arXiv:1909.03935). Ratio of densities, here by k nearest neighbours: van Breugel et al.
        2023 (arXiv:2302.12580). Records in a small ball: Hilprecht et al. 2019, "Monte Carlo and
        reconstruction membership inference attacks against generative models", PoPETs. A classifier: Hayes et
        al. 2019, "LOGAN" (arXiv:1705.07663), black box with auxiliary records.
    """
    rng = draws(seed)
    n_records = affordable(fake)
    fake, reference = fake.sample(n_records, rng), reference.sample(n_records // 2, rng)
    said = _by_distance(fake, reference, targets)
    said["synthetic-or-real classifier"] = _by_classifier(fake, reference, targets, seed)
    n_members = len(targets[0])
    return {name: (numbers[:n_members], numbers[n_members:]) for name, numbers in said.items()}


def _by_distance(
    fake: Features, reference: Features, targets: tuple[Features, Features]
) -> dict[str, np.ndarray]:
    fake_points, reference_points, *target_points = as_points(fake, reference, *targets)
    points = np.concatenate(target_points)  # (n_targets, n_dimensions)
    to_fake = np.sqrt(nearest_few(points, fake_points, 2 * LARGE_K)[0])  # (n_targets, 2 LARGE_K)
    to_real = np.sqrt(nearest_few(points, reference_points, LARGE_K)[0])
    said = {
        "nearest synthetic record": -to_fake[:, 0],
        "nearest synthetic less nearest real record": to_real[:, 0] - to_fake[:, 0],
    }
    for k in (SMALL_K, LARGE_K):
        ours, theirs = (part[:, min(k, part.shape[1]) - 1] for part in (to_fake, to_real))
        # The ratio of two densities is that of their radii to the power of the dimension: the same order.
        said[f"density ratio by {k} neighbours"] = np.log(theirs + _NO_DISTANCE) - np.log(ours + _NO_DISTANCE)
    radius = np.quantile(to_fake[:, 0], _BALL)
    said["synthetic records in a small ball"] = (to_fake <= radius).sum(axis=1) * 1.0
    return said


def _by_classifier(
    fake: Features, reference: Features, targets: tuple[Features, Features], seed: int
) -> np.ndarray:
    n = min(len(fake), len(reference), _RECORDS_LEARNT)
    parts = [fake.values[:n], reference.values[:n], *(part.values for part in targets)]
    values = np.concatenate(parts)
    for column in np.flatnonzero(fake.is_category):
        values[:, column] = fold_rare_codes(values[:, column], n_codes=QUICK.n_bins)
    labels = np.repeat([1.0, 0.0], n)
    judge = fit_classifier(values[: 2 * n], labels, fake.is_category, size=QUICK, seed=seed)
    return judge.probabilities(values[2 * n :])[:, 1]
