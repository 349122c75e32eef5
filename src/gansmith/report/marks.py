"""The marks of a drawing: bars, lines, areas, dots, whiskers and fields, each as SVG in the page's colours.

A colour is a name of the style sheet, `var(--real)`: light, dark or on paper, no script has to follow.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby, pairwise
from typing import Any, Final

from gansmith.report.axes import Plane, Trace, measured, spans, widths
from gansmith.report.ticks import told

_THICKEST_PX: Final = 34
"""A bar, however much room there is."""
_MOST_TOLD: Final = 900
"""Cells of a field that say their number under the pointer."""
_OPEN_PX: Final = 1.6
"""Thickness of a hollow mark's outline where none is given."""
_DASHES: Final = {"dash": "6 4", "dot": "2 3"}
_STAR: Final = [
    (radius * math.sin(turn * math.pi / 5), -radius * math.cos(turn * math.pi / 5))
    for turn, radius in enumerate([1.45, 0.62] * 5)
]
_CORNERS: Final = {
    "diamond": [(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
    "square": [(-0.92, -0.92), (0.92, -0.92), (0.92, 0.92), (-0.92, 0.92)],
    "triangle-up": [(0.0, -1.15), (1.15, 0.85), (-1.15, 0.85)],
    "star": _STAR,
}
"""Of marks around their middle, in halves of their size; any other mark is a circle."""

Scale = Sequence[Sequence[Any]]
"""Pairs of a share, from 0 to 1, and a colour."""


def px(length: float) -> str:
    """Pixels to a tenth: less than a screen shows.

    Example:
        >>> px(12.0), px(0.04), px(-3.25)
        ('12', '0', '-3.2')
    """
    text = f"{length:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def colour(name: str) -> str:
    """A figure's colour as the style sheet has it: `@real` is `var(--real)`."""
    return "none" if name == "@none" else escape(f"var(--{name[1:]})" if name.startswith("@") else name)


def marks(trace: Trace, plane: Plane, *, is_told: bool) -> str:
    """All that a trace shows.

    Args:
        trace: In Plotly's words, those that figures use.
        plane: Where it stands.
        is_told: Whether the cells of a field say their number under the pointer.
    """
    if trace["type"] == "heatmap":
        return field(trace, plane, is_told=is_told)
    if trace["type"] == "bar":
        return bars(trace, plane) + whiskers(trace, plane)
    mode = str(trace.get("mode"))
    parts = [line(trace, plane)] if "lines" in mode else []
    parts += [whiskers(trace, plane)]
    parts += [dots(trace, plane)] if "markers" in mode else []
    return "".join(parts)


# --- Bars ---------------------------------------------------------------------------------------------------


def bars(trace: Trace, plane: Plane) -> str:
    """Bars from their ground to their values, those of one colour as one path."""
    base, marker = float(trace.get("base", 0.0)), trace["marker"]
    outline = marker.get("line") or {}
    stroke = f' stroke="{colour(outline["color"])}" stroke-width="{outline["width"]}"' if outline else ""
    values, places = trace[measured(trace)], trace["y" if measured(trace) == "x" else "x"]
    boxes = [
        _bar(trace, plane, (base, value), (place - width / 2, place + width / 2))
        for value, place, width in zip(values, places, widths(trace), strict=True)
    ]
    return "".join(
        f'<path d="{"".join(box for box, _ in group)}" fill="{colour(name)}"{stroke}/>'
        for name, group in groupby(
            zip(boxes, _each(marker["color"], len(boxes)), strict=True), lambda pair: pair[1]
        )
    )


def _bar(trace: Trace, plane: Plane, reach: tuple[float, float | None], sides: tuple[float, float]) -> str:
    """One bar as a path, from its ground as long as its value; nothing where that is missing."""
    is_level = measured(trace) == "x"
    along, beside = (plane.x, plane.y_at) if is_level else (plane.y, plane.x_at)
    ground, length = reach
    start, end = along(ground), None if length is None else along(ground + length)
    start = (plane.left if is_level else plane.foot) if start is None else start  # zero of a log axis
    if end is None:
        return ""
    low, high = sorted(map(beside, sides))
    if high - low > _THICKEST_PX and is_level:
        low, high = (low + high - _THICKEST_PX) / 2, (low + high + _THICKEST_PX) / 2
    return _box(start, low, end, high) if is_level else _box(low, start, high, end)


def _box(left: float, top: float, right: float, foot: float) -> str:
    """A rectangle as part of a path."""
    return f"M{px(left)} {px(top)}H{px(right)}V{px(foot)}H{px(left)}z"


# --- Lines --------------------------------------------------------------------------------------------------


def line(trace: Trace, plane: Plane) -> str:
    """A line through all points, as an area where it is filled; it breaks where a value is missing."""
    drawn = trace["line"]
    turn = _stepped if drawn.get("shape") == "hv" else _straight
    points = [(plane.x(x), plane.y(y)) for x, y in zip(trace["x"], trace["y"], strict=True)]
    paths = "".join(turn(run) for run in _runs(points))
    fill = colour(trace.get("fillcolor", "@none")) if trace.get("fill") == "tozeroy" else "none"
    dash = f' stroke-dasharray="{_DASHES[drawn["dash"]]}"' if drawn.get("dash") in _DASHES else ""
    return (
        f'<path d="{paths}" fill="{fill}" stroke="{colour(drawn["color"])}" stroke-width="{drawn["width"]}" '
        f'stroke-linejoin="round"{dash}/>'
    )


def _runs(points: Sequence[tuple[float | None, float | None]]) -> Iterator[list[tuple[float, float]]]:
    """Points that follow each other without a gap."""
    run: list[tuple[float, float]] = []
    for x, y in [*points, (None, None)]:
        if x is not None and y is not None:
            run.append((x, y))
        elif run:
            yield run
            run = []


def _straight(run: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{px(x)} {px(y)}" for x, y in run)


def _stepped(run: Sequence[tuple[float, float]]) -> str:
    first = f"M{px(run[0][0])} {px(run[0][1])}"
    return first + "".join(f"H{px(x)}V{px(y)}" for x, y in run[1:])


# --- Dots and whiskers --------------------------------------------------------------------------------------


def dots(trace: Trace, plane: Plane) -> str:
    """Marks at all points, those of one colour and shape as one path: a thousand of them stay light."""
    marker, xs, ys = trace["marker"], trace["x"], trace["y"]
    looks = zip(_each(marker["color"], len(xs)), _each(marker.get("symbol", "circle"), len(xs)), strict=True)
    paths: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for x, y, look in zip(xs, ys, looks, strict=True):
        at, up = plane.x(x), plane.y(y)
        if at is not None and up is not None and plane.holds(x, y):
            paths[look].append(outlined(look[1], marker["size"], at, up))
    opacity = f' opacity="{trace["opacity"]}"' if "opacity" in trace else ""
    thick = (marker.get("line") or {}).get("width", 0)
    return "".join(
        f'<path d="{"".join(found)}" {painted(symbol, name, thick)}{opacity}/>'
        for (name, symbol), found in paths.items()
    )


def painted(symbol: str, name: str, thick: float) -> str:
    """Fill and outline of a mark."""
    if symbol.endswith("-open"):
        return f'fill="none" stroke="{colour(name)}" stroke-width="{thick or _OPEN_PX}"'
    return f'fill="{colour(name)}"'


def outlined(symbol: str, size: float, x: float, y: float) -> str:
    """A mark around a point, as part of a path."""
    radius, corners = size / 2, _CORNERS.get(symbol.removesuffix("-open"))
    if corners is None:
        half = f"{px(radius)} {px(radius)} 0 1 0"
        return f"M{px(x - radius)} {px(y)}a{half} {px(2 * radius)} 0 {half} {px(-2 * radius)} 0"
    ends = [(across * radius, down * radius) for across, down in corners]
    steps = " ".join(f"{px(b[0] - a[0])} {px(b[1] - a[1])}" for a, b in pairwise(ends))
    return f"M{px(x + ends[0][0])} {px(y + ends[0][1])}l{steps}z"


def whiskers(trace: Trace, plane: Plane) -> str:
    """From each value to both ends of its interval, with a short line across at each end."""
    along = next((one for one in ("x", "y") if trace.get(f"error_{one}")), None)
    if along is None:
        return ""
    look = trace[f"error_{along}"]
    base = float(trace.get("base", 0.0)) if trace["type"] == "bar" else 0.0
    paths = [
        _whisker(plane, along == "x", base + value, (down, up), other, look["width"])
        for value, other, down, up in zip(
            trace[along], trace["y" if along == "x" else "x"], *spans(look), strict=True
        )
        if value is not None and (down or up)
    ]
    return (
        f'<path d="{"".join(paths)}" fill="none" stroke="{colour(look["color"])}" '
        f'stroke-width="{look["thickness"]}"/>'
    )


def _whisker(
    plane: Plane, is_level: bool, value: float, reach: tuple[float, float], other: Any, width: float
) -> str:
    along, beside = (plane.x, plane.y) if is_level else (plane.y, plane.x)
    ends = [(along(value - reach[0]), reach[0]), (along(value + reach[1]), reach[1])]
    places, across = [place for place, _ in ends], beside(other)
    if None in places or across is None:
        return ""
    start, end = (place for place in places if place is not None)
    if is_level:
        caps = "".join(
            f"M{px(at)} {px(across - width)}v{px(2 * width)}" for at, far in ends if at is not None and far
        )
        return f"M{px(start)} {px(across)}H{px(end)}{caps}"
    caps = "".join(
        f"M{px(across - width)} {px(at)}h{px(2 * width)}" for at, far in ends if at is not None and far
    )
    return f"M{px(across)} {px(start)}V{px(end)}{caps}"


def _each(given: Any, n: int) -> list[Any]:
    """One for all marks, or one for each."""
    return list(given) if isinstance(given, list) else [given] * n


# --- Fields -------------------------------------------------------------------------------------------------


def field(trace: Trace, plane: Plane, *, is_told: bool) -> str:
    """A heat map: cells in colour, those of one colour together; a missing one is left out."""
    rows = trace["z"]
    n_across = max(map(len, rows), default=0)
    xs, ys = _edges(trace.get("x"), n_across, plane.x_at), _edges(trace.get("y"), len(rows), plane.y_at)
    low, high = limits(trace)
    cells: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    is_told = is_told and n_across * len(rows) <= _MOST_TOLD
    for place, row in enumerate(rows):
        for turn, value in enumerate(row):
            if value is None or not math.isfinite(value):
                continue
            (left, right), (top, foot) = sorted(xs[turn : turn + 2]), sorted(ys[place : place + 2])
            path = _box(left + 0.5, top + 0.5, max(right - 0.5, left + 0.6), max(foot - 0.5, top + 0.6))
            text = _told_cell(trace, place, turn, value) if is_told else ""
            cells[mixed(trace["colorscale"], (value - low) / (high - low))].append((path, text))
    return "".join(f'<g fill="{name}">{_cells(found)}</g>' for name, found in cells.items())


def limits(trace: Trace) -> tuple[float, float]:
    """The numbers at both ends of a field's colours."""
    known = [value for row in trace["z"] for value in row if value is not None and math.isfinite(value)]
    low = float(trace.get("zmin", min(known, default=0.0)))
    high = float(trace.get("zmax", max(known, default=1.0)))
    return low, high if high > low else low + 1.0


def mixed(scale: Scale, share: float) -> str:
    """The colour at a share of the way through a scale.

    Example:
        >>> mixed([[0, "@heat0"], [1, "@heat1"]], 0.25)
        'color-mix(in srgb,var(--heat1) 25%,var(--heat0))'
    """
    share = min(1.0, max(0.0, share))
    (start, first), (end, last) = next(pair for pair in pairwise(scale) if share <= pair[1][0])
    part = round(100 * (share - start) / (end - start))
    if part in (0, 100):
        return colour(last if part else first)
    return f"color-mix(in srgb,{colour(last)} {part}%,{colour(first)})"


def _edges(given: Sequence[float] | None, n: int, place: Callable[[float], float]) -> list[float]:
    """Pixels of the edges of cells: as they are given, or around 0, 1, 2, ..."""
    edges = [number - 0.5 for number in range(n + 1)] if given is None else given
    return [place(float(edge)) for edge in edges]


def _told_cell(trace: Mapping[str, Any], place: int, turn: int, value: float) -> str:
    names = trace.get("hovertext")
    words = {"z": value, "hovertext": names[place][turn] if names else ""}
    return told(str(trace["hovertemplate"]), words, "") if trace.get("hovertemplate") else ""


def _cells(found: Sequence[tuple[str, str]]) -> str:
    if not any(text for _, text in found):
        return f'<path d="{"".join(path for path, _ in found)}"/>'
    return "".join(f'<path d="{path}"><title>{escape(text)}</title></path>' for path, text in found)
