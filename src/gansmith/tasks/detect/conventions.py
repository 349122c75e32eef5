"""Scores as chances, and how sure a detector is of what it says: as PyOD's detectors say it.

Source:
    Kriegel et al. 2011, "Interpreting and unifying outlier scores" (SDM), section 3: "unify"; Perini et al.
    2020, "Quantifying the confidence of anomaly detectors in their example-wise predictions" (ECML PKDD),
    eq. 2 to 4; Perini and Davis 2023, "Unsupervised anomaly detection with rejection" (arXiv:2305.13189).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, final

import numpy as np
from jaxtyping import Float, Int
from scipy.special import erf
from scipy.stats import beta, binom

from gansmith.errors import UsageError

Scores = Float[np.ndarray, " n"]
Usual = Float[np.ndarray, " n_usual"]
METHODS: Final = ("linear", "unify")


def probabilities(usual: Usual, scores: Scores, method: str) -> Float[np.ndarray, "n 2"]:
    """The chances to be usual and to be odd: scores brought to [0, 1].

    Args:
        usual: Scores of the records that were learnt from.
        scores: Of those in question.
        method: "linear", between the lowest and the highest of `usual`; or "unify", by a bell of their mean
            and standard deviation, 0 below the mean.

    Raises:
        UsageError: There is no such method.
    """
    if method == "linear":
        span = float(usual.max() - usual.min()) or 1.0
        odd = (scores - usual.min()) / span
    elif method == "unify":
        odd = erf((scores - usual.mean()) / (math.sqrt(2) * (float(usual.std()) or 1.0)))
    else:
        raise UsageError(f"method {method!r} is not known. Take linear or unify.")
    odd = np.clip(odd, 0, 1)
    return np.stack([1 - odd, odd], 1)


def confidence(usual: Usual, scores: Scores, contamination: float, is_odd: np.ndarray) -> Scores:
    """How sure it is that each would be called the same by another sample of usual records, in [0, 1]."""
    n = len(usual)
    ranks = np.searchsorted(np.sort(usual), scores, "right")
    chances = binom.cdf(n - int(n * contamination), n, (1 + ranks) / (2 + n))
    return np.where(is_odd, 1 - chances, chances)


@final
class RejectionStatistics(NamedTuple):
    """What is to be expected of rejecting what one cannot be sure of."""

    expected_rejection_rate: float
    upper_bound_rejection_rate: float
    upper_bound_cost: float


def rejection_statistics(
    n: int, contamination: float, threshold: float, risk: float, costs: tuple[float, float, float]
) -> RejectionStatistics:
    """How many predictions are rejected, and what they cost at most.

    A record is rejected when its rank among `n` usual ones lies between two shares; ranks are uniform, so the
    rate is the distance between them.

    Args:
        n: Records learnt from.
        contamination: Share of odd ones among them.
        threshold: T: rejected is what is not sure but for exp(-T).
        risk: With which the upper bounds fail, by the inequality of Dvoretzky, Kiefer and Wolfowitz.
        costs: Of a false alarm, of an odd record that is missed, and of a rejection.
    """
    n_odd, doubt = int(n * contamination), math.exp(-threshold)
    # The share at which at most `n - n_odd` of n are below with the chance `doubt`, or all but that.
    last, first = (float(beta.ppf(chance, n - n_odd + 1, max(n_odd, 1))) for chance in (1 - doubt, doubt))
    slack = 2 * math.sqrt(math.log(2 / risk) / (2 * n))
    rate = max(0.0, last - first)
    false_alarm, miss, rejected = costs
    cost = min(first, contamination) * miss + (1 - last) * false_alarm + rate * rejected
    return RejectionStatistics(rate, min(1.0, rate + slack), cost)


def rejected(labels: Int[np.ndarray, " n"], sureness: Scores, threshold: float) -> Int[np.ndarray, " n"]:
    """Labels, and -2 where one cannot be sure: sureness is not above 1 - 2 exp(-T)."""
    return np.where(sureness > 1 - 2 * math.exp(-threshold), labels, -2)
