"""The page of a search for odd records: how scores lie, the oddest, other methods, what has moved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from gansmith.report.frame import framed, write_page
from gansmith.report.measured import whiskers
from gansmith.report.parts import Figure, Group, Section, Table, layout, name_axis, number_axis, rounded
from gansmith.report.pictures import WIDE_PX, picture
from gansmith.report.stretches import stretches_section
from gansmith.report.wording import amount, counted, interval, number, one_in, percent, shortened

Report = Mapping[str, Any]

CONFIDENT: Final = 1.96
"""Standard errors to either side of a number, for an interval of 95 %."""
_MOST_BINS: Final = 60
"""Whose numbers stand below the drawing."""
_MOST_CELLS: Final = 40
"""Of a record; its odd ones come first."""
_GROUND: Final = 0.5
"""Of an axis of counts in powers of ten: one record is still seen."""
_OURS: Final = "gansmith"
_EVIDENCE: Final = {
    "contrast": ("Contrast", "a discriminator takes it for a perturbed record"),
    "margins": ("Single parts", "parts of it are rare by themselves"),
    "reconstruction": ("Reconstruction", "the generator cannot reproduce it"),
    "surprise": ("Surprise", "a stretch of it is unlikely after what came before"),
    "features": ("Features", "far from usual records in what the model's discriminator looks at"),
}
"""Kinds of evidence: a name, and what it says of a record."""
_SPELT: Final = {"ecod": "ECOD", "pca": "PCA", _OURS: "Gansmith"}
_FOOTER: Final = "An odd record need not be a wrong one: each is for a person to look at."


def render_oddities(report: Report) -> str:
    """The whole page as text.

    Args:
        report: Plain values only: `title`, `name`, `sentence`, `threshold`, `contamination`, `histogram`,
            `oddest`, `methods`, `prevalence`, `drift`, `galleries`, `notes`, `made`, `holds_real_records`.
            What is missing or empty is left out of the page.

    Returns:
        HTML that opens from a file, without network, under a policy that runs our own script alone.
    """
    sections = [
        scores_section(report.get("histogram") or {}, report.get("threshold"), report.get("contamination")),
        oddest_section(report.get("oddest") or [], report.get("galleries") or []),
        stretches_section(report.get("oddest") or []),
        methods_section(report.get("methods") or [], report.get("prevalence")),
        drift_section(report.get("drift") or {}),
    ]
    values = {
        "kicker": "Gansmith search for odd records",
        "title": str(report.get("title") or "Odd records"),
        "lead": [str(report["sentence"]), _meaning(report)] if report.get("sentence") else [],
        "footer": _FOOTER,
    }
    return framed(report, values, [section for section in sections if section is not None])


def write_oddities(report: Report, path: Path) -> None:
    """Write the page and, beside it, the same dict as JSON; both whole or neither.

    Args:
        report: As for `render_oddities`.
        path: Of the page; `.html` is added where it is missing. The twin ends in `.json`.

    Raises:
        UsageError: When the report holds a number that is not finite.
        DataError: When a file cannot be written.
    """
    write_page(render_oddities(report), report, path)


def _meaning(report: Report) -> str:
    """What a score is, and how often a usual record scores as high as an odd one."""
    said = (
        "A score sums up several kinds of evidence, each in nats: minus the logarithm of the chance that a "
        "usual record is as odd, so 0 is as usual as can be; what is extreme of one kind counts for less."
    )
    threshold, share = report.get("threshold"), report.get("contamination")
    if threshold is None:
        return said
    often = f", as {one_in(share)} usual records does" if share else ""
    return f"{said} Odd is what scores more than {_nats(threshold)}{often}."


# --- Scores -------------------------------------------------------------------------------------------------


def scores_section(
    histogram: Mapping[str, Any], threshold: float | None, contamination: float | None
) -> Section | None:
    """How the scores of the records lie, beside those of usual ones."""
    if not any(histogram.get("searched") or []):
        return None
    allowed = (
        f" By this threshold {percent(contamination)} of usual records are odd, too." if contamination else ""
    )
    return Section(
        "distribution",
        "All scores",
        "How many records have each score, on a logarithmic axis. The line is what as many usual records "
        f"would score: bars that rise above it are more than chance.{allowed}",
        groups=(Group((distribution(histogram, threshold),), "one"),),
    )


def distribution(histogram: Mapping[str, Any], threshold: float | None) -> Figure:
    """Bars: how many records have each score; a line: how many usual ones would; the threshold.

    Args:
        histogram: `edges` in nats; `searched`, counts between them; `usual`, shares of usual records.
        threshold: Beyond it a record is odd.
    """
    edges: list[float] = list(histogram["edges"])
    counts: list[int] = list(histogram["searched"])
    expected = [share * sum(counts) for share in histogram.get("usual") or []]
    is_odd = [threshold is not None and low >= threshold for low in edges[:-1]]
    data = [_bars(edges, counts, [not odd for odd in is_odd], "searched records", "@heat1")]
    if any(count for count, odd in zip(counts, is_odd, strict=True) if odd):
        data.append(_bars(edges, counts, is_odd, "odd records", "@accent"))
    if expected:
        data.append(_outline(edges, expected))
    highest = 2 * max([*counts, *expected])
    if threshold is not None:
        data.append(_upright(threshold, highest))
    upwards = number_axis("records", tick_format=",d", has_grid=True) | {
        "type": "log",
        "dtick": 1,
        "range": [math.log10(_GROUND), math.log10(highest)],
    }
    drawn = layout(number_axis("score, nats"), upwards, top=34) | {"barmode": "overlay", "showlegend": True}
    drawn["legend"] = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    rows = tuple(
        (f"{amount(low)} to {amount(high)}", f"{count:,}", *([number(expected[place])] if expected else []))
        for place, ((low, high), count) in enumerate(zip(pairwise(edges), counts, strict=True))
    )
    head = ("From … to", "Records", *(("As many usual ones",) if expected else ()))
    said = "" if threshold is None else f" The threshold is {_nats(threshold)}."
    return Figure(
        name="distribution",
        label=f"Scores of {sum(counts):,} records in nats, beside those of usual ones.{said}",
        data=data,
        layout=drawn,
        height_px=340,
        numbers=Table("Records by score, nats", head, rows) if len(rows) <= _MOST_BINS else None,
        is_still=False,
    )


def _bars(
    edges: Sequence[float], counts: Sequence[int], is_shown: Sequence[bool], name: str, colour: str
) -> dict[str, Any]:
    """Some of the bins, each as wide as it is."""
    kept = [
        (low, high, count)
        for (low, high), count, shown in zip(pairwise(edges), counts, is_shown, strict=True)
        if shown and count
    ]
    return {
        "type": "bar",
        "name": name,
        "x": rounded((low + high) / 2 for low, high, _ in kept),
        "y": [count for _, _, count in kept],
        "width": rounded(0.92 * (high - low) for low, high, _ in kept),
        "marker": {"color": colour},
        "hovertemplate": f"%{{y:,}} with a score of some %{{x:.3~g}}<extra>{name}</extra>",
    }


def _outline(edges: Sequence[float], expected: Sequence[float]) -> dict[str, Any]:
    heights = rounded(max(count, _GROUND) for count in expected)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "as many usual ones",
        "x": [edges[0], *edges],
        "y": [_GROUND, *heights, _GROUND],
        "line": {"shape": "hv", "width": 2, "color": "@ink"},
        "hoverinfo": "skip",
    }


def _upright(threshold: float, highest: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"threshold, {_nats(threshold)}",
        "x": [threshold, threshold],
        "y": [_GROUND, highest],
        "line": {"width": 2, "dash": "dash", "color": "@faint"},
        "hoverinfo": "skip",
    }


# --- The oddest ---------------------------------------------------------------------------------------------


def oddest_section(
    oddest: Sequence[Mapping[str, Any]], galleries: Sequence[Mapping[str, Any]]
) -> Section | None:
    """The oddest records: how odd, why, by which evidence, beside the nearest usual one."""
    pictures = tuple(one for found in galleries if (one := picture(found, WIDE_PX)))
    if not oddest and not pictures:
        return None
    return Section(
        "oddest",
        "The oddest",
        "The highest scores first, each with how many usual records are as odd. Open a line to see the "
        "evidence.",
        groups=(Group((), "one", pictures=pictures),) if pictures else (),
        records=_records(oddest),
        warning="For the data owner, not for publication: this part shows records as they are.",
    )


def _records(oddest: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Records in finished words; the bars of all on one scale."""
    nats = [value for record in oddest for value in (record.get("evidence") or {}).values()]
    longest = max(nats, default=0.0) or 1.0
    return tuple(
        {
            "record": f"{record['record']:,}",
            "name": shortened(str(record.get("name") or ""), 60),
            "score": _nats(record["score"]),
            "chance": one_in(record["chance"]),
            "is_odd": bool(record["is_odd"]),
            "label": shortened(f"label {record['label']}", 30) if record.get("label") else "",
            "reason": str(record.get("reason") or ""),
            "evidence": _evidence(record.get("evidence") or {}, longest),
            **_cells(record),
        }
        for record in oddest
    )


