"""Files of generated pictures: comma-separated pixels, an array, or a PNG to look at.

Every PNG says of itself that it is synthetic.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Final, final

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.image.pictures import Pictures, Pixels
from gansmith.store import whole_file

STDOUT: Final = "-"
FORMATS: Final = (".csv", ".npy", ".png")
MAX_PICTURES_IN_PNG: Final = 10_000
PROVENANCE: Final = {"synthetic": "true", "software": "gansmith"}
"""Said in every PNG that holds something generated."""
_SMALLEST_SIDE_PX: Final = 64


@final
class PictureWriter:
    """Writes blocks of pictures to a file that appears when all went well.

    `.csv` holds one picture per line, pixels row by row, without a header: what pictures are read from.
    `.npy` holds an array `(n, height, width)`, `.png` a grid to look at. "-" is CSV on standard output.

    Args:
        path: Where to; its extension says the format.
        like: Says the size of the pictures and what is white.
        metadata: Where they come from; kept in a PNG beside "synthetic".

    Raises:
        UsageError: From the constructor: no such format.
        DataError: From the others: the file cannot be written, or a PNG would be too large.
    """

    def __init__(self, path: Path, like: Pictures, metadata: Mapping[str, str]) -> None:
        self._path, self._like, self._metadata = path, like, dict(metadata)
        self._format = ".csv" if str(path) == STDOUT else path.suffix.lower()
        if self._format not in FORMATS:
            raise UsageError(
                f"{path}: pictures cannot be written in this format. {did_you_mean(path.suffix, FORMATS)}"
            )
        self._stack = ExitStack()
        self._kept: list[Pixels] = []

    def __enter__(self) -> PictureWriter:
        is_stdout = str(self._path) == STDOUT
        file = nullcontext(sys.stdout.buffer) if is_stdout else whole_file(self._path)
        self._file = self._stack.enter_context(file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:  # nothing is left behind where the end fails, either
            if error is None:
                self._finish()
            else:
                self._stack.__exit__(kind, error, trace)

    def write(self, records: Pictures) -> None:
        """Append pictures.

        Raises:
            DataError: The disk is full, or there are more pictures than a PNG can show.
        """
        if self._format == ".csv":
            rows = [picture.ravel().tolist() for picture in records.pixels]
            self._file.write("".join(f"{','.join(map(str, row))}\n" for row in rows).encode())
            return
        self._kept.append(records.pixels)
        n_pictures = sum(map(len, self._kept))
        if self._format == ".png" and n_pictures > MAX_PICTURES_IN_PNG:
            raise DataError(
                f"{self._path}: more than {MAX_PICTURES_IN_PNG:,} pictures do not fit into a PNG. "
                "Write .npy or .csv, or ask for fewer."
            )

    def _finish(self) -> None:
        pixels = np.concatenate([self._like.pixels[:0], *self._kept])
        if self._format == ".npy":
            stream = BytesIO()
            np.save(stream, pixels, allow_pickle=False)
            self._file.write(stream.getvalue())
        elif self._format == ".png":
            if not len(pixels):
                raise DataError(f"{self._path}: no picture to draw. Ask for one at least.")
            self._file.write(grid_png(pixels, self._like.highest, self._metadata))
        self._file.flush()


def grid_png(pixels: Pixels, highest: int, metadata: Mapping[str, str]) -> bytes:
    """Pictures as a square grid on a mid-grey ground, each enlarged to be seen.

    Args:
        pixels: Shape `(n, height, width)`, one or more.
        highest: The value of white.
        metadata: Text to keep in the file.
    """
    scale = max(1, _SMALLEST_SIDE_PX // max(pixels.shape[1:])) if len(pixels) <= 400 else 1
    n_columns = math.ceil(math.sqrt(len(pixels)))
    canvas = tiled(pixels, highest, n_columns, scale, gap=max(1, scale), background=96)
    return png_bytes(Image.fromarray(canvas), metadata)


def png_bytes(image: Image.Image, metadata: Mapping[str, str]) -> bytes:
    """A picture as the content of a PNG file, with `PROVENANCE` and `metadata` as its text."""
    info = PngInfo()
    for key, value in {**PROVENANCE, **metadata}.items():
        info.add_itxt(key, value) if not value.isascii() else info.add_text(key, value)
    stream = BytesIO()
    image.save(stream, format="PNG", pnginfo=info, optimize=True)
    return stream.getvalue()


def tiled(
    pictures: Pixels, highest: int, n_columns: int, scale: int, gap: int, background: int
) -> np.ndarray:
    """Pictures in rows on a background, each pixel enlarged to a square.

    Args:
        pictures: Shape `(n, height, width)`, one or more.
        highest: The value of white.
        n_columns: Pictures per row.
        scale: Screen pixels per pixel.
        gap: Screen pixels between pictures and around them.
        background: Grey of 0 to 255.

    Returns:
        Shape `(rows, columns)` in screen pixels, uint8.
    """
    n, height, width = pictures.shape
    n_rows = -(-n // n_columns)
    bright = np.rint(pictures.astype(float) * (255 / highest)).astype(np.uint8)
    large = bright.repeat(scale, 1).repeat(scale, 2)  # (n, height * scale, width * scale)
    down, across = height * scale + gap, width * scale + gap
    canvas = np.full((n_rows * down + gap, n_columns * across + gap), background, np.uint8)
    for index, picture in enumerate(large):
        row, column = divmod(index, n_columns)
        top, left = gap + row * down, gap + column * across
        canvas[top : top + height * scale, left : left + width * scale] = picture
    return canvas
