"""Numbers that stay: a salary, a rent, a subscription is what it was the last time, or nearly so.

Bins of a column say that a salary is large; that it is the one of last month no bin can say. So of each
kind of step (a category, a merchant) it is found how often its number is nearer to those of the same kind
before it in the series than chance would have it, and how much it differs then. So often it is made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.settings import Field, NonNegativeInt, settings
from gansmith.tabular.columns.distribution import places_of
from gansmith.tabular.columns.measures import NumberCodec

FEWEST_PAIRS: Final = 50
"""Of numbers of one kind that follow each other in their series."""
FEWEST_SERIES: Final = 10
"""In which they do."""
NARROW: Final = 0.3
"""Of all pairs of different series, the share that may be as near."""
LEAST: Final = 0.2
"""Share of a kind that stays, below which chance makes it as well."""
N_KNOTS: Final = 17
"""Quantiles of the differences that are kept."""
BEYOND: Final = 0.01
"""Share of a kind's numbers beyond the least and the largest that it may begin with, on either side."""
_ANYTHING: Final = 1e300
N_TRIED: Final = 40
"""Differences up to which numbers may be said to stay."""
Numbers = Float[np.ndarray, " n"]
Others = Float[np.ndarray, " m"]
Kinds = Int[np.ndarray, " n"]
Memory = Float[np.ndarray, "n n_kinds three"]
_Listed = Annotated[tuple[float, ...], Field(strict=False)]


@final
@settings(error=DataError)
class Staying:
    """Of a measure, which kinds of steps keep their number."""

    measure: NonNegativeInt
    """Its place among the measures."""
    column: NonNegativeInt
    """The column whose states are the kinds."""
    n_kinds: NonNegativeInt
    is_log: bool
    """Whether differences are relative."""
    is_mean: bool
    """Whether they are from the mean of all before, not from the last one."""
    chances: _Listed
    """Of each kind, how often its number stays."""
    differences: Annotated[tuple[_Listed, ...], Field(strict=False)]
    """Of each kind equally likely differences, ascending; none where nothing stays."""
    lows: _Listed
    """Of each kind the least number, ..."""
    highs: _Listed
    """... and the largest, nearly: what stays must not begin with what is another kind's."""

    def seen(self, numbers: Numbers) -> Numbers:
        """Numbers as they are compared."""
        return np.log(np.maximum(numbers, 1e-12)) if self.is_log else numbers

    def number(self, seen: Numbers) -> Numbers:
        """The inverse."""
        return np.exp(seen) if self.is_log else seen

    def possible(self, kinds: Kinds, codec: NumberCodec) -> Bool[np.ndarray, "n n_states"]:
        """Which states of a column each kind may have."""
        states = np.arange(codec.n_states)
        ends = [codec.numbers(states, np.full(len(states), end, np.float32))[0] for end in (-1, 1)]
        low, high = (np.array(each)[:, None] for each in (self.lows, self.highs))
        allowed = (ends[1] >= low) & (ends[0] <= high)  # (n_kinds, n_states)
        if codec.has_missing:
            allowed[:, 0] = True
        return (allowed | ~allowed.any(1, keepdims=True))[kinds]

    def begun(self, kinds: Kinds, codec: NumberCodec, states: Kinds, levels: Numbers) -> Numbers:
        """Numbers in their bins, as far as these lie within what their kinds have."""
        low, high = np.array(self.lows)[kinds], np.array(self.highs)[kinds]
        found = codec.numbers(states, levels.astype(np.float32))[0]
        ends = [codec.numbers(states, np.full(len(states), end, np.float32))[0] for end in (-1, 1)]
        low, high = np.maximum(ends[0], low), np.minimum(ends[1], high)
        within = low + (high - low).clip(0) * (levels + 1) / 2
        return np.where((found < low) | (found > high), within, found)

    def made(self, kinds: Kinds, before: Numbers, chance: Numbers) -> Numbers:
        """What numbers become that stay.

        Args:
            kinds: Of the steps.
            before: What they stay at, as it is compared.
            chance: Evenly between 0 and 1.
        """
        found, at = before.copy(), np.linspace(0, 1, N_KNOTS)
        for kind, differences in enumerate(self.differences):
            mine = kinds == kind
            if differences and mine.any():
                found[mine] += np.interp(chance[mine], at, differences)
        return self.number(found)


def learnt_staying(
    measure: int,
    numbers: Numbers,
    columns: dict[int, tuple[Kinds, int]],
    owners: Int[np.ndarray, " n"],
) -> Staying | None:
    """Which kinds of steps keep the number of a measure; None: none does.

    Args:
        measure: Its place.
        numbers: Of all steps, NaN where missing.
        columns: Kinds of the steps, by columns that may tell them, and how many there are.
        owners: Whose each step is; those of one series stand together, in time.
    """
    there = numbers[~np.isnan(numbers)]
    if len(there) < FEWEST_PAIRS:
        return None
    is_log, best, found = bool(there.min() > 0), 0.0, None
    for column, (kinds, n_kinds) in columns.items():
        for is_mean in (False, True):
            bare = Staying(measure, column, n_kinds, is_log, is_mean, (), (), (), ())
            one, weight = _of_kinds(bare, numbers, kinds, owners)
            if weight > best:
                best, found = weight, one
    return found


