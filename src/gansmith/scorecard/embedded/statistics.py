"""Numbers of each record on a grid whose means are compared: where its energy lies, and its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.scorecard.embedded.records import Values

N_LEVELS: Final = 32
"""Steps of brightness, or of another value."""
_FAINT: Final = 1e-7
"""Power below which nothing is heard or seen: -70 dB of a record that alternates between 0 and 1."""


@final
@dataclass(frozen=True)
class Statistic:
    """What the means of numbers of each record say, as a score."""

    name: str
    of: Callable[[Values], np.ndarray]
    """Shape `(n_records, n_numbers)`."""
    scale: float
    """Of the mean distance between two means, to the unit of the label."""
    label: str
    meaning: str
    source: str


def spectrum(values: Values) -> np.ndarray:
    """Mean power at each frequency, averaged over directions, in decibels.

    Source:
        Durall et al. 2020, "Watch your up-convolution", eq. 1 to 3 (arXiv:2003.01826).
    """
    grid = values.shape[2:]
    axes = tuple(range(2, values.ndim))
    frequencies = np.meshgrid(*(np.fft.fftfreq(side) * 2 for side in grid), indexing="ij")
    n_bands = max(2, min(grid) // 2)
    radius = np.sqrt(sum(np.square(one) for one in frequencies))
    band = np.minimum(np.round(radius * n_bands).astype(int), n_bands).ravel()
    n_places, found = np.maximum(np.bincount(band, minlength=n_bands + 1), 1), list[np.ndarray]()
    for part in np.array_split(values, -(-len(values) // 500)):
        power = np.square(np.abs(np.fft.fftn(part, axes=axes))) / np.prod(grid) ** 2
        flat = power.mean(axis=1).reshape(len(part), -1)
        sums = np.stack([np.bincount(band, one, n_bands + 1) for one in flat])
        found.append(10 * np.log10(sums / n_places + _FAINT))
    return np.concatenate(found)[:, 1:]  # how bright a record is as a whole is no pattern


def levels(values: Values) -> np.ndarray:
    """For each channel, the share of the values up to each of 32 levels.

    The mean distance of two such curves is the Wasserstein distance of the values, in parts of their range.
    """
    edges = np.arange(1, N_LEVELS) / N_LEVELS
    flat = values.reshape(*values.shape[:2], -1)
    return np.stack([(flat <= edge).mean(axis=2) for edge in edges], axis=2).reshape(len(values), -1)


STATISTICS: Final = (
    Statistic(
        "spectrum",
        spectrum,
        1.0,
        "spectrum, dB",
        "How far the mean power of coarse and of fine patterns is from that of real records.",
        "Durall et al. 2020 (arXiv:2003.01826).",
    ),
    Statistic(
        "colour",
        levels,
        100.0,
        "colours and brightness, % of the range",
        "How far the values of each channel are from those of real records.",
        "Wasserstein's distance, of the values of all records together.",
    ),
)
