"""Texts as files: one after the other in a file, a file each in a folder, or a column of a table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, ClassVar, Final, final

from gansmith.errors import UsageError
from gansmith.modalities.attribute_labels import LABEL
from gansmith.modalities.format import BlockFile, Writer
from gansmith.modalities.record_writing import AbstractRecordWriter, Put, Target, as_cell, as_plain
from gansmith.modalities.text.records import Form, Texts

PLAIN: Final = (".txt", ".text", ".md")
SUFFIXES: Final = (*PLAIN, ".csv", ".jsonl")


def writer_of(path: Path, form: Form) -> Writer:
    """A file, a folder or an archive of texts such as these.

    Raises:
        UsageError: There is no such format.
    """
    suffix = path.suffix.lower()
    if str(path) == "-":
        return BlockFile(path, lambda records: _plain(records, form))
    if suffix in (*PLAIN, form.suffix):
        return BlockFile(path, lambda records: _plain(records, form))
    if suffix == ".csv":
        return BlockFile(path, _Csv(form))
    if suffix == ".jsonl":
        return BlockFile(path, lambda records: _json(records, form))
    return _TextFiles(path, suffix, form)


def _plain(records: Texts, form: Form) -> bytes:
    """A line each, or paragraphs with an empty line between them."""
    if form.layout in ("lines", "table"):
        return "".join(f"{' '.join(one.split(chr(10)))}\n" for one in records.texts).encode(
            "utf-8", "replace"
        )
    return "".join(f"{one}\n\n" for one in records.texts).encode("utf-8", "replace")


def _rows(records: Texts, form: Form) -> tuple[list[str], list[list[Any]]]:
    columns = {name: as_plain(column).tolist() for name, column in records.attributes.columns.items()}
    names = [*columns, form.column]
    return names, [[*row] for row in zip(*columns.values(), records.texts, strict=True)]


@final
class _Csv:
    """What a block adds to a table; the first has the names of the columns above it."""

    def __init__(self, form: Form) -> None:
        self._form, self._is_begun = form, False

    def __call__(self, records: Texts) -> bytes:
        names, rows = _rows(records, self._form)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self._is_begun:
            writer.writerow(names)
        writer.writerows([as_cell(cell) for cell in row] for row in rows)
        self._is_begun = True
        return text.getvalue().encode("utf-8", "replace")


def _json(records: Texts, form: Form) -> bytes:
    names, rows = _rows(records, form)
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


@final
class _TextFiles(AbstractRecordWriter[Texts]):
    """A file for each text; where they have labels, in a folder of each."""

    nouns: ClassVar[str] = "texts"
    formats: ClassVar[tuple[str, ...]] = (".zip", *SUFFIXES)

    def __init__(self, path: Path, suffix: str, form: Form) -> None:
        super().__init__(path, suffix)
        self._form = form

    def _files(self, put: Put) -> Target[Texts]:
        return _Files(put, self._form)

    def _one_file(self) -> Target[Texts]:
        raise UsageError(f"{self._path}: texts cannot be written in this format.")


@final
class _Files:
    """See `Target`."""

    def __init__(self, put: Put, form: Form) -> None:
        self._put, self._form, self._n = put, form, 0

    def write(self, records: Texts) -> None:
        """Append records."""
        labels = records.attributes.columns.get(LABEL)
        for place, text in enumerate(records.texts):
            self._n += 1
            folder = (
                "" if labels is None or labels[place] is None else f"{str(labels[place]).replace('/', '-')}/"
            )
            self._put(f"{folder}{self._n:05d}{self._form.suffix}", f"{text}\n".encode("utf-8", "replace"))

    def finish(self) -> None:
        """Nothing stands at the end."""
