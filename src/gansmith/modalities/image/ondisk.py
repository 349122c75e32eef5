"""Pictures that stay in their files: single ones by number, decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import printable
from gansmith.modalities.image.decoding import Header, Unreadable, decode, read_header, readable
from gansmith.modalities.image.forming import Former
from gansmith.modalities.image.marks import Marks
from gansmith.modalities.image.medical import is_scan
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.record_files import RecordFiles, evenly

CACHE_BYTES: Final = 256 * 1024**2
"""Decoded pictures that are kept, at most."""
_MAX_TRIED: Final = 1_000
"""Pictures that are tried in the place of one that cannot be read."""
_N_COUNTED: Final = 500
"""Scans whose slices are counted before all are taken to have one each."""


@final
@dataclass(frozen=True, eq=False)
class Frames:
    """Single pictures of files: one of each, or all that each holds."""

    files: RecordFiles
    file_of: np.ndarray | None = None
    """Shape `(n,)`: the file of each picture; None: each has one."""
    frame_of: np.ndarray | None = None
    """Shape `(n,)`: which of the pictures of its file each is."""

    def __len__(self) -> int:
        return len(self.files.names) if self.file_of is None else len(self.file_of)

    def file(self, number: int) -> int:
        """The number of a picture's file."""
        return number if self.file_of is None else int(self.file_of[number])

    def name(self, number: int) -> str:
        """What a picture is called in messages."""
        name = printable(self.files.names[self.file(number)])
        return name if self.frame_of is None else f"{name}#{self.frame_of[number] + 1}"

    def header(self, number: int) -> Header:
        """What its file says of a picture.

        Raises:
            Unreadable: It is broken, no picture, too large, or not there any more.
        """
        file = self.file(number)
        with readable(), self.files.open(file) as opened:
            return read_header(opened, self.files.names[file])

    def decode(self, number: int, needed_px: int = 0) -> Pixels:
        """A picture, shape `(height, width, n_channels)`; see `decoding.decode`.

        Raises:
            Unreadable: It is broken, no picture, too large, or not there any more.
        """
        file = self.file(number)
        frame = 0 if self.frame_of is None else int(self.frame_of[number])
        with readable(), self.files.open(file) as opened:
            return decode(opened, self.files.names[file], frame, needed_px)


def formed(frames: Frames, number: int, former: Former, marks: Marks | None) -> Pixels:
    """A picture of a form with what is marked in it, shape `(height, width, n_channels)`.

    Raises:
        Unreadable: It or its mask is broken.
    """
    pixels = frames.decode(number, former.needed_px)
    seen = former(pixels)
    if marks is None:
        return seen
    file = frames.file(number)
    frame = 0 if frames.frame_of is None else int(frames.frame_of[number])
    size = pixels.shape[1], pixels.shape[0]
    if marks.needs_size(file):  # a JPEG may be decoded at a fraction of its size
        header = frames.header(number)
        size = header.width, header.height
    return np.concatenate([seen, marks.channels(file, frame, size, former)], axis=2)


def frames_in(files: RecordFiles, *, is_every: bool) -> Frames:
    """The pictures of files: the slices of scans; of other files the first, or every one.

    Raises:
        UsageError: There are medical scans, and what reads these is not installed.
    """
    one_each, names = Frames(files), files.names
    open_ones = [number for number, name in enumerate(names) if is_every or is_scan(name)]
    looked = [open_ones[place] for place in evenly(len(open_ones), _N_COUNTED)]
    if all(_n_frames(one_each, number) == 1 for number in looked):
        return one_each
    counts = np.ones(len(names), dtype=np.int64)
    counts[open_ones] = [_n_frames(one_each, number) for number in open_ones]
    file_of = np.repeat(np.arange(len(names)), counts)
    return Frames(files, file_of, np.arange(len(file_of)) - np.repeat(np.cumsum(counts) - counts, counts))


