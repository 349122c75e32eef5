"""Is it useful? What a model learnt from synthetic records knows about real ones."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.card import Score
from gansmith.scorecard.features import Features, check_comparable, fold_rare_codes
from gansmith.scorecard.roc import auc_and_error
from gansmith.scorecard.trees import FULL, fit_classifier, fit_regressor

MAX_CLASSES: Final = 20
"""Classes of a target that are told apart; the rarer ones count as one."""


def train_synthetic_test_real(train: Features, test: Features, target: str, *, seed: int) -> Score:
    """How well a column of real records is predicted by boosted trees that were trained on other records.

    Called with synthetic training records it is the score, with as many real ones it is the anchor. Records
    without the target are left out.

    Args:
        train: Records to learn from, synthetic or real.
        test: Real records that neither the generator nor this model has seen.
        target: The column to predict from all others.
        seed: Of the model.

    Returns:
        For a category the AUC, mean over the classes that `test` holds, each against the rest (0.5 is
        guessing): a class that `train` lacks is a guess. For a number R2 (1 is perfect, 0 no better than the
        mean, and below 0 worse). The error is that of the test records alone; another training set or seed
        would move it too.

    Raises:
        UsageError: There is no such column.
        DataError: Different columns, no other column to learn from, fewer than 2 records with the target, or
            a target that is the same in every record of `test`.
    """
    check_comparable(train, test)
    column = train.position(target)
    train, test = (part.take(np.flatnonzero(~np.isnan(part.values[:, column]))) for part in (train, test))
    check_comparable(train, test)
    if train.n_columns < 2:
        raise DataError(f"There is no column besides {target!r} to learn from. Leave the target out.")
    if np.ptp(test.values[:, column]) == 0:
        raise DataError(
            f"column {target!r} is the same in all {len(test)} records of the test set. "
            "Choose another target."
        )
    inputs = _inputs(train, test, column)
    is_category = np.delete(train.is_category, column)
    if train.is_category[column]:
        return _classified(inputs, (train.values[:, column], test.values[:, column]), is_category, seed)
    return _regressed(inputs, (train.values[:, column], test.values[:, column]), is_category, seed)


def _inputs(train: Features, test: Features, target: int) -> tuple[np.ndarray, np.ndarray]:
    """All columns but the target, rare codes folded alike in both."""
    both = np.concatenate([train.values, test.values])
    for column in np.flatnonzero(train.is_category):
        both[:, column] = fold_rare_codes(both[:, column])
    both = np.delete(both, target, axis=1)
    return both[: len(train)], both[len(train) :]


def _classified(
    inputs: tuple[np.ndarray, np.ndarray],
    targets: tuple[np.ndarray, np.ndarray],
    is_category: np.ndarray,
    seed: int,
) -> Score:
    train_labels, test_labels = (_with_rare_classes_as_one(labels, targets[1]) for labels in targets)
    aucs: list[tuple[float, float]] = []
    for label, said in _said_of_each(inputs, train_labels, test_labels, is_category, seed):
        is_it = test_labels == label
        aucs.append(auc_and_error(said[is_it], said[~is_it]))
    # The classes share their records, so their errors may all point one way: the mean error is the upper
    # bound of the error of the mean, and exact for two classes, whose AUCs are the same number.
    value, error = np.mean(aucs, axis=0)
    return Score(
        value=float(value),
        error=float(error),
        n=len(test_labels),
        direction="higher",
        label="train here, test on real (AUC)",
        meaning="How well a model trained on these records predicts the target of real ones; 0.5: guessing.",
    )


def _said_of_each(
    inputs: tuple[np.ndarray, np.ndarray],
    train_labels: np.ndarray,
    test_labels: np.ndarray,
    is_category: np.ndarray,
    seed: int,
) -> list[tuple[float, np.ndarray]]:
    """Each class of the test records, with the probability (n_test,) that the model gives to it."""
    wanted = [float(label) for label in np.unique(test_labels)]
    unknown = np.zeros(len(test_labels))
    if len(np.unique(train_labels)) < 2:
        return [(label, unknown) for label in wanted]
    model = fit_classifier(inputs[0], train_labels, is_category, size=FULL, seed=seed)
    said = model.probabilities(inputs[1])  # (n_test, n_classes)
    columns = {float(label): said[:, index] for index, label in enumerate(model.classes)}
    return [(label, columns.get(label, unknown)) for label in wanted]


def _with_rare_classes_as_one(labels: np.ndarray, test_labels: np.ndarray) -> np.ndarray:
    """`labels` with all but the most frequent classes of the test records made one, -1."""
    classes, counts = np.unique(test_labels, return_counts=True)
    frequent = classes[np.argsort(-counts, kind="stable")[:MAX_CLASSES]]
    return np.where(np.isin(labels, frequent), labels, -1.0)


def _regressed(
    inputs: tuple[np.ndarray, np.ndarray],
    targets: tuple[np.ndarray, np.ndarray],
    is_category: np.ndarray,
    seed: int,
) -> Score:
    predict = fit_regressor(inputs[0], targets[0], is_category, size=FULL, seed=seed)
    squares = np.square(targets[1] - predict(inputs[1]))
    spread = np.square(targets[1] - targets[1].mean())
    ratio = squares.mean() / spread.mean()
    # Delta method for a ratio of two means; that the mean of the target is itself estimated has no
    # first-order effect.
    error = np.std(squares - ratio * spread, ddof=1) / (spread.mean() * np.sqrt(len(spread)))
    return Score(
        value=float(1.0 - ratio),
        error=float(error),
        n=len(spread),
        direction="higher",
        label="train here, test on real (R2)",
        meaning="Share of the target's variance in real records that a model trained on these explains.",
    )
