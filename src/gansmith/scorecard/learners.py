"""Models that predict one column from the others: boosted trees, and linear ones.

A linear model cannot see what only columns together say, trees can: synthetic data that serves the one need
not serve the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, final

import numpy as np

from gansmith.scorecard.seeds import draws
from gansmith.scorecard.trees import FULL, QUICK, Classifier, fit_classifier, fit_regressor

_MAX_LINEAR_RECORDS: Final = 20_000
_N_CODES: Final = 30
"""Categories of a column that a linear model tells apart."""


@final
@dataclass(frozen=True)
class Learner:
    """A kind of model."""

    name: Literal["trees", "linear"]
    is_quick: bool = False
    """Few and small trees, for where many models are needed."""

    @property
    def n_codes(self) -> int:
        """Categories of a column that it can tell apart, at most."""
        return (QUICK if self.is_quick else FULL).n_bins

    def classifier(
        self, records: np.ndarray, labels: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Classifier:
        """Learn labels; see `trees.fit_classifier`."""
        if self.name == "trees":
            size = QUICK if self.is_quick else FULL
            return fit_classifier(records, labels, is_category, size=size, seed=seed)
        from sklearn.linear_model import LogisticRegression

        seen = _Seen.of(records, is_category)
        model: Any = LogisticRegression(max_iter=200, tol=1e-3)
        part = draws(seed).permutation(len(records))[:_MAX_LINEAR_RECORDS]
        model.fit(seen.inputs(records[part]), labels[part])
        return Classifier(np.asarray(model.classes_), lambda rows: model.predict_proba(seen.inputs(rows)))

    def regressor(
        self, records: np.ndarray, targets: np.ndarray, is_category: np.ndarray, seed: int
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Learn numbers; see `trees.fit_regressor`."""
        if self.name == "trees":
            size = QUICK if self.is_quick else FULL
            return fit_regressor(records, targets, is_category, size=size, seed=seed)
        from sklearn.linear_model import Ridge

        seen = _Seen.of(records, is_category)
        model: Any = Ridge(alpha=1.0)
        part = draws(seed).permutation(len(records))[:_MAX_LINEAR_RECORDS]
        model.fit(seen.inputs(records[part]), targets[part])
        return lambda rows: model.predict(seen.inputs(rows))


TREES: Final = Learner("trees")
SMALL_TREES: Final = Learner("trees", is_quick=True)
LINEAR: Final = Learner("linear")


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
