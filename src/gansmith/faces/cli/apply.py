"""`gansmith apply`: turn pictures into others by a learnt model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gansmith.errors import UsageError
from gansmith.faces.cli.options import (
    Json,
    NoMark,
    Seed,
    WithRealRecords,
    check_folder,
    check_with_real_records,
    print_json,
)

if TYPE_CHECKING:
    from gansmith.modalities.grids import Turned
    from gansmith.scorecard.translation.card import TranslationCard
    from gansmith.tasks.translate.translation import Translation

MEGA = 1_000_000


def apply(
    model: Annotated[
        Path, typer.Argument(help="A model learnt with --to, --to-attribute, --upscale or --restore.")
    ],
    source: Annotated[str, typer.Argument(metavar="IN", help="A file, a folder, an archive or a film.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Where to write the results; for a folder, a folder or a .zip."),
    ],
    strength: Annotated[
        float, typer.Option(help="From 0 (faithful, soft; colours alone) to 1 (all that was learnt).")
    ] = 1.0,
    back: Annotated[
        bool,
        typer.Option("--back", help="The other way: pictures like those of --to become like those of DATA."),
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ATTRIBUTE=VALUE",
            help="What to change pictures to; see fit --to-attribute. Of several values each gets a folder.",
        ),
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            "--mask",
            help="A picture, or a folder of them, white where the damaged picture is to be filled in.",
        ),
    ] = None,
    truth: Annotated[
        str,
        typer.Option(help="The true results, files of the same names: the outputs are compared with them."),
    ] = "",
    real: Annotated[
        str,
        typer.Option(help="Real pictures that the outputs should look like, where nobody knows the truth."),
    ] = "",
    report: Annotated[Path | None, typer.Option(help="Write a report of the measurements: .html.")] = None,
    no_mark: NoMark = False,
    visible_mark: Annotated[
        bool, typer.Option("--visible-mark", help="Write in a corner that the picture is synthetic.")
    ] = False,
    with_real_records: WithRealRecords = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Turn pictures into others: enlarged, restored, or translated.

    Pictures may have any size; file names, transparency, bit depth and frame durations are kept.
    """
    check_with_real_records(with_real_records, report, "--report")
    if report is not None and (not (truth or real) or report.suffix.lower() != ".html"):
        raise UsageError("--report needs measurements: give --truth or --real, and a name ending in .html.")
    from gansmith.faces.cli.screen import console
    from gansmith.modalities.registry import find_modality
    from gansmith.modalities.translating import Wish
    from gansmith.tasks.model import load_model
    from gansmith.tasks.translate.translation import Translation

    for path in (source, truth, real):
        if path and not Path(path).exists():
            raise UsageError(f"{path}: there is no such file or folder. Check the name.")
    for written in (output, report):
        if written is not None:
            check_folder(written) if not written.is_dir() else None
    wish = Wish(strength, seed, back, tuple(where or ()))
    translation = Translation(load_model(model), wish, not no_mark, visible_mark)
    targets = translation.by_target()
    turned = _applied(targets, Path(source), output, masks)
    n_points, seconds = sum(one.n_points for one in turned), sum(one.seconds for one in turned)
    pace = seconds / (n_points / MEGA) if n_points else 0.0
    n_done = sum(one.n_points > 0 for one in turned)
    translation.write_provenance(output, n_done)
    kind = find_modality(translation.way.kind).format
    console.print(
        f"Wrote {output}: {n_done:,} {kind.noun}{'' if n_done == 1 else 's'}, {seconds:.1f} s, "
        f"{pace:.1f} s per {kind.million_points}."
    )
    found: dict[str, Any] = {"output": str(output), "records": n_done, "seconds_per_megapixel": pace}
    found |= translation.provenance
    if truth or real:
        card = _measured(targets, source, truth, masks, real)
        _write(card, report, with_real_records)
        found["card"] = card.to_dict()
        if not json:
            typer.echo(card.as_text())
    if json:
        print_json(found)


def _applied(
    targets: Mapping[str, Translation], source: Path, output: Path, masks: Path | None
) -> list[Turned]:
    """Turn everything; of several targets each goes to a folder of its name, of a file to a file."""
    from gansmith.faces.cli.screen import console

    turned: list[Turned] = []
    with console.status("Applying the model ...") as status:
        for name, translation in targets.items():
            place = output
            if name:
                output.mkdir(exist_ok=True)
                is_file = source.is_file() and source.suffix.lower() != ".zip"
                place = output / (name + source.suffix if is_file else name)
            for one in translation.apply(str(source), place, masks):
                turned.append(one)
                status.update(f"Done: {one.name}")
                if one.note:
                    console.print(f"Note: {one.name}: {one.note}")
    return turned


def _measured(
    targets: Mapping[str, Translation], source: str, truth: str, masks: Path | None, real: str
) -> TranslationCard:
    from gansmith.faces.cli.screen import console
    from gansmith.tasks.translate.judging import judged, judged_by_target

    with console.status("Measuring ..."):
        if len(targets) > 1:
            return judged_by_target(targets, source, truth, real=real)
        return judged(targets[""], source, truth or None, masks, real=real or None)


def _write(card: TranslationCard, report: Path | None, with_real_records: bool) -> None:
    from gansmith.faces.cli.screen import console

    if report is None:
        return
    card.to_html(report, with_real_records=with_real_records)
    console.print(f"Wrote {report}.")
