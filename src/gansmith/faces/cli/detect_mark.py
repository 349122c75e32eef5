"""`gansmith detect-mark`: whether pictures or sounds carry the hidden mark of what was made here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from gansmith.faces.cli.options import Json, print_json


def detect_mark(
    files: Annotated[
        list[str], typer.Argument(help="Pictures, films or sounds, folders or archives of them.")
    ],
    json: Json = False,
) -> None:
    """Look for the watermark that says that pictures or sounds were made or changed by Gansmith.

    A file without it may still be synthetic: the mark does not survive everything, and not every program
    writes it.
    """
    from gansmith.faces.cli.screen import print_table
    from gansmith.tasks.marks import marks_in

    found = [(source, one) for source in files for one in marks_in(source)]
    if json:
        print_json({"pictures": [{"source": source, **asdict(one)} for source, one in found]})
        return
    rows = [
        (
            one.name,
            one.note or ("watermark" if one.is_marked else "no watermark"),
            f"{one.n_right} of {one.n_bits}",
            f"{one.chance:.2g}",
            "yes" if one.says_so else "no",
        )
        for _, one in found
    ]
    n_marked = sum(one.is_marked for _, one in found)
    title = f"{n_marked:,} of {len(found):,} records carry the watermark."
    print_table(("record", "found", "bits", "chance without", "metadata say so"), rows, title)
