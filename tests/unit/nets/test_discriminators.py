"""Discriminators that look at whole batches, rebuild what they are shown, or have bounded slopes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gansmith.nets.discriminators import (
    AutoencodingDiscriminator,
    BatchDiscriminator,
    spectrally_normalised,
)
from gansmith.nets.mlp import Perceptron


@pytest.mark.parametrize("statistic", ["deviation", "discrimination"])
def test_a_batch_that_is_all_alike_is_told_from_one_that_is_not(statistic):
    judge = BatchDiscriminator(2, (8,), "tanh", statistic)
    varied = torch.randn(16, 2)
    same = varied[:1].expand(16, 2)
    seen = [judge.statistic(torch.tanh(judge.layers[0](one)))[:, 8:] for one in (varied, same)]
    if statistic == "deviation":
        assert seen[1].max() < 1e-3 < seen[0].min()
    else:
        assert torch.allclose(seen[1], torch.full((16, 8), 15.0))  # fifteen others, all at no distance
        assert seen[0].max() < 15
    logits, (features,) = judge.with_features(varied, None)
    assert torch.equal(judge(varied), logits)
    assert features.shape == (16, 8)
    order = torch.randperm(16)
    assert torch.allclose(judge(varied[order]), logits[order], atol=1e-5)


def test_an_energy_is_the_error_of_rebuilding():
    judge = AutoencodingDiscriminator(4, (8, 2), "tanh")
    samples = torch.randn(10, 4)
    logits, (code,) = judge.with_features(samples, None)
    assert code.shape == (10, 2)
    assert torch.allclose(logits, -(judge.decode(judge.encode(samples)) - samples).abs().mean(1))
    assert (judge(samples) <= 0).all()


def test_spectral_normalisation_bounds_the_slope():
    judge: Any = spectrally_normalised(Perceptron((6, 32, 32, 1), "leaky_relu"))
    samples = (5 * torch.randn(500, 6)).requires_grad_()
    for _ in range(30):  # steps of power iteration
        judge(samples)
    slopes = torch.autograd.grad(judge(samples).sum(), samples)[0].norm(dim=1)
    assert slopes.max() <= 1 + 1e-3
    norms = [torch.linalg.matrix_norm(layer.weight, 2) for layer in judge.layers if hasattr(layer, "weight")]
    assert torch.allclose(torch.stack(norms), torch.ones(3), atol=1e-2)
