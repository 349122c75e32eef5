"""Private steps: the plain gradient without noise and clip, and each record bounded, for every layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from gansmith.engine.private_gradients import (
    STEPS,
    PrivateStep,
    check_separate,
    clipped_sum,
    private_gradient,
)
from gansmith.errors import UsageError
from gansmith.privacy.noise import ExactNoise
from gansmith.privacy.randomness import SystemBits

NOISE = ExactNoise(SystemBits())


class Recurrent(nn.Module):
    """A gated unit unrolled by hand, for series."""

    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(3, 5)
        self.out = nn.Linear(5, 1)

    def forward(self, series):
        state = series.new_zeros(len(series), 5)
        for step in range(series.shape[1]):
            state = self.cell(series[:, step], state)
        return self.out(state)[:, 0]


def flat(*layers):
    return nn.Sequential(*layers, nn.Flatten(0))


SHARED = nn.Linear(6, 6)
NETWORKS = {
    "linear": (flat(nn.Linear(6, 4), nn.LeakyReLU(0.2), nn.Linear(4, 1)), (6,)),
    "convolution": (
        flat(nn.Conv2d(2, 3, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(27, 1)),
        (2, 6, 6),
    ),
    "transposed": (flat(nn.ConvTranspose2d(2, 3, 2), nn.Tanh(), nn.Flatten(), nn.Linear(75, 1)), (2, 4, 4)),
    "one dimension": (flat(nn.Conv1d(2, 3, 3), nn.SiLU(), nn.Flatten(), nn.Linear(12, 1)), (2, 6)),
    "group norm": (
        flat(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 1)),
        (2, 4, 4),
    ),
    "layer norm": (flat(nn.Linear(6, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, 1)), (6,)),
    "shared twice": (flat(SHARED, nn.Tanh(), SHARED, nn.Linear(6, 1)), (6,)),
    "recurrent": (Recurrent(), (7, 3)),
}


def of_one(judge, parts):
    """The loss of a record: real ones have label 1."""
    samples, labels = parts
    return functional.binary_cross_entropy_with_logits(judge(samples), labels, reduction="sum")


def records(shape, n, label=1.0):
    return torch.randn(n, *shape), torch.full((n,), label)


def plain(network, groups):
    """What `backward` of the summed loss says."""
    network.zero_grad()
    for samples, labels in groups:
        functional.binary_cross_entropy_with_logits(network(samples), labels, reduction="sum").backward()
    assert all(weight.grad is not None for weight in network.parameters())
    return torch.cat([weight.grad.flatten() for weight in network.parameters()])


@pytest.mark.parametrize("name", NETWORKS)
def test_without_noise_and_a_huge_clip_it_is_the_plain_gradient(name):
    network, shape = NETWORKS[name]
    groups = [records(shape, 9), records(shape, 6, 0.0)]
    step = PrivateStep(clip=1_000.0, noise_multiplier=0.0, n_expected=8.0, chunk=4)
    found = private_gradient(network, of_one, groups, step, NOISE)
    assert found == pytest.approx(plain(network, groups) / 8, abs=15 * 1_000 / STEPS / 8)


@pytest.mark.parametrize("name", NETWORKS)
def test_each_record_adds_its_own_gradient_cut_to_the_clip(name):
    network, shape = NETWORKS[name]
    samples, labels = records(shape, 12)
    own = torch.stack([plain(network, [(samples[k : k + 1], labels[k : k + 1])]) for k in range(12)])
    clip = float(own.norm(dim=1).median())
    cut = own * (clip / own.norm(dim=1, keepdim=True)).clamp(max=1)
    step = PrivateStep(clip=clip, noise_multiplier=0.0, n_expected=1.0, chunk=5)
    found = private_gradient(network, of_one, [(samples, labels)], step, NOISE)
    assert found == pytest.approx(cut.sum(0), abs=12 * 20 * clip / STEPS)
    assert not torch.allclose(found, own.sum(0), rtol=0.01)


@pytest.mark.parametrize("name", NETWORKS)
def test_one_record_more_moves_the_sum_by_the_clip_at_most(name):
    """Whatever it is: huge, not a number, or like the others; and the noise is the same for both."""
    network, shape = NETWORKS[name]
    samples, labels = records(shape, 8)
    step = PrivateStep(clip=0.01, noise_multiplier=0.0, n_expected=1.0, chunk=3)
    without = clipped_sum(network, of_one, (samples, labels), step)
    for odd in (samples[0] * 1e6, samples[0] * 1e30, torch.full(shape, torch.nan), torch.zeros(shape)):
        more = torch.cat([samples, odd[None]]), torch.cat([labels, labels[:1]])
        moved = (clipped_sum(network, of_one, more, step) - without).double().norm()
        assert moved <= STEPS


def test_the_sum_is_the_same_in_any_order_and_chunk():
    network, shape = NETWORKS["convolution"]
    samples, labels = records(shape, 10)
    step = PrivateStep(clip=0.5, noise_multiplier=0.0, n_expected=1.0, chunk=10)
    one = clipped_sum(network, of_one, (samples, labels), step)
    order = torch.randperm(10)
    assert torch.equal(clipped_sum(network, of_one, (samples[order], labels), step), one)
    halves = [clipped_sum(network, of_one, (part, labels[:5]), step) for part in samples.split(5)]
    assert (halves[0] + halves[1] - one).abs().max() <= 10  # sums within a network may differ by a last bit


def test_a_batch_of_nobody_is_pure_noise_of_the_stated_width():
    network, shape = NETWORKS["linear"]
    step = PrivateStep(clip=0.3, noise_multiplier=2.0, n_expected=16.0)
    nobody = torch.empty(0, *shape), torch.empty(0)
    drawn = torch.stack([private_gradient(network, of_one, [nobody], step, NOISE) for _ in range(60)])
    assert float(drawn.std()) == pytest.approx(2 * 0.3 / 16, rel=0.08)
    assert np.abs(np.corrcoef(drawn[:-1].flatten(), drawn[1:].flatten())[0, 1]) < 0.13


def test_noise_is_drawn_once_a_step_however_small_the_chunks():
    network, shape = NETWORKS["linear"]
    step = PrivateStep(clip=1e-6, noise_multiplier=1.0, n_expected=1.0, chunk=2)
    real, fake = records(shape, 6), records(shape, 6, 0.0)
    drawn = torch.stack([private_gradient(network, of_one, [real, fake], step, NOISE) for _ in range(30)])
    assert float(drawn.std(0).mean()) == pytest.approx(1e-6, rel=0.12)


def test_penalties_of_a_record_alone_are_part_of_its_loss():
    network, shape = NETWORKS["linear"]

    def with_r1(judge, parts):
        slope = torch.func.grad(lambda samples: judge(samples).sum())(parts[0])
        return of_one(judge, parts) + 0.5 * (slope**2).sum()

    samples, labels = records(shape, 6)
    step = PrivateStep(clip=1_000.0, noise_multiplier=0.0, n_expected=1.0)
    found = private_gradient(network, with_r1, [(samples, labels)], step, NOISE)
    inputs = samples.clone().requires_grad_()
    logits = network(inputs)
    (slopes,) = torch.autograd.grad(logits.sum(), inputs, create_graph=True)
    loss = (
        functional.binary_cross_entropy_with_logits(logits, labels, reduction="sum") + 0.5 * (slopes**2).sum()
    )
    expected = torch.cat([each.flatten() for each in torch.autograd.grad(loss, list(network.parameters()))])
    assert found == pytest.approx(expected, abs=6 * 1_000 / STEPS)


def test_layers_that_mix_records_are_refused():
    with pytest.raises(UsageError, match=r"layer '1' \(BatchNorm1d\) mixes the records"):
        check_separate(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))
    for network, _ in NETWORKS.values():
        check_separate(network)


def test_weights_that_two_layers_share_are_refused():
    network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    network[1].weight = network[0].weight
    with pytest.raises(UsageError, match="share weights"):
        check_separate(network)
