"""From templates, styles and scripts to HTML that can run nothing but what we put there.

Two walls stand between a hostile column name and the reader. Jinja escapes everything that a template
prints, and the page's Content-Security-Policy names the hash of each of our scripts and styles, so that a
browser runs no other, even if something slipped through the first wall.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gansmith.errors import GansmithError, UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

_EMPTY_STYLE: Final = ""
"""Plotly adds a style element without content, which it then fills rule by rule, and gives colour bars an
empty style attribute. The policy lets both in by the hash of nothing at all; `unsafe-hashes` is the word by
which a hash holds for attributes too. No style with anything in it is let in besides our own."""


def asset(name: str) -> str:
    """The text of a file that lies beside this module."""
    return resources.files("gansmith.report").joinpath(name).read_text(encoding="utf-8")


@cache
def plotly_script() -> str:
    """Plotly's JavaScript out of its Python package, which is not imported for it.

    Raises:
        GansmithError: When the package is not installed.
    """
    found = util.find_spec("plotly")
    folders = [] if found is None else list(found.submodule_search_locations or [])
    for folder in folders:
        script = Path(folder) / "package_data" / "plotly.min.js"
        if script.is_file():
            return script.read_text(encoding="utf-8")
    raise GansmithError("The report draws with Plotly, which is not here: pip install plotly.")


@cache
def packed(script: str) -> str:
    """A script as a page carries it: gzip in base64, of Plotly two fifths of the bytes; see `page.js`."""
    return base64.b64encode(gzip.compress(script.encode("utf-8"), mtime=0)).decode("ascii")


def unwanted_styles(script: str) -> list[str]:
    """Ids of the style elements that Plotly adds for maps, unless it finds an element of that id.

    No report has a map: the page holds an empty element for each, and so needs no more room in its policy.
    """
    return sorted(set(re.findall(r'getElementById\("([0-9a-f]{40,})"\)', script)))


def rendered(template: str, values: dict[str, Any]) -> str:
    """A template filled with values, each escaped unless it is marked as our own markup."""
    return _environment().get_template(template).render(values)


def trusted(text: str) -> str:
    """Mark text of our own, scripts and styles, as markup that is not to be escaped."""
    from markupsafe import Markup

    return Markup(text)


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """The Content-Security-Policy of a page that loads nothing and runs exactly these texts."""
    script_hashes = " ".join(_hash(text) for text in scripts) or "'none'"
    style_hashes = " ".join(_hash(text) for text in (*styles, _EMPTY_STYLE))
    return (
        f"default-src 'none'; script-src {script_hashes}; style-src 'unsafe-hashes' {style_hashes}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def embedded(value: Any) -> str:
    r"""JSON for the inside of a script element: no character in it can end the element.

    Example:
        >>> embedded({"name": "</script>"})
        '{"name":"\\u003c/script\\u003e"}'
    """
    text = as_json(value, indent=None)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def as_json(value: Any, *, indent: int | None) -> str:
    """JSON in ASCII, so that any string survives, half a surrogate pair too.

    Raises:
        UsageError: When a number is not finite: missing numbers are None.
    """
    separators = (",", ":") if indent is None else None
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, indent=indent, separators=separators)
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

    return Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
