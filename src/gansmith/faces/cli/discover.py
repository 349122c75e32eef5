"""`gansmith list` and `gansmith demo`: what there is, without any data of your own."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gansmith.faces.cli.options import Json, Seed, print_json

Names = StrEnum("Names", ["OBJECTIVES", "PENALTIES", "KINDS", "PRESETS"])
Demo = StrEnum("Demo", ["ALL", "DIGITS", "GAUSSIAN", "TABLE"])


def list_names(
    what: Annotated[Names, typer.Argument(help="What to list.")] = Names.OBJECTIVES,
    json: Json = False,
) -> None:
    """List objectives, penalties, kinds of data or presets, with a line on each."""
    found = dict(_found(what))
    if json:
        print_json(found)
        return
    width = max(len(name) for name in found)
    for name, meaning in found.items():
        typer.echo(f"{name:{width}}  {meaning}")


def _found(what: Names) -> list[tuple[str, str]]:
    from gansmith.engine.objectives import OBJECTIVES
    from gansmith.engine.penalties import PENALTIES
    from gansmith.modalities.registry import Modality, all_modalities, kinds, loadable

    if what is Names.OBJECTIVES:
        return [(name, objective.meaning) for name, objective in OBJECTIVES.items()]
    if what is Names.PENALTIES:
        return [(name, penalty.meaning) for name, penalty in PENALTIES.items()]
    if what is Names.PRESETS:
        each = ((kind.kind, preset) for kind in loadable() for preset in kind.recipe.presets.items())
        return [(f"{kind} {name}", meaning) for kind, (name, meaning) in each]
    found = zip(kinds(), all_modalities(), strict=True)
    return [(kind, one.meaning if isinstance(one, Modality) else str(one)) for kind, one in found]


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
