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
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, final

import numpy as np

from gansmith.errors import UsageError
from gansmith.modalities.attributes import joined_attributes
from gansmith.modalities.audio.marking import KEY, UNWANTED
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.watermark import NAME, marked
from gansmith.modalities.record_writing import (
    FILE_COLUMN,
    LABELS_FILE,
    META_FILE,
    AbstractRecordWriter,
    Put,
    Target,
    as_cell,
    as_csv,
    as_meta,
    as_plain,
    n_digits,
    origin_of,
)
from gansmith.modalities.waves import wav_bytes
from gansmith.store import whole_file

BETWEEN_SECONDS: Final = 0.2
"""Between two sounds of one file."""
SAYS: Final = "synthetic sound"


@final
class SoundWriter(AbstractRecordWriter[Sounds]):
    """See the base class and the module.

    Args:
        path: Where to.
        like: Says the form of the sounds.
        metadata: Where they come from, and under `KEY` which mark they get.
    """

    nouns: ClassVar[str] = "sounds"
    formats: ClassVar[tuple[str, ...]] = (".wav", ".npz", ".zip")

    def __init__(self, path: Path, like: Sounds, metadata: Mapping[str, str]) -> None:
        if str(path) == "-":
            raise UsageError("sounds are not written to standard output. Give -o a folder, or a .wav file.")
        super().__init__(path, path.suffix.lower())
        self._like, self._metadata = like, {KEY: UNWANTED, **metadata}

    def _files(self, put: Put) -> Target[Sounds]:
        return _SoundFiles(put, self._like, self._metadata)

    def _one_file(self) -> Target[Sounds]:
        file = self._stack.enter_context(whole_file(self._path))
        return (_OneAfterTheOther if self._suffix == ".wav" else _Arrays)(file, self._like, self._metadata)


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
        self._put(META_FILE, as_meta(self._metadata, self._form))


@final
class _OneAfterTheOther:
    """All sounds in one file."""

    def __init__(self, file: BinaryIO | BytesIO, like: Sounds, metadata: Mapping[str, str]) -> None:
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


def in_one_file(parts: Sequence[Sounds], metadata: Mapping[str, str]) -> bytes:
    """The content of a WAV file of all sounds, one after the other."""
    file = BytesIO()
    target = _OneAfterTheOther(file, parts[0], metadata)
    for part in parts:
        target.write(part)
    target.finish()
    return file.getvalue()


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
            arrays[f"{name}_" if name in arrays else name] = as_plain(column)
        np.savez(self._file, **arrays)  # type: ignore[arg-type]
