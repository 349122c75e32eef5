"""Changes of records on a grid, against what they should do to ramps, boxes and colours."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gansmith.engine import grid_augmentation
from gansmith.engine.augmentation import AUGMENTATIONS, AugmentationConfig
from gansmith.engine.grid_augmentation import cut, flipped, moved, noisy, recoloured, shifted
from gansmith.errors import UsageError

NAMES = ["flip", "shift", "affine", "colour", "cutout", "noise"]
SHAPES = [(3, 12), (3, 8, 9), (2, 5, 6, 7)]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ramp(n: int, *grid: int, axis: int = -1) -> torch.Tensor:
    """Records of one channel whose values count the cells along an axis."""
    shape = [1] * (2 + len(grid))
    shape[axis] = grid[axis]
    return torch.arange(float(grid[axis])).view(shape).expand(n, 1, *grid)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_changes_keep_shapes_and_are_drawn_for_each_record(name, shape):
    samples = torch.rand(300, *shape, generator=seeded(1))
    config = AugmentationConfig(name, 0.5)
    changed = config.applied(samples, 0.0, seeded())
    assert changed.shape == samples.shape
    assert torch.equal(changed, config.applied(samples, 0.0, seeded()))
    is_changed = (changed != samples).flatten(1).any(1).float().mean()
    assert 0.3 < is_changed < 0.6
    alike = AUGMENTATIONS[name].function(samples[:1].expand(8, *shape), seeded())
    assert name == "flip" or not (alike == alike[0]).flatten(1).all(1).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(2, 6), (3, 5, 4), (1, 3, 4, 3)])
def test_gradients_go_through_to_the_samples(name, shape):
    samples = torch.rand(4, *shape, dtype=torch.float64, generator=seeded(1), requires_grad=True)
    config = AugmentationConfig(name, 0.5)
    is_same = config.applied(samples, 0.0, seeded()) == samples
    assert 0 < is_same.flatten(1).all(1).sum() < 4
    assert torch.autograd.gradcheck(lambda one: config.applied(one, 0.0, seeded()), samples, fast_mode=True)


@pytest.mark.parametrize("name", NAMES)
def test_records_on_no_grid_are_refused(name):
    with pytest.raises(UsageError, match="mask, scale and jitter"):
        AUGMENTATIONS[name].function(torch.rand(4, 5), seeded())


def test_a_mirrored_record_is_mirrored_in_its_last_axis():
    assert torch.equal(flipped(ramp(2, 3, 5), seeded()), 4 - ramp(2, 3, 5))
    assert torch.equal(flipped(ramp(2, 3, 5, axis=-2), seeded()), ramp(2, 3, 5, axis=-2))


def test_a_shift_is_a_window_on_the_picture_and_its_mirrored_edges():
    picture = np.random.default_rng(0).random((2, 16, 24), dtype=np.float32)
    wide = np.pad(picture, [(0, 0), (2, 2), (3, 3)], mode="reflect")
    windows = {
        wide[:, top : top + 16, left : left + 24].tobytes(): (top - 2, left - 3)
        for top in range(5)
        for left in range(7)
    }
    moved_ones = shifted(torch.from_numpy(picture).expand(900, 2, 16, 24), seeded())
    found = {windows[one.numpy().tobytes()] for one in moved_ones}
    assert found == set(windows.values())


# --- One affine map ---------------------------------------------------------------------------------------


@pytest.fixture
def only(monkeypatch):
    """`only(NAME)`: the affine map does nothing else."""

    def leave(*names):
        known = ["ZOOM_DEVIATION", "STRETCH_DEVIATION", "ANGLE_DEVIATION", "SHIFT_DEVIATION"]
        for name in known:
            if name not in names:
                monkeypatch.setattr(grid_augmentation, name, 0.0)

    return leave


def slopes(grid: tuple[int, ...]) -> torch.Tensor:
    """How fast a ramp along each axis rises along each axis, in the middle: shape `(400, d, d)`."""
    rows = []
    for axis in range(len(grid)):
        found = moved(ramp(400, *grid, axis=axis - len(grid)), seeded())[:, 0]
        middle = tuple(size // 2 for size in grid)
        here = found[:, *middle]
        steps = [tuple(m + (other == k) for k, m in enumerate(middle)) for other in range(len(grid))]
        rows.append(torch.stack([found[:, *step] - here for step in steps], 1))
    return torch.stack(rows, 1)


@pytest.mark.parametrize("grid", [(9,), (8, 12), (5, 6, 7)])
def test_a_map_that_does_nothing_gives_the_record_back(only, grid):
    only()
    samples = torch.rand(4, 3, *grid)
    assert torch.allclose(moved(samples, seeded()), samples, atol=1e-5)


@pytest.mark.parametrize("grid", [(9,), (8, 12), (5, 6, 7)])
def test_beyond_the_edge_is_more_of_the_same(grid):
    samples = torch.full((50, 2, *grid), 0.7)
    assert torch.allclose(moved(samples, seeded()), samples, atol=1e-5)


def test_a_series_is_not_rotated(only):
    only("ANGLE_DEVIATION")
    samples = torch.rand(50, 2, 40)
    assert torch.allclose(moved(samples, seeded()), samples, atol=1e-5)


def test_rotation_keeps_lengths_of_pictures_that_are_not_square(only):
    only("ANGLE_DEVIATION")
    found = slopes((24, 40))
    unit = torch.eye(2).expand(400, 2, 2)
    assert torch.allclose(found @ found.mT, unit, atol=1e-3)
    angles = torch.rad2deg(torch.atan2(found[:, 0, 1], found[:, 0, 0]))
    assert angles.std().item() == pytest.approx(10, abs=1)


def test_rotation_of_a_volume_is_in_its_last_two_axes(only):
    only("ANGLE_DEVIATION")
    found = slopes((5, 12, 12))
    assert torch.allclose(found[:, 0], torch.tensor([1.0, 0, 0]).expand(400, 3), atol=1e-3)
    assert found[:, 1, 2].abs().max() > 0.2


@pytest.mark.parametrize("grid", [(40,), (40, 24)])
def test_zoom_is_the_same_and_stretch_another_one_along_each_side(only, grid):
    only("ZOOM_DEVIATION", *(["STRETCH_DEVIATION"] if len(grid) == 1 else []))
    found = slopes(grid)
    logs = found.diagonal(dim1=1, dim2=2).log()
    expected = math.hypot(0.2, 0.1) if len(grid) == 1 else 0.2
    assert logs.std(0).mean().item() == pytest.approx(expected, rel=0.15)
    assert torch.allclose(logs[:, 0], logs[:, -1], atol=1e-3)
    assert torch.allclose(found, torch.diag_embed(logs.exp()), atol=1e-3)


def test_stretch_is_drawn_for_each_side(only):
    only("STRETCH_DEVIATION")
    logs = slopes((24, 24)).diagonal(dim1=1, dim2=2).log()
    assert logs.std(0).mean().item() == pytest.approx(0.1, rel=0.15)
    assert abs(torch.corrcoef(logs.T)[0, 1]) < 0.15


def test_shifts_are_a_share_of_each_side(only):
    only("SHIFT_DEVIATION")
    for axis, size in ((-2, 32), (-1, 64)):
        found = moved(ramp(400, 32, 64, axis=axis), seeded())[:, 0, 16, 32]
        assert (found - size / 2).std().item() == pytest.approx(size / 16, rel=0.15)


def test_half_precision_moves_a_picture_to_the_same_place():
    samples = torch.rand(8, 3, 64, 64, generator=seeded(1))
    exact = moved(samples, seeded())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(moved(samples, seeded()), exact)
        for name in NAMES:
            half = AUGMENTATIONS[name].function(samples.bfloat16(), seeded())
            assert half.dtype == torch.bfloat16
    assert torch.allclose(moved(samples.bfloat16(), seeded()).float(), exact, atol=0.01)


# --- Values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_channels", "n_colours"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5)])
def test_colours_change_and_transparency_does_not(n_channels, n_colours):
    samples = torch.rand(300, n_channels, 4, 5, generator=seeded(1))
    changed = recoloured(samples, seeded())
    assert torch.equal(changed[:, n_colours:], samples[:, n_colours:])
    assert (changed[:, :n_colours] != samples[:, :n_colours]).float().mean() > 0.99
    before, after = samples[:, :n_colours].mean(1), changed[:, :n_colours].mean(1)
    contrast = after.flatten(1).std(1) / before.flatten(1).std(1)
    assert contrast.log().std().item() == pytest.approx(0.2, rel=0.15)
    assert torch.allclose(  # a line through all pixels: brightness and contrast
        after - after.mean((1, 2), keepdim=True),
        contrast.view(-1, 1, 1) * (before - before.mean((1, 2), keepdim=True)),
        atol=1e-5,
    )
    bright = (after.mean((1, 2)) - 0.5) / contrast - (before.mean((1, 2)) - 0.5)
    assert bright.std().item() == pytest.approx(0.1, rel=0.15)
    differences = [(one[:, :1] - one[:, n_colours - 1 : n_colours]) for one in (changed, samples)]
    if n_colours > 1:
        factors = (differences[0] / differences[1])[:, 0, 0, 0] / contrast
        expected = 0.3 if n_colours == 3 else 0.0
        assert factors.log().std().item() == pytest.approx(expected, rel=0.15, abs=1e-3)


def test_a_box_is_cut_out_through_all_channels():
    samples = 1 + torch.rand(600, 3, 32, 32)
    changed = cut(samples, seeded())
    is_cut = changed != samples
    assert (changed[is_cut] == 0.5).all()
    assert torch.equal(is_cut.all(1), is_cut.any(1))
    sides = is_cut[:, 0].any(2).sum(1), is_cut[:, 0].any(1).sum(1)
    assert torch.equal(is_cut[:, 0].sum((1, 2)), sides[0] * sides[1])
    for side in sides:
        assert side.max() == 16
        assert side.float().mean().item() == pytest.approx(32 * 7 / 16, rel=0.05)  # it may stand out


def test_noise_has_a_strength_for_each_record():
    samples = torch.rand(400, 3, 16, 16)
    strengths = (noisy(samples, seeded()) - samples).flatten(1).std(1)
    assert strengths.square().mean().sqrt().item() == pytest.approx(0.1, rel=0.1)
    assert strengths.min() < 0.01
