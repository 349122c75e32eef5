"""Sections on single columns, real against synthetic: how often each value occurs, and how often none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from gansmith.report.parts import (
    Figure,
    Group,
    Section,
    Table,
    layout,
    name_axis,
    number_axis,
    rounded,
)
from gansmith.report.wording import amount, counted, number, percent, shortened

_MOST_COLUMNS: Final = 40
_HEIGHT_PX: Final = 190
_MOST_BARS: Final = 9
_MOST_NUMBERS: Final = 60

Column = Mapping[str, Any]


def columns_section(columns: Sequence[Mapping[str, Any]]) -> Section | None:
    """All columns, the worst first; those beyond the fortieth in a table."""
    if not columns:
        return None
    drawn, others = columns[:_MOST_COLUMNS], columns[_MOST_COLUMNS:]
    figures = tuple(marginal(column, index) for index, column in enumerate(drawn))
    rows = tuple(
        (str(column["name"]), str(column["kind"]), number(column.get("error")), number(column.get("ceiling")))
        for column in others
    )
    head = ("Column", "Kind", "Error", "Real hold-out")
    caption = counted(
        len(others), "more column, nearer to the real one", "more columns, nearer to the real ones"
    )
    return Section(
        "columns",
        "Column by column",
        "How often each value occurs; first the column that is furthest from what real records reach. "
        "The error is the share of records that would "
        "have to change their value for both to agree; a real hold-out of the same size is not without one.",
        groups=(Group(figures, "many"),),
        tables=(Table(caption, head, rows),) if rows else (),
        legend="areas",
    )


def missing_section(columns: Sequence[Mapping[str, Any]]) -> Section | None:
    """The columns with missing cells."""
    known = [column for column in columns if column.get("missing_real") is not None]
    if not known:
        return None
    touched = [column for column in known if column["missing_real"] or column.get("missing_synthetic")]
    if not touched:
        return Section("missing", "Missing cells", "No cell is missing in the real or in the synthetic data.")
    touched.sort(key=lambda column: -max(column["missing_real"], column.get("missing_synthetic") or 0.0))
    return Section(
        "missing",
        "Missing cells",
        "Columns with missing cells; both marks should lie on each other. No other column that is compared "
        "has any.",
        groups=(Group((missingness(touched[:_MOST_COLUMNS]),), "one"),),
        legend="dots",
    )


def marginal(column: Column, index: int) -> Figure:
    """How often the values of a column occur: real filled, synthetic as an outline.

    Args:
        column: `name`, `kind`, `real` and `synthetic` shares, and `edges` or `labels`.
        index: Its place among the columns.
    """
    is_category = column.get("kind") == "category"
    data, drawn = _bars(column) if is_category else _steps(column)
    worst = f"Error {number(column.get('error'))}"
    ceiling = column.get("ceiling")
    return Figure(
        name=f"column-{index}",
        label=f"Shares of the values of {shortened(column['name'], 80)}, real against synthetic. {worst}.",
        data=data,
        layout=drawn,
        height_px=_HEIGHT_PX,
        title=column["name"],
        subtitle=worst if ceiling is None else f"{worst} · real hold-out {number(ceiling)}",
        numbers=_numbers(column),
        is_still=False,
    )


def missingness(columns: Sequence[Column]) -> Figure:
    """How often cells are missing, for the columns where any is: two marks on one line.

    Args:
        columns: Those with missing cells; shares in `missing_real` and `missing_synthetic`.
    """
    names = [column["name"] for column in columns]
    places = list(range(len(columns)))
    real = rounded(column.get("missing_real") or 0.0 for column in columns)
    fake = rounded(column.get("missing_synthetic") or 0.0 for column in columns)
    between: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": [value for pair in zip(real, fake, strict=True) for value in (*pair, None)],
        "y": [value for place in places for value in (place, place, None)],
        "line": {"width": 2, "color": "@rule"},
    }
    marks = [_marks(real, places, "circle", "@real"), _marks(fake, places, "diamond-open", "@synthetic")]
    rows = [
        (name, percent(column.get("missing_real")), percent(column.get("missing_synthetic")))
        for name, column in zip(names, columns, strict=True)
    ]
    across = number_axis("share of cells missing", tick_format=".0~%", has_grid=True)
    return Figure(
        name="missing",
        label=f"Share of missing cells in {len(columns)} columns, real against synthetic.",
        data=[between, *marks],
        layout=layout(across | {"rangemode": "tozero"}, name_axis(names, 24, from_top=True)),
        height_px=64 + 26 * len(columns),
        numbers=Table("Share of cells missing", ("Column", "Real", "Synthetic"), tuple(rows)),
    )


def _marks(values: Sequence[float | None], places: Sequence[int], symbol: str, colour: str) -> dict[str, Any]:
    marker = {"size": 10, "symbol": symbol, "color": colour, "line": {"width": 2, "color": colour}}
    return {"type": "scatter", "mode": "markers", "x": values, "y": list(places), "marker": marker}


# --- Numbers and dates --------------------------------------------------------------------------------------


def _steps(column: Column) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Histograms as outlines; over places 0, 1, 2, ... where the bins are not equally wide."""
    edges = list(column.get("edges") or [])
    is_even = _equally_wide(edges)
    places: list[Any] = [edge if isinstance(edge, str) else float(f"{edge:.8g}") for edge in edges]
    across = number_axis()
    if not is_even:
        places = list(range(len(edges)))
        shown = places[:: max(1, math.ceil(len(places) / 6))]
        across |= {"tickvals": shown, "ticktext": [_in_words(edges[place]) for place in shown]}
    data = [_outline(places, column["real"], "real"), _outline(places, column["synthetic"], "synthetic")]
    return data, layout(across, _shares())


