"""`gansmith demo`: see it work on real data, without any of your own."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gansmith.faces.cli.options import Json, Seed, print_json


class Demo(StrEnum):
    """What can be shown."""

    ALL = "all"
    DIGITS = "digits"
    GAUSSIAN = "gaussian"
    TABLE = "table"


def demo(
    which: Annotated[Demo, typer.Argument(help="Which; all shows digits and table.")] = Demo.ALL,
    data: Annotated[Path | None, typer.Option(help="digits: a file of 64 pixels and a label a line.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for what is made.")] = Path("demo"),
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Show the article's GAN learning handwritten digits, and a table learnt and made anew."""
    from gansmith.faces.demos.digits import run_digits
    from gansmith.faces.demos.gaussian import run_gaussian
    from gansmith.faces.demos.table import run_table

    found: dict[str, object] = {}

    def show(text: str) -> None:
        typer.echo(text, err=json)

    if which in (Demo.ALL, Demo.DIGITS):
        found["digits"] = run_digits(data, output, seed, show)
    if which is Demo.GAUSSIAN:
        found["gaussian"] = run_gaussian(output, seed, show)
    if which in (Demo.ALL, Demo.TABLE):
        found["table"] = run_table(output, seed, show)
    if json:
        print_json(found)
