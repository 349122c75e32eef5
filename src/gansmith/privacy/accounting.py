"""What mechanisms cost together: (epsilon, delta) by independent accountants, of which the larger counts.

What a table's mechanisms lose is a zero-concentrated divergence, rho: it adds up over any number of adaptive
mechanisms, and one formula turns it into epsilon. Steps on Poisson batches (DP-SGD) have no useful rho; they
are accounted for by Rényi divergences of many orders, or by their privacy loss itself. Where Google's
`dp-accounting` is installed (`pip install 'gansmith[dp]'`), it says its number, too.

Source:
    Bun and Steinke 2016, "Concentrated differential privacy" (arXiv:1605.02065); Canonne, Kamath and Steinke
    2020, proposition 12 (arXiv:2004.00010); Mironov, Talwar and Zhang 2019, "Rényi differential privacy of
    the sampled Gaussian mechanism" (arXiv:1908.10530).
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, final

import numpy as np
from jaxtyping import Float64

ORDERS: Final = np.concatenate(
    [np.geomspace(1.001, 1.5, 60), np.arange(1.51, 12, 0.02), np.geomspace(12, 4096, 800)]
)
"""Orders at which Rényi divergences are compared: so close that their grid costs no thousandth of epsilon."""
GOOGLE: Final = "dp-accounting"
"""The package of Google's accountants."""
MAX_EPSILON: Final = 1e6
"""Where the search for an epsilon ends."""


@final
@dataclass(frozen=True)
class Sampled:
    """Steps that each take a record with a chance of `rate` and add Gaussian noise to their sum."""

    rate: float
    """In (0, 1]."""
    noise_multiplier: float
    """Sigma of the noise over the most that one unit moves the sum."""
    n_steps: int


@final
@dataclass(frozen=True)
class Loss:
    """What has been lost: one rho for all that adds up as such, and steps on Poisson batches."""

    rho: float = 0.0
    sampled: tuple[Sampled, ...] = ()
    is_gaussian: bool = False
    """Whether all of it is Gaussian noise, so that its exact privacy loss is known."""


@final
@dataclass(frozen=True)
class Accounted:
    """Epsilon by one accountant."""

    accountant: str
    """Its name and version."""
    epsilon: float


def rho_of_gaussian(sigma: float, sensitivity: float = 1.0) -> float:
    """What Gaussian noise costs; `sensitivity` is the most, in the Euclidean norm, that one unit moves.

    Example:
        >>> rho_of_gaussian(4.0, 2.0)
        0.125
    """
    return (sensitivity / sigma) ** 2 / 2


def sigma_of_rho(rho: float, sensitivity: float = 1.0) -> float:
    """The noise that costs no more than `rho`, rounded up.

    Example:
        >>> round(sigma_of_rho(0.125, 2.0), 12)
        4.0
    """
    return math.nextafter(sensitivity / math.sqrt(2 * rho), math.inf)


def account(loss: Loss, delta: float) -> tuple[Accounted, ...]:
    """Epsilon by each accountant that can say it, ours first; the larger is the one to state.

    Args:
        loss: What was lost.
        delta: In (0, 1).
    """
    from gansmith.privacy.composition import epsilon_of_losses  # which builds on this module

    google = _google()
    if loss.sampled and loss.is_gaussian and google is not None:
        return (
            Accounted("privacy loss distributions", epsilon_of_losses(loss, delta)),
            Accounted(f"{GOOGLE} {google.version} PLD", google.epsilon(loss, delta, is_exact=True)),
        )
    found: list[Accounted] = []
    if not loss.sampled:
        found.append(Accounted("zCDP, optimal conversion", epsilon_of_rho(loss.rho, delta)))
    found.append(Accounted("Rényi divergences", epsilon_of_renyi(renyi(loss), delta)))
    if google is not None:
        found.append(Accounted(f"{GOOGLE} {google.version} RDP", google.epsilon(loss, delta)))
    return tuple(found)


def epsilon_of(loss: Loss, delta: float) -> float:
    """The largest epsilon of `account`."""
    return max(found.epsilon for found in account(loss, delta))


@cache
def rho_for(epsilon: float, delta: float) -> float:
    """The most rho that keeps within (epsilon, delta) by every accountant.

    Example:
        >>> f"{rho_for(1.0, 1e-5):.4f}"
        '0.0306'
    """
    rho = _largest(lambda rho: epsilon_of_rho(rho, delta) <= epsilon, epsilon)
    while (excess := epsilon_of(Loss(rho), delta) / epsilon - 1) > 0:
        rho *= 1 - excess - 1e-9
    return rho


def epsilon_of_rho(rho: float, delta: float) -> float:
    """The smallest epsilon that `rho` zero-concentrated differential privacy implies at `delta`.

    Source:
        Canonne, Kamath and Steinke 2020, corollary 13: any order is valid, the best is searched for.
    """
    if rho <= 0:
        return 0.0

    def at(log_excess: float) -> float:
        return _epsilon_at(math.exp(log_excess), rho * (1 + math.exp(log_excess)), delta)

    return max(at(_lowest(at, math.log(1e-9), math.log(1e9))), 0.0)


