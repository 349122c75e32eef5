"""The Gaussian copula of scores: what lies behind numbers that are tied, and how it is made of noise.

A reading that repeats tells of its score only between what bounds it lies. Scores that are drawn evenly
between these, each by itself, are less correlated than what lies behind them, and too few readings repeat in
windows made of them. So each is drawn between its bounds given all the others, again and again.

Source:
    Hoff 2007, "Extending the rank likelihood for semiparametric copula estimation", section 3
    (arXiv:math/0610413).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.cluster.vq import kmeans2
from torch import Tensor
from torch.special import ndtr, ndtri

from gansmith.scorecard.features import draws

N_SWEEPS: Final = 4
MOST_WINDOWS: Final = 4_000
RIDGE: Final = 1e-3
"""Added to the variances: a score that the others determine is not quite believed to be so."""
LEAST: Final = 1e-5
N_USUAL: Final = 20
"""Windows as loud as usual that are added to those of each place."""
N_PLACED: Final = 12
"""Widest components, by which it is told where a window lies."""
FLOOR: Final = 0.03
"""Components with a smaller deviation than this are shown as if they had it."""

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


def components(latent: Scores, n_regimes: int, seed: int) -> dict[str, Tensor]:
    """What makes latent scores of normal noise: places to start from, directions, and how loud it is.

    Args:
        latent: Of real windows.
        n_regimes: Places, at most: k-means of the widest components; 1 for one place, the mean.
        seed: Of k-means.
    """
    _, directions = _directions(latent)
    placed = latent @ directions.flip(1)[:, :N_PLACED]
    regimes = _regimes(placed, n_regimes, seed)
    n_regimes = int(regimes.max()) + 1
    counts = torch.bincount(regimes, minlength=n_regimes).to(latent.dtype)
    centres = torch.zeros(n_regimes, latent.shape[1], dtype=latent.dtype).index_add_(0, regimes, latent)
    centres = centres / counts[:, None]
    centred = latent - centres[regimes]
    deviations, directions = _directions(centred)
    squares = torch.zeros_like(centres).index_add_(
        0, regimes, (centred @ directions / deviations.clamp(min=LEAST)) ** 2
    )
    where = torch.zeros(n_regimes, placed.shape[1], dtype=latent.dtype).index_add_(0, regimes, placed)
    return {
        "centres": centres.float(),
        "shares": (counts.cumsum(0) / counts.sum()).float(),
        "where": (where / counts[:, None] / placed.std(0).clamp(min=FLOOR)).float(),
        "loudness": ((squares + N_USUAL) / (counts[:, None] + N_USUAL)).sqrt().flip(1).float(),
        "spread": (directions * deviations).T.flip(0).float().contiguous(),  # the widest first
    }


def whitening(scores: Scores) -> dict[str, Tensor]:
    """What makes components of deviation 1, or less where they hardly vary, of scores."""
    deviations, directions = _directions(scores)
    return {
        "score_mean": scores.mean(0).float(),
        "whitening": (directions / deviations.clamp(min=FLOOR)).flip(1).float(),
    }


def _regimes(placed: Scores, n_regimes: int, seed: int) -> Int[Tensor, " n_windows"]:
    if n_regimes < 2:
        return torch.zeros(len(placed), dtype=torch.long)
    _, found = kmeans2(placed.numpy(), n_regimes, minit="++", rng=draws(seed))
    _, labels = np.unique(found, return_inverse=True)  # none without windows
    return torch.from_numpy(labels.astype(np.int64))


def _directions(scores: Scores) -> tuple[Float[Tensor, " n_scores"], Float[Tensor, "n_scores n_scores"]]:
    """Deviations along the principal directions, the narrowest first, and these."""
    centred = scores - scores.mean(0)
    variances, directions = torch.linalg.eigh(centred.T @ centred / len(scores))
    return variances.clamp(min=0).sqrt(), directions
