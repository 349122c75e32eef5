"""The standard error of any score that has no formula for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

GROUPS: Final = 10
SMALLEST_GROUP: Final = 10
"""Records in a group, where there are enough of them."""


def error_by_groups(
    scores: Callable[[np.ndarray, np.ndarray], tuple[float, ...]],
    n_fake: int,
    n_real: int,
    rng: np.random.Generator,
) -> tuple[float, ...]:
    """How far another draw of both sets would move scores, from their spread over disjoint groups.

    Ten random groups are ten small repetitions of the same measurement; the spread between them, divided by
    the root of their number, estimates the standard error at full size. The level of a score may depend on
    the number of records (a distance never falls to 0 on few of them); only its spread is used. The estimate
    is itself rough: with ten groups its own relative error is about a quarter.

    Args:
        scores: Maps indices of synthetic and of real records to the scores of these records alone.
        n_fake: How many synthetic records there are, 2 or more.
        n_real: How many real ones, 2 or more.
        rng: Draws the groups.

    Returns:
        The standard error of each score, in its unit.

    Source:
        The random group method: Wolter 2007, "Introduction to Variance Estimation", 2nd edition, chapter 2.
    """
    n_groups = max(2, min(GROUPS, min(n_fake, n_real) // SMALLEST_GROUP))
    fake, real = rng.permutation(n_fake), rng.permutation(n_real)
    results = [scores(fake[group::n_groups], real[group::n_groups]) for group in range(n_groups)]
    return tuple(float(error) for error in np.std(results, axis=0, ddof=1) / np.sqrt(n_groups))
