"""PSNR, SSIM, Dice and IoU against closed forms, and SSIM against a slow, direct implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.scorecard.translation.fidelity import MOST_DB, are_masks, luminance, overlap, psnr, ssim


def _colours(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def _slow_ssim(x, y):
    """Window by window, in two dimensions, as equation 13 of the paper has it."""
    across = np.arange(11) - 5
    weights = np.exp(-(across[:, None] ** 2 + across[None] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    small, large = 0.01**2, 0.03**2
    found = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            a, b = (one[top : top + 11, left : left + 11].astype(np.float64) for one in (x, y))
            mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
            var_a, var_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
            both = (weights * (a - mean_a) * (b - mean_b)).sum()
            found.append(
                (2 * mean_a * mean_b + small) * (2 * both + large)
                / ((mean_a**2 + mean_b**2 + small) * (var_a + var_b + large))
            )  # fmt: skip
    return np.mean(found)


@pytest.mark.parametrize("shape", [(1, 12), (3, 9, 14), (2, 5, 6, 7)])
def test_a_constant_offset_has_the_psnr_of_its_square(shape):
    truth = 0.5 * _colours(*shape)
    assert psnr(truth + np.float32(0.1), truth) == pytest.approx(20, abs=1e-4)
    assert psnr(truth, truth) == MOST_DB


def test_a_border_is_left_out_at_each_end():
    truth = _colours(3, 10, 13)
    made = truth.copy()
    made[:, :2] = made[:, -2:] = made[:, :, :2] = made[:, :, -2:] = 0
    assert psnr(made, truth) < 20
    assert psnr(made, truth, shave=2) == MOST_DB
    assert psnr(made, truth, shave=1) < MOST_DB
    with pytest.raises(DataError, match="without 5 places"):
        psnr(made, truth, shave=5)


def test_luminance_is_that_of_the_television():
    white, black = np.ones((3, 2, 2), np.float32), np.zeros((3, 2, 2), np.float32)
    assert luminance(white) * 255 == pytest.approx(np.full((1, 2, 2), 235), abs=0.01)
    assert luminance(black) * 255 == pytest.approx(np.full((1, 2, 2), 16))
    green = black.copy()
    green[1] = 1
    assert luminance(green).max() * 255 == pytest.approx(16 + 128.553)
    assert (luminance(white[:1]) == 1).all()  # grey is it already
    with pytest.raises(DataError, match="4 channels"):
        luminance(_colours(4, 2, 2))


def test_ssim_is_that_of_the_paper_and_1_of_what_is_equal():
    x, noise = _colours(2, 24, 19), _colours(2, 24, 19, seed=1)
    y = (0.7 * x + 0.3 * noise).astype(np.float32)
    slow = np.mean([_slow_ssim(a, b) for a, b in zip(x, y, strict=True)])
    assert ssim(y, x) == pytest.approx(slow, abs=1e-10)
    assert ssim(y, x, shave=2) == pytest.approx(
        np.mean([_slow_ssim(a[2:-2, 2:-2], b[2:-2, 2:-2]) for a, b in zip(x, y, strict=True)]), abs=1e-10
    )
    assert ssim(x, x) == pytest.approx(1)
    assert math.isnan(ssim(x[:, :10], x[:, :10]))


def test_overlap_of_known_masks():
    made, truth = np.zeros((1, 6, 6), np.float32), np.zeros((1, 6, 6), np.float32)
    made[0, :2], truth[0, 1:4] = 0.9, 1  # 12 and 18 places, 6 of them shared
    assert overlap(made, truth) == pytest.approx((12 / 30, 6 / 24))
    assert overlap(0 * made, 0 * truth) == (1, 1)
    assert overlap(made, 0 * truth) == (0, 0)


def test_masks_are_known_by_their_values():
    mask = np.array([[0.0, 0.02, 1.0]], np.float32)
    assert are_masks([mask, 0 * mask])
    assert not are_masks([mask, np.array([[0.0, 0.5, 1.0]], np.float32)])
    assert not are_masks([0 * mask])
    assert not are_masks([])


@pytest.mark.parametrize("score", [psnr, ssim, overlap])
def test_sizes_that_differ_are_named_both(score):
    with pytest.raises(DataError, match=r"\(3, 12, 12\).*\(3, 12, 13\)"):
        score(_colours(3, 12, 12), _colours(3, 12, 13))
