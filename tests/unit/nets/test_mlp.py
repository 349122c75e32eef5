from __future__ import annotations

from typing import Any

import torch
from torch import nn

from gansmith.nets.mlp import ActivationLayer, ResidualBlock, layers


def test_layers():
    network = layers((3, 5, 7, 2), "tanh", last=nn.Sigmoid())
    kinds = [type(module) for module in network]
    assert kinds == [nn.Linear, ActivationLayer, nn.Linear, ActivationLayer, nn.Linear, nn.Sigmoid]
    assert network(torch.zeros(4, 3)).shape == (4, 2)
    assert [type(module) for module in layers((3, 2), "relu")] == [nn.Linear]


def test_a_residual_block_starts_as_the_identity_and_learns():
    block: Any = ResidualBlock(4)
    x = torch.randn(6, 4)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert block.second.weight.grad.abs().max() > 0
    with torch.no_grad():
        block.second.weight += 0.1
    assert not torch.allclose(block(x), x)


def test_a_residual_block_that_changes_the_width_starts_as_a_linear_layer():
    block: Any = ResidualBlock(4, "tanh", n_in=3)
    x = torch.randn(6, 3)
    assert torch.equal(block(x), block.skip(x))
    assert set(ResidualBlock(4).state_dict()) == {
        f"{name}.{part}" for name in ("first", "second") for part in ("weight", "bias")
    }


def test_the_activation_of_a_block_is_the_one_chosen():
    x = torch.randn(6, 4)
    blocks: list[Any] = [ResidualBlock(4, name) for name in ("leaky_relu", "tanh")]
    for block in blocks:
        block.load_state_dict(blocks[0].state_dict())
        nn.init.ones_(block.second.weight)
    tanh = blocks[1]
    assert torch.equal(tanh(x), x + tanh.second(torch.tanh(tanh.first(torch.tanh(x)))))
    assert not torch.allclose(blocks[0](x), tanh(x))
