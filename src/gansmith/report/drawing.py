"""A figure as SVG that the page holds as it is: sharp at any size, in the page's colours, without a script.

Letters keep their size only where a drawing is shown about as wide as it was made, so each is made for some
widths, and the style sheet shows the one that fits the room.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, Final

from gansmith.report.axes import (
    LINE,
    Plane,
    Row,
    Tick,
    Trace,
    cut,
    domain_of,
    measured,
    most_ticks,
    row_below,
    text_px,
    thinned,
    ticks_of,
    title_of,
    widths,
)
from gansmith.report.marks import colour, limits, marks, mixed, outlined, painted, px
from gansmith.report.parts import SMALL_PX, Columns, Figure
from gansmith.report.ticks import even_steps, fitted, number_words, told, width_of

WIDTHS: Final[dict[Columns, dict[str, int]]] = {
    "one": {"narrow": 320, "middle": 560, "wide": 900},
    "two": {"narrow": 300, "middle wide": 440},
    "three": {"narrow middle wide": 290},
    "many": {"narrow middle wide": 260},
    "film": {"narrow middle wide": 260},
}
"""Pixels that drawings are made for, by the classes of the style sheet that say where each is shown."""
_SIDE_PX: Final = 4
_BESIDE_PX: Final = 6
"""Between a text and what it belongs to."""
_BAR_PX: Final = 8
"""Width of a scale of colours."""
_BAR_STEPS: Final = 24
_BAR_TICKS: Final = 3
_NAMES_SHARE: Final = 0.42
"""Of the width, for names at the left, at most."""
_SWATCH_PX: Final = 18
_MOST_STRIPS: Final = 200
"""More places under the pointer than anybody can tell apart."""
_MIDDLE: Final = 0.35
"""From the middle of a line of text down to where it is written, in heights of its letters."""


def drawn(figure: Figure, columns: Columns) -> str:
    """A figure as markup, once for each width that it may be shown in.

    Args:
        figure: Numbers that are missing or not finite are gaps. Names are anybody's: all are escaped.
        columns: How many figures stand side by side.
    """
    return "".join(drawing(figure, width, shown) for shown, width in WIDTHS[columns].items())


def drawing(figure: Figure, width_px: int, shown: str = "") -> str:
    """A figure as one `svg` element.

    Args:
        figure: In Plotly's words, those that figures use.
        width_px: That it is made for; it can be shown at any.
        shown: Classes of the style sheet.
    """
    keys = _keys(figure, width_px)
    plane, beside, below = _planned(figure, width_px, len(keys))
    parts = [
        *_grid(figure, plane, beside, below),
        *(marks(trace, plane, is_told=not figure.is_still) for trace in figure.data),
        *_written(figure, plane, beside, below, width_px),
        *(_scale(trace, plane) for trace in figure.data if "colorbar" in trace),
        *(_legend_row(row, place) for place, row in enumerate(keys)),
        *(_names(trace, plane, width_px) for trace in figure.data if "text" in str(trace.get("mode"))),
        *_strips(figure, plane),
    ]
    size = f"{width_px} {figure.height_px}"
    return f'<svg class="{shown}" viewBox="0 0 {size}" aria-hidden="true">{"".join(parts)}</svg>'


# --- The plane and its axes ---------------------------------------------------------------------------------


def _planned(figure: Figure, width_px: int, n_keys: int) -> tuple[Plane, list[Tick], Row]:
    """Where the marks stand, with room for all that is written around them."""
    axis, other, margin = figure.layout["xaxis"], figure.layout["yaxis"], figure.layout["margin"]
    across, up = domain_of(axis, figure.data, "x"), domain_of(other, figure.data, "y")
    size, is_named = text_px(other), "tickvals" in other
    beside = ticks_of(other, up, most_ticks(other, 0.0))
    beside = cut(beside, size, _NAMES_SHARE * width_px)
    left = _SIDE_PX + max((width_of(tick.text, size) for tick in beside), default=0.0) + _BESIDE_PX
    left += (LINE * SMALL_PX + _SIDE_PX) if title_of(other) else 0
    right = width_px - margin["r"] - max((_scale_room(one) for one in figure.data), default=0.0)
    below = row_below(axis, across, right - left)
    foot = figure.height_px - _SIDE_PX - below.depth_px - (_BESIDE_PX if below.ticks else 0)
    foot -= (LINE * SMALL_PX + 2) if title_of(axis) else 0
    top = n_keys * LINE * 14 + _BESIDE_PX if n_keys else margin["t"]
    if is_named and beside:
        beside = thinned(beside, (foot - top) / len(other["tickvals"]), 1.1 * size)
    return Plane(left, top, right, foot, across, up), beside, below


def _grid(figure: Figure, plane: Plane, beside: Sequence[Tick], below: Row) -> Iterator[str]:
    """Dotted lines behind the marks, and lines along the axes that have none."""
    levels, uprights = (figure.layout[f"{name}axis"] for name in ("y", "x"))
    dotted = [f"M{px(plane.left)} {px(plane.y_at(tick.position))}H{px(plane.right)}" for tick in beside]
    dotted = dotted if levels["showgrid"] else []
    if uprights["showgrid"]:
        dotted += [
            f"M{px(plane.x_at(tick.position))} {px(plane.top)}V{px(plane.foot)}" for tick in below.ticks
        ]
    if dotted:
        yield f'<path class="grid" d="{"".join(dotted)}"/>'
    lines = f"M{px(plane.left)} {px(plane.foot)}H{px(plane.right)}" if uprights["showline"] else ""
    lines += f"M{px(plane.left)} {px(plane.top)}V{px(plane.foot)}" if levels["showline"] else ""
    if lines:
        yield f'<path class="axis" d="{lines}"/>'


def _written(
    figure: Figure, plane: Plane, beside: Sequence[Tick], below: Row, width_px: int
) -> Iterator[str]:
    """The texts along both axes, and what the axes say of themselves."""
    axis, other = figure.layout["xaxis"], figure.layout["yaxis"]
    size = text_px(other)
    for tick in beside:
        at = plane.y_at(tick.position) + _MIDDLE * size
        yield text(tick.text, plane.left - _BESIDE_PX, at, anchor="end", size_px=size)
    yield from _row(below, plane, text_px(axis), width_px)
    if title := title_of(axis):
        middle = (plane.left + plane.right) / 2
        room = 2 * min(middle, width_px - middle)
        said = fitted(title, SMALL_PX, max(room, plane.right - plane.left))
        yield text(said, middle, figure.height_px - _SIDE_PX, anchor="middle")
    if title := title_of(other):
        middle = (plane.top + plane.foot) / 2
        said = fitted(title, SMALL_PX, 2 * min(middle, figure.height_px - middle))
        yield text(said, SMALL_PX, middle, anchor="middle", turn=-90)


def _row(below: Row, plane: Plane, size: float, width_px: int) -> Iterator[str]:
    """The texts along the foot."""
    top = plane.foot + _BESIDE_PX
    for tick in below.ticks:
        x = plane.x_at(tick.position)
        if below.angle:
            turn = math.radians(below.angle)
            said = fitted(tick.text, size, (x - _SIDE_PX) / max(math.cos(turn), 0.01))
            down = top + _MIDDLE * size * (1 + math.cos(turn)) - 2
            yield text(
                said, x + _MIDDLE * size * math.sin(turn), down, anchor="end", size_px=size, turn=-below.angle
            )
            continue
        half = width_of(tick.text, size) / 2
        x = min(max(x, half), width_px - half)
        yield text(tick.text, x, top + 0.8 * size, anchor="middle", size_px=size)


def text(
    words: str,
    x: float,
    y: float,
    *,
    anchor: str = "start",
    size_px: float = SMALL_PX,
    turn: int = 0,
    look: str = "",
) -> str:
    """A text that stands where it is put; each line of it below the last.

    Args:
        words: Anybody's; escaped.
        x: Where it begins, has its middle or ends, in pixels.
        y: Where its first line is written.
        anchor: Which of these.
        size_px: Of its letters.
        turn: In degrees, clockwise.
        look: A class of the style sheet.
    """
    lines = [escape(line) for line in words.split("\n")]
    inner = lines[0] + "".join(f'<tspan x="{px(x)}" dy="{LINE}em">{line}</tspan>' for line in lines[1:])
    ends = "" if anchor == "start" else f' text-anchor="{anchor}"'
    size = "" if size_px == SMALL_PX else f' font-size="{px(size_px)}"'
    turned = f' transform="rotate({turn} {px(x)} {px(y)})"' if turn else ""
    kind = f' class="{look}"' if look else ""
    return f'<text{kind} x="{px(x)}" y="{px(y)}"{ends}{size}{turned}>{inner}</text>'


# --- Scales, legends and names ------------------------------------------------------------------------------


def _scale_words(trace: Trace) -> tuple[list[float], list[str]]:
    values = even_steps(*limits(trace), _BAR_TICKS)
    return values, number_words(values, str(trace["colorbar"].get("tickformat") or ""))


def _scale_room(trace: Trace) -> float:
    """Pixels at the right for the colours of a field and their numbers."""
    if "colorbar" not in trace:
        return 0.0
    size = text_px(trace["colorbar"])
    return _BESIDE_PX + _BAR_PX + _SIDE_PX + max(width_of(word, size) for word in _scale_words(trace)[1])


def _scale(trace: Trace, plane: Plane) -> str:
    """The colours of a field from its lowest number to its highest."""
    low, high = limits(trace)
    left, size = plane.right + _BESIDE_PX, text_px(trace["colorbar"])
    height = (plane.foot - plane.top) / _BAR_STEPS
    parts = [
        f'<rect x="{px(left)}" y="{px(plane.foot - (step + 1) * height)}" width="{_BAR_PX}" '
        f'height="{px(height + 0.3)}" fill="{mixed(trace["colorscale"], (step + 0.5) / _BAR_STEPS)}"/>'
        for step in range(_BAR_STEPS)
    ]
    for value, word in zip(*_scale_words(trace), strict=True):
        y = plane.foot - (plane.foot - plane.top) * (value - low) / (high - low)
        y = min(max(y + _MIDDLE * size, plane.top + 0.7 * size), plane.foot)
        parts.append(text(word, left + _BAR_PX + _SIDE_PX, y, size_px=size))
    return "".join(parts)


def _keys(figure: Figure, width_px: int) -> list[list[tuple[Trace, float]]]:
    """Rows of the legend: traces, and where each begins."""
    if not figure.layout.get("showlegend"):
        return []
    rows: list[list[tuple[Trace, float]]] = [[]]
    at = float(_SIDE_PX)
    for trace in figure.data:
        wide = _SWATCH_PX + _BESIDE_PX + width_of(str(trace.get("name") or ""), 12)
        if rows[-1] and at + wide > width_px:
            rows.append([])
            at = float(_SIDE_PX)
        rows[-1].append((trace, at))
        at += wide + 16
    return rows


def _legend_row(row: Sequence[tuple[Trace, float]], place: int) -> str:
    middle = (place + 0.5) * LINE * 14
    return "".join(
        _swatch(trace, at, middle)
        + text(str(trace.get("name") or ""), at + _SWATCH_PX + _BESIDE_PX, middle + _MIDDLE * 12, size_px=12)
        for trace, at in row
    )


def _swatch(trace: Trace, left: float, middle: float) -> str:
    """What a trace looks like."""
    if "line" in trace:
        look = trace["line"]
        dash = ' stroke-dasharray="6 4"' if look.get("dash") else ""
        ends = f"M{px(left)} {px(middle)}h{_SWATCH_PX}"
        return f'<path d="{ends}" stroke="{colour(look["color"])}" stroke-width="{look["width"]}"{dash}/>'
    if trace["type"] == "bar":
        box = f'x="{px(left + 3)}" y="{px(middle - 6)}" width="12" height="12"'
        return f'<rect {box} fill="{colour(trace["marker"]["color"])}"/>'
    marker = trace["marker"]
    path = outlined(marker["symbol"], marker["size"], left + _SWATCH_PX / 2, middle)
    return f'<path d="{path}" {painted(marker["symbol"], marker["color"], 0)}/>'


def _names(trace: Trace, plane: Plane, width_px: int) -> str:
    """The names of dots, each where it lies on no other name and on no dot."""
    size = float(trace["textfont"]["size"])
    known = zip(trace["x"], trace["y"], trace["text"], strict=True)
    points = [(plane.x(x), plane.y(y), str(name)) for x, y, name in known if plane.holds(x, y)]
    dots = [(x, y, name) for x, y, name in points if x is not None and y is not None]
    taken = [(x - 8, y - 8, x + 8, y + 8) for x, y, _ in dots]
    parts: list[str] = []
    for x, y, name in dots:
        wide = width_of(name, size)
        tries = [(x + 11, y - 8), (x - 11 - wide, y - 8), (x - wide / 2, y - 26), (x - wide / 2, y + 10)]
        boxes = [(left, top, left + wide, top + 16) for left, top in tries]
        inside = [box for box in boxes if box[0] >= 0 and box[2] <= width_px and box[1] >= 0]
        box = next(
            (box for box in inside if not any(_meet(box, other) for other in taken)), (inside or boxes)[0]
        )
        taken.append(box)
        parts.append(text(name, box[0], box[1] + 12, size_px=size, look="ink"))
    return "".join(parts)


def _meet(box: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


# --- Under the pointer --------------------------------------------------------------------------------------


def _strips(figure: Figure, plane: Plane) -> Iterator[str]:
    """What the traces say at each place, together: strips over the marks, with nothing in them to be seen."""
    if figure.is_still:
        return
    found: defaultdict[str, list[str]] = defaultdict(list)
    for trace in figure.data:
        for strip, words in _told_along(trace, plane):
            found[strip].append(words)
    if 0 < len(found) <= _MOST_STRIPS:
        strips = (
            f"<rect {strip}><title>{escape(chr(10).join(words))}</title></rect>"
            for strip, words in found.items()
        )
        yield f'<g class="strips">{"".join(strips)}</g>'


def _told_along(trace: Mapping[str, Any], plane: Plane) -> Iterator[tuple[str, str]]:
    """Strips of a trace as attributes of a rectangle, and the words of each."""
    template = trace.get("hovertemplate")
    if not template or trace["type"] == "heatmap" or trace.get("hoverinfo") == "skip":
        return
    is_level = trace["type"] == "bar" and measured(trace) == "x"
    for place, start, end in _stretches(trace):
        a, b = ((plane.y if is_level else plane.x)(one) for one in (start, end))
        if a is None or b is None or abs(a - b) < 0.05:
            continue
        low, long = px(min(a, b)), px(abs(a - b))
        strip = (
            f'x="0" y="{low}" width="{px(plane.right)}" height="{long}"'
            if is_level
            else f'x="{low}" y="{px(plane.top)}" width="{long}" height="{px(plane.foot - plane.top)}"'
        )
        values = {key: trace[key][place] for key in ("x", "y", "text") if key in trace}
        if None not in values.values():
            yield strip, told(str(template), values, str(trace.get("name") or ""))


def _stretches(trace: Mapping[str, Any]) -> Iterator[tuple[int, Any, Any]]:
    """Places of a trace's points, and from where to where each speaks."""
    if trace["type"] == "bar":
        places = trace["y" if measured(trace) == "x" else "x"]
        reach = widths(trace) if trace.get("width") else [1.0] * len(places)
        yield from (
            (turn, at - wide / 2, at + wide / 2)
            for turn, (at, wide) in enumerate(zip(places, reach, strict=True))
        )
    elif (trace.get("line") or {}).get("shape") == "hv":
        yield from ((turn, a, b) for turn, (a, b) in enumerate(pairwise(trace["x"])) if a != b)
    else:
        xs = trace["x"]
        middles = [xs[:1], *([(a + b) / 2] for a, b in pairwise(xs)), xs[-1:]]
        ends = [one for middle in middles for one in middle]
        yield from ((turn, a, b) for turn, (a, b) in enumerate(pairwise(ends)))
