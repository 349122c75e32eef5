"""Records as points, for scores that need a distance between records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from gansmith.scorecard.features import Features, check_comparable, fold_rare_codes

MAX_DIMENSIONS: Final = 4_096
_CHUNK_DISTANCES: Final = 4_000_000
"""Distances held at once: 32 MB."""

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

    Args:
        parts: As for `as_points`.

    Returns:
        For each part its points, shape `(n_records, n_dimensions)`, and for each column the slice of the
        dimensions that it fills (empty where a category column holds no value at all).

    Raises:
        DataError: Different columns, or none at all.
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
    """Each point's squared distance to its nearest reference, and which one that is."""
    distances, indices = np.empty(len(points)), np.empty(len(points), dtype=np.int64)
    for rows, squared in squared_distances(points, references):
        indices[rows] = squared.argmin(axis=1)
        distances[rows] = squared.min(axis=1)
    return distances, indices


def squared_distances(points: Points, references: References) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances from points to all references, in chunks of points that fit in memory.

    Yields:
        A slice of the points, and their squared distances, shape `(n_in_slice, n_references)`. Rounding is
        about 1e-12 of the squared norms: numbers closer than that are ties.
    """
    n_rows = max(1, _CHUNK_DISTANCES // max(1, len(references)))
    norms = np.square(references).sum(axis=1)  # (n_references,)
    for start in range(0, len(points), n_rows):
        chunk = points[start : start + n_rows]
        squared = np.square(chunk).sum(axis=1)[:, None] + norms - 2.0 * chunk @ references.T
        yield slice(start, start + len(chunk)), np.maximum(squared, 0.0)


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
