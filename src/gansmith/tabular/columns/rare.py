"""What is too rare to come out is made something else: how numbers are moved to such as enough records have.

How many are enough says `gansmith.disclosure`.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from gansmith.tabular.cells import Counts, Numbers


def are_mostly_rare(counts: Counts, min_count: int) -> bool:
    """Whether more than half of the records have a value that too few others share."""
    return bool(2 * counts[counts < min_count].sum() > counts.sum())


def within_ends(values: Numbers, counts: Counts, min_count: int) -> Numbers:
    """Distinct ascending numbers, those beyond the k-th smallest and largest record's moved to these.

    Args:
        values: Distinct, ascending.
        counts: How many records have each.
        min_count: The k; where there are fewer than twice as many records, their middle is left.
    """
    upto = np.cumsum(counts)
    n = int(upto[-1])
    place = min(min_count, (n + 1) // 2)
    low, high = np.searchsorted(upto, [place, n - place + 1])
    return np.clip(values, values[low], values[high])


def merged(
    values: Numbers, counts: Counts
) -> tuple[Float[np.ndarray, " n_distinct"], Int[np.ndarray, " n_distinct"]]:
    """Distinct numbers once more, after some have become others."""
    distinct, places = np.unique(values, return_inverse=True)
    return distinct, np.bincount(places, counts, len(distinct)).astype(np.int64)


def to_frequent(values: Numbers, counts: Counts, min_count: int) -> Numbers:
    """Distinct ascending numbers, those that too few records have moved to the nearest that enough have.

    Example:
        >>> to_frequent(np.array([0.0, 7.0, 10.0]), np.array([90, 2, 40]), 5)
        array([ 0., 10., 10.])
    """
    is_frequent = counts >= min_count
    if is_frequent.all() or not is_frequent.any():
        return values
    frequent = values[is_frequent]
    right = np.searchsorted(frequent, values).clip(1, len(frequent) - 1) if len(frequent) > 1 else None
    if right is None:
        return np.full(len(values), frequent[0])
    is_left = values - frequent[right - 1] <= frequent[right] - values
    return np.where(is_left, frequent[right - 1], frequent[right])
