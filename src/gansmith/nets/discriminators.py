"""What dense discriminators share: what they can say beside a logit, and how some look at a whole batch.

Gradient penalties need the derivative of a derivative. For linear layers with activations between them the
first one is a plain product of weights and slopes, and the slopes of a (leaky) ReLU do not even change with
the weights. Writing it down makes the penalty an ordinary expression, whose one backward pass gives the same
numbers as differentiating twice, at less than half the cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gansmith.errors import UsageError
from gansmith.nets.mlp import ACTIVATIONS, layers
from gansmith.nets.settings import AbstractPlayerNetworks, Activation, BatchStatistic

N_KERNELS: Final = 8
"""Comparisons that minibatch discrimination makes between records."""
N_KERNEL_DIMENSIONS: Final = 4
"""Numbers of each record that one of them compares."""


class AbstractExplicitDiscriminator(nn.Module, ABC):
    """A discriminator whose input gradient is an expression of its weights."""

    @abstractmethod
    def with_gradients(
        self, samples: Float[Tensor, "batch *sample"], conditions: Float[Tensor, "batch n_conditions"] | None
    ) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch n_values"]]:
        """Logits as `forward` gives them, and the gradient of each for its own sample, flattened.

        Both are differentiable for the weights.
        """


class AbstractFeaturedDiscriminator(nn.Module, ABC):
    """A discriminator that can tell what its layers see."""

    @abstractmethod
    def with_features(
        self, samples: Float[Tensor, "batch *sample"], conditions: Float[Tensor, "batch n_conditions"] | None
    ) -> tuple[Float[Tensor, "batch *parts"], tuple[Float[Tensor, "batch *feature"], ...]]:
        """Logits as `forward` gives them, and what a layer saw in each sample, of one layer or several."""


class AbstractWholeBatchDiscriminator(nn.Module, ABC):
    """Says that it looks at a batch as a whole, by statistics over its records.

    Real and fake records are then judged in batches of their own, and no logit is a function of its own
    record alone: the gradient of a logit's sum stands in for the gradient of each logit, and both players
    cannot share one pass.

    Source:
        Salimans et al. 2016, "Improved techniques for training GANs", section 3.2 (arXiv:1606.03498).
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

    The last layer keeps full precision: logits in half precision are too coarse to be compared. `met` takes
    what came out of each of the others before its activation, for `dense_gradients`.
    """
    return logits_of(dense_hidden(hidden, layers, met, activation=activation), last)


def dense_hidden(
    hidden: Float[Tensor, "batch n_in"],
    layers: nn.ModuleList,
    met: list[Tensor] | None = None,
    *,
    activation: Activation = "leaky_relu",
) -> Float[Tensor, "batch width"]:
    """What comes out of linear layers with an activation after each; see `dense_logits`."""
    chosen = ACTIVATIONS[activation]
    for layer in layers:
        hidden = layer(hidden)
        if met is not None:
            met.append(hidden.detach() if chosen.is_piecewise_linear else hidden)
        hidden = chosen.function(hidden)
    return hidden


def logits_of(hidden: Float[Tensor, "batch width"], last: nn.Linear) -> Float[Tensor, " batch"]:
    """The last layer, in full precision."""
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


# --- Looking at a whole batch -------------------------------------------------------------------------------


@final
class MinibatchDeviation(nn.Module):
    """How far records of a batch lie apart: one more number, the same for each record.

    Source:
        Karras et al. 2017, "Progressive growing of GANs", section 3 (arXiv:1710.10196).
    """

    n_more: Final = 1

    def forward(self, hidden: Float[Tensor, "batch width"]) -> Float[Tensor, "batch wider"]:
        """The same with the mean, over all features, of their standard deviations over the batch."""
        deviation = hidden.float().var(0, unbiased=False).add(1e-8).sqrt().mean()
        return torch.cat([hidden, deviation.to(hidden.dtype).expand(len(hidden), 1)], 1)


@final
class MinibatchDiscrimination(nn.Module):
    """How near the other records of a batch come to each one: some more numbers for each record.

    Source:
        Salimans et al. 2016, "Improved techniques for training GANs", section 3.2 (arXiv:1606.03498).
    """

    n_more: Final = N_KERNELS

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Linear(width, N_KERNELS * N_KERNEL_DIMENSIONS, bias=False)

    def forward(self, hidden: Float[Tensor, "batch width"]) -> Float[Tensor, "batch wider"]:
        """The same with the sum, over the other records, of exp(-distance), for each way to compare."""
        compared = self.project(hidden).float().view(len(hidden), N_KERNELS, N_KERNEL_DIMENSIONS)
        distances = (compared[:, None] - compared[None]).abs().sum(3)  # (batch, batch, n_kernels)
        nearness = (-distances).exp().sum(1) - 1  # a record is no other to itself
        return torch.cat([hidden, nearness.to(hidden.dtype)], 1)


@final
class BatchDiscriminator(AbstractWholeBatchDiscriminator, AbstractFeaturedDiscriminator):
    """Dense layers, and before the last one a statistic of the whole batch.

    Of conditions it sees the first `n_conditions`.
    """

    def __init__(
        self,
        n_in: int,
        widths: Sequence[int],
        activation: Activation,
        statistic: BatchStatistic,
        n_conditions: int = 0,
    ) -> None:
        super().__init__()
        n_in, self.n_conditions = n_in + n_conditions, n_conditions
        self.activation: Activation = activation
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise((n_in, *widths)))
        made = MinibatchDeviation() if statistic == "deviation" else MinibatchDiscrimination(widths[-1])
        self.statistic = made
        self.last = nn.Linear(widths[-1] + made.n_more, 1)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Float[Tensor, " batch"]:
        """One logit for each sample, which depends on the others."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: Tensor, conditions: Tensor | None
    ) -> tuple[Float[Tensor, " batch"], tuple[Tensor, ...]]:
        rows = beside(samples, conditions, self.n_conditions)
        hidden = dense_hidden(rows, self.layers, activation=self.activation)
        return logits_of(self.statistic(hidden), self.last), (hidden,)


