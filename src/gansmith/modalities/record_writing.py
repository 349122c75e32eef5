"""Files of records that were made, a file each, in a folder or an archive, and what stands beside them."""

from __future__ import annotations

import csv
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, cast, runtime_checkable
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from gansmith.errors import UsageError, did_you_mean
from gansmith.store import as_json, whole_file, whole_folder

LABELS_FILE: Final = "labels.csv"
"""The names of the files and what is known of each."""
META_FILE: Final = "meta.json"
"""Where they come from."""
FILE_COLUMN: Final = "file"
_MIN_DIGITS: Final = 5

Put = Callable[[str, bytes], None]
"""Writes the content of a file of this name, which may lie in sub-folders."""


RecordsT = TypeVar("RecordsT", contravariant=True)


@runtime_checkable
class Target(Protocol[RecordsT]):
    """What records of one format go to."""

    def write(self, records: RecordsT) -> None:
        """Append records."""
        ...

    def finish(self) -> None:
        """Write what stands at the end."""
        ...


class AbstractRecordWriter(ABC, Generic[RecordsT]):
    """Writes blocks of records to what appears under its name when all went well.

    Args:
        path: Where to; its extension says the format. None says a folder.
        suffix: That extension, or another one in its place.

    Raises:
        UsageError: From the constructor: no such format, or a folder that holds something already.
    """

    nouns: ClassVar[str]
    """Of the records, such as "pictures"."""
    formats: ClassVar[tuple[str, ...]]
    """Extensions; a name without one is a folder."""

    def __init__(self, path: Path, suffix: str) -> None:
        self._path, self._stack = path, ExitStack()
        if path.is_dir() or not suffix:
            check_free(path, self.nouns)
            suffix = ""
        elif suffix not in self.formats:
            raise UsageError(
                f"{path}: {self.nouns} cannot be written in this format. "
                f"{did_you_mean(path.suffix, self.formats)} A name without an extension is a folder of "
                f"{self.nouns}."
            )
        self._suffix = suffix

    def __enter__(self) -> AbstractRecordWriter[RecordsT]:
        self._to = self._opened()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:  # nothing is left behind where the end fails, either
            if error is None:
                self._to.finish()
            else:
                self._stack.__exit__(kind, error, trace)

    def write(self, records: RecordsT) -> None:
        """Append records.

        Raises:
            DataError: The disk is full, or there are more records than the format holds.
        """
        self._to.write(records)

    def _opened(self) -> Target[RecordsT]:
        if self._suffix == "":
            return self._files(to_folder(self._stack.enter_context(whole_folder(self._path))))
        if self._suffix == ".zip":
            file = self._stack.enter_context(whole_file(self._path))
            return self._files(to_zip(self._stack.enter_context(ZipFile(file, "w", ZIP_STORED))))
        return self._one_file()

    @abstractmethod
    def _files(self, put: Put) -> Target[RecordsT]:
        """A file for each record, and what stands beside them."""

    @abstractmethod
    def _one_file(self) -> Target[RecordsT]:
        """One file of all records, opened on the stack."""


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


def as_plain(column: np.ndarray) -> np.ndarray:
    """An attribute as an array without objects: numbers, or texts."""
    return column if column.dtype.kind == "f" else np.array([as_cell(one) for one in column], np.str_)


def as_meta(metadata: Mapping[str, str], form: Any) -> bytes:
    """The content of `META_FILE`: where records come from, and their form, a data class."""
    known: dict[str, Any] = {"synthetic": True, "software": "gansmith", **metadata}
    known = {**known, **origin_of(metadata), "form": asdict(form)}
    known.pop("gansmith", None)
    return as_json(known) + b"\n"
