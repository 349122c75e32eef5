"""From values to places in a drawing: what an axis reaches over, its marks, and the room these need."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, final

from gansmith.report.parts import SMALL_PX
from gansmith.report.ticks import (
    calendar_steps,
    calendar_words,
    even_steps,
    fitted,
    moment,
    number_words,
    powers,
    width_of,
)

LINE: Final = 1.2
"""From one line of text to the next, in heights of its letters."""
_FARTHEST: Final = 1e300
"""A number that can still be drawn; so no sum of two is infinite."""
_SAME: Final = 1e-12
"""Of numbers that lie so near to each other, as a share of them, no axis tells one from the other."""
_MOST_TICKS: Final = 5
_GAP_PX: Final = 12
"""Between two texts on one line, at least."""
_BEYOND_PX: Final = 8
"""A text at the right end reaches so far beyond the axis, at most."""
_WIDE_TICK_PX: Final = 120
"""A wide drawing has a mark in so many pixels."""
_SLANT: Final = 40
_UPRIGHT: Final = 90

Along = Literal["x", "y"]
Trace = Mapping[str, Any]


@final
@dataclass(frozen=True)
class Domain:
    """What an axis reaches over: numbers, their exponents of ten, or seconds since 1970."""

    kind: Literal["number", "log", "date"]
    low: float
    """At the left or at the foot."""
    high: float

    def position(self, value: Any) -> float | None:
        """The number that stands for a value; None where there is none, or none that can be drawn."""
        number = moment(value) if isinstance(value, str) else value
        if number is None or not abs(number) < _FARTHEST:
            return None
        if self.kind == "log":
            return math.log10(number) if number > 0 else None
        return float(number) if abs(number) > 1 / _FARTHEST else 0.0


@final
@dataclass(frozen=True)
class Tick:
    """A mark: where, in the domain's numbers, and what is written there."""

    position: float
    text: str


@final
@dataclass(frozen=True)
class Plane:
    """The part of a drawing that holds the marks, in pixels, and what lies along its sides."""

    left: float
    top: float
    right: float
    foot: float
    across: Domain
    up: Domain

    def x(self, value: Any) -> float | None:
        """Pixels from the left, within the plane; None where there is no value."""
        at = self.across.position(value)
        return None if at is None else self.x_at(at)

    def y(self, value: Any) -> float | None:
        """Pixels from the top, within the plane; None where there is no value."""
        at = self.up.position(value)
        return None if at is None else self.y_at(at)

    def x_at(self, position: float) -> float:
        """Pixels from the left of a place in the domain's own numbers."""
        return self.left + (self.right - self.left) * _share(self.across, position)

    def y_at(self, position: float) -> float:
        """Pixels from the top of a place in the domain's own numbers."""
        return self.foot - (self.foot - self.top) * _share(self.up, position)

    def holds(self, x: Any, y: Any) -> bool:
        """Whether a point is one, and lies in the plane."""
        ends = ((self.across, self.across.position(x)), (self.up, self.up.position(y)))
        return all(at is not None and min(on.low, on.high) <= at <= max(on.low, on.high) for on, at in ends)


def _share(domain: Domain, position: float) -> float:
    return min(1.0, max(0.0, (position - domain.low) / (domain.high - domain.low)))


# --- Domains ------------------------------------------------------------------------------------------------


def domain_of(axis: Mapping[str, Any], traces: Sequence[Trace], along: Along) -> Domain:
    """What an axis reaches over: its own range, or all values with a little room around them."""
    given = [value for trace in traces for value in trace.get(along) or ()]
    kind = "log" if axis.get("type") == "log" else "number"
    if any(isinstance(value, str) for value in given):
        kind = "date"
    if "range" in axis:
        return Domain(kind, float(axis["range"][0]), float(axis["range"][1]))
    every = Domain(kind, 0.0, 1.0)
    found = [
        at for trace in traces for value in _reach(trace, along) if (at := every.position(value)) is not None
    ]
    grounds = [ground for trace in traces if (ground := _ground(trace, along)) is not None]
    if axis.get("rangemode") == "tozero":
        grounds.append(0.0)
    low, high = min([*found, *grounds], default=0.0), max([*found, *grounds], default=1.0)
    is_ground = low in grounds
    if high - low <= _SAME * max(abs(low), abs(high)):
        half = abs(low) / 20 or 0.5
        return Domain(kind, low if is_ground else low - half, low + half)
    room = _room(traces, along) * (high - low)
    if not is_ground:
        return Domain(kind, low - room, high + room)
    has_dots = any("markers" in str(trace.get("mode")) for trace in traces)  # half of one lies beyond
    return Domain(kind, low - room / 2 if has_dots else low, high + room)


def _reach(trace: Trace, along: Along) -> Iterator[Any]:
    """The values of a trace along an axis, the ends of its bars and whiskers too."""
    values: list[Any] = list(trace.get(along) or ())
    if trace["type"] == "bar" and along == measured(trace):
        values = [None if value is None else trace.get("base", 0.0) + value for value in values]
    yield from values
    whiskers = trace.get(f"error_{along}")
    if whiskers:
        for value, down, up in zip(values, *spans(whiskers), strict=True):
            yield from () if value is None else (value - down, value + up)
    if trace["type"] == "bar" and along != measured(trace):
        for value, width in zip(values, widths(trace), strict=True):
            yield from (value - width / 2, value + width / 2)


