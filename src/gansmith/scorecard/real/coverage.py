"""Are the synthetic records where the real ones are, and is there one near every real one?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.scorecard.features import draws
from gansmith.scorecard.score import (
    GROUPS_FREE,
    SHARE,
    Score,
    error_of_share,
    interval_of_few,
    reach_of_few,
    scores_of_groups,
    wilson_interval,
)

_CHUNK_DISTANCES: Final = 1_000_000
"""Distances held at once: 8 MB."""
_CHUNK_ROWS: Final = 64
"""Points in a chunk, at least, however many references there are: a product of few rows is slow."""
_TIE_BREAK: Final = 1e-4
"""Width of the random coordinate that breaks ties, in units of the spread of the real points."""
_SMALLEST_GROUP: Final = 250
"""Records of a group from which errors come, as far as that leaves four."""
_NAEEM: Final = "Naeem et al. 2020 (arXiv:2002.09797), eq. 3-4."
_KYNKAANNIEMI: Final = "Kynkaanniemi et al. 2019 (arXiv:1904.06991), eq. 1-2."


def neighbourhoods(
    fake: Float[np.ndarray, "n_fake n_dimensions"],
    real: Float[np.ndarray, "n_real n_dimensions"],
    *,
    k: int = 5,
    seed: int = 0,
) -> dict[str, Score]:
    """Precision, recall, density and coverage: fidelity and variety by nearest neighbours.

    Each record has a ball that reaches to its k-th nearest other record of its own table. Precision is the
    share of synthetic records in any real ball, recall the share of real records in any synthetic ball: one
    stray record has a huge ball and spoils them. Density counts the balls instead, divided by k: 1 for the
    real distribution, more when fakes keep to the crowded middle. Coverage asks of each real ball whether a
    synthetic record is inside.

    Records that stand several times (all columns may be categories) are no more than a tie apart; one tiny
    random coordinate says which of them are neighbours. So equal distributions have a density of 1 and the
    coverage `expected_coverage(n_fake, n_real, k)` whatever they are: about 1 - 2^-k at equal size, 0.969 for
    k = 5. Their precision and recall, the share of points that are a neighbour to any other, depend on the
    dimension (many points are nobody's neighbour where there are many), so these need an anchor.

    Args:
        fake: Synthetic records as points, on any scale on which distances mean something.
        real: Real records, on the same scale, best ones that the generator never saw.
        k: Which neighbour the balls reach to; synthetic ones to the farthest where there are no more than k.
        seed: Of the ties and of the groups that the errors come from.

    Returns:
        The four scores by name, 0 to 1 but for the density, which is 0 or more.

    Raises:
        DataError: No more than k real records.

    Source:
        Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models" (arXiv:2002.09797);
        Kynkaanniemi et al. 2019, "Improved precision and recall metric for assessing generative models"
        (arXiv:1904.06991).
    """
    if fake.shape[1] != real.shape[1] or len(real) <= k or len(fake) < 2:
        raise DataError(
            f"Synthetic points {fake.shape}, real points {real.shape}, k = {k}. Wanted: the same dimensions, "
            "2 synthetic points or more, and more than k real ones."
        )
    rng = draws(seed)
    fake, real = _without_ties(fake, real, rng)
    values = _shares(fake, real, k)
    spread = _spread(fake, real, k, values, rng)
    meanings = {
        "precision": "Share of synthetic records within the neighbourhood of a real one.",
        "recall": "Share of real records within the neighbourhood of a synthetic one.",
        "density": "How densely real records lie around synthetic ones; real records give 1.",
        "coverage": "Share of real records with a synthetic one near them; the real distribution gives "
        f"{expected_coverage(len(fake), len(real), k):.3f}.",
    }
    n_asked = {"precision": len(fake), "recall": len(real), "coverage": len(real)}
    found: dict[str, Score] = {}
    for (label, meaning), value, deviation in zip(meanings.items(), values, spread, strict=True):
        if label == "density":
            error, bounds = deviation, interval_of_few(value, deviation, GROUPS_FREE + 1)
        else:
            n = n_asked[label] / deviation**2  # as many independent yes or no say as much
            error = error_of_share(value * n, n)
            bounds = wilson_interval(value, n, reach_of_few(GROUPS_FREE))
        found[label] = Score(
            value=value,
            error=error,
            bounds=bounds,
            n=min(len(fake), len(real)),
            direction="higher",
            source=_KYNKAANNIEMI if label in ("precision", "recall") else _NAEEM,
            label=label,
            meaning=meaning,
            limits=(0.0, np.inf) if label == "density" else SHARE,
        )
    return found


def _spread(
    fake: np.ndarray, real: np.ndarray, k: int, values: tuple[float, ...], rng: np.random.Generator
) -> list[float]:
    """The standard error of the density; of each share, how many times larger than a binomial one its is.

    A share of few records is another one than that of many, and so is its spread. But by how much neighbours
    go together is about the same: the design effect (Kish 1965, "Survey sampling"), 1 or more.
    """
    if min(len(fake), len(real)) < 4:  # groups of two at least: one record alone has no neighbour
        return [1.0, 1.0, max(1.0, values[2]), 1.0]  # what nobody can say of two or three records
    found = scores_of_groups(
        lambda a, b: _shares(fake[a], real[b], k), len(fake), len(real), rng, _SMALLEST_GROUP
    )
    variance, means = found.var(axis=1, ddof=1).mean(axis=0) / found.shape[1], found.mean(axis=(0, 1))
    spread: list[float] = []
    for place, n_asked in ((0, len(fake)), (1, len(real)), (2, 0), (3, len(real))):
        coins = means[place] * (1.0 - means[place]) / n_asked if n_asked else 1.0
        spread.append(float(np.sqrt(variance[place] / coins)) if coins > 0.0 else 1.0)
    return [one if place == 2 else max(1.0, one) for place, one in enumerate(spread)]


def expected_coverage(n_fake: int, n_real: int, k: int) -> float:
    r"""Mean coverage when synthetic and real records come from one distribution.

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


def _without_ties(
    fake: np.ndarray, real: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points around the middle of the real ones, where rounding is least, with one tiny random coordinate."""
    centre = real.mean(axis=0)
    fake, real = fake - centre, real - centre
    spread = float(np.sqrt(np.square(real).sum(axis=1).mean())) or 1.0
    tie = [_TIE_BREAK * spread * rng.random((len(side), 1)) for side in (fake, real)]
    return np.hstack([fake, tie[0]]), np.hstack([real, tie[1]])


def _shares(fake: np.ndarray, real: np.ndarray, k: int) -> tuple[float, float, float, float]:
    """Precision, recall, density, coverage."""
    real_radii = _radii(real, min(k, len(real) - 1))  # squared, (n_real,)
    fake_radii = _radii(fake, min(k, len(fake) - 1))  # squared, (n_fake,)
    n_balls = n_precise = 0.0
    is_covered, is_recalled = np.zeros((2, len(real)), dtype=bool)
    for rows, squared in _distances(fake, real):
        in_real_ball = squared <= real_radii  # (n_fakes_in_chunk, n_real)
        n_balls += float(np.count_nonzero(in_real_ball))
        n_precise += float(np.count_nonzero(in_real_ball.any(axis=1)))
        is_covered |= in_real_ball.any(axis=0)
        is_recalled |= (squared <= fake_radii[rows, None]).any(axis=0)
    density = n_balls / (min(k, len(real) - 1) * len(fake))
    return n_precise / len(fake), float(is_recalled.mean()), density, float(is_covered.mean())


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point to its k-th nearest other one."""
    radii = np.empty(len(points))
    for rows, squared in _distances(points, points):
        squared[np.arange(len(squared)), np.arange(rows.start, rows.stop)] = -np.inf  # itself comes first
        radii[rows] = np.partition(squared, k, axis=1)[:, k]
    return radii


def _distances(points: np.ndarray, references: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances by chunks of points, in one product of matrices: [-2 x, 1, |x|^2] . [y, |y|^2, 1]."""
    n_rows = max(_CHUNK_ROWS, _CHUNK_DISTANCES // len(references))
    norms = np.square(references).sum(axis=1)
    right = np.column_stack([references, norms, np.ones_like(norms)]).T
    for start in range(0, len(points), n_rows):
        chunk = points[start : start + n_rows]
        norms = np.square(chunk).sum(axis=1)
        left = np.column_stack([-2.0 * chunk, np.ones_like(norms), norms])
        yield slice(start, start + len(chunk)), left @ right
