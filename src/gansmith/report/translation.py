"""The page of a translation: records before and after under a divider, the scores of all methods, a plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gansmith.report.frame import framed, write_page
from gansmith.report.measured import whiskers
from gansmith.report.parts import Figure, Group, Section, Table, layout, number_axis, rounded
from gansmith.report.pictures import picture, size_of
from gansmith.report.wording import ABSENT, number, shortened

Report = Mapping[str, Any]
Method = Mapping[str, Any]

INPUT: Final = "input"
_BY_RECORD: Final = ("dice", "iou", "psnr_y", "ssim_y", "psnr", "ssim")
"""Scores that stand beside an example: the first two that are known."""
_FIDELITY: Final = ("psnr_y", "psnr")
_FINEST: Final = 0.001
"""The smallest error that is shown; a smaller one is rounded up to it."""
_FRAME_PX: Final = 640
"""As wide as small pictures are made, at most: their scores have room beside them."""
_FOOTER: Final = "What a network adds to a picture is likely, not true: it is no evidence of anything."
_MARKS: Final = {"worst": "one of the worst", "typical": "typical"}


def render_translation(report: Report) -> str:
    """The whole page as text.

    Args:
        report: Plain values only: `title`, `n_records`, `ours`, `sentences`, `methods` (each with `name`,
            `meaning`, `is_anchor` and `scores`), `ceilings`, `stated`, `skipped`, `examples` (each with
            `name`, `mark`, `pictures` and `scores`), `notes`, `made`, `holds_real_records`. What is missing
            or empty is left out of the page.

    Returns:
        HTML that opens from a file, without network, under a policy that runs our own script alone.
    """
    methods = report.get("methods") or []
    sections = [
        examples_section(report.get("examples") or [], str(report.get("ours") or ""), methods),
        scores_section(report),
        plane_section(methods),
        measured_section(report),
    ]
    values = {
        "kicker": "Gansmith translation",
        "title": str(report.get("title") or "Translation"),
        "lead": [str(sentence) for sentence in report.get("sentences") or []],
        "footer": _FOOTER,
    }
    return framed(report, values, [section for section in sections if section is not None])


def write_translation(report: Report, path: Path) -> None:
    """Write the page and, beside it, the same dict as JSON; both whole or neither.

    Args:
        report: As for `render_translation`.
        path: Of the page; `.html` is added where it is missing. The twin ends in `.json`.

    Raises:
        UsageError: When the report holds a number that is not finite.
        DataError: When a file cannot be written.
    """
    write_page(render_translation(report), report, path)


# --- Before and after ---------------------------------------------------------------------------------------


def examples_section(
    examples: Sequence[Mapping[str, Any]], ours: str, methods: Sequence[Method]
) -> Section | None:
    """Records under a divider, each a frame with two sides that can be chosen."""
    labels = {name: str(score["label"]) for one in methods for name, score in one["scores"].items()}
    shown = [one for one in (_example(example, ours, labels) for example in examples) if one is not None]
    if not shown:
        return None
    has_worst = any(one["mark"] == _MARKS["worst"] for one in shown)
    which = " The worst come first; the others are typical." if has_worst else ""
    return Section(
        "examples",
        "Before and after",
        "Drag the line across a picture, or move it with the arrow keys. What stands on each side of it "
        f"can be chosen in the upper corners.{which}",
        compared=tuple(shown),
    )


def _example(example: Mapping[str, Any], ours: str, labels: Mapping[str, str]) -> dict[str, Any] | None:
    """One frame, with two pictures in it or more; None where fewer can be seen."""
    sides = {str(name): str(address) for name, address in (example.get("pictures") or {}).items()}
    sizes = {name: size for name, address in sides.items() if (size := size_of(address)) is not None}
    if len(sizes) < 2:
        return None
    names = list(sizes)
    right = ours if ours in sizes else names[-1]
    left = INPUT if INPUT in sizes and right != INPUT else next(one for one in names if one != right)
    whole = picture({"image": sides[right]}, _FRAME_PX)
    assert whole is not None
    name = str(example.get("name") or "example")
    return {
        "name": name,
        "mark": _MARKS.get(str(example.get("mark") or ""), ""),
        "left": left,
        "right": right,
        "pictures": [
            {"name": one, "address": sides[one], "is_enlarged": _is_enlarged(sizes[one], whole.width_px)}
            for one in names
        ],
        "width_px": whole.width_px,
        "height_px": whole.height_px,
        "table": _beside(example.get("scores") or {}, labels),
    }


def _is_enlarged(size: tuple[int, int], width_px: int) -> bool:
    """Whether a picture is seen so much larger that its pixels should stay squares."""
    return size[0] * 2 <= width_px


def _beside(scores: Mapping[str, Mapping[str, Any]], labels: Mapping[str, str]) -> Table | None:
    """The scores of one record, by method."""
    kept = [name for name in _BY_RECORD if any(name in one for one in scores.values())][:2]
    if not kept:
        return None
    rows = tuple(
        (str(method), *(_short(name, one.get(name)) for name in kept)) for method, one in scores.items()
    )
    return Table("Scores of this example", ("Method", *(labels.get(name, name) for name in kept)), rows)


def _short(name: str, value: float | None) -> str:
    """Two digits behind the point say it: decibels, and shares of 1."""
    return number(value, 0.1 if name.startswith("psnr") else 0.01)


# --- Scores -------------------------------------------------------------------------------------------------


def scores_section(report: Report) -> Section | None:
    """Every number, anchors and two halves of real records below."""
    methods: Sequence[Method] = report.get("methods") or []
    if not methods:
        return None
    kinds = {name: score for one in methods for name, score in one["scores"].items()}
    head = ("Method", *(f"{score['label']} {_better(score)}" for score in kinds.values()))
    rows = [(_called(one), *(_value(one["scores"].get(name)) for name in kinds)) for one in methods]
    ceilings: Mapping[str, Any] = report.get("ceilings") or {}
    if ceilings:
        rows.append(("real, two halves", *(_value(ceilings.get(name)) for name in kinds)))
    meanings = tuple((str(score["label"]), str(score["meaning"])) for score in kinds.values())
    who = tuple((str(one["name"]), str(one["meaning"])) for one in methods if one.get("meaning"))
    tables = [
        Table("All methods", head, tuple(rows)),
        Table("The scores", ("Score", "What it says"), meanings),
    ]
    tables += [Table("The methods", ("Method", "What it is"), who)] if who else []
    n = report.get("n_records")
    return Section(
        "scores",
        "All scores",
        f"Means over {n} examples. An arrow shows which way is good; anchors are there to be compared with."
        if n
        else "An arrow shows which way is good; anchors are there to be compared with.",
        tables=tuple(tables),
    )


def measured_section(report: Report) -> Section | None:
    """Which PSNR it is, which border, which kernel; and what could not be measured."""
    said = [str(sentence) for sentence in report.get("stated") or []]
    said += [f"{name} was not measured. {why}" for name, why in (report.get("skipped") or {}).items()]
    if not said:
        return None
    lead = "Numbers of others can be compared with these only where all of this is the same."
    return Section("measured", "How it was measured", lead, sentences=tuple(said))


def _called(one: Method) -> str:
    return f"{one['name']} (anchor)" if one.get("is_anchor") else str(one["name"])


def _better(score: Mapping[str, Any]) -> str:
    return "↑" if score.get("direction") == "higher" else "↓"


def _value(score: Mapping[str, Any] | None) -> str:
    """`28.4 ± 1.2`, or a dash where it was not taken."""
    if score is None or score.get("value") is None:
        return ABSENT
    if not score.get("error"):
        return number(score["value"])
    error = max(score["error"], _FINEST)
    return f"{number(score['value'], _digits(error))} ± {number(error, _digits(error))}"


def _digits(error: float) -> float:
    """An error that asks for three digits behind the point at most."""
    return max(error, 0.01)


def plane_section(methods: Sequence[Method]) -> Section | None:
    """True to the truth against looking real: no method has all of both."""
    name = next((one for one in _FIDELITY if all(one in each["scores"] for each in methods)), "")
    kept = [one for one in methods if name and "patch_auc" in one["scores"]]
    if len(kept) < 2:
        return None
    return Section(
        "plane",
        "True, or real",
        "What is sure to be near the truth is smooth, and what looks real has details that nobody knows to "
        "be true (Blau and Michaeli 2018). Further right is truer, further down looks more real; whiskers "
        "are 95 % intervals.",
        groups=(Group((plane(kept, name),), "one"),),
    )


def plane(methods: Sequence[Method], fidelity: str) -> Figure:
    """Dots with whiskers: a PSNR across, the AUC of patches down.

    No whiskers across: examples differ much more than methods do, and these are compared on the same ones.

    Args:
        methods: With both scores.
        fidelity: The name of the one across.
    """
    across, down = ([one["scores"][name] for one in methods] for name in (fidelity, "patch_auc"))
    dots = {
        "type": "scatter",
        "mode": "markers+text",
        "x": rounded(one["value"] for one in across),
        "y": rounded(one["value"] for one in down),
        "text": [shortened(str(one["name"]), 24) for one in methods],
        "textposition": "top center",
        "textfont": {"color": "@ink", "size": 13},
        "marker": {
            "size": 12,
            "color": ["@grey" if one.get("is_anchor") else "@synthetic" for one in methods],
            "symbol": ["square" if one.get("is_anchor") else "circle" for one in methods],
        },
        "error_y": whiskers(down) | {"color": "@grey", "width": 4},
    }
    label = str(across[0]["label"])
    rows = tuple(
        (str(one["name"]), _value(a), _value(b)) for one, a, b in zip(methods, across, down, strict=True)
    )
    said = "; ".join(f"{name} {true}, {real}" for name, true, real in rows)
    axis = number_axis("AUC of patches against real ones", has_grid=True)
    return Figure(
        name="plane",
        label=f"{label} and AUC of patches of each method: {said}.",
        data=[dots],
        layout=layout(number_axis(label, has_grid=True), axis | {"range": [0.4, 1.06]}, top=12),
        height_px=360,
        subtitle="circles: ours; squares: anchors",
        numbers=Table("True, or real", ("Method", label, "AUC of patches"), rows),
    )
