"""Gradient-boosted trees, the judge behind several scores.

The one file that fits trees. They need no scaling, take missing values and categories as they are, and see
the mixed columns that give synthetic tables away, where a linear judge or a distance sees nothing. They grow
on one core: many small fits on two wait more for each other than they gain, and where other work is going on
they take twenty times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, final

import numpy as np
from jaxtyping import Bool, Float
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import ThreadpoolController

from gansmith.scorecard.seeds import small_seed


@final
@dataclass(frozen=True)
class TreeSize:
    """How large a judge is. The number of trees is fixed: stopping early would need records of its own."""

    n_trees: int
    n_leaves: int
    learning_rate: float
    n_bins: int
    """Bins per number and categories per column that the trees can tell apart, 255 at most."""


FULL: Final = TreeSize(n_trees=100, n_leaves=31, learning_rate=0.1, n_bins=255)
QUICK: Final = TreeSize(n_trees=30, n_leaves=8, learning_rate=0.2, n_bins=63)


@final
@dataclass(frozen=True)
class Classifier:
    """A fitted judge of categories."""

    classes: np.ndarray
    """Shape `(n_classes,)`: the labels seen in training, ascending."""
    probabilities: Callable[[np.ndarray], np.ndarray]
    """Maps records `(n_records, n_columns)` to `(n_records, n_classes)`."""


def fit_classifier(
    records: Float[np.ndarray, "n_records n_columns"],
    labels: Float[np.ndarray, " n_records"],
    is_category: Bool[np.ndarray, " n_columns"],
    *,
    size: TreeSize,
    seed: int,
) -> Classifier:
    """Learn which label a record has.

    Args:
        records: NaN is missing; categories are codes, `size.n_bins` different ones at most in a column.
        labels: Two different ones or more.
        is_category: Which columns hold codes.
        size: How many trees of what size.
        seed: Of the sample that the bins are cut from.
    """
    model = HistGradientBoostingClassifier(**_options(len(records), is_category, size, seed))
    with _one_core():
        model.fit(_without_empty_columns(records), labels)
    return Classifier(np.asarray(model.classes_), _on_one_core(model.predict_proba))


def fit_regressor(
    records: Float[np.ndarray, "n_records n_columns"],
    targets: Float[np.ndarray, " n_records"],
    is_category: Bool[np.ndarray, " n_columns"],
    *,
    size: TreeSize,
    seed: int,
) -> Callable[[np.ndarray], np.ndarray]:
    """Learn a number from a record: as `fit_classifier`, and gives a function from records to numbers."""
    model = HistGradientBoostingRegressor(**_options(len(records), is_category, size, seed))
    with _one_core():
        model.fit(_without_empty_columns(records), targets)
    return _on_one_core(model.predict)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _one_core() -> AbstractContextManager[Any]:
    return _controller().limit(limits=1, user_api="openmp")


def _on_one_core(predict: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def predicted(records: np.ndarray) -> np.ndarray:
        with _one_core():
            return predict(records)

    return predicted


def _without_empty_columns(records: np.ndarray) -> np.ndarray:
    """Records with 0 in columns that hold no value at all: the library cannot cut these into bins."""
    return np.where(np.isnan(records).all(axis=0), 0.0, records)


def _options(n_records: int, is_category: np.ndarray, size: TreeSize, seed: int) -> dict[str, Any]:
    return {
        "max_iter": size.n_trees,
        "max_leaf_nodes": size.n_leaves,
        "learning_rate": size.learning_rate,
        "max_bins": size.n_bins,
        # 20 is the library's own; with few records it would leave no split to make.
        "min_samples_leaf": max(1, min(20, n_records // 20)),
        "categorical_features": is_category,
        "early_stopping": False,
        "random_state": small_seed(seed),
    }
