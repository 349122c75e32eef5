"""Pieces as files: MIDI and WAV in a folder or an archive, one file, or numbers for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, final
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.music.midi_files import midi_of
from gansmith.modalities.music.records import Pieces, sounding
from gansmith.modalities.music.synthesis import rendered
from gansmith.modalities.voices import AbstractVoice
from gansmith.store import whole_file, whole_folder

MANY: Final = (".mid", ".midi", ".wav")
"""Files that hold one piece."""
SUFFIXES: Final = (*MANY, ".zip", ".json", ".npz")
PROVENANCE: Final = {"synthetic": "true", "software": "gansmith"}


@final
class PieceWriter:
    """See `Writer`: `OUT/` or `OUT.zip` with MIDI and WAV of each piece; `.mid` and `.wav` of one alone.

    `.json` holds the pitches of all steps, -1 for silence, and `.npz` what voices do, as `tokens_1`, ...

    Args:
        path: Where to; a name without an ending is a folder.
        metadata: Provenance, written into every MIDI file.
        sound_font: See `rendered`.
        voice: The model of notes that shall play, which whoever opens models gives to `use`.

    Raises:
        UsageError: There is no such format.
    """

    def __init__(
        self, path: Path, metadata: Mapping[str, str], sound_font: str = "", voice: str = ""
    ) -> None:
        self._suffix = path.suffix.lower()
        if self._suffix and self._suffix not in SUFFIXES and not path.is_dir():
            raise UsageError(
                f"{path}: music is not written as {self._suffix}. Wanted: a folder, or {', '.join(SUFFIXES)}."
            )
        self._path, self._said, self._font = path, {**PROVENANCE, **metadata}, sound_font
        self.voice, self._voice = voice, None
        self._n, self._rows, self._stack = 0, list[Any](), ExitStack()
        self._folder: Path | None = None
        self._archive: ZipFile | None = None

    def __enter__(self) -> PieceWriter:
        if self._suffix == ".zip":
            file = self._stack.enter_context(whole_file(self._path))
            self._archive = self._stack.enter_context(ZipFile(file, "w", ZIP_DEFLATED))
        elif self._suffix not in SUFFIXES:
            self._folder = self._stack.enter_context(whole_folder(self._path))
        else:
            self._file = self._stack.enter_context(whole_file(self._path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._suffix == ".json":
                self._file.write(json.dumps(self._rows).encode())
            elif kind is None and self._suffix == ".npz":
                np.savez_compressed(
                    self._file, **{f"tokens_{at + 1}": one for at, one in enumerate(self._rows)}
                )
        finally:
            self._stack.__exit__(kind, error, trace)

    def use(self, voice: AbstractVoice) -> None:
        """See `Voiced`."""
        self._voice = voice

    def write(self, records: Pieces) -> None:
        """Append pieces.

        Raises:
            UsageError: More than one for a file that holds one.
        """
        for place in range(len(records)):
            one = records.take(np.array([place]))
            self._n += 1
            if self._suffix in MANY and self._n > 1:
                raise UsageError(
                    f"{self._path}: {self._suffix} holds one piece. Name a folder for several, or ask for 1."
                )
            self._write(one)

    def _write(self, one: Pieces) -> None:
        if self._suffix == ".json":
            self._rows.append(sounding(one.tokens[0]).tolist())
        elif self._suffix == ".npz":
            self._rows.append(one.tokens[0])
        elif self._suffix in MANY:
            self._file.write(content_of(one, self._suffix, self._said, self._font, self._voice))
        else:
            for suffix in (".mid", ".wav"):
                content = content_of(one, suffix, self._said, self._font, self._voice)
                name = f"{self._n:04d}{suffix}"
                if self._archive is not None:
                    self._archive.writestr(name, content)
                elif self._folder is not None:
                    (self._folder / name).write_bytes(content)


def content_of(
    one: Pieces,
    suffix: str,
    metadata: Mapping[str, str],
    sound_font: str = "",
    voice: AbstractVoice | None = None,
) -> bytes:
    """One piece as the content of a file that holds one; see `MANY`."""
    return rendered(one, sound_font, voice) if suffix == ".wav" else midi_of(one, {**PROVENANCE, **metadata})


def in_a_row(pieces: Sequence[Pieces]) -> Pieces:
    """All of them as one piece."""
    return replace(pieces[0], tokens=(np.concatenate([row for one in pieces for row in one.tokens]),))
