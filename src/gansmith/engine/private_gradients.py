"""Gradients under differential privacy: of each record alone, cut to a length, summed, with noise.

What one record adds to a sum is no longer than `clip`, whatever it is and whatever the network; so noise of a
multiple of that length hides whether it was there. The order matters, and each step has been got wrong by
somebody: clip the gradient of each record, over all weights together; sum; add noise once; divide by a number
that the data does not decide. The sum is one of whole numbers, in steps of `clip` / 65,536, so that it is
exact, in any order, and its noise is the discrete Gaussian of `gansmith.privacy.noise`.

Source:
    Abadi et al. 2016, "Deep learning with differential privacy", algorithm 1 (arXiv:1607.00133); whole-number
    sums: Kairouz, Liu and Steinke 2021, "The distributed discrete Gaussian mechanism" (arXiv:2102.06387).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, final

import torch
from jaxtyping import Int64
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from gansmith.engine.batches import Scalar
from gansmith.errors import UsageError
from gansmith.nets.discriminators import AbstractWholeBatchDiscriminator
from gansmith.privacy.noise import Noise
from gansmith.settings import Annotated, Field, NonNegativeFloat, PositiveFloat, PositiveInt, settings

STEPS: Final = 65_536
"""Steps of the sum in the length to which gradients are cut."""
SLACK: Final = 1e-5
"""Share by which gradients are cut shorter, for what norms in single precision err by."""
MIXING: Final = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
"""Layers in which one record changes what another one's gradient is."""

Sum = Int64[Tensor, " n_weights"]
RecordLoss = Callable[[Callable[..., Tensor], tuple[Tensor, ...]], Scalar]
"""From a network as a function and the parts of one record, each in a batch of one, the record's loss."""


@final
@settings(kw_only=True)
class PrivateStep:
    """How a step hides each record."""

    clip: PositiveFloat = 1.0
    """Length to which the gradient of a record is cut; chosen without the data."""
    noise_multiplier: NonNegativeFloat
    """Standard deviation of the noise of the sum, over `clip`; 0 adds none, for tests."""
    n_expected: Annotated[float, Field(gt=0)]
    """What the sum is divided by: about how many records a batch has, decided without the data."""
    chunk: PositiveInt = 32
    """Records whose gradients are held at once; it changes speed and memory, and nothing else."""


def check_separate(network: nn.Module) -> None:
    """Refuse a network in which records see each other, or whose gradients cannot be told apart.

    Raises:
        UsageError: With the layer's name: what one record adds could not be bounded.
    """
    if isinstance(network, AbstractWholeBatchDiscriminator):
        raise UsageError(
            "a discriminator that judges whole batches mixes records, so that no noise hides one of them. "
            "Take one that judges each record by itself."
        )
    for name, layer in network.named_modules():
        if isinstance(layer, MIXING):
            raise UsageError(
                f"layer {name!r} ({type(layer).__name__}) mixes the records of a batch, so that no noise "
                "hides one of them. Take group normalisation, or none."
            )
    owners = {id(layer): layer for layer in network.modules()}.values()
    own = [id(weight) for layer in owners for weight in layer.parameters(recurse=False)]
    if len(own) > len(set(own)):
        raise UsageError("two layers of the network share weights, which private steps cannot follow.")


def private_gradient(
    network: nn.Module,
    loss: RecordLoss,
    records: Sequence[tuple[Tensor, ...]],
    step: PrivateStep,
    noise: Noise,
) -> Tensor:
    """The gradient that a private step follows, for the weights that learn, as one vector.

    Args:
        network: Judges each record by itself (`check_separate`).
        loss: Of one record.
        records: Groups of records that are summed: the parts of each with the records first. The first group
            is real, one Poisson batch, which may be empty; others, such as fakes, have public sizes.
        step: Clip, noise and divisor.
        noise: Where noise comes from.

    Returns:
        Shape `(n_weights,)`.
    """
    total = sum((clipped_sum(network, loss, parts, step) for parts in records), _nothing(network))
    if step.noise_multiplier > 0:
        noisy = noise.gaussian(total.numpy(), STEPS * step.noise_multiplier)
        total = torch.from_numpy(noisy)
    return (total.double() * (step.clip / STEPS / step.n_expected)).float()


def clipped_sum(network: nn.Module, loss: RecordLoss, parts: tuple[Tensor, ...], step: PrivateStep) -> Sum:
    """The sum of the gradients of records, each cut to `clip` at most, in steps of `clip` / 65,536.

    Args:
        network: Judges each record by itself.
        loss: Of one record.
        parts: Of the records, each with the records first; they may be none.
        step: Clip and chunk.

    Returns:
        Whole numbers. One record more changes it by a vector of length 65,536 at most; a record whose
        gradient is not finite adds nothing.
    """
    weights = {name: weight.detach() for name, weight in network.named_parameters() if weight.requires_grad}
    kept = dict(network.named_buffers())
    n_weights = sum(weight.numel() for weight in weights.values())
    most = (
        STEPS * (1 - SLACK) - math.sqrt(n_weights) / 2
    )  # rounding lengthens by half a step in each direction
    if most <= 0:
        raise UsageError(
            f"a network of {n_weights:,} weights is too large to be learnt in steps of whole numbers."
        )

    def of_one(weights: dict[str, Tensor], parts: tuple[Tensor, ...]) -> Tensor:
        def judge(*inputs: Tensor | None) -> Tensor:
            # ties would leave a layer that is used twice with other weights than its own (torch 2.13)
            return functional_call(network, (weights, kept), inputs, tie_weights=False)

        return loss(judge, tuple(part[None] for part in parts))

    of_each = vmap(grad(of_one), in_dims=(None, 0), randomness="different")
    total = _nothing(network)
    for chunk in zip(*(part.split(step.chunk) for part in parts), strict=True):
        if len(chunk[0]):
            gradients = of_each(weights, chunk)
            total = total + _in_steps([each.flatten(1) for each in gradients.values()], most, step.clip)
    return total


def _in_steps(gradients: Sequence[Tensor], most: float, clip: float) -> Sum:
    """Gradients, each `(records, weights)` of one tensor, cut, rounded and summed over records."""
    squares = torch.stack([(each * each).sum(1, dtype=torch.float64) for each in gradients])
    lengths = squares.sum(0).sqrt() * (STEPS / clip)
    factors = torch.where(lengths.isfinite(), (most / lengths.clamp(min=most)) * (STEPS / clip), 0.0).float()
    rounded = [torch.nan_to_num(each, 0.0, 0.0, 0.0) * factors[:, None] for each in gradients]
    return torch.cat([each.round_().sum(0, dtype=torch.float64) for each in rounded]).long()


def _nothing(network: nn.Module) -> Sum:
    """The sum of no records."""
    return torch.zeros(sum(w.numel() for w in network.parameters() if w.requires_grad), dtype=torch.int64)
