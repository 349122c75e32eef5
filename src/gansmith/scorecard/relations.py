"""Scores across tables: how many rows point at each, what goes together along keys, what queries answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float, Int

from gansmith.scorecard.features import Features, draws, fold_rare_codes
from gansmith.scorecard.learners import Trees, auc_and_error
from gansmith.scorecard.real.trend import pair_trends
from gansmith.scorecard.score import SHARE, Score

N_PARTS: Final = 5
"""Parts of the rows, by which errors are found."""
MOST_ROWS: Final = 40_000
Degrees = Int[np.ndarray, " _"]


@final
@dataclass(frozen=True)
class Answer:
    """What a query answers, by group: a mean, a sum or a count of each."""

    query: str
    groups: tuple[str, ...]
    values: Float[np.ndarray, " n"]


def cardinality_similarity(fake: Degrees, real: Degrees) -> float:
    """One minus the greatest distance between the distributions of how many rows point at each.

    Source:
        SDMetrics 0.32, "Cardinality Shape Similarity": the Kolmogorov-Smirnov statistic.
    """
    if not len(fake) or not len(real):
        return 0.0
    values = np.union1d(fake, real)
    ours, theirs = (np.searchsorted(np.sort(one), values, "right") / len(one) for one in (fake, real))
    return float(1 - np.abs(ours - theirs).max())


def cross_trend(fake: Features, real: Features, n_own: int) -> float:
    """How alike pairs of a row's own column and one of its context go together, the mean; NaN without any.

    Args:
        fake: Rows beside their context.
        real: The same of real ones.
        n_own: How many columns are the rows' own; they come first.
    """
    if not 0 < n_own < fake.n_columns:
        return float("nan")
    return float(np.nanmean(pair_trends(fake, real)[:n_own, n_own:]))


def with_error(
    measure: Callable[[Features, Features], float], fake: Features, real: Features, seed: int
) -> tuple[float, float]:
    """A measure of all rows, and the standard error of that by leaving out a part of them at a time.

    Source:
        Efron and Stein 1981, "The jackknife estimate of variance": the delete-a-group jackknife.
    """
    rng = draws(seed)
    fake, real = fake.sample(MOST_ROWS, rng), real.sample(MOST_ROWS, rng)
    value = measure(fake, real)
    left: list[float] = []
    for part in range(N_PARTS):
        ours, theirs = (
            one.take(np.flatnonzero(np.arange(len(one)) % N_PARTS != part)) for one in (fake, real)
        )
        left.append(measure(ours, theirs) if len(ours) and len(theirs) else value)
    spread = np.nan_to_num(np.array(left) - np.mean(left))
    return value, float(np.sqrt((N_PARTS - 1) / N_PARTS * np.square(spread).sum()))


def families_told_apart(
    fake: Features,
    real: Features,
    families: tuple[Int[np.ndarray, " n_fake"], Int[np.ndarray, " n_real"]],
    learner: Trees,
    seed: int,
    n_max: int,
) -> tuple[float, float]:
    """The AUC of a classifier that tells synthetic rows from real ones of other families, and its error.

    Rows of one family share what stands beside them, their customer's postal code for one. A classifier that
    has learnt some of them knows the others; so it is asked about families alone that it has not seen.

    Args:
        fake: Synthetic rows.
        real: Real ones, of the same columns.
        families: The family of each row of both.
        learner: What learns it.
        seed: Of what is drawn.
        n_max: Rows of each side, at most.
    """
    rng = draws(seed)
    n = min(len(fake), len(real), n_max)
    rows = [rng.permutation(len(side))[:n] for side in (fake, real)]
    records = np.concatenate([fake.values[rows[0]], real.values[rows[1]]])
    for column in np.flatnonzero(fake.is_category):
        codes = records[:, column]
        known, places = np.unique(codes, return_inverse=True)
        named = np.where(np.isnan(codes), np.nan, (rng.permutation(len(known)) * 1.0)[places.ravel()])
        records[:, column] = fold_rare_codes(named, n_codes=learner.n_codes)
    labels = np.repeat([1.0, 0.0], n)
    folds = np.concatenate([_folds(own[chosen], rng) for own, chosen in zip(families, rows, strict=True)])
    found: list[tuple[float, float]] = []
    for fold in range(N_PARTS):
        kept, asked = folds != fold, folds == fold
        if len(np.unique(labels[kept])) < 2 or len(np.unique(labels[asked])) < 2:
            continue
        judge = learner.classifier(records[kept], labels[kept], fake.is_category, seed)
        said = judge.probabilities(records[asked])[:, 1]
        found.append(auc_and_error(said[labels[asked] == 1], said[labels[asked] == 0]))
    if not found:
        return float("nan"), 0.0
    values, errors = np.array(found).T
    share = 1 / len(found) + 1 / max(1, len(found) - 1)
    return float(values.mean()), float(np.sqrt(np.square(errors).mean() * share))


def _folds(families: Int[np.ndarray, " n"], rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """A fold for each row, the same for all of a family."""
    _, places = np.unique(families, return_inverse=True)
    return (rng.permutation(int(places.max(initial=0)) + 1) % N_PARTS)[places.ravel()]


def query_errors(fake: Sequence[Answer], real: Sequence[Answer]) -> dict[str, float]:
    """By query, how far its answers are off, as a share of the real ones: the mean over its groups.

    A group that is missing is off by all of it; differences are weighed by what the real answers are.
    """
    found: dict[str, float] = {}
    theirs = {one.query: one for one in fake}
    for answer in real:
        other = theirs.get(answer.query)
        ours = dict(zip(other.groups, other.values, strict=True)) if other else {}
        off = sum(
            abs(float(ours.get(group, 0.0)) - value)
            for group, value in zip(answer.groups, answer.values, strict=True)
        )
        total = float(np.abs(answer.values).sum())
        found[answer.query] = off / total if total else 0.0
    return found


def score_of(
    value: float, error: float, n: int, label: str, meaning: str, source: str, *, is_lower: bool = False
) -> Score:
    """A score from 0 to 1."""
    return Score(
        value=value,
        error=error,
        n=max(1, n),
        direction="lower" if is_lower else "higher",
        source=source,
        label=label,
        meaning=meaning,
        limits=SHARE,
        caveat="" if np.isfinite(value) else "There is nothing of this kind in the data.",
    )
