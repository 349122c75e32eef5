"""The few nearest synthetic records of each target: fast to find, exact to the last digit."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.features import Features
from gansmith.scorecard.points import MAX_DIMENSIONS

MAX_RECORDS: Final = 50_000
"""Synthetic records that an attack searches, at most."""
_MAX_COORDINATES: Final = 30_000_000
"""Of all points together: 240 MB, and as much again while they are made."""
_CHUNK: Final = 2_000_000
"""Distances held at once: 16 MB."""
_BLOCK: Final = 32
_SPARE: Final = 8
"""Candidates beyond the k wanted: rounding may swap near ties before they are measured exactly."""


def affordable(features: Features) -> int:
    """How many records like these may become points at once, 50,000 at most; wide tables give fewer."""
    codes = [
        0 if np.isnan(column).all() else int(np.nanmax(column))
        for column in features.values[:, features.is_category].T
    ]
    n_dimensions = sum(min(50, code + 1) for code in codes) + 2 * int((~features.is_category).sum())
    return min(MAX_RECORDS, max(1_000, _MAX_COORDINATES // max(1, min(n_dimensions, 2 * MAX_DIMENSIONS))))


def nearest_few(
    points: Float[np.ndarray, "n_points n_dimensions"],
    references: Float[np.ndarray, "n_references n_dimensions"],
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Each point's nearest references, the nearest first.

    Among references equally far it takes what comes by their order: shuffle them first.

    Args:
        points: One or more.
        references: One or more.
        k: How many of them; fewer where there are fewer.

    Returns:
        Squared distances and indices of references, each of shape `(n_points, k)`. Distances are summed from
        differences, so that equal records are at a distance of exactly 0.
    """
    k = min(k, len(references))
    squared, indices = np.empty((len(points), k)), np.empty((len(points), k), dtype=np.int64)
    norms = np.square(references).sum(axis=1)  # (n_references,)
    n_rows = max(1, _CHUNK // max(len(references), (k + _SPARE) * points.shape[1]))
    for start in range(0, len(points), n_rows):
        chunk = points[start : start + n_rows]
        # The point's own norm changes nothing in the order.
        candidates = _smallest(norms - 2.0 * chunk @ references.T, min(k + _SPARE, len(references)))
        exact = np.square(chunk[:, None, :] - references[candidates]).sum(axis=2)  # (n_rows, n_candidates)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        squared[start : start + len(chunk)] = np.take_along_axis(exact, order, axis=1)
        indices[start : start + len(chunk)] = np.take_along_axis(candidates, order, axis=1)
    return squared, indices


def _smallest(numbers: np.ndarray, n: int) -> np.ndarray:
    """Columns of the n smallest numbers of each row, in no order: shape (n_rows, n)."""
    n_rows, n_columns = numbers.shape
    n_blocks = n_columns // _BLOCK
    if n_blocks < 4 * n:
        return _first_parted(numbers, n)
    # The n smallest lie in the n blocks with the smallest minima: block b holds columns b, b + n_blocks, ...
    # and what is left over after the last full round is looked at besides.
    minima = numbers[:, : n_blocks * _BLOCK].reshape(n_rows, _BLOCK, n_blocks).min(axis=1)
    chosen = _first_parted(minima, n)  # (n_rows, n)
    inside = (chosen[:, :, None] + n_blocks * np.arange(_BLOCK)).reshape(n_rows, -1)
    left_over = np.broadcast_to(np.arange(n_blocks * _BLOCK, n_columns), (n_rows, n_columns % _BLOCK))
    candidates = np.concatenate([inside, left_over], axis=1)  # (n_rows, n_candidates)
    smallest = _first_parted(np.take_along_axis(numbers, candidates, axis=1), n)
    return np.take_along_axis(candidates, smallest, axis=1)


def _first_parted(numbers: np.ndarray, n: int) -> np.ndarray:
    if n == numbers.shape[1]:
        return np.broadcast_to(np.arange(n), numbers.shape)
    return np.argpartition(numbers, n - 1, axis=1)[:, :n]
