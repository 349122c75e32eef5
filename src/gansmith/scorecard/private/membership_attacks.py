"""Attacks that say of a record how likely it was learnt from, and how well they tell."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.features import Features, draws, fold_rare_codes
from gansmith.scorecard.learners import SMALL_TREES, auc_and_error
from gansmith.scorecard.points import affordable, as_points, nearest_few
from gansmith.scorecard.private.risk import Rate, Tally, wilson_rate
from gansmith.scorecard.score import CONFIDENT

FALSE_POSITIVES: Final = 0.01
SMALL_K: Final = 1
LARGE_K: Final = 10
_BALL: Final = 0.1
"""The small ball reaches as far as this share of the targets has its nearest synthetic record."""
_RECORDS_LEARNT: Final = 10_000
"""That the classifier learns from, of each side."""
_SIDES: Final[tuple[Literal["right"], Literal["left"]]] = ("right", "left")
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
        values[:, column] = fold_rare_codes(values[:, column], n_codes=SMALL_TREES.n_codes)
    labels = np.repeat([1.0, 0.0], n)
    judge = SMALL_TREES.classifier(values[: 2 * n], labels, fake.is_category, seed)
    return judge.probabilities(values[2 * n :])[:, 1]


# --- What an attack reaches ---------------------------------------------------------------------------------


def true_positive_rate(
    positives: Float[np.ndarray, " n_positives"],
    negatives: Float[np.ndarray, " n_negatives"],
    *,
    false_positives: float,
) -> Rate:
    """Share of positive records above a threshold that a given share of negative ones exceeds.

    Of numbers of the same distribution, a share of i / (n + 1) lies above the i-th largest of n negative ones
    on average; in between, the rate is interpolated, and ties fall in random order. So a
    guess reaches the given share however few the negatives are, and fewer than 1 / false_positives of them
    can never show a rate of 1.

    Args:
        positives: What the attack says of the positive records, one or more; any scale.
        negatives: The same of the negative ones, one or more.
        false_positives: Share of negatives that may be taken for positives, between 0 and 1.

    Returns:
        The rate. Its interval adds, as squares, that of the share of positives and that of the threshold.

    Source:
        Carlini et al. 2022, "Membership inference attacks from first principles" (arXiv:2112.03570), on why
        few false positives are what counts. The sum of squares: Newcombe 1998, Statistics in Medicine 17.

    Example:
        >>> numbers = np.arange(1000.0)
        >>> round(true_positive_rate(numbers, numbers + 0.5, false_positives=0.1).value, 2)
        0.1
    """
    curve = _curve(positives, negatives)
    value = float(np.interp(false_positives, *curve))
    n_hits = min(value * len(positives), float(len(positives)))
    share = wilson_rate(Tally(n_hits, len(positives)))
    threshold = wilson_rate(Tally(false_positives * len(negatives), len(negatives)))
    least, most = np.interp([threshold.low, threshold.high], *curve).tolist()
    low = value - math.hypot(value - share.low, value - least)
    high = value + math.hypot(share.high - value, most - value)
    return Rate(value, max(0.0, low), min(1.0, high), len(positives))


def _curve(positives: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected shares of false positives, ascending from 0 to 1, and the shares of true ones."""
    n = len(negatives)
    ascending = np.sort(negatives)
    upper, lower = (np.searchsorted(ascending, ascending, side=side) for side in _SIDES)
    n_above, n_reached = (
        len(positives) - np.searchsorted(np.sort(positives), ascending, side=side) for side in _SIDES
    )
    # Negatives that are equal take part in a tie at random places: above the j-th of g of them there are
    # j / (g + 1) of the positives in the tie, on average.
    place = (upper - np.arange(n)) / (upper - lower + 1)
    n_true = n_above + (n_reached - n_above) * place
    shares = np.append(n_true / len(positives), 0.0)[::-1]
    return np.append(np.arange(n + 1) / (n + 1), 1.0), np.append(shares, 1.0)


def auc_of(members: np.ndarray, others: np.ndarray) -> Rate:
    """How often an attack rightly calls the member of two."""
    value, error = auc_and_error(members, others)
    return Rate(value, value - CONFIDENT * error, value + CONFIDENT * error, len(members))


def sure_share_of(members: np.ndarray, others: np.ndarray) -> Rate:
    """Share of the members that an attack is sure of."""
    return true_positive_rate(members, others, false_positives=FALSE_POSITIVES)
