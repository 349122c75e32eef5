"""What keeps a discriminator smooth: per-sample functions of a discriminator and samples, or of logits.

A penalty works on any sample shape and never steps an optimiser: the game adds it to the loss before the
one backward pass. To add one, write its function and one entry in `PENALTIES`, which says where it is
measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.batches import Logits, PerSample, Samples
from gansmith.engine.encounter import Examination
from gansmith.engine.inputs import Inputs
from gansmith.engine.judge import Judge, input_gradients
from gansmith.engine.length import cosine
from gansmith.engine.objectives import find_objective
from gansmith.errors import find
from gansmith.settings import NonNegativeFloat, PositiveInt, settings

NEARBY: Final = 0.01
"""Standard deviation of the steps of finite differences, in the unit of the samples."""
AROUND: Final = 0.5
"""How far from real records DRAGAN looks, in standard deviations of a batch."""


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


def one_sided_gradient_penalty(discriminator: Judge, samples: Samples) -> PerSample:
    """The same where the norm is above one: a critic may be flatter than that.

    Source:
        Gulrajani et al. 2017, section 4, "two-sided penalty" (arXiv:1704.00028); Petzka et al. 2017, "On the
        regularization of Wasserstein GANs", eq. 8 (arXiv:1709.08894).
    """
    norms = input_gradients(discriminator, samples).square().sum(1).add(1e-12).sqrt()
    return relu(norms - 1).square()


def finite_difference_penalty(
    logits: Logits, nearby_logits: Logits, offsets: Float[Tensor, "batch *sample"]
) -> PerSample:
    """Squared norm of the input gradient, estimated from logits a small random step away.

    It is the squared slope along the step times the number of values; steps in all directions give the
    squared norm on average, as the sum of squares over orthogonal directions is the squared norm.

    Args:
        logits: Of samples.
        nearby_logits: Of the same samples plus `offsets`.
        offsets: Steps whose directions are evenly spread, such as normal noise.

    Source:
        Lin et al. 2025, "Diffusion adversarial post-training for one-step video generation", eq. 4
        (arXiv:2501.08316).
    """
    steps = offsets.flatten(1)
    return (nearby_logits - logits).square() * steps.shape[1] / steps.square().sum(1)


def lecam_penalty(
    real_logits: Logits, fake_logits: Logits, real_average: float, fake_average: float
) -> PerSample:
    """Squared distance of what is said of each side from what was said of the other side before.

    Source:
        Tseng et al. 2021, "Regularizing generative adversarial networks under limited data", eq. 4
        (arXiv:2104.03310); there with weights from 0.01 to 0.5.
    """
    return (real_logits - fake_average).square() + (fake_logits - real_average).square()


def consistency_penalty(logits: Logits, twin_logits: Logits) -> PerSample:
    """Squared difference between what is said of a sample and of an augmented one.

    Source:
        Zhang et al. 2019, "Consistency regularization for generative adversarial networks", eq. 3
        (arXiv:1910.12027): on real samples, weight 10; Zhao et al. 2020, "Improved consistency regularization
        for GANs", section 2.1: on fakes too (arXiv:2002.04724).
    """
    return (logits - twin_logits).square()


def between(real: Samples, fake: Samples, shares: Float[Tensor, " batch"]) -> Samples:
    """Points on the straight lines from each fake to its real partner, one share in [0, 1] per sample."""
    shares = shares.reshape(-1, *[1] * (real.ndim - 1))  # (batch, 1, ...)
    return torch.lerp(fake, real, shares)


# --- Where penalties are measured ---------------------------------------------------------------------------

Measure = Callable[[Examination], PerSample]
OfPoints = Callable[[Judge, Samples], PerSample]


def on_real(penalty: OfPoints) -> Measure:
    """On real records."""
    return lambda found: penalty(found.judge, found.both)[: len(found.real)]


def on_fake(penalty: OfPoints) -> Measure:
    """On fakes."""
    return lambda found: penalty(found.judge, found.both)[len(found.real) :]


def on_lines(penalty: OfPoints) -> Measure:
    """On random points between each fake and its real partner."""

    def measure(found: Examination) -> PerSample:
        shares = found.randomness.uniform((len(found.real),), "between", found.inputs.step)
        points = between(found.real, found.fake, shares.to(found.both.device)).detach().requires_grad_()
        return penalty(found.judge_elsewhere(keeps_gradients=True), points)

    return measure


def around_real(penalty: OfPoints) -> Measure:
    """On real records with noise, half as strong as they differ among each other.

    Source: Kodali et al. 2017, "On convergence and stability of GANs", section 2.3 (arXiv:1705.07215).
    """

    def measure(found: Examination) -> PerSample:
        noise = found.randomness.normal(tuple(found.real.shape), "around", found.inputs.step)
        points = found.real + AROUND * found.real.std() * noise.to(found.real)
        return penalty(found.judge_elsewhere(keeps_gradients=True), points.detach().requires_grad_())

    return measure


def _nearby_real(found: Examination) -> PerSample:
    return _nearby(found, found.real, found.encounter.of_real.logits, "real")


def _nearby_fake(found: Examination) -> PerSample:
    return _nearby(found, found.fake, found.encounter.of_fake.logits, "fake")


def _nearby(found: Examination, samples: Samples, logits: Logits, side: str) -> PerSample:
    noise = found.randomness.normal(tuple(samples.shape), f"nearby/{side}", found.inputs.step)
    samples = samples.detach()
    offsets = NEARBY * noise.to(samples)
    device, judge = samples.device.type, found.judge_elsewhere(of_fakes=side == "fake")
    is_coarse = torch.is_autocast_enabled(device)
    with torch.autocast(device, enabled=False):  # half precision cannot tell points so near from each other
        if is_coarse:
            logits = judge(samples)
        return finite_difference_penalty(logits, judge(samples + offsets), offsets)


def _twins_of_real(found: Examination) -> PerSample:
    return _twins(found, found.real, found.encounter.of_real.logits, "real")


def _twins_of_fake(found: Examination) -> PerSample:
    return _twins(found, found.fake, found.encounter.of_fake.logits, "fake")


def _twins(found: Examination, samples: Samples, logits: Logits, side: str) -> PerSample:
    generator = found.randomness.generator(f"twins/{side}", found.inputs.step)
    inputs, twins = found.inputs, samples.detach()
    if not inputs.augmentations:
        inputs = Inputs(augmentations=(AugmentationConfig("jitter", 1.0),))
    twins = inputs.augmented(twins, generator)
    return consistency_penalty(logits, found.judge_elsewhere(of_fakes=side == "fake")(twins))


def _lecam(found: Examination) -> PerSample:
    said, memory = found.encounter, found.memory
    return lecam_penalty(said.of_real.logits, said.of_fake.logits, memory.real_logit, memory.fake_logit)


@final
@dataclass(frozen=True)
class Penalty:
    """A penalty, where it is measured and how its paper scales it."""

    measure: Measure
    """What it is for each record of an examination, shape `(batch,)`."""
    scale: float
    """Multiplied with the weight: papers write R1 and R2 as gamma / 2."""
    weight: float
    """The usual one."""
    meaning: str
    """One line for people."""
    source: str
    """The paper."""
    needs_gradients: bool = False
    """Whether it asks for the input gradients of what was judged."""


PENALTIES: Final[dict[str, Penalty]] = {
    "r1": Penalty(
        on_real(zero_centred_gradient_penalty),
        0.5,
        1.0,
        "gradient near zero on real records",
        "Mescheder et al. 2018, arXiv:1801.04406",
        needs_gradients=True,
    ),
    "r2": Penalty(
        on_fake(zero_centred_gradient_penalty),
        0.5,
        1.0,
        "gradient near zero on fake records",
        "Mescheder et al. 2018, arXiv:1801.04406",
        needs_gradients=True,
    ),
    "r1_finite_difference": Penalty(
        _nearby_real,
        0.5,
        1.0,
        "r1 by finite differences of logits, without second derivatives",
        "Lin et al. 2025, arXiv:2501.08316",
    ),
    "r2_finite_difference": Penalty(
        _nearby_fake,
        0.5,
        1.0,
        "r2 by finite differences of logits, without second derivatives",
        "Lin et al. 2025, arXiv:2501.08316",
    ),
    "gradient_penalty": Penalty(
        on_lines(unit_gradient_penalty),
        1.0,
        10.0,
        "gradient norm near one between real and fake records",
        "Gulrajani et al. 2017, arXiv:1704.00028",
    ),
    "one_sided_gradient_penalty": Penalty(
        on_lines(one_sided_gradient_penalty),
        1.0,
        10.0,
        "gradient norm at most one between real and fake records",
        "Gulrajani et al. 2017, arXiv:1704.00028; Petzka et al. 2017, arXiv:1709.08894",
    ),
    "dragan": Penalty(
        around_real(unit_gradient_penalty),
        1.0,
        10.0,
        "gradient norm near one around real records",
        "Kodali et al. 2017, arXiv:1705.07215",
    ),
    "lecam": Penalty(
        _lecam,
        1.0,
        0.1,
        "logits of each side near the running mean of the other side's",
        "Tseng et al. 2021, arXiv:2104.03310",
    ),
    "consistency": Penalty(
        _twins_of_real,
        1.0,
        10.0,
        "equal logits for a real record and its augmented copy",
        "Zhang et al. 2019, arXiv:1910.12027",
    ),
    "fake_consistency": Penalty(
        _twins_of_fake,
        1.0,
        10.0,
        "equal logits for a fake and its augmented copy",
        "Zhao et al. 2020, arXiv:2002.04724",
    ),
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

    def with_weight(self, weight: float) -> PenaltyConfig:
        """With another weight at the start; what it ends with remains the same share of it."""
        final = self.final_weight
        if final is not None and self.weight:
            final *= weight / self.weight
        return replace(self, weight=weight, final_weight=final)

    def weight_at(self, share: float) -> float:
        """What the penalty is multiplied with where it is applied, at that share of the run."""
        final_weight = self.weight if self.final_weight is None else self.final_weight
        gamma = cosine(self.weight, final_weight, share)
        return gamma * self.interval * PENALTIES[self.name].scale


def penalties_chosen(
    own: Sequence[PenaltyConfig], weights: Mapping[str, float] | None, objective: str | None
) -> tuple[PenaltyConfig, ...]:
    """The penalties of a game of which something was chosen.

    Args:
        own: Those of its rules.
        weights: By name; they take the place of all others, and are applied as the rules have it: as often,
            and ending at the same share of where they begin.
        objective: Brings its usual penalties where no weights are given; those of them that the rules have
            already are kept as they are.

    Raises:
        UsageError: When a name is not known.
    """
    known = {config.name: config for config in own}
    if weights is not None:
        return tuple(
            known[name].with_weight(weight) if name in known else PenaltyConfig(name, weight)
            for name, weight in weights.items()
        )
    usual = find_objective(objective).penalties if objective else ()
    return tuple(known.get(name) or PenaltyConfig(name, weight) for name, weight in usual) or tuple(own)
