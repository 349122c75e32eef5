"""Pair trends: how like the real one the dependence between two columns is."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.real.joint import (
    MAX_PAIRS,
    Cells,
    cells_of_codes,
    draw_subsets,
    symmetric_matrix,
    total_variation,
)
from gansmith.scorecard.score import Score, mean_similarity

_BINS: Final = 10
_HUGE: Final = 1e100
"""Sums and squares of numbers beyond this would leave the range of float64."""
_STRONG_CORRELATION: Final = 0.5
_STRONG_ASSOCIATION: Final = 0.3


def trend_score(
    fake: Features, real: Features, *, seed: int = 0, strong_only: bool = False
) -> tuple[Float[np.ndarray, "n_columns n_columns"], Score]:
    """How like the real one the dependence between two columns is, the mean of the pairs.

    Kind to weak dependence: a table of independent columns scores 0.7 on a pair of numbers that are
    correlated to 0.6, and 1 on one that is not. `joint.py` and `two_sample.py` see more.
    With `strong_only`, pairs without a strong trend in the real table are left out, as the library's
    report has done since 2026 (papers before that average all pairs): a correlation of 0.5 or less,
    or a Cramer's V of 0.3 or less.

    Returns:
        The matrix of `pair_trends`, NaN for what is left out, and the score, the mean of its pairs: NaN when
        there is none.

    Source:
        As `pair_trends`.
    """
    check_comparable(fake, real)
    rng = draws(seed)
    pairs = draw_subsets(fake.n_columns, 2, MAX_PAIRS, rng)
    if strong_only:
        pairs = pairs[_is_strong(real, pairs)]
    trends = _trends(fake, real, pairs)
    return symmetric_matrix(fake.n_columns, pairs, trends), mean_similarity(
        trends,
        lambda ours, theirs: _trends(fake.take(ours), real.take(theirs), pairs),
        (len(fake), len(real)),
        rng,
        source='SDMetrics 0.32, "Column Pair Trends": CorrelationSimilarity and ContingencySimilarity.',
        label="strong pair trends" if strong_only else "pair trends",
        meaning="How similar the dependence of two columns is to the real one; 1 is equal; mean of "
        + ("the pairs with a strong one." if strong_only else "the pairs."),
        undefined="There is no pair of columns whose dependence can be measured.",
    )


def pair_trends(fake: Features, real: Features) -> Float[np.ndarray, "n_columns n_columns"]:
    """Similarity of what each pair of columns has in common, 0 to 1.

    Two numbers: one minus half the difference of their correlations, of the records that have both. All other
    pairs: one minus the total variation distance of the joint table, where a missing category is one more
    category and numbers are cut into ten bins of equal width, EACH TABLE between its own extremes, the
    greatest number and missing ones together in an eleventh.

    Returns:
        A symmetric matrix; NaN on the diagonal, where a pair was not drawn, and where a correlation is not
        defined (a constant, no record with both) or exactly 0 among the real records.

    Source:
        "Column Pair Trends" of SDMetrics 0.32 (DataCebo), written from its definition and equal to its
        numbers, corner cases included; but it draws 50,000 records where there are more, and this does not.
    """
    check_comparable(fake, real, n_records=1)
    pairs = draw_subsets(fake.n_columns, 2, MAX_PAIRS, draws(0))
    return symmetric_matrix(fake.n_columns, pairs, _trends(fake, real, pairs))


def _trends(fake: Features, real: Features, pairs: np.ndarray) -> np.ndarray:
    """The similarity of each pair of columns, NaN where it is not defined: shape (n_pairs,)."""
    is_contingent = fake.is_category[pairs[:, 0]] | fake.is_category[pairs[:, 1]]
    trends = np.empty(len(pairs))
    if is_contingent.any():
        ours, theirs = _equal_width_cells(fake, real)
        trends[is_contingent] = [
            1.0 - total_variation(ours.joint(pair), theirs.joint(pair)) for pair in pairs[is_contingent]
        ]
    known = _correlations(real, pairs[~is_contingent])
    known[known == 0.0] = np.nan
    trends[~is_contingent] = 1.0 - np.abs(known - _correlations(fake, pairs[~is_contingent])) / 2
    return trends


def _equal_width_cells(fake: Features, real: Features) -> tuple[Cells, Cells]:
    numbers = [np.stack([_equal_width(table, c) for c in range(table.n_columns)]) for table in (fake, real)]
    n_cells = np.maximum(numbers[0].max(axis=1), numbers[1].max(axis=1)) + 1
    return Cells(numbers[0], n_cells), Cells(numbers[1], n_cells)


def _equal_width(table: Features, column: int) -> np.ndarray:
    values = table.values[:, column]
    if table.is_category[column]:
        return cells_of_codes(values)
    values = _bounded(values)
    try:
        edges = np.histogram_bin_edges(values[~np.isnan(values)], bins=_BINS)
    except ValueError:  # numbers so huge and near to each other that no edge fits between them
        edges = np.array([np.nanmin(values)])
    return np.digitize(values, edges)


def _is_strong(real: Features, pairs: np.ndarray) -> np.ndarray:
    """Whether each pair of real columns has a trend that SDMetrics counts: shape (n_pairs,), bool."""
    is_contingent = real.is_category[pairs[:, 0]] | real.is_category[pairs[:, 1]]
    cells, _ = _equal_width_cells(real, real)
    is_strong = np.empty(len(pairs), dtype=bool)
    is_strong[is_contingent] = [
        _cramers_v(cells, pair) > _STRONG_ASSOCIATION for pair in pairs[is_contingent]
    ]
    is_strong[~is_contingent] = np.abs(_correlations(real, pairs[~is_contingent])) > _STRONG_CORRELATION
    return is_strong


def _cramers_v(cells: Cells, pair: np.ndarray) -> float:
    """Cramer's V of two columns, 0 when one of them is constant."""
    rows, columns = (np.bincount(cells.numbers[column]) for column in pair)
    smaller = min(np.count_nonzero(rows), np.count_nonzero(columns))
    if smaller < 2:
        return 0.0
    filled, counts = np.unique(cells.joint(pair), return_counts=True)
    row, column = np.divmod(filled, cells.n_cells[pair[1]])
    # Chi squared, divided by the number of records.
    phi = (counts / rows[row] * (counts / columns[column])).sum() - 1.0
    return float(np.sqrt(max(0.0, phi) / (smaller - 1)))


