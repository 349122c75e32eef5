"""Short windows of series: what they look like to trees, and how well these tell real from synthetic ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.scorecard.features import draws, fold_rare_codes
from gansmith.scorecard.learners import Trees, auc_and_error, mean_and_error, shares_beaten
from gansmith.scorecard.score import SHARE, Score
from gansmith.scorecard.sequences.records import Sequences

WINDOW: Final = 24
"""Steps of a window, where series are as long and records not too wide."""
MAX_NUMBERS: Final = 400
"""Numbers of a window, for which windows of many columns become shorter."""
FEWEST: Final = 4
"""Steps of a window."""
PER_SERIES: Final = 8
"""Windows of a series, at most."""

Windows = Float[np.ndarray, "_ n_windows n_numbers"]
Groups = tuple[Int[np.ndarray, " n_fake"], Int[np.ndarray, " n_real"]]
"""Numbers of what series of either side belong together."""


@final
@dataclass(frozen=True)
class Cut:
    """How windows are cut, the same for all that are compared."""

    n_steps: int
    n_windows: int
    """Of each series."""
    has_gaps: bool
    """Whether gaps between steps are numbers of a window, too."""
    is_level: bool
    """Whether levels count; else windows lie around their mean: of pieces, a level tells the time."""

    @classmethod
    def of(cls, real: Sequences, fake: Sequences, n_told: int, *, is_level: bool) -> Cut:
        """As long as series and columns allow, and about so many of each side."""
        n_columns = 2 * real.steps.n_columns + 1
        usual = int(np.quantile(np.concatenate([real.lengths, fake.lengths]), 0.25))
        n_steps = int(np.clip(min(usual, MAX_NUMBERS // n_columns), FEWEST, WINDOW))
        n_windows = n_told // max(1, min(len(real), len(fake)))
        return cls(n_steps, int(np.clip(n_windows, 1, PER_SERIES)), real.clock != "", is_level)

    def windows(
        self, of: Sequences, rng: np.random.Generator
    ) -> tuple[Windows, Bool[np.ndarray, " n_numbers"]]:
        """Windows at random places: values, their differences and gaps, and which are codes.

        A series that is too short for a window is one, and lacks what is behind its end.
        """
        room = np.maximum(of.lengths - self.n_steps, 0)
        starts = np.floor(rng.random((len(of), self.n_windows)) * (room + 1)[:, None]).astype(np.int64)
        places = starts[:, :, None] + np.arange(self.n_steps)  # (n_series, n_windows, n_steps)
        is_there = places < of.lengths[:, None, None]
        rows = np.where(is_there, of.starts[:-1][:, None, None] + places, 0)
        values = np.where(is_there[..., None], of.steps.values[rows], np.nan)  # (..., n_steps, n_columns)
        measures = values[..., ~of.steps.is_category]
        changes = np.diff(measures, axis=2)
        if not self.is_level:
            n_known = np.maximum((~np.isnan(measures)).sum(axis=2, keepdims=True), 1)
            values[..., ~of.steps.is_category] -= np.nansum(measures, axis=2, keepdims=True) / n_known
        parts = [values, changes]
        if self.has_gaps:
            gaps = np.where(is_there, of.gaps[rows], np.nan)[..., 1:, None]
            parts.append(gaps)
        flat = [part.reshape(*part.shape[:2], -1) for part in parts]
        is_code = [np.tile(of.steps.is_category, self.n_steps)]
        is_code += [np.zeros(part.shape[2], bool) for part in flat[1:]]
        return np.concatenate(flat, axis=2), np.concatenate(is_code)


def windows_auc(
    fake: Sequences,
    real: Sequences,
    groups: Groups,
    *,
    seed: int,
    n_max: int,
    n_folds: int,
    learner: Trees,
    is_level: bool = True,
) -> Score:
    """How well boosted trees tell windows of synthetic series from those of real ones.

    Args:
        fake: Synthetic series.
        real: Real ones.
        groups: Of series of both sides that belong together, see `grouped_auc`.
        seed: Of what is drawn.
        n_max: Windows on each side, about.
        n_folds: Parts that series are dealt into.
        learner: Who learns it.
        is_level: Whether levels count, see `Cut`.

    Raises:
        DataError: Too few series, or groups of them, for two folds.
    """
    rng, cut = draws(seed), Cut.of(real, fake, n_max, is_level=is_level)
    n = min(len(fake), len(real), n_max)
    chosen = [np.sort(rng.permutation(len(side))[:n]) for side in (fake, real)]
    found = [cut.windows(side.take(some), rng) for side, some in zip((fake, real), chosen, strict=True)]
    dealt = tuple(group[some] for group, some in zip(groups, chosen, strict=True))
    sides, is_code = (found[0][0], found[1][0]), found[0][1]
    value, error = grouped_auc(
        sides, is_code, (dealt[0], dealt[1]), seed=seed, n_folds=n_folds, learner=learner
    )
    return Score(
        value=value,
        error=error,
        n=n,
        direction="lower",
        source="Lopez-Paz & Oquab 2017 (arXiv:1610.06545), AUC of boosted trees on windows; error by series.",
        label="two-sample AUC of windows",
        meaning=f"How often boosted trees pick the synthetic one of two windows of {cut.n_steps} steps, with "
        "their differences; 0.5 is perfect. A stronger judge than a recurrent network.",
        limits=SHARE,
    )


def grouped_auc(
    sides: tuple[Windows, Windows],
    is_code: Bool[np.ndarray, " n_numbers"],
    groups: Groups,
    *,
    seed: int,
    n_folds: int,
    learner: Trees,
) -> tuple[float, float]:
    """The AUC of trees, and its error, where some records belong together.

    Records of a group, windows of a series or pieces of one stretch of time, are on one side of a fold
    together, and the error counts groups.

    Args:
        sides: Synthetic and real records, one or more of each series.
        is_code: Which of their numbers are codes.
        groups: Of the series of both sides.
        seed: Deals the groups.
        n_folds: Into so many parts.
        learner: Who learns it.

    Raises:
        DataError: Too few groups for two folds.

    Source:
        As `real.two_sample`.
    """
    rng = draws(seed)
    n_folds = min(n_folds, *(len(np.unique(group)) // 2 for group in groups))
    if n_folds < 2:
        raise DataError("Too few series, or stretches of time, to tell them apart. Wanted: 4 or more.")
    folds = [_dealt(group, n_folds, rng) for group in groups]
    both, labels, where = _joined(sides, folds, is_code, learner)
    results: list[tuple[float, float]] = []
    for fold in range(n_folds):
        judge = learner.classifier(both[where != fold], labels[where != fold], is_code, seed)
        said = judge.probabilities(both[where == fold])[:, 1]
        own = [group[one == fold] for group, one in zip(groups, folds, strict=True)]
        results.append(_by_groups(said, labels[where == fold], own, sides[0].shape[1]))
    values, errors = np.array(results).T
    share = 1 / n_folds + 1 / (n_folds - 1)  # see `real.two_sample`
    return float(values.mean()), float(np.sqrt(np.square(errors).mean() * share))


def _dealt(groups: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each series."""
    numbers = np.unique(groups, return_inverse=True)[1]
    return (rng.permutation(int(numbers.max()) + 1) % n_folds)[numbers]


