"""Files of pictures with other people in them: frame by frame, under the same names.

All that is not in the pixels stays behind, for it may say who is seen, when and where: EXIF,
previews, texts. Colour profiles, resolution and the times of a film are kept. In a film the people of each
frame are told by where they were in the one before, and keep their new faces; where the detector loses
somebody for a while, he is replaced where he was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import torch

from gansmith.errors import DataError, UsageError
from gansmith.modalities.anonymizing import Asked, Replaced
from gansmith.modalities.attribute_labels import printable
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.boxes import Boxes
from gansmith.modalities.image.decoding import Unreadable
from gansmith.modalities.image.heads.filling import Filler
from gansmith.modalities.image.heads.finding import Finder, boxes_of, finder
from gansmith.modalities.image.heads.records import labels_of
from gansmith.modalities.image.heads.windows import Box
from gansmith.modalities.image.marking import KEY, said_of
from gansmith.modalities.image.originals import FILMS, Kept, original
from gansmith.modalities.image.picture_files import check_others
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.image.rewriting import Film, encoded, held, kind_of
from gansmith.modalities.image.tones import Tones, range_of, tones_of
from gansmith.modalities.image.watermark import NAME, marked
from gansmith.modalities.record_files import (
    Listed,
    RecordFiles,
    files_in,
    is_archive_name,
    is_picture_name,
)
from gansmith.modalities.record_writing import check_free, to_zip
from gansmith.store import whole_file, write_whole

STANDS: Final = ".tif"
"""Ending of what cannot be written as what it was."""
PATIENCE: Final = 15
"""Frames for which somebody who is lost is replaced where he was last."""
FAR: Final = 1.0
"""Sides of his box by which somebody moves from a frame to the next at most."""
Put = Callable[[str, bytes], None]


def replaced(filler: Filler, source: str, output: Path, asked: Asked) -> Iterator[Replaced]:
    """See `Anonymizing`; refuses before anything is written.

    Raises:
        DataError: Nothing is there, a table cannot be read, or a box lies outside of its picture.
        UsageError: Nothing finds faces, or the output is in use or no name for it.
    """
    path = Path(source)
    if not path.exists():
        raise DataError(f"{path}: is not there. Check the name.")
    is_single = not path.is_dir() and not is_archive_name(path.name)
    if is_single and not is_picture_name(path.name):
        raise DataError(f"{path}: is no picture by its name. Give a picture, a folder, or a zip of pictures.")
    _check_output(output, path, is_single=is_single, is_listed=bool(asked.files))
    files: RecordFiles = Listed([path.name], str(path), path.parent) if is_single else files_in(path)
    if asked.files:
        files = Listed([*asked.files], str(path), path)
    elif not is_single:
        check_others(files, ImageOptions())
    boxes, notes = (None, ()) if asked.boxes is None else boxes_of(asked.boxes, files.names)
    find = None if boxes is not None else finder(asked.weights or "")
    rows = None
    if asked.labels is not None:
        known, of_labels = labels_of(str(asked.labels), files.names, filler.codec.empty.attributes)
        rows, notes = filler.asked(known), (*notes, *of_labels)
    if boxes is not None:
        notes = (*notes, *boxes.check(_sizes(files, boxes)))
    work = _Rewriting(files, filler, asked, find, boxes, rows)
    return _all(work, output, notes, is_single=is_single)


def _check_output(output: Path, source: Path, *, is_single: bool, is_listed: bool) -> None:
    is_inside = source.is_dir() and output.resolve().is_relative_to(source.resolve())
    if output.resolve() == source.resolve() or (is_inside and not is_listed):
        raise UsageError(f"{output}: is or lies in what is read. Give -o a place of its own.")
    if is_single:
        if output.is_dir() or not kind_of(output.name):
            raise UsageError(f"{output}: one picture becomes one file. Give -o a name such as out.png.")
    elif output.suffix.lower() != ".zip":
        check_free(output, "pictures")


def _sizes(files: RecordFiles, boxes: Boxes) -> dict[int, tuple[int, int]]:
    """Width and height of the pictures that have boxes and can be read."""
    found = dict[int, tuple[int, int]]()
    for number in boxes.by_picture:
        try:
            with original(files, number) as opened:
                pixels = next(opened.frames()).pixels
                found[number] = pixels.shape[1], pixels.shape[0]
        except Unreadable:
            continue  # it is named when its turn comes
    return found


def _all(work: _Rewriting, output: Path, notes: Sequence[str], *, is_single: bool) -> Iterator[Replaced]:
    for note in notes:
        yield Replaced("", 0, note=note)
    with ExitStack() as stack:
        if is_single:
            yield from work.replaced(0, output.name, lambda _, content: write_whole(output, content))
            return
        if output.suffix.lower() == ".zip":
            file = stack.enter_context(whole_file(output))
            put: Put = to_zip(stack.enter_context(ZipFile(file, "w", ZIP_STORED)))
        else:
            put = _in_folder(output)
        for number, name in enumerate(work.files.names):
            try:
                to = work.asked.files.get(name, name)
                yield from work.replaced(number, to if kind_of(to) else to + STANDS, put)
            except Unreadable as error:
                yield Replaced(printable(name), 0, note=f"left out: {error}")


def _in_folder(folder: Path) -> Put:
    def put(name: str, content: bytes) -> None:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Unreadable("its name leads out of the folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)

    return put


@final
@dataclass(frozen=True)
class _Rewriting:
    """Replaces the people in files."""

    files: RecordFiles
    filler: Filler
    asked: Asked
    find: Finder | None
    boxes: Boxes | None
    rows: torch.Tensor | None

    def replaced(self, number: int, to: str, put: Put) -> Iterator[Replaced]:
        """Replace the people of a file and put the result somewhere; as it was where there is nobody."""
        name, kind = printable(self.files.names[number]), kind_of(to)
        track, pictures, times = _Track(), list[Pixels](), list[float | None]()
        n_people, notes, said = 0, list[str](), ""
        with original(self.files, number) as found:
            if found.n_frames > 1 and kind not in FILMS:
                raise Unreadable(f"it holds {found.n_frames} pictures, and {kind} holds one")
            kept = Kept(b"", found.kept.profile, found.kept.dpi, {}, found.kept.loop, found.kept.has_cover)
            notes += found.notes
            for frame in found.frames():
                pixels, n, more = self._frame(frame.pixels, number, kind, track)
                n_people = max(n_people, n)
                notes += [one for one in more if one not in notes]
                said = said_of(pixels, is_wanted=self.asked.is_marked and not found.is_scan and n > 0)
                pictures.append(marked(pixels) if said == NAME else pixels)
                times.append(frame.milliseconds)
        if not n_people:
            with self.files.open(number) as file:
                put(to.removesuffix(STANDS) if kind_of(name) == "" else to, file.read())
            yield Replaced(name, 0, is_left=True, note="no face found: left as it is")
            return
        metadata = {**self.asked.metadata, KEY: said}
        put(to, encoded(Film(pictures, times), kind, kept, metadata, to))
        yield Replaced(name, n_people, note="; ".join(notes))

    def _frame(
        self, pixels: Pixels, number: int, kind: str, track: _Track
    ) -> tuple[Pixels, int, Sequence[str]]:
        """A frame with other people in it, how many, and notes."""
        had = range_of(pixels)
        try:
            tones = tones_of(pixels, had)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        boxes = track.followed(self._found(tones, number))
        if not boxes:
            written, notes = held(tones, pixels.dtype, had, kind)
            return written, 0, notes
        who = self.asked.people.get(self.files.names[number], self.files.names[number])
        people = [who if place == 0 else f"{who}#{place}" for place in boxes]
        row = None if self.rows is None else self.rows[number : number + 1]
        made = self.filler.filled(
            tones.colours, [*boxes.values()], people, row, is_whole_head=self.asked.is_whole_head
        )
        written, notes = held(replace(tones, colours=made.values), pixels.dtype, had, kind)
        return written, made.n_people, [*notes, *([made.note] if made.note else [])]

    def _found(self, tones: Tones, number: int) -> list[Box]:
        if self.boxes is not None:
            rows: Any = self.boxes.by_picture.get(number, np.empty((0, 6)))[:, :4].tolist()
            return [(a, b, c, d) for a, b, c, d in rows]
        assert self.find is not None
        seen = np.rint(255 * tones.colours.clip(0, 1)).astype(np.uint8).transpose(1, 2, 0)
        return self.find(np.ascontiguousarray(seen))


@final
class _Track:
    """Who is where in the frames of a film, by numbers that stay."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[Box, int]] = {}
        self._n = 0

    def followed(self, boxes: Sequence[Box]) -> dict[int, Box]:
        """The boxes of a frame by the number of the person, those who were lost lately where they were."""
        found, free = dict[int, Box](), list(boxes)
        for person, (last, _) in self._last.items():
            near = min(free, key=lambda box: _apart(box, last), default=None)
            if near is not None and _apart(near, last) <= FAR:
                found[person] = near
                free.remove(near)
        for box in free:
            found[self._n] = box
            self._n += 1
        for person, (last, n_lost) in self._last.items():
            if person not in found and n_lost < PATIENCE:
                found[person] = last
                self._last[person] = last, n_lost + 1
        seen = {person: (box, 0) for person, box in found.items() if box in boxes}
        self._last = {**{one: self._last[one] for one in found if one not in seen}, **seen}
        return found


def _apart(one: Box, other: Box) -> float:
    """How far the middles of two boxes lie apart, in sides of the second."""
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (one, other)]
    side = max(other[2] - other[0], other[3] - other[1], 1e-6)
    return float(np.hypot(middles[0][0] - middles[1][0], middles[0][1] - middles[1][1])) / side
