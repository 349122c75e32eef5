"""Values on a grid brought to another grid, the same way everywhere.

Cubic convolution with a = -1/2, stretched where the grid becomes coarser, so that nothing is aliased; at the
edges the record goes on mirrored. It is what MATLAB's `imresize` does, by which the figures of papers on
super-resolution are made; others ring more or alias, and a network that has learnt from one meets the other
as something new.

Source:
    Keys 1981, "Cubic convolution interpolation for digital image processing", eq. 4
    (doi:10.1109/TASSP.1981.1163711).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def resized(
    x: Float[Tensor, "batch channels *grid"], grid: Sequence[int]
) -> Float[Tensor, "batch channels *other"]:
    """The same on a grid of these sides; values may overshoot a little where they jump.

    Sums are taken in the precision of `x`, value by value: no matrix product is asked for, which could be
    one of half precision.
    """
    for axis, n_out in enumerate(grid):
        if x.shape[axis + 2] != n_out:
            x = _along(x, axis + 2, n_out)
    return x


def _along(x: Tensor, axis: int, n_out: int) -> Tensor:
    indices, weights = taps(x.shape[axis], n_out)
    shape = [1] * x.ndim
    shape[axis] = n_out
    total = None
    for tap in range(indices.shape[1]):
        index = torch.from_numpy(indices[:, tap]).to(x.device)
        part = x.index_select(axis, index) * torch.from_numpy(weights[:, tap]).to(x).view(shape)
        total = part if total is None else total + part
    assert total is not None
    return total


@lru_cache(maxsize=256)
def taps(n_in: int, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Which values along a side make each one of another side, and how much each counts.

    Returns:
        Numbers, shape `(n_out, n_taps)`, and weights of the same shape, each row with the sum 1.
    """
    scale = min(1.0, n_out / n_in)
    centres = (np.arange(n_out) + 0.5) * n_in / n_out - 0.5
    reach = 2 / scale
    first = np.floor(centres - reach).astype(np.int64)
    places = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    weights = _cubic(np.abs(centres[:, None] - places) * scale)
    is_used = weights.any(0)
    places, weights = places[:, is_used], weights[:, is_used]
    mirrored = places % (2 * n_in)
    indices = np.where(mirrored < n_in, mirrored, 2 * n_in - 1 - mirrored)
    return indices, (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' kernel with a = -1/2, of distances of 0 or more."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
