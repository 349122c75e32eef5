"""Files of generated pictures, by the name that is asked for; whole or not there at all.

.csv              one picture a line, pixels row by row, without a header: grey pictures of 8 bits
.npy              one array, in the type of the pixels, masks as the last channels
.npz              an array `images`, `masks` and `mask_names` where there are masks, one of each attribute
.png              one grid to look at
.zip, or a folder `00000.png` and so on, one file a picture, with

    labels.csv    the names of the files and the attributes, where there are some
    masks/NAME/   the masks of the pictures, under the same names
    boxes.csv     the boxes around what is connected in channels of boxes, with its class
    meta.json     where they come from, and the form of the pictures

A picture of 8 bits, grey or in colour, perhaps transparent, or grey of 16 bits, is a PNG; any other is a
`.npy` array. PNGs of 8 bits are stretched to 255 as white, all else is written as it is. Every file of
pictures says of itself that it is synthetic, where its format has a place for that; pictures that can hold
the mark carry it, unless nobody wants it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, final
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from gansmith.errors import DataError, UsageError
from gansmith.modalities.attributes import Attributes, joined_attributes
from gansmith.modalities.canvas import Canvas, grid, on_screen, png_bytes
from gansmith.modalities.image.boxes import boxes_in
from gansmith.modalities.image.drawing import seen
from gansmith.modalities.image.marking import KEY, UNWANTED, marked_canvas, marked_pictures
from gansmith.modalities.image.mask_values import BOX, is_box
from gansmith.modalities.image.pictures import Pictures, Pixels
from gansmith.modalities.image.watermark import NAME
from gansmith.modalities.record_files import BOXES_FILE
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
    to_zip,
)
from gansmith.store import whole_file
from gansmith.tabular.formulas import escaped

STDOUT: Final = "-"
MASKS_FOLDER: Final = "masks"
BOX_COLUMNS: Final = ("x", "y", "width", "height", "class")
MAX_PICTURES_IN_PNG: Final = 10_000
MAX_PIXELS_IN_PNG: Final = 200_000_000


@final
class PictureWriter(AbstractRecordWriter[Pictures]):
    """See the base class and the module.

    Args:
        path: Where to; "-" is CSV on standard output.
        like: Says the form of the pictures.
        metadata: Where they come from, and under `KEY` which mark they get; kept where there is room.
        is_safe: Whether text of an attribute that a spreadsheet would run as a formula gets a single quote
            before it, in `labels.csv` and `boxes.csv`.

    Raises:
        UsageError: From the constructor: pictures that the format cannot hold.
        DataError: From the others: it cannot be written, or a PNG would be too large.
    """

    nouns: ClassVar[str] = "pictures"
    formats: ClassVar[tuple[str, ...]] = (".csv", ".npy", ".npz", ".png", ".zip")

    def __init__(
        self, path: Path, like: Pictures, metadata: Mapping[str, str], *, is_safe: bool = False
    ) -> None:
        super().__init__(path, ".csv" if str(path) == STDOUT else path.suffix.lower())
        self._like, self._is_safe, form = like, is_safe, like.form
        if self._suffix == ".csv" and (form.n_channels, form.pixel_type) != (1, "uint8"):
            raise UsageError(
                f"{path}: CSV holds grey pictures of 8 bits alone, and these are {form}. "
                "Give -o a folder, or a name that ends in .zip, .npy, .npz or .png."
            )
        self._metadata = {KEY: UNWANTED, **metadata}

    def _files(self, put: Put) -> Target[Pictures]:
        return _PictureFiles(put, self._like, self._metadata, self._is_safe)

    def _one_file(self) -> Target[Pictures]:
        is_stdout = str(self._path) == STDOUT
        file = self._stack.enter_context(
            nullcontext(sys.stdout.buffer) if is_stdout else whole_file(self._path)
        )
        match self._suffix:
            case ".png":
                return _Grid(file, self._path, self._metadata)
            case ".csv":
                return _PixelLines(file)
            case suffix:
                return (_OneArray if suffix == ".npy" else _Arrays)(file, self._like)

    def write(self, records: Pictures) -> None:
        """See the base class: with the mark in each, but a grid is marked as a whole."""
        is_each = self._metadata[KEY] == NAME and self._suffix != ".png"
        super().write(marked_pictures(records) if is_each else records)


# --- One file -----------------------------------------------------------------------------------------------


@final
class _PixelLines:
    """Comma-separated pixels, one picture a line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, records: Pictures) -> None:
        """Append pictures."""
        rows = [picture.ravel().tolist() for picture in records.pixels]
        self._file.write("".join(f"{','.join(map(str, row))}\n" for row in rows).encode())

    def finish(self) -> None:
        """Hand on what is buffered."""
        self._file.flush()


