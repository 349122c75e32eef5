"""Does it look real? What a classifier can still tell from held-out records, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float

from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes
from gansmith.scorecard.learners import FOREST, SMALL_TREES, TREES, Classifier, Forest, Trees, auc_and_error
from gansmith.scorecard.real.shape import column_distances
from gansmith.scorecard.real.trend import pair_trends
from gansmith.scorecard.score import SHARE, Score

MAX_GIVEAWAYS: Final = 10
_MAX_COLUMNS_SHUFFLED: Final = 64
_RECORDS_SHUFFLED: Final = 4_000
_QUICK_RECORDS: Final = 2_500
_QUICK_COLUMNS: Final = 64
_PAIRED_COLUMNS: Final = 8
_PAIRED_RECORDS: Final = 5_000
_SMALLEST_GAIN: Final = 0.01
_CLEARLY: Final = 3.0
"""Standard errors by which the second judge has to be better."""


@final
@dataclass(frozen=True)
class TwoSample:
    """How well synthetic and real records can be told apart, and by what."""

    score: Score
    """The AUC: 0.5 cannot be told apart, 1 always can."""
    giveaways: tuple[tuple[str, float], ...]
    """Columns, the most telling first, each with the share of the AUC above one half that is lost without it.
    The shares need not sum to 1. Empty when the classifier does no better than chance (within two errors)."""


def two_sample_auc(
    fake: Features,
    real: Features,
    *,
    seed: int,
    n_max: int = 10_000,
    n_folds: int = 5,
    finds_giveaways: bool = True,
    learner: Trees = TREES,
    second: Forest | None = FOREST,
) -> TwoSample:
    """Can a classifier tell synthetic records from real ones that it has not seen?

    Boosted trees learn it on all folds but one and are asked about that one, and so does a forest, which
    sees what only several columns together say. The forest counts where it is stronger by more than three
    errors: so seldom by chance that the score of perfect data stays one half (`second` None: trees alone).
    Each fold has its own AUC and the score is their mean: numbers of different classifiers are never ranked
    against each other, which would push the score of perfect data below one half. Both sides give equally
    many records, `n_max` at most. The error is DeLong's for the records asked about, enlarged for what the
    folds share. To look for the columns that give the synthetic records away takes longer.

    Raises:
        DataError: Fewer than 4 records on a side.

    Source:
        Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests" (arXiv:1610.06545), with the AUC in
        the place of the accuracy. The error: DeLong et al. 1988 (see `auc_and_error`) and Nadeau & Bengio
        2003, "Inference for the generalization error", Machine Learning 52.
    """
    check_comparable(fake, real, n_records=4)
    rng = draws(seed)
    n = min(len(fake), len(real), n_max)
    fake, real = fake.sample(n, rng), real.sample(n, rng)
    trial = _Trial(fake.values, real.values, fake.is_category, learner, min(n_folds, n // 2), seed)
    value, error, judges, is_forest = trial.run(second)
    judge = "a random forest" if is_forest else "boosted trees"
    score = Score(
        value=value,
        error=error,
        n=n,
        direction="lower",
        source=f"Lopez-Paz & Oquab 2017 (arXiv:1610.06545), AUC of {judge}; error: DeLong et al. 1988.",
        label="two-sample AUC",
        meaning="How often a classifier picks the synthetic one of two records, one real; 0.5 is perfect. "
        f"Of two, the stronger one counts, here {judge}.",
        limits=SHARE,
    )
    if value <= 0.5 + 2 * error or not finds_giveaways:
        return TwoSample(score, ())
    candidates = np.argsort(-column_distances(fake, real), kind="stable")[:_MAX_COLUMNS_SHUFFLED]
    losses = trial.losses_without(candidates, judges, rng)
    shares = np.clip(losses / (value - 0.5), 0.0, 1.0)
    telling = [(fake.names[column], float(share)) for column, share in zip(candidates, shares, strict=True)]
    telling = sorted((pair for pair in telling if pair[1] >= 0.01), key=lambda pair: -pair[1])
    return TwoSample(score, tuple(telling[:MAX_GIVEAWAYS]))


def quick_two_sample_auc(
    fake: Float[np.ndarray, "n_fake n_columns"],
    real: Float[np.ndarray, "n_real n_columns"],
    is_category: Bool[np.ndarray, " n_columns"],
    *,
    seed: int,
) -> float:
    """A small `two_sample_auc` for use during training: two folds, few and shallow trees.

    At most 2,500 records of each side and 64 columns take part, drawn with the seed: compare numbers of the
    same seed, which come from the same columns.

    Returns:
        The AUC, with a standard error of about 0.01 at 2,500 records; 0.5 when a side has fewer than 4
        records, which tell nothing.
    """
    n = min(len(fake), len(real), _QUICK_RECORDS)
    n_columns = fake.shape[1]
    if n < 4 or not n_columns:
        return 0.5
    rng = draws(seed)
    columns = np.sort(rng.permutation(n_columns)[:_QUICK_COLUMNS])
    fake = fake[rng.permutation(len(fake))[:n]][:, columns].astype(np.float64)
    real = real[rng.permutation(len(real))[:n]][:, columns].astype(np.float64)
    return _Trial(fake, real, is_category[columns], SMALL_TREES, 2, seed).run()[0]


def telling_pairs(
    fake: Features, real: Features, columns: Sequence[str], *, seed: int
) -> dict[tuple[str, str], float]:
    """Which pairs of columns give synthetic records away: what seeing both adds to the better one alone.

    Small trees see two columns and nothing else. Looked at are all pairs of eight columns: `columns` first,
    such as the giveaways of `two_sample_auc`, then those whose dependence on others is furthest off
    (`trend.py`). At most 5,000 records of each side take part, drawn with the seed, in two folds.

    Returns:
        Pairs of names, the most telling first, each with the AUC gained, 0 to 0.5: 0.01 or more, and more
        than two standard errors of the pair's AUC. Empty when no pair tells more than one of its columns.

    Raises:
        UsageError: There is no such column.
        DataError: Fewer than 4 records on a side.

    Source:
        As `two_sample_auc`, on two columns.
    """
    check_comparable(fake, real, n_records=4)
    rng = draws(seed)
    n = min(len(fake), len(real), _PAIRED_RECORDS)
    fake, real = fake.sample(n, rng), real.sample(n, rng)
    chosen = _most_telling(fake, real, columns)
    alone = {column: _auc_on([column], fake, real, seed)[0] for column in chosen}
    gains: dict[tuple[str, str], float] = {}
    for place, a in enumerate(chosen):
        for b in chosen[:place]:
            value, error = _auc_on([b, a], fake, real, seed)
            gain = value - max(alone[a], alone[b], 0.5)
            if gain > max(_SMALLEST_GAIN, 2 * error):
                gains[fake.names[b], fake.names[a]] = gain
    return dict(sorted(gains.items(), key=lambda item: -item[1]))


def _most_telling(fake: Features, real: Features, columns: Sequence[str]) -> list[int]:
    wanted = [fake.position(name) for name in columns]
    likeness = pair_trends(fake, real)  # (n_columns, n_columns), NaN where not measured
    error = np.nan_to_num(1.0 - likeness).max(axis=1)
    ordered = dict.fromkeys([*wanted, *np.argsort(-error, kind="stable").tolist()])
    return list(ordered)[:_PAIRED_COLUMNS]


def _auc_on(columns: list[int], fake: Features, real: Features, seed: int) -> tuple[float, float]:
    ours, theirs = fake.values[:, columns], real.values[:, columns]
    return _Trial(ours, theirs, fake.is_category[columns], SMALL_TREES, 2, seed).run()[:2]


@final
class _Trial:
    """Synthetic and real records, equally many, in random order: fold f of k holds records f, f + k, ..."""

    def __init__(
        self,
        fake: np.ndarray,
        real: np.ndarray,
        is_category: np.ndarray,
        learner: Trees,
        n_folds: int,
        seed: int,
    ) -> None:
        records, rng = np.concatenate([fake, real]), draws(seed)
        for column in np.flatnonzero(is_category):
            # In any order where equally frequent: who wrote the code book may have seen one side first.
            codes = _renamed(records[:, column], rng)
            records[:, column] = fold_rare_codes(codes, n_codes=learner.n_codes)
        self.records = records.reshape(2, *real.shape)  # (2, n, n_columns)
        self.is_category, self.learner, self.n_folds, self.seed = is_category, learner, n_folds, seed

    def run(self, second: Forest | None = None) -> tuple[float, float, list[Classifier], bool]:
        """Mean AUC of the folds, its standard error, each fold's classifier; whether it is the second."""
        judges, results = self._asked(self.learner)
        value, error = self._mean_of(results)
        if second is not None:
            others, found = self._asked(second)
            other = self._mean_of(found)
            # Rarely by chance: to take the larger of two would push the score of perfect data above one half.
            if other[0] - value > _CLEARLY * error:
                return *other, others, True
        return value, error, judges, False

    def _mean_of(self, results: np.ndarray) -> tuple[float, float]:
        values, errors = results.T
        # Folds learn from each other's records, so their AUCs move together. Nadeau & Bengio: add the ratio
        # of held-out to training records to the 1 / n_folds of independent ones.
        share = 1 / self.n_folds + 1 / (self.n_folds - 1)
        return float(values.mean()), float(np.sqrt(np.square(errors).mean() * share))

    def _asked(self, learner: Trees | Forest) -> tuple[list[Classifier], np.ndarray]:
        """A learner's classifier of each fold; AUCs and errors, shape (n_folds, 2)."""
        judges = [self._fitted_without(fold, learner) for fold in range(self.n_folds)]
        return judges, np.array([_auc_of(judge, self.held_out(fold)) for fold, judge in enumerate(judges)])

    def held_out(self, fold: int) -> np.ndarray:
        """The fold's records, synthetic and real: shape (2, n_held_out, n_columns)."""
        return self.records[:, fold :: self.n_folds]

    def _fitted_without(self, fold: int, learner: Trees | Forest) -> Classifier:
        kept = np.arange(self.records.shape[1]) % self.n_folds != fold
        records = self.records[:, kept]  # (2, n_kept, n_columns)
        labels = np.repeat([1.0, 0.0], kept.sum())
        return learner.classifier(records.reshape(len(labels), -1), labels, self.is_category, self.seed)

    def losses_without(
        self, columns: np.ndarray, judges: list[Classifier], rng: np.random.Generator
    ) -> np.ndarray:
        """How much of the AUC is lost when a column is shuffled among held-out records: shape (n_columns,).

        Goes through as many folds as it takes to see 4,000 records.

        Source:
            Permutation importance: Breiman 2001, "Random forests", Machine Learning 45, section 10.
        """
        losses: list[list[float]] = []
        n_seen = 0
        for fold, judge in enumerate(judges):
            records = self.held_out(fold).copy()
            whole = _auc_of(judge, records)[0]
            losses.append(
                [whole - _auc_of(judge, _shuffled(records, int(column), rng))[0] for column in columns]
            )
            n_seen += records.shape[0] * records.shape[1]
            if n_seen >= _RECORDS_SHUFFLED:
                break
        return np.mean(losses, axis=0)


def _renamed(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    known, places = np.unique(codes, return_inverse=True)  # NaN comes last
    names = rng.permutation(len(known)) * 1.0
    return np.where(np.isnan(codes), np.nan, names[places.ravel()])


def _shuffled(records: np.ndarray, column: int, rng: np.random.Generator) -> np.ndarray:
    out = records.copy()
    out[:, :, column] = rng.permutation(out[:, :, column].ravel()).reshape(out.shape[:2])
    return out


def _auc_of(judge: Classifier, records: np.ndarray) -> tuple[float, float]:
    """AUC and error of a fitted judge on records (2, n, n_columns), synthetic first."""
    n_records = records.shape[1]
    said = judge.probabilities(records.reshape(2 * n_records, -1))[:, 1]  # (2 n,), of being synthetic
    return auc_and_error(said[:n_records], said[n_records:])
