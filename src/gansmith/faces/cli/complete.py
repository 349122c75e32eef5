"""`gansmith complete`: fill the gaps of partial records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gansmith.faces.cli.options import STDOUT, Json, Output, check_not_read, check_stdout, print_json
from gansmith.faces.cli.settings import Chosen, offering


@offering("complete")
def complete(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    partial: Annotated[str, typer.Argument(help="A table with missing cells, or without some columns.")],
    chosen: Chosen,
    output: Output = STDOUT,
    seed: Annotated[int, typer.Option(help="Another seed, another imputation.")] = 0,
    keep_missing: Annotated[
        bool, typer.Option("--keep-missing", help="A cell may stay missing, where the model leaves it so.")
    ] = False,
    json: Json = False,
) -> None:
    """Fill the missing cells of a table with what a model makes of the rest of each record.

    Cells that are there stay letter for letter. Another --seed gives another imputation.
    """
    from gansmith.tasks.impute import read_partial, write_imputed
    from gansmith.tasks.model import load_model

    check_stdout(output, json=json)
    check_not_read(Path(output), model, partial)
    loaded = load_model(model)
    found = read_partial(loaded, partial, keep_missing=keep_missing, options=chosen.options)
    for note in found.notes:
        typer.echo(f"Note: {note}", err=True)
    provenance = write_imputed(loaded, found, output, seed)
    if output != STDOUT:
        typer.echo(
            f"Wrote {len(found):,} records to {output}; {found.n_gaps:,} cells were missing.", err=True
        )
    if json:
        print_json({**provenance, "output": output})
