from __future__ import annotations

import pytest
import torch
from torch import nn

from gansmith.engine.judge import Discriminator, input_gradients
from gansmith.engine.penalties import (
    PENALTIES,
    PenaltyConfig,
    between,
    unit_gradient_penalty,
    zero_centred_gradient_penalty,
)
from gansmith.errors import UsageError

SHAPES = [(5,), (3, 4, 4), (2, 3, 4, 5)]


@pytest.mark.parametrize("shape", SHAPES)
def test_r1_of_a_linear_discriminator_is_the_squared_norm_of_its_weights(shape):
    weights = torch.randn(shape)
    penalty = zero_centred_gradient_penalty(lambda x: (x * weights).flatten(1).sum(1), torch.randn(6, *shape))
    assert penalty.shape == (6,)
    assert torch.allclose(penalty, weights.square().sum().expand(6), rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_unit_penalty_of_a_linear_discriminator(shape):
    weights = torch.randn(shape)
    penalty = unit_gradient_penalty(lambda x: (x * weights).flatten(1).sum(1), torch.randn(6, *shape))
    assert torch.allclose(penalty, (weights.norm() - 1).square().expand(6), rtol=1e-4)


def test_each_sample_has_its_own_penalty():
    samples = torch.randn(4, 3)
    penalty = zero_centred_gradient_penalty(lambda x: x.square().sum(1), samples)
    assert torch.allclose(penalty, 4 * samples.square().sum(1))


def test_the_penalty_of_a_flat_discriminator_can_be_differentiated():
    weights = torch.zeros(3, requires_grad=True)
    penalty = unit_gradient_penalty(lambda x: x @ weights, torch.randn(4, 3)).sum()
    (gradient,) = torch.autograd.grad(penalty, weights)
    assert gradient.isfinite().all()


def test_gradient_reaches_the_weights():
    weights = torch.randn(3, requires_grad=True)
    penalty = zero_centred_gradient_penalty(lambda x: x @ weights, torch.randn(4, 3)).mean()
    (gradient,) = torch.autograd.grad(penalty, weights)
    assert torch.allclose(gradient, 2 * weights)


def test_a_discriminator_that_ignores_its_samples():
    with pytest.raises(RuntimeError):
        zero_centred_gradient_penalty(lambda x: torch.zeros(4), torch.randn(4, 3))


def test_between_lies_on_the_line_to_its_own_partner():
    real, fake = torch.ones(3, 2, 2), torch.zeros(3, 2, 2)
    points = between(real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert torch.equal(points[:, 0, 0], torch.tensor([0.0, 0.25, 1.0]))
    assert (points == points[:, :1, :1]).all()


def test_papers_scales_and_places():
    found = {name: (penalty.place, penalty.scale) for name, penalty in PENALTIES.items()}
    assert found == {"r1": ("real", 0.5), "r2": ("fake", 0.5), "gradient_penalty": ("between", 1.0)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "r3", "weight": 1.0},
        {"name": "r1", "weight": -1.0},
        {"name": "r1", "weight": 1.0, "final_weight": -0.1},
        {"name": "r1", "weight": 1.0, "interval": 0},
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(UsageError):
        PenaltyConfig(**wrong)


def test_a_batch_is_judged_once_however_many_penalties_ask():
    calls = 0

    class Counting(nn.Module):
        def forward(self, samples, conditions):
            nonlocal calls
            calls += 1
            return samples.square().sum(1)

    judge, samples = Discriminator(Counting(), None, keeps_gradients=True), torch.randn(4, 3).requires_grad_()
    judge(samples)
    for penalty in (zero_centred_gradient_penalty, unit_gradient_penalty):
        penalty(judge, samples)
    assert calls == 1
    assert torch.allclose(input_gradients(judge, samples), 2 * samples)
    other = torch.randn(4, 3).requires_grad_()
    assert torch.allclose(input_gradients(judge, other), 2 * other)
    assert calls == 2
