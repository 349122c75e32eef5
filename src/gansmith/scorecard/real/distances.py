"""Distances between the clouds of synthetic and of real points as wholes: Frechet's and the kernel's.

Both sides stand on one scale; more than 256 dimensions are projected, see `_projected`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.scorecard.features import draws
from gansmith.scorecard.score import Score, interval_of_few

MAX_DIMENSIONS: Final = 256
_FOLDS: Final = 10
_BLOCK: Final = 1_000
"""Records of each side in a block of the kernel distance, at most."""
_PROJECTION_RECORDS: Final = 4_000
_POWER_ITERATIONS: Final = 3
_LEAST_SPREAD: Final = 1e-8
"""Variance of a direction, in units of the largest one, below which it counts as none."""

FakePoints = Float[np.ndarray, "n_fake n_dimensions"]
RealPoints = Float[np.ndarray, "n_real n_dimensions"]


def frechet_distance(fake: FakePoints, real: RealPoints, *, seed: int = 0) -> Score:
    r"""Squared Frechet distance between the normal distributions that fit the two clouds.

        |m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2)),

    with the means m and the covariances S. It sees positions, spreads and correlations, and no shape beyond;
    0 when these are equal, in the squared unit of the points. Sets drawn from one distribution are above 0,
    the more the fewer they are and the more dimensions they have: compare at equal sizes, beside an anchor.
    Never to be called FID, which is this distance between features of one particular network.

    The error is the spread of the records' influences. Near 0 the distance is a square, whose influences are
    as large by chance as by what is wrong: of their variance counts half of what both random halves of the
    records do not agree on.

    Source:
        Dowson & Landau 1982, "The Frechet distance between multivariate normal distributions", Journal of
        Multivariate Analysis 12; as a score of generators, Heusel et al. 2017 (arXiv:1706.08500). Error:
        the delta method with influence functions, Hampel 1974, Journal of the American Statistical
        Association 69; the derivative of the distance is I - T with the map T that carries one cloud to the
        other (Takatsu 2011, "Wasserstein geometry of Gaussian measures", Osaka Journal of Mathematics 48).
    """
    _check(fake, real)
    rng = draws(seed)
    fake, real = _projected(fake, real, rng)
    return Score(
        value=frechet(fake, real),
        error=_error_of_frechet(fake, real, rng),
        n=min(len(fake), len(real)),
        direction="lower",
        source="Dowson & Landau 1982; Heusel et al. 2017 (arXiv:1706.08500).",
        label="Frechet distance",
        meaning="Distance of the means, spreads and correlations of the points from real ones; 0 is equal.",
        limits=(0.0, np.inf),
    )


def kernel_distance(fake: FakePoints, real: RealPoints, *, seed: int = 0) -> Score:
    r"""Squared maximum mean discrepancy (MMD) with the kernel (x . y / d + 1)^3.

    It sees means, spreads, correlations and skewness. Its estimate has no bias, so equal distributions give 0
    on average, below as often as above, however few records there are. The kernel is made for features of
    about the size 1, so both clouds together are first moved and scaled such that a coordinate has the mean 0
    and, on the average of the coordinates, the mean square 1; so the number is free of units.

    Returns:
        The mean over disjoint blocks of equally many points of both sides, ten blocks or more where there are
        enough points, none of more than about 1,000; and the standard error of that mean.

    Source:
        Binkowski et al. 2018, "Demystifying MMD GANs" (arXiv:1801.01401), section 4; unbiased estimate:
        Gretton et al. 2012, "A kernel two-sample test", JMLR 13, eq. 3.
    """
    _check(fake, real)
    rng = draws(seed)
    fake, real = _projected(fake, real, rng)
    n = min(len(fake), len(real))
    ours, theirs = _scaled(*(side[rng.permutation(len(side))[:n]] for side in (fake, real)))
    n_blocks = max(1, min(n // 2, max(_FOLDS, n // _BLOCK)))
    blocks = np.array([_squared_mmd(ours[b::n_blocks], theirs[b::n_blocks]) for b in range(n_blocks)])
    # One block alone says nothing of the spread: any number of its size could be chance.
    error = blocks.std(ddof=1) / np.sqrt(n_blocks) if n_blocks > 1 else np.abs(blocks[0])
    return Score(
        value=float(blocks.mean()),
        error=float(error),
        bounds=interval_of_few(float(blocks.mean()), float(error), max(2, n_blocks)),
        n=n,
        direction="lower",
        source="Binkowski et al. 2018 (arXiv:1801.01401), of points in units of their spread.",
        label="kernel distance",
        meaning="Distance of the distribution of the points from the real one; 0 on average for equal ones.",
    )


def _check(fake: np.ndarray, real: np.ndarray) -> None:
    if fake.shape[1] != real.shape[1] or min(len(fake), len(real)) < 2 or not fake.shape[1]:
        raise DataError(
            f"Synthetic points {fake.shape}, real points {real.shape}. Wanted: the same dimensions, one or "
            "more, and 2 points or more on each side."
        )


def _projected(fake: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points of many dimensions on the 256 leading principal directions of both clouds together.

    Not of the real cloud alone: what only synthetic points have (noise where every real picture is black)
    would be projected away, and real points would fit their own directions better than any others do, so that
    equal distributions were no longer 0 on average.

    Source:
        Randomised range finder with power iterations: Halko, Martinsson & Tropp 2011, "Finding structure with
        randomness" (arXiv:0909.4061), algorithm 4.4.
    """
    n_dimensions = fake.shape[1]
    if n_dimensions <= MAX_DIMENSIONS:
        return fake, real
    n = min(len(fake), len(real), _PROJECTION_RECORDS)
    both = np.concatenate([side[rng.permutation(len(side))[:n]] for side in (fake, real)])
    both -= both.mean(axis=0)
    directions = rng.standard_normal((n_dimensions, min(n_dimensions, MAX_DIMENSIONS + 10)))
    for _ in range(_POWER_ITERATIONS):
        directions = np.linalg.qr(both.T @ (both @ directions))[0]
    # Within this space, the leading directions by variance.
    seen = both @ directions  # (2 n, n_directions)
    _, rotation = np.linalg.eigh(seen.T @ seen)
    directions = directions @ rotation[:, ::-1][:, :MAX_DIMENSIONS]
    return fake @ directions, real @ directions


