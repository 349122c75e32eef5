"""Sections on columns two by two: where their values meet, and how strongly they hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from gansmith.report.parts import Figure, Group, Section, Table, layout, name_axis, rounded
from gansmith.report.wording import number, percent, shortened

_MOST_CELLS: Final = 100
_MOST_DIFFERENCES: Final = 10
_MOST_NAMES: Final = 30

Side = Literal["real", "synthetic"]
Matrix = Sequence[Sequence[float | None]]
"""One row per column; None where nothing was measured."""

_SEQUENTIAL: Final = [[0, "@heat0"], [0.25, "@heat1"], [0.6, "@heat2"], [1, "@heat3"]]
_DIVERGING: Final = [[0, "@real"], [0.5, "@heat0"], [1, "@synthetic"]]


def pairs_section(pairs: Sequence[Mapping[str, Any]]) -> Section | None:
    """The joint tables that are furthest off, side by side."""
    if not pairs:
        return None
    groups: list[Group] = []
    for index, pair in enumerate(pairs):
        first, second = pair["columns"]
        ceiling = pair.get("ceiling")
        beside = "" if ceiling is None else f" · real hold-out {number(ceiling)}"
        groups.append(
            Group(
                (joint(pair, index, "real"), joint(pair, index, "synthetic")),
                "two",
                f"{first} × {second}",
                f"Error {number(pair.get('error'))}{beside}",
            )
        )
    return Section(
        "pairs",
        "The worst pairs",
        "How often two values occur together. The stronger its colour, the larger a cell's share; both maps "
        "of a pair have one scale, so they should look alike.",
        groups=tuple(groups),
    )


def association_section(found: Mapping[str, Any]) -> Section | None:
    """How strongly every two columns go together, on both sides, and the difference."""
    names, real, fake = (found.get(key) or [] for key in ("names", "real", "synthetic"))
    if len(names) < 2 or not real or not fake:
        return None
    names = [str(name) for name in names]
    sides: tuple[tuple[Side, Matrix], ...] = (("real", real), ("synthetic", fake))
    of_sides = [
        _square(
            f"association-{side}",
            f"Heat map: association of every two of {len(names)} columns in the {side} data, from 0 to 1.",
            side.capitalize(),
            names,
            _heat(values, _SEQUENTIAL, (0.0, 1.0), ".2f", (names, names)),
            side,
        )
        for side, values in sides
    ]
    figures = (*of_sides, association_difference(names, real, fake))
    return Section(
        "association",
        "How columns depend on each other",
        "0: one column says nothing about the other; 1: it says all. In the third map orange means that "
        "the synthetic columns hang together more than the real ones, blue less.",
        groups=(Group(figures, "three"),),
        tables=(association_table(names, real, fake),),
    )


def joint(pair: Mapping[str, Any], index: int, side: Side) -> Figure:
    """How often two columns' values occur together, on one side; both sides share one scale.

    Args:
        pair: `columns`, `x_labels`, `y_labels`, and shares of `real` and `synthetic`, rows along y.
        index: Its place among the pairs.
        side: Which of the two.
    """
    across, down = pair["columns"]
    highest = max((cell for key in ("real", "synthetic") for row in pair[key] for cell in row), default=1.0)
    x_names, y_names = [str(x) for x in pair["x_labels"]], [str(y) for y in pair["y_labels"]]
    drawn = layout(name_axis(x_names, 14), name_axis(y_names, 16))
    drawn["xaxis"]["title"] = {"text": shortened(across, 40), "standoff": 10}
    drawn["yaxis"]["title"] = {"text": shortened(down, 40), "standoff": 10}
    return Figure(
        name=f"pair-{index}-{side}",
        label=f"Heat map: how often the values of {shortened(across, 60)} and {shortened(down, 60)} "
        f"occur together in the {side} data.",
        data=[_heat(pair[side], _SEQUENTIAL, (0.0, highest), ".1~%", (x_names, y_names))],
        layout=drawn,
        height_px=300,
        title=side.capitalize(),
        tone=side,
        numbers=_grid_numbers(f"Shares, {side}", f"{down} \\ {across}", x_names, y_names, pair[side]),
        is_still=False,
    )


def association_difference(names: Sequence[str], real: Matrix, fake: Matrix) -> Figure:
    """Synthetic minus real: orange where the synthetic columns hang together more, blue where less."""
    values = [
        [None if a is None or b is None else b - a for a, b in zip(*rows, strict=True)]
        for rows in zip(real, fake, strict=True)
    ]
    largest = max((abs(cell) for row in values for cell in row if cell is not None), default=0.0)
    reach = max(largest, 0.1)
    return _square(
        "association-difference",
        f"Heat map: synthetic minus real association; the largest difference is {number(largest)}.",
        "Synthetic − real",
        names,
        _heat(values, _DIVERGING, (-reach, reach), "+.2f", (names, names)),
        "",
    )


def association_table(names: Sequence[str], real: Matrix, fake: Matrix) -> Table:
    """The pairs whose association differs most, in numbers."""
    found = [
        (abs(b - a), f"{names[i]} × {names[j]}", a, b)
        for i in range(len(names))
        for j in range(i)
        if (a := real[i][j]) is not None and (b := fake[i][j]) is not None
    ]
    found.sort(key=lambda row: -row[0])
    rows = tuple((pair, number(a), number(b), number(b - a)) for _, pair, a, b in found[:_MOST_DIFFERENCES])
    return Table("The largest differences", ("Pair", "Real", "Synthetic", "Difference"), rows)


def _square(
    name: str,
    label: str,
    title: str,
    names: Sequence[str],
    heat: dict[str, Any],
    tone: Literal["", "real", "synthetic"],
) -> Figure:
    """A heat map with the same names on both sides; none where they are too many to read."""
    axes = [name_axis(names, 13) | {"tickangle": -90}, name_axis(names, 13, from_top=True)]
    for axis in axes:
        axis["showticklabels"] = len(names) <= _MOST_NAMES
        axis["tickfont"] = {"size": 10}
    return Figure(
        name=name,
        label=label,
        data=[heat],
        layout=layout(axes[0], axes[1]),
        height_px=340,
        title=title,
        tone=tone,
        is_still=False,
    )


def _heat(
    values: Matrix,
    scale: list[list[Any]],
    limits: tuple[float, float],
    tick_format: str,
    names: tuple[Sequence[str], Sequence[str]],
) -> dict[str, Any]:
    """Cells in colour, with their names along x and along y under the pointer."""
    across, down = ([shortened(name, 40) for name in side] for side in names)
    return {
        "type": "heatmap",
        "z": [rounded(row) for row in values],
        "zmin": limits[0],
        "zmax": limits[1] or 1.0,
        "colorscale": scale,
        "xgap": 1,
        "ygap": 1,
        "hovertext": [[f"{y} · {x}" for x in across] for y in down],
        "hovertemplate": f"%{{hovertext}}<br>%{{z:{tick_format}}}<extra></extra>",
        "colorbar": {
            "thickness": 8,
            "outlinewidth": 0,
            "tickformat": tick_format,
            "nticks": 4,
            "tickfont": {"size": 10},
            "len": 0.9,
            "xpad": 6,
        },
    }


def _grid_numbers(
    caption: str,
    corner: str,
    x_names: Sequence[str],
    y_names: Sequence[str],
    values: Sequence[Sequence[float]],
) -> Table | None:
    if not 0 < len(x_names) * len(y_names) <= _MOST_CELLS:
        return None
    rows = [(name, *map(percent, row)) for name, row in zip(y_names, values, strict=True)]
    return Table(caption, (corner, *x_names), tuple(rows))
