"""Mutual information: how much one column says about another, in the synthetic and in the real table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from scipy.special import xlogy

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.real.averages import average_and_error
from gansmith.scorecard.real.cells import Cells, cut_into_cells, draw_subsets, symmetric_matrix
from gansmith.scorecard.real.trend import MAX_PAIRS
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws

_BINS: Final = 10
_CODES: Final = 30


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
    ours, theirs = cut_into_cells(fake, real, n_bins=_BINS, n_codes=_CODES)
    fake_parts, real_parts = _shared(ours, pairs), _shared(theirs, pairs)
    value, error = average_and_error(
        1.0 - np.abs(fake_parts - real_parts),
        lambda a, b: 1.0 - np.abs(_shared(ours.take(a), pairs) - _shared(theirs.take(b), pairs)),
        len(fake),
        len(real),
        rng,
    )
    score = Score(
        value=value,
        error=error,
        n=min(len(fake), len(real)),
        direction="higher",
        source="Strehl & Ghosh 2002 (normalised mutual information), Miller 1955 (bias).",
        label="mutual information",
        meaning="How like the real one the information is that two columns share, 1 is equal; mean of pairs.",
        caveat="" if len(pairs) else "There is only one column.",
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
