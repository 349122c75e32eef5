"""Plain and residual multilayer perceptrons, without normalisation: each record is judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from gansmith.nets.explicit import SLOPE


@final
class ResidualBlock(nn.Module):
    """`x + W2 act(W1 act(x))`, with W2 starting at zero so that a deep stack starts as the identity.

    Source: Zhang et al. 2019, "Fixup initialization" (arXiv:1901.09321).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        """Refine `x`."""
        hidden = leaky_relu(x, SLOPE)
        hidden = leaky_relu(self.first(hidden), SLOPE)
        return x + self.second(hidden)


def layers(
    widths: Sequence[int], activation: type[nn.Module], *, last: nn.Module | None = None
) -> nn.Sequential:
    """Linear layers of the given widths with an activation between them, and perhaps one after the last.

    Args:
        widths: Of input, hidden layers and output; two or more.
        activation: Made anew between each two layers.
        last: After the last layer.
    """
    modules: list[nn.Module] = []
    for index, (n_in, n_out) in enumerate(pairwise(widths)):
        if index:
            modules.append(activation())
        modules.append(nn.Linear(n_in, n_out))
    return nn.Sequential(*modules, *([last] if last else []))


@torch.no_grad()
def xavier_uniform(network: nn.Module, generator: torch.Generator) -> None:
    """Xavier-uniform weights and zero biases for every linear layer.

    Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward networks".
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
