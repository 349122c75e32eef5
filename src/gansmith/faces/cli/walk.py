"""`gansmith walk`: a film of the way from one record of a model to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gansmith.faces.cli.options import Json, Seed, Where, check_folder, check_not_read, print_json

MOST_FRAMES = 2_000


def walk(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The film to write: .gif, .webp or .png.")
    ] = Path("walk.gif"),
    stops: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=100,
            help="Records between which it goes; if not given, one of each value (up to 12) or 5.",
        ),
    ] = None,
    frames: Annotated[
        int, typer.Option(min=1, max=MOST_FRAMES, help="Pictures from each stop to the next.")
    ] = 16,
    walks: Annotated[int, typer.Option("-n", "--walks", min=1, max=64, help="How many, side by side.")] = 4,
    where: Where = None,
    balance: Annotated[
        str, typer.Option(metavar="COLUMN", help="A label whose values are gone through, stop by stop.")
    ] = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Make a film of what lies between records: noise is turned, labels fade into each other.

    With --balance label, or several values of --where label=..., the stops are of one value after the other.
    """
    from gansmith.tasks.latents import film_of_walks
    from gansmith.tasks.model import load_model

    check_folder(output)
    check_not_read(output, model)
    loaded = load_model(model)
    provenance = film_of_walks(loaded, output, walks, stops, frames, seed, where, balance)
    typer.echo(f"Wrote {provenance['frames']:,} frames to {output}.", err=True)
    if json:
        print_json({**provenance, "output": str(output)})
