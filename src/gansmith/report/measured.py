"""Sections on what was measured: giveaways, usefulness, risks, the training; and on records as points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.parts import Figure, Group, Section, Table, layout, name_axis, number_axis, rounded
from gansmith.report.pictures import THIRD_PX, picture
from gansmith.report.wording import interval, number, percent, shortened

_MOST_POINTS: Final = 800
_COLOURS: Final = {
    "trained on synthetic": "@synthetic",
    "trained on real": "@real",
    "trained on both": "@accent",
    "independent parts": "@grey",
}


def giveaways_section(found: Mapping[str, Any]) -> Section | None:
    """The columns and the pairs by which a classifier told synthetic from real."""
    kinds = {
        "columns": ("columns", "share of the decision"),
        "pairs": ("pairs of columns", "gain as a pair"),
    }
    figures = tuple(giveaways(name, found[name], *words) for name, words in kinds.items() if found.get(name))
    if not figures:
        return None
    return Section(
        "giveaways",
        "How synthetic records are recognised",
        "A classifier was trained to tell synthetic from real records. These columns and pairs helped it "
        "most: look there first.",
        groups=(Group(figures, "two"),),
    )


def giveaways(name: str, gains: Mapping[str, float], what: str, axis: str) -> Figure:
    """Bars: by what a classifier told synthetic from real, the strongest first."""
    ranked = sorted(gains.items(), key=lambda item: -item[1])[:12]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": rounded(gain for _, gain in ranked),
        "y": list(range(len(ranked))),
        "marker": {"color": "@accent"},
    }
    tick_format, shown = (".0~%", percent) if axis.startswith("share") else ("", number)
    across = number_axis(axis, tick_format=tick_format, has_grid=True) | {"rangemode": "tozero"}
    rows = tuple((text, shown(gain)) for text, gain in ranked)
    return Figure(
        name=f"giveaway-{name}",
        label=f"Bars: the {what} by which a classifier tells synthetic from real records.",
        data=[bars],
        layout=layout(across, name_axis([text for text, _ in ranked], 26, from_top=True)),
        height_px=64 + 24 * len(ranked),
        numbers=Table(axis.capitalize(), ("By", "Value"), rows),
    )


def usefulness_section(contests: Sequence[Mapping[str, Any]]) -> Section | None:
    """What models learnt, for each target."""
    figures = tuple(usefulness(contest, index) for index, contest in enumerate(contests))
    if not figures:
        return None
    return Section(
        "usefulness",
        "How useful it is",
        "A model learns to predict a column and is tested on real records that nobody saw. Trained on "
        "synthetic records it should be nearly as good as trained on real ones. The whiskers are intervals.",
        groups=(Group(figures, "two"),),
    )


def usefulness(contest: Mapping[str, Any], index: int) -> Figure:
    """Bars with intervals: how well a model predicts real records, by what it was trained on.

    Args:
        contest: `target`, `unit`, and `results`, each with `value`, `low`, `high`.
        index: Its place among the targets.
    """
    results: Mapping[str, Mapping[str, Any]] = contest["results"]
    kept = {name: result for name, result in results.items() if result.get("value") is not None}
    target, unit = str(contest["target"]), str(contest["unit"])
    base = 0.5 if unit == "AUC" else 0.0
    bars = {
        "type": "bar",
        "orientation": "h",
        "base": base,
        "x": rounded(result["value"] - base for result in kept.values()),
        "y": list(range(len(kept))),
        "marker": {"color": [_COLOURS.get(name, "@grey") for name in kept]},
        "error_x": whiskers(list(kept.values())),
    }
    title = "AUC (0.5 is guessing)" if unit == "AUC" else unit
    rows = tuple((name, number(result["value"]), interval(result)) for name, result in kept.items())
    return Figure(
        name=f"useful-{index}",
        label=f"{unit} of models that predict {shortened(target, 60)}: "
        + ", ".join(f"{name} {value}" for name, value, _ in rows)
        + ".",
        data=[bars],
        layout=layout(number_axis(title, has_grid=True), name_axis(list(kept), 26, from_top=True)),
        height_px=72 + 30 * len(kept),
        title=target,
        numbers=Table(unit, ("Model", unit, "Interval"), rows),
    )


def groups_section(rows: Sequence[Mapping[str, Any]]) -> Section | None:
    """Each group of records: how useful the synthetic data is for it, and what it tells of its people."""
    if not rows:
        return None
    unit, label = str(rows[0]["unit"]), shortened(str(rows[0]["share_of"]), 40)
    head = (
        "Group", "Real records", "Synthetic", f"{label}: real", "Synthetic",
        f"{unit}, trained on real", f"{unit}, on synthetic", "Risk", "Interval",
    )  # fmt: skip
    shown = tuple(
        (
            str(row["group"]),
            *(f"{row[side]:,}" for side in ("real", "synthetic")),
            *(percent(row[share]) for share in ("share_real", "share_synthetic")),
            *(number(row[skill]) for skill in ("trtr", "tstr")),
            percent(row.get("risk")),
            interval(row, percent),
        )
        for row in rows
    )
    return Section(
        "groups",
        "Groups of records",
        "The largest groups, and those that differ most. The target should be as frequent in each as in real "
        "records, and models trained on synthetic records should predict it as well for each. The risk "
        "is that the target of somebody in the training data is guessed from the other columns, beyond what "
        "the same guess reaches for people who were never in it; the intervals hold together.",
        tables=(Table("Usefulness and disclosure by group", head, shown),),
    )


def risks_section(attacks: Sequence[Mapping[str, Any]]) -> Section | None:
    """What attacks reached."""
    if not attacks:
        return None
    measured = [attack for attack in attacks if attack.get("value") is not None]
    head = ("Attack", "Risk", "Interval", "On training records", "On control records", "By guessing", "Note")
    rows = tuple(
        (
            str(attack["name"]),
            percent(attack.get("value")),
            interval(attack, percent),
            *(percent(attack.get(rate)) for rate in ("main", "control", "baseline")),
            str(attack.get("caveat") or ""),
        )
        for attack in attacks
    )
    return Section(
        "risks",
        "Privacy risks",
        "Each attack guesses something about people of the training data, about people who were never in it "
        "(control) and without the synthetic data (guessing). The risk is what remains above the control. "
        "A low risk means that these attacks found little, not that no attack can.",
        groups=(Group((risks(measured),), "one"),) if measured else (),
        tables=(Table("Risks and the success rates of the attacks", head, rows),),
    )


def risks(attacks: Sequence[Mapping[str, Any]]) -> Figure:
    """Dots with whiskers: each attack's risk, the share of people that only the training gave away."""
    names = [str(attack["name"]) for attack in attacks]
    places = list(range(len(attacks)))
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(attack["value"] for attack in attacks),
        "y": places,
        "marker": {"size": 11, "symbol": "circle", "color": "@synthetic"},
        "error_x": whiskers(attacks),
    }
    across = number_axis("risk", tick_format=".0~%", has_grid=True) | {"rangemode": "tozero"}
    said = [f"{name} {percent(attack['value'])}" for name, attack in zip(names, attacks, strict=True)]
    return Figure(
        name="risks",
        label=f"Privacy risks with their intervals: {', '.join(said)}.",
        data=[dots],
        layout=layout(across, name_axis(names, 26, from_top=True)),
        height_px=72 + 34 * len(attacks),
    )


