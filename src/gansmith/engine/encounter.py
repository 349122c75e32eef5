"""Real and fake records before a discriminator, and what follows for both sides.

Every adversarial game is made of such encounters: real records and fakes are paired index by index and
judged. Objectives, penalties and terms turn what was said into losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Samples, Scalar
from gansmith.engine.judge import Discriminator, Judgement, said
from gansmith.engine.length import cosine
from gansmith.engine.objectives import Objective
from gansmith.engine.penalties import PENALTIES, PenaltyConfig, between
from gansmith.engine.randomness import Randomness


@final
@dataclass(frozen=True)
class Encounter:
    """What was said of a batch of real records and of as many fakes; losses and terms see all of it."""

    batch: Batch
    """The real records, and all that belongs to them."""
    fake: Samples
    """The fakes, one for each real record."""
    latents: Tensor | None
    """What the fakes were made from, one row each."""
    of_real: Judgement
    """What was said of the real records."""
    of_fake: Judgement
    """What was said of the fakes."""


@final
@dataclass(frozen=True)
class Examination:
    """An encounter that the discriminator is to learn from."""

    encounter: Encounter
    judge: Discriminator
    """Who judged."""
    both: Samples
    """The real records, then the fakes, as they were judged; gradients end here."""


def examine(
    network: nn.Module,
    batch: Batch,
    fake: Samples,
    latents: Tensor | None,
    *,
    wants_gradients: bool,
    is_shared: bool = False,
) -> Examination:
    """Have a discriminator judge real records and fakes in one pass.

    Args:
        network: The discriminator.
        batch: With the real records as `real`, and a `condition` where there is one.
        fake: As many fakes, made with the same conditions.
        latents: What they were made from.
        wants_gradients: Whether the input gradients of what is judged will be asked for, by penalties.
        is_shared: Whether who made the fakes is to learn from this pass as well.
    """
    condition = batch.get("condition")
    both = torch.cat([batch["real"], fake.detach()])
    if wants_gradients or is_shared:
        fake = both.requires_grad_()[len(batch) :]
    conditions = None if condition is None else torch.cat([condition, condition])
    judge = Discriminator(network, conditions, keeps_gradients=wants_gradients, n_groups=2)
    of_real, of_fake = judge.judgement(both).halves()
    return Examination(Encounter(batch, fake, latents, of_real, of_fake), judge, both)


def present(network: nn.Module, batch: Batch, fake: Samples, latents: Tensor | None) -> Encounter:
    """Have a discriminator judge as `examine` does; gradients go on to who made the fakes."""
    condition = batch.get("condition")
    with torch.no_grad():
        of_real = said(network, batch["real"], condition)
    return Encounter(batch, fake, latents, of_real, said(network, fake, condition))


def discriminator_loss(
    examination: Examination,
    objective: Objective,
    penalties: Sequence[PenaltyConfig],
    step: int,
    share: float,
    randomness: Randomness,
) -> Scalar:
    """What the discriminator minimises: its objective and the penalties that are due at this step.

    Where there are any, gradients were wanted of the examination; those that choose points draw from
    `randomness`. Their weights follow the `share` of the run that is done, in [0, 1].
    """
    encounter = examination.encounter
    loss = objective.discriminator(encounter.of_real.logits, encounter.of_fake.logits).mean()
    for penalty in due(penalties, step):
        loss = loss + _weighted(penalty, examination, step, share, randomness)
    return loss


def due(penalties: Sequence[PenaltyConfig], step: int) -> list[PenaltyConfig]:
    """The penalties that are applied at this step."""
    return [penalty for penalty in penalties if penalty.is_used and step % penalty.interval == 0]


def _weighted(
    config: PenaltyConfig, examination: Examination, step: int, share: float, randomness: Randomness
) -> Scalar:
    """One penalty, weighted and averaged over the records it is measured on."""
    penalty, batch = PENALTIES[config.name], examination.encounter.batch
    n, both, judge = len(batch), examination.both, examination.judge
    match penalty.place:
        case "real":
            per_sample = penalty.function(judge, both)[:n]
        case "fake":
            per_sample = penalty.function(judge, both)[n:]
        case "between":
            shares = randomness.uniform((n,), "between", step).to(both.device)
            points = between(both[:n], both[n:], shares).detach().requires_grad_()
            judge = Discriminator(judge.network, batch.get("condition"), keeps_gradients=True)
            per_sample = penalty.function(judge, points)
    final_weight = config.weight if config.final_weight is None else config.final_weight
    gamma = cosine(config.weight, final_weight, share)
    return gamma * config.interval * penalty.scale * per_sample.mean()
