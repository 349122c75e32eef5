"""The game of two: a generator and a discriminator, and in which turns they learn.

The discriminator learns from real records and fakes; then the generator learns what the discriminator, as it
is by then, says of its fakes. These are fresh ones, or, cheaper, those that the discriminator has just learnt
from. Or both learn at the same time from one pass of the discriminator: without batch statistics its input
gradient at a fake is all that the generator's own turn would ask it for. One backward pass and one optimiser
step per player and turn, always.

Source:
    Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661); Huang et al. 2024, "The GAN is
    dead; long live the GAN!" (arXiv:2501.05441): relativistic pairing with R1 and R2 is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from gansmith.engine.adversarial_rules import AdversarialRules
from gansmith.engine.batches import Batch, Latents, Logits, Samples, Scalar
from gansmith.engine.checkpoint import below
from gansmith.engine.encounter import Encounter, Examination, Memory, examine, present
from gansmith.engine.games.base import AbstractGame, Networks, Progress, Readings
from gansmith.engine.inputs import Inputs
from gansmith.engine.judge import said
from gansmith.engine.length import cosine
from gansmith.engine.losses import Losses, due, wants_gradients
from gansmith.engine.monitors import (
    accuracies,
    decision_threshold,
    generator_gradient,
    likeness,
    memory_gap,
)
from gansmith.engine.objectives import find_objective
from gansmith.engine.one_pass import Slopes, pull
from gansmith.engine.penalties import PENALTIES
from gansmith.engine.players import Player, learn
from gansmith.engine.randomness import Randomness
from gansmith.engine.replay import Pool
from gansmith.engine.unrolling import unrolled
from gansmith.errors import UsageError
from gansmith.nets.discriminators import AbstractWholeBatchDiscriminator


@final
class Adversarial(AbstractGame):
    """A generator against a discriminator."""

    def __init__(self, rules: AdversarialRules, networks: Networks, randomness: Randomness) -> None:
        super().__init__(rules, networks, randomness)
        self.config = rules
        self.generator = Player(networks["generator"], rules.generator)
        self.discriminator = Player(networks["discriminator"], rules.discriminator)
        self.players = {"generator": self.generator, "discriminator": self.discriminator}
        self._losses = Losses(
            find_objective(rules.objective),
            rules.penalties,
            rules.terms,
            rules.label_smoothing,
            rules.combined_batch,
        )
        self._wants_features = any(term.needs_features for term in rules.terms)
        self._memory = Memory()
        has_lecam = any(penalty.name == "lecam" for penalty in rules.penalties)
        is_adapting = rules.augmentation_target is not None
        self._remembers = self._losses.objective.balanced is not None or has_lecam or is_adapting
        self._is_packing = not rules.packs_if_ill
        self._pool = Pool(rules.n_replayed, rules.replay_share)
        if isinstance(networks["discriminator"], AbstractWholeBatchDiscriminator):
            _check_whole_batches(rules)

    def turns(self, step: int, batches: Sequence[Batch], progress: Progress) -> dict[str, Tensor]:
        """See the base class; the losses are those of the last turn of each player, penalties included."""
        self._is_packing = progress.adjustments.packs or not self.config.packs_if_ill
        turns = {"fresh": self._fresh, "same_fakes": self._same_fakes, "one_pass": self._one_pass}
        losses = turns[self.config.turns](step, batches, progress)
        return {"discriminator": losses[0], "generator": losses[1]}

    def evaluate(self, fake: Samples, heldout: Batch, seen: Batch) -> Readings:
        """How the fakes compare, how the discriminator judges, where its threshold lies, what adapted."""
        judge, inputs = self.best["discriminator"], Inputs(self.config.n_packed, self._is_packing)
        objective = self._losses.objective

        def logits(samples: Samples, batch: Batch) -> Logits:
            return self.config.logits(judge, inputs, samples, batch)

        is_learning = judge.training
        judge.eval()  # what a network gathers while it learns is left alone
        with torch.no_grad():
            real_logits, seen_logits = logits(heldout["real"], heldout), logits(seen["real"], seen)
        samples = fake.detach().requires_grad_()
        with torch.enable_grad():
            fake_logits = logits(samples, heldout)
            loss = objective.generator(real_logits, fake_logits).sum()
            (gradients,) = torch.autograd.grad(loss, samples)
        threshold = decision_threshold(real_logits, fake_logits, objective.threshold)
        readings = {
            **accuracies(real_logits, fake_logits, threshold),
            **likeness(fake, heldout["real"]),
            "memory_gap": memory_gap(seen_logits, real_logits),
            "generator_gradient": generator_gradient(gradients, heldout["real"]),
            "decision_threshold": threshold,
        }
        if self.config.n_packed > 1:  # records come one by one to whoever asks whether they are real
            real_alone, fake_alone = (
                self.config.alone(judge, one, heldout) for one in (heldout["real"], fake)
            )
            readings["decision_threshold"] = decision_threshold(real_alone, fake_alone, None)
        if self.config.augmentation_target is not None:
            readings["augmentation_chance"] = self._memory.adaptation.chance
        judge.train(is_learning)
        return readings

    def memory(self) -> dict[str, Tensor]:
        """Past fakes, and what the discriminator said so far, where anybody goes by that."""
        found = {f"replay/{name}": part for name, part in self._pool.parts.items()}
        if self._remembers:
            found["said"] = torch.tensor(self._memory.numbers, dtype=torch.float64)
        return found

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        parts = below("replay/", memory)
        self._pool.parts = {name: part.to(self.device, copy=True) for name, part in parts.items()}
        self._memory = Memory.of(memory["said"].tolist()) if "said" in memory else Memory()

    # --- In which turns ----------------------------------------------------------------------------------

    def _fresh(self, step: int, batches: Sequence[Batch], progress: Progress) -> tuple[Scalar, Scalar]:
        scale = self.config.rate_scale(progress)
        loss = torch.zeros(())
        for number in range(self.config.n_discriminator_turns):
            loss = self.discriminator_turn(step, number, batches[number], progress)
            learn([self.discriminator], loss, progress.share, scale)
        generator_loss = torch.zeros(())
        of_generator = batches[self.config.n_discriminator_turns :] or batches[-1:]
        for number in range(self.config.n_generator_turns):
            batch = of_generator[number % len(of_generator)]
            generator_loss = self.generator_turn(step, number, batch, progress)
            learn([self.generator], generator_loss, progress.share, scale)
        return loss, generator_loss

    def discriminator_turn(self, step: int, number: int, batch: Batch, progress: Progress) -> Scalar:
        """The discriminator's loss on a batch and fresh fakes, in its turn of that number."""
        with torch.no_grad():
            turn = self._turn(step, f"{number}", batch, progress)
        return self._discriminator_loss(turn)

    def generator_turn(self, step: int, number: int, batch: Batch, progress: Progress) -> Scalar:
        """The generator's loss on fresh fakes, and on a batch where it compares, in that turn."""
        turn = self._turn(step, f"{self.config.n_discriminator_turns + number}", batch, progress)
        if not self.config.n_unrolled:
            return self._generator_loss(turn, self.discriminator.network)

        def loss(network: nn.Module) -> Scalar:
            examination = self._examined(turn, network, is_watched=True)
            scale = progress.adjustments.penalty_scale
            return self._losses.of_discriminator(examination, step, progress.share, scale)

        n_steps, scale = self.config.n_unrolled, self.config.rate_scale(progress)
        return self._generator_loss(turn, unrolled(self.discriminator, loss, n_steps, progress.share, scale))

    def _same_fakes(self, step: int, batches: Sequence[Batch], progress: Progress) -> tuple[Scalar, Scalar]:
        scale = self.config.rate_scale(progress)
        turn = self._turn(step, "0", batches[0], progress)
        loss = self._discriminator_loss(turn)
        learn([self.discriminator], loss, progress.share, scale)
        generator_loss = self._generator_loss(turn, self.discriminator.network)
        learn([self.generator], generator_loss, progress.share, scale)
        return loss, generator_loss

    def _one_pass(self, step: int, batches: Sequence[Batch], progress: Progress) -> tuple[Scalar, Scalar]:
        share, scale = progress.share, self.config.rate_scale(progress)
        turn = self._turn(step, "0", batches[0], progress)
        examination = self._examined(turn, self.discriminator.network, is_shared=True)
        loss = self._losses.of_discriminator(examination, step, share, progress.adjustments.penalty_scale)
        generator_loss = self._losses.of_generator(examination.encounter)
        slopes = Slopes.of(examination, self._losses)
        gradient = pull(
            examination,
            generator_loss,
            slopes,
            is_objective_alone=not self.config.terms and not due(self.config.penalties, step),
            has_terms=any(term.is_for("generator") for term in self.config.terms),
        )
        also = [examination.both] if gradient is None else []
        learn([self.discriminator], loss, share, scale, also=also)
        self._remember(examination)
        if gradient is None:
            assert examination.both.grad is not None
            gradient = slopes.pulled(examination.both.grad[len(turn.batch) :])
        shown = examination.shown
        learn([self.generator], shown, share, scale, gradient=gradient.to(shown.dtype))
        return loss, generator_loss

    # --- What all turns share ----------------------------------------------------------------------------

    def _turn(self, step: int, name: str, batch: Batch, progress: Progress) -> _Turn:
        """A turn with fakes of its own."""
        stream = self.randomness.stream(f"latents/{name}")
        latents = self.config.latents(len(batch), stream, step).to(batch["real"].device)
        with self.precision():
            fake = self.generator.network(latents, batch.get("condition"))
        return _Turn(step, name, batch, progress, latents, fake)

    def _inputs(self, turn: _Turn, player: str) -> Inputs:
        """How records are shown where this player is to learn."""
        rules, adjustments = self.config, turn.progress.adjustments
        noise = cosine(rules.input_noise, rules.final_input_noise, turn.progress.share)
        return Inputs(
            rules.n_packed,
            self._is_packing,
            noise + adjustments.input_noise,
            rules.augmentations,
            turn.progress.share,
            1.0 if rules.augmentation_target is None else self._memory.adaptation.chance,
            self.randomness.stream(f"inputs/{player}/{turn.name}"),
            turn.step,
        )

    def _examined(
        self,
        turn: _Turn,
        judge: nn.Module,
        *,
        is_shared: bool = False,
        is_watched: bool = False,
        past: Mapping[str, Tensor] | None = None,
    ) -> Examination:
        past = past or {}
        with self.precision():
            return examine(
                judge,
                turn.batch,
                past.get("fake", turn.fake),
                turn.latents,
                wants_gradients=wants_gradients(self.config.penalties, turn.step),
                is_shared=is_shared,
                is_watched=is_watched,
                wants_features=self._wants_features and is_shared,
                is_one_batch=self.config.combined_batch,
                inputs=self._inputs(turn, "discriminator"),
                fake_condition=past.get("condition"),
                memory=self._memory,
                randomness=self.randomness,
            )

    def _discriminator_loss(self, turn: _Turn) -> Scalar:
        adjustments = turn.progress.adjustments
        self._pool.share = max(self.config.replay_share, adjustments.replay_share)
        past = self._replayed(turn) if self._pool.share else None
        examination = self._examined(turn, self.discriminator.network, past=past)
        with self.precision():
            loss = self._losses.of_discriminator(
                examination, turn.step, turn.progress.share, adjustments.penalty_scale
            )
        self._remember(examination)
        return loss

    def _replayed(self, turn: _Turn) -> dict[str, Tensor]:
        """The fakes, some of them past ones, and the conditions that each was made with."""
        met = {"fake": turn.fake.detach().float()}
        if (condition := turn.batch.get("condition")) is not None:
            met["condition"] = condition
        return self._pool.exchanged(met, self.randomness.generator(f"replay/{turn.name}", turn.step))

    def _remember(self, examination: Examination) -> None:
        said, target = examination.encounter, self.config.augmentation_target
        if self._remembers:
            self._memory.update(said.of_real.logits, said.of_fake.logits)
        if target is not None:
            share = examination.inputs.share
            self._memory.adaptation.update(said.of_real.logits, said.of_fake.logits, target, share)

    def _generator_loss(self, turn: _Turn, judge: nn.Module) -> Scalar:
        batch, inputs = turn.batch, self._inputs(turn, "generator")
        with self.precision():
            if self._losses.objective.is_relative or self.config.terms or self.config.combined_batch:
                encounter = present(
                    judge,
                    batch,
                    turn.fake,
                    turn.latents,
                    is_watched=self.config.n_unrolled > 0,
                    wants_features=self._wants_features,
                    is_one_batch=self.config.combined_batch,
                    inputs=inputs,
                )
            else:
                of_fake = said(judge, inputs(turn.fake, "fake"), inputs.packed_condition(batch))
                # nobody asks for the real ones
                encounter = Encounter(batch, turn.fake, turn.latents, of_fake, of_fake)
        return self._losses.of_generator(encounter)


@final
@dataclass(frozen=True)
class _Turn:
    """One turn of a player, or of both: the records and fakes that it is about."""

    step: int
    name: str
    """Which of the turns of the step it is."""
    batch: Batch
    progress: Progress
    latents: Latents
    fake: Samples


def _check_whole_batches(rules: AdversarialRules) -> None:
    """Raise UsageError where a discriminator that looks at whole batches cannot play by these rules."""
    if rules.turns == "one_pass":
        raise UsageError(
            "both players cannot learn from one pass of a discriminator that looks at a whole batch: "
            "what it says of a fake depends on the others. Choose other turns."
        )
    if rules.n_unrolled:
        raise UsageError("looking ahead does not go with a discriminator that looks at a whole batch.")
    of_logits = [one.name for one in rules.penalties if not PENALTIES[one.name].needs_gradients]
    if rules.combined_batch and of_logits:
        raise UsageError(
            f"the penalty {of_logits[0]!r} compares what is said in batches of two sizes where a "
            "discriminator looks at both sides in one batch. Leave out combined_batch, or take r1 and r2."
        )
