"""Columns cut into cells: joint tables of two and three, and what columns say of each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float, Int

from gansmith.scorecard.features import Features, check_comparable, draws, fold_rare_codes
from gansmith.scorecard.resampling import PARTS, Deal, variation_similarity
from gansmith.scorecard.score import Score, mean_similarity

MAX_PAIRS: Final = 2_000
MAX_TRIPLES: Final = 100
N_WORST: Final = 10
_PAIR_BINS: Final = 10
_PAIR_CODES: Final = 30
_TRIPLE_BINS: Final = 5
_TRIPLE_CODES: Final = 10
_RECUTS: Final = 16
"""Times that cells are cut at other quantiles, ..."""
_RECORDS_RECUT: Final = 4_000
"""... and records of each side that are counted then."""
_DENSE: Final = 1_000_000
"""Cell numbers up to this are counted in place; larger ones are first renumbered without gaps."""


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """One table with every value replaced by the number of its cell; 0 is a missing value."""

    numbers: np.ndarray
    """Shape `(n_columns, n_records)`, int64: a column lies in one piece of memory."""
    n_cells: np.ndarray
    """Shape `(n_columns,)`: a column's numbers are below this, in every table cut with it."""

    def take(self, indices: np.ndarray) -> Cells:
        """The records at `indices`."""
        return Cells(self.numbers[:, indices], self.n_cells)

    def joint(self, columns: np.ndarray) -> np.ndarray:
        """The cell of several columns together: shape `(n_records,)`, below the product of `n_cells`."""
        joint = self.numbers[columns[0]]
        for column in columns[1:]:
            joint = joint * self.n_cells[column] + self.numbers[column]
        return joint


def cut_into_cells(
    fake: Features, real: Features, *, n_bins: int, n_codes: int, known: Features | None = None
) -> tuple[Cells, Cells]:
    """Cut both tables alike: numbers at quantiles of the real ones, categories by code.

    Args:
        fake: Synthetic records.
        real: Real records.
        n_bins: Bins of equally many real values that numbers are cut into; fewer where values repeat. A value
            on an edge belongs to the lower bin.
        n_codes: Cells of a category column, for the most frequent of both tables; the rarer ones share one.
        known: Other real records whose quantiles are taken.

    Returns:
        The cells of the synthetic and of the real table.
    """
    known = real if known is None else known
    both = np.concatenate([fake.values, real.values])
    numbers = np.empty((fake.n_columns, len(both)), dtype=np.int64)
    for column in range(fake.n_columns):
        if fake.is_category[column]:
            numbers[column] = cells_of_codes(fold_rare_codes(both[:, column], n_codes=n_codes))
        else:
            numbers[column] = _cells_of_numbers(both[:, column], known.values[:, column], n_bins)
    n_cells = numbers.max(axis=1) + 1
    return Cells(numbers[:, : len(fake)], n_cells), Cells(numbers[:, len(fake) :], n_cells)


def cells_of_codes(codes: Float[np.ndarray, " n_records"]) -> Int[np.ndarray, " n_records"]:
    """Codes as cell numbers: 0 is missing, code c is cell c + 1."""
    return np.where(np.isnan(codes), 0.0, codes + 1.0).astype(np.int64)


def total_variation(fake: Int[np.ndarray, " n_fake"], real: Int[np.ndarray, " n_real"]) -> float:
    """Half the summed differences between the shares that each cell has of both tables, 0 to 1.

    Args:
        fake: Cell numbers from 0 of the synthetic records, one or more.
        real: The same of the real ones.

    Example:
        >>> total_variation(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]))
        0.25
    """
    n_cells = int(max(fake.max(), real.max())) + 1
    if n_cells > _DENSE:
        kept, numbers = np.unique(np.concatenate([fake, real]), return_inverse=True)
        fake, real, n_cells = numbers[: len(fake)], numbers[len(fake) :], len(kept)
    difference = np.bincount(fake, minlength=n_cells) / len(fake)
    difference -= np.bincount(real, minlength=n_cells) / len(real)
    return min(1.0, 0.5 * float(np.abs(difference).sum()))


def tables_of_deal(
    deal: Deal, fake: Cells, real: Cells, subsets: Int[np.ndarray, "n_subsets size"]
) -> Float[np.ndarray, "n_deal n_subsets"]:
    """One minus `total_variation` of the joint tables of some columns, in each part of the records."""
    found = np.empty((len(PARTS), len(subsets)))
    for index, subset in enumerate(subsets):
        ours, theirs, n_cells = _compact(fake.joint(subset), real.joint(subset))
        found[:, index] = deal.each(deal.tallied(ours, theirs, n_cells), variation_similarity)
    return found


