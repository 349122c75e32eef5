"""Pictures on a canvas: pixels of any form as screen pixels, side by side in a grid, as the content of a PNG.

A canvas has shape `(height, width)`, grey, or `(height, width, 3)`, red, green and blue; it is of uint8.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gansmith.errors import DataError

if TYPE_CHECKING:  # Pillow is imported when something is drawn: tables are shown through this module's users
    from PIL.Image import Image

Canvas = np.ndarray[tuple[Any, ...], np.dtype[np.uint8]]

PROVENANCE: Final = {"synthetic": "true", "software": "gansmith"}
"""Said in every picture file that holds something generated."""
GROUND: Final = 96
"""The grey between the pictures of a grid."""
_LIGHT: Final = 235
_DARK: Final = 190
"""Greys of the squares that are seen through what is transparent."""
_MAX_LOSSLESS: Final = 300_000
"""Numbers of a canvas that loses nothing in a page, where it has room there."""
_QUALITIES: Final = (90, 70, 45, 20)
"""Of 100, for those larger: the first with which it has room."""
MOST_IN_PAGE_BYTES: Final = 200_000
"""Of a canvas in a page, as far as the least quality allows."""
_CHECKER_SIDE_PX: Final = 4
_MASK_COLOURS: Final = ((255, 64, 64), (64, 160, 255), (64, 220, 96), (255, 200, 0), (220, 80, 255))
_SMALLEST_SIDE_PX: Final = 64


def on_screen(
    pixels: np.ndarray, lowest: float, highest: float, n_masks: int = 0, *, has_alpha: bool = False
) -> Canvas:
    """Pictures of any form as a person can see them.

    What is transparent shows a checker; of 4 and more channels the first three are taken for red, green and
    blue, of 2 the first for grey; masks lie over the picture in colours of half strength.

    Args:
        pixels: Shape `(n, height, width)`, or `(n, height, width, n_channels)`: 1 grey, 3 colour, then
            perhaps transparency, or others; masks come last.
        lowest: The value of black; what is below, or no number, is black, too.
        highest: The value of white.
        n_masks: How many of the channels are masks.
        has_alpha: Whether the last of the others is transparency.

    Returns:
        Shape `(n, height, width)` where they are grey, else `(n, height, width, 3)`.
    """
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    n_seen = pixels.shape[-1] - n_masks
    n_colours = 3 if n_seen >= 3 else 1
    seen = _bright(pixels[..., :n_colours], lowest, highest)
    if has_alpha:
        seen = _over_checker(seen, _bright(pixels[..., n_seen - 1 : n_seen], lowest, highest))
    if n_masks:
        is_marked = pixels[..., n_seen:] > (lowest + highest) / 2  # (n, height, width, n_masks)
        seen = _marked(seen.repeat(3, -1) if n_colours == 1 else seen, is_marked)
    return seen[..., 0] if seen.shape[-1] == 1 else seen


def _bright(values: np.ndarray, lowest: float, highest: float) -> Canvas:
    """Values as brightness of 0 to 255, of the same shape."""
    if values.dtype == np.uint8 and (lowest, highest) == (0, 255):
        return values
    span = (highest - lowest) or 1.0
    if values.dtype == np.uint8:  # there are 256 of them alone
        table = np.rint((np.arange(256) - lowest) * (255 / span)).clip(0, 255)
        return table.astype(np.uint8)[values]
    shares = np.nan_to_num((values.astype(np.float64) - lowest) * (255 / span), nan=0.0)
    return np.rint(shares.clip(0, 255)).astype(np.uint8)


def _over_checker(colours: Canvas, alpha: Canvas) -> Canvas:
    """Colours `(n, height, width, n_colours)` of some opacity `(n, height, width, 1)` over a checker."""
    down, across = np.indices(colours.shape[1:3]) // _CHECKER_SIDE_PX
    checker = np.where((down + across) % 2, _DARK, _LIGHT)[..., None]  # (height, width, 1)
    opacity = alpha.astype(np.float32) / 255
    return np.rint(colours * opacity + checker * (1 - opacity)).astype(np.uint8)


def _marked(colours: Canvas, is_marked: np.ndarray) -> Canvas:
    """Colours `(n, height, width, 3)` with masks `(n, height, width, n_masks)` over them."""
    for mask in range(is_marked.shape[-1]):
        tone = np.array(_MASK_COLOURS[mask % len(_MASK_COLOURS)], np.uint16)
        both = ((colours.astype(np.uint16) + tone) // 2).astype(np.uint8)
        colours = np.where(is_marked[..., mask, None], both, colours)
    return colours


def tiled(
    pictures: np.ndarray, highest: float, n_columns: int, scale: int, gap: int, background: int
) -> Canvas:
    """Pictures in rows on a background, each pixel enlarged to a square.

    Args:
        pictures: Shape `(n, height, width)` or `(n, height, width, n_channels)`, one or more; values from 0.
        highest: The value of white.
        n_columns: Pictures per row.
        scale: Screen pixels per pixel.
        gap: Screen pixels between pictures and around them.
        background: Grey of 0 to 255.

    Returns:
        Shape `(rows, columns)` in screen pixels, or `(rows, columns, 3)` where they are in colour.
    """
    seen = on_screen(pictures, 0, highest)
    n, height, width, *colours = seen.shape
    n_rows = -(-n // n_columns)
    down, across = height * scale + gap, width * scale + gap
    canvas = np.full((n_rows * down + gap, n_columns * across + gap, *colours), background, np.uint8)
    for index, picture in enumerate(seen):
        row, column = divmod(index, n_columns)
        top, left = gap + row * down, gap + column * across
        large = picture.repeat(scale, 0).repeat(scale, 1)
        canvas[top : top + height * scale, left : left + width * scale] = large
    return canvas


def grid(pictures: np.ndarray, highest: float = 255, n_columns: int = 0) -> Canvas:
    """Pictures as a grid on a mid-grey ground, small ones enlarged to be seen.

    Args:
        pictures: As for `tiled`, one or more.
        highest: The value of white.
        n_columns: Pictures per row; 0 makes as many rows as columns.
    """
    scale = max(1, _SMALLEST_SIDE_PX // max(pictures.shape[1:3])) if len(pictures) <= 400 else 1
    n_columns = n_columns or math.ceil(math.sqrt(len(pictures)))
    return tiled(pictures, highest, n_columns, scale, gap=max(1, scale), background=GROUND)


def strip(pictures: np.ndarray, highest: float, width_px: int, smallest_px: int, largest_px: int) -> Canvas:
    """As many pictures side by side as there is room for, in colour.

    Args:
        pictures: As for `tiled`, one or more.
        highest: The value of white.
        width_px: Of the strip, at most; one picture is in it in any case.
        smallest_px: Smaller ones are enlarged, by a whole number, until their longer side has that.
        largest_px: Larger ones are reduced until their longer side has that, or `width_px`.

    Returns:
        Shape `(height, width, 3)`.
    """
    largest_px = min(largest_px, width_px)
    longer = max(pictures.shape[1:3])
    factor = max(1, min(-(-smallest_px // longer), largest_px // longer))
    gap = max(1, largest_px // 24)
    across = round(pictures.shape[2] * min(factor, largest_px / longer)) + gap
    n = max(1, min(len(pictures), (width_px + gap) // across))
    few = reduced(on_screen(pictures[:n], 0, highest), largest_px)
    line = tiled(few, 255, n, factor, gap, GROUND)[gap:-gap, gap:-gap]
    return line if line.ndim == 3 else line[..., None].repeat(3, -1)


def reduced(seen: Canvas, largest_px: int) -> Canvas:
    """Pictures `(n, height, width)` or `(n, height, width, 3)`, their longer side no longer than that."""
    from PIL import Image

    height, width = seen.shape[1:3]
    if max(height, width) <= largest_px or not len(seen):
        return seen
    factor = largest_px / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = Image.Resampling.BOX
    return np.stack([np.asarray(Image.fromarray(picture).resize(size, how)) for picture in seen])


def quantised(canvas: Canvas, n_colours: int = 256) -> tuple[Canvas, Canvas]:
    """A canvas with few colours.

    Returns:
        The number of each pixel's colour, shape `(height, width)`, and the colours, shape `(n, 3)`.
    """
    from PIL import Image

    few = Image.fromarray(canvas).convert("RGB").quantize(n_colours, dither=Image.Dither.FLOYDSTEINBERG)
    numbers = np.asarray(few)
    colours = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    return numbers, colours[: int(numbers.max(initial=0)) + 1]


def png_bytes(picture: Image | np.ndarray, metadata: Mapping[str, str], *, is_quick: bool = False) -> bytes:
    """A picture as the content of a PNG file, with `PROVENANCE` and `metadata` as its text.

    Args:
        picture: As Pillow has it, or an array that it knows: uint8 with 1 to 4 channels, uint16 grey.
        metadata: Text to keep in the file.
        is_quick: Whether to take less time and more space.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in {**PROVENANCE, **metadata}.items():
        info.add_itxt(key, value) if not value.isascii() else info.add_text(key, value)
    stream = BytesIO()
    image = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    pressed: dict[str, Any] = {"compress_level": 1} if is_quick else {"optimize": True}
    image.save(stream, format="PNG", pnginfo=info, **pressed)
    return stream.getvalue()


def as_address(canvas: Canvas) -> str:
    """A canvas as the `data:` address of a WebP, for a page that loads nothing."""
    from PIL import Image

    image, ways = Image.fromarray(canvas), list[dict[str, Any]]({"quality": one} for one in _QUALITIES)
    if canvas.size <= _MAX_LOSSLESS:
        ways.insert(0, {"lossless": True})
    address = ""
    for how in ways:
        stream = BytesIO()
        image.save(stream, "WEBP", method=4, **how)
        address = "data:image/webp;base64," + b64encode(stream.getvalue()).decode("ascii")
        if len(address) <= MOST_IN_PAGE_BYTES:
            break
    return address


def canvas_of(path: Path) -> Canvas:
    """The canvas that a picture file holds.

    Raises:
        DataError: When it holds none.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path}: no picture that can be read ({error}). Delete it.") from error
