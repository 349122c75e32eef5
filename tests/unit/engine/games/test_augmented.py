"""Games in which the discriminator sees changed records on a grid, and one that adapts how often."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from gansmith.conformance import check_game
from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.batches import TensorDataset
from gansmith.engine.games import Progress
from gansmith.engine.games.adversarial import Adversarial, AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.nets.mlp import Perceptron


class Shaping(nn.Module):
    """Latents to samples of a shape."""

    def __init__(self, shape) -> None:
        super().__init__()
        self.shape = shape
        self.layers = Perceptron((3, 8, torch.Size(shape).numel()), "tanh")

    def forward(self, latents, conditions=None):
        return self.layers(latents).view(-1, *self.shape)


class Judging(nn.Module):
    """Samples to logits."""

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.layers = Perceptron((n_in, 8, 1), "tanh")

    def forward(self, samples, conditions=None):
        return self.layers(samples.flatten(1))


def toy(shape=(2,), **rules) -> Adversarial:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        networks = {"generator": Shaping(shape), "discriminator": Judging(torch.Size(shape).numel())}
    players = {"generator": PlayerConfig(0.01), "discriminator": PlayerConfig(0.01)}
    return Adversarial(
        AdversarialRules(batch_size=8, n_latents=3, **players, **rules), networks, Randomness(0)
    )


def dataset(shape=(2,)) -> TensorDataset:
    return TensorDataset({"real": torch.rand(64, *shape, generator=torch.Generator().manual_seed(1))})


ON_GRIDS = tuple(
    AugmentationConfig(name, 0.5) for name in ("flip", "shift", "affine", "colour", "cutout", "noise")
)


@pytest.mark.parametrize("shape", [(2, 6), (3, 4, 5), (1, 3, 4, 3)])
@pytest.mark.parametrize("penalties", [(), (PenaltyConfig("r1", 0.1), PenaltyConfig("r2", 0.1))])
def test_one_pass_through_changed_records_gives_the_gradient_of_two(shape, penalties, monkeypatch):
    rules = {"augmentations": ON_GRIDS, "penalties": penalties}
    shared, apart = toy(shape, turns="one_pass", **rules), toy(shape, **rules)
    batch = dataset(shape).batch(torch.arange(8))
    inputs = apart._inputs
    monkeypatch.setattr(apart, "_inputs", lambda turn, _: inputs(turn, "discriminator"))
    shared.play(0, [batch], Progress(0.0))
    turn = apart._turn(0, "0", batch, Progress(0.0))
    loss = apart._generator_loss(turn, apart.networks["discriminator"])
    expected = torch.cat([one.flatten() for one in torch.autograd.grad(loss, apart.generator.parameters)])
    assert expected.abs().max() > 1e-4
    assert torch.allclose(shared.generator.gradient, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("turns", ["fresh", "one_pass"])
def test_a_game_on_a_grid_in_half_precision_keeps_the_promises(turns, tmp_path):
    game = toy((3, 4, 5), turns=turns, augmentations=ON_GRIDS, augmentation_target=0.1, precision="bfloat16")
    networks = game.networks
    check_game(game.config, lambda: copy.deepcopy(networks), dataset((3, 4, 5)), tmp_path)


def after_steps(n_steps: int, **rules) -> Adversarial:
    game, batch = toy(**rules), dataset().batch(torch.arange(8))
    for step in range(n_steps):
        game.play(step, [batch] * game.config.n_batches, Progress(step / n_steps))
    return game


def test_nothing_is_changed_while_real_records_are_not_told_apart_as_well_as_the_target():
    augmentations = (AugmentationConfig("jitter", 0.9),)
    held = after_steps(12, augmentations=augmentations, augmentation_target=1.0)
    plain, changed = after_steps(12), after_steps(12, augmentations=augmentations)
    weights = [list(one.discriminator.parameters) for one in (held, plain, changed)]
    assert all(map(torch.equal, weights[0], weights[1]))
    assert not all(map(torch.equal, weights[0], weights[2]))


@pytest.mark.parametrize("turns", ["fresh", "same_fakes", "one_pass"])
def test_the_chance_that_adapts_is_read_and_resumed(turns):
    augmentations = (AugmentationConfig("jitter", 0.9),)
    rules: dict[str, Any] = {"augmentations": augmentations, "augmentation_target": 0.0, "turns": turns}
    game, batch = after_steps(12, **rules), dataset().batch(torch.arange(24))
    chance = game.evaluate(batch["real"], batch, batch)["augmentation_chance"]
    assert 0 < chance <= 0.8
    again = toy(**rules)
    again.load_state(game.state())
    assert again.evaluate(batch["real"], batch, batch)["augmentation_chance"] == chance
    turn = again._turn(12, "0", batch, Progress(0.5))
    assert again._inputs(turn, "generator").most_chance == chance
    assert "augmentation_chance" not in toy().evaluate(batch["real"], batch, batch)
