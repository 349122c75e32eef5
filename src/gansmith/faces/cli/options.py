"""Options that several commands share, and where they write.

That is never over what they read, nor over a file that they cannot have made.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gansmith.errors import DataError, UsageError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Seed = Annotated[int, typer.Option(help="Random seed; the same seed gives the same result.")]
STDOUT: Final = "-"
MODEL_SUFFIX: Final = ".gan"
Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        help="File to write; its extension says the format. - writes CSV to standard output.",
    ),
]
WithRealRecords = Annotated[
    bool,
    typer.Option(
        "--with-real-records",
        help="Show real records in the report: for the data owner; only you can read the file.",
    ),
]
NoMark = Annotated[
    bool,
    typer.Option(
        "--no-mark",
        help="Leave out the invisible watermark that says that pictures are made; recorded.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE",
        help="What each record must fulfil; != >= <= > < work, too; COLUMN= means missing. Repeat for more "
        "conditions; several values of one column are alternatives.",
    ),
]


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def check_with_real_records(is_wanted: bool, report: Path | None, option: str) -> None:
    """Raise UsageError when real records are to be shown in a report that nobody asked for."""
    if is_wanted and report is None:
        raise UsageError(f"--with-real-records needs a report. Name its file with {option}.")


def check_model_output(output: Path, data: str) -> None:
    """Refuse now what could not be written, or would destroy something, after an hour of learning.

    Raises:
        DataError: When there is no such folder, or `output` is one.
        UsageError: When `output` is the data, or a file that is no model.
    """
    check_folder(output)
    check_not_read(output, data)
    if output.exists() and output.suffix != MODEL_SUFFIX:
        raise UsageError(
            f"{output} exists and does not look like a model. Give a name that ends in {MODEL_SUFFIX}, "
            "or remove the file first."
        )


def check_folder(output: Path) -> None:
    """Raise DataError when there is no such folder to write in, or `output` is one."""
    if not output.parent.is_dir():
        raise DataError(
            f"{output}: the folder {output.parent} does not exist. Make it, or choose another place."
        )
    if output.is_dir():
        raise DataError(f"{output} is a folder. Give the name of a file, such as {output / 'model.gan'}.")


def check_not_read(output: Path, *inputs: str | Path) -> None:
    """Raise UsageError when `output` is one of the files that the command reads."""
    for name in inputs:
        with suppress(OSError, ValueError):  # one of them is not there, or is no path at all
            if output.samefile(name):
                raise UsageError(
                    f"{output} is an input file: writing would destroy it. Choose another output."
                )


def check_records_output(output: str, *inputs: str | Path, json: bool) -> None:
    """Raise UsageError when records and a JSON object would both be printed, or the input overwritten."""
    if json and output == STDOUT:
        raise UsageError("--json and the records would both be printed. Write the records to a file with -o.")
    check_not_read(Path(output), *inputs)
