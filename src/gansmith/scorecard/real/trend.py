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
    tables_of_deal,
    total_variation,
)
from gansmith.scorecard.resampling import N_SETS, PARTS, Deal
from gansmith.scorecard.score import Score, mean_similarity

_BINS: Final = 10
_HUGE: Final = 1e100
"""Sums and squares of numbers beyond this would leave the range of float64."""
_STRONG_CORRELATION: Final = 0.5
_STRONG_ASSOCIATION: Final = 0.3
_RECUTS: Final = 24
"""Times that cells are cut between other extremes, ..."""
_RECORDS_RECUT: Final = 4_000
"""... and records of each side that are counted then."""
_REACH: Final = float(np.sqrt(2 / 3))
"""By this, a quarter of the records lies as far from all of them as two draws from each other. What jumps, as
pairs that count or not, jumps seldom around a draw that lies far from the middle by chance."""
_MOST_CELLS: Final = 20_000
"""Cells of a pair whose strength is looked at in parts of the records."""


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
    trends, is_counted = _trends(fake, real, pairs), np.ones(len(pairs), dtype=bool)
    deal = Deal.of(len(fake), len(real), rng)
    if strong_only:
        is_counted = _is_strong(_strengths(real, pairs), real, pairs)
        edges = error_of_edges(fake, real, pairs, trends, rng, strengths_of_deal(real, pairs, deal))
    else:
        edges = error_of_edges(fake, real, pairs, trends, rng)
    pairs, trends = pairs[is_counted], trends[is_counted]
    return symmetric_matrix(fake.n_columns, pairs, trends), mean_similarity(
        trends,
        trends_of_deal(fake, real, pairs, deal),
        (len(fake), len(real)),
        source='SDMetrics 0.32, "Column Pair Trends": CorrelationSimilarity and ContingencySimilarity.',
        label="strong pair trends" if strong_only else "pair trends",
        meaning="How similar the dependence of two columns is to the real one; 1 is equal; mean of "
        + ("the pairs with a strong one." if strong_only else "the pairs."),
        undefined="There is no pair of columns whose dependence can be measured.",
        edges=edges,
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


Ends = np.ndarray
"""The least and the greatest number of each column of a table: shape `(2, n_columns)`, NaN where none is."""


def _equal_width_cells(
    fake: Features, real: Features, ends: tuple[Ends, Ends] | None = None
) -> tuple[Cells, Cells]:
    """Both tables cut, each between its own ends, or between others."""
    numbers = [
        np.stack([_equal_width(table, c, given) for c in range(table.n_columns)])
        for table, given in zip((fake, real), ends or (None, None), strict=True)
    ]
    n_cells = np.maximum(numbers[0].max(axis=1), numbers[1].max(axis=1)) + 1
    return Cells(numbers[0], n_cells), Cells(numbers[1], n_cells)


def _equal_width(table: Features, column: int, ends: Ends | None) -> np.ndarray:
    values = table.values[:, column]
    if table.is_category[column]:
        return cells_of_codes(values)
    values = _bounded(values)
    between = None
    if ends is not None and not np.isnan(ends[:, column]).any():
        between = (float(ends[0, column]), float(ends[1, column]))
        values = np.clip(values, *between)
    try:
        edges = np.histogram_bin_edges(values[~np.isnan(values)], bins=_BINS, range=between)
    except ValueError:  # numbers so huge and near to each other that no edge fits between them
        edges = np.array([np.nanmin(values)])
    return np.digitize(values, edges)


def _strengths(real: Features, pairs: np.ndarray, ends: Ends | None = None) -> np.ndarray:
    """How strong the trend of each pair of real columns is, as SDMetrics says it: shape (n_pairs,)."""
    is_contingent = real.is_category[pairs].any(axis=1)
    cells, _ = _equal_width_cells(real, real, None if ends is None else (ends, ends))
    found = np.empty(len(pairs))
    found[is_contingent] = [_cramers_v(cells, pair) for pair in pairs[is_contingent]]
    found[~is_contingent] = np.abs(_correlations(real, pairs[~is_contingent]))
    return found


def _is_strong(strengths: np.ndarray, real: Features, pairs: np.ndarray) -> np.ndarray:
    """Whether each pair of real columns has a trend that SDMetrics counts: shape (..., n_pairs), bool."""
    is_contingent = real.is_category[pairs].any(axis=1)
    return strengths > np.where(is_contingent, _STRONG_ASSOCIATION, _STRONG_CORRELATION)


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


# --- Errors -------------------------------------------------------------------------------------------------


def trends_of_deal(
    fake: Features, real: Features, pairs: np.ndarray, deal: Deal
) -> Float[np.ndarray, "n_deal n_pairs"]:
    """The similarity of each pair in each part of the records, cut as all records are; NaN: not defined."""
    is_contingent = fake.is_category[pairs].any(axis=1)
    found = np.empty((len(PARTS), len(pairs)))
    if is_contingent.any():
        found[:, is_contingent] = tables_of_deal(deal, *_equal_width_cells(fake, real), pairs[is_contingent])
    for index in np.flatnonzero(~is_contingent):
        sums = deal.summed(*(_products(table.values[:, pairs[index]]) for table in (fake, real)))
        found[:, index] = deal.each(sums, _similar_correlations)
    return found


def strengths_of_deal(real: Features, pairs: np.ndarray, deal: Deal) -> Float[np.ndarray, "n_deal n_pairs"]:
    """The strength of each pair in each part of the real records, 0 where it is not defined."""
    is_contingent = np.atleast_1d(real.is_category[pairs].any(axis=1))
    cells, _ = _equal_width_cells(real, real)
    hands = deal.of_real()
    found = np.zeros((len(PARTS), len(pairs)))
    for index, pair in enumerate(pairs):
        if not is_contingent[index]:
            sums = hands.summed(*[_products(real.values[:, pair])] * 2)
            found[:, index] = hands.each(sums, lambda _, sums: np.abs(_correlation_of(sums)))
        elif cells.n_cells[pair].prod() <= _MOST_CELLS:
            found[:, index] = _associations_of_deal(hands, cells, pair)
    return np.nan_to_num(found)


def _associations_of_deal(hands: Deal, cells: Cells, pair: np.ndarray) -> np.ndarray:
    shape, joint = cells.n_cells[pair], cells.joint(pair)
    tallies = hands.tallied(joint, joint, int(shape.prod()))
    return hands.each(tallies, lambda _, counts: _associations(counts.reshape(len(counts), *shape)))


def error_of_edges(
    fake: Features,
    real: Features,
    pairs: np.ndarray,
    trends: np.ndarray,
    rng: np.random.Generator,
    strengths: np.ndarray | None = None,
) -> float:
    """How far the mean moves because another draw has other extremes, between which its cells are cut.

    The extremes of some of the records vary about as much as those of all do: those of halves of both
    tables are taken instead, again and again.

    Args:
        fake: Synthetic records.
        real: Real records.
        pairs: Of columns.
        trends: Their similarities.
        rng: Draws the halves, and few of many records to be counted.
        strengths: Of the deal's parts, where strong pairs alone count: they vary as well.
    """
    is_cut = fake.is_category[pairs].any(axis=1) & ~fake.is_category[pairs].all(axis=1)
    if (strengths is None and not is_cut.any()) or np.isnan(trends).all():
        return 0.0
    some = [table.sample(_RECORDS_RECUT, rng) for table in (fake, real)]
    means: list[float] = []
    for turn in range(_RECUTS):
        ends = [_ends(table.sample(max(2, len(table) // 2), rng)) for table in (fake, real)]
        ours, theirs = _equal_width_cells(some[0], some[1], (ends[0], ends[1]))
        recut = trends.copy()
        recut[is_cut] = [1 - total_variation(ours.joint(p), theirs.joint(p)) for p in pairs[is_cut]]
        is_counted = ~np.isnan(recut)
        if strengths is not None:
            quarters = strengths.reshape(-1, N_SETS, len(pairs))[:, :4].reshape(-1, len(pairs))
            moved = (quarters[turn % len(quarters)] - quarters.mean(axis=0)) * _REACH
            is_counted &= _is_strong(_strengths(some[1], pairs, ends[1]) + moved, real, pairs)
        if is_counted.any():
            means.append(float(recut[is_counted].mean()))
    return float(np.std(means, ddof=1)) if len(means) > 1 else 0.0


def _ends(table: Features) -> Ends:
    present = ~np.isnan(table.values)
    numbers = np.stack([_bounded(column) for column in table.values.T], axis=1)
    least = np.where(present, numbers, np.inf).min(axis=0)
    most = np.where(present, numbers, -np.inf).max(axis=0)
    return np.where(np.isfinite([least, most]), [least, most], np.nan)


def _products(pair: np.ndarray) -> np.ndarray:
    """Of records of two columns: 1, a, b, a^2, b^2, ab, and 0 where one is missing; about their means."""
    has_both = ~np.isnan(pair).any(axis=1)
    units = np.zeros((2, len(pair)))
    for unit, numbers in zip(units, pair.T, strict=True):
        unit[has_both] = np.nan_to_num(_unit(numbers[has_both])) * np.sqrt(max(1, has_both.sum()))
    a, b = units
    return np.stack([has_both * 1.0, a, b, a * a, b * b, a * b], axis=1)


def _similar_correlations(fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    return 1.0 - np.abs(_correlation_of(fake) - _correlation_of(real)) / 2


def _correlation_of(sums: np.ndarray) -> np.ndarray:
    """From sums of `_products`: shape (n_parts,), NaN where it is not defined."""
    n, a, b, aa, bb, ab = sums.T
    squares = np.maximum(n * aa - a * a, 0.0) * np.maximum(n * bb - b * b, 0.0)
    return np.clip((n * ab - a * b) / np.sqrt(np.where(squares > 0, squares, np.nan)), -1.0, 1.0)


def _associations(counts: np.ndarray) -> np.ndarray:
    """Cramer's V of tables (n_parts, n_rows, n_columns): shape (n_parts,), 0 where a side is constant."""
    n = counts.sum(axis=(1, 2))[:, None, None]
    expected = counts.sum(axis=2, keepdims=True) * counts.sum(axis=1, keepdims=True) / n
    phi = (np.square(counts) / np.where(expected > 0, expected, 1.0)).sum(axis=(1, 2)) / n[:, 0, 0] - 1.0
    smaller = np.minimum(*((counts.sum(axis=axis) > 0).sum(axis=1) for axis in (1, 2)))
    return np.sqrt(np.maximum(phi, 0.0) / np.maximum(smaller - 1, 1)) * (smaller > 1)
