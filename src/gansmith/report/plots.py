"""The sections of one data set's plots, each left out where nothing was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.figures.columns import marginal, missingness
from gansmith.report.figures.measures import curve, giveaways, projection, risk_table, risks, usefulness
from gansmith.report.figures.pairs import association, association_difference, association_table, joint
from gansmith.report.parts import Figure, Group, Neighbours, Pair, Section, Table
from gansmith.report.wording import counted, number

_MOST_COLUMNS: Final = 40

Plots = Mapping[str, Any]


def plots_sections(plots: Plots) -> list[Section]:
    """Everything that is drawn of one synthetic data set, in the order of the page."""
    made = (
        _columns(plots.get("columns") or []),
        _pairs(plots.get("pairs") or []),
        _association(plots.get("association") or {}),
        _projection(plots.get("projection") or {}),
        _missing(plots.get("columns") or []),
        _giveaways(plots.get("giveaways") or {}),
        _usefulness(plots.get("usefulness") or []),
        _risks(plots.get("risks") or []),
        _neighbours(plots.get("neighbours") or {}),
    )
    return [section for section in made if section is not None]


def training_section(training: Mapping[str, Any] | None) -> Section | None:
    """The curves of the training and what was noticed on the way."""
    if not training:
        return None
    seen = list(training.get("samples_seen") or [])
    series: Mapping[str, Sequence[float | None]] = training.get("series") or {}
    curves = [curve(seen, name, values, index) for index, (name, values) in enumerate(series.items()) if seen]
    findings = tuple(str(finding) for finding in training.get("findings") or [])
    if not curves and not findings:
        return None
    return Section(
        "training",
        "Training",
        "What was measured while the model learnt.",
        groups=(Group(tuple(curves), "many"),) if curves else (),
        sentences=findings,
    )


def _columns(columns: Sequence[Mapping[str, Any]]) -> Section | None:
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


def _pairs(pairs: Sequence[Mapping[str, Any]]) -> Section | None:
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


def _association(found: Mapping[str, Any]) -> Section | None:
    names, real, fake = (found.get(key) or [] for key in ("names", "real", "synthetic"))
    if len(names) < 2 or not real or not fake:
        return None
    names = [str(name) for name in names]
    figures = (
        association(names, real, "real"),
        association(names, fake, "synthetic"),
        association_difference(names, real, fake),
    )
    return Section(
        "association",
        "How columns hang together",
        "0: knowing one column says nothing of the other; 1: it says all. In the third map orange means that "
        "the synthetic columns hang together more than the real ones, blue less.",
        groups=(Group(figures, "three"),),
        tables=(association_table(names, real, fake),),
    )


def _projection(cloud: Mapping[str, Any]) -> Section | None:
    if not cloud.get("real") or not cloud.get("synthetic"):
        return None
    return Section(
        "projection",
        "All records in one plane",
        "Each mark is a record. Both kinds should cover the same ground: real marks alone are something "
        "that the model misses, synthetic ones alone something that it invents.",
        groups=(Group((projection(cloud),), "one"),),
        legend="clouds",
    )


def _missing(columns: Sequence[Mapping[str, Any]]) -> Section | None:
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


def _giveaways(found: Mapping[str, Any]) -> Section | None:
    figures: list[Figure] = []
    if found.get("columns"):
        label = "Bars: the columns by which a classifier tells synthetic from real records."
        figures.append(giveaways("giveaway-columns", found["columns"], label, "share of the decision"))
    if found.get("pairs"):
        label = "Bars: the pairs of columns by which a classifier tells synthetic from real records."
        figures.append(giveaways("giveaway-pairs", found["pairs"], label, "gain as a pair"))
    if not figures:
        return None
    return Section(
        "giveaways",
        "What gives the fakes away",
        "A classifier was trained to tell synthetic from real records. These columns and pairs helped it "
        "most: look there first.",
        groups=(Group(tuple(figures), "two"),),
    )


def _usefulness(contests: Sequence[Mapping[str, Any]]) -> Section | None:
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


def _risks(attacks: Sequence[Mapping[str, Any]]) -> Section | None:
    if not attacks:
        return None
    measured = [attack for attack in attacks if attack.get("value") is not None]
    return Section(
        "risks",
        "Privacy risks",
        "Each attack guesses something about people of the training data, about people who were never in it "
        "(control) and without the synthetic data (guessing). The risk is what remains above the control. "
        "A low risk means that these attacks found little, not that no attack can.",
        groups=(Group((risks(measured),), "one"),) if measured else (),
        tables=(risk_table(attacks),),
    )


def _neighbours(found: Mapping[str, Any]) -> Section | None:
    columns = tuple(str(name) for name in found.get("columns") or [])
    if not columns or not found.get("pairs"):
        return None
    pairs: list[Pair] = []
    for pair in found["pairs"]:
        fake, real = (tuple(str(cell) for cell in pair[side]) for side in ("synthetic", "real"))
        is_equal = tuple(a == b for a, b in zip(fake, real, strict=True))
        pairs.append(Pair(number(pair.get("distance")), sum(is_equal), fake, real, is_equal))
    return Section(
        "neighbours",
        "Nearest neighbours",
        "The synthetic records that lie nearest to a training record, each above that record. Cells that are "
        "equal are marked with “=”. Equal cells alone are no leak: common people have much in common.",
        neighbours=Neighbours(columns, tuple(pairs)),
        warning="For the data owner, not for publication: this part shows records of the training data.",
    )
