"""What stands after the point in the numbers of a column, where that is not just anything.

Ages are whole but for a few halves, prices end with .99, .49 or .00. Numbers that are made in between real
ones would end with anything; they get an end that enough records share, as often as these have it. Where only
real numbers are made, as they come again and again, the rare ones are lost, and with them all ends that most
of these have: some of the others get such an end instead, whatever number it makes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.settings import Annotated, Field
from gansmith.tabular.cells import Counts, Numbers

MAX_FRACTIONS: Final = 20
MIN_SHARE: Final = 0.95
"""Of the records, which must have one of so few ends."""
MIN_USUAL: Final = 0.5
"""Of the records of these ends that must have the most frequent one, where rare numbers are lost."""
MOST_DIGITS: Final = 6
NEAR: Final = 1e-6
"""A number so near to one with such an end, in shares of all that the numbers span, is a real one."""
_SPREAD: Final = 4099.0
"""What levels are multiplied with, for their trailing digits to be left."""

Shares = Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(strict=False)]


def are_ends(ends: Shares, upto: Shares) -> bool:
    """Whether `learnt_ends` could have found these."""
    return len(ends) == len(upto) and sorted(ends) == list(ends) and sorted(upto) == list(upto)


def learnt_ends(values: Numbers, counts: Counts, decimals: int, min_count: int) -> tuple[Shares, Shares]:
    """Ends, 0 to 1, that nearly all numbers have, and their shares up to each; none where there are more.

    Args:
        values: Distinct.
        counts: How many records have each.
        decimals: Of the column; negative: any number.
        min_count: Records that must share an end.
    """
    base = _base(decimals)
    ends = _ends(values, base)
    known, places = np.unique(ends, return_inverse=True)
    totals = np.bincount(places, counts, len(known))
    is_kept = totals >= min_count
    n_kept, share = int(is_kept.sum()), totals[is_kept].sum() / max(totals.sum(), 1)
    if not n_kept or n_kept > min(MAX_FRACTIONS, base // 2) or share < MIN_SHARE:
        return (), ()
    upto = np.cumsum(totals[is_kept]) / totals[is_kept].sum()
    return tuple((known[is_kept] / base).tolist()), tuple(upto.tolist())


def lost_ends(
    values: Numbers, became: Numbers, counts: Counts, decimals: int, min_count: int
) -> tuple[Shares, Shares]:
    """Ends, 0 to 1, of numbers that became others of another end, beside that one, which most of these have.

    Args:
        values: Distinct.
        became: What is made instead of each.
        counts: How many records have each.
        decimals: Of the column; negative: any number.
        min_count: Records that must share an end.
    """
    base = _base(decimals)
    ends, others = _ends(values, base), _ends(became, base)
    is_lost = ends != others
    if not is_lost.any():
        return (), ()
    taking, n_taken = np.unique(others[is_lost], return_inverse=True)
    usual = taking[np.bincount(n_taken, counts[is_lost]).argmax()]
    own = others == usual
    found, upto = learnt_ends(values[own], counts[own], decimals, min_count)
    shares = np.diff([0.0, *upto])
    is_most = bool(found) and shares.max() > MIN_USUAL and round(found[int(shares.argmax())] * base) == usual
    return (found, upto) if is_most and len(found) > 1 else ((), ())


def with_lost_ends(
    numbers: Numbers, draws: Float[np.ndarray, " n"], ends: Shares, upto: Shares, span: tuple[float, float]
) -> Numbers:
    """Numbers of the most frequent end with another one, as often as `lost_ends` says; others stay.

    Args:
        numbers: Any.
        draws: 0 to 1, for each.
        ends: The first of `lost_ends`; none: the numbers stay.
        upto: The second.
        span: The smallest and the largest that there may be.
    """
    if not ends:
        return numbers
    usual = ends[int(np.diff([0.0, *upto]).argmax())]
    sizes = np.abs(numbers)
    wanted = np.array(ends)[np.minimum(np.searchsorted(upto, draws, "right"), len(ends) - 1)]
    changed = np.where(numbers < 0, -1, 1) * (np.rint(sizes - usual) + wanted)
    is_usual = np.abs(sizes - np.rint(sizes - usual) - usual) < NEAR
    return np.where(is_usual & (span[0] <= changed) & (changed <= span[1]), changed, numbers)


def _base(decimals: int) -> int:
    return 10 ** (min(decimals, MOST_DIGITS) if decimals >= 0 else MOST_DIGITS)


def _ends(values: Numbers, base: int) -> Numbers:
    """What stands after the point, as a whole number below `base`."""
    return np.rint(np.abs(values) % 1 * base) % base


def with_ends(
    numbers: Numbers,
    levels: Float[np.ndarray, " n"],
    ends: Shares,
    upto: Shares,
    span: Float[np.ndarray, " 2"],
) -> Numbers:
    """Numbers with one of these ends each, next to what they were.

    Args:
        numbers: Within the span.
        levels: -1 to 1, whose trailing digits choose.
        ends: As `learnt_ends` gives them; none: the numbers stay.
        upto: The share of the records up to each.
        span: The smallest and the largest that there may be.
    """
    if not ends:
        return numbers
    low, high = span.tolist()
    sizes = np.abs(numbers)
    known = np.array(ends)
    apart = np.abs((sizes % 1)[:, None] - known)  # (n, n_ends)
    is_real = np.minimum(apart, 1 - apart).min(1) <= NEAR * max(high - low, 1.0)
    draws = np.abs(levels.astype(np.float64)) * _SPREAD % 1
    wanted = known[np.minimum(np.searchsorted(upto, draws, "right"), len(ends) - 1)]
    nearest = np.sign(numbers) * np.abs(np.rint(sizes - wanted) + wanted)
    inside = np.where(nearest > high, nearest - 1, np.where(nearest < low, nearest + 1, nearest))
    return np.where(is_real, numbers, np.clip(inside, low, high))
