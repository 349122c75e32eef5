"""What is too rare to come out: a value that hardly anybody has tells who has it.

A category, a single number or an end of a range comes out only where enough records share it. Five is the
smallest cell that statistical offices usually publish, and a usual k of k-anonymity. In a small table
five records are a large part of all, so there the usual count falls to two: what one record alone has never
comes out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, Int

from gansmith.tabular.cells import Counts, Numbers

MAX_USUAL_COUNT: Final = 5
"""Records that must share a value, where the user does not say how many."""
MIN_USUAL_COUNT: Final = 2
"""The same in a small table."""
RECORDS_PER_COUNT: Final = 100
"""Records of a small table for each record that must share a value."""


def usual_min_count(n_records: int) -> int:
    """How many records must share a value before it comes out, where nobody says.

    Example:
        >>> [usual_min_count(n) for n in (50, 300, 10_000)]
        [2, 3, 5]
    """
    return min(max(n_records // RECORDS_PER_COUNT, MIN_USUAL_COUNT), MAX_USUAL_COUNT)


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
