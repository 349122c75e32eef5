"""Whether mirrored pictures look like the others."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.modalities.image import mirroring
from gansmith.modalities.image.mirroring import _boxes, can_be_mirrored, mirrored_auc
from gansmith.modalities.image.pictures import bundled_digits


def clouds(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Pictures in which left and right mean nothing: smooth, of random values."""
    noise = np.random.default_rng(seed).normal(size=(n, *shape)).cumsum(1)
    steps = noise + noise[:, :, ::-1] + np.random.default_rng(seed + 1).normal(size=(n, *shape))
    return (128 + 10 * steps).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return bundled_digits().pixels


@pytest.mark.parametrize(("n", "least"), [(50, 0.85), (1_797, 0.95)])
def test_digits_cannot_be_mirrored(digits, n, least):
    assert mirrored_auc(digits[:n], 0) > least
    assert not can_be_mirrored(digits[:n], 0)


def test_digits_beside_their_mirror_images_can(digits):
    both = np.concatenate([digits[:800], digits[:800, :, ::-1]])
    assert mirrored_auc(both, 0) < 0.6
    assert can_be_mirrored(both, 0)


@pytest.mark.parametrize("shape", [(12, 20), (9, 23, 3), (6, 16, 4)])
def test_clouds_can_be_mirrored_and_lit_from_the_left_they_cannot(shape):
    plain = clouds(300, *shape)
    assert abs(mirrored_auc(plain, 0) - 0.5) < 0.1
    assert can_be_mirrored(plain, 0)
    light = np.linspace(30, 0, shape[1]).reshape(1, 1, -1, *[1] * (len(shape) - 2))
    lit = (plain * 0.8 + light).astype(np.uint8)
    assert mirrored_auc(lit, 0) > 0.8
    assert not can_be_mirrored(lit, 0)


def test_what_stands_right_of_what_is_told_from_its_mirror_image_though_means_are_alike():
    """Bright pictures have a spot on the left, dark ones on the right."""
    pictures = clouds(400, 16, 16).astype(float) / 4
    is_bright = np.arange(400) % 2 == 0
    pictures[is_bright] += 60
    pictures[is_bright, 6:10, 1:5] += 60
    pictures[~is_bright, 6:10, 11:15] += 60
    assert mirrored_auc(pictures, 0) > 0.95


@pytest.mark.parametrize(
    ("n", "auc", "can_be"),
    [
        (1_000, 0.62, True),
        (1_000, 0.38, True),
        (1_000, 0.64, False),
        (1_000, 0.36, False),
        (60, 0.57, True),
        (60, 0.58, False),
        (60, 0.42, False),
        (14, 0.5, False),
    ],
)
def test_the_fewer_pictures_the_nearer_to_a_guess_it_must_be(n, auc, can_be, monkeypatch):
    monkeypatch.setattr(mirroring, "mirrored_auc", lambda pixels, seed: auc)
    assert can_be_mirrored(np.zeros((n, 8, 8)), 0) == can_be


def test_in_doubt_pictures_cannot_be_mirrored():
    symmetric = clouds(60, 16, 16)
    symmetric = np.concatenate([symmetric, symmetric[:, :, ::-1]])
    assert can_be_mirrored(symmetric, 0)
    assert not can_be_mirrored(symmetric[:14], 0), "nothing is known of so few"
    assert not can_be_mirrored(symmetric[:0], 0)


def test_pictures_of_one_tone_can_be_mirrored():
    assert mirrored_auc(np.full((40, 8, 8), 7, np.uint8), 0) == 0.5
    assert can_be_mirrored(np.full((40, 8, 8), 7, np.uint8), 0)


def test_the_same_seed_gives_the_same_number():
    pictures = clouds(1_200, 8, 8)
    assert mirrored_auc(pictures, 1) == mirrored_auc(pictures, 1) != mirrored_auc(pictures, 2)


@pytest.mark.parametrize("size", [5, 16, 23, 46, 64])
def test_boxes_are_averages_and_alike_from_both_sides(size):
    boxes = _boxes(size)
    assert boxes.sum(1) == pytest.approx(1)
    assert boxes.sum(0) == pytest.approx(min(size, 16) / size)
    assert boxes == pytest.approx(boxes[::-1, ::-1], abs=1e-6)


def test_what_is_called_left_and_right_is_not_mirrored():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (200, 12, 12)).astype(np.uint8)
    is_left = np.arange(200) % 2 == 0
    pixels[is_left, 3:9, 1:5] += 150
    pixels[~is_left, 3:9, 7:11] += 150
    looks = np.where(is_left, "left", "right").astype(object)
    assert can_be_mirrored(pixels, 0)
    assert not can_be_mirrored(pixels, 0, [looks])
    assert not can_be_mirrored(pixels, 0, [np.where(is_left, -30.0, 30.0)])
    assert can_be_mirrored(pixels, 0, [rng.permutation(looks)])
