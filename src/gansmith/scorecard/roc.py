"""The area under the ROC curve (AUC) and its standard error."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata


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
