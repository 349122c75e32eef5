"""A game so small that a run of it takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Batches, Shuffled, TensorDataset
from gansmith.engine.checkpoint import Checkpoints
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training

RUN = TrainConfig(samples_seen=8 * 12, n_evaluations=3, n_checkpoints=4)
"""Twelve steps."""


class TinyGenerator(nn.Module):
    """Latents (and conditions, added to the result) to points; writes down what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
        self.asked: list[Tensor | None] = []

    def forward(self, latents: Tensor, conditions: Tensor | None = None) -> Tensor:
        self.asked.append(conditions)
        points = self.layers(latents)
        return points if conditions is None else points + conditions


class TinyDiscriminator(nn.Module):
    """Points to logits; writes down what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        self.seen: list[tuple[Tensor, Tensor | None]] = []

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Tensor:
        self.seen.append((samples.detach(), conditions))
        return self.layers(samples).squeeze(1)


CONFIG = AdversarialRules(
    batch_size=8,
    n_latents=3,
    penalties=(PenaltyConfig("r1", 0.1, 0.01), PenaltyConfig("r2", 0.1)),
    generator=PlayerConfig(0.01, 0.001, average_half_life_samples=40),
    discriminator=PlayerConfig(0.01),
)


@pytest.fixture(scope="session")
def new_game() -> Callable[..., Adversarial]:
    """`new_game(seed, **rules)`: the same game every time."""

    def make(seed: int = 0, **rules: Any) -> Adversarial:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            networks = {"generator": TinyGenerator(), "discriminator": TinyDiscriminator()}
        return Adversarial(replace(CONFIG, **rules), networks, Randomness(seed))

    return make


def points(n: int, key: int) -> Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(key)) * 0.3 + 1


@pytest.fixture(scope="session")
def new_batches() -> Callable[..., Batches]:
    """`new_batches(seed)`: batches of 8 out of 50 points."""

    def make(seed: int = 0, conditioning: Any = None) -> Batches:
        dataset, randomness = TensorDataset({"real": points(50, 1)}), Randomness(seed)

        def samples(batch: Batch, generator: Any) -> Batch:
            return batch.with_part("condition", conditioning(batch, generator))

        given = samples if conditioning else None
        return Batches(dataset, Shuffled(50, 8, randomness), randomness, given)

    return make


@pytest.fixture
def evaluation() -> Evaluation:
    return Evaluation(Batch({"real": points(30, 2)}), Batch({"real": points(50, 1)[:30]}))


@pytest.fixture
def new_run(new_game, new_batches, evaluation):
    """`new_run(folder)`: the same run every time, resumed where the folder holds one."""

    def make(folder=None, *, config=RUN, evaluated=True, batches=None, **rules):
        return Training(
            new_game(**rules),
            batches or new_batches(),
            config,
            evaluation if evaluated else None,
            None if folder is None else Checkpoints(folder),
        )

    return make


@pytest.fixture
def steps_of(monkeypatch):
    """Counts the optimiser steps and backward passes of a game."""

    def watch(game) -> list[str]:
        events: list[str] = []
        for name, player in game.players.items():

            def watched(share, rate_scale, *, name=name, step=player.step):
                events.append(name)
                step(share, rate_scale)

            monkeypatch.setattr(player, "step", watched)
        return events

    return watch
