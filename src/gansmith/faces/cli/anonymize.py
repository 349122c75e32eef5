"""`gansmith anonymize`: replace the people in pictures, or their voices, by such as do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gansmith.errors import QualityError
from gansmith.faces.cli.options import Json, NoMark, Seed, check_folder, print_json

if TYPE_CHECKING:
    from gansmith.modalities.anonymizing import Replaced

N_LISTED = 20


def anonymize(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PHOTOS",
            help="A picture, a film, a sound, a folder, an archive; or a CSV of people and pictures.",
        ),
    ],
    model: Annotated[
        Path,
        typer.Option(
            "-m", "--model", help="A model learnt with fit --heads, or of voices with --to-attribute speaker."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where the results go; for a folder, a folder or a .zip.")
    ],
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with file names, x, y, width and height of faces; no detector is used."
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Weights of the face detector YuNet (.onnx); if not given, OpenCV's own is used."),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="A CSV file with file names and what to keep, such as glasses; see fit --labels."),
    ] = None,
    person: Annotated[
        str,
        typer.Option(
            metavar="COLUMN", help="With a table of people and their pictures: whose row it is, such as id."
        ),
    ] = "",
    whole_head: Annotated[
        bool, typer.Option("--whole-head", help="Replace ears, neck and collar as well, the whole window.")
    ] = False,
    require_face: Annotated[
        bool,
        typer.Option("--require-face", help="Exit with 4 if a picture is left because no face is found."),
    ] = False,
    no_mark: NoMark = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Replace the people in pictures, or their voices in sounds, by people who do not exist.

    Pictures in which no face is found stay as they are, and are listed: look at them. What is made is less
    telling than blur, not anonymous by law: clothes, places and what stands around stay.
    """
    from gansmith.faces.cli.screen import console
    from gansmith.modalities.anonymizing import Asked
    from gansmith.tasks.anonymize import Anonymizer

    check_folder(output) if not output.is_dir() else None
    asked = Asked(boxes, weights, keep, whole_head, seed, not no_mark)
    anonymizer = Anonymizer.load(model)
    done: list[Replaced] = []
    is_table = source.lower().endswith((".csv", ".tsv", ".parquet"))
    if is_table:
        renamed, replaced = anonymizer.apply_to_people(source, output, asked, person)
        console.print(
            f"Made anew: {', '.join(renamed.replaced) or 'no column'}. As they were: "
            f"{', '.join(renamed.kept) or 'none'}."
        )
    else:
        replaced = anonymizer.apply(source, output, asked)
    with console.status("Replacing people ...") as status:
        for one in replaced:
            if one.name:
                done.append(one)
                status.update(f"Done: {one.name}")
            if one.note and not one.is_left:
                console.print(f"Note: {one.name}: {one.note}" if one.name else f"Note: {one.note}")
    found = anonymizer.write_provenance(output, asked, done)
    left: list[str] = found["without_a_face"]
    console.print(f"Wrote {output}: {found['people']:,} people in {found['pictures']:,} files replaced.")
    if left:
        listed = "\n  ".join(left[:N_LISTED])
        more = f"\n  and {len(left) - N_LISTED:,} more" if len(left) > N_LISTED else ""
        console.print(
            f"No face was found in {len(left):,}, which stay as they are. Look at them:\n  {listed}{more}"
        )
    if json:
        print_json({"output": str(output), **found})
    if left and require_face:
        raise QualityError(
            f"no face was found in {left[0]}" + (f" and {len(left) - 1} more." if left[1:] else ".")
        )
