"""Where a command writes: never over what it reads, nor over a file that it cannot have made."""

from __future__ import annotations

from pathlib import Path

from gansmith.errors import DataError, UsageError

MODEL_SUFFIX = ".gan"


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
            f"{output} exists and is no model by its name. Give a name that ends in {MODEL_SUFFIX}, "
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
        if _is_same(output, Path(name)):
            raise UsageError(f"{output} is what is read: writing would destroy it. Give -o another name.")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there, or is no path at all
        return False
