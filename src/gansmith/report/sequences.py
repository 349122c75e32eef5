"""Sections on series, real against synthetic: how they run, remember, follow each other, and what is off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.columns import marginal
from gansmith.report.parts import Figure, Group, Section, Table, layout, name_axis, number_axis, rounded
from gansmith.report.wording import number, percent, shortened

_REAL: Final = "real"
_SYNTHETIC: Final = "synthetic"
_HEIGHT_PX: Final = 230
_MOST_ROWS: Final = 60

Shown = Mapping[str, Any]


def sequences_sections(shown: Shown, real_series: Sequence[Shown]) -> list[Section]:
    """Everything that is drawn of series alone.

    Args:
        shown: `fans`, `examples`, `autocorrelation`, `spectra`, `histograms`, `transitions`, `differences`.
        real_series: Examples of real series, where they may be shown.
    """
    made = (
        differences_section(shown.get("differences") or []),
        fans_section(shown.get("fans") or []),
        examples_section(shown.get("examples") or [], real_series),
        curves_section(shown.get("autocorrelation") or [], shown.get("spectra") or []),
        histograms_section(shown.get("histograms") or []),
        transitions_section(shown.get("transitions") or []),
    )
    return [section for section in made if section is not None]


def differences_section(found: Sequence[Shown]) -> Section | None:
    """What is surely not as in real series."""
    if not found:
        return None
    words = [str(one["words"]) for one in found]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": rounded(one["effect"] for one in found),
        "y": list(range(len(found))),
        "marker": {"color": "@accent"},
    }
    across = number_axis("series that would have to change", tick_format=".0~%", has_grid=True)
    figure = Figure(
        name="series-differences",
        label="Bars: what of series is surely not as in real ones, and of how many series.",
        data=[bars],
        layout=layout(across | {"rangemode": "tozero"}, name_axis(words, 48, from_top=True)),
        height_px=64 + 24 * len(found),
        numbers=Table(
            "Share of the series that would have to change",
            ("What", "Share"),
            tuple((text, percent(one["effect"])) for text, one in zip(words, found, strict=True)),
        ),
    )
    return Section(
        "differences",
        "What is not as in real series",
        "Each series is described by numbers: length, gaps, levels, memory, changes, categories. These "
        "differ from real ones beyond chance, the furthest off first.",
        groups=(Group((figure,), "one"),),
    )


def fans_section(fans: Sequence[Shown]) -> Section | None:
    """Quantiles by step or by hour."""
    figures = tuple(fan(one, index) for index, one in enumerate(fans))
    if not figures:
        return None
    return Section(
        "fans",
        "Over time",
        "Nine in ten series lie below the upper line, half below the middle one, one in ten below the lower "
        "one. Synthetic lines should lie on real ones.",
        groups=(Group(figures, "two"),),
        legend="lines",
    )


def fan(shown: Shown, index: int) -> Figure:
    """Three lines of each side: low, middle and high values of series.

    Args:
        shown: `name`, `axis`, `places`, and of `real` and `synthetic` the lines `low`, `middle`, `high`.
        index: Its place among the measures.
    """
    places = list(shown["places"])
    data = [
        _line(places, shown[side][level], side, width=2 if level == "middle" else 1)
        for side in (_REAL, _SYNTHETIC)
        for level in ("low", "middle", "high")
    ]
    axis = "hour of the day" if shown["axis"] == "hour" else "step"
    return Figure(
        name=f"fan-{index}",
        label=f"Low, middle and high values of {shortened(str(shown['name']), 60)} by {axis}, real against "
        "synthetic.",
        data=data,
        layout=layout(number_axis(axis), number_axis(has_grid=True)),
        height_px=_HEIGHT_PX,
        title=str(shown["name"]),
        is_still=False,
    )


def examples_section(synthetic: Sequence[Shown], real: Sequence[Shown]) -> Section | None:
    """Some series as they are, those of real data where they may be shown."""
    figures = tuple(
        _example(one, f"example-{one['side']}-{index}")
        for index, one in enumerate([*synthetic, *real])
        if any(any(value is not None for value in line) for line in one["lines"])
    )
    if not figures:
        return None
    said = "Some series, each a line." if real else "Some synthetic series, each a line."
    warning = (
        "For the data owner, not for publication: this part shows series of the real data." if real else ""
    )
    return Section("examples", "Some series", said, groups=(Group(figures, "two"),), warning=warning)


def _example(shown: Shown, name: str) -> Figure:
    side, lines = str(shown["side"]), list(shown["lines"])
    styles = ("solid", "dash", "dot", "solid")
    data = [
        _line(list(range(len(line))), line, side, dash=style)
        for line, style in zip(lines, styles, strict=False)
    ]
    return Figure(
        name=name,
        label=f"{len(lines)} {side} series of {shortened(str(shown['name']), 60)}, step by step.",
        data=data,
        layout=layout(number_axis("step"), number_axis(has_grid=True)),
        height_px=_HEIGHT_PX,
        title=str(shown["name"]),
        subtitle=side,
        tone="real" if side == _REAL else "synthetic",
    )


def curves_section(memory: Sequence[Shown], spectra: Sequence[Shown]) -> Section | None:
    """Autocorrelations by lag, and spectra."""
    first = tuple(curve(one, f"memory-{index}", "lag, steps") for index, one in enumerate(memory))
    second = tuple(
        curve(one, f"spectrum-{index}", "band, from slow to fast") for index, one in enumerate(spectra)
    )
    groups = [
        Group(figures, "two", title, subtitle)
        for figures, title, subtitle in (
            (first, "Autocorrelation", "mean of all series"),
            (second, "Spectrum, dB", "power of waves, of series of variance 1"),
        )
        if figures
    ]
    if not groups:
        return None
    return Section(
        "memory",
        "Memory and waves",
        "How much a step says of those after it, and how strong slow and fast waves are. A synthetic line "
        "that falls too early forgets; one that stays too low at the right of the spectrum is too smooth.",
        groups=tuple(groups),
        legend="lines",
    )


def curve(shown: Shown, name: str, axis: str) -> Figure:
    """Two lines over lags or bands.

    Args:
        shown: `name`, `places` in words, and `real` and `synthetic` numbers.
        name: Of the figure.
        axis: What is along it.
    """
    real, fake = list(shown[_REAL]), list(shown[_SYNTHETIC])
    numbers = list(range(1, len(real) + 1))
    rows = [
        (str(place), number(a), number(b)) for place, a, b in zip(shown["places"], real, fake, strict=True)
    ]
    return Figure(
        name=name,
        label=f"{shortened(str(shown['name']), 60)} over {axis}, real against synthetic.",
        data=[_line(numbers, real, _REAL), _line(numbers, fake, _SYNTHETIC, dash="dash")],
        layout=layout(number_axis(axis), number_axis(has_grid=True)),
        height_px=_HEIGHT_PX,
        title=str(shown["name"]),
        numbers=Table(axis.capitalize(), ("At", "Real", "Synthetic"), tuple(rows[:_MOST_ROWS])),
        is_still=False,
    )


def histograms_section(found: Sequence[Shown]) -> Section | None:
    """Lengths and gaps."""
    figures = tuple(_histogram(one, index) for index, one in enumerate(found))
    if not figures:
        return None
    return Section(
        "lengths",
        "Lengths and gaps",
        "How long series are, and how much time lies between their steps.",
        groups=(Group(figures, "two"),),
        legend="areas",
    )


def _histogram(shown: Shown, index: int) -> Figure:
    figure = marginal(shown, index)
    return Figure(
        name=f"length-{index}",
        label=f"Shares of {shortened(str(shown['name']), 80)}, real against synthetic.",
        data=figure.data,
        layout=figure.layout,
        height_px=figure.height_px,
        title=figure.title,
        numbers=figure.numbers,
        is_still=False,
    )


def transitions_section(found: Sequence[Shown]) -> Section | None:
    """Which category follows which."""
    figures = tuple(
        transitions(one, side, f"transitions-{side}-{index}")
        for index, one in enumerate(found)
        for side in (_REAL, _SYNTHETIC)
    )
    if not figures:
        return None
    return Section(
        "transitions",
        "What follows what",
        "Of the steps at the category at the left, the share that the next step goes to. Both tables should "
        "be alike. Where there is no field, too few real series go this way.",
        groups=(Group(figures, "two"),),
    )


def transitions(shown: Shown, side: str, name: str) -> Figure:
    """A field for each pair of categories, the darker the oftener.

    Args:
        shown: `name`, `labels`, and `real` and `synthetic` shares, rows from, columns to.
        side: Which of the two.
        name: Of the figure.
    """
    labels = [str(label) for label in shown["labels"]]
    field = {
        "type": "heatmap",
        "z": [rounded(row) for row in shown[side]],
        "zmin": 0.0,
        "zmax": 1.0,
        "colorscale": [[0, "@heat0"], [1, "@heat1"]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{z:.1%}",
    }
    rows = tuple(
        (label, *(percent(share) for share in row)) for label, row in zip(labels, shown[side], strict=True)
    )
    return Figure(
        name=name,
        label=f"Which category of {shortened(str(shown['name']), 60)} follows which, {side} series.",
        data=[field],
        layout=layout(name_axis(labels, 12), name_axis(labels, 16, from_top=True)),
        height_px=60 + 30 * len(labels),
        title=str(shown["name"]),
        subtitle=side,
        tone="real" if side == _REAL else "synthetic",
        numbers=Table("Share that goes to", ("From", *labels), rows),
    )


def _line(
    places: Sequence[Any], values: Sequence[float | None], side: str, *, dash: str = "", width: float = 1.6
) -> dict[str, Any]:
    style = dash or ("solid" if side == _REAL else "dash")
    return {
        "type": "scatter",
        "mode": "lines",
        "name": side,
        "x": list(places),
        "y": rounded(values),
        "line": {"width": width, "color": f"@{side}", "dash": style},
        "hovertemplate": f"%{{y:.3~g}}<extra>{side}</extra>",
    }
