"""Is it useful? What models that learnt from synthetic records know about real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes, places_among
from gansmith.scorecard.learners import SMALL_TREES, TREES, Learner, auc_and_error
from gansmith.scorecard.score import SHARE, Score

MAX_CLASSES: Final = 20
"""Classes of a target that are told apart, the rarer ones counting as one; a number with no more different
values than this, each twice on average, is a target of classes, too."""
_SHARE_DRAWN: Final = 0.9
_FEW: Final = 10
"""Test records of a class, or of all others, by which the error of an AUC can be told."""
_SOURCE: Final = "Esteban et al. 2017 (arXiv:1706.02633): train on synthetic, test on real."


@final
@dataclass(frozen=True, eq=False)
class Contest:
    """A column to predict, and the real records on which the prediction is tested."""

    target: str
    inputs: np.ndarray
    """Shape `(n_test, n_columns - 1)`."""
    labels: np.ndarray
    """Shape `(n_test,)`: the target, rare classes made one."""
    test: Features
    unit: Literal["AUC", "R2"]
    frequent: np.ndarray
    """The classes that are told apart; empty for a number."""


def contest(target: str, test: Features, *, known: Features | None = None) -> Contest:
    """A target, made ready to be predicted.

    Args:
        target: The column; a category, or a number: with at most 20 different values its values are classes.
        test: Real records that nobody has learnt from; those without the target are left out.
        known: Further real records, by which the classes are chosen too.

    Raises:
        UsageError: There is no such column.
        DataError: No other column to learn from, fewer than 2 records with the target, or a target that is
            the same in all of them.
    """
    column = test.position(target)
    test = _with(test, column)
    if test.n_columns < 2:
        raise DataError(f"There is no column besides {target!r} to learn from. Leave the target out.")
    if len(test) < 2:
        raise DataError(f"Only {len(test)} records have the target {target!r}. Wanted: 2 or more.")
    labels = test.values[:, column]
    if np.ptp(labels) == 0:
        raise DataError(
            f"column {target!r} is the same in all {len(test)} records of the test set. "
            "Choose another target."
        )
    values = labels if known is None else np.concatenate([labels, _with(known, column).values[:, column]])
    classes, counts = np.unique(labels, return_counts=True)
    n_values = len(np.unique(values))
    is_classes = bool(test.is_category[column]) or n_values <= min(MAX_CLASSES, len(values) // 2)
    frequent = classes[np.argsort(-counts, kind="stable")[:MAX_CLASSES]] if is_classes else np.empty(0)
    inputs = np.delete(test.values, column, axis=1)
    return Contest(target, inputs, _told(labels, frequent), test, "AUC" if is_classes else "R2", frequent)


def train_here_test_real(
    train: Features, of: Contest, *, seed: int, learner: Learner = TREES, n_seeds: int = 3
) -> Score:
    """How well a column of real records is predicted by a model that was trained on other records.

    Called with synthetic training records it is the score, with as many real ones it is the anchor. Records
    without the target are left out. The model is trained `n_seeds` times, each time on another nine tenths of
    the records.

    Args:
        train: Records to learn from, synthetic, real or both.
        of: What is to be predicted.
        seed: Of the draws and the models.
        learner: What kind of model.
        n_seeds: How many models; 1 trains on all records.

    Returns:
        For classes the AUC, mean over the classes that the test records hold, each against the rest (0.5 is
        guessing): a class that `train` lacks is a guess. For a number R2 (1 is perfect, 0 no better than the
        mean, and below 0 worse). The error is that of the test records and of the draws of `train`.

    Raises:
        DataError: Different columns, or fewer than 2 records with the target.
    """
    return lesson(train, of, seed, learner, n_seeds).score


@final
@dataclass(frozen=True, eq=False)
class Lesson:
    """What was learnt from some records."""

    score: Score
    said: np.ndarray
    """What the models say of each test record, their mean: shape `(n_test, n_classes + 1)`, the chance of
    each frequent class and of all others; of a number `(n_test, 1)`."""


def lesson(train: Features, of: Contest, seed: int, learner: Learner, n_seeds: int) -> Lesson:
    """See `train_here_test_real`."""
    check_comparable(train, of.test)
    column = train.position(of.target)
    train = _with(train, column)
    check_comparable(train, of.test)
    rng = draws(seed)
    said: list[np.ndarray] = []
    for number in range(n_seeds):
        part = train if n_seeds == 1 else train.sample(max(2, int(_SHARE_DRAWN * len(train))), rng)
        said.append(_said(part, of, column, learner, seed + number))
    values, errors = np.array([how_well(of.labels, one, of.unit) for one in said]).T
    spread = float(np.var(values, ddof=1)) / n_seeds if n_seeds > 1 else 0.0
    meaning = (
        "How well a model trained on these records predicts the target of real ones; 0.5: guessing."
        if of.unit == "AUC"
        else "Share of the target's variance in real records that a model trained on these explains."
    )
    score = Score(
        value=float(values.mean()),
        error=float(np.sqrt(np.square(errors).mean() + spread)),
        n=len(of.test),
        direction="higher",
        source=_SOURCE,
        label=f"trained here, tested on real ({of.unit})",
        meaning=meaning,
        limits=SHARE if of.unit == "AUC" else (-np.inf, 1.0),
    )
    return Lesson(score, np.mean(said, axis=0))


def skills_of(part: Features, test: Features, targets: Sequence[str], *, seed: int) -> dict[str, Score]:
    """Every column in turn is the target.

    Returns:
        For each target that `test` allows the skill: 2 AUC - 1 of classes, R2 (not below 0) of numbers. 0 is
        guessing; it stands where nothing can be learnt from `part`.

    Raises:
        DataError: No target can be predicted.
    """
    found: dict[str, Score] = {}
    for target in targets:
        try:
            of = contest(target, test)
        except DataError:
            continue
        try:
            score = train_here_test_real(part, of, seed=seed, learner=SMALL_TREES, n_seeds=1)
        except DataError:
            score = Score(0.0, 0.0, len(of.test), "higher", limits=SHARE)
        else:
            if of.unit == "AUC":
                score = replace(score, value=2 * score.value - 1, error=2 * score.error)
        found[target] = replace(score, value=max(0.0, score.value), limits=SHARE)
    if not found:
        raise DataError("No column can be predicted from the others: all are constant or empty.")
    return found


def mean_skill(skills: Mapping[str, Score]) -> Score:
    """The mean over the targets, one at least."""
    values, errors = np.array([(one.value, one.error) for one in skills.values()]).T
    return Score(
        value=float(values.mean()),
        error=float(np.sqrt(np.square(errors).sum()) / len(errors)),
        n=max(one.n for one in skills.values()),
        direction="higher",
        source=_SOURCE,
        label="trained here, tested on real (skill, mean of all columns)",
        meaning="How well models trained on these records predict each column of real ones; 0: guessing, "
        "1: perfect.",
        limits=SHARE,
    )


def _with(part: Features, column: int) -> Features:
    """The records that have the target."""
    return part.take(np.flatnonzero(~np.isnan(part.values[:, column])))


def _told(labels: np.ndarray, frequent: np.ndarray) -> np.ndarray:
    """The place of each label among the frequent classes, -1 for all others; numbers as they are."""
    return places_among(labels, frequent, otherwise=-1) * 1.0 if len(frequent) else labels


def _said(train: Features, of: Contest, column: int, learner: Learner, seed: int) -> np.ndarray:
    """What one model says of the test records, see `Lesson.said`."""
    is_category = np.delete(train.is_category, column)
    both = np.concatenate([np.delete(train.values, column, axis=1), of.inputs])
    for place in np.flatnonzero(is_category):
        both[:, place] = fold_rare_codes(both[:, place], n_codes=learner.n_codes)
    inputs, test_inputs = both[: len(train)], both[len(train) :]
    labels = _told(train.values[:, column], of.frequent)
    if of.unit == "R2":
        return learner.regressor(inputs, labels, is_category, seed)(test_inputs)[:, None]
    said = np.zeros((len(of.labels), len(of.frequent) + 1))
    if len(np.unique(labels)) > 1:
        model = learner.classifier(inputs, labels, is_category, seed)
        # The place -1, of all rare classes, is the last column.
        said[:, model.classes.astype(np.int64)] = model.probabilities(test_inputs)
    return said


def how_well(labels: np.ndarray, said: np.ndarray, unit: str, *, fewest: int = 1) -> tuple[float, float]:
    """AUC or R2 of what was said of records, and its error.

    Args:
        labels: As those of a `Contest`.
        said: As that of a `Lesson`.
        unit: "AUC" or "R2".
        fewest: Records of a class, and of all others, without which it is not asked for.

    Returns:
        NaN twice where nothing can be asked for.
    """
    if unit == "R2":
        return _explained(labels, said[:, 0]) if np.ptp(labels) > 0 else (np.nan, np.nan)
    classes, counts = np.unique(labels, return_counts=True)
    aucs: list[tuple[float, float]] = []
    if len(classes) == 2 and said.shape[1] == 3 and not said[:, -1].any():
        classes, counts = classes[1:], counts[1:]  # of two classes both have the same AUC
    for label in classes[np.minimum(counts, len(labels) - counts) >= fewest].tolist():
        told, is_it = said[:, int(label)], labels == label
        value, error = auc_and_error(told[is_it], told[~is_it])
        n_fewer = int(min(is_it.sum(), (~is_it).sum()))
        # So few say little of their own spread: that of a guess is known (Mann & Whitney 1947).
        aucs.append((value, error if n_fewer >= _FEW else max(error, (12 * n_fewer) ** -0.5)))
    if not aucs:
        return (np.nan, np.nan)
    # The classes share their records, so their errors may all point one way: the mean error is the upper
    # bound of the error of the mean, and exact for two classes, whose AUCs are the same number.
    value, error = np.mean(aucs, axis=0)
    return float(value), float(error)


def _explained(labels: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    scale = np.abs(labels - labels.mean()).max()  # squares of huge or tiny numbers would leave the range
    squares = np.square((labels - predicted) / scale)
    spread = np.square((labels - labels.mean()) / scale)
    ratio = squares.mean() / spread.mean()
    # Delta method for a ratio of two means; that the mean of the target is itself estimated has no
    # first-order effect.
    error = np.std(squares - ratio * spread, ddof=1) / (spread.mean() * np.sqrt(len(spread)))
    return float(1.0 - ratio), float(error)
