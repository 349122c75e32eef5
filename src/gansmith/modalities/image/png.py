"""Pictures as PNG files that say of themselves that they are synthetic."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gansmith.modalities.image.pictures import Pixels

PROVENANCE: Final = {"synthetic": "true", "software": "gansmith"}
"""Said in every PNG that holds something generated."""


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
