"""Convolutional players on grids of one, two and three dimensions, of any size."""

from __future__ import annotations

import pytest
import torch

from gansmith.nets.convolution import (
    COARSEST_SIDE,
    ENOUGH_SAMPLES,
    Coarser,
    Finer,
    GridDecoder,
    GridEncoder,
    ResidualConvolutions,
    grid_widths,
    grids_of,
)
from gansmith.nets.grid_players import GridBatchDiscriminator, GridDiscriminator, GridGenerator

SHAPES = [(2, 13), (1, 7, 10), (3, 5, 4, 6)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_a_series_a_volume_come_out_in_their_own_size(shape):
    generator = GridGenerator(shape, 5, 2, (8, 4), 1, "leaky_relu")
    discriminator = GridDiscriminator(shape, 2, (4, 8, 6), 1, "leaky_relu")
    latents, asked = torch.randn(3, 5), torch.randn(3, 2)
    samples = generator(latents, asked)
    assert samples.shape == (3, *shape)
    assert samples.dtype == torch.float32
    assert discriminator(samples, asked).shape == (3,)


@pytest.mark.parametrize("shape", [(1, 16, 1), (1, 24, 2), (1, 4, 4, 2), (1, 1), (16, 24, 2)])
def test_half_precision_is_right_on_narrow_grids(shape):
    torch.manual_seed(0)
    coarser, x = Coarser(len(shape) - 1, shape[0], 32, 1.0), torch.rand(64, *shape)
    weight = coarser.change.get_parameter("weight")
    grown = [torch.autograd.grad(coarser(x).float().sum(), [weight])[0]]
    exact = coarser(x).detach()
    with torch.autocast("cpu", torch.bfloat16):
        made = coarser(x).float()
        grown += torch.autograd.grad(made.sum(), [weight])
    assert float((made.detach() - exact).abs().max()) < 0.05 * float(exact.abs().max())
    assert float((grown[1] - grown[0]).abs().max()) < 0.05 * float(grown[0].abs().max())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_record_is_judged_by_itself(shape):
    torch.manual_seed(0)
    discriminator = GridDiscriminator(shape, 0, (4, 8, 6), 1, "leaky_relu")
    samples = torch.rand(4, *shape, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(samples)[1], samples, create_graph=True)
    assert gradient[1].abs().sum() > 0
    assert gradient[[0, 2, 3]].abs().sum() == 0
    assert gradient.square().sum().requires_grad  # penalties differentiate once more
    order = torch.tensor([2, 0, 3, 1])
    assert torch.allclose(discriminator(samples[order]), discriminator(samples)[order], atol=1e-6)


def test_all_of_the_record_is_made_and_seen():
    shape = (2, 9, 6)
    generator = GridGenerator(shape, 4, 0, (8, 4), 1, "leaky_relu")
    discriminator = GridDiscriminator(shape, 0, (4, 8, 6), 1, "leaky_relu")
    assert (generator(torch.randn(32, 4)).std(0) > 0).all()
    samples = torch.rand(1, *shape, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(samples).sum(), samples)
    assert (gradient != 0).all()


def test_what_is_asked_for_counts_in_both_players():
    torch.manual_seed(0)
    generator = GridGenerator((1, 8, 8), 4, 3, (8,), 1, "leaky_relu")
    discriminator = GridDiscriminator((1, 8, 8), 3, (8, 6), 1, "leaky_relu")
    latents, one, other = torch.randn(2, 4), torch.eye(3)[:2], torch.eye(3)[1:]
    samples = generator(latents, one)
    assert not torch.allclose(samples, generator(latents, other))
    assert torch.allclose(generator(latents, torch.zeros(2, 3)), generator(latents))
    assert not torch.allclose(discriminator(samples, one), discriminator(samples, other))
    assert torch.allclose(discriminator(samples, torch.zeros(2, 3)), discriminator(samples))


def test_a_residual_block_begins_as_the_identity():
    x = torch.randn(2, 4, 5, 5)
    assert torch.equal(ResidualConvolutions(2, 4, "leaky_relu")(x), x)


def test_interpolation_keeps_what_is_even():
    torch.manual_seed(0)
    finer = Finer(3, 2, (5, 7))
    flat = torch.ones(1, 3, 3, 4) * torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    made = finer(flat)
    assert made.shape == (1, 2, 5, 7)
    assert torch.allclose(made, made[:, :, :1, :1].expand_as(made), atol=1e-6)  # no checkerboard


def test_sides_are_halved_and_rounded_up():
    assert grids_of((28, 28), 3) == ((7, 7), (14, 14), (28, 28))
    for side in range(1, 9):
        assert Coarser(1, 1, 1, 1.0)(torch.zeros(1, 1, side)).shape[2] == -(-side // 2)


def test_a_statistic_of_the_batch_is_looked_at():
    torch.manual_seed(0)
    judge = GridBatchDiscriminator((1, 8, 8), 0, (4, 6), 1, "leaky_relu", "deviation")
    samples = torch.rand(4, 1, 8, 8)
    alike = torch.cat([samples[:1]] * 4)
    assert not torch.isclose(judge(samples)[0], judge(alike)[0])


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64), (4, 100, 30), (2, 500), (1, 16, 16, 16)])
def test_sizes_follow_from_the_record_and_the_time(shape):
    short, long = grid_widths(shape, 60), grid_widths(shape, 36_000)
    assert max(grids_of(shape[1:], len(short.decoder) + 1)[0]) <= COARSEST_SIDE
    assert short.encoder[:-1] == short.decoder[::-1]
    assert long.decoder[-1] > short.decoder[-1]
    assert long.samples_seen >= ENOUGH_SAMPLES


def test_work_is_counted():
    decoder = GridDecoder(3, (1, 8, 8), (4,), 1, "leaky_relu")
    block, first = 2 * (4 * 4 * 9 + 4), 4 * 16 * (3 + 1)
    finest = (4 * 4 * 9 + 4) + (1 * 4 * 9 + 1)
    assert decoder.n_operations == 16 * block + 64 * finest + first
    encoder = GridEncoder((1, 8, 8), (4, 5), 1, "leaky_relu")
    assert encoder.n_operations == 16 * (4 * 16 + 4) + 16 * block + (4 * 16 + 1) * 5