def _scaled(fake: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # By both sides alike: then real and synthetic points of one distribution could be swapped, and no bias
    # can come from the scale.
    both = np.concatenate([fake, real])
    both -= both.mean(axis=0)
    both /= np.sqrt(np.square(both).mean()) or 1.0
    return both[: len(fake)], both[len(fake) :]


def frechet(fake: FakePoints, real: RealPoints) -> float:
    """The number of `frechet_distance` alone, for two points or more on each side."""
    gap = fake.mean(axis=0) - real.mean(axis=0)
    ours, theirs = _root_of_covariance(fake), _root_of_covariance(real)
    # With S = R R^T, the trace of (S_1 S_2)^(1/2) is the sum of the singular values of R_1^T R_2.
    shared = np.linalg.svd(ours.T @ theirs, compute_uv=False).sum()
    return max(0.0, float(gap @ gap + np.square(ours).sum() + np.square(theirs).sum() - 2.0 * shared))


def _error_of_frechet(fake: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> float:
    order = [rng.permutation(len(side)) for side in (fake, real)]
    halves = [(fake[order[0][k::2]], real[order[1][k::2]]) for k in range(2)]
    whole, first, second = (_influences(*part, fake, real) for part in ((fake, real), *halves))
    variance = 0.0
    for side in range(2):
        agreed = float(np.mean(first[side] * second[side]) - first[side].mean() * second[side].mean())
        variance += (float(whole[side].var()) + max(0.0, agreed)) / 2 / len(whole[side])
    return float(np.sqrt(variance))


def _influences(
    fake: np.ndarray, real: np.ndarray, fakes: np.ndarray, reals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far each of `fakes` and `reals` moves the distance of two clouds, per share of the records."""
    means = fake.mean(axis=0), real.mean(axis=0)
    root, inverse = _power_of_covariance(fake, 0.5), _power_of_covariance(fake, -0.5)
    other = _root_of_covariance(real)
    values, vectors = np.linalg.eigh(root @ other @ other.T @ root)
    to_real = inverse @ _power(values, vectors, 0.5) @ inverse
    to_fake = root @ _power(values, vectors, -0.5) @ root
    found: list[np.ndarray] = []
    for points, mean, sign, carried in ((fakes, means[0], 1, to_real), (reals, means[1], -1, to_fake)):
        centred = points - mean
        found.append(
            2 * sign * centred @ (means[0] - means[1])
            + np.square(centred).sum(axis=1)
            - np.einsum("ij,ij->i", centred @ carried, centred)
        )
    return found[0], found[1]


def _power_of_covariance(points: np.ndarray, power: float) -> np.ndarray:
    centred = points - points.mean(axis=0)
    return _power(*np.linalg.eigh(centred.T @ centred / max(1, len(points) - 1)), power)


def _power(values: np.ndarray, vectors: np.ndarray, power: float) -> np.ndarray:
    """Of a symmetric matrix by its eigenvalues; directions without spread stay without."""
    is_there = values > _LEAST_SPREAD * max(float(values.max()), 1e-300)
    raised = np.where(is_there, np.where(is_there, values, 1.0) ** power, 0.0)
    return vectors * raised @ vectors.T


def _root_of_covariance(points: np.ndarray) -> np.ndarray:
    """A matrix R, shape (n_dimensions, n_dimensions), with R R^T the covariance."""
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / max(1, len(points) - 1))
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _squared_mmd(fake: np.ndarray, real: np.ndarray) -> float:
    within = [_kernel(side, side) for side in (fake, real)]
    means = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in within]
    return float(means[0] + means[1] - 2.0 * _kernel(fake, real).mean())


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a @ b.T / a.shape[1] + 1.0) ** 3