def whiskers(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """From a value to both ends of its interval; no whisker where an end is not known."""
    ends = [(result["value"], result.get("low"), result.get("high")) for result in results]
    return {
        "type": "data",
        "symmetric": False,
        "array": rounded(max(0.0, high - value) if high is not None else 0.0 for value, _, high in ends),
        "arrayminus": rounded(max(0.0, value - low) if low is not None else 0.0 for value, low, _ in ends),
        "color": "@ink",
        "thickness": 1.5,
        "width": 5,
    }


def projection_section(cloud: Mapping[str, Any]) -> Section | None:
    """Both kinds of records as one cloud."""
    ground = cloud.get("ground")
    if not (cloud.get("real") or ground) or not cloud.get("synthetic"):
        return None
    if ground:
        return Section(
            "projection",
            "All records in one plane",
            "Each mark is a synthetic record; the darker a field, the more real records lie in it. Both "
            "should cover the same ground: a field without marks is something that the model misses. Where "
            f"there is no field, there are fewer than {ground['fewer_than']} real records.",
            groups=(Group((projection(cloud),), "one"),),
            legend="ground",
        )
    return Section(
        "projection",
        "All records in one plane",
        "Each mark is a record. Both kinds should cover the same ground: real marks alone are something "
        "that the model misses, synthetic ones alone something that it invents.",
        groups=(Group((projection(cloud),), "one"),),
        legend="clouds",
    )


def projection(cloud: Mapping[str, Any]) -> Figure:
    """Records on the two directions in which the real ones vary most: rings real, triangles synthetic.

    Args:
        cloud: `real` and `synthetic` points, and the shares of variance `explained`; in place of real points
            perhaps the `ground` that they cover: `x_edges`, `y_edges`, `shares`, rows along y.
    """
    shares = list(cloud.get("explained") or [])
    titles = [
        f"direction {place + 1}"
        + (f" ({percent(shares[place])} of the variance)" if place < len(shares) else "")
        for place in range(2)
    ]
    real = cloud.get("ground")
    data = [
        _ground(real) if real else _points(cloud["real"], "real", "circle-open", "@real"),
        _points(cloud["synthetic"], "synthetic", "triangle-up-open", "@synthetic"),
    ]
    return Figure(
        name="projection",
        label="Real and synthetic records as points on the two directions in which real records vary most.",
        data=data,
        layout=layout(number_axis(titles[0], has_grid=True), number_axis(titles[1], has_grid=True)),
        height_px=440,
    )


def neighbours_section(found: Mapping[str, Any]) -> Section | None:
    """Records that lie nearest to a training record, cell by cell."""
    return _side_by_side(
        found,
        "neighbours",
        "Nearest neighbours",
        "The synthetic records that lie nearest to a training record, each above that record. Cells that are "
        "equal are marked with “=”. Equal cells alone are no leak: common people have much in common.",
    )


def unusual_section(found: Mapping[str, Any]) -> Section | None:
    """Unusual training records with a synthetic one right beside them, cell by cell."""
    return _side_by_side(
        found,
        "unusual",
        "Unusual records with a synthetic one beside them",
        "Of the most unusual training records those that have a synthetic record less than a third as far as "
        "the nearest other real record. One of them may be so by chance; who is unusual is recognised first.",
    )


def _side_by_side(found: Mapping[str, Any], anchor: str, title: str, said: str) -> Section | None:
    columns = [str(name) for name in found.get("columns") or []]
    if not columns or not found.get("pairs"):
        return None
    pairs: list[dict[str, Any]] = []
    for pair in found["pairs"]:
        fake, real = ([str(cell) for cell in pair[side]] for side in ("synthetic", "real"))
        is_equal = [a == b for a, b in zip(fake, real, strict=True)]
        beside = {"distance": number(pair.get("distance")), "n_equal": sum(is_equal), "is_equal": is_equal}
        pairs.append({**beside, "synthetic": fake, "real": real})
    return Section(
        anchor,
        title,
        said,
        neighbours={"columns": columns, "pairs": pairs},
        warning="For the data owner, not for publication: this part shows records of the training data.",
    )


def training_section(training: Mapping[str, Any] | None) -> Section | None:
    """The curves of the training and what was noticed on the way."""
    if not training:
        return None
    seen = list(training.get("samples_seen") or [])
    series: Mapping[str, Sequence[float | None]] = training.get("series") or {}
    curves = [curve(seen, name, values, index) for index, (name, values) in enumerate(series.items()) if seen]
    film = tuple(one for found in training.get("film") or [] if (one := picture(found, THIRD_PX)))
    findings = tuple(str(finding) for finding in training.get("findings") or [])
    if not curves and not findings and not film:
        return None
    groups = [Group(tuple(curves), "many")] if curves else []
    if film:
        groups.append(Group((), "film", "What it made on the way, by samples seen", pictures=film))
    return Section(
        "training",
        "Training",
        "What was measured while the model learnt.",
        groups=tuple(groups),
        sentences=findings,
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


def _ground(ground: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as dark as the share of the real records in them; white where there are too few to be shown."""
    return {
        "type": "heatmap",
        "name": "real",
        "x": rounded(ground["x_edges"]),
        "y": rounded(ground["y_edges"]),
        "z": [rounded(row) for row in ground["shares"]],
        "zmin": 0.0,
        "colorscale": [[0, "@realfill"], [1, "@real"]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{z:.1%} of the real records<extra></extra>",
    }


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
