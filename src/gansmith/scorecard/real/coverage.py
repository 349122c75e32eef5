"""Are the synthetic records where the real ones are, and is there one near every real one?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.scorecard.card import Score
from gansmith.scorecard.groups import error_by_groups
from gansmith.scorecard.points import squared_distances
from gansmith.scorecard.seeds import draws


def density_and_coverage(
    fake: Float[np.ndarray, "n_fake n_dimensions"],
    real: Float[np.ndarray, "n_real n_dimensions"],
    *,
    k: int = 5,
    seed: int = 0,
) -> tuple[Score, Score]:
    """Density (are the fakes where real records are dense?) and coverage (has each real one a fake near it?).

    Each real record has a ball that reaches to its k-th nearest other real record. Density is the number of
    balls that a synthetic record lies in, divided by k, mean of the synthetic records: about 1 for the real
    distribution, more when fakes keep to the crowded middle. Coverage is the share of balls with a synthetic
    record inside. A ball holds its rim, so that records which stand several times among the real ones
    (radius 0) can be covered.

    What equal distributions give, `expected_coverage(n_fake, n_real, k)`, is about 1 - 2^-k for sets of
    equal size: 0.969 for k = 5. Compare coverage at equal sizes only.

    Args:
        fake: Synthetic records as points, on any scale on which distances mean something.
        real: Real records, on the same scale, best ones that the generator never saw.
        k: Which neighbour the balls reach to.
        seed: Of the groups that the errors come from.

    Returns:
        Density (0 or more) and coverage (0 to 1).

    Raises:
        DataError: Other dimensions, no more than k real records, or fewer than 2 synthetic ones.

    Source:
        Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models"
        (arXiv:2002.09797), eq. 3-4.
    """
    if fake.shape[1] != real.shape[1] or len(real) <= k or len(fake) < 2:
        raise DataError(
            f"Synthetic points {fake.shape}, real points {real.shape}, k = {k}. Wanted: the same dimensions, "
            "2 synthetic points or more, and more than k real ones."
        )
    values = _density_and_coverage(fake, real, k)

    def scores_of(fake_part: np.ndarray, real_part: np.ndarray) -> tuple[float, float]:
        return _density_and_coverage(fake[fake_part], real[real_part], min(k, len(real_part) - 1))

    errors = list(error_by_groups(scores_of, len(fake), len(real), draws(seed)))
    # Coverage counts balls, so it is no surer than that many independent yes or no; near 1 the groups can
    # agree by luck.
    share = (values[1] * len(real) + 2) / (len(real) + 4)
    errors[1] = max(errors[1], float(np.sqrt(share * (1 - share) / (len(real) + 4))))
    n = min(len(fake), len(real))
    density = Score(
        value=values[0],
        error=errors[0],
        n=n,
        direction="higher",
        label="density",
        meaning="How crowded with real records the places of synthetic ones are; real records give 1.",
    )
    coverage = Score(
        value=values[1],
        error=errors[1],
        n=n,
        direction="higher",
        label="coverage",
        meaning="Share of real records with a synthetic one near them; "
        f"the real distribution gives {expected_coverage(len(fake), len(real), k):.3f}.",
    )
    return density, coverage


def expected_coverage(n_fake: int, n_real: int, k: int) -> float:
    r"""Mean coverage when synthetic and real records come from one distribution without ties.

    Seen from a real record, the other n_real - 1 real ones and the n_fake synthetic ones lie at independent
    distances of one distribution, so every order of near and far is equally likely. Its ball is empty when
    the k nearest of all are real, which has the probability

        prod_{j < k} (n_real - 1 - j) / (n_real - 1 - j + n_fake),

    and about 2^-k for equal, large sets.

    Example:
        >>> round(expected_coverage(10_000, 10_000, 5), 4)
        0.9688
    """
    j = np.arange(k)
    return float(1.0 - np.prod((n_real - 1 - j) / (n_real - 1 - j + n_fake)))


def _density_and_coverage(fake: np.ndarray, real: np.ndarray, k: int) -> tuple[float, float]:
    rounding = 1e-12 * float(np.square(real).sum(axis=1).max())
    radii = _radii(real, k) + rounding  # squared, (n_real,)
    n_balls = 0
    is_covered = np.zeros(len(real), dtype=bool)
    for _, squared in squared_distances(fake, real):
        is_inside = squared <= radii  # (n_fakes_in_chunk, n_real)
        n_balls += int(is_inside.sum())
        is_covered |= is_inside.any(axis=0)
    return n_balls / (k * len(fake)), float(is_covered.mean())


def _radii(real: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each real record to its k-th nearest other one."""
    radii = np.empty(len(real))
    for rows, squared in squared_distances(real, real):
        squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = -1.0  # itself comes first
        radii[rows] = np.partition(squared, k, axis=1)[:, k]
    return radii