def _joined(
    sides: tuple[Windows, Windows], folds: list[np.ndarray], is_code: np.ndarray, learner: Trees
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows of both sides as rows, 1 for synthetic ones, and the fold of each."""
    both = np.concatenate([side.reshape(-1, side.shape[2]) for side in sides])
    for place in np.flatnonzero(is_code):
        both[:, place] = fold_rare_codes(both[:, place], n_codes=learner.n_codes)
    labels = np.repeat([1.0, 0.0], [side.shape[0] * side.shape[1] for side in sides])
    where = np.concatenate([np.repeat(fold, side.shape[1]) for fold, side in zip(folds, sides, strict=True)])
    return both, labels, where


def _by_groups(
    said: np.ndarray, labels: np.ndarray, groups: list[np.ndarray], n_windows: int
) -> tuple[float, float]:
    """The AUC, and its error where windows of a group go together."""
    beaten = shares_beaten(said[labels == 1], said[labels == 0])
    means = [
        _mean_by(shares, np.repeat(group, n_windows)) for shares, group in zip(beaten, groups, strict=True)
    ]
    if min(map(len, means)) < 2:
        return auc_and_error(said[labels == 1], said[labels == 0])
    return float(beaten[0].mean()), mean_and_error(*means)[1]


def _mean_by(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    numbers = np.unique(groups, return_inverse=True)[1]
    return np.bincount(numbers, values) / np.bincount(numbers)
