"""What damage does to pictures, and what it leaves alone."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Damaging
from gansmith.modalities.image import DAMAGES
from gansmith.modalities.image.damage import CAMERA, FILM, LOST, MARKS, PRINT, STAGES, damaged
from gansmith.modalities.image.damage_camera import GAMMA, as_jpeg, blurred, noisy, reduced
from gansmith.modalities.image.damage_draws import Draws
from gansmith.modalities.image.damage_print import desaturated, yellowed
from gansmith.modalities.image.recipe import ImageRecipe
from gansmith.modalities.registry import needed

STEPS = [step for stage in (FILM, PRINT, MARKS, CAMERA) for step, _ in stage.steps]
CPU = torch.device("cpu")


def _chance(seed=0):
    return torch.Generator().manual_seed(seed)


def _draws(seed=0):
    return Draws(_chance(seed), CPU)


def _pictures(n=8, n_channels=3, height=40, width=44):
    """Smooth ones with some edges, in the middle of the range."""
    values = _draws(9).normal(n * n_channels, 1, 1, 1).mul(0.1) + _draws(8).smooth(
        n * n_channels, 5, height, width
    )
    edge = (torch.arange(width) > width // 2).float() * 0.2
    return (0.2 + 0.5 * values + edge).clamp(0.05, 0.95).view(n, n_channels, height, width)


def _psnr(one, other):
    return float(-10 * (one - other).square().mean().log10())


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 37, 21), (8, 40, 44), (2, 1, 3)])
def test_the_shape_stays_and_values_are_those_of_a_file(damage, n_channels, shape):
    n, height, width = shape
    pictures = _pictures(n, n_channels, height, width)
    left = damaged(pictures, damage, _chance())
    assert left.pictures.shape == pictures.shape
    assert left.mask.shape == (n, 1, height, width)
    assert 0 <= left.pictures.min() <= left.pictures.max() <= 1
    assert torch.equal((left.pictures * 255).round() / 255, left.pictures)
    assert set(left.mask.unique().tolist()) <= {0.0, 1.0}


def test_every_damage_has_its_stages():
    assert tuple(STAGES) == DAMAGES


@pytest.mark.parametrize("step", STEPS)
def test_each_step_changes_what_it_meets_but_keeps_its_range(step):
    pictures = _pictures()
    found = step(pictures, _draws())
    found = found[0] if isinstance(found, tuple) else found
    assert found.isfinite().all()
    assert -1e-5 <= found.min() <= found.max() <= 1 + 1e-5
    assert (found - pictures).abs().amax((1, 2, 3)).gt(1e-3).float().mean() >= 0.75


def test_the_same_generator_gives_the_same_bits_and_pictures_stay_as_they_were():
    pictures = _pictures()
    kept, state = pictures.clone(), torch.get_rng_state()
    one, same, other = (damaged(pictures, "old", _chance(seed)) for seed in (3, 3, 4))
    assert torch.equal(one.pictures, same.pictures)
    assert torch.equal(one.mask, same.mask)
    assert not torch.equal(one.pictures, other.pictures)
    assert torch.equal(pictures, kept)
    assert torch.equal(torch.get_rng_state(), state)


def test_each_picture_is_damaged_in_its_own_way_and_some_are_spared():
    same = _pictures(1, height=24, width=24).expand(200, -1, -1, -1)
    left = damaged(same, "old", _chance(1)).pictures
    changes = (left - same).abs().amax((1, 2, 3))
    assert 0.01 < (changes < 1 / 255).float().mean() < 0.12
    is_changed = changes > 1 / 255
    assert len(left[is_changed].unique(dim=0)) == is_changed.sum()


@pytest.mark.parametrize("step", [step for step, _ in MARKS.steps])
def test_the_mask_says_where_something_is_lost(step):
    pictures = torch.full((16, 3, 64, 64), 0.5)  # neither white nor dark, so that any mark shows
    marked, cover = step(pictures, _draws(2))
    is_lost = cover[:, 0] >= LOST
    change = (marked - pictures).abs().amax(1)
    assert 0 < is_lost.float().mean() < 0.2
    assert (change[is_lost] > 0.05).float().mean() > 0.9
    assert (change[cover[:, 0] == 0] > 0.3).float().mean() < 0.01


def test_a_camera_loses_no_content_and_no_colour():
    pictures = _pictures()
    left = damaged(pictures, "camera", _chance())
    assert not left.mask.any()
    means, were = left.pictures.mean((2, 3)), pictures.mean((2, 3))
    assert (means - were).abs().max() < 0.03


def test_old_pictures_lose_content():
    shares = damaged(_pictures(32), "old", _chance()).mask.mean((1, 2, 3))
    assert (shares > 0).float().mean() > 0.5
    assert shares.mean() < 0.15


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("mode", ["RGB, 4:4:4", "RGB, 4:2:0", "L"])
def test_jpeg_is_that_of_libjpeg(quality, mode):
    pictures = _pictures(1, 1 if mode == "L" else 3, 70, 83)
    pixels = (pictures[0] * 255 + 6 * _draws().normal(*pictures.shape[1:])).round().clamp(0, 255)
    channels_last = pixels.permute(1, 2, 0).numpy().astype(np.uint8)
    picture = Image.fromarray(channels_last[..., 0] if mode == "L" else channels_last)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=2 if mode.endswith("0") else 0)
    theirs = torch.from_numpy(np.array(Image.open(file))).float() / 255
    theirs = theirs.view(70, 83, -1).permute(2, 0, 1)[None]
    parameters = (
        torch.tensor(float(quality)).view(1, 1, 1, 1),
        torch.tensor(mode.endswith("0")).view(1, 1, 1, 1),
    )
    ours = as_jpeg(pixels[None] / 255, *parameters)
    assert _psnr(ours, theirs) > 38
    assert _psnr(ours, theirs) > _psnr(pixels[None] / 255, theirs) + 5


def test_jpeg_keeps_less_the_lower_its_quality():
    pictures = _pictures(3) + 0.05 * _draws().normal(3, 3, 40, 44)
    qualities = torch.tensor([95.0, 60.0, 30.0]).view(3, 1, 1, 1)
    same = pictures[:1].clamp(0, 1).expand(3, -1, -1, -1)
    left = as_jpeg(same, qualities, torch.zeros(3, 1, 1, 1, dtype=torch.bool))
    kept = [_psnr(one, same[0]) for one in left]
    assert all(more > less for more, less in pairwise(kept))


@pytest.mark.parametrize("step", [blurred, reduced])
def test_lenses_and_resizing_keep_the_light(step):
    dots = torch.zeros(16, 3, 48, 48)
    dots[:, :, 20:28, 20:28] = 1.0
    left = step(dots, _draws())
    light = left.pow(GAMMA).sum((1, 2, 3)) / dots.sum((1, 2, 3))
    assert (light - 1).abs().max() < 0.06  # what rings below black is cut off


def test_noise_is_no_bias():
    grey = torch.full((8, 3, 64, 64), 0.5)
    change = noisy(grey, _draws()) - grey
    assert change.mean().abs() < 2e-3
    assert change.std((1, 2, 3)).min() > 1e-3


def test_grey_stays_grey_until_paper_yellows():
    grey = _pictures(4, 1).expand(-1, 3, -1, -1)
    assert torch.allclose(desaturated(grey, _draws()), grey, atol=1e-4)
    red, _, blue = yellowed(grey, _draws()).mean((0, 2, 3))
    assert red > blue + 0.02


@pytest.mark.parametrize("damage", DAMAGES)
def test_images_can_be_damaged_by_whoever_asks_the_recipe(damage):
    pictures = _pictures(2)
    source, mask = needed(ImageRecipe(), Damaging, "image").damaged(pictures, damage, _chance())
    expected = damaged(pictures, damage, _chance())
    assert torch.equal(source, expected.pictures)
    assert torch.equal(mask, expected.mask)


@pytest.mark.parametrize(("n_channels", "damage", "words"), [(3, "odl", "'old'"), (4, "old", "4 channels")])
def test_what_cannot_be_is_refused_in_words(n_channels, damage, words):
    with pytest.raises(UsageError, match=words):
        damaged(_pictures(1, n_channels), damage, _chance())
