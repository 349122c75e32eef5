"""The report in a notebook: the verdict and the scores, without figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gansmith.report.markup import asset, rendered, trusted
from gansmith.report.page import card_views


def fragment(report: Mapping[str, Any]) -> str:
    """A small piece of HTML for `_repr_html_`; its style touches nothing around it.

    Args:
        report: As for `gansmith.report.page.render`.
    """
    values = {
        "title": str(report.get("title") or "Scorecard"),
        "cards": card_views(report),
        "style": trusted(asset("fragment.css")),
    }
    return rendered("fragment.html.jinja", values)
