"""What an attack that tells members from others reaches: an AUC, or a share that it is sure of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.chance import Tally, chance_beyond
from gansmith.scorecard.learners import auc_and_error, mean_and_error, shares_beaten
from gansmith.scorecard.private.risk import Rate, wilson_rate
from gansmith.scorecard.score import reach_of_few

_SIDES: Final[tuple[Literal["right"], Literal["left"]]] = ("right", "left")


@final
@dataclass(frozen=True)
class Reached:
    """What an attack reaches."""

    rate: Rate
    """An AUC, or a share of the members."""
    chance: float
    """That a guess reaches as much or more."""
    n_others: int
    """Non-members that it was measured on, of the smallest part."""


def auc_reached(members: np.ndarray, others: np.ndarray) -> Reached:
    """How often an attack rightly calls the member of two."""
    value, error = auc_and_error(members, others)
    n, m = len(members), len(others)
    by_chance = math.sqrt((n + m + 1) / (12 * n * m))  # of few records their own error is too small
    chance = chance_beyond(value - 0.5, max(error, by_chance))
    return Reached(_auc(value, error, n, m), chance, n)


def _auc(value: float, error: float, n_members: int, n_others: int) -> Rate:
    reach = reach_of_few(max(1, min(n_members, n_others) - 1)) * error
    return Rate(value, value - reach, value + reach, n_members)


def mean_auc(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Rate:
    """The mean AUC of several attacks on the same members and others."""
    beaten, by = zip(*(shares_beaten(*pair) for pair in pairs), strict=True)
    value, error = mean_and_error(np.mean(beaten, axis=0), np.mean(by, axis=0))
    return _auc(value, error, len(beaten[0]), len(by[0]))


def share_reached(members: np.ndarray, others: np.ndarray, *, false_positives: float) -> Reached:
    """Share of the members that an attack is sure of."""
    rate = true_positive_rate(members, others, false_positives=false_positives)
    chance = chance_of_rate(members, others, false_positives=false_positives)
    return Reached(rate, chance, len(others))


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


def chance_of_rate(positives: np.ndarray, negatives: np.ndarray, *, false_positives: float) -> float:
    """The chance that so many positives or more lie above the threshold, were they drawn like the negatives.

    The threshold is the negative that as many exceed as may be taken for positives, or one fewer. Equal
    numbers stand in random order.

    Source:
        Exceedances follow a negative hypergeometric distribution: Wilks 1942, "Statistical prediction with
        special reference to the problem of tolerance limits", Annals of Mathematical Statistics 13.

    Example:
        >>> round(chance_of_rate(np.full(12, 2.0), np.arange(100.0) / 100, false_positives=0.01), 9)
        0.0
    """
    from scipy.stats import hypergeom  # takes a moment: only where something is judged

    n_others = math.floor(false_positives * (len(negatives) + 1) + 1e-9)
    if not n_others:
        return 1.0
    shares = _curve(positives, negatives)[1]
    n_above = math.floor(float(shares[n_others]) * len(positives) + 1e-9)
    n = len(positives) + len(negatives)
    return float(hypergeom.sf(n_above - 1, n, len(positives), n_above + n_others - 1)) if n_above else 1.0


def n_needed(false_positives: float) -> int:
    """Records of each kind without which a rate at this share of false alarms cannot be told.

    Example:
        >>> n_needed(0.01), n_needed(0.001)
        (99, 999)
    """
    return round(1 / false_positives) - 1
