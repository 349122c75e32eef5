"""`gansmith score`: how real, how useful and how private synthetic data is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gansmith.errors import QualityError, UsageError
from gansmith.faces.cli.options import (
    Json,
    Seed,
    WithRealRecords,
    check_folder,
    check_not_read,
    check_with_real_records,
    print_json,
)
from gansmith.faces.cli.settings import Chosen, offering

if TYPE_CHECKING:
    from gansmith.scorecard.card import Scorecard


@offering("score")
def score(
    synthetic: Annotated[list[str], typer.Argument(help="Synthetic data, from any tool; one or several.")],
    real: Annotated[str, typer.Option(help="The real data that the synthetic data was learnt from.")],
    chosen: Chosen,
    holdout: Annotated[
        str,
        typer.Option(help="Real data that was not learnt from; if not given, a fifth of --real."),
    ] = "",
    target: Annotated[
        str, typer.Option(help="The column (of pictures the label) to predict; if not given, each in turn.")
    ] = "",
    kind: Annotated[str, typer.Option(help="Kind of data; if not given, found from the data.")] = "",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the report: .html (with a .json beside it) or .json."),
    ] = None,
    privacy_card: Annotated[
        Path | None,
        typer.Option(help="Write the privacy card for a data-protection officer: .html or .json."),
    ] = None,
    with_real_records: WithRealRecords = False,
    require: Annotated[
        list[str] | None,
        typer.Option(
            "--require",
            metavar="SCORE<=NUMBER",
            help="Exit with code 4 unless this holds, such as 'c2st<=0.8'. Repeat for more.",
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer records, and only fast scores.")] = False,
    run: Annotated[
        Path | None,
        typer.Option(
            help="Run folder of the training: its course stands in the report, its settings on the card."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="The model that made the data: its settings and what it suppressed stand on the privacy "
            "card; of pictures the report shows interpolations."
        ),
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Score synthetic data: how real, useful, private and valid it is, next to held-out real data."""
    from gansmith.scorecard.card import parsed
    from gansmith.store import as_json, write_whole
    from gansmith.tasks.judging import compare

    check_with_real_records(with_real_records, output, "-o")
    _check_outputs(output, privacy_card, [*synthetic, real, holdout, str(model or "")], len(synthetic))
    for requirement in require or ():
        parsed(requirement)
    cards = compare(
        synthetic,
        real,
        holdout or None,
        target=target or None,
        kind=kind,
        quick=quick,
        run=run,
        model=model,
        seed=seed,
        **chosen.options,
    )
    first, *others = cards.cards
    if output and output.suffix == ".html":
        cards.to_html(output, with_real_records=with_real_records)
    elif output:
        report = cards.report(with_real_records=with_real_records)
        write_whole(output, as_json(report) + b"\n", is_private=with_real_records)
    if privacy_card:
        first.to_privacy_card(privacy_card)
    for path in filter(None, (output, privacy_card)):
        twin = f" and {path.with_suffix('.json')}" if path is output and path.suffix == ".html" else ""
        typer.echo(f"Wrote {path}{twin}.", err=True)
    misses = cards.check(require or []) if others else first.check(require or [])
    if json:
        print_json(cards.to_dict() if others else first.to_dict())
    else:
        for card in cards:
            print_card(card)
    if misses:
        raise QualityError(" ".join(misses))


def _check_outputs(
    output: Path | None, privacy_card: Path | None, inputs: list[str], n_synthetic: int
) -> None:
    for path, what in ((output, "the report"), (privacy_card, "the privacy card")):
        if path is None:
            continue
        if path.suffix not in (".html", ".json"):
            raise UsageError(f"{path}: {what} is HTML or JSON. Give a name that ends in .html or .json.")
        check_not_read(path, *inputs)
        check_folder(path)
    if output and output.suffix == ".html":
        twin = output.with_suffix(".json")
        check_not_read(twin, *inputs)
        if twin.exists() and not output.exists():
            raise UsageError(
                f"{twin} exists and would be overwritten by the report's data. Rename one of them."
            )
    if output and privacy_card and output.with_suffix("") == privacy_card.with_suffix(""):
        raise UsageError("the report and the privacy card would overwrite each other. Give them other names.")
    if privacy_card and n_synthetic > 1:
        raise UsageError(
            "a privacy card is about one synthetic data set. Give one, or leave out --privacy-card."
        )


def print_card(card: Scorecard) -> None:
    """The card on standard output: the verdict, each score beside its anchors, and what stood out."""
    from gansmith.faces.cli.screen import output, print_table

    for note in card.notes:
        typer.echo(f"Note: {note}", err=True)
    answers = [(line.question, line.level, line.text) for line in card.verdict]
    print_table(("", "", ""), answers, f"{card.name}: {card.n_records:,} synthetic records")
    shown = dict.fromkeys([*_ANCHORS, *(name for entry in card.entries for name in entry.anchors)])
    rows = [
        (
            f"{entry.name} {'↑' if entry.score.direction == 'higher' else '↓'}",
            f"{entry.score!s}{' (?)' if entry.score.caveat else ''}",
            *(f"{entry.anchors[name].value:.4g}" if name in entry.anchors else "" for name in shown),
        )
        for entry in card.entries
    ]
    title = (
        "\nScores, beside those of held-out real records, of independently drawn columns and of a copy of "
        "the training data (↑ higher is better)"
    )
    print_table(("", "synthetic", *(_ANCHORS.get(name, name) for name in shown)), rows, title)
    for name, words in _WORST.items():
        worst = next((entry.details for entry in card.entries if entry.name == name), {})
        if worst:
            said = ", ".join(f"{what} {value:.3g}" for what, value in list(worst.items())[:3])
            output.print(f"{words}: {said}")
    for entry in card.entries:
        if entry.score.caveat:
            output.print(f"{entry.name} (?): {entry.score.caveat}")
    for name, reason in card.skipped.items():
        typer.echo(f"{name}: not computed: {reason}", err=True)


_ANCHORS = {"ceiling": "real", "floor": "independent", "copy": "copy"}
_WORST = {
    "c2st": "Columns by which synthetic records are recognised (share of the AUC)",
    "shape": "Columns that differ most from real ones",
    "class_kl": "Classes too frequent (below 0: too rare), difference of the shares",
    "mutual_information": "Pairs of columns that differ most from real ones",
    "valid": "Broken rules (share of the records)",
}
