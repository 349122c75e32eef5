"""Noise that holds: whole numbers and exact chances, so that no bit of a result tells what lies under it.

Sums of floating-point numbers and floating-point noise give the true value away by their lowest bits. Here
counts are whole numbers, noise is whole numbers, and each chance exp(-x) is met exactly: a uniform number is
compared with it in double precision, and where that is too close to call, digit by digit.

Source:
    Canonne, Kamath and Steinke 2020, "The discrete Gaussian for differential privacy", algorithms 1 to 3
    (arXiv:2004.00010); Mironov 2012, "On significance of the least significant bits for
    differential privacy".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt64

from gansmith.privacy.randomness import Bits, below

MARGIN: Final = 2.0**-40
"""How near to a chance a uniform number is looked at digit by digit; far above every rounding error."""
MAX_SIGMA: Final = 2.0**40
"""The widest noise; beyond it, squares leave double precision."""


@runtime_checkable
class Noise(Protocol):
    """The only door that true values go in by; what comes out is noisy."""

    @property
    def is_secure(self) -> bool:
        """Whether nobody can draw the same noise again."""
        ...

    def gaussian(self, values: Int64[np.ndarray, "*shape"], sigma: float) -> Int64[np.ndarray, "*shape"]:
        """The values with discrete Gaussian noise."""
        ...

    def choose(self, scores: Int64[np.ndarray, " n"], rate: Fraction) -> int:
        """The number of one of the scores, with chances proportional to exp(rate * score)."""
        ...

    def reveal(self, counts: Mapping[str, int], sigma: float, threshold: int) -> dict[str, int]:
        """What has a noisy count at or above the threshold, with that count."""
        ...

    def keys(self, n: int) -> UInt64[np.ndarray, " n"]:
        """Random numbers to order rows by."""
        ...


@final
class ExactNoise:
    """Noise of exactly the stated laws, of some bits."""

    def __init__(self, bits: Bits) -> None:
        self.bits, self.is_secure = bits, bits.is_secure

    def gaussian(self, values: Int64[np.ndarray, "*shape"], sigma: float) -> Int64[np.ndarray, "*shape"]:
        """See `Noise`."""
        return values + discrete_gaussian(self.bits, sigma, values.size).reshape(values.shape)

    def choose(self, scores: Int64[np.ndarray, " n"], rate: Fraction) -> int:
        """See `Noise`."""
        return exponential_choice(self.bits, scores, rate)

    def reveal(self, counts: Mapping[str, int], sigma: float, threshold: int) -> dict[str, int]:
        """See `Noise`."""
        noisy = self.gaussian(np.array(list(counts.values()), np.int64), sigma)
        found = {name: int(count) for name, count in zip(counts, noisy, strict=True) if count >= threshold}
        return dict(sorted(found.items()))  # the order of the data would tell who came first

    def keys(self, n: int) -> UInt64[np.ndarray, " n"]:
        """See `Noise`."""
        return self.bits.words(n)


def discrete_gaussian(bits: Bits, sigma: float, n: int) -> Int64[np.ndarray, " n"]:
    """Whole numbers x with chances proportional to exp(-x^2 / (2 sigma^2)), exactly.

    Args:
        bits: Where from.
        sigma: Its scale, more than 0 and at most `MAX_SIGMA`; the number that it is in double precision.
        n: How many.

    Source:
        Canonne, Kamath and Steinke 2020, algorithm 3: a discrete Laplace of scale t = floor(sigma) + 1,
        accepted with the chance exp(-(|y| - sigma^2 / t)^2 / (2 sigma^2)).
    """
    if not 0 < sigma <= MAX_SIGMA:
        raise ValueError(f"sigma must lie in (0, 2^40], not {sigma}")
    scale, square = int(sigma) + 1, Fraction(sigma) ** 2

    def propose(m: int) -> Int64[np.ndarray, " kept"]:
        drawn = _laplace(bits, scale, m)
        sizes = np.abs(drawn)

        exponents = (sizes - sigma**2 / scale) ** 2 / (2 * sigma**2)
        taken = accepted(
            bits, exponents, lambda index: (int(sizes[index]) - square / scale) ** 2 / (2 * square)
        )
        return drawn[taken]

    return _filled(n, propose)


def discrete_laplace(bits: Bits, scale: Fraction, n: int) -> Int64[np.ndarray, " n"]:
    """Whole numbers x with chances proportional to exp(-|x| / scale), exactly.

    Args:
        bits: Where from.
        scale: More than 0.
        n: How many.

    Source:
        Canonne, Kamath and Steinke 2020, algorithm 2.
    """

    def propose(m: int) -> Int64[np.ndarray, " kept"]:
        sizes = _geometric(bits, scale.numerator, m) // scale.denominator
        return _signed(bits, sizes)

    return _filled(n, propose)


def exponential_choice(bits: Bits, scores: Int64[np.ndarray, " n"], rate: Fraction) -> int:
    """The number of a score, with chances proportional to exp(rate * score), exactly.

    One is proposed by lot and accepted by how far it is below the best.

    Args:
        bits: Where from.
        scores: At least one.
        rate: 0 or more.
    """
    gaps = scores.max() - scores
    while True:
        proposed = below(bits, 64, len(scores))
        drawn = gaps[proposed]
        taken = accepted(bits, drawn * float(rate), lambda index, drawn=drawn: rate * int(drawn[index]))
        if taken.any():
            return int(proposed[taken.argmax()])


def accepted(
    bits: Bits, exponents: Float64[np.ndarray, " n"], exact: Callable[[int], Fraction]
) -> Bool[np.ndarray, " n"]:
    """True with chances exp(-exponent), exactly.

    Args:
        bits: Where from.
        exponents: 0 or more, in double precision; their error is far below `MARGIN`.
        exact: The exponent of that number, as it is.
    """
    drawn = bits.words(len(exponents))
    uniform = (drawn >> np.uint64(11)).astype(np.float64) * 2.0**-53
    chances = np.exp(-exponents)
    taken = uniform < chances
    for index in np.flatnonzero(np.abs(uniform - chances) < MARGIN).tolist():
        taken[index] = _is_below(bits, int(drawn[index]), exact(index))
    return taken


def _is_below(bits: Bits, drawn: int, exponent: Fraction) -> bool:
    """Whether a uniform number that begins with 64 drawn bits, and goes on, is below exp(-exponent)."""
    n_bits = 64
    while True:
        context = Context(prec=n_bits // 3 + 10, Emin=-(10**9), Emax=10**9)
        power = context.divide(Decimal(exponent.numerator), Decimal(exponent.denominator))
        chance = Fraction(context.exp(context.minus(power)))
        error = Fraction(4, 10 ** (n_bits // 3 + 9))
        if Fraction(drawn + 1, 2**n_bits) <= chance - error:
            return True
        if Fraction(drawn, 2**n_bits) >= chance + error:
            return False
        drawn, n_bits = (drawn << 64) | int(bits.words(1)[0]), n_bits + 64


def _laplace(bits: Bits, scale: int, n: int) -> Int64[np.ndarray, " kept"]:
    """Discrete Laplace numbers of a whole scale; some fewer than `n`."""
    return _signed(bits, _geometric(bits, scale, n))


def _geometric(bits: Bits, scale: int, n: int) -> Int64[np.ndarray, " kept"]:
    """Whole numbers from 0 up with chances proportional to exp(-x / scale); some fewer than `n`."""
    within = below(bits, n, scale)
    within = within[accepted(bits, within / scale, lambda index: Fraction(int(within[index]), scale))]
    rounds = np.zeros(len(within), np.int64)
    running = np.arange(len(within))
    while len(running):
        running = running[accepted(bits, np.ones(len(running)), lambda _: Fraction(1))]
        rounds[running] += 1
    return within + scale * rounds


def _signed(bits: Bits, sizes: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " kept"]:
    """The numbers with signs by lot; 0 has one sign only, so the half of them falls out."""
    negative = (bits.words(len(sizes)) & np.uint64(1)).astype(bool)
    return np.where(negative, -sizes, sizes)[~(negative & (sizes == 0))]


def _filled(n: int, propose: Callable[[int], Int64[np.ndarray, " kept"]]) -> Int64[np.ndarray, " n"]:
    """So many numbers of a proposal that makes some of those that it is asked for."""
    made = [np.empty(0, np.int64)]
    while (left := n - sum(map(len, made))) > 0:
        made.append(propose(2 * left + 16))
    return np.concatenate(made)[:n]
