"""`gansmith fit`: learn a model from data."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import (
    Column,
    Encoding,
    Json,
    Missing,
    NoHeader,
    Where,
    given,
    pairs,
    print_json,
)
from gansmith.faces.cli.outputs import check_model_output

if TYPE_CHECKING:
    from gansmith.modalities.readers import Reading
    from gansmith.tasks.fit import FitRun
    from gansmith.tasks.settings import FitConfig

INTERRUPTED = 130
DEFINES_A_RUN = (
    "kind", "target", "budget", "samples_seen", "shortened", "epochs", "seed", "device", "threads", "preset",
    "objective", "config", "column", "schema", "schema_table", "where", "no_constraints", "no_header",
    "encoding", "min_count", "missing", "locale", "origin",
)  # fmt: skip
"""Options that decide what is learnt; a resumed run has them already."""


def fit(
    context: typer.Context,
    data: Annotated[str, typer.Argument(help="What to learn from: a CSV, Parquet or JSON lines file, ...")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The model file to write.")] = Path(
        "model.gan"
    ),
    kind: Annotated[str, typer.Option(help="Kind of data; found from the data when not given.")] = "",
    target: Annotated[
        str, typer.Option(help="A column to be predicted from the others; kept for scoring.")
    ] = "",
    budget: Annotated[
        str, typer.Option(help="Time to learn: 90s, 5m, 1h30m; a length that fits most when not given.")
    ] = "",
    samples_seen: Annotated[int, typer.Option(help="Length in records seen; repeats a run exactly.")] = 0,
    shortened: Annotated[
        str, typer.Option(help="Where a budget shortened the run that --samples-seen repeats, as printed.")
    ] = "",
    epochs: Annotated[float, typer.Option(help="Length in passes over the data.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same model.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int, typer.Option(help="Processor cores to learn with; chosen when not given.")] = 0,
    preset: Annotated[str, typer.Option(help="Sizes and rules; see `gansmith list presets`.")] = "default",
    objective: Annotated[
        str, typer.Option(help="What the players want; see `gansmith list objectives`.")
    ] = "",
    config: Annotated[Path | None, typer.Option(help="A TOML file with these settings.")] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; NAME.run beside the model if not given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="OLD.gan", help="A model to go on from, with data of the same columns."
        ),
    ] = None,
    column: Column = None,
    schema: Annotated[
        Path | None,
        typer.Option(help="A schema as `gansmith show DATA --json` prints it, or SDV's metadata.json."),
    ] = None,
    schema_table: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The table of SDV's metadata that the data is, where it has several."
        ),
    ] = "",
    where: Where = None,
    no_constraints: Annotated[
        bool, typer.Option("--no-constraints", help="Look for no rules that hold without exception.")
    ] = False,
    no_header: NoHeader = False,
    encoding: Encoding = "",
    min_count: Annotated[
        int,
        typer.Option(
            help="Records that must share a value before it comes out; 5, or 2 to 4 in small tables, "
            "when not given; 1 lets everything out."
        ),
    ] = 0,
    missing: Missing = None,
    locale: Annotated[
        str, typer.Option(help="Of invented names and addresses, such as de_DE; needs gansmith[invent].")
    ] = "",
    sampling_only: Annotated[
        bool, typer.Option("--sampling-only", help="Leave the discriminator out of the file.")
    ] = False,
    json: Json = False,
) -> None:
    """Learn a model from data.

    Ctrl-C stops between two steps and keeps a checkpoint; --resume goes on as if nothing had happened.
    """
    from gansmith.faces.cli.first_look import console
    from gansmith.modalities.readers import Reading
    from gansmith.tasks.settings import FitConfig

    check_model_output(output, data)
    names = given(context)
    folder = run or output.with_suffix(".run")
    if resume:
        _check_resumable(names)
        from gansmith.tasks.fit import resume as resume_run

        fit_run = resume_run(data, folder)
        console.print(f"Resuming at step {fit_run.training.step:,} of {fit_run.training.n_steps:,}.")
    else:
        chosen = FitConfig(
            kind,
            preset,
            objective,
            budget,
            samples_seen,
            epochs,
            seed,
            device,
            threads,
            min_count,
            shortened,
        )
        chosen = _merged(config, chosen, names) if config else chosen
        reading = Reading(
            columns=pairs(column, ":", "--column", "NAME:KIND"),
            schema=_schema(schema, schema_table) if schema else None,
            has_header=not no_header,
            encoding=encoding or None,
            where=where or [],
            missing=tuple(missing or ()),
            locale=locale,
            finds_constraints=not no_constraints,
        )
        fit_run = _started(data, chosen, target, reading, folder, origin)
    from gansmith.faces.cli.progress import play

    is_finished = play(fit_run)
    if fit_run.training.length.cuts:
        console.print(f"Shortened to keep the budget; {fit_run.repeat()} repeats this run.")
    if not is_finished:
        command = ["gansmith", "fit", data, "-o", str(output), "--run", str(folder), "--resume"]
        command += ["--sampling-only"] if sampling_only else []
        console.print("Stopped; a checkpoint is kept. To go on:")
        typer.echo(shlex.join(command), err=True)
        raise typer.Exit(INTERRUPTED)
    model = fit_run.model()
    digest = model.save(output, sampling_only=sampling_only)
    console.print(f"Wrote {output}.")
    if json:
        print_json({"model": str(output), "sha256": digest, "run": str(folder), **model.manifest["training"]})


def _started(
    data: str, chosen: FitConfig, target: str, reading: Reading, folder: Path, origin: Path | None
) -> FitRun:
    """A run that has not begun to learn; what was read is shown before anything is learnt from it."""
    from gansmith.faces.cli.first_look import console, show_beginning, show_schema
    from gansmith.store.run_folder import RunFolder
    from gansmith.tasks.opening import open_data

    RunFolder(folder).check_free()
    model = None
    try:
        if origin:
            from gansmith.tasks.model import load_model
            from gansmith.tasks.origin import taken_over

            model = load_model(origin)
            chosen, target, reading = taken_over(model, chosen, target, reading)
        opened = open_data(data, kind=chosen.kind, target=target, reading=reading)
        show_schema(opened)
        show_beginning()
        n_notes = len(opened.notes)
        from gansmith.tasks.fit import start  # takes its time, as it imports torch

        fit_run = start(opened, chosen, folder=folder, origin=model)
    except KeyboardInterrupt:
        typer.echo("Interrupted before learning began: nothing was written.", err=True)
        raise
    for remark in fit_run.notes[n_notes:]:  # what the codecs found
        console.print(f"Note: {remark}")
    n_heldout = fit_run.prepared.manifest["data"]["n_heldout"]
    n_steps = fit_run.training.n_steps
    console.print(f"{n_heldout:,} records held out, {n_steps:,} steps; {fit_run.repeat()} repeats this run.")
    return fit_run


def _schema(path: Path, table: str) -> Mapping[str, Any]:
    from gansmith.tasks.given import schema_of

    return schema_of(path, table)


def _check_resumable(names: Collection[str]) -> None:
    """Raise UsageError when something is given that would make it another run."""
    spelt = {"origin": "from"}
    options = [f"--{spelt.get(name, name).replace('_', '-')}" for name in DEFINES_A_RUN if name in names]
    if options:
        raise UsageError(
            f"a resumed run keeps its own settings: leave out {', '.join(options)}, "
            "or start a new run without --resume in another folder (--run)."
        )


def _merged(path: Path, chosen: FitConfig, names: Collection[str]) -> FitConfig:
    """Settings of a TOML file, overruled by those whose names stand on the command line."""
    from gansmith.settings import from_plain
    from gansmith.tasks.settings import FitConfig

    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--config {path}: {error}.") from error
    from_file = from_plain(FitConfig, values)
    changed = {name: value for name, value in vars(chosen).items() if name in names}
    if any(changed.get(name) for name in ("budget", "samples_seen", "epochs")):
        from_file = replace(from_file, budget="", samples_seen=0, shortened="", epochs=0)
    return replace(from_file, **changed)