def renyi(loss: Loss) -> Float64[np.ndarray, " order"]:
    """Rényi divergences at `ORDERS`."""
    found = loss.rho * ORDERS
    for steps in loss.sampled:
        found = found + steps.n_steps * renyi_of_sampled(steps.rate, steps.noise_multiplier)
    return found


def epsilon_of_renyi(divergences: Float64[np.ndarray, " order"], delta: float) -> float:
    """The smallest epsilon of Rényi divergences at `ORDERS`, for one delta."""
    excess = ORDERS - 1
    epsilons = divergences + (-math.log(delta) + excess * np.log1p(-1 / ORDERS) - np.log(ORDERS)) / excess
    return float(max(epsilons.min(), 0.0)) if divergences.any() else 0.0


@cache
def renyi_of_sampled(rate: float, noise_multiplier: float) -> Float64[np.ndarray, " order"]:
    """Rényi divergences at `ORDERS` of one step on a Poisson batch, bounded from above between whole orders.

    Source:
        Mironov, Talwar and Zhang 2019, section 3.3; the logarithm of the moment is convex in the order, so
        that lines between whole orders lie above it.
    """
    if rate >= 1:
        return ORDERS / (2 * noise_multiplier**2)
    whole = np.unique(np.concatenate([np.floor(ORDERS), np.floor(ORDERS) + 1])).astype(np.int64)
    moments = np.array([_log_moment(int(order), rate, noise_multiplier) for order in whole])
    return np.interp(ORDERS, whole, moments) / (ORDERS - 1)


def gaussian_delta(mu: float, epsilon: float) -> float:
    """The exact delta of Gaussian noise that moves by `mu` standard deviations.

    Source:
        Balle and Wang 2018, theorem 8 (arXiv:1805.06530).
    """
    below = math.erfc((epsilon / mu - mu / 2) / math.sqrt(2)) / 2
    above = math.erfc((epsilon / mu + mu / 2) / math.sqrt(2)) / 2
    return below - (math.exp(epsilon + math.log(above)) if above > 0 else 0.0)


def gaussian_epsilon(mu: float, delta: float) -> float:
    """The exact epsilon of Gaussian noise that moves by `mu` standard deviations, 0 or more."""
    if gaussian_delta(mu, 0.0) <= delta:
        return 0.0
    return _largest(lambda epsilon: gaussian_delta(mu, epsilon) > delta, mu)


def _log_moment(order: int, rate: float, noise_multiplier: float) -> float:
    """Logarithm of the moment of the likelihood ratio, for a whole order."""
    k = np.arange(order + 1)
    choose = np.concatenate([[0.0], np.cumsum(np.log(order - k[:-1]) - np.log(k[:-1] + 1))])
    terms = choose + (order - k) * math.log1p(-rate) + k * math.log(rate)
    terms = terms + k * (k - 1) / (2 * noise_multiplier**2)
    return float(terms.max() + np.log(np.exp(terms - terms.max()).sum()))


def _epsilon_at(excess: float, divergence: float, delta: float) -> float:
    """Epsilon of a Rényi divergence of order 1 + `excess`."""
    order = 1 + excess
    bound = -math.log(delta) - excess * math.log1p(1 / excess) - math.log(order)
    return divergence + bound / excess


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is lowest, by the golden section."""
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(120):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if function(left) <= function(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def _largest(holds: Callable[[float], bool], start: float) -> float:
    """The largest number for which something holds that holds from 0 to some point; never above it."""
    low, high = 0.0, start
    while holds(high) and high < MAX_EPSILON:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


@final
class _Google:
    """Google's accountants."""

    def __init__(self) -> None:
        self._package: Any = importlib.import_module("dp_accounting")
        self._rdp: Any = importlib.import_module("dp_accounting.rdp")
        self._pld: Any = importlib.import_module("dp_accounting.pld")
        self.version = version(GOOGLE)

    def epsilon(self, loss: Loss, delta: float, *, is_exact: bool = False) -> float:
        """By Rényi divergences, or by privacy loss distributions, of Gaussian noise alone."""
        if is_exact:
            accountant = self._pld.PLDAccountant()
            if loss.rho > 0:
                accountant.compose(self._package.GaussianDpEvent(1 / math.sqrt(2 * loss.rho)))
            for event in self._events(Loss(0.0, loss.sampled)):
                accountant.compose(event)
            return float(accountant.get_epsilon(delta))
        orders = None if loss.sampled else ORDERS.tolist()  # its own, for steps: many take it long
        accountant = self._rdp.RdpAccountant(orders)
        for event in self._events(loss):
            accountant.compose(event)
        return float(accountant.get_epsilon(delta))

    def _events(self, loss: Loss) -> Sequence[Any]:
        """A loss in the package's words."""
        package = self._package
        zcdp = [package.ZCDpEvent(loss.rho)] if loss.rho > 0 else []
        return zcdp + [
            package.SelfComposedDpEvent(
                package.PoissonSampledDpEvent(steps.rate, package.GaussianDpEvent(steps.noise_multiplier)),
                steps.n_steps,
            )
            for steps in loss.sampled
        ]


@cache
def _google() -> _Google | None:
    """Google's accountants, where they are installed."""
    try:
        return _Google()
    except (ImportError, PackageNotFoundError):
        return None
