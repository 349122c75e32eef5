"""Gains over doing nothing with intervals that know that folds overlap, and which method is worth it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from scipy.stats import t as student

from gansmith.scorecard.contest.arena import NOTHING

LEVEL: Final = 0.05
"""Chance that anything is recommended where nothing helps."""
WORTH_HAVING: Final = 0.01
"""The smallest gain that is recommended: in the unit of a score from 0 to 1, of a cost as a share of it."""


@final
@dataclass(frozen=True)
class Gain:
    """A mean over folds, how sure it is, and how likely it is by chance."""

    value: float
    error: float
    """Standard error."""
    low: float
    """Lower end of the interval of 95 %."""
    high: float
    """Its upper end."""
    p: float
    """Chance of as large a mean or a larger one where there is nothing to gain."""


def gain(folds: np.ndarray, test_ratio: float) -> Gain:
    """The mean of differences over folds by the corrected resampled t-test.

    Training parts of folds overlap, so their results vary less than independent ones would: the plain t-test
    finds far too much. The variance of the mean is taken to be `(1 / k + n_test / n_train)` times that of the
    folds. Dealt into folds again and again, records are tested as often: `k` grows, the second part stays.

    Args:
        folds: Shape `(k,)`, one difference for each fold of each deal, two or more.
        test_ratio: Records in a test part for each in a training part.

    Source:
        Nadeau & Bengio 2003, "Inference for the generalization error", Machine Learning 52. For folds that
        are dealt repeatedly: Bouckaert & Frank 2004, "Evaluating the replicability of significance tests for
        comparing learning algorithms", PAKDD.
    """
    k, mean = len(folds), float(folds.mean())
    error = math.sqrt((1 / k + test_ratio) * float(folds.var(ddof=1)))
    reach = float(student.ppf(0.975, k - 1)) * error
    p = float(student.sf(mean / error, k - 1)) if error > 0 else 1.0
    return Gain(mean, error, mean - reach, mean + reach, p)


def ahead(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far one is ahead of another in each fold that both have played: the first ones of each."""
    n = min(len(one), len(other))
    return one[:n] - other[:n]


def adjusted(ps: Mapping[str, float]) -> dict[str, float]:
    """Chances of a false finding where the best of many is chosen.

    Source:
        Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
        Statistics 6.

    Example:
        >>> adjusted({"a": 0.01, "b": 0.04, "c": 0.5})
        {'a': 0.03, 'b': 0.08, 'c': 0.5}
    """
    found: dict[str, float] = {}
    largest = 0.0
    for place, name in enumerate(sorted(ps, key=lambda one: ps[one])):
        largest = max(largest, min(1.0, ps[name] * (len(ps) - place)))
        found[name] = largest
    return found


@final
@dataclass(frozen=True)
class Recommendation:
    """A method, and why."""

    name: str
    reason: str
    """One plain sentence."""


def recommended(
    folds: Mapping[str, np.ndarray], test_ratio: float, smallest: float, score: str
) -> Recommendation:
    """The cheapest of the methods that are surely better than nothing and as good as the best of them.

    Args:
        folds: By method, the cheapest first and `NOTHING` among them: the score of each fold, the higher the
            better; those of one may be fewer, the first ones of the others.
        test_ratio: Records in a test part for each in a training part.
        smallest: Gain that is worth having.
        score: Its name, for the sentence.
    """
    others = {name: each for name, each in folds.items() if name != NOTHING}
    gains = {name: gain(ahead(each, folds[NOTHING]), test_ratio) for name, each in others.items()}
    chances = adjusted({name: one.p for name, one in gains.items()})
    sure = [name for name in gains if chances[name] <= LEVEL and gains[name].value >= smallest]
    if not sure:
        return Recommendation(NOTHING, _why_nothing(gains, smallest, score))
    best = max(sure, key=lambda name: gains[name].value)
    chosen = next(name for name in sure if _is_as_good(folds[name], folds[best], test_ratio, smallest))
    one = gains[chosen]
    reason = (
        f"{chosen} gains {one.value:.3f} of {score} over doing nothing (95 % interval {one.low:.3f} to "
        f"{one.high:.3f}), and that is no luck of the {len(gains)} methods that were tried"
    )
    also = "" if chosen == best else f"; {best} is more expensive and not surely better"
    return Recommendation(chosen, f"{reason}{also}.")


def _is_as_good(one: np.ndarray, best: np.ndarray, test_ratio: float, smallest: float) -> bool:
    more = gain(ahead(best, one), test_ratio)
    return more.value < smallest or more.p > LEVEL


def _why_nothing(gains: Mapping[str, Gain], smallest: float, score: str) -> str:
    """Why no method is recommended, by the one that came nearest."""
    if not gains:
        return "no other method could be tried."
    best = max(gains, key=lambda name: gains[name].value)
    one = gains[best]
    if one.value < smallest:
        return f"no method gains as much as {smallest:.2g} of {score}; the best, {best}, {one.value:+.3f}."
    said = (
        f"the best, {best}, gains {one.value:.3f} of {score} (95 % interval {one.low:.3f} to {one.high:.3f})"
    )
    if one.low > 0:
        return f"{said}, which may be luck as {len(gains)} methods were tried: more folds would tell."
    return f"no gain is sure: {said}."


def spread(folds: Sequence[float] | np.ndarray, test_ratio: float) -> tuple[float, float]:
    """Mean of a score over folds and its standard error, as of a gain."""
    found = gain(np.asarray(folds, float), test_ratio)
    return found.value, found.error
