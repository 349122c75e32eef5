"""Is it valid? What no real record does, no synthetic record may do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool

from gansmith.errors import DataError
from gansmith.scorecard.score import Score
from gansmith.scorecard.standard_errors import error_of_share


def valid_share(
    n_records: int, broken: Mapping[str, Bool[np.ndarray, " n_records"]]
) -> tuple[Score, dict[str, float]]:
    """Share of the records that break no rule; anything below 1 is a defect.

    Args:
        n_records: How many records there are, 1 or more.
        broken: For each rule, in words: which records break it.

    Returns:
        The score, and for each rule that is broken the share of the records that break it, the worst first.

    Raises:
        DataError: There is no record.
    """
    if not n_records:
        raise DataError("There is no record to check against the rules. Give one at least.")
    is_broken = np.zeros(n_records, dtype=bool)
    for rule in broken.values():
        is_broken |= rule
    n_valid = int((~is_broken).sum())
    shares = {name: float(rule.mean()) for name, rule in broken.items() if rule.any()}
    score = Score(
        value=n_valid / n_records,
        error=error_of_share(n_valid, n_records) if n_valid < n_records else 0.0,
        n=n_records,
        direction="higher",
        source="Counting; the rules are those that hold for all real records.",
        label="valid records",
        meaning="Share of the records that break no rule: types, ranges, categories, keys, constraints.",
    )
    return score, dict(sorted(shares.items(), key=lambda item: -item[1]))
