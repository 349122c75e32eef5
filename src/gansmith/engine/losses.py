"""What the players of an encounter minimise: the objective, the penalties that are due, and terms.

All that a player minimises in a turn is summed here into one scalar, for one backward pass and one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from gansmith.engine.batches import Logits, Scalar
from gansmith.engine.encounter import Encounter, Examination
from gansmith.engine.objectives import Objective
from gansmith.engine.penalties import PENALTIES, PenaltyConfig
from gansmith.engine.terms import TermConfig


@final
@dataclass(frozen=True)
class Losses:
    """How what was said becomes losses."""

    objective: Objective
    penalties: Sequence[PenaltyConfig] = ()
    terms: Sequence[TermConfig] = ()
    label_smoothing: float = 0.0
    """Share of the real records that counts as fake; see `Objective.smoothed`."""
    is_one_batch: bool = False
    """Whether both sides are one batch with one loss, the mean over all of its records."""

    def of_discriminator(
        self, examination: Examination, step: int, share: float, penalty_scale: float = 1.0
    ) -> Scalar:
        """What the discriminator minimises: its objective and the penalties that are due at this step.

        Where any of them `needs_gradients`, gradients were wanted of the examination. Their weights follow
        the `share` of the run that is done, in [0, 1].
        """
        encounter = examination.encounter
        logits = encounter.of_real.logits, encounter.of_fake.logits
        loss = self.of_logits(*logits, examination.memory.balance)
        for penalty in due(self.penalties, step):
            weighted = penalty.weight_at(share) * PENALTIES[penalty.name].measure(examination).mean()
            loss = loss + penalty_scale * weighted
        return self._with_terms(loss, encounter, is_generator=False)

    def of_logits(self, real_logits: Logits, fake_logits: Logits, balance: float) -> Scalar:
        """The discriminator's objective."""
        objective = self.objective.at(balance)
        loss = objective.smoothed(real_logits, fake_logits, self.label_smoothing).mean()
        return loss / 2 if self.is_one_batch else loss

    def of_generator(self, encounter: Encounter) -> Scalar:
        """What the generator minimises."""
        loss = self.objective.generator(encounter.of_real.logits, encounter.of_fake.logits).mean()
        return self._with_terms(loss, encounter, is_generator=True)

    def _with_terms(self, loss: Scalar, encounter: Encounter, *, is_generator: bool) -> Scalar:
        for term in self.terms:
            if term.is_for("generator" if is_generator else "discriminator"):
                loss = loss + term.loss(encounter)
        return loss


def due(penalties: Sequence[PenaltyConfig], step: int) -> list[PenaltyConfig]:
    """The penalties that are applied at this step."""
    return [penalty for penalty in penalties if penalty.is_used and step % penalty.interval == 0]


def wants_gradients(penalties: Sequence[PenaltyConfig], step: int) -> bool:
    """Whether any penalty that is due asks for the input gradients of what is judged."""
    return any(PENALTIES[penalty.name].needs_gradients for penalty in due(penalties, step))
