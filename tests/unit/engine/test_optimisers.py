"""Each optimiser against torch's own, on one vector of weights."""

from __future__ import annotations

import copy
from typing import Any, get_args

import pytest
import torch
from torch import nn

from gansmith.engine.players import OPTIMISERS, Player, PlayerConfig, learn
from gansmith.engine.tuning import Optimiser

THEIRS: dict[Optimiser, Any] = {
    "adam": lambda weights, rate, beta1, beta2: torch.optim.Adam(weights, rate, (beta1, beta2)),
    "sgd": lambda weights, rate, beta1, beta2: torch.optim.SGD(weights, rate, beta1),
    "rmsprop": lambda weights, rate, beta1, beta2: torch.optim.RMSprop(weights, rate, beta2, momentum=beta1),
}


def network() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def learnt(player: Player, first: int, last: int) -> Player:
    for step in range(first, last):
        learn([player], player.network(torch.full((2, 3), 1.0 + step)).square().mean(), 0.0)
    return player


def test_every_name_has_its_function():
    assert list(OPTIMISERS) == list(THEIRS) == list(get_args(Optimiser))


@pytest.mark.parametrize("beta1", [0.0, 0.7])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_learns_as_torchs_own_does(name, beta1):
    player = Player(network(), PlayerConfig(0.01, None, beta1, 0.9, optimiser=name))
    twin = copy.deepcopy(player.network)
    start = [weight.detach().clone() for weight in twin.parameters()]
    theirs = THEIRS[name](twin.parameters(), 0.01, beta1, 0.9)
    for step in range(6):
        theirs.zero_grad()
        twin(torch.full((2, 3), 1.0 + step)).square().mean().backward()
        theirs.step()
    learnt(player, 0, 6)
    for ours, expected, before in zip(player.network.parameters(), twin.parameters(), start, strict=True):
        assert torch.allclose(ours, expected, atol=1e-6)
        assert not torch.allclose(ours, before, atol=1e-4)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_is_resumed_bit_for_bit(name):
    config = PlayerConfig(0.01, None, 0.7, 0.9, optimiser=name)
    straight = Player(network(), config)
    first = Player(copy.deepcopy(straight.network), config)
    second = Player(network(), config)
    state = learnt(first, 0, 3).state()
    assert {key for key in state if "optimiser" in key} == {
        f"optimiser/{part}" for part in ("mean", "square", "n_steps")
    }
    second.load_state(state)
    expected, found = learnt(straight, 0, 7).state(), learnt(second, 3, 7).state()
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_a_final_rate_keeps_its_share():
    assert PlayerConfig(0.01, 0.001).with_setting("learning_rate", 0.5).final_learning_rate == pytest.approx(
        0.05
    )
    assert PlayerConfig(0.01, 0.0).with_setting("learning_rate", 0.5).final_learning_rate == 0
    assert PlayerConfig(0.01).with_setting("learning_rate", 0.5).final_learning_rate is None
    assert PlayerConfig(0.01, 0.001).with_setting("beta1", 0.5) == PlayerConfig(0.01, 0.001, 0.5)
