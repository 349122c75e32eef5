"""How drafts are learnt: which numbers continue those before them, and by which linear rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.modalities.series.walk import (
    MOST_DECIMALS,
    Draft,
    Measure,
    Numbers,
    Route,
    Walk,
    distances,
    lengths_first,
)
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.columns.measures import NumberCodec

EXPLAINED: Final = 0.5
"""Share of the variance of a number that its own past must explain for it to be drafted."""
MAX_LEARNT: Final = 60_000
"""Steps that drafts are learnt from, at most."""
OUTSTANDING: Final = 8
"""Times that a number must come as often as others usually do, ..."""
LEAST_OUTSTANDING: Final = 0.02
"""... and share of all, to be a state of its own where numbers are drafted."""
MOST_LOOKED_FOR: Final = 6
"""Decimals."""
TRENDING: Final = 0.3
"""Share of the variance of an endless series that a straight line must explain for it to be a trend."""
MOST_DOUBTED: Final = 3_000
"""Steps; more tell the weights of a draft well enough."""
MIN_LEARNT: Final = 12
"""Fewer steps make no rule."""
_RIDGES: Final = (1e-7, 1e-5, 1e-3, 1e-2, 1e-1)
_APART: Final = 5
"""Every fifth stretch of steps chooses the penalty of a rule's weights."""
_STRETCH: Final = 50


def measure_of(numbers: Float[np.ndarray, " n"], column: int, starts: Int[np.ndarray, " s"]) -> Measure:
    """How the numbers of a column are looked at.

    Args:
        numbers: Of all steps of all series, NaN where missing.
        column: Its place among the columns of a step.
        starts: Where each series begins, and last where the last one ends.
    """
    there = numbers[~np.isnan(numbers)]
    if len(there) < MIN_LEARNT or np.ptp(there) == 0:
        return Measure(column)
    low, high = float(there.min()), float(there.max())
    within = np.ones(len(numbers) - 1, bool)
    within[np.asarray(starts[1:-1]) - 1] = False
    both = within & ~np.isnan(numbers[1:]) & ~np.isnan(numbers[:-1])
    before, after = numbers[:-1][both], numbers[1:][both]
    is_log = low > 0 and len(before) > MIN_LEARNT and _grows(before, after)
    found = Measure(column, False, is_log, 0.0, 1.0, low, high)
    seen = np.log(there) if is_log else there
    found = replace(found, mean=float(seen.mean()), deviation=float(max(seen.std(), 1e-12)))
    is_drafted = _is_explained(found.standard(before), found.standard(after))
    singles, decimals = _singles(there), _decimals(there)
    return replace(found, is_drafted=is_drafted, singles=singles, decimals=decimals)


def within(measure: Measure, codec: AbstractColumnCodec) -> Measure:
    """The measure, its ends and single numbers such as may come out: no extreme that is one series' own."""
    assert isinstance(codec, NumberCodec)
    known = np.concatenate([codec.spikes, codec.knots])
    if not len(known):
        return measure
    low, high = max(measure.low, float(known.min())), min(measure.high, float(known.max()))
    shared = tuple(one for one in measure.singles if one in codec.spikes)
    return replace(measure, low=low, high=high, singles=shared)


def with_room(measure: Measure, numbers: Float[np.ndarray, " n"]) -> Measure:
    """The measure of one endless series, with room for its trend to go on: once more its whole range.

    Args:
        measure: As it was learnt.
        numbers: Of all steps in order, NaN where missing.
    """
    there = ~np.isnan(numbers)
    if not measure.is_drafted or there.sum() < MIN_LEARNT:
        return measure
    time, found = np.flatnonzero(there), measure.standard(numbers[there])
    if (together := float(np.corrcoef(time, found)[0, 1])) ** 2 < TRENDING:
        return measure
    low, high = np.log([measure.low, measure.high]) if measure.is_log else (measure.low, measure.high)
    room = high - low
    low, high = (low, high + room) if together > 0 else (low - room, high)
    if measure.is_log:
        return replace(measure, low=float(np.exp(low)), high=float(np.exp(high)))
    return replace(measure, low=max(low, 0.0) if measure.low >= 0 else low, high=high)


