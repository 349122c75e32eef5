"""Plain and residual multilayer perceptrons, without normalisation: each record is judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import final

from jaxtyping import Float
from torch import Tensor, nn

from gansmith.nets.activations import ACTIVATIONS, ActivationLayer
from gansmith.nets.settings import Activation


@final
class ResidualBlock(nn.Module):
    """`x + W2 act(W1 act(x))`, with W2 starting at zero so that a deep stack starts as the identity.

    Where it changes the width a linear layer takes `x` to the other width first.

    Args:
        width: Of what comes out.
        activation: Before each of the two layers.
        n_in: Width of what goes in; None: the same.

    Source: Zhang et al. 2019, "Fixup initialization" (arXiv:1901.09321).
    """

    def __init__(self, width: int, activation: Activation = "leaky_relu", n_in: int | None = None) -> None:
        super().__init__()
        self.activation: Activation = activation
        n_in = width if n_in is None else n_in
        self.first = nn.Linear(n_in, width)
        self.second = nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)
        self.skip = nn.Identity() if n_in == width else nn.Linear(n_in, width)

    def forward(self, x: Float[Tensor, "batch n_in"]) -> Float[Tensor, "batch width"]:
        """Refine `x`."""
        activate = ACTIVATIONS[self.activation].function
        hidden = activate(self.first(activate(x)))
        return self.skip(x) + self.second(hidden)


@final
class Perceptron(nn.Module):
    """Linear layers with activations between them, for either player; conditions are not looked at.

    Args:
        widths: Of input, hidden layers and output; a single value comes out as a logit, shape `(batch,)`.
        activation: Between each two layers.
    """

    def __init__(self, widths: Sequence[int], activation: Activation) -> None:
        super().__init__()
        self.layers = layers(widths, activation)

    def forward(self, inputs: Float[Tensor, "batch n_in"], conditions: object = None) -> Float[Tensor, "..."]:
        """Shape `(batch, n_out)`, or `(batch,)`."""
        return self.layers(inputs).squeeze(1)


def layers(widths: Sequence[int], activation: Activation, *, last: nn.Module | None = None) -> nn.Sequential:
    """Linear layers of the given widths with an activation between them, and perhaps one after the last.

    Args:
        widths: Of input, hidden layers and output; two or more.
        activation: Between each two layers.
        last: After the last layer.
    """
    modules: list[nn.Module] = []
    for index, (n_in, n_out) in enumerate(pairwise(widths)):
        if index:
            modules.append(ActivationLayer(activation))
        modules.append(nn.Linear(n_in, n_out))
    return nn.Sequential(*modules, *([last] if last else []))
