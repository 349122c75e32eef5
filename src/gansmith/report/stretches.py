"""Odd records along their steps: curves in which the odd stretch is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.parts import Figure, Group, Section, layout, number_axis, rounded
from gansmith.report.wording import shortened

N_DRAWN: Final = 8
"""Records, the oddest ones."""
MAX_CURVES: Final = 2
"""Of each."""
_HEIGHT_PX: Final = 150


def stretches_section(oddest: Sequence[Mapping[str, Any]]) -> Section | None:
    """The oddest records that have an odd stretch, each as curves with this marked.

    Args:
        oddest: `record`, `name`, `curves` by name (values, None where missing), `begin` (the step that curves
            begin with, from 1) and `stretch` (the first and the last odd step, from 1).
    """
    drawn = [one for one in oddest if one.get("stretch") and one.get("curves")][:N_DRAWN]
    figures = [
        _curve(one, name, values, turn)
        for one in drawn
        for turn, (name, values) in enumerate(list(one["curves"].items())[:MAX_CURVES])
    ]
    if not figures:
        return None
    return Section(
        "stretches",
        "Odd stretches",
        "The oddest records step by step. What is unlikely after what came before is in colour.",
        groups=(Group(tuple(figures), "two"),),
        warning="For the data owner, not for publication: this part shows records as they are.",
    )


def _curve(one: Mapping[str, Any], name: str, values: Sequence[float | None], turn: int) -> Figure:
    begin, (first, last) = int(one["begin"]), one["stretch"]
    steps = list(range(begin, begin + len(values)))
    called = str(one.get("name") or f"record {one['record']:,}")
    odd = [value if first - 1 <= step <= last else None for step, value in zip(steps, values, strict=True)]
    data = [_line(steps, values, "@grey", 1.5), _line(steps, odd, "@accent", 2.5)]
    return Figure(
        name=f"stretch-{one['record']}-{turn}",
        label=f"{name} of {called} by step; steps {first:,} to {last:,} are marked.",
        data=data,
        layout=layout(number_axis("step"), number_axis("", has_grid=True)),
        height_px=_HEIGHT_PX,
        title=shortened(called, 40),
        subtitle=shortened(name, 40),
    )


def _line(steps: Sequence[int], values: Sequence[float | None], colour: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(steps),
        "y": rounded(values),
        "line": {"width": width, "color": colour},
        "hoverinfo": "skip",
    }
