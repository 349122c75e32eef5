from __future__ import annotations

from typing import get_args

import pytest
import torch

from gansmith.nets.mlp import ACTIVATIONS, ActivationLayer
from gansmith.nets.settings import Activation

POINTS = torch.linspace(-4, 4, 40, dtype=torch.float64)
"""None of them is 0."""


def test_every_name_has_its_function():
    assert list(ACTIVATIONS) == list(get_args(Activation))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_slope_is_the_derivative_and_has_the_second_one(name):
    activation, x = ACTIVATIONS[name], POINTS.clone().requires_grad_()
    (first,) = torch.autograd.grad(activation.function(x).sum(), x, create_graph=True)
    slope = activation.slope(x)
    assert torch.allclose(slope, first, atol=1e-6)
    if activation.is_piecewise_linear:
        assert not slope.requires_grad
        assert torch.equal(activation.slope(2 * x), slope)
    else:
        (expected,) = torch.autograd.grad(first.sum(), x)
        (second,) = torch.autograd.grad(slope.sum(), x)
        assert torch.allclose(second, expected, atol=1e-6)
        assert second.abs().max() > 0.1


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_as_a_layer_it_has_no_weights(name):
    layer = ActivationLayer(name)
    assert torch.equal(layer(POINTS), ACTIVATIONS[name].function(POINTS))
    assert not layer.state_dict()
