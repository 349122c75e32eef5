"""Made pictures whose truth is known: slices of a chest as CT scanners see it, and cells under a microscope.

Picture k depends on (seed, k) alone. Nothing here is meant to look like a patient: what matters is that
values of 16 bits, their histogram and the number of cells are known exactly.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy import ndimage

Pixels = np.ndarray[tuple[Any, ...], np.dtype[Any]]

CT_OFFSET: Final = 1024
"""Stored value of 0 Hounsfield units, of water."""
CT_HIGHEST: Final = 4095
"""Scanners store 12 bits in 16."""
AIR, FAT, TISSUE, LUNG, BONE, LESION = -1000, -100, 40, -800, 500, 60
"""Hounsfield units."""
CT_NOISE: Final = 20.0
"""Standard deviation, Hounsfield units."""

MOST_CELLS: Final = 12
BACKGROUND: Final = 8.0
"""Photons of a pixel without a cell."""
THRESHOLD: Final = 32.0
"""Photons above which a pixel belongs to a cell."""
SMALLEST_CELL_PX: Final = 8
N_TRIES: Final = 200
"""Places that are tried for a cell, so that none touches another."""


def ct_slices(n: int, seed: int, side: int = 64) -> Pixels:
    """Slices of a chest: body, lungs, spine, and up to three lesions in the lungs.

    Args:
        n: Pictures.
        seed: Another seed, other pictures.
        side: Pixels.

    Returns:
        Shape `(n, side, side)`, uint16: Hounsfield units + 1024, from 0 to 4095.
    """
    return np.stack([_ct_slice(np.random.default_rng([seed, k]), side) for k in range(n)])


def _ct_slice(rng: np.random.Generator, side: int) -> Pixels:
    down, across = (np.mgrid[:side, :side] + 0.5) / side * 2 - 1  # from -1 to 1
    values = np.full((side, side), float(AIR))
    width, height, lift = rng.uniform(0.75, 0.95), rng.uniform(0.55, 0.75), rng.uniform(-0.08, 0.08)

    def fill(centre: tuple[float, float], radii: tuple[float, float], value: float) -> None:
        inside = ((across - centre[0]) / radii[0]) ** 2 + ((down - centre[1]) / radii[1]) ** 2 <= 1
        values[inside] = value

    fill((0, lift), (width, height), FAT)
    fill((0, lift), (width - 0.06, height - 0.06), TISSUE + rng.normal(0, 8))
    for sign in (-1, 1):
        lung = (sign * width * 0.45, lift - 0.04)
        radii = (width * rng.uniform(0.27, 0.34), height * rng.uniform(0.55, 0.7))
        fill(lung, radii, LUNG + rng.normal(0, 30))
        for _ in range(rng.integers(0, 3) if sign > 0 else rng.integers(0, 2)):
            shift = rng.uniform(-0.5, 0.5, 2) * radii
            size = rng.uniform(0.05, 0.12)
            fill((lung[0] + shift[0], lung[1] + shift[1]), (size, size), LESION + rng.normal(0, 20))
    fill((0, lift + height * 0.65), (0.11, 0.1), BONE + rng.normal(0, 60))
    values = ndimage.gaussian_filter(values, 0.6) + rng.normal(0, CT_NOISE, values.shape)
    return np.rint(values + CT_OFFSET).clip(0, CT_HIGHEST).astype(np.uint16)


def cells(n: int, seed: int, side: int = 64, most: int = MOST_CELLS) -> tuple[Pixels, Pixels]:
    """Nuclei in fluorescence, none touching another, out of focus and with the noise of photons.

    Args:
        n: Pictures.
        seed: Another seed, other pictures.
        side: Pixels.
        most: Cells of a picture; every number from 1 to this is equally frequent.

    Returns:
        Shape `(n, side, side)`, uint8, photons; and shape `(n,)`, cells of each.
    """
    made = [_cells(np.random.default_rng([seed, k]), side, most) for k in range(n)]
    return np.stack([pixels for pixels, _ in made]), np.array([count for _, count in made])


def _cells(rng: np.random.Generator, side: int, most: int) -> tuple[Pixels, int]:
    down, across = np.mgrid[:side, :side] + 0.5
    light, placed, n_wanted = (
        np.zeros((side, side)),
        list[tuple[float, ...]](),
        int(rng.integers(1, most + 1)),
    )
    for _ in range(N_TRIES):
        if len(placed) == n_wanted:
            break
        radius = rng.uniform(3.0, 4.8)
        x, y = rng.uniform(radius + 1, side - radius - 1, 2)
        if any(np.hypot(x - a, y - b) < radius + other + 3 for a, b, other in placed):
            continue
        placed.append((x, y, radius))
        turn, stretch = rng.uniform(0, np.pi), rng.uniform(0.85, 1.15)
        along = (across - x) * np.cos(turn) + (down - y) * np.sin(turn)
        beside = (down - y) * np.cos(turn) - (across - x) * np.sin(turn)
        inside = (along / stretch) ** 2 + (beside * stretch) ** 2 <= radius**2
        light[inside] = rng.uniform(70, 150)
    photons = rng.poisson(BACKGROUND + ndimage.gaussian_filter(light, rng.uniform(0.7, 1.1)))
    return photons.clip(0, 255).astype(np.uint8), len(placed)


def counted_cells(pixels: Pixels) -> Pixels:
    """Cells of each picture as a simple program counts them: smooth, threshold, count what hangs together.

    Args:
        pixels: Shape `(n, height, width)`, photons.

    Returns:
        Shape `(n,)`.
    """
    return np.array([_count(picture) for picture in pixels])


def _count(picture: Pixels) -> int:
    bright = ndimage.gaussian_filter(picture.astype(float), 0.8) > THRESHOLD
    named, n_found = ndimage.label(bright)
    return int(np.sum(np.bincount(named.ravel(), minlength=n_found + 1)[1:] >= SMALLEST_CELL_PX))
