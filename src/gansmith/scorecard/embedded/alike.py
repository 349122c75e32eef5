"""Records that are all but copies of training records: shifted, mirrored, brighter, paler, a little blurred.

Two records are compared by the correlation of a window of the one with the best of all windows of the other
that lie a few places off, on a coarse grid: a shift moves the window, brightness and contrast leave a
correlation as it is, and blur hardly changes a coarse grid. A copy is told from a look-alike by comparing
with further neighbours: it is much nearer to one training record than to the next ones.

Source:
    Normalised cross-correlation: Lewis 1995, "Fast template matching". The comparison with next neighbours:
    Carlini et al. 2023, "Extracting training data from diffusion models", section 4.2 (arXiv:2301.13188).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.embedded.records import Values
from gansmith.scorecard.points import nearest_few

FakeValues = Float[np.ndarray, "n_fake n_channels *grid"]
TrainValues = Float[np.ndarray, "n_train n_channels *grid"]

COARSE_SIDE: Final = 32
"""Places of a side that are compared, at most: finer grids are averaged by a whole factor."""
MAX_SHIFT: Final = 0.125
"""Of a side: how far a copy may be moved."""
N_CANDIDATES: Final = 12
"""Training records that are looked at closely for each record, ..."""
N_NEXT: Final = 4
"""... of which so many, the second nearest and on, say how near a look-alike is."""
LEAST: Final = 0.1
"""Whatever fresh records are: what is so much nearer to one training record is all but a copy."""
NEAR: Final = 0.5
"""A copy is nearer to one than this share of the distance to the next ones, ..."""
RARE: Final = 0.01
"""... and than all but this share of fresh records are."""
_N_BANDS: Final = 6
"""Lowest frequencies along each axis by which candidates are found."""
_MAX_NUMBERS: Final = 20_000_000
"""Of all windows of the records that are compared at once: 80 MB."""
_FLAT: Final = 1e-4
"""Standard deviation of a window in which there is nothing to compare."""


@final
@dataclass(frozen=True, eq=False)
class Likeness:
    """Which training record each record is most like, and how suspiciously."""

    ratio: np.ndarray
    """Shape `(n,)`: distance to it over the mean distance to the next ones; 0 for a copy, 1 where it is no
    more like it than like others, or where there is nothing to compare."""
    which: np.ndarray
    """Shape `(n,)`: its place."""

    def is_near(self, border: float) -> np.ndarray:
        """Whether each record is all but a copy, shape `(n,)`; see `border_of`."""
        return self.ratio < border


def border_of(fresh: Likeness) -> float:
    """The ratio below which a record is all but a copy, by that of fresh records.

    Simple records, of few degrees of freedom, are near to others by chance.
    """
    return float(np.clip(np.quantile(fresh.ratio, RARE), LEAST, NEAR))


def likeness(
    fake: FakeValues, train: TrainValues, moved: Sequence[int] | None = None, *, is_mirrored: bool = True
) -> Likeness:
    """How like training records others are.

    Candidates are the training records whose amplitudes at low frequencies are nearest: these do not change
    with a shift, and those of mirrored records are averaged. Training records should be different from each
    other: a copy of one that stands there several times is no nearer to it than to the next.

    Args:
        fake: Records.
        train: Those that they may be copies of.
        moved: Axes of the grid along which a copy may be shifted; None: all.
        is_mirrored: Whether it may be mirrored.
    """
    ours, theirs = coarse(fake), coarse(train)
    k = min(N_CANDIDATES, len(train))
    # Brighter or darker: two descriptions of a record that differ in scale alone are the same.
    candidates = nearest_few(_amplitudes(ours), _amplitudes(theirs), k)[1]  # (n, k)
    grid = ours.shape[2:]
    axes = range(len(grid)) if moved is None else moved
    margins = [int(side * MAX_SHIFT) if axis in axes else 0 for axis, side in enumerate(grid)]
    middle = tuple(slice(margin, side - margin) for margin, side in zip(margins, grid, strict=True))
    templates = [
        _standardised(turned[(slice(None), slice(None), *middle)])
        for turned in _turned(theirs)[: 1 + is_mirrored]
    ]
    nearest, which = np.ones(len(ours)), candidates[:, 0].copy()
    n_shifts = math.prod(2 * margin + 1 for margin in margins)
    n_rows = max(1, _MAX_NUMBERS // (n_shifts * templates[0].shape[1]))
    for start in range(0, len(ours), n_rows):
        rows = slice(start, start + n_rows)
        windows = _windows(ours[rows], margins)  # (n, n_shifts, n_numbers)
        found = np.full((len(windows), k), -1.0, np.float32)
        for turned in templates:
            correlations = windows @ turned[candidates[rows]].transpose(0, 2, 1)  # (n, n_shifts, k)
            np.maximum(found, correlations.max(axis=1), out=found)
        distances = np.sqrt(np.clip(2.0 - 2.0 * found, 0.0, None))  # (n, k)
        order = np.argsort(distances, axis=1, kind="stable")
        sorted_distances = np.take_along_axis(distances, order, axis=1)
        beside = sorted_distances[:, 1 : 1 + N_NEXT].mean(axis=1) if k > 1 else np.ones(len(windows))
        is_flat = np.square(windows).sum(axis=(1, 2)) == 0
        ratio = sorted_distances[:, 0] / np.maximum(beside, 1e-6)
        nearest[rows] = np.where(is_flat, 1.0, ratio)
        which[rows] = np.take_along_axis(candidates[rows], order[:, :1], axis=1)[:, 0]
    return Likeness(nearest, which)


def coarse(values: Values) -> Float[np.ndarray, "n_records n_channels *coarse"]:
    """Box averages on a coarse grid, smoothed with [1, 2, 1]: blur hardly changes these."""
    for axis in range(2, values.ndim):
        factor = -(-values.shape[axis] // COARSE_SIDE)
        n = values.shape[axis] // factor
        kept = np.moveaxis(values, axis, -1)[..., : n * factor]
        kept = kept.reshape(*kept.shape[:-1], n, factor).mean(axis=-1)
        beside = np.concatenate([kept[..., :1], kept, kept[..., -1:]], axis=-1)
        values = np.moveaxis((beside[..., :-2] + 2 * kept + beside[..., 2:]) / 4, -1, axis)
    return np.ascontiguousarray(values, np.float32)


def _amplitudes(values: Values) -> np.ndarray:
    """Of the lowest frequencies, that at 0 left out, of one length: shape `(n, n_numbers)`."""
    grid = tuple(range(2, values.ndim))
    spectrum = np.abs(np.fft.fftn(values, axes=grid))
    mirrored = np.flip(spectrum, axis=-1)
    mirrored = np.roll(mirrored, 1, axis=-1)  # frequency -f stands where f stood
    spectrum = spectrum + mirrored
    for axis in grid:
        kept = np.arange(min(_N_BANDS, values.shape[axis]))
        last = axis == grid[-1]
        # The last axis is symmetric now; of the others negative frequencies say something else.
        places = kept if last else np.unique(np.concatenate([kept, -kept]) % values.shape[axis])
        spectrum = np.take(spectrum, places, axis=axis)
    flat = spectrum.reshape(len(values), spectrum.shape[1], -1)[:, :, 1:].reshape(len(values), -1)
    # High frequencies are weak and many: roots give them a say.
    rooted = np.sqrt(flat.astype(np.float64))
    return rooted / np.maximum(np.linalg.norm(rooted, axis=1, keepdims=True), _FLAT)


def _turned(values: Values) -> list[np.ndarray]:
    """As they are, and mirrored along the last side."""
    return [values, values[..., ::-1]]


def _windows(values: Values, margins: list[int]) -> np.ndarray:
    """All windows that leave twice the margin: shape `(n, n_shifts, n_numbers)`."""
    sides = [side - 2 * margin for side, margin in zip(values.shape[2:], margins, strict=True)]
    shifts = list(product(*(range(2 * margin + 1) for margin in margins)))
    found = np.empty((len(values), len(shifts), values.shape[1] * math.prod(sides)), np.float32)
    for place, shift in enumerate(shifts):
        part = tuple(slice(at, at + side) for at, side in zip(shift, sides, strict=True))
        found[:, place] = _standardised(values[(slice(None), slice(None), *part)])
    return found


def _standardised(windows: np.ndarray) -> np.ndarray:
    """Each channel around its mean, each window of length 1, or 0 where it is flat: `(n, n_numbers)`."""
    n_dims = windows.ndim - 2
    centred = windows - windows.mean(axis=tuple(range(2, 2 + n_dims)), keepdims=True)
    flat = centred.reshape(len(windows), -1)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    is_flat = length < _FLAT * np.sqrt(flat.shape[1])
    return np.where(is_flat, 0.0, flat / np.where(is_flat, 1.0, length)).astype(np.float32)
