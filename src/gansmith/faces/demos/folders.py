"""Where a demonstration puts what it makes."""

from __future__ import annotations

from pathlib import Path

from gansmith.errors import DataError


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, when missing.

    Raises:
        DataError: When a file is in the way, or the place cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder}: no folder can be made ({error.strerror or error}). Choose another place with -o."
        ) from error
