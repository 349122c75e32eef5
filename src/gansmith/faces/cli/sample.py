"""`gansmith sample`: make records with a model."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import Json, Seed, Where, pairs, print_json


def sample(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    n: Annotated[int, typer.Option("-n", "--records", min=0, help="How many records.")] = 1000,
    output: Annotated[
        str,
        typer.Option("-o", "--output", help="File to write, by its extension; - is CSV on standard output."),
    ] = "-",
    where: Where = None,
    seed: Seed = 0,
    opinions: Annotated[
        bool,
        typer.Option(
            "--opinions", help="Print each record with the discriminator's probability that it is real."
        ),
    ] = False,
    safe_csv: Annotated[
        bool, typer.Option("--safe-csv", help="Escape text that a spreadsheet would run.")
    ] = False,
    json: Json = False,
) -> None:
    """Make synthetic records with a model."""
    from gansmith.tasks.model import load_model

    loaded = load_model(model)
    wanted = pairs(where, "=", "--where", "COLUMN=VALUE")
    if opinions:
        _print_opinions(loaded, n, seed, wanted)
        return
    if json and output == "-":
        raise UsageError("--json prints on standard output, and so do the records. Give a file with -o.")
    made = {"synthetic": True, "model": loaded.digest, "seed": seed, "where": wanted, "records": n}
    provenance = {**made, "versions": loaded.manifest["versions"], "kind": loaded.manifest["kind"]}
    metadata = {"gansmith": json_module.dumps(provenance, sort_keys=True)}
    with loaded.modality.writer(loaded.codec, Path(output), metadata, safe_csv=safe_csv) as writer:
        for block in loaded.blocks(n, seed, wanted):
            writer.write(block)
    if output != "-":
        from gansmith.store.archive import as_json
        from gansmith.store.atomic import write_whole

        write_whole(Path(f"{output}.meta.json"), as_json(provenance) + b"\n")
        typer.echo(f"Wrote {n:,} records to {output}.", err=True)
    if json:
        print_json({**provenance, "output": output})


def _print_opinions(model: Any, n_records: int, seed: int, where: dict[str, str]) -> None:
    """Each record as a person would look at it, and what the discriminator thinks of it."""
    import numpy as np

    for block in model.blocks(n_records, seed, where):
        for index, probability in enumerate(model.opinions(block)):
            typer.echo(model.modality.preview(model.codec, block.take(np.array([index]))))
            typer.echo(f"probability that this is real: {probability:.3f}\n")
