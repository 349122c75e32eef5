"""What a page is made of: figures, tables, and the sections that hold them; and what all figures share.

Axes without ink to spare.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, final

from gansmith.report.pictures import Picture
from gansmith.report.wording import shortened

_FONT: Final = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
SMALL_PX: Final = 11
"""Of the letters in a drawing."""

Columns = Literal["one", "two", "three", "many", "film"]
"""How many figures stand side by side where there is room."""


@final
@dataclass(frozen=True)
class Table:
    """Rows of finished text; the first cell of a row is its heading."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@final
@dataclass(frozen=True)
class Figure:
    """One drawing in Plotly's words, and the same in words and numbers for those who cannot see it.

    `report/drawing.py` draws it on a page, Plotly in a notebook. Names are the user's, as they are: who draws
    escapes them.
    """

    name: str
    """Unlike that of any other figure of the same data set."""
    label: str
    """What it shows, in a sentence; read aloud in the drawing's place."""
    data: list[dict[str, Any]]
    """Traces. A colour written `@real` is looked up in the style sheet: light or dark."""
    layout: dict[str, Any]
    height_px: int
    title: str = ""
    subtitle: str = ""
    tone: Literal["", "real", "synthetic"] = ""
    """Of whom the drawing speaks, when of one side alone."""
    numbers: Table | None = None
    """Behind the drawing, folded away; None where there are too many."""
    is_still: bool = True
    """Nothing happens under the pointer."""


@final
@dataclass(frozen=True)
class Group:
    """Figures that belong side by side, below a heading of their own; or pictures."""

    figures: tuple[Figure, ...]
    columns: Columns
    title: str = ""
    subtitle: str = ""
    pictures: tuple[Picture, ...] = ()
    """Shown after the figures."""


@final
@dataclass(frozen=True)
class Section:
    """One part of the page: a heading, a sentence on how to read it, and what it shows."""

    anchor: str
    title: str
    lead: str
    groups: tuple[Group, ...] = ()
    tables: tuple[Table, ...] = ()
    """Shown below the figures."""
    sentences: tuple[str, ...] = ()
    """Findings in words, as a list."""
    legend: Literal["", "areas", "clouds", "dots", "ground", "lines"] = ""
    """The marks of real and synthetic, where both stand in the same drawing."""
    neighbours: dict[str, Any] | None = None
    """Synthetic records beside their nearest training records: the columns, and the pairs."""
    records: tuple[dict[str, Any], ...] = ()
    """Records as a list, each to be unfolded; shown last."""
    compared: tuple[dict[str, Any], ...] = ()
    """Records before and after, each a frame with a divider; shown after the figures."""
    warning: str = ""
    """Said in a frame above everything."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures, in the order of the page."""
        return tuple(figure for group in self.groups for figure in group.figures)


# --- Axes ---------------------------------------------------------------------------------------------------


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
        "font": {"family": _FONT, "size": SMALL_PX, "color": "@faint"},
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
        axis["title"] = {"text": title, "standoff": 8, "font": {"size": SMALL_PX}}
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
        "ticktext": [shortened(names[place], n_characters) for place in places],
        "automargin": True,
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "range": ends[::-1] if from_top else ends,
    }


def rounded(values: Iterable[float | None]) -> list[float | None]:
    """Five digits: more than a screen shows, and a third of the bytes."""
    return [None if value is None else float(f"{value:.5g}") for value in values]
