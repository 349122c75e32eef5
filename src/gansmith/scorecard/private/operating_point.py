"""The true-positive rate at few false positives: how surely an attack knows the few it is sure of."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.private.risk import Rate, Tally, wilson_rate

_SIDES: Final[tuple[Literal["right"], Literal["left"]]] = ("right", "left")


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
