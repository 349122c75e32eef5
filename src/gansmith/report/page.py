"""The report: one plain dict in, one HTML page out that needs nothing else and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gansmith.report.columns import columns_section, missing_section
from gansmith.report.contest import contest_sections
from gansmith.report.diagram import schema_section
from gansmith.report.frame import framed, write_page
from gansmith.report.galleries import galleries_section, patterns_section, suspicious_section
from gansmith.report.markup import asset, rendered, trusted
from gansmith.report.measured import (
    giveaways_section,
    groups_section,
    neighbours_section,
    projection_section,
    risks_section,
    training_section,
    unusual_section,
    usefulness_section,
)
from gansmith.report.pairs import association_section, pairs_section
from gansmith.report.parts import Section
from gansmith.report.scores import answers, contests, families, not_computed
from gansmith.report.sequences import sequences_sections
from gansmith.report.texts import temperature_section, texts_section
from gansmith.report.wording import counted

Report = Mapping[str, Any]

_FOOTER: Final = (
    "Synthetic data is not free of risk because it is synthetic: what was measured stands above, each number "
    "with its error."
)
_WITHOUT: Final = (
    " No real record stands on this page, and of real values only what several records share: labels, and "
    "the ends of ranges, rounded."
)


def render(report: Report) -> str:
    """The whole page as text.

    Args:
        report: Plain values only: `title`, `made`, `notes`, `training`, whether it `holds_real_records`, and
            `cards`, one for each synthetic data set, with `name`, `n_records`, `verdict`, `scores` and
            `plots`; or a `contest` of methods against imbalance, see `contest_sections`. What is missing or
            empty is left out of the page.

    Returns:
        HTML that opens from a file, without network, under a policy that runs our own script alone.
    """
    cards = card_views(report)
    contest = contest_sections(report.get("contest") or {})
    training = training_section(report.get("training"))
    values = {
        "kicker": f"Gansmith {'contest' if contest else 'scorecard'}",
        "title": _title(report),
        "cards": cards,
        "comparison": contests([card["scores"] for card in cards]) if len(cards) > 1 else [],
        "footer": _FOOTER + ("" if report.get("holds_real_records") or contest else _WITHOUT),
    }
    return framed(report, values, [*contest, *([training] if training else [])])


def fragment(report: Report) -> str:
    """The verdict and the scores, without figures, as a small piece of HTML for a notebook's `_repr_html_`.

    Several data sets stand side by side. Its style touches nothing around it.

    Args:
        report: As for `render`.
    """
    cards = card_views(report)
    taken = [
        {name: score for name, score in card["scores"].items() if score.get("value") is not None}
        for card in cards
    ]
    values = {
        "title": _title(report),
        "cards": cards,
        "comparison": contests(taken) if len(cards) > 1 else [],
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
    write_page(render(report), report, path)


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
        texts_section([*(plots.get("real_texts") or ()), *(plots.get("texts") or ())]),
        temperature_section(plots.get("temperature") or {}),
        schema_section(plots.get("schema") or {}),
        *sequences_sections(plots.get("series") or {}, plots.get("real_series") or []),
        columns_section(plots.get("columns") or []),
        pairs_section(plots.get("pairs") or []),
        association_section(plots.get("association") or {}),
        projection_section(plots.get("projection") or {}),
        missing_section(plots.get("columns") or []),
        patterns_section(plots.get("spectrum") or {}),
        giveaways_section(plots.get("giveaways") or {}),
        usefulness_section(plots.get("usefulness") or []),
        groups_section(plots.get("groups") or []),
        risks_section(plots.get("risks") or []),
        neighbours_section(plots.get("neighbours") or {}),
        unusual_section(plots.get("unusual") or {}),
        suspicious_section(galleries),
    )
    return [section for section in made if section is not None]


def _title(report: Report) -> str:
    return str(report.get("title") or "Scorecard")
