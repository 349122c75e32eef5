"""The game of two: a generator and a discriminator, and in which turns they learn.

One backward pass and one optimiser step per player and turn. Real and fake records are judged in one
pass and paired index by index; fakes are made with the conditions of the real records they are paired
with.

Source:
    Huang et al. 2024, "The GAN is dead; long live the GAN!" (arXiv:2501.05441): relativistic pairing with
    R1 and R2 is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import torch
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PENALTIES, PenaltyConfig, Place, between
from gansmith.engine.players import Player, PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.schedules import cosine
from gansmith.engine.tensors import Conditions, Latents, Logits, Samples, Scalar
from gansmith.errors import UsageError


@final
@dataclass(frozen=True)
class GameConfig:
    """The rules of one game."""

    batch_size: int
    """Real records per turn."""
    n_latents: int
    """Noise values per fake record."""
    objective: str = "relativistic"
    """A key of `OBJECTIVES`."""
    penalties: tuple[PenaltyConfig, ...] = (PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    """What keeps the discriminator smooth."""
    generator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the generator learns."""
    discriminator: PlayerConfig = field(default_factory=PlayerConfig)
    """How the discriminator learns."""
    n_discriminator_turns: int = 1
    """Turns of the discriminator before each turn of the generator."""

    def __post_init__(self) -> None:
        find_objective(self.objective)
        for name in ("batch_size", "n_latents", "n_discriminator_turns"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more, not {getattr(self, name)}.")


@final
@dataclass(frozen=True)
class Turns:
    """What one step of the game left behind."""

    discriminator_loss: float
    generator_loss: float


@final
class Game:
    """A generator against a discriminator.

    Args:
        generator: Maps latents `(batch, n_latents)` and conditions `(batch, n_conditions)` or None to
            samples `(batch, *sample)`.
        discriminator: Maps samples and conditions to logits `(batch,)`, each a function of its own
            record alone.
        config: The rules.
        randomness: Where the latents come from.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, config: GameConfig, randomness: Randomness
    ) -> None:
        self.generator = Player(generator, config.generator)
        self.discriminator = Player(discriminator, config.discriminator)
        self.config = config
        self.randomness = randomness
        self._objective = find_objective(config.objective)

    @property
    def players(self) -> dict[str, Player]:
        """All players by name."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    @property
    def is_relative(self) -> bool:
        """Whether only differences of logits count, so that zero is no border."""
        return self._objective.is_relative

    def play(
        self, step: int, batches: Callable[[int], Batch], progress: float, rate_scale: float = 1.0
    ) -> Turns:
        """The turns of step number `step`, counted from 0.

        Args:
            step: Decides, with the seed, every random number of these turns.
            batches: Gives real batch k; each turn that compares real records with fakes takes another.
            progress: Share of the run that is done, in [0, 1].
            rate_scale: Multiplied with the learning rates.

        Returns:
            The mean losses of the last turn of each player, penalties included.
        """
        n_turns = self.config.n_discriminator_turns
        n_batches = n_turns + self._objective.is_relative
        drawn = [batches(step * n_batches + index) for index in range(n_batches)]
        loss = torch.zeros(())
        for turn in range(n_turns):
            loss = self._discriminator_turn(step, turn, drawn[turn], progress)
            self.discriminator.learn(loss, progress, rate_scale)
        generator_loss = self._generator_turn(step, drawn[-1])
        self.generator.learn(generator_loss, progress, rate_scale)
        return Turns(loss.item(), generator_loss.item())

    def _discriminator_turn(self, step: int, turn: int, batch: Batch, progress: float) -> Scalar:
        with torch.no_grad():
            fake = self.generator.network(self._latents(step, turn, batch), batch.conditions)
        places = self._penalised_places(step)
        real = batch.samples.detach().requires_grad_("real" in places)
        fake = fake.detach().requires_grad_("fake" in places)
        real_logits, fake_logits = self._judge_pairs(real, fake, batch.conditions)
        loss = self._objective.discriminator(real_logits, fake_logits)
        if places:
            loss = loss + self._penalties(step, progress, batch, (real, real_logits), (fake, fake_logits))
        return loss.mean()

    def _generator_turn(self, step: int, batch: Batch) -> Scalar:
        turn = self.config.n_discriminator_turns
        fake = self.generator.network(self._latents(step, turn, batch), batch.conditions)
        if self._objective.is_relative:
            real_logits, fake_logits = self._judge_pairs(batch.samples, fake, batch.conditions)
        else:
            fake_logits = real_logits = self.discriminator.network(fake, batch.conditions)
        return self._objective.generator(real_logits, fake_logits).mean()

    def _latents(self, step: int, turn: int, batch: Batch) -> Latents:
        shape = (len(batch.samples), self.config.n_latents)
        return self.randomness.normal(shape, f"latents/{turn}", step).to(batch.samples.device)

    def _judge_pairs(
        self, real: Samples, fake: Samples, conditions: Conditions | None
    ) -> tuple[Logits, Logits]:
        """One pass for both sides: half the overhead, and the same arithmetic for each."""
        both = None if conditions is None else torch.cat([conditions, conditions])
        logits = self.discriminator.network(torch.cat([real, fake]), both)
        real_logits, fake_logits = logits.split(len(real))
        return real_logits, fake_logits

    def _penalised_places(self, step: int) -> set[Place]:
        due = (p for p in self.config.penalties if p.weight > 0 and step % p.interval == 0)
        return {PENALTIES[p.name].place for p in due}

    def _penalties(
        self,
        step: int,
        progress: float,
        batch: Batch,
        real: tuple[Samples, Logits],
        fake: tuple[Samples, Logits],
    ) -> Logits:
        """The weighted sum of all penalties that are due, per sample."""
        total = torch.zeros_like(real[1])
        for config in self.config.penalties:
            if config.weight == 0 or step % config.interval:
                continue
            penalty = PENALTIES[config.name]
            match penalty.place:
                case "real":
                    samples, logits = real
                case "fake":
                    samples, logits = fake
                case "between":
                    shares = self.randomness.uniform((len(batch.samples),), "between", step)
                    samples = between(real[0], fake[0], shares.to(real[0].device)).detach().requires_grad_()
                    logits = self.discriminator.network(samples, batch.conditions)
            final_weight = config.weight if config.final_weight is None else config.final_weight
            gamma = cosine(config.weight, final_weight, progress)
            total = total + gamma * config.interval * penalty.scale * penalty.function(logits, samples)
        return total
