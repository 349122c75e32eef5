"""Audits: what an attacker can find out of a mechanism, to be held against what its ledger says.

Three kinds, from the sharpest to the broadest. *Neighbouring data*: a procedure runs on two data sets that
differ by one unit, the second time with the answers of the first, and what went into the noise is compared
with the charges. *Canaries* in one run: records that are there or not by lot, and guesses at which; sharp
where the noise is known to be Gaussian, blunt but without any assumption where it is not. An audit never
proves a guarantee; it gives a lower bound of epsilon, and it must reach close to the true one where that is
known, or it is blind.

Source:
    Steinke, Nasr and Jagielski 2023, "Privacy auditing with one (1) training run" (arXiv:2305.08846); Nasr et
    al. 2023, "Tight auditing of differentially private machine learning" (arXiv:2302.07956).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist
from typing import Any, Final, final

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt64

from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Charge, Ledger
from gansmith.privacy.noise import ExactNoise
from gansmith.privacy.randomness import SeededBits

CONFIDENCE: Final = 0.95
"""Of lower bounds."""


@final
@dataclass(frozen=True)
class Query:
    """What went into the noise at one time, and what came out."""

    kind: str
    truth: Any
    scale: float
    """Sigma of Gaussian noise; the rate of a choice."""
    threshold: int
    answer: Any


@final
class Recorder:
    """Noise that writes down what it hides, and can be given the answers of another run; see `Noise`."""

    is_secure = False

    def __init__(self, seed: int = 0, answers: list[Query] | None = None) -> None:
        self._noise = ExactNoise(SeededBits(seed))
        self._answers = answers
        self._orders: list[UInt64[np.ndarray, " n"]] = []
        self.queries: list[Query] = []

    def gaussian(self, values: Int64[np.ndarray, "*shape"], sigma: float) -> Int64[np.ndarray, "*shape"]:
        """See `Noise`."""
        answer = self._known("gaussian")
        if answer is None or answer.shape != values.shape:
            answer = self._noise.gaussian(values, sigma)
        self.queries.append(Query("gaussian", values.copy(), sigma, 0, answer))
        return answer

    def choose(self, scores: Int64[np.ndarray, " n"], rate: Fraction) -> int:
        """See `Noise`."""
        answer = self._known("choose")
        answer = self._noise.choose(scores, rate) if answer is None else answer
        self.queries.append(Query("choose", scores.copy(), float(rate), 0, answer))
        return answer

    def reveal(self, counts: Mapping[str, int], sigma: float, threshold: int) -> dict[str, int]:
        """See `Noise`."""
        answer = self._known("reveal")
        answer = self._noise.reveal(counts, sigma, threshold) if answer is None else answer
        self.queries.append(Query("reveal", dict(counts), sigma, threshold, answer))
        return answer

    def keys(self, n: int) -> UInt64[np.ndarray, " n"]:
        """See `Noise`; rows that both data sets begin with get the same keys."""
        return ExactNoise(SeededBits(1)).keys(n)

    def _known(self, kind: str) -> Any:
        """What the other run was answered at this place."""
        place = len(self.queries)
        if self._answers is None or place >= len(self._answers) or self._answers[place].kind != kind:
            return None
        return self._answers[place].answer


def neighbour_faults(
    run: Callable[[Ledger, Any], object], guarantee: Guarantee, data: Any, neighbour: Any, seed: int = 0
) -> list[str]:
    """Run a procedure on neighbouring data with the same answers; what cost more than was charged.

    Args:
        run: Uses mechanisms with the ledger that it is given, and nothing random beside it.
        guarantee: What is promised.
        data: What it is given first.
        neighbour: The same with one unit more or less; rows that are in both come first.
        seed: Of the noise.

    Returns:
        A sentence for each fault; empty where nothing was found.
    """
    first = Recorder(seed)
    ledger = Ledger(guarantee, noise=first)
    run(ledger, data)
    second = Recorder(seed, first.queries)
    other = Ledger(guarantee, noise=second)
    run(other, neighbour)
    if ledger.charges != other.charges:
        return ["the data decided what was asked: the charges of two neighbours differ"]
    if len(first.queries) != len(ledger.charges):
        return [f"{len(first.queries)} times noise was drawn, {len(ledger.charges)} times it was charged"]
    return [
        said
        for charge, one, two in zip(ledger.charges, first.queries, second.queries, strict=True)
        if (said := _fault(charge, one, two))
    ]


def _fault(charge: Charge, one: Query, two: Query) -> str:
    """What is wrong with one mechanism; empty: nothing."""
    where = f"{charge.mechanism} on {charge.on}"
    if (one.kind, one.scale, one.threshold) != (two.kind, two.scale, two.threshold):
        return f"{where}: the data decided how much noise there is"
    if one.kind != "reveal" and one.truth.shape != two.truth.shape:
        return f"{where}: the data decided the shape, {one.truth.shape} or {two.truth.shape}"
    rho, delta = rho_between(one, two)
    if rho > charge.rho * (1 + 1e-6):
        return f"{where}: rho {rho:.3g} was lost and {charge.rho:.3g} charged"
    if delta > charge.delta * (1 + 1e-6):
        return f"{where}: delta {delta:.3g} was risked and {charge.delta:.3g} charged"
    return ""


def rho_between(one: Query, two: Query) -> tuple[float, float]:
    """What tells two queries of one mechanism apart: rho, and delta of names that one alone has."""
    if one.kind == "gaussian":
        moved = float(np.linalg.norm((one.truth - two.truth).astype(np.float64)))
        return ((moved / one.scale) ** 2 / 2 if one.scale > 0 else math.inf if moved else 0.0), 0.0
    if one.kind == "choose":
        moved_scores = (one.truth - two.truth).astype(np.float64) * one.scale
        return float(np.ptp(moved_scores)) ** 2 / 8, 0.0
    shared = one.truth.keys() & two.truth.keys()
    moved = math.sqrt(sum((one.truth[name] - two.truth[name]) ** 2 for name in shared))
    alone = [{**one.truth, **two.truth}[name] for name in one.truth.keys() ^ two.truth.keys()]
    return (moved / one.scale) ** 2 / 2, sum(_tail(one.threshold - count, one.scale) for count in alone)


def _tail(distance: float, sigma: float) -> float:
    """The chance that discrete Gaussian noise is at or above a whole number."""
    if distance < 1:
        return 1.0
    reach = np.arange(math.ceil(40 * sigma) + 2) - 1.0
    mass = np.exp(-(reach**2) / (2 * sigma**2))
    whole = 2 * mass[2:].sum() + 1.0
    return float(
        np.exp(-(np.arange(distance, distance + 40 * sigma + 2) ** 2) / (2 * sigma**2)).sum() / whole
    )


def epsilon_of_guesses(n_canaries: int, n_guesses: int, n_right: int, delta: float) -> float:
    """A lower bound of epsilon from guesses at which canaries were there, each by lot; 0 where none is shown.

    Args:
        n_canaries: Records that were put in with a chance of one half each.
        n_guesses: How many were guessed at; decided before looking.
        n_right: How many guesses were right.
        delta: Of the guarantee that is audited.

    Source:
        Steinke, Nasr and Jagielski 2023, theorem 5.2 and appendix D.
    """

    def is_refuted(epsilon: float) -> bool:
        right = 1 / (1 + math.exp(-epsilon))
        chances = _binomial(n_guesses, right)
        tail = float(chances[n_right:].sum())
        below = np.cumsum(chances[:n_right][::-1])  # v > X >= v - i
        slip = float((below / np.arange(1, n_right + 1)).max()) if n_right else 0.0
        return tail + 2 * n_canaries * delta * slip < 1 - CONFIDENCE

    return _last(is_refuted, 40.0)


def mu_of_canaries(
    scores: Float64[np.ndarray, " n"], is_in: Bool[np.ndarray, " n"], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """How many standard deviations apart canaries are that were in and that were not; and a lower bound.

    It is sharp for Gaussian noise, for which mu is all there is to know: epsilon is `gaussian_epsilon(mu)`.
    Whole-number noise is one from a standard deviation of about 1 on; narrower noise seems to leak more.

    Args:
        scores: Of each canary, what the mechanism gave out in its direction, for a canary of size one.
        is_in: Whether it was put in.
        confidence: Of the lower bound.

    Source:
        Nasr et al. 2023, section 4; the standard error of a standardised difference of means.
    """
    inside, outside = scores[is_in], scores[~is_in]
    spread = math.sqrt((inside.var(ddof=1) + outside.var(ddof=1)) / 2)
    if not spread:
        return math.inf, math.inf
    mu = float(inside.mean() - outside.mean()) / spread
    error = math.sqrt(1 / len(inside) + 1 / len(outside) + mu**2 / (2 * len(scores)))
    return mu, mu - NormalDist().inv_cdf(confidence) * error


def choice_loss(one: Int64[np.ndarray, " n"], two: Int64[np.ndarray, " n"], rate: Fraction) -> float:
    """The true epsilon between the choices by two lists of scores, over all outcomes."""

    def logs(scores: Int64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        raised = (scores - scores.max()) * float(rate)
        return raised - math.log(np.exp(raised).sum())

    return float(np.abs(logs(one) - logs(two)).max())


def _binomial(n: int, chance: float) -> Float64[np.ndarray, " n_plus_1"]:
    """Chances of 0 to n successes."""
    steps = np.arange(1, n + 1)
    choose = np.concatenate([[0.0], np.cumsum(np.log(n - steps + 1) - np.log(steps))])
    k = np.arange(n + 1)
    odds = math.log(chance) - math.log1p(-chance) if chance < 1 else 700.0
    return (
        np.exp(choose + n * math.log1p(-min(chance, 1 - 1e-300)) + k * odds) if chance < 1 else (k == n) * 1.0
    )


def _last(holds: Callable[[float], bool], high: float) -> float:
    """The largest number up to `high` for which something holds that holds up to some point."""
    if not holds(0.0):
        return 0.0
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