def _evidence(found: Mapping[str, float], longest: float) -> list[dict[str, Any]]:
    """Kinds of evidence, the strongest first, as bars of lengths to 100."""
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return [
        {
            "name": name,
            "meaning": meaning,
            "value": _nats(nats),
            "share": round(100 * max(0.0, nats) / longest, 1),
        }
        for kind, nats in ranked
        for name, meaning in [_EVIDENCE.get(kind, (_spelt(kind), ""))]
    ]


def _cells(record: Mapping[str, Any]) -> dict[str, Any]:
    """Cells beside those of a usual record, the odd ones first."""
    cells: Mapping[str, Any] = record.get("cells") or {}
    odd, usual = list(record.get("odd_cells") or []), record.get("neighbour") or {}
    names = [*(name for name in odd if name in cells), *(name for name in cells if name not in odd)]
    n_more = len(names[_MOST_CELLS:])
    return {
        "cells": [
            {
                "name": name,
                "value": shortened(str(cells[name]), 200),
                "usual": shortened(str(usual.get(name, "")), 200),
                "is_odd": name in odd,
            }
            for name in names[:_MOST_CELLS]
        ],
        "n_more": f"And {counted(n_more, 'more column', 'more columns')}, not odd." if n_more else "",
    }


# --- Other methods, and what has moved ----------------------------------------------------------------------


