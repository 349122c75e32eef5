"""Numbers of each record on a grid whose means are compared: where its energy lies, and its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.scorecard.embedded.records import Values

N_LEVELS: Final = 32
"""Steps of brightness, or of another value."""
_BLOCK: Final = 500
_FAINT: Final = 1e-7
"""Power below which nothing is heard or seen: -70 dB of a record that alternates between 0 and 1."""


@final
@dataclass(frozen=True)
class Statistic:
    """What the means of numbers of each record say, as a score."""

    name: str
    of: Callable[[Values], np.ndarray]
    """Shape `(n_records, n_numbers)`."""
    part: Callable[[int, Values], str]
    """Of one of the numbers, by its place and some records, what it is of."""
    power: int
    """1: the mean distance between two means; 2: the root of the mean square."""
    scale: float
    """Of that distance, to the unit of the label."""
    label: str
    meaning: str
    source: str


def spectrum(values: Values) -> np.ndarray:
    """Mean power at each frequency, averaged over directions, in decibels.

    Band k holds waves of about twice the shortest side over k places; those beyond the shortest side's own
    are where diagonals are fine.

    Source:
        Durall et al. 2020, "Watch your up-convolution", eq. 1 to 3 (arXiv:2003.01826).
    """
    grid = values.shape[2:]
    axes = tuple(range(2, values.ndim))
    band, found = _bands(grid), list[np.ndarray]()
    n_places = np.bincount(band)
    kept = n_places > 0
    for part in np.array_split(values, -(-len(values) // _BLOCK)):
        power = np.square(np.abs(np.fft.fftn(part, axes=axes))) / np.prod(grid) ** 2
        flat = power.mean(axis=1).reshape(len(part), -1)
        sums = np.stack([np.bincount(band, one) for one in flat])
        found.append(10 * np.log10(sums[:, kept] / n_places[kept] + _FAINT))
    return np.concatenate(found)[:, 1:]  # how bright a record is as a whole is no pattern


def wave(place: int, values: Values) -> str:
    """What a number of `spectrum` is of."""
    band = np.unique(_bands(values.shape[2:]))[place + 1]
    return f"patterns of {2 * _n_bands(values.shape[2:]) / band:.2g} px"


def _bands(grid: tuple[int, ...]) -> np.ndarray:
    """Of each frequency of a grid."""
    frequencies = np.meshgrid(*(np.fft.fftfreq(side) * 2 for side in grid), indexing="ij")
    radius = np.sqrt(sum(np.square(one) for one in frequencies))  # 1 is a wave of two places
    return np.round(radius * _n_bands(grid)).astype(int).ravel()


def _n_bands(grid: tuple[int, ...]) -> int:
    return max(1, min(grid) // 2)


def levels(values: Values) -> np.ndarray:
    """For each channel, the share of the values up to each of 32 levels.

    The mean distance of two such curves is the Wasserstein distance of the values, in parts of their range.
    """
    edges = np.arange(1, N_LEVELS) / N_LEVELS
    flat = values.reshape(*values.shape[:2], -1)
    return np.stack([(flat <= edge).mean(axis=2) for edge in edges], axis=2).reshape(len(values), -1)


def level(place: int, values: Values) -> str:
    """What a number of `levels` is of."""
    channel, step = divmod(place, N_LEVELS - 1)
    of = f" of channel {channel + 1}" if values.shape[1] > 1 else ""
    return f"values{of} up to {(step + 1) / N_LEVELS:.0%}"


SPECTRUM: Final = Statistic(
    "spectrum",
    spectrum,
    wave,
    2,
    1.0,
    "spectrum, dB",
    "How far the power of coarse and of fine patterns is from that of real records, root mean square.",
    "Durall et al. 2020 (arXiv:2003.01826).",
)
COLOUR: Final = Statistic(
    "colour",
    levels,
    level,
    1,
    100.0,
    "colours and brightness, % of the range",
    "How far the values of each channel are from those of real records.",
    "Wasserstein's distance, of the values of all records together.",
)
"""Of pictures; other kinds say what values are of theirs."""
