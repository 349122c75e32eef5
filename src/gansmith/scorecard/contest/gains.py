"""Gains over doing nothing with intervals that know that folds overlap, and which method is worth it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from scipy.stats import t as student

from gansmith.scorecard.chance import adjusted
from gansmith.scorecard.contest.arena import NOTHING
from gansmith.scorecard.features import draws

LEVEL: Final = 0.05
"""Chance that anything is recommended where nothing helps."""
WORTH_HAVING: Final = 0.01
"""The smallest gain that is recommended: in the unit of a score from 0 to 1, of a cost as a share of it."""


MANY_FOLDS: Final = 20
"""From which on they show how methods go together."""
N_DRAWN: Final = 20_000


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


def chances_of_all(folds: Mapping[str, np.ndarray], test_ratio: float) -> dict[str, float]:
    """Chances of a false finding where the best of many is chosen, by method.

    Methods that have played as many folds are one family, and the chances of each are multiplied with the
    number of families. Many folds show how methods go together: what is gained by one way of oversampling is
    mostly gained by any other, so that three of them are hardly more than one. There the largest t of all
    is compared with what it would be by chance; else the chances are Holm's.

    Args:
        folds: By method, its differences to doing nothing, as `gain` takes them. One that differs in none
            cannot be found to gain, and is not counted.
        test_ratio: See `gain`.

    Source:
        Dunnett 1955, "A multiple comparison procedure for comparing several treatments with a control",
        Journal of the American Statistical Association 50; its correlations are those of the folds here.
    """
    found = dict.fromkeys(folds, 1.0)
    moving = {name: each for name, each in folds.items() if each.any()}
    sizes = {len(each) for each in moving.values()}
    for size in sizes:
        family = {name: each for name, each in moving.items() if len(each) == size}
        own = _by_largest(family, test_ratio) if size >= MANY_FOLDS else None
        chances = own or adjusted({name: gain(each, test_ratio).p for name, each in family.items()})
        found |= {name: min(1.0, len(sizes) * one) for name, one in chances.items()}
    return found


def _by_largest(family: Mapping[str, np.ndarray], test_ratio: float) -> dict[str, float]:
    """How often the largest of as many correlated t would be as large as that of each method."""
    values = np.stack([*family.values()])  # (n_methods, k)
    gains = [gain(each, test_ratio) for each in values]
    scale = np.sqrt(values.var(axis=1))
    known = np.where(scale > 0, scale, 1.0)
    shared = (values - values.mean(axis=1, keepdims=True)) / known[:, None]
    rng, k = draws(0), values.shape[1]
    normal = rng.normal(size=(N_DRAWN, k)) @ shared.T / math.sqrt(k)  # (n_drawn, n_methods), correlated
    spread = np.sqrt(rng.chisquare(k - 1, N_DRAWN) / (k - 1))
    largest = (normal / spread[:, None]).max(axis=1)
    ts = [one.value / one.error if one.error > 0 else 0.0 for one in gains]
    beaten = [(1 + int((largest >= t).sum())) / (1 + N_DRAWN) for t in ts]
    return dict(zip(family, beaten, strict=True))


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
    differences = {name: ahead(each, folds[NOTHING]) for name, each in others.items()}
    gains = {name: gain(each, test_ratio) for name, each in differences.items()}
    chances = chances_of_all(differences, test_ratio)
    sure = [name for name in gains if chances[name] <= LEVEL and gains[name].value >= smallest]
    if not sure:
        return Recommendation(NOTHING, _why_nothing(gains, smallest, score))
    best = max(sure, key=lambda name: gains[name].value)
    chosen = next(name for name in sure if _is_as_good(folds[name], folds[best], test_ratio, smallest))
    one = gains[chosen]
    reason = (
        f"{chosen} gains {one.value:.3f} of {score} over doing nothing (95 % interval {one.low:.3f} to "
        f"{one.high:.3f}), and {len(gains)} methods tried do not explain that by luck"
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
        return (
            f"no method gains as much as {smallest:.2g} of {score}; the best, {best}, gains {one.value:+.3f}."
        )
    said = (
        f"the best, {best}, gains {one.value:.3f} of {score} (95 % interval {one.low:.3f} to {one.high:.3f})"
    )
    if one.low > 0:
        return f"{said}, which may be luck, as {len(gains)} methods were tried: more folds would tell."
    return f"no gain is sure: {said}."


def spread(folds: Sequence[float] | np.ndarray, test_ratio: float) -> tuple[float, float]:
    """Mean of a score over folds and its standard error, as of a gain."""
    found = gain(np.asarray(folds, float), test_ratio)
    return found.value, found.error
