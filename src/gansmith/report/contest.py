"""Sections on a contest of methods against imbalance: what to do, gains, what synthetic records are worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gansmith.report.measured import whiskers
from gansmith.report.parts import Figure, Group, Section, Table, layout, name_axis, number_axis, rounded
from gansmith.report.wording import interval, number, percent

Learners = Mapping[str, Mapping[str, Any]]
_NAMES: Final = {"pr_auc": "PR-AUC", "recall": "recall", "cost": "cost per record"}
NOTHING: Final = "nothing"
GENERATED: Final = "generator"
CONFIDENT: Final = 1.96
MOST_WORTH: Final = 4.0
LEAST_WORTH: Final = 0.25
"""Shares of the real records beyond which a learning curve says nothing."""


def contest_sections(contest: Mapping[str, Any]) -> list[Section]:
    """Everything on a contest, in the order of the page; nothing where there is none.

    Args:
        contest: `recommended`, `reason`, `learner`, `score`, `learners` (by name `methods`, `curve` and
            `worth`), `notes`, `skipped`, `copies`.
    """
    if not contest:
        return []
    learners: Learners = contest["learners"]
    return [
        _advice(contest),
        _gains(contest, learners),
        _worth(contest, learners),
        _calibration(learners),
        _scores(contest),
    ]


def _advice(contest: Mapping[str, Any]) -> Section:
    """What to do, and what there is to know about it."""
    name, learner = str(contest["recommended"]), str(contest["learner"])
    what = "Do nothing" if name == NOTHING else f"Use “{name}”"
    share = percent(contest["share"])
    said = [
        f"{contest['n_rare']:,} of {contest['n_records']:,} records are {contest['target']} = "
        f"{contest['minority']} ({share})."
    ]
    said += [f"{key} could not be tried: {why}" for key, why in contest["skipped"].items()]
    said += [_copies(contest["copies"])] if contest.get("copies") else []
    for other, one in contest["learners"].items():
        if other != learner:
            said.append(f"The learner “{other}”: {one['recommended']}; {one['reason']}")
    reason = str(contest["reason"])
    return Section(
        "advice",
        what,
        f"{reason[:1].upper()}{reason[1:]} This holds for the learner “{learner}”, "
        "on real records that neither it nor a generator has seen.",
        sentences=(*said, *map(str, contest["notes"])),
    )


def _scores(contest: Mapping[str, Any]) -> Section:
    """Every number, and what the methods are."""
    methods: Sequence[Mapping[str, Any]] = contest["methods"]
    meanings = tuple((str(one["name"]), str(one["meaning"])) for one in methods)
    return Section(
        "scores",
        "All scores",
        f"PR-AUC of guessing is {contest['share']:.3f}, the share of rare records. Each number is the mean "
        "over folds; ± is a standard error.",
        tables=(
            *(_table(contest, learner) for learner in contest["learners"]),
            Table("The methods", ("Method", "What is learnt from"), meanings),
        ),
    )


def _copies(copies: Mapping[str, int]) -> str:
    return (
        f"Of {copies['n_made']:,} synthetic rare records {copies['n_exact']:,} are copies of a rare training "
        f"record and {copies['n_near']:,} near copies; of {copies['n_real']:,} held-out real ones, "
        f"{copies['n_real_near']:,}."
    )


def _table(contest: Mapping[str, Any], learner: str) -> Table:
    """All scores of all methods for one learner."""
    has_costs = contest["score"] == "cost"
    head = (
        "Method", "PR-AUC", f"Gain of {_NAMES[contest['score']]}", "95 % interval", "ROC-AUC",
        f"Recall, precision {contest['precision']:g}", *(("Cost",) if has_costs else ()), "F1", "Brier",
        "Calibration error; corrected",
    )  # fmt: skip
    keys = ("roc_auc", "recall", *(("cost",) if has_costs else ()), "f1", "brier")
    rows = tuple(
        (
            str(one["name"]),
            f"{number(one['pr_auc'], one['error'])} ± {number(one['error'], one['error'])}",
            "" if one["name"] == NOTHING else number(one["gain"], one["gain_error"]),
            "" if one["name"] == NOTHING else interval(_ends(one)),
            *(number(one[key]) for key in keys),
            f"{number(one['calibration_error'])}; {number(one['calibration_error_corrected'])}",
        )
        for one in contest["learners"][learner]["methods"]
    )
    return Table(f"Learner: {learner}", head, rows)


def _ends(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"low": one["gain_low"], "high": one["gain_high"]}


def _gains(contest: Mapping[str, Any], learners: Learners) -> Section:
    figures = tuple(
        gains(name, one["methods"], str(one["recommended"]), _NAMES[contest["score"]])
        for name, one in learners.items()
    )
    return Section(
        "gains",
        "What each method gains",
        "Each dot is a method's gain over doing nothing, the mean over folds; the whisker is its interval of "
        "95 %, wide enough for folds that share training records. Right of the line is better. An interval "
        "that excludes zero is not yet a finding: of so many methods one may be lucky.",
        groups=(Group(figures, "two"),),
    )


def gains(learner: str, methods: Sequence[Mapping[str, Any]], chosen: str, score: str) -> Figure:
    """Dots with whiskers: the gain of each method for one learner."""
    kept = [one for one in methods if one["name"] != NOTHING]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": rounded(one["gain"] for one in kept),
        "y": list(range(len(kept))),
        "marker": {
            "size": 11,
            "color": [_colour(str(one["name"])) for one in kept],
            "symbol": ["star" if one["name"] == chosen else "circle" for one in kept],
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": rounded(one["gain_high"] - one["gain"] for one in kept),
            "arrayminus": rounded(one["gain"] - one["gain_low"] for one in kept),
            "color": "@ink",
            "thickness": 1.5,
            "width": 5,
        },
    }
    zero = {"type": "scatter", "mode": "lines", "x": [0, 0], "y": [-0.5, len(kept) - 0.5],
            "line": {"color": "@real", "width": 1.5}}  # fmt: skip
    rows = tuple((str(one["name"]), number(one["gain"]), interval(_ends(one))) for one in kept)
    said = ", ".join(f"{name} {value}" for name, value, _ in rows)
    return Figure(
        name=f"gains-{learner}",
        label=f"Gain of {score} over doing nothing for the learner {learner}: {said}.",
        data=[zero, dots],
        layout=layout(
            number_axis(f"gain of {score}", has_grid=True),
            name_axis([str(one["name"]) for one in kept], 24, from_top=True),
        ),
        height_px=72 + 28 * len(kept),
        title=learner,
        subtitle="our generator's methods in colour, a star for what is recommended",
        numbers=Table(f"gain of {score}", ("Method", "Gain", "Interval"), rows),
    )


def _colour(method: str) -> str:
    return "@synthetic" if method.startswith(GENERATED) else "@grey"


def _worth(contest: Mapping[str, Any], learners: Learners) -> Section:
    figures = tuple(
        learning_curve(name, one, _NAMES[contest["score"]]) for name, one in learners.items() if one["curve"]
    )
    said = [f"{learner}: {_worth_in_words(one['worth'])}" for learner, one in learners.items()]
    return Section(
        "worth",
        "How much real data the synthetic is worth",
        "The line is what fewer real records, and all of them, teach alone; triangles are all real records "
        "with synthetic ones beside them. Where they are worse than the end of the line, these do harm.",
        groups=(Group(figures, "two"),) if figures else (),
        sentences=tuple(said),
    )


def _worth_in_words(worth: Mapping[str, float]) -> str:
    if not worth:
        return (
            "it is not sure that more real records teach more here, so nothing says what synthetic ones are "
            "worth."
        )
    return (
        "all real records and those of "
        + "; of ".join(
            f"“{name}” teach as much as {_times(times)} the real records alone"
            for name, times in worth.items()
        )
        + "."
    )


def _times(times: float) -> str:
    if times >= MOST_WORTH:
        return "four times or more"
    return "a quarter or less of" if times <= LEAST_WORTH else f"{times:.2g} times"


def _within(value: float, error: float, most: float) -> dict[str, float]:
    """The interval of a number that lies between 0 and `most`."""
    reach = CONFIDENT * error
    return {"value": value, "low": max(0.0, value - reach), "high": min(most, value + reach)}


def learning_curve(learner: str, found: Mapping[str, Any], score: str) -> Figure:
    """A line through shares of the real records, and dots for the generator's methods at its end."""
    points: Sequence[Mapping[str, Any]] = found["curve"]
    ours = [one for one in found["methods"] if str(one["name"]).startswith(GENERATED)]
    end, key = points[-1]["n_records"], {"PR-AUC": "pr_auc", "recall": "recall"}.get(score, "cost")
    most = math.inf if key == "cost" else 1.0
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [one["n_records"] for one in points],
        "y": rounded(one["value"] for one in points),
        "line": {"color": "@real", "width": 2},
        "marker": {"size": 8, "color": "@real"},
        "error_y": whiskers([_within(one["value"], one["error"], most) for one in points])
        | {"color": "@grey", "width": 4},
    }  # fmt: skip
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [end] * len(ours),
        "y": rounded(one[key] for one in ours),
        "marker": {"size": 9, "symbol": "triangle-up-open", "color": "@synthetic"},
    }
    rows = tuple((f"{one['n_records']:,} real records", number(one["value"])) for one in points)
    rows += tuple((f"all, and {one['name']}", number(one[key])) for one in ours)
    return Figure(
        name=f"curve-{learner}",
        label=f"{score} by real records for the learner {learner}: "
        + ", ".join(f"{name} {value}" for name, value in rows)
        + ".",
        data=[line, dots],
        layout=layout(number_axis("real records learnt from"), number_axis(score, has_grid=True)),
        height_px=260,
        title=learner,
        subtitle="line: real records alone; triangles: with synthetic ones",
        numbers=Table(score, ("Learnt from", score), rows),
    )


