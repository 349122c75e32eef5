"""The mean of many parts (columns, pairs, triples) and its standard error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.groups import error_by_groups


def average_and_error(
    parts: Float[np.ndarray, " n_parts"],
    measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
    n_fake: int,
    n_real: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Mean of the parts that are defined, and how far another draw of the records would move it.

    A part that is defined for all records but not for the few of a group (a column without variation there)
    keeps the value of all records in that group: so all groups average the same parts.

    Args:
        parts: Of all records; NaN is not defined.
        measure: Maps indices of synthetic and of real records to the same parts of these records alone.
        n_fake: How many synthetic records there are, 2 or more.
        n_real: How many real ones, 2 or more.
        rng: Draws the groups.

    Returns:
        Mean and standard error; NaN for both when no part is defined.

    Source:
        For the error see `groups.error_by_groups`.
    """
    is_defined = ~np.isnan(parts)
    if not is_defined.any():
        return float("nan"), float("nan")

    def score_of(fake: np.ndarray, real: np.ndarray) -> tuple[float]:
        measured = measure(fake, real)
        return (float(np.where(np.isnan(measured), parts, measured)[is_defined].mean()),)

    error = error_by_groups(score_of, n_fake, n_real, rng)[0]
    return float(parts[is_defined].mean()), error
