"""Pictures as they come, each of its own size, by number: what others are learnt to be made of.

Files are decoded when they are asked for, and kept up to a bound. All have one number of channels and one
depth: what most of them have.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast, final

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.attribute_labels import counted
from gansmith.modalities.grids import spelt
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Header, Unreadable
from gansmith.modalities.image.forming import parse_channels
from gansmith.modalities.image.mask_files import without_suffix
from gansmith.modalities.image.ondisk import Frames, frames_in
from gansmith.modalities.image.picture_files import check_others, left_out, not_read
from gansmith.modalities.image.pictures import Pictures, Pixels
from gansmith.modalities.image.reading import read_pictures
from gansmith.modalities.image.tones import Range, brought, range_of, rescaled
from gansmith.modalities.record_files import Listed, RecordFiles, files_in, is_archive_name, is_picture_name

KEPT_BYTES: Final = 1024**3
"""Decoded pictures that are kept, at most; the others are decoded again."""
_STRETCHED: Final = ("int16", "int32", "float32")


@final
@dataclass(frozen=True)
class Depth:
    """How a number of a picture is stored."""

    pixel_type: str
    highest: float
    """The value of white; that of black is 0."""


@final
class PictureGrids:
    """See `Grids`."""

    def __init__(
        self,
        name: str,
        names: Sequence[str],
        notes: Sequence[str],
        n_channels: int,
        depth: Depth,
        read: Callable[[int], tuple[Pixels, Range]],
        sizes: Sequence[tuple[int, ...]] = (),
        *,
        is_kept: bool = True,
    ) -> None:
        """Pictures by number.

        Args:
            name: Where they came from, for messages.
            names: Of each.
            notes: What a person should know.
            n_channels: They are brought to, 1 or 3.
            depth: They are brought to.
            read: A picture, shape `(height, width, 1 to 4)`, and its values of black and white; raises
                DataError.
            sizes: Height and width of each; none: pictures are read for them.
            is_kept: Whether a picture is kept when it has been read.
        """
        self.name, self.names, self.notes = name, names, tuple(notes)
        self.n_channels, self.highest = n_channels, depth.highest
        self._type, self._read, self._sizes, self._is_kept = np.dtype(depth.pixel_type), read, sizes, is_kept
        self._kept = dict[int, np.ndarray]()
        self._n_kept_bytes = 0

    def __len__(self) -> int:
        return len(self.names)

    @property
    def sizes(self) -> Sequence[tuple[int, ...]]:
        """See `Grids`: height and width."""
        if not self._sizes:
            self._sizes = [self.grid(number).shape[1:] for number in range(len(self))]
        return self._sizes

    @property
    def holds(self) -> str:
        """See `Grids`."""
        sizes = sorted(map(tuple, self.sizes), key=np.prod)
        sides = spelt(sizes[0]) if sizes[0] == sizes[-1] else f"{spelt(sizes[0])} to {spelt(sizes[-1])}"
        colours = {1: "grey", 3: "colour"}.get(self.n_channels, f"{self.n_channels} channels")
        return f"{sides}, {colours}, 0 to {self.highest:g}"

    def grid(self, number: int) -> np.ndarray:
        """See `Grids`: shape `(n_channels, height, width)`."""
        if (found := self._kept.get(number)) is not None:
            return found
        pixels, had = self._read(number)
        plain = rescaled(brought(pixels, self.n_channels), had, self._type, self.highest)
        grid = np.ascontiguousarray(np.moveaxis(plain, 2, 0))
        if self._is_kept and self._n_kept_bytes + grid.nbytes <= KEPT_BYTES:
            self._n_kept_bytes += grid.nbytes
            self._kept[number] = grid
        return grid


def read_grids(source: object, options: ImageOptions, n_channels: int = 0) -> PictureGrids:
    """Pictures as they come.

    Args:
        source: A folder, a zip or tar, a list of paths; a file, all of whose frames or pages are pictures; an
            array `(n, height, width)` or `(n, height, width, n_channels)`; a list of arrays of one picture
            each; `Pictures`; or what else `read_pictures` takes, which brings them to one size.
        options: `channels` stands for `n_channels`; `strict` refuses what is otherwise left out.
        n_channels: 1 or 3; 0: what most of them have.

    Raises:
        DataError: Pictures are missing or malformed.
        UsageError: A size, masks or boxes were asked for.
    """
    if options.size or options.masks or options.boxes:
        raise UsageError(
            "pictures that are translated keep their own size, and have no masks or boxes. "
            "Leave --size, --masks and --boxes out."
        )
    if options.channels and not n_channels:
        n_channels = 1 if parse_channels(options.channels) < 3 else 3
    files = files_of(source)
    if files is not None:
        return _of_files(*files, options, n_channels)
    if isinstance(source, np.ndarray):
        return _of_arrays(_split(source), "array", n_channels)
    if isinstance(source, (list, tuple)) and source and all(isinstance(one, np.ndarray) for one in source):
        arrays = [one[..., None] if one.ndim == 2 else one for one in cast("Sequence[np.ndarray]", source)]
        return _of_arrays(arrays, "list of arrays", n_channels)
    return _of_pictures(read_pictures(source, options), n_channels)


# --- Files --------------------------------------------------------------------------------------------------


def files_of(source: object) -> tuple[RecordFiles, Sequence[str], bool] | None:
    """Picture files, the names of their pictures, whether all frames of each are wanted; None: are none."""
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.is_dir() or is_archive_name(path.name):
            files = files_in(path)
            return files, [without_suffix(name) for name in files.names], False
        if is_picture_name(path.name):
            return Listed([path.name], str(path), path.parent), [without_suffix(path.name)], True
    elif isinstance(source, (list, tuple)):
        paths = cast("Sequence[Any]", source)
        if paths and all(isinstance(one, (str, Path)) for one in paths):
            shared = os.path.commonpath([Path(one).absolute().parent for one in paths])
            names = [Path(one).absolute().relative_to(shared).as_posix() for one in paths]
            listed = Listed([str(one) for one in paths], "list of paths", Path())
            return listed, [without_suffix(name) for name in names], False
    return None


def _of_files(
    files: RecordFiles, names: Sequence[str], is_every: bool, options: ImageOptions, n_channels: int
) -> PictureGrids:
    check_others(files, options)
    frames = frames_in(files, is_every=is_every)
    if is_every and _is_one_picture(frames):
        frames = Frames(files)
    headers, broken = _headers(frames)
    if broken and (options.strict or not headers):
        raise DataError(f"{files.name}: {left_out(frames, broken)}. Repair or remove what is broken.")
    kept = list(headers)
    n_channels = n_channels or _most([1 if header.n_channels < 3 else 3 for header in headers.values()])
    n_deep = sum(header.pixel_type != "uint8" for header in headers.values())
    depth = Depth("uint16", 65535) if 2 * n_deep > len(headers) else Depth("uint8", 255)

    def read(number: int) -> tuple[Pixels, Range]:
        try:
            pixels = frames.decode(kept[number])
        except Unreadable as error:
            name = frames.name(kept[number])
            raise DataError(f"{files.name}: {name} cannot be read ({error}). Repair or remove it.") from error
        return pixels, range_of(pixels)

    notes = [left_out(frames, broken)] if broken else []
    notes += _notes(files, list(headers.values()), n_channels, depth, is_every=is_every)
    sizes = [(header.height, header.width) for header in headers.values()]
    if is_every and len(frames) > 1 and headers[kept[0]].kind == "TIFF":  # pages may differ
        sizes = []
    called = [_called(frames, names, number, is_every=is_every) for number in kept]
    return PictureGrids(files.name, called, notes, n_channels, depth, read, sizes)


def _is_one_picture(frames: Frames) -> bool:
    """Whether a file of several pictures is one photograph: what else a camera put there is a part of it."""
    try:
        return frames.header(0).kind == "MPO"
    except Unreadable:
        return False  # it will be said


def _headers(frames: Frames) -> tuple[dict[int, Header], dict[int, str]]:
    """What files say of their pictures, and why others cannot be read, by number."""
    headers, broken = dict[int, Header](), dict[int, str]()
    for number in range(len(frames)):
        try:
            header = frames.header(number)
            if header.n_channels > 4:
                raise Unreadable(f"{header.n_channels} channels, 1 to 4 are a picture")
            headers[number] = header
        except Unreadable as error:
            broken[number] = str(error)
    return headers, broken


def _called(frames: Frames, names: Sequence[str], number: int, *, is_every: bool) -> str:
    """The name of a picture: that of its file, its number where it has several; of a film that alone."""
    name = names[frames.file(number)]
    return name if frames.frame_of is None else f"{'' if is_every else name}#{frames.frame_of[number] + 1}"


def _most(numbers: Sequence[int]) -> int:
    """The number that occurs most, the highest of those that occur as often."""
    counts = Counter(numbers)
    return max(counts, key=lambda one: (counts[one], one))


def _notes(
    files: RecordFiles, headers: Sequence[Header], n_channels: int, depth: Depth, *, is_every: bool
) -> list[str]:
    notes = not_read(files, headers, is_every=is_every)
    if n_stretched := sum(header.pixel_type in _STRETCHED for header in headers):
        said = "whose values may lie beyond 0 to 255: each is stretched from its lowest to its highest then"
        notes.append(f"{counted(n_stretched, 'picture')} {said}")
    n_other = sum((header.pixel_type != "uint8") != (depth.pixel_type != "uint8") for header in headers)
    if n_other:
        notes.append(f"{counted(n_other, 'picture')} of another depth: brought to {depth.pixel_type}")
    n_alpha = sum(header.n_channels in (2, 4) for header in headers)
    if n_alpha:
        notes.append(f"{counted(n_alpha, 'picture')} with transparency: colours alone are learnt")
    return [*notes, *_of_colours([header.n_channels for header in headers], n_channels)]


def _of_colours(channels: Sequence[int], n_channels: int) -> list[str]:
    """What is said of pictures of other channels."""
    n_other = sum((one >= 3) != (n_channels == 3) for one in channels)
    if not n_other:
        return []
    if n_channels == 3:
        return [f"{counted(n_other, 'grey picture')} made colour"]
    return [f"{counted(n_other, 'picture')} in colour made grey"]


# --- In memory ----------------------------------------------------------------------------------------------


def white_of(values: np.ndarray, name: str) -> float:
    """The value of white of pictures in memory: 255 or 65535 of whole numbers, 1 or 255 of others.

    Raises:
        DataError: A value is none of a pixel.
    """
    lowest, highest = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    kind = values.dtype.kind
    whites = {"b": (1.0,), "u": (255.0, 65535.0), "i": (255.0, 65535.0), "f": (1.0, 255.0)}.get(kind, ())
    if values.dtype == np.uint16:
        whites = (65535.0,)
    if kind == "f" and 1 < highest < 2:
        raise DataError(
            f"{name}: a value of {highest:g}, a little more than 1. Clip values to 1, or give such from 0 to "
            "255."
        )
    if lowest >= 0 and (fitting := [white for white in whites if highest <= white]):  # NaN is nowhere
        return fitting[0]
    odd = highest if lowest >= 0 else lowest
    raise DataError(
        f"{name}: a value of {odd:g} in an array of {values.dtype}. Wanted: whole numbers from 0 to 255 or "
        "65535, or others from 0 to 1 or 255."
    )


def _split(values: np.ndarray) -> list[np.ndarray]:
    """Each picture of an array, shape `(height, width, n_channels)`."""
    if values.ndim not in (3, 4) or not len(values):
        raise DataError(
            f"array: its shape {values.shape} is none of pictures. Wanted: (n, height, width) or "
            "(n, height, width, n_channels)."
        )
    return list(values[..., None] if values.ndim == 3 else values)


def _of_arrays(arrays: Sequence[np.ndarray], name: str, n_channels: int) -> PictureGrids:
    for number, one in enumerate(arrays):
        if one.ndim != 3 or 0 in one.shape or one.shape[2] > 4:
            raise DataError(
                f"{name}: picture {number} has the shape {one.shape}. Wanted: (height, width) or "
                "(height, width, n_channels), of 1 to 4 channels."
            )
    whites = dict[
        np.dtype[Any], float
    ]()  # one for all of a type: a dark picture is no reason to take another
    for number, one in enumerate(arrays):
        white = white_of(one, f"{name}, picture {number}")
        whites[one.dtype] = max(white, whites.get(one.dtype, 0))
    usual = Counter(one.dtype for one in arrays).most_common(1)[0][0]
    white = whites[usual]
    depth = Depth("float32" if usual.kind == "f" else "uint8" if white <= 255 else "uint16", white)
    channels = [one.shape[2] for one in arrays]
    n_channels = n_channels or _most([1 if one < 3 else 3 for one in channels])
    return PictureGrids(
        name,
        [str(number) for number in range(len(arrays))],
        _of_colours(channels, n_channels),
        n_channels,
        depth,
        lambda number: (arrays[number], (0.0, whites[arrays[number].dtype])),
        [one.shape[:2] for one in arrays],
        is_kept=False,
    )


def _of_pictures(pictures: Pictures, n_channels: int) -> PictureGrids:
    seen = pictures.without_masks
    form = seen.form
    if form.n_channels > 4 or (form.n_channels in (2, 4) and not form.has_alpha):
        raise DataError(f"{pictures.name}: {form.n_channels} channels. Wanted: grey or colour.")
    is_whole = form.lowest == 0 and form.pixel_type in ("uint8", "uint16")
    depth = Depth(form.pixel_type, form.highest) if is_whole else Depth("float32", 1)
    n_channels = n_channels or (1 if form.n_channels < 3 else 3)
    files = pictures.files
    numbers = pictures.numbers.tolist()
    names = [without_suffix(files[number]) if files else str(number) for number in numbers]
    had = form.lowest, form.highest
    return PictureGrids(
        pictures.name,
        names,
        [*pictures.notes, *_of_colours([form.n_channels], n_channels)],
        n_channels,
        depth,
        lambda number: (seen.source.block(seen.numbers[number : number + 1])[0], had),
        [(form.height, form.width)] * len(pictures),
        is_kept=False,
    )
