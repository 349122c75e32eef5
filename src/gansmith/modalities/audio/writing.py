"""Files of generated sounds, by the name that is asked for; whole or not there at all.

.wav              all of them, one after the other, with a fifth of a second of silence between them
.npz              an array `waves` (n, n_samples, n_channels) of int16, `rate_hz`, one of each attribute
.zip, or a folder `00000.wav` and so on, one file a sound, with

    labels.csv    the names of the files and the attributes, where there are some
    meta.json     where they come from, and the form of the sounds

Files are WAV of 16 bits at the rate of the sounds, and say of themselves that they are synthetic; each sound
that can hold the mark carries it, unless nobody wants it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Protocol, final
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.attributes import joined_attributes
from gansmith.modalities.audio.marking import KEY, UNWANTED
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.watermark import NAME, marked
from gansmith.modalities.record_writing import (
    FILE_COLUMN,
    LABELS_FILE,
    META_FILE,
    Put,
    as_cell,
    as_csv,
    check_free,
    n_digits,
    origin_of,
    to_folder,
    to_zip,
)
from gansmith.modalities.waves import wav_bytes
from gansmith.store import as_json, whole_file, whole_folder

FORMATS: Final = (".wav", ".npz", ".zip")
BETWEEN_SECONDS: Final = 0.2
"""Between two sounds of one file."""
SAYS: Final = "synthetic sound"


@final
class SoundWriter:
    """Writes blocks of sounds to what appears under its name when all went well; see the module.

    Args:
        path: Where to; its extension says the format. None says a folder.
        like: Says the form of the sounds.
        metadata: Where they come from, and under `KEY` which mark they get.

    Raises:
        UsageError: From the constructor: no such format, or a folder that holds something already.
    """

    def __init__(self, path: Path, like: Sounds, metadata: Mapping[str, str]) -> None:
        self._path, self._like, self._stack = path, like, ExitStack()
        suffix = path.suffix.lower()
        if str(path) == "-":
            raise UsageError("sounds are not written to standard output. Give -o a folder, or a .wav file.")
        if path.is_dir() or not suffix:
            check_free(path, "sounds")
            suffix = ""
        elif suffix not in FORMATS:
            raise UsageError(
                f"{path}: sounds cannot be written in this format. {did_you_mean(path.suffix, FORMATS)} "
                "A name without an extension is a folder of sounds."
            )
        self._suffix, self._metadata = suffix, {KEY: UNWANTED, **metadata}

    def __enter__(self) -> SoundWriter:
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

    def write(self, records: Sounds) -> None:
        """Append sounds."""
        self._to.write(records)

    def _opened(self) -> _Target:
        if self._suffix == "":
            folder = self._stack.enter_context(whole_folder(self._path))
            return _SoundFiles(to_folder(folder), self._like, self._metadata)
        file = self._stack.enter_context(whole_file(self._path))
        if self._suffix == ".zip":
            archive = self._stack.enter_context(ZipFile(file, "w", ZIP_STORED))
            return _SoundFiles(to_zip(archive), self._like, self._metadata)
        return (_OneAfterTheOther if self._suffix == ".wav" else _Arrays)(file, self._like, self._metadata)


class _Target(Protocol):
    """What sounds of one format go to."""

    def write(self, records: Sounds) -> None:
        """Append sounds."""
        ...

    def finish(self) -> None:
        """Write what stands at the end."""
        ...


def _heard(sounds: Sounds, metadata: Mapping[str, str]) -> list[np.ndarray]:
    """Each sound as it is written, with the mark where it is wanted."""
    waves = [sounds.heard(number) for number in range(len(sounds))]
    return [marked(wave, sounds.form.rate_hz) for wave in waves] if metadata[KEY] == NAME else waves


def says(metadata: Mapping[str, str]) -> str:
    """What stands in a file as its comment."""
    origin = origin_of(metadata)
    return "; ".join([SAYS, *([f"model {origin['model']}"] if origin.get("model") else []), metadata[KEY]])


@final
class _SoundFiles:
    """Sounds, each in a file of its own, what is known of them, and where they come from."""

    def __init__(self, put: Put, like: Sounds, metadata: Mapping[str, str]) -> None:
        self._put, self._form, self._metadata = put, like.form, metadata
        self._names: tuple[str, ...] = like.attributes.names
        self._rows: list[Sequence[str]] = []
        self._n_digits, self._says = n_digits(origin_of(metadata)), says(metadata)

    def write(self, records: Sounds) -> None:
        """Append sounds."""
        first = len(self._rows)
        names = [f"{number:0{self._n_digits}d}.wav" for number in range(first, first + len(records))]
        for name, wave in zip(names, _heard(records, self._metadata), strict=True):
            self._put(name, wav_bytes(wave, self._form.rate_hz, self._says))
        columns = records.attributes.columns
        self._names = self._names or tuple(columns)
        values = [[as_cell(value) for value in columns[name].tolist()] for name in self._names]
        self._rows += zip(names, *values, strict=True)

    def finish(self) -> None:
        """Write what is known of all of them."""
        if self._names:
            self._put(LABELS_FILE, as_csv([(FILE_COLUMN, *self._names), *self._rows]))
        known: dict[str, Any] = {"synthetic": True, "software": "gansmith", **self._metadata}
        known = {**known, **origin_of(self._metadata), "form": asdict(self._form)}
        known.pop("gansmith", None)
        self._put(META_FILE, as_json(known) + b"\n")


@final
class _OneAfterTheOther:
    """All sounds in one file."""

    def __init__(self, file: BinaryIO, like: Sounds, metadata: Mapping[str, str]) -> None:
        self._file, self._form, self._metadata = file, like.form, metadata
        self._parts: list[np.ndarray] = []

    def write(self, records: Sounds) -> None:
        """Append sounds."""
        gap = np.zeros((round(BETWEEN_SECONDS * self._form.rate_hz), self._form.n_channels), np.int16)
        for wave in _heard(records, self._metadata):
            self._parts += [gap, wave] if self._parts else [wave]

    def finish(self) -> None:
        """Write them."""
        none = np.zeros((0, self._form.n_channels), np.int16)
        whole = np.concatenate([none, *self._parts])
        self._file.write(wav_bytes(whole, self._form.rate_hz, says(self._metadata)))


@final
class _Arrays:
    """Sounds in one array, and their attributes."""

    def __init__(self, file: BinaryIO, like: Sounds, metadata: Mapping[str, str]) -> None:
        self._file, self._like, self._metadata = file, like, metadata
        self._parts: list[Sounds] = []

    def write(self, records: Sounds) -> None:
        """Append sounds."""
        block = np.zeros_like(records.waves)
        for place, wave in enumerate(_heard(records, self._metadata)):
            block[place, : len(wave)] = wave
        self._parts.append(Sounds(block, records.form, records.attributes))

    def finish(self) -> None:
        """Write them."""
        parts = self._parts or [self._like]
        known = joined_attributes([part.attributes for part in parts])
        arrays: dict[str, np.ndarray] = {
            "waves": np.concatenate([part.waves for part in parts]),
            "rate_hz": np.array(self._like.form.rate_hz),
        }
        for name, column in known.columns.items():
            plain = (
                column if column.dtype.kind == "f" else np.array([as_cell(one) for one in column], np.str_)
            )
            arrays[f"{name}_" if name in arrays else name] = plain
        np.savez(self._file, **arrays)  # type: ignore[arg-type]
