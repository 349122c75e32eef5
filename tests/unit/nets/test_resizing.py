"""Bicubic interpolation against Pillow's, closed forms, and what happens at the edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.nets.resizing import resized, taps


@pytest.mark.parametrize("size", [(15, 20), (7, 40), (120, 160), (61, 79)])
def test_the_inside_is_that_of_pillow(size):
    values = np.random.default_rng(0).random((60, 80)).astype(np.float32)
    height, width = size
    theirs = np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC))
    ours = resized(torch.from_numpy(values)[None, None], size)[0, 0].numpy()
    rows, columns = (2 + 2 * (side // full) for side, full in zip(size, values.shape, strict=True))
    inside = slice(rows, -rows), slice(columns, -columns)
    assert np.allclose(ours[inside], theirs[inside], atol=1e-6)


def test_an_edge_goes_on_mirrored():
    ramp = torch.arange(8.0).view(1, 1, 8)
    mirrored = torch.cat([ramp.flip(2), ramp, ramp.flip(2)], 2)
    assert torch.allclose(resized(ramp, (16,)), resized(mirrored, (48,))[..., 16:32])


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_what_is_the_same_everywhere_stays_so(n_dims):
    values = torch.full((2, 3, *[7] * n_dims), 0.3)
    found = resized(values, (5,) * n_dims)
    assert found.shape == (2, 3, *[5] * n_dims)
    assert torch.allclose(found, torch.full_like(found, 0.3))


def test_a_grid_that_is_wanted_already_is_left_alone():
    values = torch.rand(1, 1, 4, 6, generator=torch.Generator().manual_seed(0))
    assert resized(values, (4, 6)) is values


def test_weights_are_those_of_keys():
    indices, weights = taps(2, 4)  # half a step off: (-.0703125, .8671875, .2265625, -.0234375) by the paper
    row = dict.fromkeys(range(2), 0.0)
    for index, weight in zip(indices[1].tolist(), weights[1].tolist(), strict=True):
        row[index] += weight
    assert row == pytest.approx({0: 0.8671875 - 0.0703125, 1: 0.2265625 - 0.0234375})
    assert weights.sum(1) == pytest.approx(np.ones(4))
