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
        Path, typer.Option("-o", "--output", help="The film to write: .gif, .webp or .png; of sounds .wav.")
    ] = Path("walk.gif"),
    stops: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=100,
            help="Records to pass through; if not given, one of each value asked for (up to 12), or 5.",
        ),
    ] = None,
    frames: Annotated[
        int, typer.Option(min=1, max=MOST_FRAMES, help="Frames from each stop to the next.")
    ] = 16,
    walks: Annotated[
        int, typer.Option("-n", "--walks", min=1, max=64, help="How many walks, side by side.")
    ] = 4,
    where: Where = None,
    balance: Annotated[
        str, typer.Option(metavar="COLUMN", help="Go through the values of this label, stop by stop.")
    ] = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Make a film that interpolates between synthetic records, in their latents and labels.

    With --balance LABEL, or several --where LABEL=VALUE, each stop has the next value.
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
