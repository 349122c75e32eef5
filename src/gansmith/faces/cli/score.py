"""`gansmith score`: how real, how useful and how private synthetic data is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gansmith.errors import QualityError, UsageError
from gansmith.faces.cli.options import Column, Encoding, Json, NoHeader, Seed, pairs, print_json
from gansmith.faces.cli.outputs import check_not_read

if TYPE_CHECKING:
    from gansmith.scorecard.card import Scorecard


def score(
    synthetic: Annotated[str, typer.Argument(help="Synthetic data, whoever made it.")],
    real: Annotated[str, typer.Option(help="The data it was learnt from.")],
    holdout: Annotated[
        str,
        typer.Option(help="Real data it was not learnt from; else a fifth of the real data is split off."),
    ] = "",
    target: Annotated[str, typer.Option(help="A column to be predicted from the others.")] = "",
    kind: Annotated[str, typer.Option(help="Kind of data; found from the data when not given.")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the card as a .json file.")
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="SCORE<=NUMBER", help="Leave with 4 when it is missed."),
    ] = None,
    column: Column = None,
    no_header: NoHeader = False,
    encoding: Encoding = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score synthetic data against held-out real data, each number beside that of real records."""
    from gansmith.store.atomic import write_whole
    from gansmith.store.plain import as_json
    from gansmith.tasks.synthesize import score as score_data

    if output and output.suffix != ".json":
        raise UsageError(f"{output}: the card is written as JSON. Give a name that ends in .json.")
    if output:
        check_not_read(output, synthetic, real, holdout)
    card = score_data(
        synthetic,
        real,
        holdout or None,
        target=target or None,
        kind=kind,
        columns=pairs(column, ":", "--column", "NAME:KIND"),
        has_header=not no_header,
        encoding=encoding or None,
        seed=seed,
    )
    misses = card.check(require or [])
    if output:
        write_whole(output, as_json(card.to_dict()) + b"\n")
    if json:
        print_json(card.to_dict())
    else:
        if not holdout:
            typer.echo(
                "No hold-out given: a fifth of the real data was split off; the model may know it.",
                err=True,
            )
        print_card(card)
    if misses:
        raise QualityError(" ".join(misses))


def print_card(card: Scorecard) -> None:
    """The card on standard output: each score beside that of a real hold-out, and what stood out."""
    from gansmith.faces.cli.tables import plain_console, print_table

    console = plain_console()
    anchors = [entry.anchors.get("holdout") for entry in card.entries]
    rows = [
        (entry.name, str(entry.score), str(anchor) if anchor else "", entry.score.meaning)
        for entry, anchor in zip(card.entries, anchors, strict=True)
    ]
    print_table(console, ("", "synthetic", "real hold-out", "what it says"), rows, card.title)
    for entry in card.entries:
        worst = [f"{name} {value:.3g}" for name, value in list(entry.details.items())[:3]]
        if worst:
            console.print(f"{entry.name}, most of it from: {', '.join(worst)}")
