"""The report: one plain dict in, one HTML page out that needs nothing else and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from gansmith.report.markup import (
    as_bytes,
    as_json,
    asset,
    embedded,
    plotly_script,
    policy,
    rendered,
    trusted,
    unwanted_styles,
)
from gansmith.report.parts import Section
from gansmith.report.plots import plots_sections, training_section
from gansmith.report.scores import Answer, Family, answers, contests, families, not_computed
from gansmith.report.wording import counted, in_words
from gansmith.store import whole_file

_PAGE_ENDINGS: Final = (".html", ".htm")

Report = Mapping[str, Any]


def render(report: Report) -> str:
    """The whole page as text.

    Args:
        report: Plain values only: `title`, `made`, `notes`, `training`, and `cards`, one for each
            synthetic data set, with `name`, `n_records`, `verdict`, `scores` and `plots`. What is
            missing or empty is left out of the page.

    Returns:
        HTML that opens from a file, without network, under a policy that runs our own scripts alone.

    Raises:
        UsageError: When the report holds a number that is not finite.
    """
    cards = card_views(report)
    training = training_section(report.get("training"))
    style = asset("palette.css") + asset("page.css")
    scripts = [plotly_script(), asset("page.js")]
    return rendered(
        "page.html.jinja",
        {
            "title": _title(report),
            "cards": cards,
            "comparison": contests([card.scores for card in cards]) if len(cards) > 1 else [],
            "training": training,
            "made": in_words(report.get("made")),
            "notes": [str(note) for note in report.get("notes") or []],
            "policy": trusted(policy(scripts, [style])),
            "style": trusted(style),
            "plotly": trusted(scripts[0]),
            "unwanted_styles": unwanted_styles(scripts[0]),
            "script": trusted(scripts[1]),
            "figures": trusted(embedded(_specifications(cards, training))),
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
    page_path = path if path.suffix.lower() in _PAGE_ENDINGS else path.with_name(f"{path.name}.html")
    twin = as_json(report, indent=1).encode("ascii") + b"\n"
    page = as_bytes(render(report))
    # Both are safe on disk under other names before either appears under its own.
    with whole_file(page_path.with_suffix(".json")) as twin_file, whole_file(page_path) as page_file:
        twin_file.write(twin)
        page_file.write(page)


@final
@dataclass(frozen=True)
class CardView:
    """One synthetic data set as the template shows it."""

    prefix: str
    """Before its anchors and the names of its figures, so that those of several cards differ."""
    name: str
    n_records: str
    answers: tuple[Answer, ...]
    families: tuple[Family, ...]
    not_computed: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    scores: Mapping[str, Mapping[str, Any]]


def card_views(report: Report) -> list[CardView]:
    """The report's data sets, each as a template shows it."""
    given: Sequence[Mapping[str, Any]] = report.get("cards") or []
    views: list[CardView] = []
    for index, card in enumerate(given):
        n_records, scores = card.get("n_records"), card.get("scores") or {}
        views.append(
            CardView(
                prefix=f"card-{index + 1}-" if len(given) > 1 else "",
                name=str(card.get("name") or f"Data set {index + 1}"),
                n_records="" if n_records is None else counted(n_records, "record", "records"),
                answers=tuple(answers(card)),
                families=tuple(families(scores)),
                not_computed=tuple(not_computed(scores)),
                sections=tuple(plots_sections(card.get("plots") or {})),
                scores=scores,
            )
        )
    return views


def _specifications(cards: Sequence[CardView], training: Section | None) -> dict[str, dict[str, Any]]:
    """What the script draws, by the name that a figure's place on the page carries."""
    sections = [(card.prefix, section) for card in cards for section in card.sections]
    if training is not None:
        sections.append(("", training))
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
