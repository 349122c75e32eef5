"""The values of a column of numbers that stand out, and the distribution function of the others.

Source:
    Held-out likelihood as a measure of smoothing: Rudemo 1982, "Empirical choice of histograms and kernel
    density estimators", Scandinavian Journal of Statistics 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from gansmith.tabular.cells import Counts, Mask, Numbers
from gansmith.tabular.columns import rare

Knots = Float[np.ndarray, " n_knots"]

MAX_PLAIN_VALUES: Final = 30
"""A column of so few distinct values has a state for each of them."""
MIN_SPIKE_SHARE: Final = 0.01
"""A value that so many records have is a state of its own."""
MIN_SPIKE_COUNT: Final = 10
MAX_STEPS: Final = 8192
"""Numbers at which a distribution function may step."""
MAX_MOVED: Final = 0.02
"""How far the function may move where numbers too rare to come out become their frequent neighbours."""
_SLOPES: Final = tuple(2**power for power in range(11))
"""Into how many slopes a distribution function without steps may be divided."""
MIN_RECORDS_PER_KNOT: Final = 5
"""Records between two corners, on the average, where they lie between real values."""
N_FOLDS: Final = 5
MAX_TRIED: Final = 100_000
"""Numbers that choose how many slopes there are."""
MIN_REPEATS: Final = 5
"""Records that share a value, on the average, where the function steps at every value."""


def repeat(values: Numbers, counts: Counts, min_count: int) -> bool:
    """Whether so many records share these numbers that the distribution function steps at each."""
    n = int(counts.sum())
    if len(values) > MAX_STEPS or n < MIN_REPEATS * len(values) or counts.max() < min_count:
        return False
    upto = np.concatenate([[0], np.cumsum(counts)])
    became = rare.to_frequent(values, counts, min_count)  # ascending, too
    moved = upto[np.searchsorted(became, values, "right")] - upto[1:]
    return bool(np.abs(moved).max() <= MAX_MOVED * n)


def distribution(
    values: Numbers, counts: Counts, min_count: int
) -> tuple[Float[np.ndarray, " n_knots"], Float[np.ndarray, " n_knots"]]:
    """Corners (value, share up to it) of a distribution function: steps where values repeat, else slopes."""
    if not len(values):
        return np.zeros(0), np.zeros(0)
    n = counts.sum()
    shares = np.concatenate([[0.0], np.cumsum(counts) / n])
    if repeat(values, counts, min_count) and counts.min() >= min_count:
        return np.repeat(values, 2), np.stack([shares[:-1], shares[1:]], 1).reshape(-1)
    numbers = np.repeat(values, counts)
    grid = _grid(_n_slopes(numbers, min_count), len(numbers), min_count)
    return _at(numbers, grid), grid


def share_at(number: float, knots: Knots, shares: Knots, side: Literal["left", "right"]) -> float:
    """A distribution function at a number, on one side of its step if there is one."""
    left, right = (int(np.searchsorted(knots, number, end)) for end in ("left", "right"))
    if left == right:
        return float(np.interp(number, knots, shares))
    return float(shares[left if side == "left" else right - 1])


def ranks(numbers: Numbers, knots: Knots, shares: Knots, rng: np.random.Generator) -> Numbers:
    """Ranks in [0, 1]; a number that many records share gets a random place among them."""
    left, right = np.searchsorted(knots, numbers, "left"), np.searchsorted(knots, numbers, "right")
    last = len(knots) - 1
    low, high = shares[np.minimum(left, last)], shares[np.maximum(right - 1, 0)]
    places = rng.uniform(0.01, 0.99, len(numbers))  # off the edges: floats are coarse
    return np.where(left < right, low + (high - low) * places, np.interp(numbers, knots, shares))


def has_steps(knots: Float[np.ndarray, " n_knots"]) -> bool:
    """Whether a distribution function only steps, so that nothing lies between the values at its corners."""
    return len(knots) % 2 == 0 and bool((knots[::2] == knots[1::2]).all())


def _n_slopes(numbers: Numbers, min_count: int) -> int:
    """How many slopes of equal share foretell numbers best that they were not drawn through.

    Too few miss what is there, too many repeat the chances of this sample: what is drawn from them gathers
    where its numbers, ascending, happen to lie. So functions through some of them are tried on the others.
    """
    rng = np.random.default_rng(0)
    tried = rng.permutation(numbers)[:MAX_TRIED]
    apart = np.diff(np.unique(numbers))
    spread = np.subtract(*np.quantile(numbers, (0.75, 0.25)))
    reach = max(np.median(apart), spread / len(numbers)) / 2 if len(apart) else 1.0
    n_slopes = [k for k in _SLOPES if len(tried) >= k * max(MIN_RECORDS_PER_KNOT, min_count)]
    if len(n_slopes) < 2:
        return 1
    found = np.zeros(len(n_slopes))
    for fold in range(N_FOLDS):
        rest, others = tried[fold::N_FOLDS], np.sort(np.delete(tried, np.s_[fold::N_FOLDS]))
        for place, k in enumerate(n_slopes):
            grid = _grid(k, len(others), min_count)
            knots = _at(others, grid)
            likely = np.interp(rest + reach, knots, grid) - np.interp(rest - reach, knots, grid)
            found[place] += np.log(np.maximum(likely, 1e-9)).mean()
    return n_slopes[int(found.argmax())]


def _grid(n_slopes: int, n: int, min_count: int) -> Float[np.ndarray, " k"]:
    """Shares at the corners: evenly, and ever closer towards both ends while there are numbers between."""
    tail = 0.5 ** np.arange(1, 32) / n_slopes
    tail = tail[tail * n >= max(MIN_RECORDS_PER_KNOT, min_count)]
    return np.unique(np.concatenate([np.linspace(0, 1, n_slopes + 1), tail, 1 - tail]))


def _at(numbers: Numbers, shares: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """The quantiles of numbers in ascending order; but for the ends none is a number of a single record."""
    ranks, places = shares * (len(numbers) - 1), np.arange(len(numbers))
    found = (np.interp(ranks - 0.5, places, numbers) + np.interp(ranks + 0.5, places, numbers)) / 2
    found[[0, -1]] = numbers[[0, -1]]
    return found


def find_spikes(values: Numbers, counts: Counts) -> Mask:
    """Which distinct values deserve a state of their own.

    All of them when they are few; otherwise those that one record in a hundred has, and those that occur
    ten times as often as their neighbours (a sentinel, a round number, a cap).

    Args:
        values: Distinct values, ascending.
        counts: How often each occurs.
    """
    if len(values) <= MAX_PLAIN_VALUES:
        return np.ones(len(values), bool)
    is_common = counts >= max(MIN_SPIKE_COUNT, MIN_SPIKE_SHARE * counts.sum())
    usual = np.array(
        [np.median(counts[max(i - 10, 0) : i + 11]) for i in np.flatnonzero(counts >= MIN_SPIKE_COUNT)]
    )
    stands_out = np.zeros(len(values), bool)
    stands_out[counts >= MIN_SPIKE_COUNT] = counts[counts >= MIN_SPIKE_COUNT] >= 10 * usual
    strongest = np.argsort(-counts, kind="stable")[:60]
    is_spike = np.zeros(len(values), bool)
    is_spike[strongest] = True
    return is_spike & (is_common | stands_out)


def shared(values: Numbers, counts: Counts, min_count: int) -> tuple[Numbers, Float[np.ndarray, " n_spikes"]]:
    """What each distinct number becomes so that none comes out that too few records share, and the spikes.

    Where values repeat, a rare one becomes the nearest frequent one. Where they hardly do none comes out as
    it is anyway, but for the ends. NaN: nothing may come out.
    """
    if min_count == 1 or np.isin(values, (0, 1)).all():
        return values, values[find_spikes(values, counts)]
    if counts.sum() < min_count:
        return np.full(len(values), np.nan), np.zeros(0)
    inner = rare.within_ends(values, counts, min_count)
    kept, n_kept = rare.merged(inner, counts)
    is_spike = find_spikes(kept, n_kept) & (n_kept >= min_count)
    became, rest, n_rest = kept.copy(), kept[~is_spike], n_kept[~is_spike]
    is_plain = len(kept) <= MAX_PLAIN_VALUES and not rare.are_mostly_rare(n_kept, min_count)
    if is_spike.any() and (is_plain or n_rest.sum() < 2 * min_count):
        became = rare.to_frequent(kept, np.where(is_spike, n_kept, 0), min_count)
    elif repeat(rest, n_rest, min_count):
        became[~is_spike] = rare.to_frequent(rest, n_rest, min_count)
    else:
        became[~is_spike] = rare.within_ends(rest, n_rest, min_count)
    return became[np.searchsorted(kept, inner)], kept[is_spike]


def fine_edges(n_bins: int) -> tuple[float, ...]:
    """Shares up to the edges of bins that are the narrower, the nearer they are to either end.

    They are equal steps of the angle whose squared sine a share is: what is far out is told apart, and a
    share is known as well in each.

    Example:
        >>> [round(edge, 2) for edge in fine_edges(4)]
        [0.0, 0.15, 0.5, 0.85, 1.0]
    """
    return tuple((np.sin(np.pi / 2 * np.arange(n_bins + 1) / n_bins) ** 2).tolist())


def are_edges(edges: Sequence[float], n_bins: int) -> bool:
    """Whether these are the edges of so many bins; none: all are equally likely."""
    is_whole = len(edges) == n_bins + 1 and edges[0] == 0 and edges[-1] == 1
    return not len(edges) or (is_whole and bool((np.diff(edges) > 0).all()))


def places_of(shares: Numbers, n_bins: int, edges: Sequence[float]) -> Numbers:
    """Of shares of the numbers in bins, the bin and how far along it."""
    return np.interp(shares, edges, np.arange(n_bins + 1)) if len(edges) else shares * n_bins


def shares_at(places: Numbers, n_bins: int, edges: Sequence[float]) -> Numbers:
    """The inverse of `places_of`."""
    return np.interp(places, np.arange(n_bins + 1), edges) if len(edges) else places / n_bins
