"""Real and fake records before a discriminator, and what follows for both sides.

Every adversarial game is made of such encounters: real records and fakes are paired index by index and judged
in one pass. Objectives, penalties and terms turn what was said into losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch
from gansmith.engine.judge import Discriminator, Judgement
from gansmith.engine.objectives import Objective
from gansmith.engine.penalties import PENALTIES, PenaltyConfig, between
from gansmith.engine.randomness import Randomness
from gansmith.engine.schedules import cosine
from gansmith.engine.tensors import Samples, Scalar


@final
@dataclass(frozen=True)
class Encounter:
    """What was said of a batch of real records and of as many fakes; losses and terms see all of it."""

    batch: Batch
    """The real records, and all that belongs to them."""
    latents: Tensor | None
    """What the fakes were made from, one row each."""
    judge: Discriminator
    """Who said it."""
    both: Samples
    """The real records, then the fakes, as they were judged."""
    judgement: Judgement
    """Of both."""

    @property
    def fake(self) -> Samples:
        """The fakes, one for each real record."""
        return self.both[len(self.batch) :]

    @property
    def of_real(self) -> Judgement:
        """What was said of the real records."""
        return self.judgement.rows(slice(0, len(self.batch)))

    @property
    def of_fake(self) -> Judgement:
        """What was said of the fakes."""
        return self.judgement.rows(slice(len(self.batch), len(self.both)))


def meet(
    network: nn.Module,
    batch: Batch,
    fake: Samples,
    latents: Tensor | None = None,
    *,
    keeps_gradients: bool = False,
    is_leaf: bool = False,
) -> Encounter:
    """Have a discriminator judge the real records of a batch and fakes in one pass.

    Args:
        network: The discriminator.
        batch: With the real records as `real`, and a `condition` where there is one.
        fake: As many fakes, made with the same conditions.
        latents: What they were made from.
        keeps_gradients: Whether input gradients will be wanted.
        is_leaf: Whether gradients end at what is judged, instead of reaching who made the fakes.
    """
    both = torch.cat([batch["real"], fake])
    both = both.detach().requires_grad_() if is_leaf else both
    condition = batch.get("condition")
    conditions = None if condition is None else torch.cat([condition, condition])
    judge = Discriminator(network, conditions, keeps_gradients=keeps_gradients, n_groups=2)
    return Encounter(batch, latents, judge, both, judge.judgement(both))


def discriminator_loss(
    encounter: Encounter,
    objective: Objective,
    penalties: Sequence[PenaltyConfig],
    step: int,
    share: float,
    randomness: Randomness,
) -> Scalar:
    """What the discriminator minimises: its objective and the penalties that are due at this step.

    Args:
        encounter: A leaf, where penalties are due.
        objective: Of the game.
        penalties: Of the game; see `due`.
        step: Of the run.
        share: Of the run that is done, in [0, 1].
        randomness: Of penalties that choose points.
    """
    loss = objective.discriminator(encounter.of_real.logits, encounter.of_fake.logits).mean()
    for penalty in due(penalties, step):
        loss = loss + _weighted(penalty, encounter, step, share, randomness)
    return loss


def due(penalties: Sequence[PenaltyConfig], step: int) -> list[PenaltyConfig]:
    """The penalties that are applied at this step."""
    return [penalty for penalty in penalties if penalty.is_used and step % penalty.interval == 0]


def _weighted(
    config: PenaltyConfig, encounter: Encounter, step: int, share: float, randomness: Randomness
) -> Scalar:
    """One penalty, weighted and averaged over the records it is measured on."""
    penalty, n, both = PENALTIES[config.name], len(encounter.batch), encounter.both
    match penalty.place:
        case "real":
            per_sample = penalty.function(encounter.judge, both)[:n]
        case "fake":
            per_sample = penalty.function(encounter.judge, both)[n:]
        case "between":
            shares = randomness.uniform((n,), "between", step).to(both.device)
            points = between(both[:n], both[n:], shares).detach().requires_grad_()
            condition = encounter.batch.get("condition")
            judge = Discriminator(encounter.judge.network, condition, keeps_gradients=True)
            per_sample = penalty.function(judge, points)
    final_weight = config.weight if config.final_weight is None else config.final_weight
    gamma = cosine(config.weight, final_weight, share)
    return gamma * config.interval * penalty.scale * per_sample.mean()
