"""Gradient-boosted trees, the judge behind several scores; linear models beside them; how well either judges.

The one file that fits trees. They need no scaling, take missing values and categories as they are, and see
the mixed columns that give synthetic tables away, where a linear judge or a distance sees nothing. They grow
on one core: many small fits on two wait more for each other than they gain, and where other work is going on
they take twenty times as long.

A linear model cannot see what only columns together say, trees can: synthetic data that serves the one to
predict a column from the others need not serve the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, final

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import ThreadpoolController

from gansmith.scorecard.features import draws, small_seed

_MAX_LINEAR_RECORDS: Final = 20_000
_HUGE: Final = 1e38
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


@final
@dataclass(frozen=True)
class Trees:
    """Trees of some size. Their number is fixed: stopping early would need records of its own."""

    n_trees: int
    n_leaves: int
    learning_rate: float
    n_codes: int
    """Categories per column, and bins per number, that the trees can tell apart, 255 at most."""

    def classifier(
        self,
        records: Float[np.ndarray, "n_records n_columns"],
        labels: Float[np.ndarray, " n_records"],
        is_category: Bool[np.ndarray, " n_columns"],
        seed: int,
        weights: Float[np.ndarray, " n_records"] | None = None,
    ) -> Classifier:
        """Learn which label a record has.

        Args:
            records: NaN is missing; categories are codes, `n_codes` different ones at most in a column.
            labels: Two different ones or more.
            is_category: Which columns hold codes.
            seed: Of the sample that the bins are cut from.
            weights: How much each record counts; None: all alike.
        """
        model = HistGradientBoostingClassifier(**self._options(len(records), is_category, seed))
        fitted = _fitted(model, records, labels, weights)
        return Classifier(fitted.classes_, _on_one_core(model.predict_proba))

    def regressor(
        self, records: np.ndarray, targets: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Learn a number from a record: as `classifier`, and gives a function from records to numbers."""
        model = HistGradientBoostingRegressor(**self._options(len(records), is_category, seed))
        return _on_one_core(_fitted(model, records, targets).predict)

    def _options(self, n_records: int, is_category: np.ndarray, seed: int) -> dict[str, Any]:
        return {
            "max_iter": self.n_trees,
            "max_leaf_nodes": self.n_leaves,
            "learning_rate": self.learning_rate,
            "max_bins": self.n_codes,
            # 20 is the library's own; with few records it would leave no split to make.
            "min_samples_leaf": max(1, min(20, n_records // 20)),
            "categorical_features": is_category,
            "early_stopping": False,
            "random_state": small_seed(seed),
        }


def _fitted(model: Any, records: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> Any:
    # The library cannot cut columns that hold no value at all into bins: these become 0.
    known = np.where(np.isnan(records).all(axis=0), 0.0, records)
    return _on_one_core(model.fit)(known, targets, weights)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _on_one_core(function: Callable[..., Any]) -> Callable[..., Any]:
    def limited(*arrays: np.ndarray | None) -> Any:
        with _controller().limit(limits=1, user_api="openmp"):
            return function(*arrays)

    return limited


@final
@dataclass(frozen=True)
class Linear:
    """Logistic regression, and ridge regression of numbers."""

    n_codes: int = 255
    """Categories of a column that it may be given."""

    def classifier(
        self,
        records: np.ndarray,
        labels: np.ndarray,
        is_category: np.ndarray,
        seed: int,
        weights: np.ndarray | None = None,
    ) -> Classifier:
        """As `Trees.classifier`."""
        from sklearn.linear_model import LogisticRegression

        model: Any = LogisticRegression(max_iter=200, tol=1e-3)
        inputs = _taught(model, records, labels, is_category, seed, weights)
        return Classifier(model.classes_, lambda rows: model.predict_proba(inputs(rows)))

    def regressor(
        self, records: np.ndarray, targets: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Callable[[np.ndarray], np.ndarray]:
        """As `Trees.regressor`."""
        from sklearn.linear_model import Ridge

        model: Any = Ridge(alpha=1.0)
        inputs = _taught(model, records, targets, is_category, seed)
        return lambda rows: model.predict(inputs(rows))


def _taught(
    model: Any,
    records: np.ndarray,
    targets: np.ndarray,
    is_category: np.ndarray,
    seed: int,
    weights: np.ndarray | None = None,
) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a linear model to some of the records, and say how it sees them.

    Numbers lie on one scale, by their median and standard deviation among the training records (1 where they
    do not vary); each category has a coordinate, and each number one that says whether it is missing.
    """
    numbers = np.where(np.isnan(records).all(axis=0), 0.0, records)[:, ~is_category]
    middle, spread = np.nanmedian(numbers, axis=0), np.nanstd(numbers, axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def inputs(rows: np.ndarray) -> np.ndarray:
        """Shape `(n_records, n_coordinates)`."""
        numbers, codes = rows[:, ~is_category], rows[:, is_category]
        scaled = (np.where(np.isnan(numbers), middle, numbers) - middle) / spread
        known = np.minimum(codes, _N_CODES)[:, :, None] == np.arange(_N_CODES + 1)
        parts = [np.clip(scaled, -10, 10), np.isnan(numbers), known.reshape(len(rows), -1)]
        return np.concatenate(parts, axis=1, dtype=np.float64)

    part = draws(seed).permutation(len(records))[:_MAX_LINEAR_RECORDS]
    model.fit(inputs(records[part]), targets[part], None if weights is None else weights[part])
    return inputs


@final
@dataclass(frozen=True)
class Forest:
    """Trees cut at random places, each grown by itself: they find what boosting, step by step, does not.

    Three columns that say something only all together tempt no single step of boosted trees; a random cut
    comes upon them.

    Source:
        Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees", Machine Learning 63.
    """

    n_trees: int
    n_max: int
    """Records that it learns from, at most: what is drawn from more of them."""
    n_codes: int = 255
    """Categories of a column that it may be given; it sees them as numbers, by frequency."""

    def classifier(
        self, records: np.ndarray, labels: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Classifier:
        """As `Trees.classifier`."""
        from sklearn.ensemble import ExtraTreesClassifier

        del is_category
        part = draws(seed).permutation(len(records))[: self.n_max]
        known = np.where(np.isnan(records), np.inf, records).min(axis=0)
        below = np.where(np.isfinite(known), known - 1.0, 0.0)  # where missing cells lie
        options: dict[str, Any] = {"max_features": 0.5, "min_samples_leaf": 5}
        model: Any = ExtraTreesClassifier(self.n_trees, random_state=small_seed(seed), **options)
        model.fit(_filled(records[part], below), labels[part])
        return Classifier(model.classes_, lambda rows: model.predict_proba(_filled(rows, below)))


def _filled(records: np.ndarray, below: np.ndarray) -> np.ndarray:
    # The library's trees are of single precision.
    return np.clip(np.where(np.isnan(records), below, records), -_HUGE, _HUGE)


Learner = Trees | Linear

TREES: Final = Trees(n_trees=100, n_leaves=31, learning_rate=0.1, n_codes=255)
SMALL_TREES: Final = Trees(n_trees=30, n_leaves=8, learning_rate=0.2, n_codes=63)
"""Few and small trees, for where many models are needed."""
LINEAR: Final = Linear()
FOREST: Final = Forest(n_trees=60, n_max=6_000)


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
    return mean_and_error(*shares_beaten(positives, negatives))


def shares_beaten(
    positives: Float[np.ndarray, " n_positives"], negatives: Float[np.ndarray, " n_negatives"]
) -> tuple[Float[np.ndarray, " n_positives"], Float[np.ndarray, " n_negatives"]]:
    """How large a share of the negatives each positive beats, and of those each negative is beaten by.

    The mean of either is the AUC.
    """
    n_positives, n_negatives = len(positives), len(negatives)
    ranks = rankdata(np.concatenate([positives, negatives]))
    beaten = (ranks[:n_positives] - rankdata(positives)) / n_negatives
    return beaten, 1.0 - (ranks[n_positives:] - rankdata(negatives)) / n_positives


def mean_and_error(
    beaten: Float[np.ndarray, " n_positives"], by: Float[np.ndarray, " n_negatives"]
) -> tuple[float, float]:
    """The AUC and its error of such shares, or of their means over several classifiers."""
    variance = _variance_of_mean(beaten) + _variance_of_mean(by)
    return float(beaten.mean()), max(float(np.sqrt(variance)), 0.5 / min(len(beaten), len(by)))


def _variance_of_mean(shares: Float[np.ndarray, " n"]) -> float:
    # One record alone says nothing of the spread: the widest there can be, that of a coin.
    return float(shares.var(ddof=1)) / len(shares) if len(shares) > 1 else 0.25
