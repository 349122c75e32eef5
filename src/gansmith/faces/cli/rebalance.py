"""`gansmith rebalance`: which method against imbalance helps, and more of the rare class."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import Json, check_folder, check_not_read, check_records_output, print_json
from gansmith.faces.cli.settings import Chosen, offering
from gansmith.settings import from_plain
from gansmith.tasks.rebalance.settings import RebalanceConfig

if TYPE_CHECKING:
    from gansmith.scorecard.contest.card import Contest


@offering("rebalance", RebalanceConfig)
def rebalance(
    data: Annotated[str, typer.Argument(help="Labelled records, one class of which is too rare.")],
    target: Annotated[str, typer.Option(help="The column with the class; for pictures, the label.")],
    chosen: Chosen,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="Write synthetic records of the rare class to this file; only if a generator is recommended "
            "or --method names it.",
        ),
    ] = "",
    n: Annotated[
        int,
        typer.Option("-n", "--records", min=0, help="How many to write; 0: as many as the method adds."),
    ] = 0,
    all_records: Annotated[
        bool,
        typer.Option("--all", help="Write the real records too, and mark which are synthetic."),
    ] = False,
    method: Annotated[
        str,
        typer.Option(help="The method whose records to write, such as generator, whatever is recommended."),
    ] = "",
    report: Annotated[
        Path | None, typer.Option(help="Write the report: .html, with a .json beside it.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare methods against class imbalance on held-out real records, and recommend one, or none.

    Records are written only with -o; if no generator is recommended then, the exit code is 4.
    """
    config = from_plain(RebalanceConfig, dict(chosen.general))
    _check_outputs(output, report, data, method, n, all_records=all_records, json=json)
    from gansmith.tasks.rebalance.case import case_of
    from gansmith.tasks.rebalance.contest import contest_of
    from gansmith.tasks.rebalance.more import check_makes, method_to_write, write_more

    if method:
        check_makes(method)
    case = case_of(data, target, config, chosen.options)
    for note in case.notes:
        typer.echo(f"Note: {note}", err=True)
    with _progress() as show:
        contest = contest_of(case, config, show)
    if report:
        contest.to_html(report)
    if json:
        print_json(contest.to_dict())
    else:
        print_contest(contest)
    if output:
        method = method_to_write(contest, method)
        with _progress() as show:
            made = write_more(
                case, config, contest, method, Path(output), n, with_real=all_records, show=show
            )
        typer.echo(f"Wrote {made:,} synthetic records to {output} ({method}).", err=True)


def _check_outputs(
    output: str, report: Path | None, data: str, method: str, n: int, *, all_records: bool, json: bool
) -> None:
    for option, is_given in (("--method", method), ("-n", n), ("--all", all_records)):
        if is_given and not output:
            raise UsageError(f"{option} is about the records to write: name their file with -o.")
    if output:
        check_records_output(output, data, json=json)
        if output != "-":
            check_folder(Path(output))
    if report:
        if report.suffix != ".html":
            raise UsageError(f"{report}: the report is an HTML page. Give a name that ends in .html.")
        check_not_read(report, data)
        check_not_read(report.with_suffix(".json"), data)
        check_folder(report)


@contextmanager
def _progress() -> Generator[Callable[[str, float], None]]:
    """A line that is written over, where standard error is a terminal."""
    from gansmith.faces.cli.screen import console

    with console.status("") as status:
        yield lambda text, share: status.update(f"{share:4.0%}  {text}")


def print_contest(contest: Contest) -> None:
    """The contest on standard output: every method for every learner, and what to do."""
    from gansmith.faces.cli.screen import output, print_table

    found = contest.to_dict()
    title = (
        f"{found['target']}={found['minority']}: {found['n_rare']:,} of {found['n_records']:,} records "
        f"({found['share']:.1%})"
    )
    for learner, one in found["learners"].items():
        rows = [_row(method) for method in one["methods"]]
        print_table(_head(contest.aim.score), rows, f"{title}, learner: {learner}")
        output.print()
    for name, why in found["skipped"].items():
        output.print(f"Not tried: {name}: {why}")
    if contest.copies is not None:
        output.print(str(contest.copies))
    output.print(f"Recommended for the learner {contest.learner}: {contest.recommended}; {contest.reason}")


def _head(score: str) -> tuple[str, ...]:
    return ("method", "pr_auc", f"gain ({score})", "from", "to", "f1", "calib.")


def _row(method: dict[str, Any]) -> tuple[str, ...]:
    return (
        method["name"],
        f"{method['pr_auc']:.3f}±{method['error']:.3f}",
        *(f"{method[key]:+.3f}" for key in ("gain", "gain_low", "gain_high")),
        f"{method['f1']:.3f}",
        f"{method['calibration_error']:.3f}",
    )
