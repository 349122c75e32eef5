"""Normal scores behind numbers that are tied: what a Gaussian copula of grids and repetitions is made of.

A reading that repeats tells of its score only between what bounds it lies. Scores that are drawn evenly
between these, each by itself, are less correlated than what lies behind them, and too few readings repeat in
windows made of them. So each is drawn between its bounds given all the others, again and again.

Source:
    Hoff 2007, "Extending the rank likelihood for semiparametric copula estimation", section 3
    (arXiv:math/0610413).
"""

from __future__ import annotations

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.special import ndtr, ndtri

N_SWEEPS: Final = 4
MOST_WINDOWS: Final = 4_000
RIDGE: Final = 1e-3
"""Added to the variances: a score that the others determine is not quite believed to be so."""
LEAST: Final = 1e-5

Scores = Float[Tensor, "n_windows n_scores"]


def latent_scores(low: Scores, high: Scores, generator: torch.Generator) -> Scores:
    """Scores between bounds, with the correlations that go with them.

    Args:
        low: Where each score begins.
        high: Where it ends; the same where it is known.
        generator: For the draws.
    """
    scores = low + torch.rand(low.shape, generator=generator, dtype=low.dtype) * (high - low)
    is_tied = high > low
    (tied,) = torch.where(is_tied.double().mean(0) > 0.01)
    for _ in range(N_SWEEPS):
        mean = scores.mean(0)
        covariance = torch.cov(scores.T.double())
        precision = torch.linalg.inv(covariance + RIDGE * torch.eye(len(covariance))).to(low.dtype)
        for column in tied.tolist():
            own = precision[:, column]
            expected = scores[:, column] - (scores @ own - mean @ own) / own[column]
            drawn = _between(expected, own[column] ** -0.5, low[:, column], high[:, column], generator)
            scores[:, column] = torch.where(is_tied[:, column], drawn, scores[:, column])
    return scores


def _between(
    mean: Tensor, deviation: Tensor, low: Tensor, high: Tensor, generator: torch.Generator
) -> Tensor:
    """Normal numbers of that mean and deviation, between bounds."""
    first, last = ndtr((low - mean) / deviation), ndtr((high - mean) / deviation)
    shares = torch.rand(mean.shape, generator=generator, dtype=mean.dtype)
    drawn = mean + deviation * ndtri((first + shares * (last - first)).clamp(LEAST, 1 - LEAST))
    return torch.minimum(torch.maximum(drawn, low), high)
