"""Sections on texts: some to read, and what temperature does to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.parts import Figure, Group, Section, Table, layout, number_axis, rounded
from gansmith.report.wording import number

_HEIGHT_PX: Final = 300

Shown = Mapping[str, Any]


def texts_section(shown: Sequence[Shown]) -> Section | None:
    """Texts as they are, none of them picked; real ones stand first where they may be shown."""
    tables = list[Table]()
    for one in sorted(shown, key=lambda one: one["name"] != "real"):
        rows = one["rows"]
        has_labels = any(row["label"] for row in rows)
        head = ("", "Text", "Label") if has_labels else ("", "Text")
        cells = [
            (str(place), row["text"], *((row["label"],) if has_labels else ()))
            for place, row in enumerate(rows, start=1)
        ]
        tables.append(Table(f"{one['title']}: {one['caption']}", head, tuple(cells)))
    if not tables:
        return None
    return Section(
        "texts",
        "What it says",
        "None of these texts were picked. Read them: whether they make sense no score tells.",
        tables=tuple(tables),
    )


def temperature_section(curve: Shown) -> Section | None:
    """How far quality and variety go together, by temperature; the point that is shipped is marked.

    Args:
        curve: `points`, each with its `temperature`, `quality` and `variety` in bits a character, how far
        `off`
            real text, and whether it `is_shipped`.
    """
    points = curve.get("points") or []
    if not points:
        return None
    chosen = [one for one in points if one["is_shipped"]]
    line = {"type": "scatter", "mode": "lines", "name": "temperatures", **_places(points)}
    traces = [
        line | {"line": {"color": "@rule", "width": 2}},
        _dots(points, "circle", 8, "@synthetic"),
        _dots(chosen, "diamond", 13, "@accent"),
    ]
    rows = tuple(
        (
            f"{one['temperature']:g}" + (" (shipped)" if one["is_shipped"] else ""),
            number(one["quality"]),
            number(one["variety"]),
            number(one["off"]),
        )
        for one in points
    )
    figure = Figure(
        "temperature",
        "A line of temperatures: bits a synthetic character takes by real counts over bits a real one takes "
        "by synthetic counts; the shipped temperature is marked.",
        traces,
        layout(
            number_axis("bits of real text by synthetic counts (variety: lower is better)", has_grid=True),
            number_axis("bits of synthetic text by real counts (quality)", has_grid=True),
        ),
        _HEIGHT_PX,
        numbers=Table("By temperature", ("Temperature", "Quality", "Variety", "Off real text"), rows),
    )
    return Section(
        "temperature",
        "Quality against variety",
        "A low temperature writes what is usual, and repeats itself; a high one writes what is new, and "
        "often wrong. The one is shipped whose two numbers come nearest to those of real text.",
        groups=(Group((figure,), "one"),),
    )


def _places(points: Sequence[Shown]) -> dict[str, list[float | None]]:
    return {
        "x": rounded(one["variety"] for one in points),
        "y": rounded(one["quality"] for one in points),
    }


def _dots(points: Sequence[Shown], symbol: str, size: int, colour: str) -> dict[str, Any]:
    marker = {"color": colour, "size": size, "symbol": symbol}
    return {"type": "scatter", "mode": "markers", "marker": marker, **_places(points)}
