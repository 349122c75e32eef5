"""What all figures share: axes without ink to spare, and names that cannot be mistaken for markup."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from gansmith.report.wording import shortened

_FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
_SMALL_PX: Final = 11


def layout(x: dict[str, Any], y: dict[str, Any], *, top: int = 6, right: int = 10) -> dict[str, Any]:
    """Plotly's layout around two axes; the margins at the left and below grow with the labels.

    Args:
        x: From one of the axes below.
        y: Likewise.
        top: Margin in pixels.
        right: Margin in pixels.
    """
    return {
        "xaxis": x,
        "yaxis": y,
        "margin": {"l": 8, "r": right, "t": top, "b": 8, "pad": 3},
        "font": {"family": _FONT, "size": _SMALL_PX, "color": "@faint"},
        "paper_bgcolor": "@none",
        "plot_bgcolor": "@none",
        "showlegend": False,
        "dragmode": False,
        "bargap": 0.28,
        "hoverlabel": {"font": {"family": _FONT, "size": 12}},
    }


def number_axis(title: str = "", *, tick_format: str = "", has_grid: bool = False) -> dict[str, Any]:
    """An axis of numbers or dates; `tick_format` in d3's words, `.0%` for shares."""
    axis: dict[str, Any] = {
        "automargin": True,
        "fixedrange": True,
        "showgrid": has_grid,
        "gridcolor": "@rule",
        "griddash": "dot",
        "zeroline": False,
        "linecolor": "@rule",
        "showline": not has_grid,
        "ticks": "",
        "nticks": 5,
    }
    # An empty title would still be given room.
    if title:
        axis["title"] = {"text": title, "standoff": 8, "font": {"size": _SMALL_PX}}
    if tick_format:
        axis["tickformat"] = tick_format
    return axis


def name_axis(names: Sequence[str], n_characters: int, *, from_top: bool = False) -> dict[str, Any]:
    """An axis of names at the places 0, 1, 2, ...

    Numbered places, not the names themselves: two long names stay two when both are cut short.

    Args:
        names: The user's own words.
        n_characters: Where a name is cut.
        from_top: The first name stands above the others.
    """
    step = math.ceil(len(names) / 40) or 1
    places = list(range(0, len(names), step))
    ends = [-0.5, len(names) - 0.5]
    return {
        "tickvals": places,
        "ticktext": [plain(shortened(names[place], n_characters)) for place in places],
        "automargin": True,
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "range": ends[::-1] if from_top else ends,
    }


def plain(text: str) -> str:
    """Text that Plotly shows as it is: it would read `<b>` and `<a href>` as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rounded(values: Iterable[float | None]) -> list[float | None]:
    """Five digits: more than a screen shows, and a third of the bytes."""
    return [None if value is None else float(f"{value:.5g}") for value in values]
