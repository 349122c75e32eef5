"""What perturbs records, so that a discriminator learns what is usual by telling them from untouched ones.

Records on a grid of one to three dimensions, values from 0 to 1, are mirrored, turned, zoomed and sheared, or
bent like rubber: changes that leave every local detail a real one, and the whole another shape. Where a
class looks the same after a change (a mirrored eight) nothing is to be learnt of it, and nothing is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Final, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from gansmith.engine.batches import Samples

ZOOM: Final = 0.4
"""The logarithm of a factor, at most, either way."""
SHEAR: Final = 0.6
LEAST_BENT: Final = 0.15
MOST_BENT: Final = 0.45
"""Standard deviation of where the corners of a coarse net are moved to, in halves of a side."""
N_CORNERS: Final = 4
"""Of that net, along each side."""
_SMOOTH: Final = {4: "bicubic", 5: "trilinear"}


class AbstractCorruptor(nn.Module, ABC):
    """Changes parts of records at random; it has no weights."""

    @abstractmethod
    def forward(
        self, samples: Samples, generator: torch.Generator
    ) -> tuple[Samples, Bool[Tensor, "batch n_parts"]]:
        """Records with some parts changed, and which parts these are.

        Args:
            samples: Real records.
            generator: Of everything that is drawn; on the CPU.
        """


@final
class GridCorruptor(AbstractCorruptor):
    """Each record as a whole becomes another shape: mirrored, moved by an affine map, or bent."""

    def forward(
        self, samples: Samples, generator: torch.Generator
    ) -> tuple[Samples, Bool[Tensor, "batch 1"]]:
        """See the base class; a record is one part."""
        rows = torch.randperm(len(samples), generator=generator).to(samples.device)
        changed = samples.clone()
        for which, change in zip(rows.chunk(3), (mirrored, turned, bent), strict=False):
            changed[which] = change(samples[which], generator).to(samples.dtype)
        return changed, torch.ones(len(samples), 1, dtype=torch.bool, device=samples.device)


def mirrored(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record turned round along one axis, or with two equal axes exchanged."""
    grid = samples.shape[2:]
    n_ways = len(grid) + int(len(grid) > 1 and grid[-1] == grid[-2])
    drawn = torch.randint(n_ways, (len(samples),), generator=generator).to(samples.device)
    found = samples.clone()
    for way in range(n_ways):
        some = samples[drawn == way]
        found[drawn == way] = some.flip(2 + way) if way < len(grid) else some.transpose(-1, -2)
    return found


def turned(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record zoomed and sheared, and turned by any angle in the plane of its last two axes."""
    n, n_axes = len(samples), max(2, samples.ndim - 2)
    zooms = (ZOOM * (2 * torch.rand(n, generator=generator) - 1)).exp()
    angles = math.pi * (2 * torch.rand(n, generator=generator) - 1) * (samples.ndim > 3)
    shears = SHEAR * (2 * torch.rand(n, generator=generator) - 1) * (samples.ndim > 3)
    maps = torch.eye(n_axes, n_axes + 1).repeat(n, 1, 1)
    cosines, sines = angles.cos(), angles.sin()
    maps[:, 0, 0], maps[:, 0, 1] = cosines, shears - sines
    maps[:, 1, 0], maps[:, 1, 1] = sines, cosines
    return _looked_up(samples, zooms[:, None, None] * maps, None)


def bent(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record on a rubber sheet, the corners of a coarse net moved at random."""
    n, n_axes = len(samples), max(2, samples.ndim - 2)
    far = LEAST_BENT + (MOST_BENT - LEAST_BENT) * torch.rand(n, 1, generator=generator)
    corners = torch.randn(n, n_axes, *[N_CORNERS] * n_axes, generator=generator)
    moves = far.view(-1, *[1] * (corners.ndim - 1)) * corners
    return _looked_up(samples, torch.eye(n_axes, n_axes + 1).repeat(n, 1, 1), moves)


def _looked_up(
    samples: Samples, maps: Float[Tensor, "batch d d1"], moves: Float[Tensor, "batch d *corners"] | None
) -> Samples:
    """Each cell takes the value of where it looks; beyond the edge lies the edge."""
    exact = samples.float()
    exact = exact.unsqueeze(2) if samples.ndim == 3 else exact
    where = F.affine_grid(maps.to(exact), list(exact.shape), align_corners=False)
    if moves is not None:
        sides = list(exact.shape[2:])
        shift = F.interpolate(moves.to(exact), sides, mode=_SMOOTH[exact.ndim], align_corners=True)
        shift[:, len(shift[0]) - 1] *= sides[0] > 1  # a record with one axis has no height
        where = where + shift.movedim(1, -1)
    found = F.grid_sample(exact, where, padding_mode="border", align_corners=False)
    return found.view_as(samples).to(samples.dtype)
