"""`gansmith detect`: odd records, why they are odd, and whether two files differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import Json, Seed, check_folder, check_not_read, print_json

if TYPE_CHECKING:
    from gansmith.tasks.detect.searching import Findings

N_SHOWN = 10


def detect(
    model: Annotated[Path, typer.Argument(help="A model of usual (normal) records, or a saved detector.")],
    data: Annotated[str, typer.Argument(help="Records to score.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Write a line for each record, in the order of the data: .csv or .jsonl."
        ),
    ] = None,
    train: Annotated[
        str, typer.Option(help="Usual records to learn from; if not given, records that the model makes.")
    ] = "",
    contamination: Annotated[
        float, typer.Option(help="Share of usual records that may be called odd (false alarms), up to 0.5.")
    ] = 0.01,
    validation: Annotated[
        str,
        typer.Option(
            help="Labelled records (see --label): the threshold is set where F1 is highest on them."
        ),
    ] = "",
    label: Annotated[
        str,
        typer.Option(
            metavar="COLUMN=VALUE",
            help="The label of records that are odd indeed, to measure how well they are found.",
        ),
    ] = "",
    compare: Annotated[
        str, typer.Option(help="Other records: test whether DATA differs from them, and where.")
    ] = "",
    save: Annotated[
        Path | None, typer.Option(help="Save the detector as a .gan file, to use again without learning.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report: .html, with a .json beside it.")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Detect anomalies: score how odd each record is beside usual ones, and say why."""
    from gansmith.faces.cli.screen import learning

    for path in (output, save, report):
        if path is not None:
            check_folder(path)
            check_not_read(path, *(name for name in (str(model), data, train, validation, compare) if name))
    if report is not None and report.suffix.lower() != ".html":
        raise UsageError(f"{report}: the report is an HTML page. Give a name that ends in .html.")
    if save is not None and save.suffix != ".gan":
        raise UsageError(f"{save}: a detector is a .gan file. Give a name that ends in .gan.")
    from gansmith.tasks.detect.detecting import detect as found_in
    from gansmith.tasks.detect.searching import check_scores_name

    if output is not None:
        check_scores_name(output)
    with learning() as progress:
        findings = found_in(
            model,
            data,
            train=train or None,
            contamination=contamination,
            validation=validation or None,
            label=label,
            compare=compare or None,
            save=save,
            seed=seed,
            progress=progress,
        )
    if output is not None:
        findings.write(output)
    if report is not None:
        findings.to_html(report)
    if json:
        print_json({**findings.to_dict(), "output": str(output) if output else None})
    else:
        _print(findings)


def _print(findings: Findings) -> None:
    from gansmith.faces.cli.screen import console, print_table

    for note in findings.notes:
        console.print(f"Note: {note}")
    rows = [
        (
            str(one["name"] or one["record"]),
            f"{one['score']:.1f}",
            f"1 in {1 / one['chance']:,.0f}",
            str(one["reason"]),
        )
        for one in findings.oddest[:N_SHOWN]
    ]
    print_table(("record", "score", "usual records as odd", "why"), rows, findings.sentence)
    if findings.compared:
        measured = [
            (one.name, f"{one.auroc:.3f} ± {one.error:.3f}", f"{one.average_precision:.3f}")
            for one in findings.compared
        ]
        title = "\nHow well each method ranks odd records first"
        print_table(("method", "AUROC", "average precision"), measured, title)
    if findings.drift is not None:
        moved = [(one.name, f"{one.effect:.2f}", one.words) for one in findings.drift.parts]
        print_table(("part", "effect", "change"), moved, f"\n{findings.drift.sentence}")
