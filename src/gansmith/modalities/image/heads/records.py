"""Heads as they are learnt from: windows of one form, and where in them the face lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.errors import Caution, DataError, UsageError
from gansmith.modalities.attribute_labels import by_table, counted, like, shortened
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.forming import parse_channels, parse_size
from gansmith.modalities.image.grids import PictureGrids, read_grids
from gansmith.modalities.image.heads import HeadOptions
from gansmith.modalities.image.heads.finding import boxes_of, content_of, finder, is_installed
from gansmith.modalities.image.heads.windows import USUAL_FACE, Box, Values, scaled, seen_in, window_of
from gansmith.modalities.image.pictures import Pictures
from gansmith.tabular.files.texts import texts_of_file

LARGE: Final = 0.45
"""Share of the width of a picture that a face takes in a portrait, which is learnt as a whole."""
PORTRAIT_FACE: Final[Box] = (0.15, 0.2, 0.85, 0.9)
"""Where a face lies in a portrait, as far as nobody looked."""
LONGEST_PX: Final = 64
"""Longer side of a record, where nobody says it."""
SMALLEST_PX: Final = 16
FEWEST: Final = 20


@final
@dataclass(frozen=True, eq=False)
class Heads:
    """Some heads, all of one form."""

    pictures: Pictures
    face: Box
    """Where in each of them the face lies, in shares of its sides."""

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def name(self) -> str:
        """Where they came from, for messages."""
        return self.pictures.name

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how they were read."""
        return self.pictures.notes

    def take(self, indices: np.ndarray) -> Heads:
        """The heads with these numbers, in this order."""
        return replace(self, pictures=self.pictures.take(indices))


def read_heads(source: object, options: HeadOptions) -> Heads:
    """The heads in pictures: portraits as a whole, of other pictures the windows around faces.

    Raises:
        DataError: They are missing or malformed, or show no face.
        UsageError: Nothing says where faces are, or a size that does not exist.
    """
    wanted = parse_channels(options.channels) if options.channels else 0
    if wanted not in (0, 1, 3):
        raise UsageError(f"channels {options.channels!r}: heads are read as L (grey) or RGB.")
    grids = read_grids(source, ImageOptions(strict=options.strict), wanted)
    boxes, notes = _faces(grids, options)
    notes = [*grids.notes, *notes]
    widths = [
        (box[2] - box[0]) / grids.sizes[number][1] for number, found in enumerate(boxes) for box in found[:1]
    ]
    of = np.arange(len(grids))
    if not widths or float(np.median(widths)) >= LARGE:
        sides = _sides(options, tuple(np.median([*map(tuple, grids.sizes)], axis=0).tolist()))
        face = _mean_face(grids, boxes)
        block = [scaled(_values(grids, number), sides) for number in range(len(grids))]
        notes.append("portraits: each is learnt as a whole")
    else:
        sides, face = _sides(options, (1, 1)), USUAL_FACE
        places = [(number, box) for number, found in enumerate(boxes) for box in found]
        block = [
            seen_in(_values(grids, number), window_of(box, face, sides), sides) for number, box in places
        ]
        of = np.array([number for number, _ in places], np.int64)
        lost = [str(grids.names[number]) for number, found in enumerate(boxes) if not found]
        notes.append(f"{counted(len(block), 'head')} in {counted(len(grids), 'picture')}")
        notes += [f"no face found in {counted(len(lost), 'picture')}: {shortened(lost)}"] if lost else []
    if len(block) < FEWEST:
        notes.append(Caution(f"{counted(len(block), 'head')} are few: what is made will look like them"))
    attributes, of_labels = _known(grids, options)
    pixels = np.stack([np.rint(255 * one).astype(np.uint8).transpose(1, 2, 0) for one in block])
    known = (*notes, *of_labels)
    pictures = Pictures.of(pixels, None, 255, grids.name, known, attributes.take(of))
    return Heads(pictures, face)


def _faces(grids: PictureGrids, options: HeadOptions) -> tuple[list[list[Box]], list[str]]:
    """Boxes of the faces in each picture, as far as anybody says, and notes."""
    if options.boxes:
        boxes, notes = boxes_of(options.boxes, grids.names)
        sizes = {number: (sides[1], sides[0]) for number, sides in enumerate(grids.sizes)}
        notes = [*notes, *boxes.check(sizes)]
        empty = np.empty((0, 6))
        rows = [boxes.by_picture.get(number, empty)[:, :4] for number in range(len(grids))]
        return [[(a, b, c, d) for a, b, c, d in found.tolist()] for found in rows], notes
    if not options.detector and not is_installed():
        return [[] for _ in grids.names], ["nothing says where faces are: taken for portraits"]
    found = finder(options.detector)
    return [found(_bytes(_values(grids, number))) for number in range(len(grids))], []


def _mean_face(grids: PictureGrids, boxes: Sequence[list[Box]]) -> Box:
    shares = [
        (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
        for (height, width), found in zip(grids.sizes, boxes, strict=True)
        for box in found[:1]
    ]
    if not shares:
        return PORTRAIT_FACE
    left, top, right, bottom = np.median(shares, axis=0).tolist()
    return left, top, right, bottom


def _sides(options: HeadOptions, usual: tuple[float, ...]) -> tuple[int, int]:
    """Height and width of a record."""
    if options.size:
        width, height = parse_size(options.size)
        if min(width, height) < SMALLEST_PX:
            raise UsageError(
                f"size {options.size!r}: heads are {SMALLEST_PX} pixels or more. Give such a size."
            )
        return height, width
    scale = LONGEST_PX / max(usual)
    height, width = (max(SMALLEST_PX, round(side * scale)) for side in usual)
    return height, width


def _known(grids: PictureGrids, options: HeadOptions) -> tuple[Attributes, tuple[str, ...]]:
    """What a table says of each picture; names of folders are people, and never learnt."""
    if not options.labels:
        return Attributes({}), ()
    return labels_of(options.labels, grids.names)


def labels_of(
    path: str, names: Sequence[str], other: Attributes | None = None
) -> tuple[Attributes, tuple[str, ...]]:
    """What a table says of pictures, as the columns of `other` where these are given.

    Raises:
        DataError: It cannot be read, or names none of them.
    """
    known = by_table(texts_of_file(content_of(path), path), names, path)
    if known is None:
        raise DataError(f"{path}: none of its columns names a picture, such as {names[0]!r}.")
    return known.attributes if other is None else like(known.attributes, other), known.notes


def _values(grids: PictureGrids, number: int) -> Values:
    return grids.grid(number).astype(np.float32) / np.float32(grids.highest)


def _bytes(values: Values) -> np.ndarray:
    return np.ascontiguousarray(np.rint(255 * values).astype(np.uint8).transpose(1, 2, 0))
