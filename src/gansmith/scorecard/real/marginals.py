"""How far each column, and each pair of columns, is from the real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float

from gansmith.scorecard.card import Score
from gansmith.scorecard.features import Features, check_comparable, fold_rare_codes
from gansmith.scorecard.groups import error_by_groups
from gansmith.scorecard.seeds import draws

MAX_PAIRS: Final = 2_000
_DECILES: Final = np.linspace(0.1, 0.9, 9)


def marginal_errors(
    fake: Features, real: Features, *, seed: int = 0
) -> tuple[Float[np.ndarray, " n_columns"], Score]:
    """Distance of each column's values from the real ones, whatever stands in the other columns.

    Numbers: the Kolmogorov-Smirnov distance of the values that are present, plus the difference between the
        shares that
    are missing, 100 % at most. Categories: the total variation distance, a missing cell being one more
    category. So the columns may all be perfect while no record is: see `pair_errors` and `two_sample_auc`.

    Args:
        fake: Synthetic records.
        real: Real records, best ones that the generator never saw.
        seed: Of the groups that the error comes from.

    Returns:
        The error of each column, in %, and the score, their mean. Two draws of the same n records are about
        70 / sqrt(n) % apart where a column is a number; hence the anchor of equally many real records.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.
    """
    check_comparable(fake, real)
    errors = 100 * column_distances(fake, real)

    def score_of(fake_part: np.ndarray, real_part: np.ndarray) -> tuple[float]:
        return (100 * _mean(column_distances(fake.take(fake_part), real.take(real_part))),)

    return errors, Score(
        value=float(errors.mean()),
        error=error_by_groups(score_of, len(fake), len(real), draws(seed))[0],
        n=min(len(fake), len(real)),
        direction="lower",
        label="column error, %",
        meaning="How far the values of single columns are from the real ones, mean of all columns.",
    )


def column_distances(fake: Features, real: Features) -> Float[np.ndarray, " n_columns"]:
    """The errors of `marginal_errors` as distances from 0 to 1, without the score."""
    distances = np.empty(fake.n_columns)
    for column in range(fake.n_columns):
        ours, theirs = fake.values[:, column], real.values[:, column]
        if fake.is_category[column]:
            distances[column] = _total_variation(_cells_of_codes(ours), _cells_of_codes(theirs))
        else:
            distances[column] = _number_distance(ours, theirs)
    return distances


def pair_errors(
    fake: Features, real: Features, *, seed: int = 0, n_pairs_max: int = MAX_PAIRS
) -> tuple[Float[np.ndarray, "n_columns n_columns"], Score]:
    """Distance of what each pair of columns has in common.

    Two numbers: half the difference of their correlations (of the records that have both; a constant
    correlates with nothing). All other pairs: the total variation distance of the joint table, numbers cut
    at the real deciles, missing a cell of its own, categories beyond the 255 most frequent counted as one.

    Args:
        fake: Synthetic records.
        real: Real records, best ones that the generator never saw.
        seed: Of the pairs and of the groups that the error comes from.
        n_pairs_max: When there are more pairs than this, so many are drawn at random.

    Returns:
        A symmetric matrix in %, NaN on the diagonal and where a pair was not drawn, and the score, the mean
        of all pairs measured: 0 for a single column.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.
    """
    check_comparable(fake, real)
    rng = draws(seed)
    pairs = _draw_pairs(fake.n_columns, n_pairs_max, rng)
    ours, theirs = _crossed(fake, real)
    errors = 100 * _pair_distances(ours, theirs, pairs)
    matrix = np.full((fake.n_columns, fake.n_columns), np.nan)
    matrix[pairs[:, 0], pairs[:, 1]] = matrix[pairs[:, 1], pairs[:, 0]] = errors

    def score_of(fake_part: np.ndarray, real_part: np.ndarray) -> tuple[float]:
        return (100 * _mean(_pair_distances(ours.take(fake_part), theirs.take(real_part), pairs)),)

    return matrix, Score(
        value=_mean(errors),
        error=error_by_groups(score_of, len(fake), len(real), rng)[0],
        n=min(len(fake), len(real)),
        direction="lower",
        label="pair error, %",
        meaning="How far the dependence between two columns is from the real one, mean of the pairs.",
    )


def _number_distance(fake: np.ndarray, real: np.ndarray) -> float:
    is_missing_fake, is_missing_real = np.isnan(fake), np.isnan(real)
    missing = abs(float(is_missing_fake.mean()) - float(is_missing_real.mean()))
    return min(1.0, _kolmogorov_smirnov(fake[~is_missing_fake], real[~is_missing_real]) + missing)


def _kolmogorov_smirnov(fake: np.ndarray, real: np.ndarray) -> float:
    if not len(fake) or not len(real):
        return 0.0  # a side without values has no distribution: the missing shares alone speak
    fake, real = np.sort(fake), np.sort(real)
    steps = np.concatenate([fake, real])
    below_fake = np.searchsorted(fake, steps, side="right") / len(fake)
    below_real = np.searchsorted(real, steps, side="right") / len(real)
    return float(np.abs(below_fake - below_real).max())


def _total_variation(fake: np.ndarray, real: np.ndarray) -> float:
    """Half the summed differences between the shares of each cell, from cell numbers 0, 1, ..."""
    n_cells = int(max(fake.max(), real.max())) + 1
    shares = (np.bincount(cells, minlength=n_cells) / len(cells) for cells in (fake, real))
    return 0.5 * float(np.abs(next(shares) - next(shares)).sum())


def _cells_of_codes(codes: np.ndarray) -> np.ndarray:
    """Codes as cell numbers: 0 is missing, code c is cell c + 1."""
    return np.where(np.isnan(codes), 0, codes + 1).astype(np.int64)


@final
@dataclass(frozen=True, eq=False)
class _Crossable:
    """Records with every column also cut into cells, so that any two columns make a joint table."""

    values: np.ndarray
    """Shape `(n_records, n_columns)`."""
    cells: np.ndarray
    """Shape `(n_records, n_columns)`, whole numbers from 0."""
    is_category: np.ndarray
    """Shape `(n_columns,)`."""

    def take(self, indices: np.ndarray) -> _Crossable:
        return _Crossable(self.values[indices], self.cells[indices], self.is_category)


def _crossed(fake: Features, real: Features) -> tuple[_Crossable, _Crossable]:
    both = np.concatenate([fake.values, real.values])
    cells = np.empty(both.shape, dtype=np.int64)
    for column in range(fake.n_columns):
        values = both[:, column]
        if fake.is_category[column]:
            cells[:, column] = _cells_of_codes(fold_rare_codes(values))
        else:
            cells[:, column] = _cells_of_numbers(values, real.values[:, column])
    n_fake = len(fake)
    return (
        _Crossable(fake.values, cells[:n_fake], fake.is_category),
        _Crossable(real.values, cells[n_fake:], real.is_category),
    )


def _cells_of_numbers(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Cell 0 is missing; the others lie between the real deciles, a value on the edge in the lower one."""
    present = real[~np.isnan(real)]
    edges = np.unique(np.quantile(present, _DECILES)) if len(present) else np.empty(0)
    return np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="left") + 1)


