"""Standard errors: of a share, of any score that has no formula, of a mean of many parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.score import Score

GROUPS: Final = 10
SMALLEST_GROUP: Final = 10
"""Records in a group, where there are enough of them."""


def error_of_share(n_hits: float, n: int) -> float:
    """Standard error of a share of yes or no, not 0 at 0 hits.

    Example:
        >>> round(error_of_share(0, 100), 3)
        0.013

    Source:
        Agresti & Coull 1998, "Approximate is better than 'exact'", The American Statistician 52: two hits
        and two misses are added.
    """
    share = (n_hits + 2) / (n + 4)
    return float(np.sqrt(share * (1 - share) / (n + 4)))


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


def mean_similarity(
    parts: Float[np.ndarray, " n_parts"],
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
    n: tuple[int, int],
    rng: np.random.Generator,
    *,
    source: str,
    label: str,
    meaning: str,
    undefined: str,
) -> Score:
    """Mean of the parts (columns, pairs, triples) that are defined: how like real records others are.

    A part that is defined for all records but not for the few of a group (a column without variation there)
    keeps the value of all records in that group: so all groups average the same parts.

    Args:
        parts: Of all records, the higher the better; NaN is not defined.
        measure: Maps indices of synthetic and of real records to the same parts of these records alone.
        n: How many synthetic records there are and how many real ones, 2 or more each.
        rng: Draws the groups that the error comes from, see `error_by_groups`.
        source: As in `Score`.
        label: As in `Score`.
        meaning: As in `Score`.
        undefined: The caveat when no part is defined; mean and error are NaN then.
    """
    is_defined = ~np.isnan(parts)

    def mean_of(fake: np.ndarray, real: np.ndarray) -> tuple[float]:
        measured = measure(fake, real)
        return (float(np.where(np.isnan(measured), parts, measured)[is_defined].mean()),)

    is_known = bool(is_defined.any())
    return Score(
        value=float(parts[is_defined].mean()) if is_known else float("nan"),
        error=error_by_groups(mean_of, *n, rng)[0] if is_known else float("nan"),
        n=min(n),
        direction="higher",
        source=source,
        label=label,
        meaning=meaning,
        caveat="" if is_known else undefined,
    )