# --- Energies -----------------------------------------------------------------------------------------------


@final
class AutoencodingDiscriminator(AbstractFeaturedDiscriminator):
    """Rebuilds what it is shown; a logit is the mean absolute error, negated, and never above 0.

    Of conditions it is shown, and rebuilds, the first `n_conditions`.

    Source:
        Zhao et al. 2016, "Energy-based generative adversarial network", section 2.3 (arXiv:1609.03126).
    """

    def __init__(
        self, n_in: int, widths: Sequence[int], activation: Activation, n_conditions: int = 0
    ) -> None:
        super().__init__()
        n_in, self.n_conditions = n_in + n_conditions, n_conditions
        self.encode = layers((n_in, *widths), activation)
        self.decode = layers((*reversed(widths), n_in), activation)

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Float[Tensor, " batch"]:
        """One logit for each sample."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: Tensor, conditions: Tensor | None
    ) -> tuple[Float[Tensor, " batch"], tuple[Tensor, ...]]:
        """The code is the feature."""
        values = beside(samples, conditions, self.n_conditions)
        code = self.encode(values)
        return -(self.decode(code).float() - values.float()).abs().mean(1), (code,)


def beside(samples: Tensor, conditions: Tensor | None, n_conditions: int) -> Float[Tensor, "batch n_in"]:
    """Values of each sample in a row, with so many numbers of its condition behind them."""
    values = samples.flatten(1)
    if not n_conditions:
        return values
    if conditions is None:
        conditions = values.new_zeros(len(values), n_conditions)
    return torch.cat([values, conditions.to(values)], 1)


def discriminator_by_choice(
    n_in: int, config: AbstractPlayerNetworks, *, is_of_energies: bool, n_conditions: int = 0
) -> nn.Module | None:
    """The dense discriminator that settings and objective ask for; None: that of the kind itself.

    It looks at so many numbers of what was asked for, beside the `n_in` of what it is shown.

    Raises:
        UsageError: When they ask for two.
    """
    if is_of_energies and config.minibatch != "none":
        raise UsageError(
            f"an autoencoder as discriminator has no place for minibatch={config.minibatch!r}. "
            "Leave it out, or choose another objective."
        )
    if is_of_energies:
        return AutoencodingDiscriminator(n_in, config.discriminator_widths, config.activation, n_conditions)
    if config.minibatch != "none":
        return BatchDiscriminator(
            n_in, config.discriminator_widths, config.activation, config.minibatch, n_conditions
        )
    return None


def spectrally_normalised(network: nn.Module) -> nn.Module:
    """The same network, each weight matrix divided by its largest singular value.

    It is estimated by one step of power iteration whenever the network is called while it learns.

    Source:
        Miyato et al. 2018, "Spectral normalization for generative adversarial networks", algorithm 1
        (arXiv:1802.05957).
    """
    for module in [*network.modules()]:
        if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)):
            spectral_norm(module)
    return network