def methods_section(methods: Sequence[Mapping[str, Any]], prevalence: float | None) -> Section | None:
    """How well each method finds the odd records, where they are known."""
    measured = sorted(
        (one for one in methods if one.get("auroc") is not None), key=lambda one: -float(one["auroc"])
    )
    if not measured:
        return None
    guessed = ""
    if prevalence is not None:
        guessed = f" {percent(prevalence)} of all records are odd: the average precision of guessing."
    rows = tuple(
        (
            _spelt(one["name"]),
            _with_error(one["auroc"], one.get("error")),
            interval(_ends(one)),
            number(one.get("average_precision")),
        )
        for one in measured
    )
    return Section(
        "methods",
        "Compared with other methods",
        "Which records are odd is known here. AUROC is the chance that an odd record scores above a usual "
        f"one, 0.5 by guessing; the whiskers are intervals of 95%.{guessed}",
        groups=(Group((aurocs(measured),), "one"),),
        tables=(Table("All methods", ("Method", "AUROC", "Interval", "Average precision"), rows),),
    )


def aurocs(methods: Sequence[Mapping[str, Any]]) -> Figure:
    """Dots with whiskers: how well each method tells odd from usual records; ours in colour."""
    names = [_spelt(one["name"]) for one in methods]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(one["auroc"] for one in methods),
        "y": list(range(len(methods))),
        "marker": {
            "size": 11,
            "color": ["@accent" if one["name"] == _OURS else "@grey" for one in methods],
            "symbol": ["diamond" if one["name"] == _OURS else "circle" for one in methods],
        },
        "error_x": whiskers([{"value": one["auroc"], **_ends(one)} for one in methods]),
    }
    said = [f"{name} {number(one['auroc'])}" for name, one in zip(names, methods, strict=True)]
    return Figure(
        name="methods",
        label=f"AUROC of methods with their intervals: {', '.join(said)}.",
        data=[dots],
        layout=layout(number_axis("AUROC", has_grid=True), name_axis(names, 26, from_top=True)),
        height_px=72 + 30 * len(methods),
    )


def drift_section(drift: Mapping[str, Any]) -> Section | None:
    """Which parts of records have moved since other data."""
    if not drift:
        return None
    other, parts = str(drift.get("other") or "other data"), drift.get("parts") or []
    rows = tuple(
        (
            str(part["name"]),
            number(part.get("effect")),
            _by_chance(part.get("chance")),
            str(part.get("words") or ""),
        )
        for part in parts
    )
    head = ("Part", "Effect", "By chance", "What has changed")
    return Section(
        "drift",
        f"Compared with {shortened(other, 60)}",
        str(drift.get("sentence") or ""),
        tables=(Table("Parts that have changed, the largest effect first", head, rows),) if rows else (),
    )


def _nats(value: float) -> str:
    """To one decimal: a tenth of a nat is a tenth of the chance."""
    return number(value, 1.0)


def _with_error(value: float, error: float | None) -> str:
    return f"{number(value, error)} ± {number(error, error)}" if error else number(value)


def _ends(one: Mapping[str, Any]) -> dict[str, Any]:
    """The interval of a number with its standard error; none where that is not known."""
    error = one.get("error")
    reach = None if error is None else CONFIDENT * error
    return {
        "low": None if reach is None else max(0.0, one["auroc"] - reach),
        "high": None if reach is None else min(1.0, one["auroc"] + reach),
    }


def _by_chance(chance: float | None) -> str:
    return number(None) if chance is None else one_in(chance)


def _spelt(name: str) -> str:
    """`isolation_forest` as a reader's words."""
    words = str(name).replace("_", " ")
    return _SPELT.get(str(name), words[:1].upper() + words[1:])
