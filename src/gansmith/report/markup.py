"""From templates, styles and scripts to HTML that can run nothing but what we put there.

Two walls stand between a hostile column name and the reader. Jinja escapes everything that a template
prints, and the page's Content-Security-Policy names the hash of each of our scripts and styles, so that a
browser runs no other, even if something slipped through the first wall.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from gansmith.errors import UsageError
from gansmith.report.drawing import drawn

if TYPE_CHECKING:
    from jinja2 import Environment


def asset(name: str) -> str:
    """The text of a file that lies beside this module."""
    return resources.files("gansmith.report").joinpath(name).read_text(encoding="utf-8")


def rendered(template: str, values: dict[str, Any]) -> str:
    """A template filled with values, each escaped unless it is marked as our own markup."""
    return _environment().get_template(template).render(values)


def trusted(text: str) -> str:
    """Mark text of our own, scripts, styles and drawings, as markup that is not to be escaped."""
    from markupsafe import Markup

    return Markup(text)


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """The Content-Security-Policy of a page that loads nothing and runs exactly these texts."""
    script_hashes = " ".join(_hash(text) for text in scripts) or "'none'"
    style_hashes = " ".join(_hash(text) for text in styles)
    return (
        f"default-src 'none'; script-src {script_hashes}; style-src {style_hashes}; "
        "img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
    )


def as_json(value: Any) -> str:
    """JSON in ASCII, so that any string survives, half a surrogate pair too.

    Raises:
        UsageError: When a number is not finite: missing numbers are None.
    """
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, indent=1)
    except ValueError as error:
        raise UsageError(
            f"the report holds a number that is not finite ({error}). Pass None instead."
        ) from error


def as_bytes(page: str) -> bytes:
    """The page in UTF-8; what no file can hold (half a surrogate pair in a name) becomes a question mark."""
    return page.encode("utf-8", errors="replace")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Any] = environment.filters
    filters["drawn"] = lambda figure, columns: trusted(drawn(figure, columns))
    return environment
