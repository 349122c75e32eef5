"""What of real values may be printed: one rule for labels, ends of ranges and edges of bins.

A value that hardly anybody has tells who has it. So a value comes out, of a model, of a report or on a
screen, only where enough records share it, and a range ends where enough records lie beyond. Five is the
smallest cell that statistical offices usually publish, and a usual k of k-anonymity. In a small table five
records are a large part of all, so there the usual count falls to two: what one record alone has never comes
out.

Whoever prints what was seen in real records asks here: kinds of columns for what `show` and `fit` print,
codecs for what is learnt, the scorecard (`scorecard/naming.py`) for what a page draws.
"""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple, final

import numpy as np
from jaxtyping import Float

MAX_USUAL_COUNT: Final = 5
"""Records that must share a value, where the user does not say how many."""
MIN_USUAL_COUNT: Final = 2
"""The same in a small table."""
RECORDS_PER_COUNT: Final = 100
"""Records of a small table for each record that must share a value."""
RARE: Final = "other (rare)"
"""What values are called together that too few records share to be named."""
MIN_STEPS: Final = 10
"""Steps from end to end that ends are rounded to: at least so many."""

Unit = Literal["number", "days", "seconds", "clock"]
"""What is counted: just numbers; days or seconds since 1970; seconds of a day or of a duration."""
Numbers = Float[np.ndarray, " _"]

_CALENDAR: Final = ("Y", "M", "D", "h", "m", "s")
_TICKS: Final = {"days": "D", "seconds": "s"}
_CLOCK: Final = (86_400.0, 3_600.0, 60.0, 1.0)


def usual_min_count(n_records: int) -> int:
    """How many records must share a value before it comes out, where nobody says.

    Example:
        >>> [usual_min_count(n) for n in (50, 300, 10_000)]
        [2, 3, 5]
    """
    return min(max(n_records // RECORDS_PER_COUNT, MIN_USUAL_COUNT), MAX_USUAL_COUNT)


def shared(values: Numbers, min_count: int) -> Numbers:
    """The values that enough records have, ascending; NaN is none.

    Example:
        >>> shared(np.array([7.0, 1.0, 7.0, 7.0, 2.0, 2.0]), 2)
        array([2., 7.])
    """
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    return distinct[counts >= min_count]


@final
class Ends(NamedTuple):
    """The ends of a range as they may be printed."""

    low: float
    high: float
    is_exact: bool
    """Whether nothing lies beyond."""


def shared_ends(values: Numbers, min_count: int, unit: Unit = "number") -> Ends | None:
    """Between which ends values lie, so that enough records have each end or lie beyond it.

    An end that enough records share stands as it is. Any other one is rounded inwards, to a tenth of the
    extent or finer by powers of ten, by the calendar or the clock, for it would be somebody's.

    Args:
        values: Of all records; what is not finite counts as missing.
        min_count: The records that are enough, 1 or more; 1 lets the true ends out.
        unit: What the values count.

    Returns:
        None where there are not twice as many records, or the ends would meet.

    Example:
        >>> shared_ends(np.append(np.arange(1_003.0, 5_678.0), 1e9), 5)
        Ends(low=1100.0, high=5600.0, is_exact=False)
    """
    ordered = np.sort(values[np.isfinite(values)])
    if len(ordered) < 2 * min_count:
        return None
    low, high = float(ordered[min_count - 1]), float(ordered[-min_count])
    inner = _inwards(low, high, unit) if low < high else (math.inf, -math.inf)
    found = [
        end if np.count_nonzero(ordered == end) >= min_count else rounded
        for end, rounded in zip((low, high), inner, strict=True)
    ]
    if found[0] > found[1]:
        return None
    return Ends(found[0], found[1], found == [ordered[0], ordered[-1]])


def rounded_cuts(values: Numbers, ends: Ends, unit: Unit = "number") -> Numbers:
    """Places between two printable ends, moved to where a range is rounded to: ascending, each once.

    Example:
        >>> rounded_cuts(np.array([1_234.5, 1_267.0, 9_876.5]), Ends(0.0, 6_000.0, False))
        array([1200., 6000.])
    """
    step = _step(ends.low, ends.high, unit)
    return np.unique([min(max(_down(value, step, unit), ends.low), ends.high) for value in values.tolist()])


def _inwards(low: float, high: float, unit: Unit) -> tuple[float, float]:
    """Both ends rounded towards each other."""
    step = _step(low, high, unit)
    below = _down(low, step, unit)
    return (below if below >= low else _next(below, step, unit)), _down(high, step, unit)


def _step(low: float, high: float, unit: Unit) -> float | str:
    """What a range is rounded to: a part of the calendar, of the clock, or a power of ten."""
    if unit in _TICKS:
        tick = _TICKS[unit]
        ends = np.floor([low, high]).astype(np.int64).astype(f"M8[{tick}]")
        parts = _CALENDAR[: _CALENDAR.index(tick)]
        n_steps = (int(np.diff(ends.astype(f"M8[{part}]").astype(np.int64))[0]) for part in parts)
        return next((part for part, n in zip(parts, n_steps, strict=True) if n >= MIN_STEPS), tick)
    extent = max(high - low, 1e-300)
    by_clock = (step for step in _CLOCK if unit == "clock" and extent >= MIN_STEPS * step)
    return next(by_clock, 10.0 ** math.floor(math.log10(extent / MIN_STEPS)))


def _down(value: float, step: float | str, unit: Unit) -> float:
    """The last place of that step that is not above a value."""
    if isinstance(step, str):
        return _by_calendar(value, step, unit, 0)
    return float(f"{math.floor(value / step + 1e-9) * step:.12g}")


def _next(place: float, step: float | str, unit: Unit) -> float:
    """The place of that step after one of them."""
    if isinstance(step, str):
        return _by_calendar(place, step, unit, 1)
    return float(f"{place + step:.12g}")


def _by_calendar(value: float, part: str, unit: Unit, n_later: int) -> float:
    """Where the part of the calendar begins that a value lies in, or one of the next."""
    own = f"M8[{_TICKS[unit]}]"
    begun = np.array([math.floor(value)]).astype(own).astype(f"M8[{part}]") + n_later
    return float(begun.astype(own).astype(np.int64)[0])
