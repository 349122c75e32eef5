"""Rare categories: does what is seldom in the real records still occur in the synthetic ones?"""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.score import Score

RARE: Final = 0.05
"""A category with a smaller share of the records than this is rare."""
EXPECTED: Final = 5.0
"""Records of a category that a faithful table of the same size holds, at least: fewer may lack by chance."""


def rare_category_coverage(fake: Features, known: Features) -> tuple[dict[tuple[str, int], float], Score]:
    """Share of the rare categories that occur among the synthetic records.

    Rare is a category with less than 5 % of the known real records, of which a faithful table of the
    synthetic one's size would hold five or more: by chance alone one in 150 of these lacks, at most. A
    generator that collapses loses them first, and no average over records would show it.

    Args:
        fake: Synthetic records.
        known: All real records that there are, those of the training included: a category that the generator
            never saw cannot be asked of it, and one that it saw may lack in few held-out records.

    Returns:
        The categories that lack, by the column's name and the code, each with the records of it that were to
        be expected, the most first; and the score, 0 to 1: 1 when no category is rare.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.

    Source:
        The class coverage of categories (SDMetrics' CategoryCoverage), narrowed to rare categories that are
        to be expected. Error: each count as a Poisson number, on the safe side.
    """
    check_comparable(fake, known)
    missing: dict[tuple[str, int], float] = {}
    counts: list[np.ndarray] = []
    for column in np.flatnonzero(fake.is_category):
        codes, expected = _rare(known.values[:, column], len(fake))
        found = _counts_of(codes, fake.values[:, column])
        counts.append(found)
        for code, number in zip(codes[found == 0], expected[found == 0], strict=True):
            missing[fake.names[column], int(code)] = float(number)
    n_found = np.concatenate([np.empty(0), *counts])
    # Another draw lacks a category of which this one has c records with a probability of about exp(-c); half
    # a record more, so that one that lacks here is not sure to lack there.
    lacks = np.exp(-(n_found + 0.5))
    n_rare = max(1, len(n_found))
    score = Score(
        value=1.0 - len(missing) / n_rare,
        error=float(np.sqrt((lacks * (1.0 - lacks)).sum())) / n_rare,
        n=len(fake),
        direction="higher",
        source="Share of categories found, as SDMetrics' CategoryCoverage, of the rare ones alone.",
        label="rare categories",
        meaning="Share of the rare but expected categories that occur among the synthetic records.",
        caveat="" if len(n_found) else "No category is rare and yet expected five times.",
    )
    return dict(sorted(missing.items(), key=lambda item: -item[1])), score


def _rare(known: np.ndarray, n_fake: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes that are rare but expected, and how many records of each are."""
    codes, counts = np.unique(known[~np.isnan(known)], return_counts=True)
    shares = counts / len(known)
    expected = shares * n_fake
    is_wanted = (shares < RARE) & (expected >= EXPECTED)
    return codes[is_wanted], expected[is_wanted]


def _counts_of(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    present = np.sort(values[~np.isnan(values)])
    return np.searchsorted(present, codes, side="right") - np.searchsorted(present, codes, side="left")
