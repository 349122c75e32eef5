"""Mechanisms: each is charged first, then looks at real records, and hands out the noisy thing alone.

One unit of the guarantee has at most `max_rows` rows (`bounded_rows` sees to that, before anything else is
done with the data), so counts move by that many, in one cell at worst. No caller states it: the ledger knows.

Source:
    Dwork and Roth 2014, sections 3.3 and 3.4; Bun and Steinke 2016 (arXiv:1605.02065); Cesar and Rogers 2021,
    "Bounding, concentrating, and truncating" (arXiv:2004.07223) for rho of the exponential mechanism;
    Korolova et al. 2009, "Releasing search queries and clicks privately" for the noisy threshold.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from gansmith.errors import UsageError
from gansmith.privacy.accounting import sigma_of_rho
from gansmith.privacy.ledger import Charge, Ledger
from gansmith.privacy.noise import Noise

SCORE_STEPS: Final = 2**20
"""Steps in a sensitivity that scores are rounded to; what sums of doubles err by is far below one."""

Counts = Int64[np.ndarray, "*shape"]


def bounded_rows(ledger: Ledger, units: Shaped[np.ndarray, " n"]) -> Int64[np.ndarray, " kept"]:
    """Numbers of the rows that count: of each unit at most `max_rows`, chosen at random, in their order.

    It must come before everything else, searching for ranges and categories included. What it returns is not
    private: it is for mechanisms alone. A resumed run draws anew, which costs nothing, for each mechanism
    sees few rows of a unit, whichever they are.

    Args:
        ledger: Whose guarantee says how many.
        units: Whose each row is; a missing one must be told by a value of its own, or be left out before.

    Returns:
        Ascending.
    """
    limit = ledger.guarantee.max_rows
    _, whose = np.unique(units, return_inverse=True)
    order = np.lexsort((ledger.noise.keys(len(units)), whose))  # by unit, then by lot
    starts = np.flatnonzero(np.diff(whose[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    return np.sort(order[place < limit])


def poisson_rows(noise: Noise, n_rows: int, rate: float) -> Int64[np.ndarray, " drawn"]:
    """Numbers of the rows of one Poisson batch: each by a secret coin of its own; there may be none.

    Args:
        noise: Where coins come from.
        n_rows: Of the data.
        rate: Chance of each row, in (0, 1]; it is rounded down to a multiple of 2^-53.

    Source:
        Abadi et al. 2016, "Deep learning with differential privacy", section 3.1 (arXiv:1607.00133).
    """
    return np.flatnonzero((noise.keys(n_rows) >> np.uint64(11)) < np.uint64(int(rate * 2**53)))


def noisy_counts(ledger: Ledger, counts: Counts, rho: float, on: str) -> Counts:
    """Counts of rows in cells that do not overlap, with discrete Gaussian noise; some come out negative.

    Args:
        ledger: What is charged.
        counts: True counts: each row in at most one cell.
        rho: What it may cost, more than 0; the noise has `noise_scale(ledger, rho)`.
        on: What is counted, for the ledger.

    Raises:
        UsageError: When it costs more than is left.
    """
    _check_paid(rho, on)
    sigma = noise_scale(ledger, rho)
    charge = Charge("Gaussian", on, rho, float(ledger.guarantee.max_rows), sigma)

    def draw(noise: Noise) -> list[int]:
        return noise.gaussian(np.asarray(counts, np.int64), sigma).ravel().tolist()

    return np.array(ledger.release(charge, draw), np.int64).reshape(np.shape(counts))


def noise_scale(ledger: Ledger, rho: float) -> float:
    """Standard deviation of the noise of each count that costs `rho`."""
    return sigma_of_rho(rho, float(ledger.guarantee.max_rows))


def noisy_marginal(
    ledger: Ledger, columns: Sequence[Int64[np.ndarray, " n"]], sizes: Sequence[int], rho: float, on: str
) -> Counts:
    """How many rows have each combination of codes, with noise; see `noisy_counts`.

    Args:
        ledger: What is charged.
        columns: Codes of one to a few columns, from 0; a missing cell is a code of its own.
        sizes: How many codes each column has; public, or released before.
        rho: What it may cost.
        on: What is counted, for the ledger.

    Returns:
        Shape `sizes`.
    """
    return noisy_counts(ledger, true_marginal(columns, sizes), rho, on)


def true_marginal(columns: Sequence[Int64[np.ndarray, " n"]], sizes: Sequence[int]) -> Counts:
    """The same without noise: for mechanisms alone, never to be shown, stored or branched upon."""
    cells = np.zeros(len(columns[0]), np.int64)
    for codes, size in zip(columns, sizes, strict=True):
        if codes.size and (codes.min() < 0 or codes.max() >= size):
            raise ValueError(f"a code lies out of its column of {size}")
        cells = cells * size + codes
    return np.bincount(cells, minlength=math.prod(sizes)).astype(np.int64).reshape(tuple(sizes))


def noisy_n_rows(ledger: Ledger, n_rows: int, rho: float) -> int:
    """About how many rows there are, 1 or more: of all units, the rows that count."""
    return max(int(noisy_counts(ledger, np.array([n_rows], np.int64), rho, "number of rows")[0]), 1)


def select(
    ledger: Ledger, scores: Float64[np.ndarray, " n"], rho: float, on: str, sensitivity: float = 1.0
) -> int:
    """The number of a high score, by the exponential mechanism; the scores stay unseen.

    Args:
        ledger: What is charged.
        scores: Of each candidate, from true data; the candidates are public, or released before. They are to
            be summed in double precision, for single precision errs by more than is allowed for.
        rho: What it may cost, more than 0: epsilon of the mechanism is sqrt(8 rho).
        on: What is chosen, for the ledger.
        sensitivity: The most that one *row* moves a score. It is taken `max_rows` times.

    Returns:
        A number below `len(scores)`, with chances proportional to exp(sqrt(2 rho) * score / sensitivity).
    """
    _check_paid(rho, on)
    bound = sensitivity * ledger.guarantee.max_rows
    rate = Fraction(math.nextafter(math.sqrt(2 * rho), 0)) / (
        SCORE_STEPS + 2
    )  # rounded scores move by two steps more
    steps = np.rint(np.asarray(scores) * (SCORE_STEPS / bound))
    steps = np.maximum(steps - steps.max(), -(2.0**60)).astype(np.int64)
    charge = Charge("exponential", on, rho, bound)
    return int(ledger.release(charge, lambda noise: noise.choose(steps, rate)))


def categories(
    ledger: Ledger, values: Iterable[str | None], rho: float, delta: float, on: str
) -> dict[str, int]:
    """The values that enough rows have, with noisy counts; what few have stays unseen.

    A value that one unit alone has comes out with a chance of at most `delta`, all its rows together.

    Args:
        ledger: What is charged.
        values: Of the rows; None is missing and never comes out.
        rho: What it may cost.
        delta: What it may take of the delta that is set aside for thresholds
            (`ledger.guarantee.delta_of_thresholds`, for all columns together).
        on: The column, for the ledger.

    Returns:
        By name in the order of the alphabet; may be empty.
    """
    _check_paid(rho, on)
    n_rows, sigma = ledger.guarantee.max_rows, noise_scale(ledger, rho)
    threshold = threshold_of(sigma, delta, n_rows)
    charge = Charge("noisy threshold", on, rho, float(n_rows), sigma, delta)

    def draw(noise: Noise) -> dict[str, int]:
        counted = Counter(value for value in values if value is not None)
        return noise.reveal(counted, sigma, threshold)

    return dict(sorted(ledger.release(charge, draw).items()))


def threshold_of(sigma: float, delta: float, n_rows: int = 1) -> int:
    """The count at which a value comes out: none of a unit's own values does, but for a chance of delta.

    A unit has at most `n_rows` values that nobody else has, each of at most `n_rows` rows. Discrete noise is
    at or above x at most as often as continuous noise is above x - 1.

    Source:
        Canonne, Kamath and Steinke 2020, proposition 25.

    Example:
        >>> threshold_of(10.0, 1e-7)
        54
    """
    quantile = -NormalDist().inv_cdf(delta / n_rows)
    return n_rows + 1 + math.ceil(sigma * max(quantile, 0.0))


def _check_paid(rho: float, on: str) -> None:
    """Refuse what would be free: a budget that is spent."""
    if not rho > 0:
        raise UsageError(f"{on} cannot be asked for: nothing is left of the privacy budget (rho {rho:g}).")
