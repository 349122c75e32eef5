from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
import torch
from torch import nn

from gansmith.engine.judge import Discriminator
from gansmith.engine.penalties import unit_gradient_penalty, zero_centred_gradient_penalty
from gansmith.nets.discriminators import AbstractExplicitDiscriminator, dense_gradients, dense_logits
from gansmith.nets.settings import Activation
from gansmith.tabular.layout import Layout
from gansmith.tabular.networks import TableDiscriminator, TableNetworks, n_conditions

LAYOUT = Layout(n_states=(2, 3, 7), n_bins=(0, 2, 0))


class Plain(AbstractExplicitDiscriminator):
    def __init__(self, *widths: int, activation: Activation = "leaky_relu") -> None:
        super().__init__()
        self.activation: Activation = activation
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1], 1)

    def forward(self, samples, conditions=None):
        return dense_logits(samples, self.layers, self.last, activation=self.activation)

    def with_gradients(self, samples, conditions):
        met = []
        logits = dense_logits(samples, self.layers, self.last, met, activation=self.activation)
        return logits, dense_gradients(self.layers, self.last, met, activation=self.activation)


def games() -> list:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # else weights depend on what was imported before, and a ReLU may be dead
        return drawn_games()


def drawn_games() -> list:
    table = TableDiscriminator(LAYOUT, TableNetworks((16,), (12, 8)))
    smooth = TableDiscriminator(LAYOUT, TableNetworks((16,), (12, 8), activation="tanh"))
    conditions = torch.randn(9, n_conditions(LAYOUT))
    return [
        pytest.param(Plain(4, 6), torch.randn(9, 4), None, id="one layer"),
        pytest.param(Plain(4, 6, 5, 3), torch.randn(9, 4), None, id="three layers"),
        *(
            pytest.param(Plain(4, 6, 5, activation=name), torch.randn(9, 4), None, id=name)
            for name in get_args(Activation)
        ),
        pytest.param(table, torch.randn(9, LAYOUT.n_values), None, id="table"),
        pytest.param(smooth, torch.randn(9, LAYOUT.n_values), conditions, id="table with tanh"),
        pytest.param(table, torch.randn(9, LAYOUT.n_values), conditions, id="table with conditions"),
    ]


@pytest.mark.parametrize(("network", "samples", "conditions"), games())
def test_gradients_are_those_of_autograd(network, samples, conditions):
    logits, gradients = network.with_gradients(samples, conditions)
    assert torch.equal(logits, network(samples, conditions))
    inputs = samples.clone().requires_grad_()
    (expected,) = torch.autograd.grad(network(inputs, conditions).sum(), inputs)
    assert gradients.shape == samples.shape
    assert torch.allclose(gradients, expected, atol=1e-6)


@pytest.mark.parametrize(("network", "samples", "conditions"), games())
@pytest.mark.parametrize("penalty", [zero_centred_gradient_penalty, unit_gradient_penalty])
def test_penalties_and_their_weights_gradients_are_those_of_differentiating_twice(
    network, samples, conditions, penalty
):
    weights = list(network.parameters())

    def found(judge) -> tuple[torch.Tensor, ...]:
        inputs = samples.clone().requires_grad_()
        values = penalty(judge, inputs)
        loss = judge(inputs).square().mean() + 0.7 * values.mean()
        return values, *torch.autograd.grad(loss, weights, materialize_grads=True)

    explicit = found(Discriminator(network, conditions, keeps_gradients=True))
    twice = found(Discriminator(network, conditions))
    assert all(
        torch.allclose(one, other, rtol=1e-4, atol=1e-6) for one, other in zip(explicit, twice, strict=True)
    )
    assert explicit[1].abs().max() > 0


def test_the_written_gradient_is_used(monkeypatch):
    network = Plain(4, 6)
    monkeypatch.setattr(
        network, "with_gradients", lambda samples, conditions: (torch.ones(9), torch.full((9, 4), 2.0))
    )
    judge = Discriminator(network, None, keeps_gradients=True)
    assert torch.equal(zero_centred_gradient_penalty(judge, torch.randn(9, 4)), torch.full((9,), 16.0))


@pytest.mark.parametrize("activation", get_args(Activation))
def test_logits_stay_in_full_precision(activation):
    network = Plain(4, 6, 5, activation=activation)
    with torch.autocast("cpu", torch.bfloat16):
        logits, gradients = network.with_gradients(torch.randn(9, 4), None)
    assert logits.dtype == gradients.dtype == torch.float32
    assert torch.isfinite(gradients).all()