def _outline(places: Sequence[Any], shares: Sequence[float], name: str) -> dict[str, Any]:
    """One histogram as a single line that starts and ends on the ground; the real one filled."""
    heights, is_real = rounded(shares), name == "real"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [*places[:1], *places, *places[-1:]],
        "y": [0, *heights, *heights[-1:], 0],
        "line": {"shape": "hv", "width": 1 if is_real else 2, "color": f"@{name}"},
        "fill": "tozeroy" if is_real else "none",
        "fillcolor": "@realfill" if is_real else "@none",
        "hovertemplate": f"%{{y:.1%}}<extra>{name}</extra>",
    }


def _equally_wide(edges: Sequence[Any]) -> bool:
    """Whether heights may be compared as they are; bins of dates count by the calendar, months and all."""
    try:
        places = [
            datetime.fromisoformat(edge).timestamp() if isinstance(edge, str) else float(edge)
            for edge in edges
        ]
    except ValueError:
        return False
    widths = [after - before for before, after in pairwise(places)]
    slack = 1.2 if any(isinstance(edge, str) for edge in edges) else 1.02
    return bool(widths) and min(widths) > 0 and max(widths) <= slack * min(widths)


def _in_words(edge: Any) -> str:
    return edge if isinstance(edge, str) else amount(edge)


# --- Categories ---------------------------------------------------------------------------------------------


def _bars(column: Column) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Bars on bars: the synthetic one hollow, so that both ends are seen."""
    labels, real, fake = _most_frequent(column)
    places = list(range(len(labels)))
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "y": places,
            "text": [shortened(label, 60) for label in labels],
            "textposition": "none",
            "hovertemplate": "%{text}: %{x:.1%}",
            "name": name,
            "x": rounded(shares),
            "marker": {"color": fill, "line": {"width": width_px, "color": f"@{name}"}},
        }
        for name, shares, fill, width_px in (("real", real, "@realfill", 1), ("synthetic", fake, "@none", 2))
    ]
    drawn = layout(_shares(), name_axis(labels, 16, from_top=True))
    return data, drawn | {"barmode": "overlay"}


def _most_frequent(column: Column) -> tuple[list[str], list[float], list[float]]:
    """Labels with their real and synthetic shares; the rarest in one, where there are many."""
    labels = [str(label) for label in column.get("labels") or []]
    rows = list(zip(labels, column["real"], column["synthetic"], strict=True))
    if len(rows) > _MOST_BARS:
        ranked = sorted(rows, key=lambda row: -(row[1] + row[2]))
        kept, rest = ranked[: _MOST_BARS - 1], ranked[_MOST_BARS - 1 :]
        others = (f"{len(rest)} others", sum(row[1] for row in rest), sum(row[2] for row in rest))
        rows = [*kept, others]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _shares() -> dict[str, Any]:
    return number_axis(tick_format=".0~%", has_grid=True) | {"rangemode": "tozero", "nticks": 4}


def _numbers(column: Column) -> Table | None:
    """The shares behind the drawing, one row per value or bin."""
    real, fake = column["real"], column["synthetic"]
    if not 0 < len(real) <= _MOST_NUMBERS:
        return None
    if column.get("kind") == "category":
        names, what = [str(label) for label in column["labels"]], "Value"
    else:
        ends = pairwise(map(_in_words, column["edges"]))
        names, what = [f"{low} to {high}" for low, high in ends], "From … to"
    rows = [(name, percent(a), percent(b)) for name, a, b in zip(names, real, fake, strict=True)]
    rows.append(("(missing)", percent(column.get("missing_real")), percent(column.get("missing_synthetic"))))
    return Table("Shares", (what, "Real", "Synthetic"), tuple(rows))
