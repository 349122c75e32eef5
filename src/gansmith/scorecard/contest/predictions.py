"""Scores of the chances that a classifier gives to real records: of ranks, of decisions, of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

Chance = Float[np.ndarray, " n"]
IsRare = Bool[np.ndarray, " n"]

N_BINS: Final = 10
"""Of the calibration error, as many records in each."""
LOWER_IS_BETTER: Final = frozenset(
    ("cost", "brier", "brier_corrected", "calibration_error", "calibration_error_corrected")
)


@final
@dataclass(frozen=True)
class Aim:
    """What a user wants of a classifier."""

    precision: float | None = None
    """Of the records that are called rare so many shall be; recall is what counts then."""
    costs: tuple[float, float] | None = None
    """Of a rare record that is missed, and of another that is called rare; their mean counts then."""

    @property
    def score(self) -> str:
        """The name of the score that counts."""
        if self.costs is not None:
            return "cost"
        return "pr_auc" if self.precision is None else "recall"

    @property
    def counts_decisions(self) -> bool:
        """Whether a threshold matters to what counts; ranks alone do otherwise."""
        return self.costs is not None

    @property
    def wanted_precision(self) -> float:
        """At which recall is measured, wanted or not."""
        return 0.9 if self.precision is None else self.precision


def scores(
    chance: Chance, is_rare: IsRare, aim: Aim, threshold: float, shares: tuple[float, float]
) -> Mapping[str, float]:
    """All scores of some predictions.

    Args:
        chance: That each record is rare, 0 to 1.
        is_rare: Whether it is; both occur.
        aim: What the user wants.
        threshold: From which chance on a record is called rare.
        shares: Of rare records among those that were learnt from, as real ones are and as they were learnt.
    """
    called, corrected = chance >= threshold, without_shift(chance, *shares)
    found = {
        "pr_auc": float(average_precision_score(is_rare, chance)),
        "roc_auc": float(roc_auc_score(is_rare, chance)),
        "recall": recall_at(chance, is_rare, aim.wanted_precision),
        "f1": f1(called, is_rare),
        "brier": float(np.square(chance - is_rare).mean()),
        "calibration_error": calibration_error(chance, is_rare),
        "brier_corrected": float(np.square(corrected - is_rare).mean()),
        "calibration_error_corrected": calibration_error(corrected, is_rare),
    }
    return found if aim.costs is None else {**found, "cost": cost(called, is_rare, aim.costs)}


def recall_at(chance: Chance, is_rare: IsRare, precision: float) -> float:
    """The largest share of the rare records that some threshold finds with at least that precision.

    Example:
        >>> recall_at(np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, False, True, False]), 0.6)
        1.0
    """
    precisions, recalls, _ = precision_recall_curve(is_rare, chance)
    return float(recalls[precisions >= precision].max(initial=0.0))


def f1(called: IsRare, is_rare: IsRare) -> float:
    """Harmonic mean of precision and recall of the rare class, 0 where none is found."""
    return float(2 * (called & is_rare).sum() / max(1, called.sum() + is_rare.sum()))


def cost(called: IsRare, is_rare: IsRare, costs: tuple[float, float]) -> float:
    """Mean cost of a record, of which a missed rare one costs the first and a false alarm the second.

    Example:
        >>> cost(np.array([True, False, False]), np.array([False, True, False]), (10, 1))
        3.66...
    """
    missed, alarmed = (is_rare & ~called).mean(), (called & ~is_rare).mean()
    return float(costs[0] * missed + costs[1] * alarmed)


def calibration_error(chance: Chance, is_rare: IsRare) -> float:
    """Mean distance between chance and share, over ten bins of equally many records by their chance.

    Source:
        Nguyen & O'Connor 2015, "Posterior calibration and exploratory analysis for natural language
        processing models" (arXiv:1508.05154): bins of equal size, as most chances are small here.
    """
    parts = [part for part in np.array_split(np.argsort(chance, kind="stable"), N_BINS) if len(part)]
    gaps = [abs(chance[part].mean() - is_rare[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(chance))


def without_shift(chance: Chance, share: float, learnt_share: float) -> Chance:
    """Chances as they would be had rare records been learnt from as often as they occur.

    Exact for a calibrated classifier, and no rank changes.

    Source:
        Saerens, Latinne & Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori
        probabilities", Neural Computation 14: Bayes' rule.

    Example:
        >>> without_shift(np.array([0.5]), 0.1, 0.5)
        array([0.1])
    """
    rare = chance * share / learnt_share
    others = (1 - chance) * (1 - share) / (1 - learnt_share)
    return rare / (rare + others)


def best_threshold(chance: Chance, is_rare: IsRare, aim: Aim) -> float:
    """The threshold that would have been best: by cost, by recall at the precision, else by F1.

    A half where none is any better.
    """
    tried = np.append(0.5, np.unique(np.quantile(chance, np.linspace(0, 1, 401), method="nearest")))
    worth = [_worth(chance >= one, is_rare, aim) for one in tried]
    return float(tried[int(np.argmax(worth))])


def _worth(called: IsRare, is_rare: IsRare, aim: Aim) -> float:
    if aim.costs is not None:
        return -cost(called, is_rare, aim.costs)
    if aim.precision is None:
        return f1(called, is_rare)
    n_called, n_right = int(called.sum()), int((called & is_rare).sum())
    return n_right / int(is_rare.sum()) if n_called and n_right / n_called >= aim.precision else 0.0
