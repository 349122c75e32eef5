"""Networks of pairs: they start as what is there already, take any grid, and see as far as they say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gansmith.nets.resizing import resized
from gansmith.nets.translators import GridTranslator, PatchDiscriminator, continued, folded, unfolded


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def shaken(network: torch.nn.Module) -> torch.nn.Module:
    """The same with weights that make something of everything."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in network.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=generator))
    return network


@pytest.mark.parametrize(
    ("shape", "factor"), [((3, 16, 16), 4), ((1, 16), 2), ((2, 8, 8, 8), 1), ((3, 16, 16), 1)]
)
def test_a_network_of_changes_starts_as_interpolation(shape, factor):
    network = GridTranslator(shape, shape[0], (8, 8), 1, "leaky_relu", factor=factor, n_same=shape[0])
    source = noise(2, *shape)
    plain = resized(source, [factor * side for side in shape[1:]])
    if factor > 1:
        plain = plain + resized(source - resized(plain, shape[1:]), plain.shape[2:])
    assert torch.equal(network(source), plain)


def test_a_larger_result_reduced_again_is_the_source():
    network = shaken(GridTranslator((3, 16, 16), 3, (8,), 2, "leaky_relu", factor=4, n_same=3))
    source = noise(1, 3, 16, 16)
    made = network(source)
    apart = (made - resized(source, (64, 64))).abs().mean()
    assert (resized(made, (16, 16)) - source).abs().mean() < 0.5 * apart


def test_what_is_made_anew_starts_in_the_middle():
    network = GridTranslator((3, 16, 16), 1, (8,), 1, "leaky_relu")
    assert torch.equal(network(noise(2, 3, 16, 16)), torch.full((2, 1, 16, 16), 0.5))


@pytest.mark.parametrize("grid", [(16, 16), (17, 23), (1, 5)])
def test_any_grid_will_do(grid):
    network = shaken(GridTranslator((3, 16, 16), 2, (4, 8, 8), 1, "leaky_relu", fold=2, factor=2))
    assert network(noise(1, 3, *grid)).shape == (1, 2, *(2 * side for side in grid))


def test_noise_makes_a_difference_where_it_is_taken():
    network = shaken(GridTranslator((1, 8, 8), 1, (4,), 1, "leaky_relu", n_noise=2))
    source = noise(1, 1, 8, 8)
    one, other = (network(source, noise(1, 2, 8, 8, seed=seed)) for seed in (1, 2))
    assert not torch.equal(one, other)
    assert torch.equal(network(source), network(source, torch.zeros(1, 2, 8, 8)))


@pytest.mark.parametrize(
    ("widths", "n_blocks", "fold"), [((4,), 3, 1), ((4, 4, 4), 1, 2), ((2, 2, 2, 2), 1, 1)]
)
def test_nothing_beyond_its_reach_is_seen(widths, n_blocks, fold):
    network = GridTranslator((1, 200), 1, widths, n_blocks, "leaky_relu", fold=fold)
    shaken(network).double()
    source = noise(1, 1, 300).double().requires_grad_()
    (gradient,) = torch.autograd.grad(network(source)[0, 0, 150], source)
    seen = torch.nonzero(gradient[0, 0])[:, 0]
    assert int((seen - 150).abs().max()) <= network.reach


@pytest.mark.parametrize("grid", [(8,), (8, 12), (4, 8, 4)])
def test_folding_is_undone_by_unfolding(grid):
    values = noise(2, 3, *grid)
    assert folded(values, 2).shape == (2, 3 * 2 ** len(grid), *(side // 2 for side in grid))
    assert torch.equal(unfolded(folded(values, 2), 2), values)


def test_folding_in_two_dimensions_is_torch_s():
    values = noise(2, 3, 8, 12)
    assert torch.equal(folded(values, 4), torch.nn.functional.pixel_unshuffle(values, 4))


def test_sides_are_continued_to_multiples():
    assert continued(noise(1, 1, 5, 8), 4).shape == (1, 1, 8, 8)


def test_patches_are_judged_beside_what_they_were_made_of():
    judge = PatchDiscriminator((3, 32, 32), 1, (8, 16), "leaky_relu")
    real, source = noise(2, 3, 32, 32), noise(2, 1, 16, 16)
    logits, features = judge.with_features(real, source)
    assert logits.shape == (2, 64)
    assert [tuple(feature.shape) for feature in features] == [(2, 8, 16, 16), (2, 16, 8, 8), (2, 16, 8, 8)]
    assert not torch.equal(logits, judge(real, 1 - source))
    assert judge(noise(2, 3, 48, 40), noise(2, 1, 48, 40)).shape == (2, 120)


def test_operations_are_counted():
    one = GridTranslator((3, 16, 16), 3, (8,), 2, "leaky_relu")
    n_weights = sum(weights.numel() for weights in one.parameters())
    assert one.n_operations == 256 * n_weights
    assert GridTranslator((3, 32, 32), 3, (8,), 2, "leaky_relu").n_operations == 4 * one.n_operations
    judge = PatchDiscriminator((3, 16, 16), 0, (4,), "leaky_relu")
    assert judge.n_operations == 64 * (3 * 4 * 16 + 4 + 4 * 4 * 9 + 4)
