"""What the numbers of one bank, one maker or one network begin with, told from what goes on at random.

Read from the left, the characters of such numbers are a choice among few as long as somebody gives out the
beginnings, and any of their alphabet from then on. A beginning is kept where enough numbers share it and room
is left behind it, so that what is made anew there is hardly ever a real one.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float, Int

MIN_SHARING: Final = 5
"""Different numbers that must begin alike, at least, whatever the user lets out."""
MIN_COVERED: Final = 0.9
"""Share of the numbers that must have a beginning that others share, for them to be told apart by it."""
MAX_BEGINNINGS: Final = 64
ROOM: Final = 1_000
"""Numbers that must be possible behind a beginning for each real one."""
MIN_DEVIATION: Final = 5.0
"""Standard errors from an even distribution."""
_ALPHABETS: Final = tuple(
    map(
        frozenset,
        (
            string.digits, string.digits + "abcdef", string.digits + "ABCDEF", string.ascii_lowercase,
            string.ascii_uppercase, string.digits + string.ascii_lowercase,
            string.digits + string.ascii_uppercase,
        ),
    )
)  # fmt: skip


def by_beginning(
    texts: Sequence[str], min_count: int, n_rooms: Callable[[Sequence[str]], int], at: int = 0
) -> list[list[str]]:
    """Different texts in groups that begin alike, the largest first; all in one where nothing is given out.

    Args:
        texts: Of equal length, or nearly.
        min_count: How many must share a beginning.
        n_rooms: How many texts can be made in the manner of these ones.
        at: Characters that all of them share.
    """
    least = max(min_count, MIN_SHARING)
    shortest = min(map(len, texts), default=0)
    while at < shortest and len({text[at] for text in texts}) == 1:
        at += 1
    if at >= shortest or is_even(Counter(text[at] for text in texts)):
        return [list(texts)]
    below: dict[str, list[str]] = {}
    for text in texts:
        below.setdefault(text[at], []).append(text)
    found = [
        group
        for some in below.values()
        if len(some) >= least
        for group in by_beginning(some, min_count, n_rooms, at + 1)
    ]
    has_room = all(n_rooms(group) >= ROOM * len(group) for group in found)
    is_covered = sum(map(len, found)) >= MIN_COVERED * len(texts)
    if not has_room or not is_covered or len(found) > MAX_BEGINNINGS:
        return [list(texts)]
    return sorted(found, key=lambda group: (-len(group), group[0]))


def is_even(seen: Counter[str]) -> bool:
    """Whether characters could have been drawn from their whole alphabet, each as likely as any other.

    Source:
        Wilson and Hilferty 1931, "The distribution of chi-square", PNAS 17: its cube root is nearly normal.
    """
    alphabet = next((one for one in _ALPHABETS if seen.keys() <= one), None)
    if alphabet is None:
        return False
    wanted, free = seen.total() / len(alphabet), len(alphabet) - 1
    off = sum((seen[letter] - wanted) ** 2 for letter in alphabet) / wanted
    error = 2 / (9 * free)
    return ((off / free) ** (1 / 3) - 1 + error) / error**0.5 < MIN_DEVIATION


def drawn(weights: Sequence[float], draws: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """Places, each as often as its weight wants, for numbers from [0, 1)."""
    bounds = np.cumsum(weights)
    return np.minimum(np.searchsorted(bounds, draws * bounds[-1], side="right"), len(bounds) - 1)
