"""What keeps a discriminator smooth: per-sample functions of a discriminator and samples.

A penalty works on any sample shape and never steps an optimiser: the game adds it to the loss before the
one backward pass. To add one, write its function and one entry in `PENALTIES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import PerSample, Samples
from gansmith.engine.judge import Judge, input_gradients
from gansmith.engine.objectives import find_objective
from gansmith.errors import find
from gansmith.settings import NonNegativeFloat, PositiveInt, settings


def zero_centred_gradient_penalty(discriminator: Judge, samples: Samples) -> PerSample:
    r"""Squared norm of the discriminator's input gradient, per sample.

    On real samples this is R1, on generated ones R2; the game multiplies it by gamma / 2.

    Args:
        discriminator: Maps samples `(batch, *sample)` to logits `(batch,)`, each logit a function of its
            own sample alone (no batch normalisation).
        samples: Shape `(batch, *sample)`, in the codec's unit range.

    Returns:
        Shape `(batch,)`, in logits^2 per unit^2, never negative; differentiable for the discriminator.

    Raises:
        RuntimeError: From autograd, when no logit depends on `samples`.

    Source:
        Mescheder et al. 2018, "Which training methods for GANs do actually converge?" (arXiv:1801.04406).
    """
    return input_gradients(discriminator, samples).square().sum(1)


def unit_gradient_penalty(discriminator: Judge, samples: Samples) -> PerSample:
    """Squared distance of the gradient's norm from one, per sample.

    Measured on random points between real and fake records it is the penalty of WGAN-GP, there with
    weight 10.

    Source:
        Gulrajani et al. 2017, "Improved training of Wasserstein GANs", eq. 3 (arXiv:1704.00028).
    """
    norms = input_gradients(discriminator, samples).square().sum(1).add(1e-12).sqrt()
    return (norms - 1).square()


def between(real: Samples, fake: Samples, shares: Float[Tensor, " batch"]) -> Samples:
    """Points on the straight lines from each fake to its real partner, one share in [0, 1] per sample."""
    shares = shares.reshape(-1, *[1] * (real.ndim - 1))  # (batch, 1, ...)
    return torch.lerp(fake, real, shares)


Place = Literal["real", "fake", "between"]


@final
@dataclass(frozen=True)
class Penalty:
    """A penalty function, where it is measured and how its paper scales it."""

    function: Callable[[Judge, Samples], PerSample]
    place: Place
    """On which samples the discriminator is held smooth."""
    scale: float
    """Multiplied with the weight: papers write R1 and R2 as gamma / 2."""
    meaning: str
    """One line for people."""


PENALTIES: dict[str, Penalty] = {
    "r1": Penalty(zero_centred_gradient_penalty, "real", 0.5, "flat on real records"),
    "r2": Penalty(zero_centred_gradient_penalty, "fake", 0.5, "flat on fake records"),
    "gradient_penalty": Penalty(unit_gradient_penalty, "between", 1.0, "slope one between real and fake"),
}


@final
@settings
class PenaltyConfig:
    """How strongly and how often one penalty is applied."""

    name: str
    """A key of `PENALTIES`."""
    weight: NonNegativeFloat
    """Gamma at the start of the run, 0 or more, in 1 / logits."""
    final_weight: NonNegativeFloat | None = None
    """Gamma at the end, reached along a cosine; None keeps `weight`."""
    interval: PositiveInt = 1
    """Applied at every n-th step, with n times the weight (lazy regularisation, Karras et al. 2020)."""

    @property
    def is_used(self) -> bool:
        """Whether it is ever more than nothing."""
        return max(self.weight, self.final_weight or 0.0) > 0

    def __post_init__(self) -> None:
        find(PENALTIES, "penalty", self.name)


def penalties_chosen(
    own: Sequence[PenaltyConfig], weights: Mapping[str, float] | None, objective: str | None
) -> tuple[PenaltyConfig, ...]:
    """The penalties of a game of which something was chosen.

    Args:
        own: Those of its rules.
        weights: By name; they take the place of all others, and are applied as often as the rules have it.
        objective: Brings its usual penalties where no weights are given; those of them that the rules have
            already are kept as they are.

    Raises:
        UsageError: When a name is not known.
    """
    known = {config.name: config for config in own}
    if weights is not None:
        return tuple(
            PenaltyConfig(name, weight, interval=known[name].interval if name in known else 1)
            for name, weight in weights.items()
        )
    usual = find_objective(objective).penalties if objective else ()
    return tuple(known.get(name) or PenaltyConfig(name, weight) for name, weight in usual) or tuple(own)
