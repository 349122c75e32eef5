"""Random changes of records on a grid: pictures, series, volumes.

Samples have shape `(batch, channels, *grid)` with a grid of one to three dimensions and values in [0, 1]. Each
change keeps the shape, is a function of the samples and a generator, and is drawn for each record by itself;
gradients go through it to the samples. What moves a picture (zoom, stretch, rotation, shift) is one affine map
and one resampling; beyond the edge lies the mirrored picture.

A batch of 64 pictures of 64 x 64 x 3, all of them changed, costs on one slow core (2026-11-28), forward and
backward, in ms: MEASURED.

Source:
    Karras et al. 2020, "Training generative adversarial networks with limited data", appendix B
    (arXiv:2006.06676); Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training",
    section 3.2, cutout (arXiv:2006.10738).
"""

from __future__ import annotations

import math
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from gansmith.engine.batches import Samples
from gansmith.errors import UsageError

MOST_SHIFTED: Final = 1 / 8
"""Of each side, by whole cells."""
ZOOM_DEVIATION: Final = 0.2
"""Of the logarithm of a factor."""
STRETCH_DEVIATION: Final = 0.1
"""The same, of each side by itself."""
ANGLE_DEVIATION: Final = math.radians(10)
SHIFT_DEVIATION: Final = 1 / 16
"""Of each side, in the affine map."""
BRIGHTNESS_DEVIATION: Final = 0.1
CONTRAST_DEVIATION: Final = 0.2
"""Of the logarithm of a factor."""
SATURATION_DEVIATION: Final = 0.3
"""The same."""
CUT: Final = 1 / 2
"""Of each side."""
NOISE_DEVIATION: Final = 0.1
"""Of the strength of the noise, which is drawn for each record."""
MIDDLE: Final = 0.5
"""The value of middle grey."""


