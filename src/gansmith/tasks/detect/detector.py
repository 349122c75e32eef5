"""A detector of odd records that learns, in the manner of PyOD or of scikit-learn.

detector = gansmith.Detector(contamination=0.01).fit(df)
detector.predict(new)  # 1 where a record is odd
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, cast, final

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.metrics import roc_auc_score
from sklearn.utils.validation import validate_data

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Dividing
from gansmith.modalities.registry import offered
from gansmith.tasks.detect.conventions import (
    RejectionStatistics,
    confidence,
    probabilities,
    rejected,
    rejection_statistics,
)
from gansmith.tasks.detect.detection import (
    Detection,
    Progress,
    learnt_detection,
    read_for,
    set_apart,
    with_classics,
)
from gansmith.tasks.detect.saved import load_detection, save_detection
from gansmith.tasks.learner import AbstractLearner
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.opening import Opened, open_data
from gansmith.tasks.runs.fit import FitConfig, start
from gansmith.tasks.runs.telling import Teller
from gansmith.tasks.synthesize import Synthesizer, UnfittedError

Convention = Literal["pyod", "sklearn"]
Scores = Float[np.ndarray, " n"]
MOST_ODD: Final = 0.5


@final
class Detector(AbstractLearner, OutlierMixin, BaseEstimator):
    """Learns what is usual from records that mostly are, and says which others are not.

    Args:
        contamination: Share of odd records among those that are learnt from, above 0 and up to .5; decides
            where usual ends.
        convention: "pyod": a higher score is odder, 1 is odd and 0 usual; "sklearn": a lower score is odder,
            -1 is odd and 1 usual.
        model: A model of such records, or its file; None learns one first.
        kind: Kind of data; empty finds it.
        preset: Of that model.
        budget: Time to learn it, such as 90s or 5m; empty takes its preset's length.
        samples_seen: Its length in records; 0 takes the budget or the preset's length.
        detector_samples: Records that the detector's own networks learn from; 0 takes what is usual.
        classics: Whether an isolation forest, nearest neighbours, ECOD and principal components have a say,
            too. They hold the records that were learnt from, and cannot be saved.
        seed: The same seed, the same detector.
        threads: Processor cores to learn the model with; 0 chooses.
        verbose: Whether `fit` says on standard error how it goes.

    Attributes:
        notes_: How the data was understood, and what of it was not learnt, where a model was learnt.
        detection_: What was learnt.
        decision_scores_: Of the records learnt from, higher is odder.
        threshold_: From where on a record is called odd.
        labels_: 1 where a record that was learnt from is odd.
        n_features_in_: Columns, where an array was given.
        offset_: The threshold as scikit-learn has it.
    """

    detection_: Detection
    decision_scores_: Scores
    threshold_: float
    labels_: Int[np.ndarray, " n"]

    def __init__(
        self,
        *,
        contamination: float = 0.1,
        convention: str = "pyod",
        model: Any = None,
        kind: str = "",
        preset: str = "default",
        budget: str = "",
        samples_seen: int = 0,
        detector_samples: int = 0,
        classics: bool = False,
        seed: int = 0,
        threads: int = 0,
        verbose: bool = True,
    ) -> None:
        self.contamination, self.convention = contamination, convention
        self.model, self.kind, self.preset = model, kind, preset
        self.budget, self.samples_seen, self.detector_samples = budget, samples_seen, detector_samples
        self.classics, self.seed, self.threads, self.verbose = classics, seed, threads, verbose

    def fit(self, X: object, y: object = None, *, progress: Progress | None = None) -> Detector:  # noqa: N803
        """Learn from records that are mostly usual.

        Args:
            X: A path, a data frame, an array, ...
            y: Not looked at.
            progress: Told what is being learnt beside the model, and which share of it is done.

        Raises:
            UsageError: When a setting is none.
            DataError: When the data cannot be read or learnt from.

        Warns:
            GansmithWarning: Something was not learnt as it was given, or the model's run was stopped.
        """
        del y
        self._check()
        source = self._checked(X, is_new=True)
        if self.model is None:
            opened = open_data(source, kind=self.kind)
            usual, dividing = opened.hand_over(), offered(opened.modality.recipe, Dividing)
            usual = usual if dividing is None else dividing.divided(usual)
            seen, apart = set_apart(usual, self.seed)
            opened.records = seen
            model = self._model_of(opened)
        else:
            model = _model_of(self.model)
            usual = read_for(model, source)
            seen, apart = set_apart(usual, self.seed)
        teller = Teller(self.verbose)
        progress = progress or teller.about("learning what is usual:")
        detection = learnt_detection(
            model, seen, apart, self.seed, self.detector_samples, progress, contamination=self.contamination
        )
        teller.clear()
        if self.classics:
            detection = with_classics(detection, seen, apart, self.seed)
        return self._learnt(detection, detection.scores(usual))

    def _learnt(self, detection: Detection, scores: Scores) -> Detector:
        self.detection_, self.decision_scores_ = detection, scores
        self.threshold_ = detection.calibration.threshold(self.contamination)
        self.labels_ = (scores > self.threshold_).astype(np.int64)
        return self

    def decision_function(self, X: object) -> Scores:  # noqa: N803
        """How odd each record is; by itself, whatever the others of the batch are.

        By "pyod" in nats and higher is odder; by "sklearn" below 0 where it is odd.

        Raises:
            UsageError: When not fitted yet.
            DataError: When the records are not such as were learnt from.
        """
        scores = self._scores(X)
        return scores if self._is_pyod else self.threshold_ - scores

    def score_samples(self, X: object) -> Scores:  # noqa: N803
        """As scikit-learn has it: the lower, the odder."""
        return -self._scores(X)

    @property
    def offset_(self) -> float:
        """What is subtracted of `score_samples` for 0 to be the border."""
        return -self.threshold_

    def predict(self, X: object, return_confidence: bool = False) -> Any:  # noqa: N803
        """Which records are odd, as the convention says it; perhaps with how sure that is."""
        scores = self._scores(X)
        labels = self._as_said(scores > self.threshold_)
        return (labels, self._confidence(scores)) if return_confidence else labels

    def predict_proba(
        self,
        X: object,  # noqa: N803
        method: str = "linear",
        return_confidence: bool = False,
    ) -> Any:
        """The chances to be usual and to be odd, shape `(n, 2)`; see `conventions.probabilities`."""
        scores = self._scores(X)
        found = probabilities(self.decision_scores_, scores, method)
        return (found, self._confidence(scores)) if return_confidence else found

    def predict_confidence(self, X: object) -> Scores:  # noqa: N803
        """How sure each prediction is, in [0, 1]."""
        return self._confidence(self._scores(X))

    def predict_with_rejection(
        self,
        X: object,  # noqa: N803
        T: float = 32,  # noqa: N803
        return_stats: bool = False,
        delta: float = 0.1,
        c_fp: float = 1,
        c_fn: float = 1,
        c_r: float = -1,
    ) -> Any:
        """Which records are odd, and -2 where one cannot be sure.

        Args:
            X: Records.
            T: Sure is what is wrong with a chance of exp(-T) at most.
            return_stats: Whether to say how many are rejected, as `RejectionStatistics`.
            delta: With which chance the bounds of these may fail.
            c_fp: Cost of a false alarm.
            c_fn: Cost of an odd record that is missed.
            c_r: Cost of a rejection; below 0 the contamination.
        """
        scores = self._scores(X)
        labels = rejected(self._as_said(scores > self.threshold_), self._confidence(scores), T)
        costs = (c_fp, c_fn, self.contamination if c_r < 0 else c_r)
        n = len(self.decision_scores_)
        stats: RejectionStatistics = rejection_statistics(n, self.contamination, T, delta, costs)
        return (labels, stats) if return_stats else labels

    def _predict_rank(self, X: object, normalized: bool = False) -> np.ndarray:  # noqa: N803
        """How many of the records learnt from are less odd than each; `normalized`: which share, in [0, 1].

        PyOD has it under this name.
        """
        ranks = np.searchsorted(np.sort(self.decision_scores_), self._scores(X))
        return ranks / len(self.decision_scores_) if normalized else ranks

    def fit_predict(self, X: object, y: object = None, **_: Any) -> Int[np.ndarray, " n"]:  # noqa: N803
        """Learn, and say which of these very records are odd."""
        self.fit(X, y)
        return self._as_said(self.labels_ == 1)

    def fit_predict_score(self, X: object, y: object, scoring: str = "roc_auc_score") -> float:  # noqa: N803
        """Learn from records, and score the order of them against labels, 1 where one is odd.

        Args:
            X: Records.
            y: Their labels.
            scoring: "roc_auc_score", or "prc_n_score": precision among the first n, of n odd ones.

        Raises:
            UsageError: There is no such score.
        """
        labels, scores = np.asarray(y), self.fit(X).decision_scores_
        if scoring == "roc_auc_score":
            return float(roc_auc_score(labels, scores))
        if scoring == "prc_n_score":
            first = np.argsort(-scores, kind="stable")[: int((labels == 1).sum())]
            return float((labels[first] == 1).mean())
        raise UsageError(f"scoring {scoring!r} is not known. Take roc_auc_score or prc_n_score.")

    def save(self, path: str | Path) -> str:
        """Write model and detector as one file, by which `gansmith detect` and `Detector.load` score at once.

        Returns:
            Its sha256.

        Raises:
            UsageError: When not fitted, or the classics have a say: they hold records.
            DataError: When it cannot be written.
        """
        self._fitted()
        if self.classics:
            raise UsageError("classics hold the records that they learnt from. Learn without them to save.")
        settings = {"contamination": self.contamination, "threshold": self.threshold_}
        return save_detection(Path(path), self.detection_, settings)

    @classmethod
    def load(cls, path: str | Path, *, convention: str = "pyod") -> Detector:
        """The fitted detector of a file.

        Raises:
            UsageError: When the file holds a model alone.
            ModelFileError: When it is missing, damaged or hostile.
        """
        found = load_detection(Path(path))
        if found is None:
            raise UsageError(f"{path} holds a model and no detector. Give it to Detector(model=...) and fit.")
        detection, kept = found
        detector = cls(contamination=float(kept["contamination"]), convention=convention)
        detector._learnt(detection, detection.calibration.total)
        detector.threshold_ = float(kept["threshold"])
        return detector

    # --- How records come in ------------------------------------------------------------------------------

    def _check(self) -> None:
        if self.convention not in ("pyod", "sklearn"):
            raise UsageError(f"convention {self.convention!r} is not known. Take pyod or sklearn.")
        if not 0 < self.contamination <= MOST_ODD:
            raise UsageError(f"contamination is a share above 0 and up to .5, not {self.contamination}.")

    def _checked(self, X: object, *, is_new: bool) -> object:  # noqa: N803
        """Arrays as scikit-learn checks them, and everything else as it is."""
        if isinstance(X, (np.ndarray, list)) or issparse(X):
            if isinstance(X, np.ndarray) and X.ndim > 2:  # pictures
                return X
            n_least = 2 if is_new else 1
            finite, rows = "allow-nan", cast("Any", X)
            return validate_data(
                cast("Any", self), rows, reset=is_new, ensure_all_finite=finite, ensure_min_samples=n_least
            )
        return X

    def _model_of(self, opened: Opened) -> Model:
        """What is learnt of these records."""
        config = FitConfig(
            kind=self.kind,
            preset=self.preset,
            budget=self.budget,
            samples_seen=self.samples_seen,
            seed=self.seed,
            threads=self.threads,
        )
        return self._learn(partial(start, opened, config))[1]

    def _learnt_model(self) -> Model | None:
        return self.detection_.model if "detection_" in vars(self) else None

    def _scores(self, X: object) -> Scores:  # noqa: N803
        self._fitted()
        source = self._checked(X, is_new=False)
        return self.detection_.scores(read_for(self.detection_.model, source))

    def _confidence(self, scores: Scores) -> Scores:
        return confidence(self.decision_scores_, scores, self.contamination, scores > self.threshold_)

    def _as_said(self, is_odd: np.ndarray) -> Int[np.ndarray, " n"]:
        return is_odd.astype(np.int64) if self._is_pyod else np.where(is_odd, -1, 1)

    @property
    def _is_pyod(self) -> bool:
        return self.convention == "pyod"

    def _fitted(self) -> None:
        if "detection_" not in vars(self):
            raise UnfittedError("this detector has learnt nothing yet: call fit(data) first.")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _model_of(given: object) -> Model:
    """The model that is meant: itself, a fitted synthesizer's, or that of a file."""
    if isinstance(given, Synthesizer):
        return given.model_
    return given if isinstance(given, Model) else load_model(cast("str | Path", given))