def _correlations(table: Features, pairs: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each pair of columns, NaN where one of them is constant."""
    is_whole = [not np.isnan(column).any() for column in table.values.T]
    needed = np.unique(pairs)
    units = {int(column): _unit(table.values[:, column]) for column in needed if is_whole[column]}
    correlations = np.empty(len(pairs))
    for index, (a, b) in enumerate(pairs.tolist()):
        if is_whole[a] and is_whole[b]:
            correlations[index] = units[a] @ units[b]
        else:
            has_both = ~np.isnan(table.values[:, [a, b]]).any(axis=1)
            correlations[index] = _unit(table.values[has_both, a]) @ _unit(table.values[has_both, b])
    return np.clip(correlations, -1.0, 1.0)


def _unit(numbers: np.ndarray) -> np.ndarray:
    """Numbers less their mean, as a vector of length 1; NaN for a constant or nothing."""
    numbers = _bounded(numbers)
    # Equal values, not a variance, make a constant: rounding leaves constants a variance.
    if not len(numbers) or (numbers == numbers[0]).all():
        return np.full(max(1, len(numbers)), np.nan)
    centred = numbers - numbers.mean()
    centred /= np.abs(centred).max()  # squares of tiny numbers would leave the range
    return centred / np.sqrt(centred @ centred)


def _bounded(numbers: np.ndarray) -> np.ndarray:
    present = np.abs(numbers[~np.isnan(numbers)])
    largest = float(present.max()) if len(present) else 0.0
    return numbers / largest if largest > _HUGE else numbers