def flipped(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record mirrored along its last axis: left is right."""
    del generator  # who is mirrored is drawn elsewhere
    _grid(samples)
    return samples.flip(-1)


def shifted(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record moved by whole cells along each axis, up to an eighth of a side; at least one, if it can."""
    grid = _grid(samples)
    places = torch.zeros(len(samples), *grid, dtype=torch.long)
    for axis, size in enumerate(grid):
        most = min(max(1, int(MOST_SHIFTED * size)), size - 1)
        moves = torch.randint(-most, most + 1, (len(samples), 1), generator=generator)
        along = _reflected(torch.arange(size) + moves, size)  # (batch, size)
        places = places * size + along.view(-1, *[size if axis == other else 1 for other in range(len(grid))])
    chosen = places.to(samples.device).flatten(1)[:, None].expand(-1, samples.shape[1], -1)
    return samples.flatten(2).gather(2, chosen).view_as(samples)


def moved(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record zoomed, stretched, rotated and shifted about its middle, in one linear resampling.

    Rotation is in the plane of the last two axes; a record with one axis is not rotated.
    """
    grid = _grid(samples)
    maps = _affine_maps(len(samples), grid, generator).to(samples.device)
    with torch.autocast(samples.device.type, enabled=False):  # half precision cannot say where a pixel is
        exact = samples.to(torch.promote_types(samples.dtype, torch.float32))
        exact = exact.unsqueeze(2) if len(grid) == 1 else exact
        where = F.affine_grid(maps.to(exact), list(exact.shape), align_corners=False)
        found = F.grid_sample(exact, where, padding_mode="reflection", align_corners=False)
    return found.view_as(samples).to(samples.dtype)


def recoloured(samples: Samples, generator: torch.Generator) -> Samples:
    """Brightness, contrast and, of three colours, saturation of each record changed.

    Channels are colours but for transparency, the last of two or four. Hue stays.
    """
    _grid(samples)
    n_records, n_channels = samples.shape[:2]
    n_colours = {2: 1, 4: 3}.get(n_channels, n_channels)
    drawn = torch.randn(3, n_records, generator=generator)
    brightness, contrast = BRIGHTNESS_DEVIATION * drawn[0], (CONTRAST_DEVIATION * drawn[1]).exp()
    offset = per_record(contrast * (brightness - MIDDLE) + MIDDLE, samples)
    factor, colours = per_record(contrast, samples), samples[:, :n_colours]
    if n_colours == 3:
        saturation = per_record((SATURATION_DEVIATION * drawn[2]).exp(), samples)
        grey = colours.mean(1, keepdim=True)
        offset, factor = offset + grey * (factor - factor * saturation), factor * saturation
    colours = torch.addcmul(offset, colours, factor)
    return colours if n_colours == n_channels else torch.cat([colours, samples[:, n_colours:]], 1)


def cut(samples: Samples, generator: torch.Generator) -> Samples:
    """A box of half of each side becomes middle grey; its centre is anywhere, so it may stand out."""
    grid = _grid(samples)
    is_cut = torch.ones(len(samples), 1, *[1] * len(grid), dtype=torch.bool)
    for axis, size in enumerate(grid):
        centres = torch.rand(len(samples), 1, generator=generator)
        is_near = ((torch.arange(size) + 0.5) / size - centres).abs() < CUT / 2  # (batch, size)
        is_cut = is_cut & is_near.view(-1, 1, *[size if axis == other else 1 for other in range(len(grid))])
    return samples.masked_fill(is_cut.to(samples.device), MIDDLE)


def noisy(samples: Samples, generator: torch.Generator) -> Samples:
    """Normal noise on every value, of a strength that is drawn for each record."""
    _grid(samples)
    strengths = NOISE_DEVIATION * torch.randn(len(samples), generator=generator)
    noise = torch.randn(samples.shape, generator=generator).to(samples)
    return torch.addcmul(samples, noise, per_record(strengths, samples))


def per_record(values: Float[Tensor, " batch"], samples: Samples) -> Float[Tensor, "batch *one"]:
    """One number for each record, of the type of samples and to be multiplied with them."""
    return values.to(samples).view(-1, *[1] * (samples.ndim - 1))


def _grid(samples: Samples) -> tuple[int, ...]:
    """The sides of a record.

    Raises:
        UsageError: When samples are on no grid.
    """
    if not 3 <= samples.ndim <= 5:
        raise UsageError(
            f"this augmentation is for records on a grid, (channels, *sides), not of shape "
            f"{tuple(samples.shape[1:])}. Take one of mask, scale and jitter."
        )
    return tuple(samples.shape[2:])


def _reflected(places: Int[Tensor, "batch size"], size: int) -> Int[Tensor, "batch size"]:
    """Places at most one side away as those within: the edge is a mirror on the last cell."""
    return (size - 1) - ((size - 1) - places.abs()).abs()


def _affine_maps(n: int, grid: tuple[int, ...], generator: torch.Generator) -> Float[Tensor, "batch d d1"]:
    """Where each cell looks: maps of coordinates in [-1, 1], last axis first, for two or three axes."""
    sides = torch.tensor([1.0] * (2 - len(grid)) + [float(size) for size in grid]).flip(0)
    d = len(sides)
    zooms = ZOOM_DEVIATION * torch.randn(n, 1, generator=generator)
    stretches = STRETCH_DEVIATION * torch.randn(n, d, generator=generator)
    angles = ANGLE_DEVIATION * torch.randn(n, generator=generator) * (len(grid) > 1)
    shifts = SHIFT_DEVIATION * torch.randn(n, d, generator=generator)
    turns = torch.eye(d).repeat(n, 1, 1)
    cosines, sines = angles.cos(), angles.sin()
    turns[:, 0, 0], turns[:, 0, 1], turns[:, 1, 0], turns[:, 1, 1] = cosines, -sines, sines, cosines
    in_cells = (-zooms - stretches).exp()[:, :, None] * turns
    return torch.cat([in_cells * sides / sides[:, None], 2 * shifts[:, :, None]], 2)