def _singles(numbers: Float[np.ndarray, " n"]) -> tuple[float, ...]:
    """Numbers that come far oftener than those around them: a rain of zero, a scale's end."""
    values, counts = np.unique(numbers, return_counts=True)
    usual = max(float(np.median(counts)), 1.0)
    stands_out = (counts >= OUTSTANDING * usual) & (counts >= LEAST_OUTSTANDING * len(numbers))
    return tuple(values[stands_out].tolist())


def _decimals(numbers: Float[np.ndarray, " n"]) -> int:
    """The fewest decimals that all numbers have."""
    for decimals in range(MOST_LOOKED_FOR + 1):
        if np.allclose(np.round(numbers, decimals), numbers, rtol=1e-12, atol=1e-12):
            return decimals
    return MOST_DECIMALS


def _grows(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether changes are the larger, the larger the numbers are: those of logarithms are then more even."""
    order = np.argsort(before)
    low, high = order[: len(order) // 3], order[-(len(order) // 3) :]
    changes, relative = np.abs(after - before), np.abs(np.log(after / before))
    plain = changes[high].mean() / max(changes[low].mean(), 1e-12)
    logs = relative[high].mean() / max(relative[low].mean(), 1e-12)
    return bool(abs(np.log(max(logs, 1e-12))) < abs(np.log(max(plain, 1e-12))) - 0.2)


def _is_explained(before: np.ndarray, after: np.ndarray) -> bool:
    if len(before) < MIN_LEARNT or before.std() == 0 or after.std() == 0:
        return False
    return float(np.corrcoef(before, after)[0, 1]) ** 2 > EXPLAINED


def with_draft(
    route: Route, times: Int[np.ndarray, " n"], numbers: Numbers, starts: Int[np.ndarray, " s"]
) -> Route:
    """The route with rules by which its drafted numbers are predicted, learnt from these series."""
    places = route.drafted
    if not places:
        return route
    lessons = _lessons(route, times, numbers, starts)
    n_regressors, d = lessons[0].regressors.shape[1], len(places)
    past, beside = np.zeros((route.n_pasts, n_regressors, d)), np.zeros((route.n_pasts, d, d))
    spread, n_doubted = np.ones((route.n_pasts, d)), route.n_pasts * (len(times) <= MOST_DOUBTED)
    doubt = np.zeros((n_doubted, d, n_regressors, n_regressors))
    for k, lesson in enumerate(lessons):
        for j in range(d):
            is_there = ~np.isnan(lesson.wanted[:, j])
            if is_there.sum() < MIN_LEARNT:
                if k:  # too few: as with a shorter past
                    for part in (past, beside, spread):
                        part[k, ..., j] = part[k - 1, ..., j]
                    doubt[k:, j] = doubt[k - 1 : k, j]
                continue
            known = np.concatenate([lesson.regressors, lesson.filled[:, :j]], 1)[is_there]
            weights, spread[k, j], factor = _ridge(known, lesson.wanted[is_there, j])
            doubt[k:, j] = factor[:n_regressors, -n_regressors:]
            past[k, :, j], beside[k, :j, j] = weights[:n_regressors], weights[n_regressors:]
    return replace(route, draft=Draft(past, beside, spread, doubt))


@final
@dataclass(frozen=True, eq=False)
class _Lesson:
    """Steps with a past of one length."""

    regressors: np.ndarray
    wanted: np.ndarray
    filled: np.ndarray
    """The same with the last known numbers in gaps."""


def off_drafts(
    route: Route, times: Int[np.ndarray, " n"], numbers: Numbers, starts: Int[np.ndarray, " s"]
) -> tuple[Float[np.ndarray, "n n_drafted"], Bool[np.ndarray, "n n_drafted"]]:
    """How far all numbers are from their drafts, and which are those of the step before; see `distances`."""
    d = len(route.drafted)
    off, is_same = np.full((len(times), d), np.nan), np.zeros((len(times), d), bool)
    for walk, rows in _walks(route, times, starts, np.arange(len(starts) - 1)):
        off[rows], is_same[rows] = distances(walk, times[rows], numbers[rows])
        far = np.zeros((len(rows), len(route.measures)))
        far[:, route.drafted] = np.nan_to_num(off[rows])
        walk.push(times[rows], np.zeros((len(rows), 0), np.int64), numbers[rows], far)
    return off, is_same


def _lessons(route: Route, times: np.ndarray, numbers: Numbers, starts: np.ndarray) -> list[_Lesson]:
    """By length of the past, what drafts of steps can be made of and what they should have been."""
    chosen = np.arange(len(starts) - 1)
    if (share := MAX_LEARNT / max(int(starts[-1]), 1)) < 1:
        order = np.random.default_rng(0).permutation(len(chosen))
        chosen = np.sort(order[: max(1, int(len(order) * share))])
    places = route.drafted
    found: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range(route.n_pasts)]
    for walk, rows in _walks(route, times, starts, chosen):
        past, regressors = route.past_at(walk.step), walk.regressors(times[rows])
        nothing = np.zeros((len(rows), 0), np.int64)
        walk.push(times[rows], nothing, numbers[rows], np.zeros((len(rows), len(route.measures))))
        standard = np.stack([route.measures[p].standard(numbers[rows, p]) for p in places], 1)
        found[past].append((regressors, standard, walk.last[:, places]))
    widths = route.n_regressors, len(places), len(places)
    nothing_yet = tuple(np.zeros((0, n)) for n in widths)
    return [_Lesson(*map(np.concatenate, zip(nothing_yet, *parts, strict=True))) for parts in found]


def _walks(
    route: Route, times: np.ndarray, starts: np.ndarray, chosen: np.ndarray
) -> Iterator[tuple[Walk, np.ndarray]]:
    """A walk along some series before each of its steps, and where these stand; whoever asks takes them."""
    lengths = np.diff(starts)[chosen]
    order = lengths_first(lengths)
    lengths, first = lengths[order], starts[:-1][chosen][order]
    walk = Walk(replace(route, recalled=(), counted=()), times[first], lengths, times[first + lengths - 1])
    for step in range(int(lengths.max(initial=0))):
        n_left = int((lengths > step).sum())
        walk.keep(n_left)
        yield walk, first[:n_left] + step


def _ridge(known: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Weights, with the penalty that is best for steps apart; the spread of what is left; the weights' doubt.

    This is a root of their covariance, its widest directions last.
    """
    n = len(known)
    is_apart = (np.arange(n) // _STRETCH) % _APART == _APART - 1
    if not is_apart.any():
        is_apart = np.arange(n) % _APART == _APART - 1
    penalty = np.ones(known.shape[1])
    penalty[0] = 1e-9

    def precision(rows: np.ndarray, ridge: float) -> np.ndarray:
        return known[rows].T @ known[rows] + np.diag(penalty * ridge * rows.sum())

    def solved(rows: np.ndarray, ridge: float) -> np.ndarray:
        return np.linalg.solve(precision(rows, ridge), known[rows].T @ wanted[rows])

    def error(ridge: float) -> float:
        weights = solved(~is_apart, ridge)
        return float(np.square(wanted[is_apart] - known[is_apart] @ weights).mean())

    best, everything = min(_RIDGES, key=error), np.ones(n, bool)
    weights = solved(everything, best)
    left = wanted - known @ weights
    inverse = np.linalg.inv(precision(everything, best))
    n_free = max(n - float(np.trace(inverse @ (known.T @ known))), 1.0)
    variances, axes = np.linalg.eigh((inverse + inverse.T) / 2)
    root = axes * np.sqrt(np.maximum(variances, 0) * float(left @ left) / n_free)
    # A spread that extremes do not decide: what most steps are off by.
    spread = float(np.quantile(np.abs(left), 0.68))
    return weights, max(spread, float(left.std()) / 20, 1e-9), root
