"""What encoders and decoders are, whatever kind of data they are for."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float
from torch import Tensor, nn

Latents = Float[Tensor, "batch n_latents"]


class AbstractEncoder(nn.Module, ABC):
    """Says from which latents a sample may have come: a normal distribution of independent values."""

    @abstractmethod
    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> tuple[Latents, Latents]:
        """Means and logarithms of variances, one row for each sample."""


class AbstractDecoder(nn.Module, ABC):
    """A distribution of samples for each row of latents."""

    @abstractmethod
    def log_likelihood(
        self, samples: Tensor, latents: Latents, conditions: Tensor | None = None
    ) -> Float[Tensor, " batch"]:
        """Of each sample under the distribution of its latents, in nats; what is asked for need not count."""

    @abstractmethod
    def forward(
        self, latents: Latents, conditions: Tensor | None, generator: torch.Generator
    ) -> Float[Tensor, "batch *sample"]:
        """One sample from the distribution of each row of latents.

        Args:
            latents: Shape `(batch, n_latents)`.
            conditions: What is asked for, one row each.
            generator: Where chance comes from, on the CPU.
        """


def normal_kl(mean: Latents, log_variance: Latents) -> Float[Tensor, " batch"]:
    """Divergence of each normal distribution from the standard one, in nats, never negative.

    Source: Kingma and Welling 2013, "Auto-encoding variational Bayes", appendix B (arXiv:1312.6114).
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def normal_log_density(values: Latents, mean: Latents, log_variance: Latents) -> Float[Tensor, " batch"]:
    """Of each row under its normal distribution of independent values, without the constant, in nats."""
    return -0.5 * ((values - mean).square() * (-log_variance).exp() + log_variance).sum(1)
