"""Both players learn from one pass of the discriminator: the gradient of the generator's loss for its fakes.

A fake's logit is a function of that fake alone. So its input gradient, which R2 needs anyway, times the slope
of the generator's loss is that gradient; and the input gradient of the discriminator's objective is the same
but for the ratio of both slopes, -exp(real - fake) for relativistic pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import torch

from gansmith.engine.batches import Logits, Samples, Scalar
from gansmith.engine.encounter import Examination
from gansmith.engine.losses import Losses

FLAT: Final = 1e-20
"""Slopes below are not divided by: a hinge has none at all, others none where the discriminator is sure."""


@final
@dataclass(frozen=True)
class Slopes:
    """Of both players' objectives, for the logits of the fakes."""

    discriminator: Logits
    generator: Logits

    @classmethod
    def of(cls, examination: Examination, losses: Losses) -> Slopes:
        """Those of what was said."""
        encounter = examination.encounter
        real = encounter.of_real.logits.detach()
        fake = encounter.of_fake.logits.detach().requires_grad_()
        wanted = (
            losses.of_logits(real, fake, examination.memory.balance),
            losses.objective.generator(real, fake).mean(),
        )
        return cls(*(torch.autograd.grad(loss, fake)[0] for loss in wanted))

    def pulled(self, gradient: Samples) -> Samples:
        """The generator's gradient for its fakes, of the discriminator's for the same."""
        ratio = self.generator / self.discriminator
        return ratio.view(-1, *[1] * (gradient.ndim - 1)) * gradient


def pull(
    examination: Examination,
    generator_loss: Scalar,
    slopes: Slopes,
    *,
    is_objective_alone: bool,
    has_terms: bool,
) -> Samples | None:
    """The gradient of the generator's loss for its fakes, as a turn of its own would find it.

    Args:
        examination: The shared pass.
        generator_loss: On it.
        slopes: Of both objectives.
        is_objective_alone: Whether the discriminator minimises nothing else of what it was shown.
        has_terms: Whether the generator minimises something beside its objective.

    Returns:
        None where the discriminator's own backward pass will tell, because the ratio of slopes is known.
    """
    judge, both, n = examination.judge, examination.both, len(examination.fake)
    if judge.has_gradients and not has_terms:
        return (slopes.generator[:, None] * judge.gradients(both)[n:].detach()).view_as(both[n:])
    if is_objective_alone and slopes.discriminator.abs().min() > FLAT:
        return None
    (gradient,) = torch.autograd.grad(generator_loss, both, retain_graph=True)
    return gradient[n:]
