"""`gansmith sample` and `gansmith complete`: make records with a model, or fill the gaps of some."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import STDOUT, Json, Output, Seed, Where, check_records_output, print_json
from gansmith.faces.cli.settings import Chosen, offering
from gansmith.store.address import without_password


@offering("sample")
def sample(
    model: Annotated[
        Path, typer.Argument(help="A model file; or a run folder, to use its best model so far.")
    ],
    chosen: Chosen,
    n: Annotated[
        int | None,
        typer.Option("-n", "--records", min=0, help="How many records to make; if not given, 1000."),
    ] = None,
    output: Output = STDOUT,
    where: Where = None,
    balance: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="Make every value of this column equally frequent."),
    ] = "",
    seed: Seed = 0,
    truncation: Annotated[
        float,
        typer.Option(help="Factor of the noise; below 1, records are more typical and less diverse."),
    ] = 1.0,
    discriminator_scores: Annotated[
        bool,
        typer.Option(
            "--discriminator-scores",
            help="Print each record with the probability, by the discriminator, that it is real.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make synthetic records with a model."""
    from gansmith.tasks.runs.so_far import model_at
    from gansmith.tasks.writing import n_asked

    if discriminator_scores and (json or output != STDOUT):
        raise UsageError("--discriminator-scores prints the records as text: leave out -o and --json.")
    check_records_output(output, model, json=json)
    loaded = model_at(model)
    n_records, counted = n_asked(loaded.modality, loaded.codec, n, chosen.options)
    for doubt in loaded.doubts(where, balance):
        typer.echo(f"Note: {doubt}", err=True)
    if discriminator_scores:  # each record as a person would look at it, and what is thought of it
        import numpy as np

        for block in loaded.blocks(n_records, seed, where, balance, truncation):
            for index, probability in enumerate(loaded.realism(block)):
                one = block.take(np.array([index]))
                typer.echo(loaded.modality.format.preview(one).as_text())
                typer.echo(f"probability of being real: {probability:.3f}\n")
        return
    provenance = loaded.write(output, n_records, seed, where, balance, chosen.options, truncation)
    if output != STDOUT:
        typer.echo(f"Wrote {counted} to {without_password(output)}.", err=True)
    if json:
        print_json({**provenance, "output": without_password(output)})


@offering("complete")
def complete(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    partial: Annotated[str, typer.Argument(help="A table with missing cells, or without some columns.")],
    chosen: Chosen,
    output: Output = STDOUT,
    seed: Annotated[int, typer.Option(help="Random seed; another seed gives another imputation.")] = 0,
    keep_missing: Annotated[
        bool,
        typer.Option("--keep-missing", help="Let cells stay missing where the model makes a missing cell."),
    ] = False,
    json: Json = False,
) -> None:
    """Impute the missing cells of a table, given the other cells of each record.

    Cells that are not missing stay as they are, letter for letter. Another --seed gives another imputation.
    """
    from gansmith.tasks.model import load_model

    check_records_output(output, model, partial, json=json)
    loaded = load_model(model)
    found = loaded.read_partial(partial, keep_missing=keep_missing, options=chosen.options)
    for note in found.notes:
        typer.echo(f"Note: {note}", err=True)
    provenance = loaded.write_imputed(found, output, seed)
    if output != STDOUT:
        typer.echo(
            f"Wrote {len(found):,} record{'' if len(found) == 1 else 's'} to {output}; "
            f"{found.n_gaps:,} cells were filled in.",
            err=True,
        )
    if json:
        print_json({**provenance, "output": output})
