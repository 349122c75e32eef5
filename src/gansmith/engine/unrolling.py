"""Looking ahead: what a discriminator would say after some more steps of its own.

A generator that learns from that does not run where the discriminator is about to be, so it gives up no part
of the data for a short advantage.

Source:
    Metz et al. 2016, "Unrolled generative adversarial networks", eq. 3 to 6 (arXiv:1611.02163).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import final

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gansmith.engine.batches import Scalar
from gansmith.engine.players import Player


@final
class WithWeights(nn.Module):
    """A network as it would be with other weights, which may depend on something that learns."""

    def __init__(self, network: nn.Module, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.network = [network]  # not a part: its own weights are not meant
        self.weights = dict(weights)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        """What the network says with these weights."""
        return functional_call(self.network[0], self.weights, (samples, conditions))


def unrolled(
    player: Player, loss: Callable[[nn.Module], Scalar], n_steps: int, share: float, rate_scale: float
) -> nn.Module:
    """The network of a player after some more steps, differentiable for all that its loss depends on.

    Steps are those of the player's optimiser, gradients divided by what it has gathered of their size so far,
    without momentum; the player itself stays as it is.

    Args:
        player: Who would learn.
        loss: What it minimises, for the network it is by then.
        n_steps: How far to look ahead.
        share: Of the run that is done, in [0, 1].
        rate_scale: Multiplied with the learning rate.
    """
    names = [name for name, weight in player.network.named_parameters() if weight.requires_grad]
    weights: list[Tensor] = list(player.parameters)
    rate = player.rate(share, rate_scale)
    for _ in range(n_steps):
        network = WithWeights(player.network, dict(zip(names, weights, strict=True)))
        gradients = torch.autograd.grad(loss(network), weights, create_graph=True)
        sizes = player.gradient_sizes(gradients, share)
        weights = [
            weight - rate * gradient / size
            for weight, gradient, size in zip(weights, gradients, sizes, strict=True)
        ]
    return WithWeights(player.network, dict(zip(names, weights, strict=True)))
