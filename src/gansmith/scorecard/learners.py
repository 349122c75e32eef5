"""Gradient-boosted trees, the judge behind several scores, and how well it judges; linear models beside them.

The one file that fits trees. They need no scaling, take missing values and categories as they are, and see
the mixed columns that give synthetic tables away, where a linear judge or a distance sees nothing. They grow
on one core: many small fits on two wait more for each other than they gain, and where other work is going on
they take twenty times as long.

A linear model cannot see what only columns together say, trees can: synthetic data that serves the one to
predict a column from the others need not serve the other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, final

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import ThreadpoolController

from gansmith.scorecard.features import draws, small_seed


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
_MAX_LINEAR_RECORDS: Final = 20_000
_N_CODES: Final = 30
"""Categories of a column that a linear model tells apart."""


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


# --- How well two sides are told apart --------------------------------------------------------------------


def auc_and_error(
    positives: Float[np.ndarray, " n_positives"], negatives: Float[np.ndarray, " n_negatives"]
) -> tuple[float, float]:
    """How often a positive record has the higher number than a negative one; ties count one half.

    Args:
        positives: What the classifier says of the positive records, one or more; any scale.
        negatives: The same of the negative records.

    Returns:
        The AUC, 0 to 1, and its standard error. The error is never below half a record, 1 / (2 n): twenty
        records told apart perfectly are no certainty, though the formula gives 0.

    Source:
        DeLong, DeLong & Clarke-Pearson 1988, "Comparing the areas under two or more correlated receiver
        operating characteristic curves", Biometrics 44; through ranks as in Sun & Xu 2014, IEEE Signal
        Processing Letters 21.

    Example:
        >>> auc_and_error(np.array([0.9, 0.8, 0.4]), np.array([0.1, 0.4, 0.2]))[0]
        0.944...
    """
    n_positives, n_negatives = len(positives), len(negatives)
    ranks = rankdata(np.concatenate([positives, negatives]))
    # How large a share of the other side each record beats: the mean of both is the AUC.
    beaten = (ranks[:n_positives] - rankdata(positives)) / n_negatives  # (n_positives,)
    unbeaten = 1.0 - (ranks[n_positives:] - rankdata(negatives)) / n_positives  # (n_negatives,)
    variance = _variance_of_mean(beaten) + _variance_of_mean(unbeaten)
    error = max(float(np.sqrt(variance)), 0.5 / min(n_positives, n_negatives))
    return float(beaten.mean()), error


def _variance_of_mean(shares: Float[np.ndarray, " n"]) -> float:
    # One record alone says nothing of the spread: the widest there can be, that of a coin.
    return float(shares.var(ddof=1)) / len(shares) if len(shares) > 1 else 0.25


# --- Models that predict a column from the others ----------------------------------------------------------


@final
@dataclass(frozen=True)
class Learner:
    """A kind of model."""

    size: TreeSize | None
    """Of the trees; None: a linear model."""

    @property
    def n_codes(self) -> int:
        """Categories of a column that it can tell apart, at most."""
        return (self.size or FULL).n_bins

    def classifier(
        self, records: np.ndarray, labels: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Classifier:
        """Learn labels; see `fit_classifier`."""
        if self.size:
            return fit_classifier(records, labels, is_category, size=self.size, seed=seed)
        from sklearn.linear_model import LogisticRegression

        model: Any = LogisticRegression(max_iter=200, tol=1e-3)
        seen = _fit_linear(model, records, labels, is_category, seed)
        return Classifier(np.asarray(model.classes_), lambda rows: model.predict_proba(seen.inputs(rows)))

    def regressor(
        self, records: np.ndarray, targets: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Learn numbers; see `fit_regressor`."""
        if self.size:
            return fit_regressor(records, targets, is_category, size=self.size, seed=seed)
        from sklearn.linear_model import Ridge

        model: Any = Ridge(alpha=1.0)
        seen = _fit_linear(model, records, targets, is_category, seed)
        return lambda rows: model.predict(seen.inputs(rows))


TREES: Final = Learner(FULL)
SMALL_TREES: Final = Learner(QUICK)
"""Few and small trees, for where many models are needed."""
LINEAR: Final = Learner(None)


def _fit_linear(
    model: Any, records: np.ndarray, targets: np.ndarray, is_category: np.ndarray, seed: int
) -> _Seen:
    seen = _Seen.of(records, is_category)
    part = draws(seed).permutation(len(records))[:_MAX_LINEAR_RECORDS]
    model.fit(seen.inputs(records[part]), targets[part])
    return seen


@final
@dataclass(frozen=True, eq=False)
class _Seen:
    """How a linear model sees records: numbers on one scale, a coordinate per category, missing told."""

    is_category: np.ndarray
    middle: np.ndarray
    """Median of each number."""
    spread: np.ndarray
    """Standard deviation of each number, 1 where it does not vary."""

    @staticmethod
    def of(records: np.ndarray, is_category: np.ndarray) -> _Seen:
        """As the training records suggest."""
        numbers = np.where(np.isnan(records).all(axis=0), 0.0, records)[:, ~is_category]
        middle, spread = np.nanmedian(numbers, axis=0), np.nanstd(numbers, axis=0)
        return _Seen(is_category, middle, np.where(spread > 0, spread, 1.0))

    def inputs(self, records: np.ndarray) -> np.ndarray:
        """Shape `(n_records, n_coordinates)`."""
        numbers, codes = records[:, ~self.is_category], records[:, self.is_category]
        scaled = (np.where(np.isnan(numbers), self.middle, numbers) - self.middle) / self.spread
        known = np.minimum(codes, _N_CODES)[:, :, None] == np.arange(_N_CODES + 1)
        parts = [np.clip(scaled, -10, 10), np.isnan(numbers), known.reshape(len(records), -1)]
        return np.concatenate(parts, axis=1, dtype=np.float64)
