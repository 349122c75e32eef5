"""Networks that stand for a distribution, of any kind of data: mixtures of generators, encoders, decoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

Latents = Float[Tensor, "batch n_latents"]


@final
class Ensemble(nn.Module):
    """Record k is made by member k modulo their number, so that each makes its share of any batch.

    Args:
        members: Generators of the same shape; the last is the newest.

    Source:
        Arora et al. 2017, "Generalization and equilibrium in generative adversarial nets (GANs)"
        (arXiv:1703.00573): a mixture of generators comes near an equilibrium that a single one may not reach.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def newest(self) -> nn.Module:
        """The member to be fine-tuned."""
        return self.members[-1]

    def forward(self, first: Tensor, *others: object) -> Float[Tensor, "batch *sample"]:
        """One sample for each row of the inputs, which are those of any member; tensors are shared out."""
        n = len(self.members)
        inputs = (first, *others)
        made = [
            member(*(part[place::n] if isinstance(part, Tensor) else part for part in inputs))
            for place, member in enumerate(self.members)
        ]  # each (batch / n, *sample)
        samples = made[0].new_empty(len(first), *made[0].shape[1:])
        for place, part in enumerate(made):
            samples[place::n] = part
        return samples


def networks_by_turn(networks: Mapping[str, nn.Module]) -> list[dict[str, nn.Module]]:
    """What makes records in each turn: a member of every ensemble, and all other networks."""
    n_turns = max(len(one.members) if isinstance(one, Ensemble) else 1 for one in networks.values())
    return [
        {
            name: one.members[turn % len(one.members)] if isinstance(one, Ensemble) else one
            for name, one in networks.items()
        }
        for turn in range(n_turns)
    ]


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
        """One sample from the distribution of each row of latents; `generator` is on the CPU."""


class AbstractSequential(nn.Module, ABC):
    """Makes records part after part, and says how likely each part of a record was, given those before it."""

    @abstractmethod
    def log_likelihood(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> Float[Tensor, " batch"]:
        """Of each record, in nats, the mean over its parts.

        Args:
            parts: What is known of the records, by name.
            hiding: On the CPU; draws what the network does not see while it learns. None hides nothing.
        """

    @abstractmethod
    def forward(
        self, noise: Float[Tensor, "batch n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "batch *sample"]:
        """One sample for each row: a function of its noise and of what is asked for."""


class AbstractRelaxed(AbstractSequential, ABC):
    """Of symbols: what it draws can be handed on with a gradient, so that it can play against somebody."""

    @abstractmethod
    def symbols(self, samples: Tensor) -> Float[Tensor, "batch length n_symbols"]:
        """Finished samples as a one in the place of each symbol."""

    @abstractmethod
    def relaxed(
        self,
        n_records: int,
        conditions: Tensor | None,
        length: int,
        sharpness: float,
        generator: torch.Generator,
    ) -> Float[Tensor, "batch length n_symbols"]:
        """Drawn samples, a one in the place of each symbol; the gradient is that of the softened choice.

        Args:
            n_records: How many.
            conditions: What is asked of each.
            length: Symbols of each; behind its end stands the end.
            sharpness: Logits are multiplied with it in the softened choice.
            generator: On the CPU: of all that is drawn.
        """


def normal_kl(mean: Latents, log_variance: Latents) -> Float[Tensor, " batch"]:
    """Divergence of each normal distribution from the standard one, in nats, never negative.

    Source: Kingma and Welling 2013, "Auto-encoding variational Bayes", appendix B (arXiv:1312.6114).
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def normal_log_density(values: Latents, mean: Latents, log_variance: Latents) -> Float[Tensor, " batch"]:
    """Of each row under its normal distribution of independent values, without the constant, in nats."""
    return -0.5 * ((values - mean).square() * (-log_variance).exp() + log_variance).sum(1)
