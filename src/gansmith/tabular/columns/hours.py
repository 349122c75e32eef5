"""The hours at which something happens: a shop is open from 9 to 18, and closed on Sundays.

Moments that are made in between real ones would fall at night. So where some hours are closed time is counted
by records: an hour of the week is as long as the share of the records that fall into it, and a closed one
lasts no time. In that time there are no gaps: whatever is made falls into an open hour, each as often as real
moments do. Dates have days of the week in their place, times of day the hours of a day.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, final

import numpy as np
from jaxtyping import Float, Int

from gansmith.tabular.cells import Counts, Mask, Numbers
from gansmith.tabular.columns.fractions import Shares

Rhythm = Literal["days of the week", "hours of the day", "hours of the week"]
CELLS: Final[dict[Rhythm, tuple[int, float]]] = {
    "days of the week": (7, 86_400.0), "hours of the day": (24, 3600.0), "hours of the week": (168, 3600.0),
}  # fmt: skip
"""How many there are, and the seconds of one."""


@final
class Clock(NamedTuple):
    """How numbers tell the time."""

    rhythm: Rhythm
    seconds: float
    """Of one."""
    step: float
    """Seconds of which all are multiples; 0: none."""


MIN_EXPECTED: Final = 12.0
"""Records that must be expected in an hour for it to be closed where none, or nearly none, is."""
SMOOTHED: Final = 0.5
"""Records that every open hour has beside its own."""
_MONDAY: Final = 4 * 86_400.0
"""Seconds from 1970 to the first Monday."""


def are_hours(hours: Shares, clock: Clock | None) -> bool:
    """Whether these could be the hours of a column with such a clock."""
    return clock is not None and len(hours) == CELLS[clock.rhythm][0] and abs(sum(hours) - 1) < 1e-6


def learnt_hours(numbers: Numbers, counts: Counts, clock: Clock | None, min_count: int) -> Shares:
    """The share of the records in each hour from Monday at midnight on; none where no hour is closed.

    An hour is closed where fewer than `min_count` records fall into it, though many should: of a week as many
    as the hour of the day and the day of the week have together.

    Args:
        numbers: Distinct ones.
        counts: How many records have each.
        clock: How they tell the time, if they do.
        min_count: Records that must share an hour before it comes out.
    """
    if clock is None:
        return ()
    n_cells, size = CELLS[clock.rhythm]
    cells = ((numbers * clock.seconds - _MONDAY) // size % n_cells).astype(np.int64)
    found = np.bincount(cells, counts, n_cells).astype(np.float64)  # whole numbers where there is no record
    if n_cells == 168:
        by_day, by_hour = found.reshape(7, 24).sum(1), found.reshape(7, 24).sum(0)
        is_closed = (_closed(by_day, min_count)[:, None] | _closed(by_hour, min_count)[None, :]).reshape(-1)
        expected = np.outer(by_day, by_hour).reshape(-1) / max(found.sum(), 1)
        is_closed |= _closed(found, min_count, expected)
    else:
        is_closed = _closed(found, min_count)
    if not is_closed.any() or is_closed.all():
        return ()
    sizes = np.where(is_closed, 0.0, found + SMOOTHED)
    return tuple((sizes / sizes.sum()).tolist())


def _closed(found: Float[np.ndarray, " n"], min_count: int, expected: np.ndarray | None = None) -> Mask:
    """Where hardly any records are though chance would bring many; mostly as many everywhere."""
    expected = np.full(len(found), found.mean()) if expected is None else expected
    return (found < min_count) & (expected >= MIN_EXPECTED + 3 * found)


def to_open(numbers: Numbers, hours: Shares, clock: Clock | None) -> Numbers:
    """Numbers of the clock in open time, which stands still in closed hours; each stands for its whole step.

    Args:
        numbers: Since 1970.
        hours: As `learnt_hours` gives them; none: all are open, and the numbers stay.
        clock: How they tell the time.
    """
    if clock is None or not hours:
        return numbers
    seconds, step = numbers * clock.seconds, clock.step
    size, sizes, upto = _laid_out(hours)
    rounds, within = np.divmod(seconds - _MONDAY, size * len(hours))
    cells = np.minimum(within // size, len(hours) - 1).astype(np.int64)
    part = np.minimum((within - cells * size + min(step, size) / 2) / size, 1.0)
    in_open = (rounds + upto[cells] + sizes[cells] * part) * size * len(hours) + _MONDAY
    return in_open / clock.seconds


def from_open(numbers: Numbers, hours: Shares, clock: Clock | None) -> Numbers:
    """The inverse of `to_open`: the last multiple of the step before each moment, within an open hour."""
    if clock is None or not hours:
        return numbers
    seconds = numbers * clock.seconds
    size, sizes, upto = _laid_out(hours)
    rounds, within = np.divmod((seconds - _MONDAY) / (size * len(hours)), 1.0)
    open_ones: Int[np.ndarray, " n"] = np.flatnonzero(sizes)
    places = np.searchsorted(upto[open_ones], within, "right") - 1
    cells = open_ones[np.clip(places, 0, len(open_ones) - 1)]
    rest = np.clip((within - upto[cells]) / sizes[cells], 0, 1) * size
    if step := min(clock.step, size):
        rest = np.clip(np.floor(rest / step + 1e-6), 0, np.ceil(size / step) - 1) * step
    return (rounds * size * len(hours) + cells * size + rest + _MONDAY) / clock.seconds


def _laid_out(hours: Shares) -> tuple[float, Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Seconds of one, its share of open time, and the share of all before it."""
    size = next(size for n_cells, size in CELLS.values() if n_cells == len(hours))
    sizes = np.array(hours)
    return size, sizes, np.concatenate([[0.0], np.cumsum(sizes)[:-1]])
