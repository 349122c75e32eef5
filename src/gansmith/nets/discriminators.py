"""Discriminators that write down their own input gradient, or whose logits depend on the whole batch.

Gradient penalties need the derivative of a derivative. For linear layers with activations between them the
first one is a plain product of weights and slopes, and the slopes of a (leaky) ReLU do not even change with
the weights. Writing it down makes the penalty an ordinary expression, whose one backward pass gives the same
numbers as differentiating twice, at less than half the cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.nets.activations import ACTIVATIONS
from gansmith.nets.settings import Activation


class AbstractExplicitDiscriminator(nn.Module, ABC):
    """A discriminator whose input gradient is an expression of its weights."""

    @abstractmethod
    def with_gradients(
        self, samples: Float[Tensor, "batch *sample"], conditions: Float[Tensor, "batch n_conditions"] | None
    ) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch n_values"]]:
        """Logits as `forward` gives them, and the gradient of each for its own sample, flattened.

        Both are differentiable for the weights.
        """


def dense_logits(
    hidden: Float[Tensor, "batch n_in"],
    layers: nn.ModuleList,
    last: nn.Linear,
    met: list[Tensor] | None = None,
    *,
    activation: Activation = "leaky_relu",
) -> Float[Tensor, " batch"]:
    """Logits of linear layers with an activation after each but the last.

    The last layer keeps full precision: logits in half precision are too coarse to be compared.

    Args:
        hidden: The input.
        layers: All linear layers but the last.
        last: To one value.
        met: Takes what came out of each layer before its activation, for `dense_gradients`.
        activation: Between the layers.
    """
    chosen = ACTIVATIONS[activation]
    for layer in layers:
        hidden = layer(hidden)
        if met is not None:
            met.append(hidden.detach() if chosen.is_piecewise_linear else hidden)
        hidden = chosen.function(hidden)
    with torch.autocast(hidden.device.type, enabled=False):
        return last(hidden.float()).squeeze(1)


def dense_gradients(
    layers: nn.ModuleList, last: nn.Linear, met: list[Tensor], *, activation: Activation = "leaky_relu"
) -> Float[Tensor, "batch n_in"]:
    """The gradient of each logit for the input of `dense_logits`."""
    slope = ACTIVATIONS[activation].slope
    gradients = last.weight  # (1, width)
    for layer, before in zip(reversed(layers), reversed(met), strict=True):
        weight = cast("nn.Linear", layer).weight
        gradients = (gradients * slope(before)) @ weight  # (batch, width of the layer before)
    return gradients.float()


class AbstractWholeBatchDiscriminator(nn.Module, ABC):
    """Says that it looks at a batch as a whole, by packing or by statistics over its records.

    Real and fake records are then judged in batches of their own, and no logit is a function of its own
    record alone: the gradient of a logit's sum stands in for the gradient of each logit, and both players
    cannot share one pass.

    Source:
        Salimans et al. 2016, "Improved techniques for training GANs", section 3.2 (arXiv:1606.03498); Lin et
        al. 2018, "PacGAN" (arXiv:1712.04086).
    """
