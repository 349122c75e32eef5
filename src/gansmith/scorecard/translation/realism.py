"""Whether pieces of what was made are told from pieces of real records, and how far they lie apart."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import draws
from gansmith.scorecard.learners import SMALL_TREES, Trees, auc_and_error
from gansmith.scorecard.real.distances import frechet
from gansmith.scorecard.score import SHARE, Score
from gansmith.scorecard.translation.patches import Patches

_FOLDS: Final = 5
_GROUPS: Final = 10
"""Of records that are left out in turn, for the error of the distance."""
_THINNEST: Final = 1e-4
"""Variance of a direction, where all features have 1, below which it is left out."""


def patch_auc(
    made: Patches,
    real: Patches,
    *,
    is_paired: bool,
    seed: int,
    learner: Trees = SMALL_TREES,
    n_folds: int = _FOLDS,
) -> Score:
    """Can a classifier tell pieces of what was made from pieces of real records that it has not seen?

    Boosted trees learn it from some of the records and are asked about the pieces of the others; pieces of
    one record, and of one that was made and its truth, are never on both sides. The score is the mean AUC of
    the folds. The error is the jackknife's over records, enlarged for what the folds share.

    Args:
        made: Of the records on trial.
        real: Of real ones.
        is_paired: Whether records of the same number belong together, as a record and its truth do.
        seed: Of the folds.
        learner: The trees.
        n_folds: As many at most as there are records.

    Raises:
        DataError: Fewer than two records on a side.

    Source:
        Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests" (arXiv:1610.06545), with the AUC in
        the place of the accuracy, on patches as Isola et al. 2017 (arXiv:1611.07004) judge them. Error:
        Nadeau & Bengio 2003, "Inference for the generalization error", Machine Learning 52.
    """
    k = _n_folds(made, real, n_folds)
    folds = _folds(made, real, k, is_paired, draws(seed))  # of each record: of both sides
    said = [np.zeros(len(side.records)) for side in (made, real)]
    of_patch = [fold[side.records] for fold, side in zip(folds, (made, real), strict=True)]
    for fold in range(k):
        ours, theirs = (side.features[of != fold] for side, of in zip((made, real), of_patch, strict=True))
        labels = np.repeat([1.0, 0.0], [len(ours), len(theirs)])
        no_codes = np.zeros(ours.shape[1], bool)
        judge = learner.classifier(np.concatenate([ours, theirs]), labels, no_codes, seed)
        for side, of, one in zip((made, real), of_patch, said, strict=True):
            if (of == fold).any():
                one[of == fold] = judge.probabilities(side.features[of == fold])[:, 1]
    value, error = _mean_auc(said, [made.records, real.records], of_patch, k, is_paired)
    return Score(
        value=value,
        error=error * float(np.sqrt(1 + k / (k - 1))),
        n=min(made.n_records, real.n_records),
        direction="lower",
        source="Lopez-Paz & Oquab 2017 (arXiv:1610.06545), AUC of boosted trees on features of patches.",
        label="AUC of patches",
        meaning="How often a classifier picks the made one of two patches, one made, one real; 0.5: they "
        "cannot be told apart, 1: always.",
        limits=SHARE,
    )


def fd_patches(made: Patches, real: Patches, *, is_paired: bool, seed: int) -> Score:
    """Squared Frechet distance between the features of pieces, in units of the spread of the real ones.

    Features are whitened by the real pieces: moved, turned and scaled such that these have the mean 0 and the
    covariance 1. Sets of one distribution are above 0, the more the fewer pieces there are. The error is
    that of the delete-a-group jackknife over records.

    Args:
        made: As for `patch_auc`.
        real: Likewise.
        is_paired: Likewise.
        seed: Of the groups.

    Raises:
        DataError: Fewer than two records on a side.

    Source:
        As `real.distances.frechet_distance`, on our own features: never to be called FID.
    """
    k = _n_folds(made, real, _GROUPS)
    centre, turn = _whitening(real.features)
    ours, theirs = ((side.features - centre) @ turn for side in (made, real))
    groups = _folds(made, real, k, is_paired, draws(seed))
    of = [group[side.records] for group, side in zip(groups, (made, real), strict=True)]
    without = [frechet(ours[of[0] != group], theirs[of[1] != group]) for group in range(k)]
    return Score(
        value=frechet(ours, theirs),
        error=float(np.sqrt((k - 1) * np.var(without))),
        n=min(made.n_records, real.n_records),
        direction="lower",
        source="Dowson & Landau 1982; features of patches, whitened by the real ones.",
        label="FD patches",
        meaning="Frechet distance between features of made and of real patches; 0 is equal. No FID: the "
        "features are our own.",
        limits=(0.0, np.inf),
    )


def _n_folds(made: Patches, real: Patches, n_most: int) -> int:
    n = min(made.n_records, real.n_records)
    if n < 2:
        raise DataError(f"{n} record: pieces of one cannot be compared with pieces of another. Give two.")
    return min(n_most, n)


def _folds(
    made: Patches, real: Patches, k: int, is_paired: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A fold of each record of both sides, by its number, dealt out evenly."""
    sizes = [int(side.records.max()) + 1 for side in (made, real)]
    if is_paired:
        both = rng.permutation(np.arange(max(sizes)) % k)
        return both[: sizes[0]], both[: sizes[1]]
    ours, theirs = (rng.permutation(np.arange(size) % k) for size in sizes)
    return ours, theirs


def _mean_auc(
    said: list[np.ndarray],
    records: list[np.ndarray],
    folds: list[np.ndarray],
    k: int,
    is_paired: bool,
) -> tuple[float, float]:
    """The mean of the folds' AUCs, and its standard error by leaving out one record after the other.

    Source:
        The stratified jackknife: Wolter 2007, "Introduction to Variance Estimation", chapter 4.
    """

    def auc(fold: int, without: tuple[int | None, int | None] = (None, None)) -> float:
        sides = [
            one[(of == fold) & (own != left)]
            for one, of, own, left in zip(said, folds, records, without, strict=True)
        ]
        return auc_and_error(*sides)[0] if all(map(len, sides)) else float("nan")

    whole = np.array([auc(fold) for fold in range(k)])
    value, variance = float(np.nanmean(whole)), 0.0
    for side in (0,) if is_paired else (0, 1):
        numbers, firsts = np.unique(records[side], return_index=True)
        fold_of = folds[side][firsts]
        for record, fold in zip(numbers.tolist(), fold_of.tolist(), strict=True):
            changed, n_beside = whole.copy(), int((fold_of == fold).sum())
            left = (record if is_paired or not side else None, record if is_paired or side else None)
            changed[fold] = auc(fold, left)
            # A fold of one record goes as a whole: one of so many folds.
            n = n_beside if n_beside > 1 else k
            variance += (n - 1) / n * (float(np.nanmean(changed)) - value) ** 2
    return value, max(float(np.sqrt(variance)), 0.5 / min(len(one) for one in said))


def _whitening(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The centre of some features, and a matrix that makes their covariance 1; thin directions left out."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    kept = spread > 1e-9
    scaled = (features - centre)[:, kept] / spread[kept]
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    wide = values > _THINNEST
    turn = np.zeros((len(centre), int(wide.sum())))
    turn[kept] = vectors[:, wide] / np.sqrt(values[wide]) / spread[kept][:, None]
    return centre, turn
