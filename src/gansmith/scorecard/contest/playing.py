"""One fold of a contest: every method teaches every learner, and real records test them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.scorecard.contest.arena import NOTHING, Learner, Lessons, Method
from gansmith.scorecard.contest.folds import folds_of, stratified
from gansmith.scorecard.contest.methods import balanced
from gansmith.scorecard.contest.predictions import Aim, best_threshold, scores
from gansmith.scorecard.features import draws, small_seed

N_INNER: Final = 3
"""Folds within the training part by which a threshold is tuned."""
CURVE: Final = (0.25, 0.5, 0.75)
"""Shares of the real records of a training part that the learning curve is made of, beside all of them."""

Scores = Mapping[str, float]


@final
@dataclass(frozen=True, eq=False)
class Fold:
    """Real records to learn from, and others to be tested on."""

    learnt: Lessons
    inputs: np.ndarray
    """Of the test records, shape `(n, *record)`."""
    is_rare: np.ndarray
    """Whether each of them is, shape `(n,)`; both occur."""
    seed: int

    def chances(self, lessons: Lessons, learner: Learner, seed: int) -> np.ndarray:
        """What somebody who has learnt from these lessons says of the test records, shape `(n,)`."""
        return learner(lessons, small_seed(seed))(self.inputs)


@final
@dataclass(frozen=True, eq=False)
class Said:
    """What a learner says of the test records after some lessons."""

    chance: np.ndarray
    """That each is rare, shape `(n,)`."""
    share: float
    """Of rare records in the lessons, by weight."""
    threshold: float = 0.5
    """From which chance on it decides for rare."""


def said(
    fold: Fold, learner: Learner, methods: Sequence[Method], aim: Aim, n_draws: int
) -> Iterator[tuple[str, list[Said]]]:
    """What a learner says after each method, once for each draw.

    Args:
        fold: Who is taught, and by what is tested.
        learner: What learns.
        methods: Contestants; `NOTHING` is the first.
        aim: What the user wants.
        n_draws: Of methods that are random.
    """
    plain = Said(fold.chances(fold.learnt, learner, fold.seed), fold.learnt.share)
    for method in methods:
        if method.name == NOTHING:
            yield method.name, [plain]
        elif method.tunes_threshold:
            threshold = best_threshold(out_of_fold(fold, learner), fold.learnt.is_rare, aim)
            yield method.name, [replace(plain, threshold=threshold)]
        else:
            found: list[Said] = []
            for draw in range(n_draws if method.is_random else 1):
                lessons = method.remedy(fold.learnt, draws(fold.seed + draw))
                found.append(Said(fold.chances(lessons, learner, fold.seed + draw), lessons.share))
            yield method.name, found


def played(
    fold: Fold, learner: Learner, methods: Sequence[Method], aim: Aim, n_draws: int
) -> dict[str, Scores]:
    """The scores of each method, means over its draws; see `said`."""
    found: dict[str, Scores] = {}
    for name, each in said(fold, learner, methods, aim, n_draws):
        drawn = [
            scores(one.chance, fold.is_rare, aim, one.threshold, (fold.learnt.share, one.share))
            for one in each
        ]
        found[name] = {key: float(np.mean([one[key] for one in drawn])) for key in drawn[0]}
    return found


def out_of_fold(fold: Fold, learner: Learner) -> np.ndarray:
    """The chance of each training record, by learners that have not seen it, shape `(n,)`."""
    learnt, rng = fold.learnt, draws(fold.seed)
    n_folds = min(N_INNER, max(2, int(learnt.is_rare.sum())))
    parts = folds_of(learnt.inputs, learnt.is_rare.astype(np.int64), n_folds, rng)
    chance = np.full(len(learnt), learnt.share)
    for part in range(n_folds):
        rest = learnt.take(np.flatnonzero(parts != part))
        if rest.is_rare.any():
            chance[parts == part] = learner(rest, small_seed(fold.seed))(learnt.inputs[parts == part])
    return chance


def curve(fold: Fold, learner: Learner, aim: Aim) -> tuple[float, ...]:
    """The score that counts where only a share of the real records is learnt from, for each of `CURVE`."""
    found: list[float] = []
    for share in CURVE:
        lessons = fold.learnt.take(stratified(fold.learnt.is_rare, share, draws(fold.seed)))
        chance, shares = fold.chances(lessons, learner, fold.seed), (fold.learnt.share, lessons.share)
        found.append(scores(chance, fold.is_rare, aim, 0.5, shares)[aim.score])
    return tuple(found)


def looks_rare(fold: Fold, learner: Learner, made: np.ndarray) -> np.ndarray:
    """Which made rare records a learner of the real ones takes for rare, shape `(n,)`.

    To this learner both classes weigh the same, so the border is a half.
    """
    return learner(balanced(fold.learnt), small_seed(fold.seed))(made) >= 0.5
