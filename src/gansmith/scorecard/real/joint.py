"""Two and three columns together: what they say of each other, and their joint tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from scipy.special import xlogy

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.real.cells import (
    Cells,
    cut_into_cells,
    draw_subsets,
    symmetric_matrix,
    total_variation,
)
from gansmith.scorecard.real.trend import MAX_PAIRS
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws
from gansmith.scorecard.standard_errors import mean_similarity

_PAIR_BINS: Final = 10
_PAIR_CODES: Final = 30


@final
@dataclass(frozen=True, eq=False)
class Information:
    """What every column says about every other one."""

    score: Score
    """One minus the mean difference between the two matrices."""
    fake: np.ndarray
    """Shape `(n_columns, n_columns)`, 0 (independent) to 1 (one column fixes the other); NaN on the diagonal
    and where a pair was not drawn."""
    real: np.ndarray
    """The same of the real table."""


def mutual_information(
    fake: Features, real: Features, *, seed: int = 0, n_pairs_max: int = MAX_PAIRS
) -> Information:
    """Compare how much each pair of columns has in common, whatever the kind of the dependence.

    Numbers are cut at the real deciles, a missing value is a cell of its own, of the categories the 29 most
    frequent are kept apart. The mutual information of two columns is divided by the mean of their entropies
    and freed of most of its bias, so that tables of different sizes can be compared and independent columns
    have about 0.

    Args:
        fake: Synthetic records.
        real: Real records, best ones that the generator never saw.
        seed: Of the pairs and of the groups that the error comes from.
        n_pairs_max: When there are more pairs than this, so many are drawn at random.

    Returns:
        The score and both matrices. Independent columns in the place of dependent ones lose what the real
        ones have in common, which is often little: read the score beside its floor.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.

    Source:
        Normalised mutual information: Strehl & Ghosh 2002, "Cluster ensembles", JMLR 3, with the arithmetic
        mean (Kvalseth 1987, "Entropy and correlation"). Bias: Miller 1955, "Note on the bias of information
        estimates" (Miller-Madow).
    """
    check_comparable(fake, real)
    rng = draws(seed)
    pairs = draw_subsets(fake.n_columns, 2, n_pairs_max, rng)
    ours, theirs = cut_into_cells(fake, real, n_bins=_PAIR_BINS, n_codes=_PAIR_CODES)
    fake_parts, real_parts = _shared(ours, pairs), _shared(theirs, pairs)
    score = mean_similarity(
        1.0 - np.abs(fake_parts - real_parts),
        lambda a, b: 1.0 - np.abs(_shared(ours.take(a), pairs) - _shared(theirs.take(b), pairs)),
        (len(fake), len(real)),
        rng,
        source="Strehl & Ghosh 2002 (normalised mutual information), Miller 1955 (bias).",
        label="mutual information",
        meaning="How like the real one the information is that two columns share, 1 is equal; mean of pairs.",
        undefined="There is only one column.",
    )
    matrices = [symmetric_matrix(fake.n_columns, pairs, parts) for parts in (fake_parts, real_parts)]
    return Information(score, *matrices)


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


def _entropy(counts: np.ndarray) -> float:
    """Miller and Madow's estimate in nats: that of the counts, and half a record for every further cell."""
    n_records = counts.sum()
    plain = np.log(n_records) - xlogy(counts, counts).sum() / n_records
    return float(plain + (np.count_nonzero(counts) - 1) / (2 * n_records))


MAX_TRIPLES: Final = 100
N_WORST: Final = 10
_TRIPLE_BINS: Final = 5
_TRIPLE_CODES: Final = 10


def triple_score(
    fake: Features, real: Features, *, seed: int = 0, n_triples_max: int = MAX_TRIPLES
) -> tuple[dict[tuple[str, str, str], float], Score]:
    """How like the real one the joint table of three columns is, the mean of the triples.

    Numbers are cut into five bins at the real quantiles, a missing value is a cell of its own, of the
    categories the nine most frequent are kept apart.

    Args:
        fake: Synthetic records.
        real: Real records, best ones that the generator never saw.
        seed: Of the triples and of the groups that the error comes from.
        n_triples_max: When there are more triples than this, so many are drawn at random.

    Returns:
        The ten worst triples by the names of their columns, the worst first, each with its similarity, and
        the score: one minus the total variation distance, mean of the triples, 0 to 1; NaN for fewer than
        three columns. Few records fill hundreds of cells by chance, so real records do not reach 1 either.

    Raises:
        DataError: Different columns, none at all, or fewer than 2 records.

    Source:
        Three-way marginals as in the NIST synthetic data challenge: McKenna, Miklau & Sheldon 2021, "Winning
        the NIST contest" (arXiv:2108.04978), section 2.
    """
    check_comparable(fake, real)
    rng = draws(seed)
    triples = draw_subsets(fake.n_columns, 3, n_triples_max, rng)
    ours, theirs = cut_into_cells(fake, real, n_bins=_TRIPLE_BINS, n_codes=_TRIPLE_CODES)
    parts = _similarities(ours, theirs, triples)

    worst: dict[tuple[str, str, str], float] = {}
    for index in np.argsort(parts, kind="stable")[:N_WORST]:
        c, b, a = (fake.names[column] for column in triples[index])
        worst[a, b, c] = float(parts[index])
    return worst, mean_similarity(
        parts,
        lambda a, b: _similarities(ours.take(a), theirs.take(b), triples),
        (len(fake), len(real)),
        rng,
        source="McKenna, Miklau & Sheldon 2021 (arXiv:2108.04978): three-way marginals.",
        label="triples of columns",
        meaning="How like the real one the joint table of three columns is, 1 is equal; mean of the triples.",
        undefined="There are fewer than three columns.",
    )


def _similarities(fake: Cells, real: Cells, triples: np.ndarray) -> np.ndarray:
    return np.array([1.0 - total_variation(fake.joint(triple), real.joint(triple)) for triple in triples])
