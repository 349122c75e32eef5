"""Each monitor is proven by a run that provokes its fault, and by healthy runs on which all are silent.

What the cures are worth is measured on the same runs, let to cure themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from gansmith.engine.batches import Batch, Batches
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.monitors import findings
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training
from gansmith.nets.mlp import Perceptron

SMOOTH = (PenaltyConfig("r1", 0.1), PenaltyConfig("r2", 0.1))


def ring(n: int, key: int) -> Tensor:
    """Eight Gaussians on the unit circle."""
    chance = torch.Generator().manual_seed(key)
    angles = torch.randint(8, (n,), generator=chance) * (2 * math.pi / 8)
    return torch.stack([angles.cos(), angles.sin()], 1) + 0.05 * torch.randn(n, 2, generator=chance)


def flat(n: int, key: int) -> Tensor:
    """The same ring on a plane in 32 dimensions: real and fake share no points at first."""
    plane = torch.linalg.qr(torch.randn(32, 2, generator=torch.Generator().manual_seed(7)))[0]
    return ring(n, key) @ plane.T


def cloud(n: int, key: int) -> Tensor:
    """One Gaussian in the plane."""
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(key))


def wide_cloud(n: int, key: int) -> Tensor:
    """One Gaussian in 32 dimensions."""
    return torch.randn(n, 32, generator=torch.Generator().manual_seed(key))


def rates(generator: float, discriminator: float, beta1: float = 0.5, **more: Any) -> dict[str, Any]:
    return {
        "objective": "non-saturating",
        "penalties": (),
        "generator": PlayerConfig(generator, beta1=beta1, beta2=0.999),
        "discriminator": PlayerConfig(discriminator, beta1=beta1, beta2=0.999),
        **more,
    }


@dataclass(frozen=True)
class Case:
    """A game on some data."""

    rules: dict[str, Any]
    data: Callable[[int, int], Tensor] = ring
    n_real: int = 20_000
    n_steps: int = 1_500
    width: int = 64


FAULTS = {
    # Momentum and fast generators: they leave what they had found.
    "collapse": Case(
        rates(1e-3, 1e-3) | {"generator": PlayerConfig(1e-3, 3e-2, beta1=0.5, beta2=0.999)}, n_steps=1_800
    ),
    "oscillation": Case(rates(5e-3, 2e-3, 0.9), n_steps=1_800),
    # A discriminator that learns much faster; with the zero-sum loss the generator has no gradient then.
    "sure, spread": Case(rates(1e-5, 5e-3, 0.0), n_steps=500),
    "vanishing": Case(rates(1e-4, 1e-2, objective="minimax"), flat, 4_000, 1_000, 128),
    # Fifty records of many values before a discriminator without a penalty.
    "memory": Case(rates(1e-3, 1e-3, 0.0, objective="relativistic"), wide_cloud, 50, 1_000),
}
HEALTHY = {
    name: Case(
        {"objective": objective, "penalties": SMOOTH, "turns": turns}
        | {
            "generator": PlayerConfig(3e-3, 0.0, average_half_life_samples=2_000),
            "discriminator": PlayerConfig(3e-3, 0.0),
        },
        data,
    )
    for name, objective, turns, data in (
        ("ring", "relativistic", "fresh", ring),
        ("ring, one pass", "relativistic", "one_pass", ring),
        ("ring, cross-entropy", "non-saturating", "fresh", ring),
        ("cloud", "relativistic", "same_fakes", cloud),
        ("cloud, hinge", "hinge", "fresh", cloud),
    )
}


def played(case: Case, seed: int, *, cures_itself: bool = False) -> tuple[Training, list[str], list[str]]:
    """A whole run, the names of what its monitors found, and all that it told."""
    n_packed = 2 if cures_itself else 1
    n_judged = min(500, case.n_real)
    real, heldout = case.data(case.n_real, 1), case.data(n_judged, 2)
    n_values, width = real.shape[1], case.width
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = {
            "generator": Perceptron((8, 64, 64, n_values), "relu"),
            "discriminator": Perceptron((n_packed * n_values, width, width, 1), "leaky_relu"),
        }
    size = min(64, case.n_real)
    rules = AdversarialRules(batch_size=size, n_latents=8, **case.rules)
    rules = rules.curable() if cures_itself else rules
    randomness = Randomness(seed)
    training = Training(
        Adversarial(rules, networks, randomness),
        Batches.of(real, size, randomness),
        TrainConfig(case.n_steps * size, cures_itself=cures_itself),
        Evaluation(Batch({"real": heldout}), Batch({"real": real[:n_judged]})),
    )
    told, history, names = [], [], []
    for record in training:
        told += record.findings
        if record.readings:
            history.append(record.readings)
            names += [one.name for one in findings(history)]
    return training, names, told


LONG = ("collapse", "oscillation", "vanishing")
"""Faults that take some seconds to come."""


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=pytest.mark.slow) if one in LONG else one for one in FAULTS]
)
def test_a_provoked_fault_is_found(fault):
    _, names, told = played(FAULTS[fault], 0)
    assert set(fault.split(", ")) <= set(names)
    assert told
    assert not any("cure" in text for text in told)


@pytest.mark.parametrize("name", ["ring, one pass", "cloud"])
def test_monitors_are_silent_in_a_healthy_run(name):
    _, _, told = played(replace(HEALTHY[name], n_steps=600), 0)
    assert told == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_provoked_fault_is_found_on_other_seeds(fault, seed):
    assert set(fault.split(", ")) <= set(played(FAULTS[fault], seed)[1])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", HEALTHY)
def test_monitors_are_silent_in_healthy_runs_of_other_seeds(name, seed):
    assert played(HEALTHY[name], seed)[2] == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["collapse", "oscillation"])
def test_a_game_that_cures_itself_covers_more(fault):
    """Of three seeds, on average: at least half as much again as the same game without cures."""
    case = replace(FAULTS[fault], n_steps=4_000)
    bare, cured = (
        sum(played(case, seed, cures_itself=cures)[0].kept_score or 0.0 for seed in range(3))
        for cures in (False, True)
    )
    assert cured > 1.5 * bare


@pytest.mark.slow
def test_noise_brings_a_generator_back_whose_gradients_had_vanished():
    """It starts far away from the data; without noise it stays there."""
    case = replace(FAULTS["vanishing"], n_steps=1_500)
    bare, cured = (_distance(played(case, 0, cures_itself=cures)[0]) for cures in (False, True))
    assert cured < 0.5 * bare


def _distance(training: Training) -> float:
    """Of a fake from the nearest real record, on average."""
    assert training.evaluation
    heldout = training.evaluation.heldout
    fake = training.game.generate(heldout, Randomness(0).stream("judged"), 0)
    return torch.cdist(fake, heldout["real"]).amin(1).mean().item()