@final
class _OneArray:
    """A `.npy` file, block by block: numpy keeps room in its header for another number of pictures."""

    def __init__(self, file: BinaryIO, like: Pictures) -> None:
        self._file, self._n = file, 0
        self._shape, self._type = like.pixels[:0].shape[1:], np.dtype(like.form.pixel_type)
        self._write_header()

    def _write_header(self) -> None:
        descr = np.lib.format.dtype_to_descr(self._type)
        header = {"descr": descr, "fortran_order": False, "shape": (self._n, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def write(self, records: Pictures) -> None:
        """Append pictures."""
        self._file.write(np.ascontiguousarray(records.pixels, self._type).tobytes())
        self._n += len(records)

    def finish(self) -> None:
        """Say how many there are."""
        self._file.seek(0)
        self._write_header()


@final
class _Arrays:
    """A `.npz` file."""

    def __init__(self, file: BinaryIO, like: Pictures) -> None:
        self._file = file
        self._pixels: list[Pixels] = [like.without_masks.pixels[:0]]
        self._masks: list[Pixels] = []
        self._attributes: list[Attributes] = []
        self._like = like

    def write(self, records: Pictures) -> None:
        """Keep pictures."""
        self._pixels.append(records.without_masks.pixels)
        if records.form.masks:
            self._masks.append(records.pixels[..., records.form.n_seen :])
        self._attributes.append(records.attributes)

    def finish(self) -> None:
        """Write all arrays; an attribute of the name of another array, as "images", is called "images_"."""
        found = joined_attributes(self._attributes or [self._like.attributes])
        arrays: dict[str, np.ndarray] = {"images": np.concatenate(self._pixels)}
        if self._like.form.masks:
            none = self._like.pixels[:0, ..., self._like.form.n_seen :]
            arrays |= {
                "masks": np.concatenate([none, *self._masks]),
                "mask_names": np.array(self._like.form.masks),
            }
        for name, column in found.columns.items():
            arrays[f"{name}_" if name in arrays else name] = as_plain(column)
        with ZipFile(self._file, "w", ZIP_STORED) as archive:  # np.savez reserves the names `file` and so on
            for name, array in arrays.items():
                to_zip(archive)(f"{name}.npy", _npy(array))


@final
class _Grid:
    """A PNG to look at."""

    def __init__(self, file: BinaryIO, path: Path, metadata: Mapping[str, str]) -> None:
        self._file, self._path, self._metadata = file, path, metadata
        self._seen: list[Canvas] = []

    def write(self, records: Pictures) -> None:
        """Keep pictures."""
        form = records.form
        n_most = max(1, min(MAX_PICTURES_IN_PNG, MAX_PIXELS_IN_PNG // (form.height * form.width)))
        if sum(map(len, self._seen)) + len(records) > n_most:
            raise DataError(
                f"{self._path}: more than {n_most:,} of these pictures do not fit into a PNG. "
                "Write .zip, .npy or a folder, or ask for fewer."
            )
        self._seen.append(seen(records))

    def finish(self) -> None:
        """Draw them."""
        if not sum(map(len, self._seen)):
            raise DataError(f"{self._path}: no picture to draw. Ask for one at least.")
        drawn = grid(np.concatenate(self._seen))
        is_marked = self._metadata[KEY] == NAME
        self._file.write(png_bytes(marked_canvas(drawn) if is_marked else drawn, self._metadata))


# --- One file a picture -------------------------------------------------------------------------------------


@final
class _PictureFiles:
    """Pictures, each in a file of its own, what is known of them, and where they come from."""

    def __init__(self, put: Put, like: Pictures, metadata: Mapping[str, str], is_safe: bool) -> None:
        self._spelt: Callable[[str], str] = escaped if is_safe else str
        self._put, self._form, self._metadata = put, like.form, metadata
        self._names: tuple[str, ...] = like.attributes.names
        self._rows: list[Sequence[str]] = []
        self._boxes: list[tuple[str, int, int, int, int, str]] = []
        self._n = 0
        origin = origin_of(metadata)
        self._n_digits = n_digits(origin)
        self._texts = {KEY: metadata[KEY]} | ({"model": str(origin["model"])} if origin.get("model") else {})

    def write(self, records: Pictures) -> None:
        """Append pictures."""
        pixels, form = records.pixels, self._form
        pixels = pixels[..., None] if pixels.ndim == 3 else pixels
        names = [f"{number:0{self._n_digits}d}" for number in range(self._n, self._n + len(records))]
        suffix, content = self._content(pixels[..., : form.n_seen])
        for name, picture in zip(names, content, strict=True):
            self._put(name + suffix, picture)
        for index, mask in enumerate(form.masks):
            if is_box(mask):
                self._note_boxes(mask, [name + suffix for name in names], pixels[..., form.n_seen + index])
                continue
            folder = f"{MASKS_FOLDER}/{mask.replace('/', '_').lstrip('.')}"
            tones = on_screen(pixels[..., form.n_seen + index], form.lowest, form.highest)
            for name, one in zip(names, tones, strict=True):
                self._put(f"{folder}/{name}.png", self._png(one))
        columns = records.attributes.columns
        self._names = self._names or tuple(columns)
        values = [[self._cell(value) for value in columns[name].tolist()] for name in self._names]
        self._rows += zip([name + suffix for name in names], *values, strict=True)
        self._n += len(records)

    def _cell(self, value: object) -> str:
        return self._spelt(value) if isinstance(value, str) else as_cell(value)

    def _note_boxes(self, channel: str, files: Sequence[str], pixels: Pixels) -> None:
        """Keep the boxes of a channel, pixels `(n, height, width)`."""
        middle, called = (
            (self._form.lowest + self._form.highest) / 2,
            self._spelt(channel[len(BOX) :].strip()),
        )
        for file, is_marked in zip(files, pixels > middle, strict=True):
            self._boxes += [(file, *box, called) for box in boxes_in(is_marked)]

    def finish(self) -> None:
        """Write what is known of all of them."""
        if self._names:
            self._put(LABELS_FILE, as_csv([(FILE_COLUMN, *self._names), *self._rows]))
        if any(map(is_box, self._form.masks)):
            self._put(BOXES_FILE, as_csv([(FILE_COLUMN, *BOX_COLUMNS), *sorted(self._boxes)]))
        self._put(META_FILE, as_meta(self._metadata, self._form))

    def _content(self, pixels: Pixels) -> tuple[str, list[bytes]]:
        """The extension of the files of pictures `(n, height, width, n_channels)`, and what is in them."""
        n_channels, form = pixels.shape[-1], self._form
        if form.pixel_type == "uint8" and (n_channels in (1, 3) or form.has_alpha):
            stretched = on_screen(pixels.reshape(-1, 1, 1), form.lowest, form.highest).reshape(pixels.shape)
            return ".png", [self._png(one[..., 0] if n_channels == 1 else one) for one in stretched]
        if form.pixel_type == "uint16" and n_channels == 1:
            return ".png", [self._png(np.ascontiguousarray(one[..., 0])) for one in pixels]
        return ".npy", [_npy(one[..., 0] if n_channels == 1 else one) for one in pixels]

    def _png(self, picture: np.ndarray) -> bytes:
        return png_bytes(picture, self._texts, is_quick=True)


def _npy(array: np.ndarray) -> bytes:
    stream = BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
