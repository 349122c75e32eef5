"""Records as points, for scores that need a distance between records, and their nearest neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Int

from gansmith.scorecard.features import Features, check_comparable, fold_rare_codes

MAX_DIMENSIONS: Final = 4_096
MAX_RECORDS: Final = 50_000
"""Synthetic records that an attack searches, at most."""
_MAX_COORDINATES: Final = 30_000_000
"""Of all points together: 240 MB, and as much again while they are made."""
_CHUNK_DISTANCES: Final = 4_000_000
"""Distances held at once: 32 MB."""
_CHUNK_OF_FEW: Final = 2_000_000
"""The same where the few nearest are wanted: 16 MB."""
_BLOCK: Final = 32
_SPARE: Final = 8
"""Candidates beyond the k wanted: rounding may swap near ties before they are measured exactly."""
_SINGLE: Final = 16
"""From so many dimensions on records lie so far apart that single precision finds the candidates."""

Points = Float[np.ndarray, "n_points n_dimensions"]
References = Float[np.ndarray, "n_references n_dimensions"]


def as_points(*parts: Features) -> list[np.ndarray]:
    """Features as points, so that each column weighs about the same in a Euclidean distance.

    A number becomes its rank among all records, 0 to 1 (a missing one stands in the middle and has a further
    coordinate that says so); a category becomes one coordinate per code of the 50 most frequent, such that
    two different codes are a distance of 1 apart. Wide tables keep fewer codes, to stay near 4,096
    dimensions.

    Args:
        parts: Sets of records with the same columns; ranks and codes are those of all of them together.

    Returns:
        For each part its points, shape `(n_records, n_dimensions)`.

    Raises:
        DataError: Different columns, or none at all.
    """
    return as_blocks(*parts)[0]


def as_blocks(*parts: Features) -> tuple[list[np.ndarray], list[slice]]:
    """The points of `as_points`, and which of their coordinates belong to which column.

    The squared distance of two records is the sum of the squared distances of their blocks: with the blocks
    known, a column can be left out of a distance.

    Returns:
        For each part its points, shape `(n_records, n_dimensions)`, and for each column the slice of the
        dimensions that it fills (empty where a category column holds no value at all).
    """
    check_comparable(*parts, n_records=1)
    values = np.concatenate([part.values for part in parts])
    n_codes = int(np.clip(MAX_DIMENSIONS // max(1, int(parts[0].is_category.sum())), 2, 50))
    blocks = [
        _one_hot(values[:, column], n_codes) if is_category else _ranked(values[:, column])
        for column, is_category in enumerate(parts[0].is_category)
    ]
    ends = np.cumsum([block.shape[1] for block in blocks]).tolist()
    points = np.concatenate(blocks, axis=1)  # (all records, n_dimensions)
    parted = np.split(points, np.cumsum([len(part) for part in parts])[:-1])
    return parted, [slice(end - block.shape[1], end) for end, block in zip(ends, blocks, strict=True)]


def nearest(
    points: Points, references: References
) -> tuple[Float[np.ndarray, " n_points"], Int[np.ndarray, " n_points"]]:
    """Each point's squared distance to its nearest reference, and which one that is.

    Rounding is about 1e-12 of the squared norms: numbers closer than that are ties.
    """
    distances, indices = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
    n_rows = max(1, _CHUNK_DISTANCES // max(1, len(references)))
    norms = np.square(references).sum(axis=1)  # (n_references,)
    for start in range(0, len(points), n_rows):
        chunk, rows = points[start : start + n_rows], slice(start, start + n_rows)
        squared = np.square(chunk).sum(axis=1)[:, None] + norms - 2.0 * chunk @ references.T
        squared = np.maximum(squared, 0.0)  # (n_in_chunk, n_references)
        indices[rows], distances[rows] = squared.argmin(axis=1), squared.min(axis=1)
    return distances, indices


def _one_hot(codes: np.ndarray, n_codes: int) -> np.ndarray:
    folded = fold_rare_codes(codes, n_codes=n_codes)
    kept = np.unique(folded[~np.isnan(folded)])
    # 1/2 + 1/2 = 1 between two codes; a missing cell has no coordinate and is a distance of 0.7 from every
    # code.
    return (folded[:, None] == kept) * np.sqrt(0.5)


def _ranked(numbers: np.ndarray) -> np.ndarray:
    is_missing = np.isnan(numbers)
    present = np.sort(numbers[~is_missing])
    rank = np.searchsorted(present, numbers, side="left") + np.searchsorted(present, numbers, side="right")
    rank = np.where(is_missing, 0.5, rank / (2.0 * max(1, len(present))))
    if not is_missing.any():
        return rank[:, None]
    return np.stack([rank, is_missing * 1.0], axis=1)


def affordable(features: Features) -> int:
    """How many records like these may become points at once, 50,000 at most; wide tables give fewer."""
    codes = [
        0 if np.isnan(column).all() else int(np.nanmax(column))
        for column in features.values[:, features.is_category].T
    ]
    n_dimensions = sum(min(50, code + 1) for code in codes) + 2 * int((~features.is_category).sum())
    return min(MAX_RECORDS, max(1_000, _MAX_COORDINATES // max(1, min(n_dimensions, 2 * MAX_DIMENSIONS))))


def nearest_few(points: Points, references: References, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Each point's few nearest references, the nearest first: fast to find, exact to the last digit.

    Among references equally far it takes what comes by their order: shuffle them first.

    Returns:
        Squared distances and indices of references, each of shape `(n_points, k)`, fewer where there are
        fewer. Distances are summed from differences, so that equal records are at a distance of exactly 0.
    """
    k = min(k, len(references))
    squared, indices = np.empty((len(points), k)), np.empty((len(points), k), dtype=np.int64)
    centre = references.mean(axis=0)  # rounding is least about the middle
    dtype = np.float32 if points.shape[1] >= _SINGLE else np.float64
    rough = (references - centre).astype(dtype)
    norms = np.square(rough).sum(axis=1)  # (n_references,)
    n_rows = max(1, _CHUNK_OF_FEW // max(len(references), (k + _SPARE) * points.shape[1]))
    for start in range(0, len(points), n_rows):
        chunk = points[start : start + n_rows]
        # The point's own norm changes nothing in the order.
        near = norms - (2.0 * (chunk - centre)).astype(dtype) @ rough.T  # (n_rows, n_references)
        candidates = _smallest(near, min(k + _SPARE, len(references)))
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