def _calibration(learners: Learners) -> Section:
    return Section(
        "calibration",
        "What it does to probabilities",
        "A learner that was given more rare records than there are predicts “rare” too often. The error is "
        "the mean distance between predicted and observed shares, over ten groups of records: hollow as the "
        "learner predicts, filled after a correction of the shares of the classes by Bayes’ rule.",
        groups=(Group(tuple(calibration(name, one["methods"]) for name, one in learners.items()), "two"),),
    )


def calibration(learner: str, methods: Sequence[Mapping[str, Any]]) -> Figure:
    """Two dots for each method: the calibration error, and that without the shift."""
    keys = {"calibration_error": "circle-open", "calibration_error_corrected": "circle"}
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": rounded(one[key] for one in methods),
            "y": list(range(len(methods))),
            "marker": {"size": 10, "symbol": symbol, "color": [_colour(str(one["name"])) for one in methods]},
        }
        for key, symbol in keys.items()
    ]
    rows = tuple((str(one["name"]), *(number(one[key]) for key in keys)) for one in methods)
    across = number_axis("calibration error", has_grid=True) | {"rangemode": "tozero"}
    return Figure(
        name=f"calibration-{learner}",
        label=f"Calibration errors for the learner {learner}: "
        + ", ".join(f"{name} {before}, corrected {after}" for name, before, after in rows)
        + ".",
        data=data,
        layout=layout(across, name_axis([str(one["name"]) for one in methods], 24, from_top=True)),
        height_px=72 + 26 * len(methods),
        title=learner,
        numbers=Table("calibration error", ("Method", "As predicted", "Corrected"), rows),
    )