def _draw_pairs(n_columns: int, n_pairs_max: int, rng: np.random.Generator) -> np.ndarray:
    """All pairs of columns, or `n_pairs_max` drawn without replacement: shape (n_pairs, 2)."""
    n_pairs = n_columns * (n_columns - 1) // 2
    if n_pairs <= n_pairs_max:
        numbers = np.arange(n_pairs)
    else:
        numbers = np.sort(rng.choice(n_pairs, n_pairs_max, replace=False))
    # Pair number p is (row, p - row (row - 1) / 2), counting through the rows below the diagonal.
    rows = ((1 + np.sqrt(1 + 8 * numbers)) // 2).astype(np.int64)
    return np.stack([rows, numbers - rows * (rows - 1) // 2], axis=1)


def _pair_distances(fake: _Crossable, real: _Crossable, pairs: np.ndarray) -> np.ndarray:
    distances = np.empty(len(pairs))
    for index, (a, b) in enumerate(pairs):
        if fake.is_category[a] or fake.is_category[b]:
            n_cells = int(max(fake.cells[:, b].max(), real.cells[:, b].max())) + 1
            ours, theirs = (side.cells[:, a] * n_cells + side.cells[:, b] for side in (fake, real))
            distances[index] = _total_variation(ours, theirs)
        else:
            ours, theirs = (_correlation(side.values[:, a], side.values[:, b]) for side in (fake, real))
            distances[index] = abs(ours - theirs) / 2
    return distances


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    has_both = ~(np.isnan(a) | np.isnan(b))
    if not has_both.any():
        return 0.0
    a, b = a[has_both], b[has_both]
    # A range, not a variance, decides what is constant: rounding leaves constants a variance.
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    a, b = a / np.abs(a).max(), b / np.abs(b).max()  # squares of huge or tiny numbers would leave the range
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def _mean(errors: np.ndarray) -> float:
    return float(errors.mean()) if len(errors) else 0.0
