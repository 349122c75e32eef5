"""Where an axis is marked, and what is written there: steps of 1, 2 and 5, powers of ten, the calendar."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_MONTH: Final = 30.44 * _DAY
_EVEN_STEPS: Final = (
    *(1, 5, 15, 30),
    *(step * _MINUTE for step in (1, 5, 15, 30)),
    *(step * _HOUR for step in (1, 3, 6, 12)),
    *(step * _DAY for step in (1, 2, 7, 14)),
)
"""Seconds between two marks of a short time."""
_MONTH_STEPS: Final = (
    1,
    3,
    6,
    *(12 * years for years in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)),
)
_EPOCH: Final = datetime(1970, 1, 1)
_FIRST: Final = (datetime.min - _EPOCH).total_seconds()
_LAST: Final = (datetime(9999, 12, 31) - _EPOCH).total_seconds()
_FIRST_MONDAY: Final = 4 * _DAY
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_FORMAT: Final = re.compile(r"(\+?)(,?)(?:\.(\d+))?(~?)([%fdgs]?)")
_FILLED: Final = re.compile(r"%\{(\w+)(?::([^}]*))?\}")
_EXTRA: Final = re.compile(r"<extra>(.*)</extra>$")
_PREFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_MOST_POWER: Final = 300
_SHORT_FROM: Final = 1e4
"""Whole thousands of an axis that reaches so far are written with a prefix."""

_WIDTHS: Final = {
    **dict.fromkeys("ijl.,;:'|! ", 0.31),
    **dict.fromkeys("ftrI()[]{}/-", 0.41),
    **dict.fromkeys("mwMW@%&<>=+−#~", 0.9),
}
"""Of letters in shares of their height, in the widest of the fonts that a page asks for."""


# --- Places -------------------------------------------------------------------------------------------------


def even_steps(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, some `most` of them.

    Example:
        >>> even_steps(0.0, 0.93, 4)
        [0.0, 0.2, 0.4, 0.6, 0.8]
        >>> even_steps(-3.0, 17.0, 5)
        [0.0, 5.0, 10.0, 15.0]
    """
    wanted = (high - low) / most
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.8 * wanted)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{turn * step:.12g}") + 0.0 for turn in range(first, last + 1)]


def powers(low: float, high: float, most: int) -> list[float]:
    """Whole exponents of ten between two exponents."""
    first, last = max(math.ceil(low - 1e-9), -_MOST_POWER), min(math.floor(high + 1e-9), _MOST_POWER)
    return [float(power) for power in range(first, last + 1, max(1, math.ceil((last - first) / most)))]


def moment(text: str) -> float | None:
    """Seconds since 1970 of a date, or a date and time, in ISO 8601; None for any other text."""
    try:
        return (datetime.fromisoformat(text).replace(tzinfo=None) - _EPOCH).total_seconds()
    except ValueError:
        return None


