"""Subgroups: are the records of each sex, each region, each class right by themselves?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.real.averages import average_and_error
from gansmith.scorecard.real.shape import column_shapes
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws

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


@final
@dataclass(frozen=True)
class _Subgroup:
    column: int
    code: float
    n_real: int

    def of(self, table: Features) -> Features:
        """The records of this subgroup, without the column that makes it, which is always right."""
        others = np.delete(np.arange(table.n_columns), self.column)
        if len(others) > _MAX_COLUMNS:
            others = np.sort(draws(self.column).permutation(others)[:_MAX_COLUMNS])
        names = tuple(table.names[place] for place in others)
        members = table.values[table.values[:, self.column] == self.code]
        return Features(names, members[:, others], table.is_category[others])


def subgroup_score(
    fake: Features, real: Features, *, seed: int = 0
) -> tuple[dict[tuple[str, int], float], Score]:
    """How like the real ones the columns are within each subgroup, the mean of the subgroups.

    A subgroup is all records with one value of a category column that has 20 values at most; the 60 largest
    with 100 real records or more are looked at (in wide tables, 64 of their columns), if 30 synthetic records
    or more are to be expected of them.
    Each weighs the same: a table that is right on average may be wrong for a minority.

    Args:
        fake: Synthetic records.
        real: Real records, best ones that the generator never saw.
        seed: Of the groups that the error comes from.

    Returns:
        The ten worst subgroups by the column's name and the code, the worst first, each with the mean of
        `column_shapes` over the other columns, or 0 when the synthetic table has fewer than ten records of
        it; and the score, their mean, 0 to 1: NaN when there is no subgroup.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.

    Source:
        `column_shapes` within subgroups: the fidelity part of Bhanot et al. 2021, "The problem of fairness in
        synthetic healthcare data", Entropy 23.
    """
    check_comparable(fake, real)
    subgroups = _subgroups(fake, real)
    shapes = np.array([_similarity(subgroup, fake, real, SMALLEST_FAKE) for subgroup in subgroups])

    def measure(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        fake_part, real_part = fake.take(ours), real.take(theirs)
        parts = np.array([_similarity(subgroup, fake_part, real_part, 1) for subgroup in subgroups])
        # A few records with or without a subgroup say nothing of whether the table has lost it.
        return np.where((parts == 0.0) | (shapes == 0.0), np.nan, parts)

    value, error = average_and_error(shapes, measure, len(fake), len(real), draws(seed))
    order = np.argsort(shapes, kind="stable")[:N_WORST]
    worst = {
        (fake.names[subgroups[index].column], int(subgroups[index].code)): float(shapes[index])
        for index in order
        if not np.isnan(shapes[index])
    }
    return worst, Score(
        value=value,
        error=error,
        n=min(len(fake), len(real)),
        direction="higher",
        source="Column shapes (SDMetrics) within subgroups, as Bhanot et al. 2021, Entropy 23.",
        label="subgroups",
        meaning="How like the real ones the values are within subgroups, 1 is equal; mean of the subgroups.",
        caveat="" if np.isfinite(value) else "There is no subgroup of 100 real records or more.",
    )


def _subgroups(fake: Features, real: Features) -> list[_Subgroup]:
    """The largest subgroups of the real table, the largest first."""
    found: list[_Subgroup] = []
    for column in np.flatnonzero(real.is_category):
        values = real.values[:, column]
        codes, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        # A column of one value makes the whole table its subgroup.
        if 2 <= len(codes) <= MAX_VALUES:
            found += [_Subgroup(int(column), float(c), int(n)) for c, n in zip(codes, counts, strict=True)]
    fewest = max(SMALLEST_REAL, _EXPECTED_FAKE * len(real) / len(fake))
    found = [subgroup for subgroup in found if subgroup.n_real >= fewest]
    return sorted(found, key=lambda subgroup: -subgroup.n_real)[:MAX_SUBGROUPS]


def _similarity(subgroup: _Subgroup, fake: Features, real: Features, n_fake_min: int) -> float:
    """Mean shape of the other columns: 0 when too few synthetic records, NaN when none can be compared."""
    ours, theirs = subgroup.of(fake), subgroup.of(real)
    if not ours.n_columns or not len(theirs):
        return float("nan")
    if len(ours) < n_fake_min:
        return 0.0
    shapes = column_shapes(ours, theirs)
    return float(np.nanmean(shapes)) if not np.isnan(shapes).all() else float("nan")
