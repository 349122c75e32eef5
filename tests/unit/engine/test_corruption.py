"""What perturbs records on a grid keeps shape and range, changes something, and is repeatable."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from gansmith.engine.corruption import SHEAR, ZOOM, GridCorruptor, bent, mirrored, turned

SHAPES = [(1, 16), (2, 9), (1, 8, 8), (3, 8, 12), (1, 6, 6, 6), (2, 4, 5, 6)]
"""Channels, and a grid of one, two or three dimensions."""
CHANGES = [mirrored, turned, bent]


def noise(shape: tuple[int, ...], n: int = 12) -> Tensor:
    return torch.rand(n, *shape)


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_keeps_shape_and_range_and_repeats_itself(change, shape):
    samples = noise(shape)
    before, found = samples.clone(), change(samples, stream())
    assert torch.equal(samples, before)
    assert found.shape == samples.shape
    assert found.dtype == samples.dtype
    assert found.min() > samples.min() - 1e-5
    assert found.max() < samples.max() + 1e-5
    assert torch.equal(found, change(samples, stream()))
    assert not torch.equal(found, change(samples, stream(1))) or (change is mirrored and samples.ndim == 3)
    assert bool((found != samples).flatten(1).any(1).all())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_there_is_nothing_to_change_where_all_values_are_one(change, shape):
    flat = torch.full((5, *shape), 0.25)
    assert torch.allclose(change(flat, stream()), flat, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_mirrored_twice_is_the_original(shape):
    samples = noise(shape)
    once = mirrored(samples, stream())
    assert torch.equal(mirrored(once, stream()), samples)
    assert torch.equal(once.flatten(2).sort().values, samples.flatten(2).sort().values)


def test_equal_axes_are_exchanged_and_others_are_not():
    square, long = noise((1, 8, 8), 64), noise((1, 8, 9), 64)
    ways = [square.flip(2), square.flip(3), square.transpose(2, 3)]
    found = mirrored(square, stream())
    told = torch.stack([(found == way).flatten(1).all(1) for way in ways])
    assert bool((told.sum(0) == 1).all())
    assert bool(told.any(1).all())
    found = mirrored(long, stream())
    told = torch.stack([(found == way).flatten(1).all(1) for way in (long.flip(2), long.flip(3))])
    assert bool((told.sum(0) == 1).all())


def test_a_series_is_zoomed_about_its_middle():
    """A straight line stays one, its slope by a factor between those of `ZOOM`, its middle where it was."""
    n = 100
    line = ((torch.arange(n) + 0.5) / n).expand(40, 1, n).contiguous()
    middle = turned(line, stream())[:, 0, 35:65]
    slopes = n * middle.diff(dim=1)
    assert torch.allclose(slopes, slopes[:, :1].expand_as(slopes), atol=1e-3)
    assert torch.allclose(middle.mean(1), torch.full((40,), 0.5), atol=1e-4)
    factors = slopes[:, 0].log()
    assert factors.abs().max() <= ZOOM + 1e-3
    assert factors.min() < -ZOOM / 2
    assert factors.max() > ZOOM / 2


def test_a_picture_is_turned_by_any_angle_about_its_middle():
    """Of a plane the middle stays, and the gradient turns anywhere, no longer than zoom and shear make it."""
    side = 32
    ramp = ((torch.arange(side) + 0.5) / side)[None, None, :, None].expand(200, 1, side, side).contiguous()
    found = turned(ramp, stream())[:, 0, 12:20, 12:20]
    assert torch.allclose(found.mean((1, 2)), torch.full((200,), 0.5), atol=1e-4)
    down, right = (side * found.diff(dim=axis).mean((1, 2)) for axis in (1, 2))
    assert torch.hypot(down, right).max() < math.exp(ZOOM) * (1 + SHEAR)
    quarters = (down > 0).int() * 2 + (right > 0).int()
    assert set(quarters.tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("shape", [(1, 64), (1, 32, 32), (1, 12, 12, 12)], ids=str)
def test_a_bent_line_is_no_line(shape):
    """Cells look elsewhere, by a share of a side that is neither nothing nor all of it."""
    ramp = torch.linspace(0, 1, shape[-1]).expand(30, *shape).contiguous()
    moved = (bent(ramp, stream()) - ramp).flatten(1)
    assert 0.03 < moved.std(1).mean() < 0.25
    assert moved.std(1).min() > 0.01


def test_the_first_axis_of_a_block_is_not_turned():
    blocks = torch.linspace(0, 1, 8)[None, None, :, None, None].expand(20, 1, 8, 8, 8).contiguous()
    found = turned(blocks, stream())
    assert torch.allclose(found, found[:, :, :, :1, :1].expand_as(found), atol=1e-5)
    assert not torch.allclose(found, blocks, atol=1e-2)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_each_record_is_one_part_and_is_changed(shape):
    samples = noise(shape, 30)
    changed, is_changed = GridCorruptor()(samples, stream())
    assert changed.shape == samples.shape
    assert is_changed.shape == (30, 1)
    assert bool(is_changed.all())
    assert bool((changed != samples).flatten(1).any(1).all())
    again = GridCorruptor()(samples, stream())
    assert torch.equal(changed, again[0])


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_few_records_are_changed_too(n):
    samples = noise((1, 8, 8), n)
    changed, is_changed = GridCorruptor()(samples, stream())
    assert bool((changed != samples).flatten(1).any(1).all())
    assert is_changed.shape == (n, 1)


def test_a_corruptor_changes_in_several_ways():
    """Of records that a mirror leaves as they are, two in three are changed still."""
    rings = torch.linspace(-1, 1, 9).square()
    round_ones = (rings[:, None] + rings)[None, None].expand(90, 1, 9, 9) / 2
    changed, _ = GridCorruptor()(round_ones.contiguous(), stream())
    assert (changed != round_ones).flatten(1).any(1).sum() == 60


def test_half_precision_stays_half_precision():
    changed, _ = GridCorruptor()(noise((1, 8, 8)).to(torch.bfloat16), stream())
    assert changed.dtype == torch.bfloat16