def calendar_steps(low: float, high: float, most: int) -> list[datetime]:
    """Whole minutes, hours, days, Mondays, months or years, at most some `most` of them.

    Args:
        low: Seconds since 1970.
        high: Likewise.
        most: How many.
    """
    low, high = max(low, _FIRST), min(high, _LAST)
    for step in _EVEN_STEPS:
        if high - low <= most * step:
            shift = _FIRST_MONDAY if step >= 7 * _DAY else 0
            first, last = math.ceil((low - shift) / step), math.floor((high - shift) / step)
            return [_EPOCH + timedelta(seconds=shift + turn * step) for turn in range(first, last + 1)]
    step = next((step for step in _MONTH_STEPS if high - low <= most * step * _MONTH), _MONTH_STEPS[-1])
    first, last = (_EPOCH + timedelta(seconds=end) for end in (low, high))
    months = range(-(-_month(first) // step) * step, _month(last) + 1, step)
    found = [datetime(month // 12, month % 12 + 1, 1) for month in months if 12 <= month < 120_000]
    return [one for one in found if first <= one <= last]


def _month(when: datetime) -> int:
    return 12 * when.year + when.month - 1


# --- Words --------------------------------------------------------------------------------------------------


def number_words(values: Sequence[float], tick_format: str = "") -> list[str]:
    """Numbers of an axis, all with as many digits as tell them apart.

    Example:
        >>> number_words([0.0, 0.005, 0.01], ".0~%")
        ['0%', '0.5%', '1%']
        >>> number_words([0.0, 200_000.0])
        ['0', '200k']
    """
    if not values:
        return []
    if not tick_format:
        reach, step = max(map(abs, values)), _smallest_step(values)
        if reach >= _SHORT_FROM and step >= 1000:
            tick_format = "~s"
        elif step < 1e-4:
            tick_format = ".3~g"
        else:
            tick_format = f",.{_decimals(step)}f"
    elif tick_format.endswith("~%"):
        tick_format = f".{_decimals(100 * _smallest_step(values))}~%"
    return [formatted(value, tick_format) for value in values]


def calendar_words(moments: Sequence[datetime]) -> list[str]:
    """Dates of an axis: what changes from mark to mark, and below it, where it begins, what does not."""
    is_midnight = all(one.hour == one.minute == one.second == 0 for one in moments)
    if is_midnight and all(one.month == one.day == 1 for one in moments):
        return [f"{one.year}" for one in moments]
    if not is_midnight:
        with_seconds = any(one.second for one in moments)
        lines = [(f"{one:%H:%M:%S}" if with_seconds else f"{one:%H:%M}", _day(one)) for one in moments]
    elif all(one.day == 1 for one in moments):
        lines = [(_MONTHS[one.month - 1], f"{one.year}") for one in moments]
    else:
        lines = [(f"{one.day} {_MONTHS[one.month - 1]}", f"{one.year}") for one in moments]
    before = ["", *(below for _, below in lines)]
    return [
        upper if below == last else f"{upper}\n{below}"
        for (upper, below), last in zip(lines, before, strict=False)
    ]


def _day(when: datetime) -> str:
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def formatted(value: float, spec: str) -> str:
    """A number in d3's words, those that figures use.

    Example:
        >>> formatted(0.1234, ".1%"), formatted(-0.5, "+.2f"), formatted(12345.0, ",d"), formatted(5e4, "~s")
        ('12.3%', '−0.50', '12,345', '50k')
    """
    match = _FORMAT.fullmatch(spec)
    assert match is not None, spec
    sign, comma, digits, trims, kind = match.groups()
    factor, unit = 1.0, ""
    if kind == "s":
        factor, unit = next((pair for pair in _PREFIXES if abs(value) >= pair[0]), (1.0, ""))
    if kind == "d":
        text = f"{round(value):{sign}{comma}d}"
    elif kind in ("", "g", "s"):
        text = f"{value / factor:{sign}{comma}.{digits or 6}g}{unit}"
    else:
        text = f"{value:{sign}{comma}.{digits or 0}{kind}}"
        text = re.sub(r"\.?0+(?=%?$)", "", text) if trims and "." in text else text
    return text.replace("-", "−")


def told(template: str, values: dict[str, Any], name: str) -> str:
    """A figure's hover text with its values filled in, and whose they are.

    Example:
        >>> told("%{y:.1%}<extra>real</extra>", {"y": 0.25}, "")
        '25.0% (real)'
    """
    extra = _EXTRA.search(template)
    whose = extra[1] if extra else name
    words = _EXTRA.sub("", template).replace("<br>", "\n")
    return _FILLED.sub(lambda match: _filled(values.get(match[1]), match[2]), words) + (
        f" ({whose})" if whose else ""
    )


def _filled(value: Any, spec: str | None) -> str:
    return formatted(float(value), spec or "") if isinstance(value, int | float) else str(value)


def _smallest_step(values: Sequence[float]) -> float:
    return min((b - a for a, b in pairwise(values) if b > a), default=abs(values[0]) or 1.0)


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


# --- Room ---------------------------------------------------------------------------------------------------


def width_of(text: str, size_px: float) -> float:
    """How wide the longest line of a text is in pixels, about: no page can be asked before it is shown."""
    return size_px * max(sum(map(_width, line)) for line in text.split("\n"))


def fitted(text: str, size_px: float, room_px: float) -> str:
    """A text that is cut where it would be wider than there is room."""
    if width_of(text, size_px) <= room_px:
        return text
    kept = text
    while kept and width_of(kept + "…", size_px) > room_px:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _width(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.71 if letter.isupper() else 0.61
