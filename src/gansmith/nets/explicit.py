"""Discriminators that write down their own input gradient.

Gradient penalties need the derivative of a derivative. For layers with a leaky ReLU between them the
first one is a plain product of weights and slopes, and the slopes do not change with the weights:
writing it down makes the penalty an ordinary expression, whose one backward pass gives the same numbers
as differentiating twice, at less than half the cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

SLOPE = 0.2
"""Of the leaky ReLU on its left side."""


class AbstractExplicitDiscriminator(nn.Module, ABC):
    """A discriminator whose input gradient is an expression of its weights."""

    @abstractmethod
    def with_gradients(
        self, samples: Float[Tensor, "batch *sample"], conditions: Float[Tensor, "batch n_conditions"] | None
    ) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch n_values"]]:
        """Logits as `forward` gives them, and the gradient of each for its own sample, flattened.

        Both are differentiable for the weights.
        """


def leaky_layers(
    hidden: Float[Tensor, "batch n_in"],
    layers: nn.ModuleList,
    last: nn.Linear,
    met: list[Tensor] | None = None,
) -> Float[Tensor, " batch"]:
    """Logits of linear layers with a leaky ReLU after each but the last.

    The last layer keeps full precision: logits in half precision are too coarse to be compared.

    Args:
        hidden: The input.
        layers: All linear layers but the last.
        last: To one value.
        met: Takes what came out of each layer before its activation, for `leaky_gradients`.
    """
    for layer in layers:
        hidden = layer(hidden)
        if met is not None:
            met.append(hidden.detach())
        hidden = leaky_relu(hidden, SLOPE)
    with torch.autocast(hidden.device.type, enabled=False):
        return last(hidden.float()).squeeze(1)


def leaky_gradients(layers: nn.ModuleList, last: nn.Linear, met: list[Tensor]) -> Float[Tensor, "batch n_in"]:
    """The gradient of each logit for the input of `leaky_layers`."""
    gradients = last.weight  # (1, width)
    for layer, before in zip(reversed(layers), reversed(met), strict=True):
        slopes = (before > 0).to(before.dtype).mul_(1 - SLOPE).add_(SLOPE)
        gradients = (gradients * slopes) @ cast(
            "nn.Linear", layer
        ).weight  # (batch, width of the layer before)
    return gradients.float()
