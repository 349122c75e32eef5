"""`gansmith fit`: learn a model from data."""

from __future__ import annotations

import shlex
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gansmith.errors import UsageError, did_you_mean
from gansmith.faces.cli.options import Json, check_model_output, print_json
from gansmith.faces.cli.settings import Chosen, offering
from gansmith.modalities.pairs.domains import TERMS
from gansmith.modalities.registry import find_modality, kinds, options_of, recognise
from gansmith.settings import from_plain, settings_of
from gansmith.store.address import without_password
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.runs.settings import FitConfig

if TYPE_CHECKING:
    from gansmith.tasks.runs.fit import FitRun

INTERRUPTED: Final = 130
LENGTHS: Final = ("budget", "samples_seen", "shortened", "epochs")


@offering("fit", FitConfig)
def fit(
    data: Annotated[
        str,
        typer.Argument(
            help="What to learn from: a CSV, Parquet or JSON lines file, a folder of pictures, ..."
        ),
    ],
    chosen: Chosen,
    output: Annotated[Path, typer.Option("-o", "--output", help="The model file to write.")] = Path(
        "model.gan"
    ),
    target: Annotated[
        str, typer.Option(help="The column that is to be predicted from the others; kept for scoring.")
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with these settings; options of a kind of data in a section, such as [table]."
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints; if not given, MODEL.run beside the model.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in that folder.")] = False,
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="OLD.gan", help="A model to fine-tune; the data must have the same columns."
        ),
    ] = None,
    sampling_only: Annotated[
        bool,
        typer.Option(
            "--sampling-only",
            help="Leave the discriminator out of the model file: smaller, but it cannot be fine-tuned.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Learn a model from data.

    Ctrl-C stops after the current step and keeps a checkpoint; the same command again, or --resume, continues
    the run exactly where it stopped.
    """
    from gansmith.faces.cli.screen import console, play

    check_model_output(output, data)
    folder = run or output.with_suffix(".run")
    general, options = _merged(config, chosen, data) if config else (dict(chosen.general), chosen.options)
    options = _by_the_terms(options)
    target = target or general.pop("target", "")
    if resume or RunFolder(folder).is_unfinished:
        fit_run = _resumed(data, general, target, options, folder, origin, is_asked_for=resume)
    else:
        fit_run = _started(data, from_plain(FitConfig, general), target, options, folder, origin)
    is_finished = play(fit_run)
    if fit_run.training.length.cuts:
        console.print(f"Shortened to fit the time budget; {fit_run.repeat()} repeats this run exactly.")
    if not is_finished:
        command = [
            "gansmith",
            "fit",
            without_password(data),
            "-o",
            str(output),
            "--run",
            str(folder),
            "--resume",
        ]
        command += ["--sampling-only"] if sampling_only else []
        console.print(
            f"Stopped; a checkpoint is kept. `gansmith sample {folder}` uses the best model so far."
        )
        console.print("To continue:")
        typer.echo(shlex.join(command), err=True)
        raise typer.Exit(INTERRUPTED)
    with console.status("Finishing the model ..."):
        model = fit_run.model()
    digest = model.save(output, sampling_only=sampling_only)
    console.print(f"Wrote {output}.")
    if json:
        print_json({"model": str(output), "sha256": digest, "run": str(folder), **model.manifest["training"]})


def _by_the_terms(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with the terms of use accepted, where a task has some: they are printed, and asked for once."""
    if options.get("identity") and not options.get("accept_terms") and sys.stdin.isatty():
        typer.echo(TERMS, err=True)
        if not typer.confirm("Do you accept them?", err=True):
            raise UsageError("without the terms of use nothing is learnt.")
        return {**options, "accept_terms": True}
    return dict(options)


def _started(
    data: str, settings: FitConfig, target: str, options: Mapping[str, Any], folder: Path, origin: Path | None
) -> FitRun:
    """A run that has not begun to learn; what was read is shown before anything is learnt from it."""
    from gansmith.faces.cli.screen import console, show_schema
    from gansmith.tasks.opening import open_data

    RunFolder(folder).check_free()
    model = None
    try:
        if origin:
            from gansmith.tasks.model import load_model
            from gansmith.tasks.runs.origin import taken_over

            model = load_model(origin)
            settings, target, options = taken_over(model, settings, target, options)
        opened = open_data(data, kind=settings.kind, target=target, options=options)
        show_schema(opened)
        console.print("  0%  preparing: fitting columns, networks and length to the data")
        n_notes = len(opened.notes)
        from gansmith.tasks.runs.fit import start  # takes its time, as it imports torch

        fit_run = start(opened, settings, folder=folder, origin=model)
    except KeyboardInterrupt:
        typer.echo("Interrupted before learning began: nothing was written.", err=True)
        raise
    for remark in fit_run.notes[n_notes:]:  # what the codecs found
        console.print(f"Note: {remark}")
    n_heldout = fit_run.prepared.manifest["data"]["n_heldout"]
    n_steps = fit_run.training.n_steps
    console.print(f"{n_heldout:,} records held out, {n_steps:,} steps; {fit_run.repeat()} repeats this run.")
    return fit_run


def _resumed(
    data: str,
    general: Mapping[str, Any],
    target: str,
    options: Mapping[str, Any],
    folder: Path,
    origin: Path | None,
    *,
    is_asked_for: bool,
) -> FitRun:
    """The run in the folder as it was left, if it was started with these settings.

    Without --resume they must be all of them: it is the very same command line then.
    """
    from gansmith.faces.cli.screen import console
    from gansmith.tasks.model import load_model
    from gansmith.tasks.runs.fit import resume
    from gansmith.tasks.runs.resuming import differing

    model = load_model(origin) if origin else None
    if found := differing(folder, general, target, options, model, is_whole=not is_asked_for):
        whose = f"{folder} holds a run that {'was' if is_asked_for else 'is not finished and was'} started"
        way_out = "Leave them out to go on with it" if is_asked_for else "Add --resume alone to go on with it"
        raise UsageError(
            f"{whose} with other settings: {'; '.join(found)}. {way_out}, give another folder with --run, or "
            "delete it."
        )
    run = resume(data, folder)
    console.print(f"Resuming at step {run.training.step:,} of {run.training.n_steps:,}.")
    return run


def _own_options(kind: str) -> set[str]:
    return {one.name for one in settings_of(find_modality(kind).options)}


def _merged(path: Path, chosen: Chosen, data: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the run, and options of the kind of data: of a TOML file, overruled by the command line.

    A file may have a section for each of several kinds; that of the data's own kind is used.
    """
    where = f"--config {path}: "
    try:
        general: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{where}{error}.") from error
    sections = {kind: general.pop(kind) for kind in kinds() if isinstance(general.get(kind), dict)}
    target, known = general.pop("target", ""), {one.name for one in settings_of(FitConfig)}
    if not isinstance(target, str):
        raise UsageError(f"{where}target must be a text, the name of a column, not {target!r}.")
    for name, value in general.items():
        if isinstance(value, dict) and name not in known:
            raise UsageError(f"{where}there is no kind of data {name!r}. {did_you_mean(name, kinds())}")
    for name in general.keys() - known:
        if theirs := [kind for kind in kinds() if name in _own_options(kind)]:
            of_kinds, sections = " or ".join(map(repr, theirs)), " or ".join(f"[{kind}]" for kind in theirs)
            raise UsageError(f"{where}{name!r} is for data of kind {of_kinds}: put it below {sections}.")
    from_plain(FitConfig, general, where)
    options: dict[str, Any] = {}
    if sections:
        kind = chosen.general.get("kind") or general.get("kind")
        given = {name: value for section in sections.values() for name, value in section.items()}
        modality = find_modality(kind) if kind else recognise(data, {**given, **chosen.options})
        options = sections.get(modality.kind, {})
        try:
            options_of(modality, "fit", options)
        except UsageError as error:
            raise UsageError(f"{where}[{modality.kind}] {error}") from error
    if any(name in chosen.general for name in LENGTHS):
        general = {name: value for name, value in general.items() if name not in LENGTHS}
    return {"target": target, **general, **chosen.general}, {**options, **chosen.options}
