"""What stands between layers: functions and their slopes.

To add one, write its two functions, one entry in `ACTIVATIONS` and its name in `nets/settings.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor, nn
from torch.nn.functional import elu, gelu, leaky_relu, relu, silu

from gansmith.nets.settings import Activation

SLOPE: Final = 0.2
"""Of the leaky ReLU on its left side, as discriminators are usually given it."""


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
