"""Whole records and the whole training: records as points in a plane, curves over what was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.figures.axes import layout, number_axis, rounded
from gansmith.report.parts import Figure
from gansmith.report.wording import number, percent, shortened

_MOST_POINTS: Final = 800


def projection(cloud: Mapping[str, Any]) -> Figure:
    """Records on the two directions in which the real ones vary most: rings real, triangles synthetic.

    Args:
        cloud: `real` and `synthetic` points, and the shares of variance `explained`.
    """
    shares = list(cloud.get("explained") or [])
    titles = [
        f"direction {place + 1}"
        + (f" ({percent(shares[place])} of the variance)" if place < len(shares) else "")
        for place in range(2)
    ]
    data = [
        _points(cloud["real"], "real", "circle-open", "@real"),
        _points(cloud["synthetic"], "synthetic", "triangle-up-open", "@synthetic"),
    ]
    return Figure(
        name="projection",
        label="Real and synthetic records as points on the two directions in which real records vary most.",
        data=data,
        layout=layout(number_axis(titles[0], has_grid=True), number_axis(titles[1], has_grid=True)),
        height_px=440,
    )


def curve(seen: Sequence[float], name: str, values: Sequence[float | None], index: int) -> Figure:
    """One measured number over the samples seen in training."""
    known = [value for value in values if value is not None]
    ends = f" It ends at {number(known[-1])}." if known else ""
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": list(seen),
        "y": rounded(values),
        "line": {"width": 1.8, "color": "@accent"},
        "hovertemplate": "%{y:.4~g} after %{x:,} samples<extra></extra>",
    }
    return Figure(
        name=f"training-{index}",
        label=f"{shortened(name, 80)} over the samples seen in training.{ends}",
        data=[line],
        layout=layout(number_axis("samples seen", tick_format="~s"), number_axis(has_grid=True)),
        height_px=190,
        title=name,
        is_still=False,
    )


def _points(points: Sequence[Sequence[float]], name: str, symbol: str, colour: str) -> dict[str, Any]:
    """At most `_MOST_POINTS` of them, evenly picked: more hide each other and slow the page."""
    picked = points[:: max(1, math.ceil(len(points) / _MOST_POINTS))]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": rounded(point[0] for point in picked),
        "y": rounded(point[1] for point in picked),
        "opacity": 0.6,
        "marker": {"size": 5, "symbol": symbol, "color": colour, "line": {"width": 1, "color": colour}},
        "hoverinfo": "skip",
    }