def _compact(fake: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Cells, renumbered without gaps where more may be empty than filled; and how many there are."""
    n_cells = int(max(fake.max(), real.max())) + 1
    if n_cells > len(fake) + len(real):
        kept, numbers = np.unique(np.concatenate([fake, real]), return_inverse=True)
        fake, real, n_cells = numbers[: len(fake)], numbers[len(fake) :], len(kept)
    return fake, real, n_cells


def draw_subsets(
    n_columns: int, size: int, n_max: int, rng: np.random.Generator
) -> Int[np.ndarray, "n_subsets size"]:
    """All subsets of `size` columns, or `n_max` of them drawn without replacement.

    Args:
        n_columns: How many columns there are to choose from.
        size: Columns in a subset.
        n_max: Subsets wanted, at most.
        rng: Draws them.

    Returns:
        Column numbers, the largest first in each subset; no row when there are fewer than `size` columns.

    Source:
        Subset number p is read in the combinatorial number system: Knuth, "The art of computer programming",
        volume 4A, section 7.2.1.3.

    Example:
        >>> draw_subsets(3, 2, 10, np.random.default_rng(0)).tolist()
        [[1, 0], [2, 0], [2, 1]]
    """
    n_subsets = math.comb(n_columns, size)
    if n_subsets <= n_max:
        left = np.arange(n_subsets)
    else:
        left = np.sort(rng.choice(n_subsets, n_max, replace=False))
    chosen = np.empty((len(left), size), dtype=np.int64)
    for place in range(size):
        n_below = np.array([math.comb(column, size - place) for column in range(n_columns)], dtype=np.int64)
        chosen[:, place] = np.searchsorted(n_below, left, side="right") - 1
        left = left - n_below[chosen[:, place]]
    return chosen


def symmetric_matrix(
    n_columns: int, pairs: Int[np.ndarray, "n_pairs 2"], values: Float[np.ndarray, " n_pairs"]
) -> Float[np.ndarray, "n_columns n_columns"]:
    """Values of pairs as a symmetric matrix, NaN on the diagonal and where there is no pair."""
    matrix = np.full((n_columns, n_columns), np.nan)
    matrix[pairs[:, 0], pairs[:, 1]] = matrix[pairs[:, 1], pairs[:, 0]] = values
    return matrix


def _cells_of_numbers(values: np.ndarray, real: np.ndarray, n_bins: int) -> np.ndarray:
    present = real[~np.isnan(real)]
    shares = np.arange(1, n_bins) / n_bins
    # An observed value, not a mean of two: halves of huge numbers stay in range, and edges are values.
    edges = np.unique(np.quantile(present, shares, method="lower")) if len(present) else np.empty(0)
    return np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="left") + 1)


def mutual_information(
    fake: Features, real: Features, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, Score]:
    """Compare how much each pair of columns has in common, whatever the kind of the dependence.

    Numbers are cut at the real deciles, a missing value is a cell of its own, of the categories the 29 most
    frequent are kept apart. The mutual information of two columns is divided by the mean of their entropies
    and freed of most of its bias, so that tables of different sizes can be compared and independent columns
    have about 0.

    Returns:
        What every column of the synthetic table says about every other one, the same of the real table, and
        one minus the mean difference between the two. Both matrices have the shape `(n_columns, n_columns)`,
        0 (independent) to 1 (one column fixes the other); NaN on the diagonal and where a pair was not drawn.
        Independent columns in the place of dependent ones lose what the real ones have in common, which is
        often little: read the score beside its floor.

    Source:
        Normalised mutual information: Strehl & Ghosh 2002, "Cluster ensembles", JMLR 3, with the arithmetic
        mean (Kvalseth 1987, "Entropy and correlation"). Bias: Miller 1955, "Note on the bias of information
        estimates" (Miller-Madow).
    """
    check_comparable(fake, real)
    rng = draws(seed)
    pairs = draw_subsets(fake.n_columns, 2, MAX_PAIRS, rng)
    ours, theirs = cut_into_cells(fake, real, n_bins=_PAIR_BINS, n_codes=_PAIR_CODES)
    fake_parts, real_parts = _shared(ours, pairs), _shared(theirs, pairs)
    deal = Deal.of(len(fake), len(real), rng)
    score = mean_similarity(
        1.0 - np.abs(fake_parts - real_parts),
        _by_pair(deal, ours, theirs, pairs),
        (len(fake), len(real)),
        source="Strehl & Ghosh 2002 (normalised mutual information), Miller 1955 (bias).",
        label="mutual information",
        meaning="How similar the information that pairs of columns share is to real data; 1 is equal; mean.",
        undefined="There is only one column.",
    )
    matrices = [symmetric_matrix(fake.n_columns, pairs, parts) for parts in (fake_parts, real_parts)]
    return matrices[0], matrices[1], score


def _by_pair(deal: Deal, fake: Cells, real: Cells, pairs: np.ndarray) -> np.ndarray:
    """The similarity of what each pair shares, in each part of the records: shape (n_deal, n_pairs)."""
    found = np.empty((len(PARTS), len(pairs)))
    for index, pair in enumerate(pairs):
        shape = fake.n_cells[pair]

        def similarity(*sides: np.ndarray, shape: np.ndarray = shape) -> np.ndarray:
            ours, theirs = (_shared_of(counts.reshape(len(counts), *shape)) for counts in sides)
            return 1.0 - np.abs(ours - theirs)

        tallies = deal.tallied(fake.joint(pair), real.joint(pair), int(shape.prod()))
        found[:, index] = deal.each(tallies, similarity)
    return found


def _shared_of(counts: np.ndarray) -> np.ndarray:
    """Normalised mutual information of tables (n_tables, n_rows, n_columns): shape (n_tables,)."""
    sides = (counts.sum(axis=2), counts.sum(axis=1), counts.reshape(len(counts), -1))
    a, b, together = (_entropies(side) for side in sides)
    least = np.minimum(a, b)
    shared = np.clip(a + b - together, 0.0, np.maximum(least, 0.0))
    return np.where(least > 0.0, shared / np.where(least > 0.0, (a + b) / 2, 1.0), 0.0)


def _entropies(counts: np.ndarray) -> np.ndarray:
    """As `_entropy`, of each row."""
    n_records = counts.sum(axis=1)
    plain = np.log(n_records) - _weighted_logs(counts).sum(axis=1) / n_records
    return plain + (np.count_nonzero(counts, axis=1) - 1) / (2 * n_records)


def _shared(cells: Cells, pairs: np.ndarray) -> np.ndarray:
    """Normalised mutual information of each pair, 0 for a constant column: shape (n_pairs,)."""
    alone = {column: _entropy(np.bincount(cells.numbers[column])) for column in np.unique(pairs).tolist()}
    shared = np.zeros(len(pairs))
    for index, pair in enumerate(pairs):
        a, b = alone[int(pair[0])], alone[int(pair[1])]
        if min(a, b) > 0.0:
            together = _entropy(np.bincount(cells.joint(pair)))
            shared[index] = min(max(a + b - together, 0.0), a, b) / ((a + b) / 2)
    return shared


def _weighted_logs(counts: np.ndarray) -> np.ndarray:
    """Each count times its logarithm, 0 of 0."""
    return counts * np.log(np.maximum(counts, 1))


def _entropy(counts: np.ndarray) -> float:
    """Miller and Madow's estimate in nats: that of the counts, and half a record for every further cell."""
    n_records = counts.sum()
    plain = np.log(n_records) - _weighted_logs(counts).sum() / n_records
    return float(plain + (np.count_nonzero(counts) - 1) / (2 * n_records))


def triple_score(fake: Features, real: Features, *, seed: int = 0) -> tuple[dict[str, float], Score]:
    """How like the real one the joint table of three columns is, the mean of the triples.

    Numbers are cut into five bins at the real quantiles, a missing value is a cell of its own, of the
    categories the nine most frequent are kept apart.

    Returns:
        The ten worst triples by the names of their columns, the worst first, each with its similarity, and
        the score: one minus the total variation distance, mean of the triples, 0 to 1; NaN for fewer than
        three columns. Few records fill hundreds of cells by chance, so real records do not reach 1 either.

    Source:
        Three-way marginals as in the NIST synthetic data challenge: McKenna, Miklau & Sheldon 2021, "Winning
        the NIST contest" (arXiv:2108.04978), section 2.
    """
    check_comparable(fake, real)
    rng = draws(seed)
    triples = draw_subsets(fake.n_columns, 3, MAX_TRIPLES, rng)
    ours, theirs = cut_into_cells(fake, real, n_bins=_TRIPLE_BINS, n_codes=_TRIPLE_CODES)
    parts = _similarities(ours, theirs, triples)
    worst = np.argsort(parts, kind="stable")[:N_WORST]
    named = {
        " × ".join(fake.names[column] for column in triples[one][::-1]): float(parts[one]) for one in worst
    }
    return named, mean_similarity(
        parts,
        tables_of_deal(Deal.of(len(fake), len(real), rng), ours, theirs, triples),
        (len(fake), len(real)),
        source="McKenna, Miklau & Sheldon 2021 (arXiv:2108.04978): three-way marginals.",
        label="triples of columns",
        meaning="How similar joint distributions of three columns are to real ones; 1 is equal; mean.",
        undefined="There are fewer than three columns.",
        edges=_error_of_edges(fake, real, triples, rng),
    )


def _error_of_edges(fake: Features, real: Features, triples: np.ndarray, rng: np.random.Generator) -> float:
    """How far the mean moves because another draw of the real records has other quantiles.

    A third of the records lies as far from all of them as two draws from each other: as an edge that may jump
    from a value to the next one does so seldom around a draw that lies far from the middle by chance.
    """
    if not len(triples) or fake.is_category.all():
        return 0.0
    some = [table.sample(_RECORDS_RECUT, rng) for table in (fake, real)]
    means: list[float] = []
    for _ in range(_RECUTS):
        third = real.sample(max(1, len(real) // 3), rng)
        cells = cut_into_cells(some[0], some[1], n_bins=_TRIPLE_BINS, n_codes=_TRIPLE_CODES, known=third)
        means.append(float(_similarities(*cells, triples).mean()))
    return float(np.std(means, ddof=1))


def _similarities(fake: Cells, real: Cells, triples: np.ndarray) -> np.ndarray:
    return np.array([1.0 - total_variation(fake.joint(triple), real.joint(triple)) for triple in triples])
