"""Is it valid? What every real series keeps to, and which other ones break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Int

from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.sequences.ragged import Ragged
from gansmith.scorecard.sequences.records import OfSeries, OfSteps, Sequences
from gansmith.scorecard.validity import Rule

MAX_DECIMALS: Final = 6
"""Beyond so many digits after the point, numbers are of any."""
_CLOSE: Final = 1e-6
"""Of a unit in the last place: what is nearer to a decimal number is one."""
_UNITS: Final = (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1))

Broken = tuple[str, Bool[np.ndarray, " n"], bool]
"""What holds, which rows break it, and whether it must hold: else so far it has."""


@final
@dataclass(frozen=True, eq=False)
class Rulebook:
    """The rules of real series: order and grid of times, ranges, decimals, categories, missing cells."""

    known: Sequences
    """All real series whose word counts."""

    def judged(self, of: Sequences) -> list[Rule]:
        """Which series break which rule."""
        by, real, rules = Ragged(of), self.known, list[Rule]()
        lengths = real.lengths.astype(np.float64)
        is_out = _is_beyond(of.lengths.astype(np.float64), (lengths, lengths))
        rules.append(self._rule(("the number of steps is within its range", is_out, False), ()))
        for words, mask, is_sure in _of_times(of, real):
            rules.append(self._rule((words, by.count(mask) > 0, is_sure), (of.time,)))
        for ours, theirs, is_of_steps in (
            (of.steps, real.steps, True),
            (of.attributes, real.attributes, False),
        ):
            for place, name in enumerate(theirs.names):
                cells, known = ours.values[:, place], theirs.values[:, place]
                ends = _extremes(known, real.owners if is_of_steps else np.arange(len(real)))
                is_code = bool(theirs.is_category[place])
                for words, mask, is_sure in _of_column(name, cells, known, ends, is_code=is_code):
                    broken = by.count(mask) > 0 if is_of_steps else mask
                    rules.append(self._rule((words, broken, is_sure), (name,)))
        return rules

    def _rule(self, broken: Broken, columns: tuple[str, ...]) -> Rule:
        words, mask, is_sure = broken
        return Rule(words, columns, mask, None if is_sure else Tally(0, len(self.known)))


def _of_times(of: Sequences, real: Sequences) -> Iterator[Broken]:
    """What times keep to: order, no two at once, a grid."""
    if not real.clock:
        return
    time, gaps = repr(of.time), real.gaps[~np.isnan(real.gaps)]
    if not np.isnan(real.times).any():
        yield f"{time} is never missing", np.isnan(of.times), True
    if not (gaps < 0).any():
        yield f"{time} does not go back within a series", of.gaps < 0, True
    if len(gaps) and not (gaps == 0).any():
        yield f"no two steps of a series are at one {time}", of.gaps == 0, False
    if step := grid_of(gaps):
        shares = np.nan_to_num(of.gaps) / step
        words = f"gaps of {time} are whole multiples of {_spelt(step, real.clock)}"
        yield words, np.abs(shares - np.round(shares)) > 1e-3, True


def _of_column(
    name: str, ours: OfSteps, theirs: OfSteps, ends: tuple[OfSeries, OfSeries], *, is_code: bool
) -> Iterator[Broken]:
    """What the cells of a column keep to."""
    known, there = theirs[~np.isnan(theirs)], ~np.isnan(ours)
    if len(known) == len(theirs):
        yield f"{name!r} is never missing", ~there, False
    if not len(known):
        return
    if is_code:
        yield f"{name!r} is a known category", there & ~np.isin(ours, known), False
        return
    yield f"{name!r} is within its range", _is_beyond(ours, ends), False
    n_decimals = decimals_of(known)
    if n_decimals is not None:
        words = f"{name!r} has no more than {n_decimals} decimals" if n_decimals else f"{name!r} is whole"
        yield words, there & ~_is_decimal(ours, n_decimals), True


def _extremes(values: OfSteps, owners: Int[np.ndarray, " _"]) -> tuple[OfSeries, OfSeries]:
    """The least and the greatest value of each series that has any."""
    known = ~np.isnan(values)
    n = int(owners.max(initial=-1)) + 1
    lows, highs = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(lows, owners[known], values[known])
    np.maximum.at(highs, owners[known], values[known])
    return lows[np.isfinite(lows)], highs[np.isfinite(highs)]


def _is_beyond(values: OfSteps, ends: tuple[OfSeries, OfSeries]) -> np.ndarray:
    """Which values lie beyond real ones, with some air where these thin out.

    Fresh series go beyond others, too: by no more than twice the distance from the last to the tenth last
    extreme of a series, but for one time in hundreds. Zero is an end where no real value lies beyond it.
    """
    lows, highs = (np.sort(side) for side in ends)
    tenth = min(9, len(lows) - 1)
    low, high = lows[0] - 2 * (lows[tenth] - lows[0]), highs[-1] + 2 * (highs[-1] - highs[-1 - tenth])
    low = max(low, 0.0) if lows[0] >= 0 else low
    high = min(high, 0.0) if highs[-1] <= 0 else high
    return (values < low) | (values > high)


def decimals_of(values: OfSteps) -> int | None:
    """Digits after the point that suffice for all of them; None: more than six.

    Example:
        >>> decimals_of(np.array([1.0, 2.5, 0.25])), decimals_of(np.array([1 / 3]))
        (2, None)
    """
    return next((n for n in range(MAX_DECIMALS + 1) if _is_decimal(values, n).all()), None)


def _is_decimal(values: OfSteps, n_decimals: int) -> np.ndarray:
    scaled = np.nan_to_num(values) * 10.0**n_decimals
    return np.abs(scaled - np.round(scaled)) <= np.maximum(_CLOSE, 1e-12 * np.abs(scaled))


def grid_of(gaps: OfSteps) -> float:
    """What all gaps are whole multiples of, where that is more than one; 0: nothing.

    Example:
        >>> grid_of(np.array([3600.0, 7200.0, 3600.0])), grid_of(np.array([7.0, 3.0]))
        (3600.0, 0.0)
    """
    positive = np.unique(gaps[gaps > 0])
    if len(positive) == 1:
        return float(positive[0])
    if not len(positive) or positive[-1] >= 2.0**53 or not _is_decimal(positive, 0).all():
        return 0.0
    step = int(np.gcd.reduce(np.round(positive).astype(np.int64)))
    return float(step) if step > 1 else 0.0


def _spelt(step: float, clock: str) -> str:
    """A gap as a person would write it."""
    if clock == "days":
        return f"{step:g} days"
    if clock == "seconds":
        name, size = next(unit for unit in _UNITS if step % unit[1] == 0 or unit[1] == 1)
        return f"{step / size:g} {name}"
    return f"{step:g}"
