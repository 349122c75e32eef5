"""Is it useful? What models that learnt from synthetic series know of the next steps of real ones.

Of a number its change is learnt, so that a model goes on from where a series is: later times of a series may
lie where no training step has been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.scorecard.features import draws, fold_rare_codes
from gansmith.scorecard.learners import SMALL_TREES, Trees
from gansmith.scorecard.score import Score
from gansmith.scorecard.sequences.records import DAY_SECONDS, Sequences

N_LAGS: Final = 4
"""Steps that a model sees, the last one and those before it."""
MAX_TARGETS: Final = 6
"""Columns that are predicted, the first ones."""
HORIZONS: Final = (4, 12)
"""Steps ahead of a forecast, as far as series reach."""
_FEWEST: Final = 20
"""Rows to learn from, and to test on."""
_N_CODES: Final = 20
_ENDS: Final = (0.01, 0.99)
"""Quantiles at which numbers are cut off: few extremes would be all that counts."""
_LEAST: Final = 1e-3
"""Chance that a class which a model does not know is given."""
_SOURCE: Final = (
    "Esteban et al. 2017 (arXiv:1706.02633): train on synthetic, test on real; boosted trees on lags."
)


@final
@dataclass(frozen=True, eq=False)
class Lessons:
    """What is known at some steps, and what came later."""

    inputs: Float[np.ndarray, "n_rows n_inputs"]
    is_code: Bool[np.ndarray, " n_inputs"]
    wanted: Float[np.ndarray, " n_rows"]
    """What came later."""
    last: Float[np.ndarray, " n_rows"]
    """What the same column was at the step itself."""
    owners: Int[np.ndarray, " n_rows"]
    """The series of each."""


def lessons(of: Sequences, target: str, horizon: int, season: int, n_max: int, seed: int) -> Lessons:
    """Steps with a known later value, and what a model sees there: lags, codes, gap, clock, attributes."""
    ahead = of.column(target)
    rows = np.flatnonzero((of.places >= 1) & (of.places + horizon < of.lengths[of.owners]))
    rows = rows[~np.isnan(ahead[rows + horizon] + ahead[rows])]
    rows = np.sort(draws(seed).permutation(rows)[:n_max])
    columns, is_code, now = list[np.ndarray](), list[bool](), of.steps.values[rows]
    for back in (*range(N_LAGS), *([season - horizon] if season > horizon + N_LAGS else [])):
        is_there = of.places[rows] >= back
        values = np.where(is_there[:, None], of.steps.values[np.maximum(rows - back, 0)], np.nan)
        values[:, ~of.steps.is_category] -= now[:, ~of.steps.is_category] if back else 0.0
        columns += list(values.T)
        is_code += of.steps.is_category.tolist()
    columns.append(of.gaps[rows])
    if of.has_calendar:
        days = of.seconds[rows] / DAY_SECONDS
        columns += [days % 1, np.floor(days + 3) % 7]
    is_code += [False] * (len(columns) - len(is_code))
    columns += list(of.attributes.values[of.owners[rows]].T)
    is_code += of.attributes.is_category.tolist()
    inputs = np.stack(columns, axis=1)
    return Lessons(inputs, np.array(is_code), ahead[rows + horizon], ahead[rows], of.owners[rows])


def explained(
    fake: Sequences,
    real: Sequences,
    targets: Sequence[str],
    horizons: Sequence[int],
    season: int,
    *,
    n_max: int,
    seed: int,
    learner: Trees = SMALL_TREES,
) -> tuple[dict[str, float], float, float]:
    """How much of what comes later in real series models explain that learnt from others.

    Of a number the share of its variance, its extreme hundredths cut off; of a category the share of its
    uncertainty (the entropy of its shares in the test series). Both are 1 where all is foreseen, 0 where
    nothing is, and below that where a model is sure of what is wrong. Two models learn from a half of the
    series each: by how much they differ is part of the error.

    Args:
        fake: Series to learn from.
        real: Series to be tested on.
        targets: Columns that are predicted.
        horizons: How many steps ahead.
        season: Steps of a season, 0 where there is none.
        n_max: Rows that a model learns from, and is tested on.
        seed: Draws them.
        learner: What kind of model.

    Returns:
        The share of each target and horizon, their mean, and its error by whole series.

    Raises:
        DataError: No target has enough rows on both sides.
    """
    halves = [fake.take(np.sort(half)) for half in np.array_split(draws(seed).permutation(len(fake)), 2)]
    shares, spreads, between = dict[str, float](), list[np.ndarray](), list[float]()
    for target in targets:
        for horizon in horizons:
            asked = lessons(real, target, horizon, season, n_max, seed)
            taught = [lessons(half, target, horizon, season, n_max // 2, seed) for half in halves]
            is_code = target in real.categories
            if min(len(one.wanted) for one in (*taught, asked)) < _FEWEST or not _varies(
                asked, is_code=is_code
            ):
                continue
            found = [_explained(one, asked, len(real), seed, learner, is_code=is_code) for one in taught]
            name = target if len(horizons) == 1 else f"{target}, {horizon} steps ahead"
            shares[name] = (found[0][0] + found[1][0]) / 2
            spreads.append((found[0][1] + found[1][1]) / 2)
            between.append((found[0][0] - found[1][0]) ** 2 / 4)
    if not shares:
        raise DataError("No column has enough steps on both sides to be predicted.")
    together = np.mean(spreads, axis=0)  # (n_series,): one series moves all targets
    n = max(int((together != 0).sum()), 2)
    error = float(np.sqrt(np.square(together).sum() * n / (n - 1) + np.mean(between)))
    return shares, float(np.mean(list(shares.values()))), error


def _explained(
    taught: Lessons, asked: Lessons, n_series: int, seed: int, learner: Trees, *, is_code: bool
) -> tuple[float, np.ndarray]:
    """The share that is explained, and how far each test series moves it."""
    both = np.concatenate([taught.inputs, asked.inputs])
    for place in np.flatnonzero(taught.is_code):
        both[:, place] = fold_rare_codes(both[:, place], n_codes=learner.n_codes)
    known, seen = np.split(both, [len(taught.wanted)])
    losses = (_surprises if is_code else _squares)(known, taught, seen, asked, seed, learner)
    left, whole = (np.bincount(asked.owners, one, minlength=n_series) for one in losses)
    total = max(float(whole.sum()), 1e-300)
    share = 1 - float(left.sum()) / total
    return share, (left - (1 - share) * whole) / total


def _varies(asked: Lessons, *, is_code: bool) -> bool:
    """Whether there is anything to be explained."""
    return float(np.ptp(asked.wanted if is_code else np.quantile(asked.wanted, _ENDS))) > 0


def _squares(
    known: np.ndarray, taught: Lessons, seen: np.ndarray, asked: Lessons, seed: int, learner: Trees
) -> tuple[np.ndarray, np.ndarray]:
    """Squared errors of a model, and of the mean; what lies beyond extreme quantiles counts as these."""
    changes = taught.wanted - taught.last
    changes = np.clip(changes, *np.quantile(changes, _ENDS))
    model = learner.regressor(known, changes, taught.is_code, seed) if np.ptp(changes) else None
    said = asked.last + (changes[0] if model is None else model(seen))
    ends = np.quantile(asked.wanted, _ENDS)
    wanted, said = (np.clip(one, *ends) for one in (asked.wanted, said))
    return np.square(wanted - said), np.square(wanted - wanted.mean())


def _surprises(
    known: np.ndarray, taught: Lessons, seen: np.ndarray, asked: Lessons, seed: int, learner: Trees
) -> tuple[np.ndarray, np.ndarray]:
    """Surprise of a model at what came, and of the shares of the test steps, in nats."""
    n = len(taught.wanted)
    codes = fold_rare_codes(np.concatenate([taught.wanted, asked.wanted]), n_codes=_N_CODES).astype(np.int64)
    chances = np.full((len(seen), int(codes.max()) + 1), _LEAST)
    if len(np.unique(codes[:n])) > 1:
        judge = learner.classifier(known, codes[:n] * 1.0, taught.is_code, seed)
        chances[:, judge.classes.astype(np.int64)] += judge.probabilities(seen)
    else:
        chances[:, codes[0]] += 1.0
    chances /= chances.sum(axis=1, keepdims=True)
    shares = np.bincount(codes[n:], minlength=chances.shape[1]) / len(seen)
    return -np.log(chances[np.arange(len(seen)), codes[n:]]), -np.log(shares[codes[n:]])


def score_of(value: float, error: float, n: int, label: str, meaning: str) -> Score:
    """The score of what is explained."""
    return Score(
        value=value,
        error=error,
        n=n,
        direction="higher",
        source=_SOURCE,
        label=label,
        meaning=meaning,
        limits=(-np.inf, 1.0),
    )
