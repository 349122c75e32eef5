"""The report: one plain dict in, one HTML page out that needs nothing else and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gansmith.report.columns import columns_section, missing_section
from gansmith.report.contest import contest_sections
from gansmith.report.galleries import galleries_section, patterns_section, suspicious_section
from gansmith.report.markup import (
    as_bytes,
    as_json,
    asset,
    embedded,
    packed,
    plotly_script,
    policy,
    rendered,
    trusted,
    unwanted_styles,
)
from gansmith.report.measured import (
    giveaways_section,
    neighbours_section,
    projection_section,
    risks_section,
    training_section,
    usefulness_section,
)
from gansmith.report.pairs import association_section, pairs_section
from gansmith.report.parts import Section
from gansmith.report.scores import answers, contests, families, not_computed
from gansmith.report.wording import counted, in_words
from gansmith.store import whole_file

Report = Mapping[str, Any]


def render(report: Report) -> str:
    """The whole page as text.

    Args:
        report: Plain values only: `title`, `made`, `notes`, `training`, and `cards`, one for each
            synthetic data set, with `name`, `n_records`, `verdict`, `scores` and `plots`; or a `contest` of
            methods against imbalance, see `contest_sections`. What is missing or empty is left out of the
            page.

    Returns:
        HTML that opens from a file, without network, under a policy that runs our own scripts alone.

    Raises:
        UsageError: When the report holds a number that is not finite.
    """
    cards, contest = card_views(report), contest_sections(report.get("contest") or {})
    training = training_section(report.get("training"))
    style = asset("palette.css") + asset("page.css")
    scripts = [plotly_script(), asset("page.js")]
    return rendered(
        "page.html.jinja",
        {
            "title": _title(report),
            "cards": cards,
            "comparison": contests([card["scores"] for card in cards]) if len(cards) > 1 else [],
            "training": training,
            "contest": contest,
            "made": in_words(report.get("made")),
            "notes": [str(note) for note in report.get("notes") or []],
            "policy": trusted(policy(scripts, [style])),
            "style": trusted(style),
            "plotly": trusted(packed(scripts[0])),
            "unwanted_styles": unwanted_styles(scripts[0]),
            "script": trusted(scripts[1]),
            "figures": trusted(
                embedded(_specifications(cards, [*contest, *([training] if training else [])]))
            ),
        },
    )


def fragment(report: Report) -> str:
    """The verdict and the scores, without figures, as a small piece of HTML for a notebook's `_repr_html_`.

    Its style touches nothing around it.

    Args:
        report: As for `render`.
    """
    values = {
        "title": _title(report),
        "cards": card_views(report),
        "style": trusted(asset("fragment.css")),
    }
    return rendered("fragment.html.jinja", values)


def write_report(report: Report, path: Path) -> None:
    """Write the page and, beside it, the same dict as JSON; both whole or neither.

    Args:
        report: As for `render`.
        path: Of the page; `.html` is added where it is missing. The twin ends in `.json`.

    Raises:
        UsageError: When the report holds a number that is not finite.
        DataError: When a file cannot be written.
    """
    page_path = path if path.suffix.lower() in (".html", ".htm") else path.with_name(f"{path.name}.html")
    twin = as_json(report, indent=1).encode("ascii") + b"\n"
    page = as_bytes(render(report))
    # Both are safe on disk under other names before either appears under its own.
    with whole_file(page_path.with_suffix(".json")) as twin_file, whole_file(page_path) as page_file:
        twin_file.write(twin)
        page_file.write(page)


def card_views(report: Report) -> list[dict[str, Any]]:
    """The report's data sets, each as a template shows it.

    The prefix stands before a card's anchors and the names of its figures, so that those of several differ.
    """
    given: Sequence[Mapping[str, Any]] = report.get("cards") or []
    views: list[dict[str, Any]] = []
    for index, card in enumerate(given):
        n_records, scores = card.get("n_records"), card.get("scores") or {}
        views.append(
            {
                "prefix": f"card-{index + 1}-" if len(given) > 1 else "",
                "name": str(card.get("name") or f"Data set {index + 1}"),
                "n_records": "" if n_records is None else counted(n_records, "record", "records"),
                "answers": answers(card),
                "families": families(scores),
                "not_computed": not_computed(scores),
                "sections": plots_sections(card.get("plots") or {}),
                "scores": scores,
            }
        )
    return views


def plots_sections(plots: Mapping[str, Any]) -> list[Section]:
    """Everything that is drawn of one synthetic data set, in the order of the page."""
    galleries = plots.get("galleries") or []
    made = (
        galleries_section(galleries),
        columns_section(plots.get("columns") or []),
        pairs_section(plots.get("pairs") or []),
        association_section(plots.get("association") or {}),
        projection_section(plots.get("projection") or {}),
        missing_section(plots.get("columns") or []),
        patterns_section(plots.get("spectrum") or {}),
        giveaways_section(plots.get("giveaways") or {}),
        usefulness_section(plots.get("usefulness") or []),
        risks_section(plots.get("risks") or []),
        neighbours_section(plots.get("neighbours") or {}),
        suspicious_section(galleries),
    )
    return [section for section in made if section is not None]


def _specifications(cards: Sequence[Mapping[str, Any]], others: Sequence[Section]) -> dict[str, Any]:
    """What the script draws, by the name that a figure's place on the page carries."""
    sections = [(card["prefix"], section) for card in cards for section in card["sections"]]
    sections += [("", section) for section in others]
    return {
        prefix + figure.name: {
            "data": figure.data,
            "layout": figure.layout,
            "height": figure.height_px,
            "still": figure.is_still,
        }
        for prefix, section in sections
        for figure in section.figures
    }


def _title(report: Report) -> str:
    return str(report.get("title") or "Scorecard")
