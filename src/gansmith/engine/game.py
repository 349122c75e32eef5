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
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import final

import torch
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.engine.judge import Discriminator
from gansmith.engine.objectives import find_objective
from gansmith.engine.penalties import PENALTIES, PenaltyConfig, between
from gansmith.engine.players import Player, PlayerConfig
from gansmith.engine.precision import PRECISIONS, matrix_precision, quick_full_products
from gansmith.engine.randomness import Randomness
from gansmith.engine.schedules import cosine
from gansmith.engine.tensors import Latents, Samples, Scalar
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
    full_rate_samples: int | None = None
    """A run of more samples than this learns in as many smaller steps: its learning rates are divided by how
    much longer it is. None: the same rates, however long."""
    n_discriminator_turns: int = 1
    """Turns of the discriminator before each turn of the generator."""
    precision: str = "float32"
    """Of matrix products: "float32", or "bfloat16", several times faster where the processor knows it."""

    def __post_init__(self) -> None:
        find_objective(self.objective)
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"precision {self.precision!r} is not known. Use one of {', '.join(PRECISIONS)}."
            )
        if self.full_rate_samples is not None and self.full_rate_samples < 1:
            raise UsageError(f"full_rate_samples must be 1 or more, not {self.full_rate_samples}.")
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
        self.device = self.generator.parameters[0].device
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
        with quick_full_products(self.config.precision):
            for turn in range(n_turns):
                loss = self._discriminator_turn(step, turn, drawn[turn], progress)
                self.discriminator.learn(loss, progress, rate_scale)
            generator_loss = self._generator_turn(step, drawn[-1])
            self.generator.learn(generator_loss, progress, rate_scale)
        return Turns(loss.item(), generator_loss.item())

    def _discriminator_turn(self, step: int, turn: int, batch: Batch, progress: float) -> Scalar:
        with torch.no_grad(), self._precision():
            fake = self.generator.network(self._latents(step, turn, batch), batch.conditions)
        due = [p for p in self.config.penalties if p.is_used and step % p.interval == 0]
        both = torch.cat([batch.samples, fake]).requires_grad_(bool(due))
        with self._precision():
            judge = self._judge(batch, n_times=2, keeps_gradients=bool(due))
            real_logits, fake_logits = judge(both).split(len(fake))
            loss = self._objective.discriminator(real_logits, fake_logits).mean()
            for penalty in due:
                loss = loss + self._penalty(penalty, judge, both, step, progress, batch)
        return loss

    def _generator_turn(self, step: int, batch: Batch) -> Scalar:
        turn = self.config.n_discriminator_turns
        with self._precision():
            fake = self.generator.network(self._latents(step, turn, batch), batch.conditions)
            if self._objective.is_relative:
                both = torch.cat([batch.samples, fake])
                real_logits, fake_logits = self._judge(batch, n_times=2)(both).split(len(fake))
            else:
                real_logits = fake_logits = self._judge(batch)(fake)
        return self._objective.generator(real_logits, fake_logits).mean()

    def _latents(self, step: int, turn: int, batch: Batch) -> Latents:
        shape = (len(batch.samples), self.config.n_latents)
        return self.randomness.normal(shape, f"latents/{turn}", step).to(batch.samples.device)

    def _judge(self, batch: Batch, n_times: int = 1, *, keeps_gradients: bool = False) -> Discriminator:
        """The discriminator with the conditions of a batch, `n_times` over: real and fake in one pass."""
        conditions = batch.conditions
        if conditions is not None:
            conditions = torch.cat([conditions] * n_times)
        return Discriminator(self.discriminator.network, conditions, keeps_gradients=keeps_gradients)

    def _penalty(
        self,
        config: PenaltyConfig,
        judge: Discriminator,
        both: Samples,
        step: int,
        progress: float,
        batch: Batch,
    ) -> Scalar:
        """One penalty, weighted and averaged over the records it is measured on."""
        penalty, n = PENALTIES[config.name], len(batch.samples)
        match penalty.place:
            case "real":
                per_sample = penalty.function(judge, both)[:n]
            case "fake":
                per_sample = penalty.function(judge, both)[n:]
            case "between":
                shares = self.randomness.uniform((n,), "between", step).to(both.device)
                points = between(both[:n], both[n:], shares).detach().requires_grad_()
                per_sample = penalty.function(self._judge(batch, keeps_gradients=True), points)
        final_weight = config.weight if config.final_weight is None else config.final_weight
        gamma = cosine(config.weight, final_weight, progress)
        return gamma * config.interval * penalty.scale * per_sample.mean()

    def _precision(self) -> AbstractContextManager[object]:
        return matrix_precision(self.config.precision, self.device)
