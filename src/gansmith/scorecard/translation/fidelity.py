"""How near a record is to the one that it should be: PSNR, SSIM, and of masks Dice and IoU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float
from scipy.ndimage import correlate1d

from gansmith.errors import DataError

Values = Float[np.ndarray, "_ ..."]
"""Of one record, from 0 to 1, shape `(n_channels, *grid)`. Shapes that do not fit are refused in words."""

MOST_DB: Final = 100.0
"""PSNR of records that are equal."""
WINDOW: Final = 11
"""Places on each side of the window of SSIM."""
_SIGMA: Final = 1.5
_K: Final = (0.01, 0.03)
_LUMINANCE: Final = np.array([65.481, 128.553, 24.966]) / 255
_BLACK: Final = 16 / 255
_EDGES: Final = 0.02
"""Share of values of a mask that may lie between: its edges, where it was reduced or kept as a JPEG."""
_NEAR: Final = 0.1
"""Of 0 or 1, for a value of a mask."""


def luminance(values: Values) -> Values:
    """Y of red, green and blue, from 16 to 235 in 255 parts, not rounded; one channel alone is it already.

    Returns:
        Shape `(1, *grid)`, float64.

    Raises:
        DataError: There are neither one nor three channels.

    Source:
        ITU-R BT.601, as MATLAB's `rgb2ycbcr` has it.
    """
    if len(values) == 1:
        return values.astype(np.float64)
    if len(values) != 3:
        raise DataError(f"{len(values)} channels have no luminance. Wanted: one, or red, green and blue.")
    return np.tensordot(_LUMINANCE, values.astype(np.float64), 1)[None] + _BLACK


def psnr(made: Values, truth: Values, *, shave: int = 0) -> float:
    """Peak signal-to-noise ratio in decibels, of values of 0 to 1, at most `MOST_DB`.

    Args:
        made: What is judged.
        truth: What it should be, of the same shape.
        shave: Places at each end of each side of the grid that are left out.

    Raises:
        DataError: The shapes differ, or nothing is left.

    Example:
        >>> round(psnr(np.full((1, 8, 8), 0.5), np.full((1, 8, 8), 0.6)), 6)
        20.0
    """
    ours, theirs = _shaved(made, truth, shave)
    return float(-10 * np.log10(max(np.square(ours - theirs).mean(), 10 ** (-MOST_DB / 10))))


def ssim(made: Values, truth: Values, *, shave: int = 0) -> float:
    """Structural similarity, -1 to 1: the mean over all whole windows of 11 places, and over channels.

    The window is a Gaussian of 1.5 places; the constants are .01 and .03.

    Args:
        made: As for `psnr`.
        truth: Likewise.
        shave: Likewise.

    Returns:
        NaN where a side is shorter than the window.

    Raises:
        DataError: As `psnr`.

    Source:
        Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity", IEEE
        Transactions on Image Processing 13, section III.
    """
    ours, theirs = _shaved(made, truth, shave)
    if min(ours.shape[1:]) < WINDOW:
        return float("nan")
    mean_x, mean_y = _windows(ours), _windows(theirs)
    var_x = _windows(ours * ours) - mean_x**2
    var_y = _windows(theirs * theirs) - mean_y**2
    covariance = _windows(ours * theirs) - mean_x * mean_y
    small, large = (k * k for k in _K)
    brightness = (2 * mean_x * mean_y + small) / (mean_x**2 + mean_y**2 + small)
    return float((brightness * (2 * covariance + large) / (var_x + var_y + large)).mean())


def overlap(made: Values, truth: Values) -> tuple[float, float]:
    """Dice's coefficient and intersection over union of two masks, 0 to 1; where both are empty 1.

    All channels together; a value above one half belongs to the mask.

    Raises:
        DataError: The shapes differ.

    Source:
        Dice 1945, "Measures of the amount of ecologic association between species", Ecology 26.

    Example:
        >>> overlap(np.array([[1.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 1.0]]))
        (0.5, 0.333...)
    """
    ours, theirs = (side > 0.5 for side in _shaved(made, truth, 0))
    both, either = int((ours & theirs).sum()), int((ours | theirs).sum())
    return (2 * both / (both + either), both / either) if either else (1.0, 1.0)


def are_masks(truths: Sequence[Values]) -> bool:
    """Whether all values are nearly 0 or 1, and some of either."""
    is_near = all(float((np.minimum(abs(one), abs(1 - one)) > _NEAR).mean()) <= _EDGES for one in truths)
    return is_near and any((one > 0.5).any() for one in truths) and any((one < 0.5).any() for one in truths)


def _shaved(made: Values, truth: Values, shave: int) -> tuple[np.ndarray, np.ndarray]:
    """Both in float64, less a border."""
    if made.shape != truth.shape:
        raise DataError(
            f"What was made has the shape {made.shape} and its truth {truth.shape}: channels, then sides. "
            "Wanted: the same. Bring both to one grid."
        )
    if made.ndim < 2 or min(made.shape) <= 0 or min(made.shape[1:]) <= 2 * shave:
        raise DataError(f"Nothing is left of the shape {made.shape} without {shave} places at each end.")
    inside = (slice(None), *[slice(shave, side - shave) for side in made.shape[1:]])
    return made[inside].astype(np.float64), truth[inside].astype(np.float64)


def _windows(values: np.ndarray) -> np.ndarray:
    """Means under the window, wherever it lies within the grid."""
    reach = WINDOW // 2
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / _SIGMA))
    weights /= weights.sum()
    for axis in range(1, values.ndim):
        kept = [slice(None)] * values.ndim
        kept[axis] = slice(reach, -reach)
        values = correlate1d(values, weights, axis=axis)[tuple(kept)]
    return values
