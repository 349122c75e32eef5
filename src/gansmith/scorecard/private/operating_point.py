"""The true-positive rate at few false positives: how surely an attack knows the few it is sure of."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.private.risk import Rate, Tally, wilson_rate


def true_positive_rate(
    positives: Float[np.ndarray, " n_positives"],
    negatives: Float[np.ndarray, " n_negatives"],
    *,
    false_positives: float,
) -> Rate:
    """Share of positive records above a threshold that a given share of negative ones exceeds.

    Of numbers of the same distribution, a share of i / (n + 1) lies above the i-th largest of n negative ones
    on average; in between, and within ties, the rate is interpolated. So a guess reaches the given share
    however few the negatives are, and fewer than 1 / false_positives of them can never show a rate of 1.

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
    n_positives, n_negatives = len(positives), len(negatives)
    thresholds = np.unique(np.concatenate([positives, negatives]))[::-1]
    n_false = n_negatives - np.searchsorted(np.sort(negatives), thresholds, side="left")
    n_true = n_positives - np.searchsorted(np.sort(positives), thresholds, side="left")
    # Of the thresholds that as many negatives exceed, the lowest has the most positives above it. The one
    # above all numbers, with none, comes first.
    n_false, n_true = np.append(0, n_false), np.append(0, n_true)
    is_last = np.append(np.diff(n_false) > 0, True)
    x = np.append(0.0, (n_false[is_last] + 1) / (n_negatives + 1))
    y = np.append(0.0, n_true[is_last] / n_positives)
    return x, y
