"""`gansmith show`: what is in a model, a run or a data file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import Json, print_json
from gansmith.faces.cli.settings import Chosen, offering
from gansmith.store.address import without_password

SECONDS_PER_FRAME: Final = 0.25
LAST_SECONDS: Final = 2.0


@offering("show")
def show(
    what: Annotated[
        str, typer.Argument(metavar="MODEL.gan|RUN|DATA", help="A model file, a run folder, or data.")
    ],
    chosen: Chosen,
    target: Annotated[
        str,
        typer.Option(help="The column that is to be predicted: findings about it are shown, too."),
    ] = "",
    kind: Annotated[str, typer.Option(help="Kind of data; if not given, found from the data.")] = "",
    json: Json = False,
    sdv: Annotated[
        bool,
        typer.Option("--sdv", help="Print the columns of a table, or of its model, as SDV metadata (JSON)."),
    ] = False,
    movie: Annotated[
        Path | None,
        typer.Option(
            metavar="FILM.gif", help="Write the previews of a run so far as a film: .gif, .webp or .png."
        ),
    ] = None,
) -> None:
    """Show what a model has learnt, how a run is going, or how a data file will be read.

    For data, also say what may be wrong with it and what to do before learning. --json prints the schema; it
    can be edited and given to `fit --schema`.
    """
    if movie:
        _write_movie(Path(what), movie, json)
    elif sdv:
        _show_metadata(Path(what), chosen.options)
    elif Path(what).suffix == ".gan":
        _show_model(Path(what), json)
    elif (Path(what) / "config.json").exists():
        _show_run(Path(what), json)
    else:
        _show_data(what, kind, chosen.options, target, json)


def _show_model(path: Path, as_json: bool) -> None:
    from gansmith.faces.cli.screen import print_rows
    from gansmith.tasks.model import load_model

    model = load_model(path)
    state, _ = model.codec.state()
    found: dict[str, Any] = {"sha256": model.digest, **model.manifest, "schema": state.get("schema")}
    found["min_count"] = state.get("min_count")
    if as_json:
        print_json(found)
        return
    data, training = found["data"], found["training"]
    typer.echo(
        f"{path}: a model of {found['kind']} data, from {data['n_records']:,} records of {data['name']}"
    )
    if "origin" in found:
        typer.echo(f"fine-tuned from the model {found['origin']}")
    typer.echo(f"game {model.rules.name!r}, preset {found['fit']['preset']!r}")
    for part in ("networks", "game"):  # what was chosen from the data, too
        typer.echo(f"{part}: {', '.join(_settled(found[part]))}")
    typer.echo(
        f"{training['samples_seen']:,} samples seen, held-out score {_spelt(training['held_out_score'])}"
    )
    if "ledger" in found:
        from gansmith.privacy import statement  # brings NumPy: not for those who ask for help

        for label, text in statement.facts(found["ledger"]):
            typer.echo(f"{label}: {text}")
    print_rows(model.modality.recipe.describe(model.codec))


def _settled(values: Mapping[str, Any]) -> Iterator[str]:
    """Settings as a line of text, those of players with their names."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from (f"{name}'s {part}" for part in _settled(cast("dict[str, Any]", value)))
        elif value not in (None, [], False) and name != "name":
            yield f"{name.replace('_', ' ')} {_listed(value)}"


def _listed(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    items = cast("list[Any]", value)
    if isinstance(items[0], dict):  # penalties, terms
        return " + ".join(f"{one['weight']} {one['name']}" for one in items)
    return "-".join(map(str, items))


def _show_run(path: Path, as_json: bool) -> None:
    from gansmith.faces.cli.screen import print_rows
    from gansmith.store.run_folder import RunFolder

    folder = RunFolder(path)
    config, stats = folder.config(), folder.stats()
    if as_json:
        print_json({"config": config, "is_finished": folder.is_finished, "stats": stats})
        return
    state = "finished" if folder.is_finished else "not finished"
    step = f", step {stats[-1]['step']:,} of {stats[-1]['n_steps']:,}" if stats else ""
    typer.echo(f"{path}: a run on {config['data']['name']}, {state}{step}")
    rows = [
        {
            "step": f"{record['step']:,} of {record['n_steps']:,}",
            "held-out score": _spelt(record["score"]),
            "coverage": _coverage(record),
            "findings": "; ".join(record["findings"]),
        }
        for record in stats
        if record["score"] is not None
    ]
    print_rows(rows)


def _write_movie(run: Path, movie: Path, as_json: bool) -> None:
    """The previews of a run, one after the other; the last is seen longer."""
    from gansmith.modalities.format import FilmingRuns
    from gansmith.modalities.registry import find_modality, needed
    from gansmith.store import write_whole
    from gansmith.store.run_folder import RunFolder

    folder = RunFolder(run)
    config, paths = folder.config(), folder.frames()
    modality = find_modality(config.get("kind", ""))
    filming = needed(modality.format, FilmingRuns, modality.kind)
    filming.check_film(movie)
    if not paths:
        raise UsageError(f"{run}: the run has no previews yet to write to {movie}. Try again later.")
    write_whole(movie, filming.film_of_files(paths, movie, SECONDS_PER_FRAME, LAST_SECONDS))
    typer.echo(f"Wrote {len(paths)} pictures to {movie}.", err=True)
    if as_json:
        print_json({"movie": str(movie), "n_frames": len(paths)})


def _show_data(path: str, kind: str, options: Mapping[str, Any], target: str, as_json: bool) -> None:
    from gansmith.faces.cli.graphics import print_pictures
    from gansmith.faces.cli.screen import output, print_findings, print_rows
    from gansmith.tasks.opening import open_data

    opened = open_data(path, kind=kind, target=target, options=options, command="show")
    found = opened.describe()
    if as_json:
        print_json(
            {
                "kind": opened.modality.kind,
                "n_records": len(opened.records),
                "findings": [asdict(one) for one in opened.findings],
                "schema": found.schema,
            }
        )
        return
    typer.echo(f"{without_password(path)}: {len(opened.records):,} records of {opened.modality.kind} data")
    print_rows(found.rows)
    print_pictures(opened.modality.format.preview(opened.records), output)
    for note in (*opened.records.notes, *found.remarks):
        typer.echo(f"Note: {note}")
    print_findings(opened.findings)


def _show_metadata(path: Path, options: Mapping[str, Any]) -> None:
    from gansmith.modalities.table.sdv import to_sdv
    from gansmith.tabular.schema import Schema
    from gansmith.tasks.model import load_model
    from gansmith.tasks.opening import open_data

    if path.suffix == ".gan":
        schema = load_model(path).codec.state()[0].get("schema")
    else:
        schema = open_data(str(path), options=options, command="show").describe().schema
    if schema is None:
        raise UsageError(f"{path} is not a table: SDV metadata describes tables only.")
    print_json(to_sdv(Schema.from_json(schema), path.name.partition(".")[0]))


def _coverage(record: dict[str, Any]) -> str:
    """Of a line of statistics, also of one that an older version wrote."""
    coverage = (record.get("readings") or record.get("health") or {}).get("coverage")
    return "" if coverage is None else f"{coverage:.3f}"


def _spelt(score: float | None) -> str:
    return "not measured" if score is None else f"{score:.3f} (1 is perfect)"
