"""Files that survive: plain values written whole or not at all, the run folder, the `.gan` model file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from gansmith.errors import DataError

PRIVATE: Final = 0o600
"""Permissions of a file that nobody but its owner may read, where systems know such."""


@contextmanager
def whole_file(path: Path, *, is_private: bool = False) -> Generator[BinaryIO]:
    """Open a file for writing that appears under its name only when everything is safely on disk.

    Written aside, flushed and renamed; whatever stood there before stays until then, and nothing
    half-written is left behind.

    Args:
        path: Of the file.
        is_private: Whether nobody but its owner may read it, as it holds real records.

    Raises:
        DataError: When the file cannot be written, for example because the disk is full.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.unlink(missing_ok=True)  # of a process with this number that was killed
        if is_private:
            aside.touch(PRIVATE)
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        with suppress(OSError):  # so that it survives a power cut, where the system lets a folder be opened
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise DataError(
            f"{path}: could not be written ({error.strerror or error}). Nothing was changed. "
            "Free some space or choose another place."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Generator[Path]:
    """A new folder to be filled, which appears under its name only when everything is in it.

    Filled aside and renamed; on an error nothing half-written is left behind.

    Raises:
        DataError: When it cannot be written, or something else is at `path` than an empty folder.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(aside, ignore_errors=True)  # of a process with this number that was killed
        aside.mkdir()
        yield aside
        if path.exists():
            path.rmdir()  # refuses unless it is empty
        aside.replace(path)
    except OSError as error:
        raise DataError(
            f"{path}: could not be written ({error.strerror or error}). Nothing was changed. "
            "Free some space or choose another place."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_whole(path: Path, content: bytes, *, is_private: bool = False) -> None:
    """Write all of `content` or leave things as they were; arguments and errors as of `whole_file`."""
    with whole_file(path, is_private=is_private) as file:
        file.write(content)


def as_json(value: Any) -> bytes:
    """Plain values as JSON, always in the same order."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode(errors="replace")


def of_json_file(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none, or something else."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
