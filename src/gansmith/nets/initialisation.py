"""How the weights of networks start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import torch
from torch import Tensor, nn

from gansmith.nets.activations import SLOPE
from gansmith.nets.settings import WeightInit

_DEVIATION: Final = 0.02


@torch.no_grad()
def initialise(networks: Iterable[nn.Module], how: WeightInit, generator: torch.Generator) -> None:
    """Draw the weights of all linear layers anew; biases become zero.

    Weights that are all zero stay so: the end of a residual block, which has to start as nothing.

    Args:
        networks: As PyTorch makes them.
        how: "lecun" leaves them as they are, PyTorch's own start: uniform, with a variance of a third of one
            over the number of inputs.
        generator: Of what is drawn.

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
            if isinstance(module, nn.Linear) and not module.weight.is_meta and module.weight.any():
                _draw(module.weight, how, generator)
                if "bias" in dict(module.named_parameters()):
                    nn.init.zeros_(module.bias)


def _draw(weight: Tensor, how: WeightInit, generator: torch.Generator) -> None:
    match how:
        case "xavier":
            nn.init.xavier_uniform_(weight, generator=generator)
        case "he":
            nn.init.kaiming_normal_(weight, SLOPE, generator=generator)
        case "orthogonal":
            nn.init.orthogonal_(weight, generator=generator)
        case _:
            nn.init.normal_(weight, 0.0, _DEVIATION, generator=generator)
