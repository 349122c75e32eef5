"""`gansmith list`: the names that can be chosen."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gansmith.faces.cli.options import Json, print_json


class Names(StrEnum):
    """What can be listed."""

    OBJECTIVES = "objectives"
    PENALTIES = "penalties"
    KINDS = "kinds"
    PRESETS = "presets"


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
    from gansmith.modalities.registry import Modality, all_modalities, kinds

    if what is Names.OBJECTIVES:
        return [(name, objective.meaning) for name, objective in OBJECTIVES.items()]
    if what is Names.PENALTIES:
        return [(name, penalty.meaning) for name, penalty in PENALTIES.items()]
    found = dict(zip(kinds(), all_modalities(), strict=True))
    if what is Names.KINDS:
        return [(kind, one.meaning if isinstance(one, Modality) else str(one)) for kind, one in found.items()]
    return [
        (f"{kind} {preset}", meaning)
        for kind, one in found.items()
        if isinstance(one, Modality)
        for preset, meaning in one.recipe.presets.items()
    ]
