"""Steps of DP-SGD by their privacy loss: the exact curve, by numbers, with its error as part of the answer.

Rényi divergences lose some per cent of epsilon on the way; the distribution of the privacy loss itself loses
nothing. That of one step is cut into steps of equal width, all steps are added up by a Fourier transform, and
what cutting and adding may err by is added to epsilon and delta.

Source:
    Gopi, Lee and Wutschitz 2021, "Numerical composition of differential privacy", algorithms 1 and 2 and
    theorem 5.5 (arXiv:2106.02848).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from gansmith.privacy.accounting import Loss, Sampled, epsilon_of_renyi, renyi

RELATIVE_ERROR: Final = 0.005
"""What epsilon may be larger by than it is, as a share of what Rényi divergences say."""
DELTA_SHARE: Final = 1e-3
"""Share of delta that pays for errors."""
MAX_CELLS: Final = 2**22
"""Cells of a distribution; where more were needed, larger errors are allowed and said."""

_ERFC: Final = np.frompyfunc(math.erfc, 1, 1)

Numbers = Float64[np.ndarray, " n"]
Cumulative = Callable[[Numbers], Numbers]


def epsilon_of_losses(loss: Loss, delta: float) -> float:
    """An upper bound of the epsilon of steps on Poisson batches and Gaussian noise, for one delta.

    Args:
        loss: All of whose mechanisms are Gaussian.
        delta: In (0, 1).
    """
    by_renyi = epsilon_of_renyi(renyi(loss), delta)
    if by_renyi <= 0:
        return 0.0
    spare = DELTA_SHARE * delta
    reach = max(epsilon_of_renyi(renyi(loss), spare / 4), math.log(4 / spare)) + 3
    n_all = sum(steps.n_steps for steps in loss.sampled) + (loss.rho > 0)
    error = RELATIVE_ERROR * by_renyi
    width = error / math.sqrt(n_all / 2 * math.log(12 / spare))
    n_cells = min(2 ** math.ceil(math.log2(2 * reach / width)), MAX_CELLS)
    error = 2 * reach / n_cells * math.sqrt(n_all / 2 * math.log(12 / spare))
    both = (_epsilon(_laws(loss, is_added), reach, n_cells, delta - spare) for is_added in (False, True))
    return min(max(both) + error, by_renyi)


def _laws(loss: Loss, is_added: bool) -> list[tuple[Cumulative, int]]:
    """The distribution functions of the loss of each step, and how often it is taken."""
    laws = [(_law_of_steps(steps, is_added), steps.n_steps) for steps in loss.sampled]
    return [*laws, (_law_of_gaussian(math.sqrt(2 * loss.rho)), 1)] if loss.rho > 0 else laws


def _law_of_gaussian(mu: float) -> Cumulative:
    """Of Gaussian noise that moves by `mu` standard deviations."""
    return lambda losses: _normal((losses - mu**2 / 2) / mu)


def _law_of_steps(steps: Sampled, is_added: bool) -> Cumulative:
    """Of a step with a record or without it, as the one is told from the other."""
    rate, sigma = min(steps.rate, 1 - 1e-12), steps.noise_multiplier

    def place(losses: Numbers) -> Numbers:
        """Where the logarithm of the ratio of both densities is that large."""
        ratios = np.expm1(losses) + rate
        with np.errstate(divide="ignore", invalid="ignore"):
            found = sigma**2 * (np.log(ratios) - math.log(rate)) + 0.5
        return np.where(ratios > 0, found, -np.inf)

    def with_record(losses: Numbers) -> Numbers:
        places = place(losses)
        return (1 - rate) * _normal(places / sigma) + rate * _normal((places - 1) / sigma)

    return (lambda losses: _normal(-place(-losses) / sigma)) if is_added else with_record


def _epsilon(laws: Sequence[tuple[Cumulative, int]], reach: float, n_cells: int, delta: float) -> float:
    """The epsilon at which all laws together leave that delta."""
    half, width = n_cells // 2, 2 * reach / n_cells
    centres = width * np.arange(-half, half)
    spectrum, shift, lost = np.ones(half + 1, np.complex128), 0.0, 0.0
    for law, times in laws:
        heights = law(width * (np.arange(-half, half + 1) - 0.5))
        mass = np.diff(heights)
        total = float(mass.sum())
        lost += times * max(1 - total, 0.0)
        first, last = centres[0] - width / 2, centres[-1] + width / 2
        area = width * float((heights[:-1] + heights[1:]).sum() / 2)
        inner = last * heights[-1] - first * heights[0] - area  # the integral of the loss, by parts
        mass = mass / total
        shift += times * (inner / total - float(centres @ mass))
        spectrum = spectrum * np.fft.rfft(np.fft.ifftshift(mass)) ** times
    mass = np.maximum(np.fft.fftshift(np.fft.irfft(spectrum, n_cells)), 0.0)
    losses = centres + shift

    def left(epsilon: float) -> float:
        beyond = losses > epsilon
        return float((mass[beyond] * -np.expm1(epsilon - losses[beyond])).sum()) + lost

    low, high = 0.0, reach
    if left(low) <= delta:
        return 0.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) > delta else (low, middle)
    return high


def _normal(places: Numbers) -> Numbers:
    """The distribution function of the normal distribution."""
    return np.asarray(_ERFC(places * -math.sqrt(0.5)), np.float64) / 2
