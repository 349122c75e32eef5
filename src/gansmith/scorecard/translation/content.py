"""Whether a record still shows what its input shows, and how much several records of one input differ."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, zoom

from gansmith.scorecard.translation.fidelity import Values, luminance


def brightness(values: Values) -> np.ndarray:
    """One number for each place, shape `(*grid)`: the luminance of three channels, else their mean."""
    return luminance(values)[0] if len(values) in (1, 3) else values.mean(axis=0, dtype=np.float64)


def brought(values: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
    """One number for each place of another grid: straight lines between places, and a blur before shrinking.

    Args:
        values: Shape of any grid.
        grid: Of as many sides.
    """
    if values.shape == grid:
        return values
    factors = [side / own for side, own in zip(grid, values.shape, strict=True)]
    blur = [max(0.0, 0.5 * (1 / factor - 1)) for factor in factors]
    smooth = gaussian_filter(values, blur, mode="nearest")
    return np.asarray(zoom(smooth, factors, order=1, mode="nearest", grid_mode=True))


def content_kept(given: Values, made: Values) -> float:
    """Correlation of how steep brightness is, between an input, brought to the grid of the output, and it.

    1: the same edges at the same places; 0: none of them. NaN where one of them is flat.
    """
    steep = [
        gaussian_gradient_magnitude(one, 1.0, mode="nearest").ravel()
        for one in (brought(brightness(given), made.shape[1:]), brightness(made))
    ]
    ours, theirs = (one - one.mean() for one in steep)
    size = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return float(ours @ theirs) / size if size > 1e-12 else float("nan")


def differences(outputs: Sequence[Sequence[Values]]) -> tuple[np.ndarray, float]:
    """Mean absolute difference between outputs.

    Args:
        outputs: Of each input two or more.

    Returns:
        Of each input, between its own outputs, shape `(n,)`; and between the first outputs of two inputs that
        follow each other, on the grid of the former, the mean (NaN for one input alone).
    """
    own = [
        np.mean([abs(a - b).mean() for place, a in enumerate(some) for b in some[:place]]) for some in outputs
    ]
    firsts = [brightness(some[0]) for some in outputs]
    others = [abs(one - brought(other, one.shape)).mean() for one, other in pairwise(firsts)]
    return np.array(own, np.float64), float(np.mean(others)) if others else float("nan")
