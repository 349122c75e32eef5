"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from gansmith.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Seed = Annotated[int, typer.Option(help="The same seed, the same result.")]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="NAME:KIND", help="A column's kind that you know better."),
]
NoHeader = Annotated[bool, typer.Option("--no-header", help="The first line is data, not names.")]
Encoding = Annotated[str, typer.Option(help="Of a text file; found when not given.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE",
        help="What must hold: also != >= <= > < for =, nothing for a missing cell. Repeat for more; several "
        "values of a column are alternatives.",
    ),
]

Missing = Annotated[
    list[str] | None,
    typer.Option("--missing", metavar="TEXT", help="A spelling of a missing cell; repeat for more."),
]


def pairs(texts: Sequence[str] | None, sign: str, option: str, form: str) -> dict[str, str]:
    """`["a:1", "b:2"]` as a dictionary; `form` says how one is to be written.

    Raises:
        UsageError: When the sign is missing or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, separator, value = text.rpartition(sign)
        if not separator or not name:
            raise UsageError(f"{option} {text!r}: write {form}.")
        if name in found:
            raise UsageError(f"{option}: {name!r} is given twice. Give it once.")
        found[name] = value
    return found


def given(context: typer.Context) -> set[str]:
    """Names of the parameters that stand on the command line, whatever their values."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"}


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
