from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from gansmith.nets.mlp import ResidualBlock, layers, xavier_uniform


def test_layers():
    network = layers((3, 5, 7, 2), nn.Tanh, last=nn.Sigmoid())
    kinds = [type(module) for module in network]
    assert kinds == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear, nn.Sigmoid]
    assert network(torch.zeros(4, 3)).shape == (4, 2)
    assert [type(module) for module in layers((3, 2), nn.ReLU)] == [nn.Linear]


def test_a_residual_block_starts_as_the_identity_and_learns():
    block: Any = ResidualBlock(4)
    x = torch.randn(6, 4)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert block.second.weight.grad.abs().max() > 0
    with torch.no_grad():
        block.second.weight += 0.1
    assert not torch.allclose(block(x), x)


def test_xavier_uniform():
    network: Any = layers((200, 300, 1), nn.Tanh)
    xavier_uniform(network, torch.Generator().manual_seed(0))
    first = network[0]
    bound = math.sqrt(6 / 500)
    assert 0.99 * bound < first.weight.abs().max() <= bound
    assert abs(first.weight.std().item() - bound / math.sqrt(3)) < 0.01 * bound
    assert first.bias.abs().max() == network[2].bias.abs().max() == 0
    again: Any = layers((200, 300, 1), nn.Tanh)
    xavier_uniform(again, torch.Generator().manual_seed(0))
    assert torch.equal(again[0].weight, first.weight)
