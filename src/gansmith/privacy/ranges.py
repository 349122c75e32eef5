"""Ranges and bins of numbers, found under the guarantee.

A range that is not public is found by a noisy histogram of magnitudes: powers of two, the same for any data.
Bins are found by halving: a range is cut into two, and those halves again that many rows are in, level by
level, each level one noisy histogram. What was found is noisy, so that all that is decided by it is free.

The idea of halving only what is full is PrivTree's; here each level pays for itself, with whole-number noise.

Source:
    Zhang, Xiao and Xie 2016, "PrivTree: a differentially private algorithm for hierarchical decompositions"
    (arXiv:1601.03229).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float64, Int64

from gansmith.privacy.ledger import Ledger
from gansmith.privacy.mechanisms import noise_scale, noisy_counts

EXPONENTS: Final = (-40, 64)
"""Powers of two that magnitudes are told apart by; smaller ones count as zero, larger ones as the largest."""
LOUD: Final = 4.0
"""Standard deviations of noise above which a bin is halved."""
SURE: Final = 5.0
"""Standard deviations of noise above which a magnitude belongs to the range: a false one spoils it."""

Numbers = Float64[np.ndarray, " n"]


@final
@dataclass(frozen=True)
class Bins:
    """Neighbouring bins of a range, each with about how many rows lie in it."""

    edges: tuple[float, ...]
    """Ascending, one more than bins; a bin holds its lower edge, and the last one its upper edge, too."""
    counts: tuple[float, ...]
    """Noisy; some may be negative."""


def noisy_range(ledger: Ledger, values: Numbers, rho: float, on: str) -> tuple[float, float]:
    """Two powers of two (or 0, or their negatives) that nearly all finite values lie between.

    Args:
        ledger: What is charged.
        values: Of the rows; what is not finite is left out.
        rho: What it may cost.
        on: The column, for the ledger.

    Returns:
        (0, 1) where too few rows have a value to show.
    """
    low, high = EXPONENTS
    n_steps = high - low
    finite = values[np.isfinite(values)]
    with np.errstate(divide="ignore"):
        exponents = np.clip(np.floor(np.log2(np.abs(finite))), low - 1, high - 1).astype(np.int64)
    places = np.where(finite < 0, -1, 1) * (exponents - low + 1) + n_steps  # 0 lies in the middle
    counts = noisy_counts(ledger, np.bincount(places, minlength=2 * n_steps + 1).astype(np.int64), rho, on)
    loud = np.flatnonzero(counts >= SURE * noise_scale(ledger, rho))
    if not len(loud):
        return 0.0, 1.0
    first, last = int(loud[0]) - n_steps, int(loud[-1]) - n_steps
    return _outer(first, -1, low), _outer(last, 1, low)


def noisy_bins(
    ledger: Ledger,
    values: Numbers,
    ends: tuple[float, float],
    rho: float,
    on: str,
    *,
    n_levels: int = 12,
    grain: float = 0.0,
    max_bins: int = 32,
) -> Bins:
    """Bins that hold about as many rows each, narrow where many rows are.

    Args:
        ledger: What is charged.
        values: Of the rows; those beyond the ends are moved to them, and what is not finite is left out.
        ends: The public (or noisy) range, the lower end first.
        rho: What all levels together may cost.
        on: The column, for the ledger.
        n_levels: How often a range is halved at most.
        grain: What values are multiples of, 0 where they are not: no bin becomes narrower.
        max_bins: How many are wanted at most.

    Returns:
        At least one bin; with a grain, the last edge is the first multiple beyond the range.
    """
    grid = _Grid.of(ends, n_levels, grain)
    places = grid.places(values)
    share = rho / grid.n_levels
    least = LOUD * noise_scale(ledger, share)
    full, levels = np.zeros(1, np.int64), list[dict[int, float]]()
    for level in range(1, grid.n_levels + 1):
        left = grid.n_levels - level
        cells = np.sort(np.concatenate([2 * full, 2 * full + 1]))
        counts = _counted(ledger, places >> left, cells, share, f"{on}, level {level}")
        levels.append(dict(zip(cells.tolist(), counts.astype(float).tolist(), strict=True)))
        full = cells[counts > least]
        if not len(full):
            break
    return _merged(_leaves(levels, grid.n_levels), grid, least, max_bins)


@final
@dataclass(frozen=True)
class _Grid:
    """The finest cells that halving may come to."""

    low: float
    high: float
    """Where the last bin ends."""
    last: float
    """The largest value; what lies beyond is moved to it."""
    width: float
    n_levels: int

    @classmethod
    def of(cls, ends: tuple[float, float], n_levels: int, grain: float) -> _Grid:
        """The grid of a range; where values have a grain, its multiples begin cells."""
        low, high = ends
        if not grain:
            high = max(high, low + 2.0**n_levels * float(np.spacing(max(abs(low), 1.0))))
            return cls(low, high, high, (high - low) / 2**n_levels, n_levels)
        n_values = math.floor((high - low) / grain) + 1
        n_all = math.ceil(math.log2(max(n_values, 2)))
        width = grain * 2.0 ** max(n_all - n_levels, 0)
        last = low + (n_values - 1) * grain
        return cls(low, last + grain, last, width, min(n_all, n_levels))

    def places(self, values: Numbers) -> Int64[np.ndarray, " finite"]:
        """In which cell each finite value lies."""
        within = np.clip(values[np.isfinite(values)], self.low, self.last)
        cells = np.floor((within - self.low) / self.width + 1e-9).astype(np.int64)
        return np.minimum(cells, 2**self.n_levels - 1)


def _counted(
    ledger: Ledger, places: Int64[np.ndarray, " n"], cells: Int64[np.ndarray, " m"], rho: float, on: str
) -> Int64[np.ndarray, " m"]:
    """About how many places are in each of some cells, ascending."""
    found = np.searchsorted(cells, places)
    found = np.where(found < len(cells), found, 0)
    is_here = cells[found] == places
    counts = np.bincount(found[is_here], minlength=len(cells)).astype(np.int64)
    return noisy_counts(ledger, counts, rho, on)


def _leaves(levels: list[dict[int, float]], n_levels: int) -> list[tuple[int, float]]:
    """The cells that were not halved, by the first finest cell in them; their counts agree with all levels.

    Without this a cell that was left whole would count too little: it was left because its noise was low.

    Source:
        Hay et al. 2010, "Boosting the accuracy of differentially private histograms through consistency",
        section 4 (arXiv:0904.0942): the least squares of a tree, upwards and then downwards.
    """
    upwards: list[dict[int, tuple[float, float]]] = []  # estimates with their variances, in those of a count
    for counts in reversed(levels):
        below = upwards[-1] if upwards else {}
        found = {cell: (count, 1.0) for cell, count in counts.items()}
        for cell in (cell for cell in counts if 2 * cell in below):
            (left, left_variance), (right, right_variance) = below[2 * cell], below[2 * cell + 1]
            variance = left_variance + right_variance
            mean = (variance * counts[cell] + left + right) / (variance + 1)
            found[cell] = mean, variance / (variance + 1)
        upwards.append(found)
    leaves: list[tuple[int, float]] = []
    settled = {cell: count for cell, (count, _) in upwards[-1].items()}
    for level, below in enumerate([*upwards[-2::-1], {}], start=1):
        halved = {cell: count for cell, count in settled.items() if 2 * cell in below}
        leaves += [(cell << (n_levels - level), settled[cell]) for cell in settled.keys() - halved.keys()]
        settled = {}
        for cell, count in halved.items():
            (left, left_variance), (right, right_variance) = below[2 * cell], below[2 * cell + 1]
            missing = (count - left - right) / (left_variance + right_variance)
            settled[2 * cell] = left + missing * left_variance
            settled[2 * cell + 1] = right + missing * right_variance
    return sorted(leaves)


def _merged(leaves: list[tuple[int, float]], grid: _Grid, least: float, max_bins: int) -> Bins:
    """Bins of neighbouring leaves, about as full as each other, but for a full leaf, which stays alone."""
    leaves = [leaf for leaf in leaves if grid.low + grid.width * leaf[0] < grid.high]
    wanted = least
    while len(found := _together(leaves, wanted)) > max_bins:
        wanted *= 1.05
    edges = [grid.low + grid.width * start for start, _ in found]
    return Bins((*edges, grid.high), tuple(count for _, count in found))


def _together(leaves: list[tuple[int, float]], wanted: float) -> list[tuple[int, float]]:
    """Neighbours together until they hold as many rows as are wanted."""
    found = [leaves[0]]
    for start, count in leaves[1:]:
        last, so_far = found[-1]
        if so_far < wanted and count < wanted:
            found[-1] = last, so_far + count
        else:
            found.append((start, count))
    if len(found) > 1 and max(found[-1][1], found[-2][1]) < 2 * wanted and found[-1][1] < wanted:
        _, rest = found.pop()
        found[-1] = found[-1][0], found[-1][1] + rest
    return found


def _outer(place: int, side: int, low: int) -> float:
    """The end of a cell of magnitudes that looks outwards."""
    sign = np.sign(place)
    exponent = abs(place) - 1 + low
    if sign == 0:
        return side * 2.0**low if side > 0 else 0.0
    return float(sign * 2.0 ** (exponent + 1 if sign == side else exponent))
