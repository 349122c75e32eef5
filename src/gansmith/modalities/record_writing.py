"""Files of records that were made, a file each, in a folder or an archive, and what stands beside them."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Final, cast
from zipfile import ZipFile, ZipInfo

from gansmith.errors import UsageError

LABELS_FILE: Final = "labels.csv"
"""The names of the files and what is known of each."""
META_FILE: Final = "meta.json"
"""Where they come from."""
FILE_COLUMN: Final = "file"
_MIN_DIGITS: Final = 5

Put = Callable[[str, bytes], None]
"""Writes the content of a file of this name, which may lie in sub-folders."""


def to_folder(folder: Path) -> Put:
    """Sub-folders are made as they are needed."""

    def put(name: str, content: bytes) -> None:
        path = folder / name
        if "/" in name:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return put


def to_zip(archive: ZipFile) -> Put:
    """Without the time of day: the same records make the same bytes."""
    return lambda name, content: archive.writestr(ZipInfo(name), content)


def check_free(path: Path, what: str) -> None:
    """Raise UsageError when a folder of such records would overwrite something."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        there = "holds something already" if path.is_dir() else "is a file"
        raise UsageError(
            f"{path} {there}, and {what} go to a folder of their own. Give another name, or remove it first."
        )


def n_digits(origin: Mapping[str, Any]) -> int:
    """Of the numbers that files are called, where a model says how many records it makes."""
    n_records = origin.get("records")
    n_last = n_records - 1 if isinstance(n_records, int) else 0
    return max(_MIN_DIGITS, len(str(n_last)))


def origin_of(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The provenance that a model gives; empty where it gives none."""
    try:
        found = json.loads(metadata.get("gansmith", ""))
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def as_csv(rows: Sequence[Sequence[object]]) -> bytes:
    """Rows of cells as the content of a file."""
    stream = StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()


def as_cell(value: object) -> str:
    """A value of an attribute; nothing where it is unknown, whole numbers without a point."""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    return "" if value is None else str(value)
