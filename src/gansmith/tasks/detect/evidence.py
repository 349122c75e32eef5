"""Several kinds of evidence that a record is odd, as one number: each by its rank among usual records.

What a usual record scores is known from some that nothing was learnt from. Evidence is then a chance: that a
usual record is as odd. Beyond the oddest twentieth of usual ones the chance is taken to fall as an
exponential does, so that what is far beyond all of them is odder than what is just beyond.
Chances are multiplied, as if the kinds of evidence were independent: minus their logarithms are summed.

Source:
    Fisher 1932, "Statistical methods for research workers", 4th edition, section 21.1, for the product;
    Pickands 1975, "Statistical inference using extreme order statistics", Annals of Statistics 3, for tails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
from jaxtyping import Float

from gansmith.errors import DataError

N_QUANTILES: Final = 1_001
TAIL: Final = 0.05
"""Share of usual records beyond which evidence is extrapolated."""
CERTAIN_NATS: Final = 12.0
"""Beyond it evidence of one kind counts ever less: none outvotes all others."""

WEIGHTS: Final = {"reconstruction": 0.5, "features": 0.5, "surprise": 2.0}
"""What the networks of a game say, which have learnt from each other, is one voice (LOG.md). Surprise, which
looks at single steps, has as much to say as contrast and margins, which look at the whole, together."""

Evidence = Mapping[str, Float[np.ndarray, " n"]]
"""By kind a number for each record, higher is odder, on any scale."""


@final
@dataclass(frozen=True, eq=False)
class Calibration:
    """What usual records score, by kind of evidence."""

    n: int
    """Usual records that it was taken from."""
    quantiles: Mapping[str, Float[np.ndarray, " n_quantiles"]]
    """Of each kind, from the lowest to the highest."""
    total: Float[np.ndarray, " n_quantiles"]
    """Of all kinds as one number."""

    def __post_init__(self) -> None:
        known = [*self.quantiles.values(), self.total]
        is_ordered = all((np.diff(value) >= 0).all() for value in known)
        if self.n < 1 or {value.shape for value in known} != {(N_QUANTILES,)} or not is_ordered:
            raise DataError("what usual records score does not fit together.")

    @classmethod
    def of(cls, evidence: Evidence) -> Calibration:
        """From usual records that nothing was learnt from."""
        n, shares = len(next(iter(evidence.values()))), np.linspace(0, 1, N_QUANTILES)
        quantiles = {name: np.quantile(values, shares) for name, values in evidence.items()}
        unknown = cls(n, quantiles, np.zeros(N_QUANTILES))
        return replace(unknown, total=np.quantile(unknown.scores(evidence), shares))

    def threshold(self, contamination: float) -> float:
        """The score that this share of usual records exceeds."""
        return float(np.interp(1 - contamination, np.linspace(0, 1, N_QUANTILES), self.total))

    def chances(self, scores: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """That a usual record scores as high, one more counted in: a conformal p-value.

        Source:
            Bates et al. 2023, "Testing for outliers with conformal p-values", eq. 2 (arXiv:2104.08279).
        """
        share = np.searchsorted(self.total, scores, "left") / N_QUANTILES
        return (self.n * (1 - share) + 1) / (self.n + 1)

    def nats(self, evidence: Evidence) -> dict[str, Float[np.ndarray, " n"]]:
        """By kind, minus the logarithm of the chance that a usual record is as odd."""
        return {name: self._nats(self.quantiles[name], values) for name, values in evidence.items()}

    def scores(self, evidence: Evidence) -> Float[np.ndarray, " n"]:
        """All kinds of evidence as one number, higher is odder."""
        nats = self.nats(evidence)
        return np.sum([WEIGHTS.get(name, 1.0) * _bounded(found) for name, found in nats.items()], axis=0)

    def _nats(self, quantiles: np.ndarray, values: np.ndarray) -> np.ndarray:
        share = np.searchsorted(quantiles, values, "left") / N_QUANTILES
        within = -np.log((self.n * (1 - share) + 1) / (self.n + 1))
        first = round((1 - TAIL) * (N_QUANTILES - 1))
        border, beyond = quantiles[first], quantiles[first + 1 :] - quantiles[first]
        mean = float(beyond.mean())
        if mean <= 0:
            return within
        return np.where(values > border, -math.log(TAIL) + (values - border) / mean, within)


def _bounded(nats: np.ndarray) -> np.ndarray:
    return np.minimum(nats, CERTAIN_NATS) + np.log1p(np.maximum(nats - CERTAIN_NATS, 0))
