"""What is seldom: rare categories, and the records of each sex, each region, each class by themselves."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.real.shape import column_shapes, shapes_of_deal
from gansmith.scorecard.resampling import PARTS, Deal
from gansmith.scorecard.score import SHARE, Score, mean_similarity

RARE: Final = 0.05
"""A category with a smaller share of the records than this is rare."""
EXPECTED: Final = 5.0
"""Records of a category that a faithful table of the same size holds, at least: fewer may lack by chance."""
MAX_SUBGROUPS: Final = 60
MAX_VALUES: Final = 20
"""A column with more values than this makes no subgroups."""
SMALLEST_REAL: Final = 100
SMALLEST_FAKE: Final = 10
"""A subgroup with fewer synthetic records than this counts as lost."""
_EXPECTED_FAKE: Final = 30
"""Synthetic records that a faithful table holds of a subgroup, at least: fewer could be ten by chance."""
_MAX_COLUMNS: Final = 64
"""Columns that are compared within subgroups; of more, so many are drawn."""
N_WORST: Final = 10


def rare_category_coverage(fake: Features, known: Features) -> tuple[dict[tuple[str, int], float], Score]:
    """Share of the rare categories that occur among the synthetic records.

    Rare is a category with less than 5 % of the known real records, of which a faithful table of the
    synthetic one's size would hold five or more: by chance alone one in 150 of these lacks, at most. A
    generator that collapses loses them first, and no average over records would show it. All real records
    that there are count as known, those of the training included: a category that the generator never saw
    cannot be asked of it, and one that it saw may lack in few held-out records.

    Returns:
        The categories that lack, by the column's name and the code, each with the records of it that were to
        be expected, the most first; and the score, 0 to 1: 1 when no category is rare.

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
        limits=SHARE,
        caveat="" if len(n_found) else "No category is rare and still expected five times.",
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


Subgroup = tuple[int, float]
"""A category column and one of its codes."""


def subgroup_score(fake: Features, real: Features, *, seed: int = 0) -> tuple[dict[str, float], Score]:
    """How like the real ones the columns are within each subgroup, the mean of the subgroups.

    A subgroup is all records with one value of a category column that has 20 values at most; the 60 largest
    with 100 real records or more are looked at (in wide tables, 64 of their columns), if 30 synthetic records
    or more are to be expected of them.
    Each weighs the same: a table that is right on average may be wrong for a minority.

    Returns:
        The ten worst subgroups by the column's name and the category, the worst first, each with the mean of
        `column_shapes` over the other columns, or 0 when the synthetic table has fewer than ten records of
        it; and the score, their mean, 0 to 1: NaN when there is no subgroup.

    Source:
        `column_shapes` within subgroups: the fidelity part of Bhanot et al. 2021, "The problem of fairness in
        synthetic healthcare data", Entropy 23.
    """
    check_comparable(fake, real)
    subgroups = _subgroups(fake, real)
    shapes = np.array([_similarity(subgroup, fake, real, SMALLEST_FAKE) for subgroup in subgroups])

    worst: dict[str, float] = {}
    for index in np.argsort(shapes, kind="stable")[:N_WORST]:
        column, code = subgroups[index]
        if not np.isnan(shapes[index]):
            worst[f"{fake.names[column]} = {fake.cell(fake.names[column], code)}"] = float(shapes[index])
    return worst, mean_similarity(
        shapes,
        # A few records with or without a subgroup say nothing of whether the table has lost it.
        np.where(shapes == 0.0, np.nan, _of_deal(subgroups, fake, real, seed)),
        (len(fake), len(real)),
        source="Column shapes (SDMetrics) within subgroups, as Bhanot et al. 2021, Entropy 23.",
        label="subgroups",
        meaning="How similar the values within subgroups are to real ones; 1 is equal; mean of subgroups.",
        undefined="There is no subgroup of 100 real records or more.",
    )


def _subgroups(fake: Features, real: Features) -> list[Subgroup]:
    """The largest subgroups of the real table, the largest first."""
    fewest = max(SMALLEST_REAL, _EXPECTED_FAKE * len(real) / len(fake))
    found: dict[Subgroup, int] = {}
    for column in np.flatnonzero(real.is_category).tolist():
        values = real.values[:, column]
        codes, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        # A column of one value makes the whole table its subgroup.
        if 2 <= len(codes) <= MAX_VALUES:
            sizes = zip(codes.tolist(), counts.tolist(), strict=True)
            found |= {(column, code): n for code, n in sizes if n >= fewest}
    return sorted(found, key=lambda subgroup: -found[subgroup])[:MAX_SUBGROUPS]


def _of_deal(subgroups: list[Subgroup], fake: Features, real: Features, seed: int) -> np.ndarray:
    """The similarity of each subgroup in each part of the records: shape (n_deal, n_subgroups)."""
    deal = Deal.of(len(fake), len(real), draws(seed))
    found = np.empty((len(PARTS), len(subgroups)))
    for index, (column, code) in enumerate(subgroups):
        members = [table.values[:, column] == code for table in (fake, real)]
        ours, theirs = (_of(table, (column, code)) for table in (fake, real))
        shapes = shapes_of_deal(ours, theirs, deal.among(*members))
        is_known = ~np.isnan(shapes)
        n_known = is_known.sum(axis=1)
        sums = np.where(is_known, shapes, 0.0).sum(axis=1)
        found[:, index] = np.where(n_known, sums / np.maximum(n_known, 1), np.nan)
    return found


def _of(table: Features, subgroup: Subgroup) -> Features:
    """The records of a subgroup, without the column that makes it, which is always right."""
    column, code = subgroup
    others = np.delete(np.arange(table.n_columns), column)
    if len(others) > _MAX_COLUMNS:
        others = np.sort(draws(column).permutation(others)[:_MAX_COLUMNS])
    names = tuple(table.names[place] for place in others)
    members = table.values[table.values[:, column] == code]
    return Features(names, members[:, others], table.is_category[others])


def _similarity(subgroup: Subgroup, fake: Features, real: Features, n_fake_min: int) -> float:
    """Mean shape of the other columns: 0 when too few synthetic records, NaN when none can be compared."""
    ours, theirs = _of(fake, subgroup), _of(real, subgroup)
    if not ours.n_columns or not len(theirs):
        return float("nan")
    if len(ours) < n_fake_min:
        return 0.0
    shapes = column_shapes(ours, theirs)
    return float(np.nanmean(shapes)) if not np.isnan(shapes).all() else float("nan")
