"""Numbers and levels in words: how the report writes what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

ABSENT: Final = "–"
"""Stands where nothing was measured."""


@final
@dataclass(frozen=True)
class Level:
    """How good a finding is: a colour, and the word and shape that say the same without it."""

    colour: str
    """`green`, `amber`, `red` or `grey`: the name in the style sheet."""
    word: str


_WORDS: Final = {"green": "Good", "amber": "Mixed", "red": "Poor", "grey": "Open"}


def level(colour: str | None) -> Level:
    """The level of that colour; an unknown one counts as not measured."""
    known = colour if colour in _WORDS else "grey"
    return Level(known, _WORDS[known])


def number(value: float | None, error: float | None = None) -> str:
    """A number with as many digits as its error allows, or about three where the error is not known.

    Example:
        >>> number(0.83142, 0.0123), number(-12.3456), number(184_220.4), number(0.00012), number(None)
        ('0.831', '−12.3', '184,220', '0.00012', '–')
    """
    if value is None:
        return ABSENT
    size = abs(value)
    if error and error > 0:
        # Decimals that keep two digits of the error, four at most.
        text = f"{value:,.{min(4, max(0, 1 - math.floor(math.log10(error))))}f}"
    elif 0 < size < 0.001:
        text = f"{value:.2g}"
    elif size < 10:
        text = f"{value:.3f}"
    else:
        text = f"{value:,.1f}" if size < 1000 else f"{value:,.0f}"
    return _with_minus(text)


def amount(value: float) -> str:
    """A number of the user's own, such as the edge of a bin: whole numbers stay whole.

    Example:
        >>> amount(17.0), amount(1234.5678), amount(0.25), amount(250_000)
        ('17', '1,235', '0.25', '250,000')
    """
    if value == int(value) and abs(value) < 1e15:
        return _with_minus(f"{int(value):,}")
    text = f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"
    return _with_minus(text)


def percent(share: float | None) -> str:
    """A share as a percentage, finer where it is small.

    Example:
        >>> percent(0.4321), percent(0.00042), percent(0.0), percent(None)
        ('43.2%', '0.042%', '0%', '–')
    """
    if share is None:
        return ABSENT
    if share == 0:
        return "0%"
    return _with_minus(f"{100 * share:.1f}%" if abs(share) >= 0.001 else f"{100 * share:.2g}%")


def one_in(chance: float) -> str:
    """A chance as a person counts, in two digits.

    Example:
        >>> one_in(0.00023), one_in(0.01), one_in(0.15), one_in(0.7), one_in(1e-9)
        ('1 in 4,300', '1 in 100', '1 in 6.7', 'more than 1 in 2', 'less than 1 in a million')
    """
    if chance > 0.5:
        return "more than 1 in 2"
    if chance < 1e-6:
        return "less than 1 in a million"
    often = float(f"{1 / chance:.2g}")
    return f"1 in {often:,.{0 if often >= 10 else 1}f}".removesuffix(".0")


def interval(measured: Mapping[str, Any], shown: Callable[[float], str] = number) -> str:
    """`0.81 to 0.85` of what was measured with `low` and `high`, or nothing when one end is not known."""
    low, high = measured.get("low"), measured.get("high")
    return "" if low is None or high is None else f"{shown(low)} to {shown(high)}"


def shortened(name: str, n_characters: int) -> str:
    """The name in one line, cut with an ellipsis where it is longer.

    Example:
        >>> shortened("marital-status", 8)
        'marital…'
    """
    line = " ".join(name.split())
    return line if len(line) <= n_characters else line[: n_characters - 1].rstrip() + "…"


def counted(n: int, one: str, many: str) -> str:
    """`1 record`, `2,000 records`."""
    return f"{n:,} {one if n == 1 else many}"


def in_words(pairs: Sequence[Sequence[Any]] | None) -> list[tuple[str, str]]:
    """Pairs of a label and a value, such as how something was made."""
    return [(str(label), str(value)) for label, value in pairs or []]


def _with_minus(text: str) -> str:
    """A true minus sign, and none before a zero."""
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        return text[1:]
    return text.replace("-", "−", 1) if text.startswith("-") else text
