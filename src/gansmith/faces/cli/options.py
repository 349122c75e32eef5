"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gansmith.errors import DataError, UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Seed = Annotated[int, typer.Option(help="The same seed, the same result.")]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="COLUMN=VALUE", help="A value that must hold; repeat for more."),
]


def pairs(texts: Sequence[str] | None, sign: str, option: str, form: str) -> dict[str, str]:
    """`["a=1", "b=2"]` as a dictionary; `form` says how one is to be written.

    Raises:
        UsageError: When the sign is missing or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, separator, value = text.partition(sign) if sign == "=" else text.rpartition(sign)
        if not separator or not name:
            raise UsageError(f"{option} {text!r}: write {form}.")
        if name in found:
            raise UsageError(f"{option}: {name!r} is given twice. Give it once.")
        found[name] = value
    return found


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: When it is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: {error}. Give a JSON file, such as `gansmith show DATA --json` prints."
        ) from error


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
