"""Multilayer perceptrons: layers and what stands between them, and how weights start.

No layer normalises a batch. To add an activation, write its two functions, one entry in `ACTIVATIONS` and its
name in `nets/settings.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import elu, gelu, leaky_relu, relu, silu

from gansmith.nets.settings import Activation, WeightInit

N_POWER_STEPS: Final = 15
"""After which the largest singular value of new weights is known well enough."""
SLOPE: Final = 0.2
"""Of the leaky ReLU on its left side, as discriminators are usually given it."""


_WEIGHTED: Final = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@final
@dataclass(frozen=True)
class ActivationFunction:
    """A function of each value, and its derivative."""

    function: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    """The derivative; itself differentiable, unless it is the same number everywhere on either side of 0."""
    is_piecewise_linear: bool
    """Whether the slope changes nowhere but at 0, so that small changes of the weights do not change it."""


def _leaky_slope(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype).mul_(1 - SLOPE).add_(SLOPE)


def _silu_slope(x: Tensor) -> Tensor:
    share = torch.sigmoid(x)
    return share * (1 + x * (1 - share))


def _gelu_slope(x: Tensor) -> Tensor:
    density = (-0.5 * x.square()).exp() / math.sqrt(2 * math.pi)
    return torch.special.ndtr(x.float()).to(x.dtype) + x * density


ACTIVATIONS: Final[dict[Activation, ActivationFunction]] = {
    "leaky_relu": ActivationFunction(lambda x: leaky_relu(x, SLOPE), _leaky_slope, is_piecewise_linear=True),
    "relu": ActivationFunction(relu, lambda x: (x > 0).to(x.dtype), is_piecewise_linear=True),
    "tanh": ActivationFunction(torch.tanh, lambda x: 1 - torch.tanh(x).square(), is_piecewise_linear=False),
    "elu": ActivationFunction(elu, lambda x: x.clamp(max=0).exp(), is_piecewise_linear=False),
    "gelu": ActivationFunction(gelu, _gelu_slope, is_piecewise_linear=False),
    "silu": ActivationFunction(silu, _silu_slope, is_piecewise_linear=False),
}


@final
class ActivationLayer(nn.Module):
    """An activation as a layer of its own; it has no weights."""

    def __init__(self, name: Activation) -> None:
        super().__init__()
        self.name: Activation = name

    def forward(self, x: Tensor) -> Tensor:
        """The function of each value."""
        return ACTIVATIONS[self.name].function(x)


@final
class ResidualBlock(nn.Module):
    """`x + W2 act(W1 act(x))`, with W2 starting at zero so that a deep stack starts as the identity.

    Where it changes the width, from `n_in`, a linear layer takes `x` to the other width first.

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
    """Linear layers with an activation between them, and perhaps one more behind; see `Perceptron`."""
    modules: list[nn.Module] = []
    for index, (n_in, n_out) in enumerate(pairwise(widths)):
        if index:
            modules.append(ActivationLayer(activation))
        modules.append(nn.Linear(n_in, n_out))
    return nn.Sequential(*modules, *([last] if last else []))


@torch.no_grad()
def initialise(networks: Iterable[nn.Module], how: WeightInit, generator: torch.Generator) -> None:
    """Draw the weights of all linear layers and convolutions anew; biases become zero.

    Weights that are all zero stay so: the end of a residual block, which has to start as nothing. "lecun"
    leaves all as they are, PyTorch's own start: uniform, with a variance of a third of one over the number of
    inputs.

    Source:
        Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
        eq. 16: "xavier"; He et al. 2015, "Delving deep into rectifiers", eq. 14, for the leaky ReLU
        (arXiv:1502.01852): "he"; Saxe et al. 2013, "Exact solutions to the nonlinear dynamics of learning in
        deep linear neural networks" (arXiv:1312.6120): "orthogonal"; Radford et al. 2015, "Unsupervised
        representation learning with deep convolutional generative adversarial networks" (arXiv:1511.06434):
        "normal".
    """
    if how == "lecun":
        return
    for network in networks:
        for module in network.modules():
            if isinstance(module, _WEIGHTED) and not module.weight.is_meta and module.weight.any():
                own = dict(module.named_parameters())
                weight = own.get("weight")
                computed_from = own.get("parametrizations.weight.original")
                _draw(cast("Tensor", computed_from if weight is None else weight), how, generator)
                if "bias" in own:
                    nn.init.zeros_(own["bias"])
                for _ in range(N_POWER_STEPS * ("weight" not in own)):
                    _ = (
                        module.weight
                    )  # looking at it is a step of power iteration; see `spectrally_normalised`


def _draw(weight: Tensor, how: WeightInit, generator: torch.Generator) -> None:
    match how:
        case "xavier":
            nn.init.xavier_uniform_(weight, generator=generator)
        case "he":
            nn.init.kaiming_normal_(weight, SLOPE, generator=generator)
        case "orthogonal":
            nn.init.orthogonal_(weight, generator=generator)
        case _:
            nn.init.normal_(weight, 0.0, 0.02, generator=generator)