def _of_kinds(
    bare: Staying, numbers: Numbers, kinds: Kinds, owners: Int[np.ndarray, " n"]
) -> tuple[Staying, float]:
    """What stays, and how much that tells, in nats of all steps."""
    chances, differences, told = list[float](), list[tuple[float, ...]](), 0.0
    ends = np.tile([-_ANYTHING, _ANYTHING], (bare.n_kinds, 1))
    for kind, (apart, by_chance, n_series) in enumerate(_compared(bare, numbers, kinds, owners)):
        chance, upto, narrowness = _share(apart, by_chance) if n_series >= FEWEST_SERIES else (0.0, 0.0, 0.0)
        chances.append(chance)
        stays = apart[np.abs(apart) <= upto] if chance else apart[:0]
        knots = np.quantile(stays, np.linspace(0, 1, N_KNOTS)) if len(stays) else stays
        differences.append(tuple(knots.tolist()))
        told += chance * len(apart) * narrowness
        if chance:
            ends[kind] = np.nanquantile(numbers[kinds == kind], (BEYOND, 1 - BEYOND))
    lows, highs = (tuple(each.tolist()) for each in ends.T)
    found = replace(bare, chances=tuple(chances), differences=tuple(differences), lows=lows, highs=highs)
    return found, told


def _compared(
    bare: Staying, numbers: Numbers, kinds: Kinds, owners: Int[np.ndarray, " n"]
) -> Iterator[tuple[Numbers, Others, int]]:
    """Of each kind how far numbers are from those before, how far from those of others; how many series."""
    is_there = ~np.isnan(numbers)
    for kind in range(bare.n_kinds):
        rows = np.flatnonzero(is_there & (kinds == kind))
        seen, whose = bare.seen(numbers[rows]), owners[rows]
        is_later = np.concatenate([[False], whose[1:] == whose[:-1]])[: len(rows)]
        before = np.concatenate([seen[:1], seen[:-1]])
        if bare.is_mean and len(rows):
            first = np.maximum.accumulate(np.where(is_later, 0, np.arange(len(rows))))
            sums = np.concatenate([[0.0], np.cumsum(seen)])
            n_before = np.arange(len(rows)) - first
            before = (sums[np.arange(len(rows))] - sums[first]) / np.maximum(n_before, 1)
        other = np.roll(seen, len(rows) // 2)
        yield (seen - before)[is_later], seen - other, len(np.unique(whose[is_later]))


def _share(apart: Numbers, by_chance: Others) -> tuple[float, float, float]:
    """How many stay, up to which difference, and how much nearer they are than chance has it, in nats."""
    if len(apart) < FEWEST_PAIRS:
        return 0.0, 0.0, 0.0
    sizes, usual = np.sort(np.abs(apart)), np.sort(np.abs(by_chance))
    upto = np.unique(np.quantile(sizes, np.linspace(0.02, 1, N_TRIED)))
    near = np.searchsorted(sizes, upto, "right") / len(sizes)
    even = np.searchsorted(usual, upto, "right") / len(usual)
    shares = np.where(even <= NARROW, (near - even) / (1 - np.minimum(even, NARROW)), 0.0)
    place = int(shares.argmax())
    if shares[place] < LEAST:
        return 0.0, 0.0, 0.0
    half = np.median(sizes[sizes <= upto[place]])
    nearer = np.searchsorted(usual, half, "right") / len(usual)
    return float(shares[place]), float(upto[place]), float(-np.log(max(nearer, 1e-3)))


def coded(codec: NumberCodec, numbers: Numbers) -> tuple[Kinds, Numbers]:
    """States and levels of numbers, with nothing left to chance."""
    states = np.zeros(len(numbers), np.int64)
    levels = np.zeros(len(numbers))
    n_before = codec.has_missing + len(codec.spikes)
    is_spike = np.zeros(len(numbers), bool)
    if len(codec.spikes):
        near = np.abs(numbers[:, None] - codec.spikes).argmin(1)
        is_spike = np.isclose(
            numbers, codec.spikes[near], rtol=0, atol=10.0 ** -max(codec.column.decimals, 0) / 2
        )
        states = codec.has_missing + near
    if codec.n_bins:
        share = np.interp(numbers, codec.knots, codec.shares)
        places = places_of(share, codec.n_bins, codec.edges)
        bins = np.clip(np.floor(places), 0, codec.n_bins - 1)
        states = np.where(is_spike, states, n_before + bins.astype(np.int64))
        levels = np.where(is_spike, 0.0, 2 * (places - bins) - 1)
    return states, levels


def memory_of(staying: Sequence[Staying], n: int) -> Memory:
    """Of each kind whose numbers may stay, how many there were, their sum, the last one: none yet."""
    return np.zeros((n, sum(one.n_kinds for one in staying), 3))


def remember(
    memory: Memory,
    staying: Sequence[Staying],
    states: Int[np.ndarray, "n n_columns"],
    numbers: Float[np.ndarray, "n n_measures"],
) -> None:
    """Take a step of each series into its memory."""
    first = 0
    for one in staying:
        rows = np.flatnonzero(~np.isnan(numbers[:, one.measure]))
        mine, seen = first + states[rows, one.column], one.seen(numbers[rows, one.measure])
        memory[rows, mine, 0] += 1
        memory[rows, mine, 1] += seen
        memory[rows, mine, 2] = seen
        first += one.n_kinds


def stayed(
    memory: Memory, staying: Sequence[Staying], one: Staying, kinds: Kinds, chance: Numbers
) -> tuple[Bool[np.ndarray, " n"], Numbers]:
    """Which numbers stay, and at what: those with others of their kind before them, as often as it was so."""
    first = sum(other.n_kinds for other in staying[: staying.index(one)])
    n_before, total, last = memory[np.arange(len(kinds)), first + kinds].T
    is_staying = (n_before > 0) & (chance < np.array(one.chances)[kinds])
    return is_staying, total / np.maximum(n_before, 1) if one.is_mean else last
