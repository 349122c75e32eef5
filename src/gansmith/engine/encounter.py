"""Real and fake records before a discriminator, and what follows for both sides.

Every adversarial game is made of such encounters: real records and fakes are paired index by index and
judged. Objectives, penalties and terms turn what was said into losses (`losses.py`).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.augmentation import Adaptation
from gansmith.engine.batches import Batch, Logits, Samples, Shown
from gansmith.engine.inputs import PLAIN, Inputs
from gansmith.engine.judge import Discriminator, Judgement, said
from gansmith.engine.objectives import next_balance
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


LOGIT_MEMORY: Final = 0.99
"""Weight of what is remembered of earlier logits, against those of a batch."""


@final
@dataclass
class Memory:
    """What a discriminator said so far: a few numbers that penalties and objectives go by."""

    real_logit: float = 0.0
    """Moving average over real records."""
    fake_logit: float = 0.0
    """The same over fakes."""
    balance: float = 0.0
    """How much fakes count; see `next_balance`."""
    adaptation: Adaptation = field(default_factory=Adaptation)
    """How often records are augmented at most, where that adapts."""

    @property
    def numbers(self) -> list[float]:
        """All of it, for `of`."""
        return [self.real_logit, self.fake_logit, self.balance, *astuple(self.adaptation)]

    @classmethod
    def of(cls, numbers: list[float]) -> Memory:
        """The inverse of `numbers`; those of older files are fewer."""
        real_logit, fake_logit, balance, *adaptation = numbers
        return cls(real_logit, fake_logit, balance, Adaptation(*adaptation))

    def update(self, real_logits: Logits, fake_logits: Logits) -> None:
        """Take in what was said of one batch."""
        real_logits, fake_logits = real_logits.detach(), fake_logits.detach()
        self.balance = next_balance(self.balance, real_logits, fake_logits)
        now = real_logits.mean().item(), fake_logits.mean().item()
        self.real_logit, self.fake_logit = (
            LOGIT_MEMORY * before + (1 - LOGIT_MEMORY) * mean
            for before, mean in zip((self.real_logit, self.fake_logit), now, strict=True)
        )


@final
@dataclass(frozen=True)
class Examination:
    """An encounter that the discriminator is to learn from."""

    encounter: Encounter
    judge: Discriminator
    """Who judged."""
    both: Float[Tensor, "both *shown"]
    """The real records, then the fakes, as they were shown; gradients end here."""
    shown: Shown
    """The fakes as they were shown; gradients go on to who made them."""
    inputs: Inputs
    """How they were shown."""
    memory: Memory = field(default_factory=Memory)
    """What was said before."""
    randomness: Randomness = field(default_factory=lambda: Randomness(0))
    """Of points that penalties choose, at `inputs.step`."""

    @property
    def real(self) -> Shown:
        """The real records as they were shown."""
        return self.both[: len(self.encounter.batch)]

    @property
    def fake(self) -> Shown:
        """The fakes as they were shown; gradients end here."""
        return self.both[len(self.encounter.batch) :]

    def judge_elsewhere(self, *, of_fakes: bool = False, keeps_gradients: bool = False) -> Discriminator:
        """Who judged, to judge other points in the place of the real records, or of the fakes."""
        conditions, n = self.judge.conditions, len(self.encounter.batch)
        if conditions is not None:
            conditions = conditions[n:] if of_fakes else conditions[:n]
        return Discriminator(self.judge.network, conditions, keeps_gradients=keeps_gradients)


def examine(
    network: nn.Module,
    batch: Batch,
    fake: Samples,
    latents: Tensor | None,
    *,
    wants_gradients: bool,
    is_shared: bool = False,
    is_watched: bool = False,
    wants_features: bool = False,
    is_one_batch: bool = False,
    inputs: Inputs = PLAIN,
    fake_condition: Tensor | None = None,
    memory: Memory | None = None,
    randomness: Randomness | None = None,
) -> Examination:
    """Have a discriminator judge real records and fakes in one pass.

    Args:
        network: The discriminator.
        batch: With the real records as `real`, and a `condition` where there is one.
        fake: As many fakes, made with the same conditions.
        latents: What they were made from.
        wants_gradients: Whether the input gradients of what is judged will be asked for, by penalties.
        is_shared: Whether who made the fakes is to learn from this pass as well.
        is_watched: Whether gradients go on through the fakes as they were shown to who made them.
        wants_features: Whether anybody will ask what its layers saw.
        is_one_batch: Whether a network that looks at whole batches sees both sides in one.
        inputs: How records are shown.
        fake_condition: That of the fakes, where it is another one.
        memory: What was said before.
        randomness: Of points that penalties choose.
    """
    condition = batch.get("condition")
    shown = inputs(fake, "fake")
    both = torch.cat([inputs(batch["real"], "real"), shown if is_watched else shown.detach()])
    if (wants_gradients or is_shared) and not both.requires_grad:
        both.requires_grad_()
    if is_shared:
        fake = both[len(batch) :]
    if condition is not None:
        sides = (condition, condition if fake_condition is None else fake_condition)
        condition = torch.cat([inputs.packed(side) for side in sides])
    judge = Discriminator(
        network,
        condition,
        keeps_gradients=wants_gradients,
        n_groups=1 if is_one_batch else 2,
        wants_features=wants_features,
    )
    of_real, of_fake = judge.judgement(both).halves()
    encounter = Encounter(batch, fake, latents, of_real, of_fake)
    return Examination(encounter, judge, both, shown, inputs, memory or Memory(), randomness or Randomness(0))


def present(
    network: nn.Module,
    batch: Batch,
    fake: Samples,
    latents: Tensor | None,
    *,
    is_watched: bool = False,
    wants_features: bool = False,
    is_one_batch: bool = False,
    inputs: Inputs = PLAIN,
) -> Encounter:
    """Have a discriminator judge as `examine` does; gradients go on to who made the fakes.

    Where it `is_watched`, they also go on to its weights, by way of the real records too.
    """
    condition = inputs.packed_condition(batch)
    real, shown = inputs(batch["real"], "real"), inputs(fake, "fake")
    if is_one_batch:
        conditions = None if condition is None else torch.cat([condition, condition])
        both = said(network, torch.cat([real, shown]), conditions, wants_features=wants_features)
        return Encounter(batch, fake, latents, *both.halves())
    with torch.set_grad_enabled(is_watched):
        of_real = said(network, real, condition, wants_features=wants_features)
    of_fake = said(network, shown, condition, wants_features=wants_features)
    return Encounter(batch, fake, latents, of_real, of_fake)
