"""Missing cells: are as many missing, and together, as in the real records?"""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes
from gansmith.scorecard.real.joint import total_variation
from gansmith.scorecard.score import Score
from gansmith.scorecard.standard_errors import error_by_groups

MAX_PATTERNS: Final = 50
"""Patterns of missing cells kept apart, the most frequent; the rarer ones count as one."""


def missing_score(fake: Features, real: Features, *, seed: int = 0) -> tuple[dict[str, float], Score]:
    """How like the real ones the missing cells are: how many of each column, and which of them together.

    A pattern says of a record which of its cells are missing. The score is one minus the total variation
    distance of the patterns; no column's share of missing cells can be further off than that, and where rare
    patterns had to be counted as one and a column yet is, the column's difference takes its place.

    Args:
        fake: Synthetic records.
        real: Real records, best ones that the generator never saw.
        seed: Of the groups that the error comes from.

    Returns:
        For every column with a missing cell in either table, the difference between the shares that are
        missing, 0 to 1, the largest first; and the score, 0 to 1. Nothing and 1 when nothing is missing.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.

    Source:
        Patterns: Little & Rubin 2019, "Statistical analysis with missing data", 3rd edition, chapter 1;
        compared by their total variation distance.
    """
    check_comparable(fake, real)
    gaps = [np.isnan(table.values) for table in (fake, real)]
    has_gaps = np.atleast_1d(np.concatenate(gaps).any(axis=0))  # (n_columns,)
    ours, theirs = (side[:, has_gaps] for side in gaps)
    columns = np.abs(ours.mean(axis=0) - theirs.mean(axis=0))
    patterns = _patterns(np.concatenate([ours, theirs]))

    def distance(fake_part: np.ndarray, real_part: np.ndarray) -> tuple[float]:
        together = total_variation(patterns[fake_part], patterns[len(fake) + real_part])
        alone = np.abs(ours[fake_part].mean(axis=0) - theirs[real_part].mean(axis=0)).max(initial=0.0)
        return (max(together, float(alone)),)

    names = [name for name, has_gap in zip(fake.names, has_gaps, strict=True) if has_gap]
    order = np.argsort(-columns, kind="stable")
    return {names[index]: float(columns[index]) for index in order}, Score(
        value=1.0 - distance(np.arange(len(fake)), np.arange(len(real)))[0],
        error=error_by_groups(distance, len(fake), len(real), draws(seed))[0],
        n=min(len(fake), len(real)),
        direction="higher",
        source="Little & Rubin 2019: patterns of missing cells, by their total variation distance.",
        label="missing cells",
        meaning="How like the real ones the missing cells are, alone and together; 1 is equal.",
    )


def _patterns(is_missing: np.ndarray) -> np.ndarray:
    """The number of each record's pattern, 0 the most frequent: shape (n_records,)."""
    if not is_missing.shape[1]:
        return np.zeros(len(is_missing), dtype=np.int64)
    packed = np.packbits(is_missing, axis=1)  # (n_records, ceil(n_columns / 8))
    _, numbers = np.unique(packed, axis=0, return_inverse=True)
    return fold_rare_codes(numbers.ravel().astype(np.float64), n_codes=MAX_PATTERNS + 1).astype(np.int64)
