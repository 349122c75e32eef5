"""`gansmith list` and `gansmith demo`: what there is, without any data of your own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gansmith.faces.cli.options import Json, Seed, print_json

Names = StrEnum("Names", ["OBJECTIVES", "PENALTIES", "TERMS", "AUGMENTATIONS", "CURES", "KINDS", "PRESETS"])
Demo = StrEnum(
    "Demo",
    [
        "ALL",
        "DATABASE",
        "DIGITS",
        "ENLARGING",
        "GAUSSIAN",
        "MUSIC",
        "SERIES",
        "SHAPES",
        "SOUND",
        "TABLE",
        "TEXT",
    ],
)


def list_names(
    what: Annotated[Names, typer.Argument(help="What to list.")] = Names.OBJECTIVES,
    json: Json = False,
) -> None:
    """List objectives, penalties, terms, augmentations, cures, kinds of data or presets, and explain each."""
    found = dict(_found(what))
    if json:
        print_json(found)
        return
    width = max(len(name) for name in found)
    for name, said in found.items():
        lines = [said] if isinstance(said, str) else [said["meaning"], *_more(said)]
        for place, line in enumerate(lines):
            typer.echo(f"{'' if place else name:{width}}  {line}")


def _more(said: Mapping[str, Any]) -> list[str]:
    """What stands below the meaning, in one line."""
    return [f"{said['use']} [{said['paper']}]"]


def _found(what: Names) -> list[tuple[str, Any]]:
    from gansmith.engine.augmentation import AUGMENTATIONS
    from gansmith.engine.cures import CURES
    from gansmith.engine.objectives import OBJECTIVES
    from gansmith.engine.penalties import PENALTIES
    from gansmith.engine.terms import TERMS
    from gansmith.modalities.registry import Modality, all_modalities, kinds, loadable

    if what is Names.OBJECTIVES:
        return [
            (name, {"meaning": one.meaning, "paper": one.source, "use": one.use})
            for name, one in OBJECTIVES.items()
        ]
    if what is Names.PENALTIES:
        return [
            (name, {"meaning": one.meaning, "paper": one.source, "use": f"usual weight {one.weight:g}"})
            for name, one in PENALTIES.items()
        ]
    terms = {name: one for name, one in TERMS.items() if not one.head}
    if what in (simple := {Names.TERMS: terms, Names.AUGMENTATIONS: AUGMENTATIONS, Names.CURES: CURES}):
        return [(name, one.meaning) for name, one in simple[what].items()]
    if what is Names.PRESETS:
        each = ((kind.kind, preset) for kind in loadable() for preset in kind.recipe.presets.items())
        return [(f"{kind} {name}", meaning) for kind, (name, meaning) in each]
    found = zip(kinds(), all_modalities(), strict=True)
    return [(kind, one.meaning if isinstance(one, Modality) else str(one)) for kind, one in found]


def demo(
    which: Annotated[Demo, typer.Argument(help="Which demo; all runs digits and table.")] = Demo.ALL,
    data: Annotated[Path | None, typer.Option(help="digits: a file of 64 pixels and a label a line.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")] = Path("demo"),
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Watch the GAN of Goodfellow et al. 2014 learn handwritten digits, and a model learn a table."""
    from gansmith.faces.demos.database import run_database
    from gansmith.faces.demos.digits import run_digits
    from gansmith.faces.demos.enlarging import run_enlarging
    from gansmith.faces.demos.gaussian import run_gaussian
    from gansmith.faces.demos.music import run_music
    from gansmith.faces.demos.series import run_series
    from gansmith.faces.demos.shapes import run_shapes
    from gansmith.faces.demos.sound import run_sound
    from gansmith.faces.demos.table import run_table
    from gansmith.faces.demos.text import run_text

    found: dict[str, object] = {}

    def show(text: str) -> None:
        typer.echo(text, err=json)

    if which is Demo.DATABASE:
        found["database"] = run_database(output, seed, show)
    if which in (Demo.ALL, Demo.DIGITS):
        found["digits"] = run_digits(data, output, seed, show)
    if which is Demo.ENLARGING:
        found["enlarging"] = run_enlarging(output, seed, show)
    if which is Demo.GAUSSIAN:
        found["gaussian"] = run_gaussian(output, seed, show)
    if which is Demo.MUSIC:
        found["music"] = run_music(output, seed, show)
    if which is Demo.SERIES:
        found["series"] = run_series(output, seed, show)
    if which is Demo.SHAPES:
        found["shapes"] = run_shapes(output, seed, show)
    if which is Demo.SOUND:
        found["sound"] = run_sound(output, seed, show)
    if which in (Demo.ALL, Demo.TABLE):
        found["table"] = run_table(output, seed, show)
    if which is Demo.TEXT:
        found["text"] = run_text(output, seed, show)
    if json:
        print_json(found)