def _n_frames(frames: Frames, number: int) -> int:
    try:
        return max(1, frames.header(number).n_frames)
    except Unreadable:
        return 1  # it will be named when it is read


@final
class OnDisk:
    """See `PixelSource`: pictures are read from their files when they are asked for, the first ones kept.

    In the place of a picture that cannot be read, as when its file is gone or broken, stands the next one of
    the same group that can, where there is none the next of the same larger group: always the same one.
    """

    def __init__(
        self,
        frames: Frames,
        former: Former,
        groups: Sequence[np.ndarray] = (),
        *,
        is_strict: bool = False,
        marks: Marks | None = None,
    ) -> None:
        """Pictures of files.

        Args:
            frames: Where they are.
            former: What they are brought to.
            groups: Each of shape `(n,)`, the best first: pictures that may stand for each other have the same
                number; none: all may.
            is_strict: Raise where a picture cannot be read.
            marks: What is marked in them; their form has channels for it.
        """
        self._marks = marks
        self._frames, self._former, self._groups, self._is_strict = frames, former, groups, is_strict
        form = former.form
        n_kept = min(len(frames), CACHE_BYTES // (form.n_values * np.dtype(form.pixel_type).itemsize))
        self._shape = form.height, form.width, form.n_channels
        self._kept = np.empty((n_kept, *self._shape), form.pixel_type)  # memory is taken as it is filled
        self._places = np.full(len(frames), -1, dtype=np.int32)
        self._n_kept = 0
        self._broken = dict[str, str]()

    @property
    def broken(self) -> Mapping[str, str]:
        """See `PixelSource`."""
        return self._broken

    def __len__(self) -> int:
        return len(self._frames)

    def block(self, numbers: np.ndarray) -> Pixels:
        """See `PixelSource`."""
        block = np.empty((len(numbers), *self._shape), self._kept.dtype)
        places = self._places[numbers]
        is_kept = places >= 0
        block[is_kept] = self._kept[places[is_kept]]
        for row in np.flatnonzero(~is_kept):
            block[row] = self._read(int(numbers[row]))
        return block

    def digest(self, numbers: np.ndarray) -> bytes:
        """See `PixelSource`; of the names of files and their sizes: pixels are not read for it."""
        digest = blake2b(repr(self._former).encode(), digest_size=16)
        for number in numbers.tolist():
            n_bytes = self._frames.files.n_bytes(self._frames.file(number))
            marked = "" if self._marks is None else self._marks.said_of(self._frames.file(number))
            digest.update(f"{self._frames.name(number)!r} {n_bytes}{marked}\n".encode())
        return digest.digest()

    def _read(self, number: int) -> Pixels:
        for tried in self._standing_for(number):
            try:
                pixels = formed(self._frames, tried, self._former, self._marks)
            except Unreadable as error:
                self._broken[self._frames.name(tried)] = str(error)
                if self._is_strict:
                    break
                continue
            self._keep(number, pixels)
            return pixels
        name = self._frames.name(number)
        raise DataError(
            f"{self._frames.files.name}: {name} cannot be read ({self.broken[name]}). Repair or remove it."
        )

    def _standing_for(self, number: int) -> Iterator[int]:
        """A picture, and what may stand in its place, the next ones first."""
        yield number
        others = (number + 1 + np.arange(len(self) - 1)) % len(self)
        if not self._groups:
            yield from others[:_MAX_TRIED].tolist()
        tried = np.zeros(len(others), dtype=bool)
        for group in self._groups:
            is_next = (group[others] == group[number]) & ~tried
            yield from others[is_next][:_MAX_TRIED].tolist()
            tried |= is_next

    def _keep(self, number: int, pixels: Pixels) -> None:
        place = self._n_kept
        if place < len(self._kept):
            self._kept[place] = pixels
            self._n_kept = place + 1
            self._places[number] = place  # last: a reader in another thread finds it whole
