"""The frame of a page: what stands at its top and its end, style, scripts and policy; and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gansmith.report.markup import (
    as_bytes,
    as_json,
    asset,
    policy,
    rendered,
    trusted,
)
from gansmith.report.parts import Section
from gansmith.report.wording import in_words
from gansmith.store import whole_file


def framed(report: Mapping[str, Any], values: Mapping[str, Any], sections: Sequence[Section]) -> str:
    """A page of sections as text.

    Args:
        report: What the page is made of: `made` and `notes` stand at its end, and whether it
            `holds_real_records` at its top, where that is known.
        values: `kicker` (above the title), `title`, `lead` (lines below it) and `footer`; of scorecards
            `cards` and `comparison`, which come before the sections.
        sections: All others, in their order.

    Returns:
        HTML that opens from a file, without network, under a policy that runs our own script alone.
    """
    style = asset("palette.css") + asset("page.css")
    script = asset("page.js")
    shown: dict[str, Any] = {"lead": [], "cards": [], "comparison": [], **values}
    return rendered(
        "page.html.jinja",
        {
            **shown,
            "sections": sections,
            "holds_real_records": report.get("holds_real_records"),
            "made": in_words(report.get("made")),
            "notes": [str(note) for note in report.get("notes") or []],
            "policy": trusted(policy([script], [style])),
            "style": trusted(style),
            "script": trusted(script),
        },
    )


def write_page(page: str, report: Mapping[str, Any], path: Path) -> None:
    """Write a page and, beside it, the dict that it was made of as JSON; both whole or neither.

    Args:
        page: HTML.
        report: Plain values only. Where `holds_real_records` stands in it, both are their owner's alone.
        path: Of the page; `.html` is added where it is missing. The twin ends in `.json`.

    Raises:
        UsageError: When the report holds a number that is not finite.
        DataError: When a file cannot be written.
    """
    page_path = path if path.suffix.lower() in (".html", ".htm") else path.with_name(f"{path.name}.html")
    twin = as_json(report).encode("ascii") + b"\n"
    # Both are safe on disk under other names before either appears under its own.
    is_private = bool(report.get("holds_real_records"))
    with (
        whole_file(page_path.with_suffix(".json"), is_private=is_private) as twin_file,
        whole_file(page_path, is_private=is_private) as page_file,
    ):
        twin_file.write(twin)
        page_file.write(as_bytes(page))
