"""What a page is made of: figures, tables, and the sections that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, final

Columns = Literal["one", "two", "three", "many"]
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
    """One drawing: what Plotly draws, and the same in words and numbers for those who cannot see it."""

    name: str
    """Unlike that of any other figure of the same data set."""
    label: str
    """What it shows, in a sentence; read aloud in the drawing's place."""
    data: list[dict[str, Any]]
    """Plotly's traces. A colour written `@real` is looked up in the style sheet: light or dark."""
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
    """Figures that belong side by side, below a heading of their own."""

    figures: tuple[Figure, ...]
    columns: Columns
    title: str = ""
    subtitle: str = ""


@final
@dataclass(frozen=True)
class Pair:
    """A synthetic record beside its nearest training record."""

    distance: str
    n_equal: int
    synthetic: tuple[str, ...]
    real: tuple[str, ...]
    is_equal: tuple[bool, ...]


@final
@dataclass(frozen=True)
class Neighbours:
    """Synthetic records beside their nearest training records, all with the same columns."""

    columns: tuple[str, ...]
    pairs: tuple[Pair, ...]


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
    legend: Literal["", "areas", "clouds", "dots"] = ""
    """The marks of real and synthetic, where both stand in the same drawing."""
    neighbours: Neighbours | None = None
    warning: str = ""
    """Said in a frame above everything."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures, in the order of the page."""
        return tuple(figure for group in self.groups for figure in group.figures)
