from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch

from gansmith.nets.mlp import ResidualBlock, initialise, layers
from gansmith.nets.settings import WeightInit

HOWS = get_args(WeightInit)


def started(how: WeightInit, seed: int = 0) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        network = layers((200, 300, 1), "tanh")
    initialise([network], how, torch.Generator().manual_seed(seed))
    return network


def test_xavier():
    first = started("xavier")[0].weight
    bound = math.sqrt(6 / 500)
    assert 0.99 * bound < first.abs().max() <= bound
    assert abs(first.std().item() - bound / math.sqrt(3)) < 0.01 * bound


def test_he():
    first = started("he")[0].weight
    assert first.std().item() == pytest.approx(math.sqrt(2 / (1 + 0.2**2) / 200), rel=0.01)


def test_orthogonal():
    first = started("orthogonal")[0].weight
    assert torch.allclose(first.T @ first, torch.eye(200), atol=1e-4)


def test_normal():
    assert started("normal")[0].weight.std().item() == pytest.approx(0.02, rel=0.01)


def test_lecun_is_pytorchs_own_start():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        untouched: Any = layers((200, 300, 1), "tanh")
    for index in (0, 2):
        assert torch.equal(started("lecun")[index].weight, untouched[index].weight)
        assert torch.equal(started("lecun")[index].bias, untouched[index].bias)


@pytest.mark.parametrize("how", [how for how in HOWS if how != "lecun"])
def test_biases_are_zero_and_the_generator_decides(how):
    one, same, other = started(how), started(how), started(how, 1)
    assert not one[0].bias.any()
    assert not one[2].bias.any()
    assert torch.equal(one[0].weight, same[0].weight)
    assert not torch.equal(one[0].weight, other[0].weight)


@pytest.mark.parametrize("how", HOWS)
def test_a_residual_block_still_starts_as_the_identity(how):
    block = ResidualBlock(4)
    initialise([block], how, torch.Generator())
    x = torch.randn(3, 4)
    assert torch.equal(block(x), x)
