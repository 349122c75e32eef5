"""Three columns at a time: dependence that no pair of columns shows."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features, check_comparable
from gansmith.scorecard.real.averages import average_and_error
from gansmith.scorecard.real.cells import Cells, cut_into_cells, draw_subsets, total_variation
from gansmith.scorecard.score import Score
from gansmith.scorecard.seeds import draws

MAX_TRIPLES: Final = 100
N_WORST: Final = 10
_BINS: Final = 5
_CODES: Final = 10


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
    ours, theirs = cut_into_cells(fake, real, n_bins=_BINS, n_codes=_CODES)
    parts = _similarities(ours, theirs, triples)
    value, error = average_and_error(
        parts,
        lambda a, b: _similarities(ours.take(a), theirs.take(b), triples),
        len(fake),
        len(real),
        rng,
    )
    worst: dict[tuple[str, str, str], float] = {}
    for index in np.argsort(parts, kind="stable")[:N_WORST]:
        c, b, a = (fake.names[column] for column in triples[index])
        worst[a, b, c] = float(parts[index])
    return worst, Score(
        value=value,
        error=error,
        n=min(len(fake), len(real)),
        direction="higher",
        source="McKenna, Miklau & Sheldon 2021 (arXiv:2108.04978): three-way marginals.",
        label="triples of columns",
        meaning="How like the real one the joint table of three columns is, 1 is equal; mean of the triples.",
        caveat="" if len(triples) else "There are fewer than three columns.",
    )


def _similarities(fake: Cells, real: Cells, triples: np.ndarray) -> np.ndarray:
    return np.array([1.0 - total_variation(fake.joint(triple), real.joint(triple)) for triple in triples])
