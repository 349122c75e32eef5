"""Single columns: how like the real ones their values are, and which cells are missing."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes
from gansmith.scorecard.real.joint import cells_of_codes, total_variation
from gansmith.scorecard.resampling import N_FREE, PARTS, Deal, step_similarity, variation_similarity
from gansmith.scorecard.score import SHARE, Score, interval_of_few, mean_similarity

MAX_PATTERNS: Final = 50
"""Patterns of missing cells kept apart, the most frequent; the rarer ones count as one."""
_N_PLACES: Final = 200
_DECIMALS: Final = 14
"""Numbers that agree in so many decimals are equal, as in SDMetrics."""


def shape_score(
    fake: Features, real: Features, *, seed: int = 0
) -> tuple[Float[np.ndarray, " n_columns"], Score]:
    """How like the real ones the single columns are, the mean of `column_shapes`.

    The columns may all be perfect while no record is: see `trend.py` and `two_sample.py`.

    Returns:
        The similarity of each column, 0 to 1 (NaN where it is not defined), and the score, the mean of the
        defined ones. Two draws of the same n records agree to about 1 - 0.7 / sqrt(n) where a column is a
        number; hence the anchor of equally many real records.

    Source:
        As `column_shapes`.
    """
    check_comparable(fake, real)
    shapes = column_shapes(fake, real)
    return shapes, mean_similarity(
        shapes,
        shapes_of_deal(fake, real, Deal.of(len(fake), len(real), draws(seed))),
        (len(fake), len(real)),
        source='SDMetrics 0.32, "Column Shapes": KSComplement and TVComplement.',
        label="column shapes",
        meaning="How similar the distributions of single columns are to real ones; 1 is equal; mean.",
        undefined="No column has values in both tables.",
    )


def column_shapes(fake: Features, real: Features) -> Float[np.ndarray, " n_columns"]:
    """One minus the distance between the synthetic and the real values of each column, without missing cells.

    Numbers: one minus the Kolmogorov-Smirnov distance. Categories: one minus the total variation distance.
    The similarities lie between 0 and 1; NaN for a column that holds no value in one of the tables.

    Source:
        "Column Shapes" of SDMetrics 0.32 (DataCebo), written from its definition and equal to its numbers,
        save the millionth of a record that it adds to categories which only the synthetic table has.
    """
    check_comparable(fake, real, n_records=1)
    return np.array([_shape(*sides) for sides in _columns(fake, real)])


def shapes_of_deal(fake: Features, real: Features, deal: Deal) -> Float[np.ndarray, "n_deal n_columns"]:
    """About `column_shapes` of the parts of a deal: numbers are compared at up to 200 places alone."""
    found = np.full((len(PARTS), fake.n_columns), np.nan)
    for column, (ours, theirs, n_cells) in enumerate(_cells(fake, real)):
        similarity = variation_similarity if fake.is_category[column] else step_similarity
        found[:, column] = deal.each(deal.tallied(ours, theirs, n_cells), similarity)
    return found


def ordered_cells(
    fake: Float[np.ndarray, " n_fake"], real: Float[np.ndarray, " n_real"], *, is_category: bool
) -> tuple[np.ndarray, np.ndarray, int]:
    """The cell of each value of a column, -1 of a missing one, and how many there are.

    Categories are cells; numbers are cut at the quantiles of both tables.
    """
    both = np.concatenate([fake, real])
    is_missing = np.isnan(both)
    if is_category or is_missing.all():
        cells = np.where(is_missing, -1.0, both).astype(np.int64)
    else:
        levels = np.linspace(0.0, 1.0, _N_PLACES)
        edges = np.unique(np.quantile(both[~is_missing], levels, method="lower"))
        cells = np.where(is_missing, -1, np.searchsorted(edges, both))
    return cells[: len(fake)], cells[len(fake) :], int(cells.max(initial=0)) + 1


def column_distances(fake: Features, real: Features) -> Float[np.ndarray, " n_columns"]:
    """How far each column is off, missing cells included: it orders columns by how telling they may be.

    As one minus `column_shapes`, but a missing cell is one more category, and the difference between the
    shares of missing numbers is added; 0 to 1, defined for every column.
    """
    distances = np.empty(fake.n_columns)
    for column, (ours, theirs, is_category) in enumerate(_columns(fake, real)):
        if is_category:
            distances[column] = total_variation(cells_of_codes(ours), cells_of_codes(theirs))
        else:
            gap = abs(float(np.isnan(ours).mean()) - float(np.isnan(theirs).mean()))
            # A side without values has no shape: the missing shares alone speak.
            distances[column] = min(1.0, gap + 1.0 - np.nan_to_num(_shape(ours, theirs, False), nan=1.0))
    return distances


def _columns(fake: Features, real: Features) -> list[tuple[np.ndarray, np.ndarray, bool]]:
    return [
        (fake.values[:, column], real.values[:, column], bool(fake.is_category[column]))
        for column in range(fake.n_columns)
    ]


def _cells(fake: Features, real: Features) -> list[tuple[np.ndarray, np.ndarray, int]]:
    return [ordered_cells(ours, theirs, is_category=one) for ours, theirs, one in _columns(fake, real)]


def _shape(fake: np.ndarray, real: np.ndarray, is_category: bool) -> float:
    fake, real = fake[~np.isnan(fake)], real[~np.isnan(real)]
    if not len(fake) or not len(real):
        return float("nan")
    if is_category:
        return 1.0 - total_variation(fake.astype(np.int64), real.astype(np.int64))
    return 1.0 - _kolmogorov_smirnov(_rounded(fake), _rounded(real))


def _kolmogorov_smirnov(fake: np.ndarray, real: np.ndarray) -> float:
    fake, real = np.sort(fake), np.sort(real)
    steps = np.concatenate([fake, real])
    below_fake = np.searchsorted(fake, steps, side="right") / len(fake)
    below_real = np.searchsorted(real, steps, side="right") / len(real)
    return float(np.abs(below_fake - below_real).max())


def _rounded(numbers: np.ndarray) -> np.ndarray:
    # From 128 on, a float64 has fewer decimals than that anyway; and huge numbers would overflow.
    return np.where(np.abs(numbers) < 128, np.round(np.clip(numbers, -128, 128), _DECIMALS), numbers)


def missing_score(fake: Features, real: Features, *, seed: int = 0) -> tuple[dict[str, float], Score]:
    """How like the real ones the missing cells are: how many of each column, and which of them together.

    A pattern says of a record which of its cells are missing. The score is one minus the total variation
    distance of the patterns; no column's share of missing cells can be further off than that, and where rare
    patterns had to be counted as one and a column yet is, the column's difference takes its place.

    Returns:
        For every column with a missing cell in either table, the difference between the shares that are
        missing, 0 to 1, the largest first; and the score, 0 to 1. Nothing and 1 when nothing is missing.

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

    deal = Deal.of(len(fake), len(real), draws(seed))
    n_patterns = int(patterns.max()) + 1
    counts = deal.tallied(patterns[: len(fake)], patterns[len(fake) :], n_patterns)
    sums = deal.summed(ours * 1.0, theirs * 1.0)

    def similarity(fake_part: np.ndarray, real_part: np.ndarray) -> np.ndarray:
        """Of counts of patterns, and then of missing cells by column."""
        sides = (np.split(one, [n_patterns], axis=1) for one in (fake_part, real_part))
        (ours, alone), (theirs, others) = sides
        ours, theirs = ours.sum(axis=1, keepdims=True), theirs.sum(axis=1, keepdims=True)
        return np.minimum(
            variation_similarity(fake_part[:, :n_patterns], real_part[:, :n_patterns]),
            1.0 - np.abs(alone / ours - others / theirs).max(axis=1, initial=0.0),
        )

    both = np.hstack([counts[0], sums[0]]), np.hstack([counts[1], sums[1]])
    whole = similarity(*(side.sum(axis=0, keepdims=True) for side in both))
    parts = deal.each(both, similarity)
    names = [name for name, has_gap in zip(fake.names, has_gaps, strict=True) if has_gap]
    order = np.argsort(-columns, kind="stable")
    value, error = float(whole[0]), deal.error(np.where(np.isnan(parts), whole, parts))
    return {names[index]: float(columns[index]) for index in order}, Score(
        value=value,
        error=error,
        bounds=interval_of_few(value, error, N_FREE + 1),
        n=min(len(fake), len(real)),
        direction="higher",
        source="Little & Rubin 2019: patterns of missing cells, by their total variation distance.",
        label="missing cells",
        meaning="How similar the pattern of missing cells is to the real one; 1 is equal.",
        limits=SHARE,
    )


def _patterns(is_missing: np.ndarray) -> np.ndarray:
    """The number of each record's pattern, 0 the most frequent: shape (n_records,)."""
    if not is_missing.shape[1]:
        return np.zeros(len(is_missing), dtype=np.int64)
    packed = np.packbits(is_missing, axis=1)  # (n_records, ceil(n_columns / 8))
    _, numbers = np.unique(packed, axis=0, return_inverse=True)
    return fold_rare_codes(numbers.ravel().astype(np.float64), n_codes=MAX_PATTERNS + 1).astype(np.int64)