def spans(whiskers: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """How far whiskers reach down and up; no whisker where that is not known."""
    up = whiskers["array"]
    down = whiskers.get("arrayminus", up)
    return [value or 0.0 for value in down], [value or 0.0 for value in up]


def measured(trace: Trace) -> Along:
    """Along which axis the bars of a trace lie."""
    return "x" if trace.get("orientation") == "h" else "y"


def widths(trace: Trace) -> Sequence[float]:
    """Of bars, in the numbers of the axis that they stand on."""
    n_bars = len(trace["x"])
    return trace.get("width") or [0.72] * n_bars


def _ground(trace: Trace, along: Along) -> float | None:
    """What the bars or the area of a trace stand on."""
    if trace["type"] == "bar" and along == measured(trace):
        return float(trace.get("base", 0.0))
    return 0.0 if along == "y" and trace.get("fill") == "tozeroy" else None


def _room(traces: Sequence[Trace], along: Along) -> float:
    """Beyond the last value, as a share of the whole: none where marks reach from side to side."""
    if along == "x" and not any("markers" in str(trace.get("mode")) or _lies(trace) for trace in traces):
        return 0.0
    return 0.0 if any(trace["type"] == "heatmap" for trace in traces) else 0.05


def _lies(trace: Trace) -> bool:
    return trace["type"] == "bar" and measured(trace) == "x"


# --- Ticks --------------------------------------------------------------------------------------------------


def ticks_of(axis: Mapping[str, Any], domain: Domain, most: int) -> list[Tick]:
    """The marks of an axis, those that it names or as many as there is room for."""
    if axis.get("showticklabels") is False:
        return []
    if "tickvals" in axis:
        named = zip(axis["tickvals"], axis["ticktext"], strict=True)
        return [Tick(float(place), str(text)) for place, text in named]
    low, high = min(domain.low, domain.high), max(domain.low, domain.high)
    spec = str(axis.get("tickformat") or "")
    if domain.kind == "date":
        moments = calendar_steps(low, high, most)
        places = [at for one in moments if (at := moment(one.isoformat())) is not None]
        return [Tick(*pair) for pair in zip(places, calendar_words(moments), strict=True)]
    if domain.kind == "log":
        exponents = powers(low, high, most)
        words = [number_words([10.0**power], spec)[0] for power in exponents]
        return [Tick(*pair) for pair in zip(exponents, words, strict=True)]
    values = even_steps(low, high, most)
    return [Tick(*pair) for pair in zip(values, number_words(values, spec), strict=True)]


def most_ticks(axis: Mapping[str, Any], length_px: float) -> int:
    """How many marks an axis may have."""
    return max(int(axis.get("nticks", _MOST_TICKS)), int(length_px / _WIDE_TICK_PX))


def text_px(axis: Mapping[str, Any]) -> float:
    """The size of the texts on an axis."""
    return float((axis.get("tickfont") or {}).get("size", SMALL_PX))


def title_of(axis: Mapping[str, Any]) -> str:
    """What an axis says of itself."""
    return str((axis.get("title") or {}).get("text") or "")


@final
@dataclass(frozen=True)
class Row:
    """The texts below a drawing: level, slanting or upright, and how deep they reach."""

    ticks: list[Tick]
    angle: int
    depth_px: float


def row_below(axis: Mapping[str, Any], domain: Domain, length_px: float) -> Row:
    """The marks along the foot, as many as stand side by side; long names slant, or stand upright."""
    size = text_px(axis)
    for most in range(most_ticks(axis, length_px), 0, -1):
        ticks = ticks_of(axis, domain, most)
        if "tickvals" in axis and "range" not in axis:  # numbers by name, which may be left out
            ticks = _apart(ticks, domain, length_px, size)
        if not ticks or _are_apart(ticks, domain, length_px, size):
            n_lines = max((tick.text.count("\n") + 1 for tick in ticks), default=0)
            return Row(ticks, 0, n_lines * LINE * size)
        if "tickvals" in axis:
            return _turned(ticks, axis, domain, length_px)
    return Row([], 0, 0.0)


def _turned(ticks: Sequence[Tick], axis: Mapping[str, Any], domain: Domain, length_px: float) -> Row:
    """Names that do not stand side by side."""
    size = text_px(axis)
    slot = length_px / max(1, len(ticks))
    kept = thinned(ticks, slot, size)
    longest = max(width_of(tick.text, size) for tick in kept)
    angle = _UPRIGHT if slot < 1.6 * size or axis.get("tickangle") else _SLANT
    turn = math.radians(angle)
    return Row(kept, angle, longest * math.sin(turn) + size * math.cos(turn))


def thinned(ticks: Sequence[Tick], slot_px: float, size_px: float) -> list[Tick]:
    """As many of the names as do not lie on each other, evenly picked."""
    return list(ticks[:: max(1, math.ceil(size_px * 0.85 / slot_px))])


def _are_apart(ticks: Sequence[Tick], domain: Domain, length_px: float, size: float) -> bool:
    return len(_apart(ticks, domain, length_px, size)) == len(ticks)


def _apart(ticks: Sequence[Tick], domain: Domain, length_px: float, size: float) -> list[Tick]:
    """The marks whose texts touch none before them."""
    kept: list[Tick] = []
    end = -math.inf
    for tick in ticks:
        half = width_of(tick.text, size) / 2
        middle = min(length_px * _share(domain, tick.position), length_px + _BEYOND_PX - half)
        if middle - half >= end + _GAP_PX:
            kept.append(tick)
            end = middle + half
    return kept


def cut(ticks: Sequence[Tick], size_px: float, room_px: float) -> list[Tick]:
    """Marks with texts no wider than there is room."""
    return [Tick(tick.position, fitted(tick.text, size_px, room_px)) for tick in ticks]
