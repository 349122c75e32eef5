"""One picture file as an array of its own size, channels and depth: shape (height, width, n_channels).

What a file says of its size is looked at before anything is decoded, so that a small file cannot become a
huge picture.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, Final, cast, final

import numpy as np
from PIL import Image, ImageOps

from gansmith.modalities.image import medical, npy
from gansmith.modalities.image.pictures import Pixels

MAX_PIXELS: Final = 100_000_000
"""Of one picture; a file that says it has more is left out."""
NPY: Final = "npy"
"""The kind of a picture that is an array."""
_TURNED: Final = (5, 6, 7, 8)
"""Values of EXIF's orientation that change width and height."""
_ORIENTATION: Final = 0x0112
_WITH_EXIF: Final = ("JPEG", "TIFF", "WEBP", "MPO", "PNG")
_N_CHANNELS: Final = {"1": 1, "L": 1, "LA": 2, "La": 2, "PA": 4, "RGBA": 4, "RGBa": 4, "I": 1, "F": 1}
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    OverflowError, ZeroDivisionError, RuntimeError, MemoryError, struct.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow and the readers of scans raise at files that are broken or made to break them."""


class Unreadable(Exception):  # noqa: N818 - of a file, and mostly no error of the user
    """A file holds no picture that can be read; the message says why in a few words."""


@final
@dataclass(frozen=True)
class Header:
    """What a file says of its picture before it is decoded."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    n_channels: int
    pixel_type: str
    n_frames: int = 1
    """Pictures in the file."""
    kind: str = ""
    """Its file format, such as "GIF"."""
    is_reduced: bool = False
    """Whether it has 16 bits a colour, of which 8 are read."""

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is transparency; two or four of an array are just channels."""
        return self.n_channels in (2, 4) and self.kind != NPY


def read_header(file: BufferedIOBase, name: str) -> Header:
    """What a file says of its picture.

    Raises:
        Unreadable: It is broken, no picture, or too large.
        UsageError: It is a medical scan, and what reads these is not installed.
    """
    with readable():
        if medical.is_scan(name):
            height, width, n_channels, pixel_type, n_frames = medical.scan_header(file, name)
            check_size(width, height)
            return Header(width, height, n_channels, pixel_type, n_frames, "scan")
        if name.lower().endswith(npy.SUFFIX):
            height, width, n_channels, pixel_type = npy.picture_header(file)
            check_size(width, height)
            return Header(width, height, n_channels, pixel_type, 1, NPY)
        with opened(file) as image:
            width, height = image.size
            if image.format in _WITH_EXIF and image.getexif().get(_ORIENTATION) in _TURNED:
                width, height = height, width
            n_channels, pixel_type = _native(image)
            n_frames = int(getattr(image, "n_frames", 1))  # which only some of Pillow's files have
            kind = image.format or ""
            return Header(width, height, n_channels, pixel_type, n_frames, kind, _is_reduced(file, image))


def decode(file: BufferedIOBase, name: str, frame: int = 0, needed_px: int = 0) -> Pixels:
    """A picture, shape `(height, width, n_channels)`.

    Args:
        file: Its bytes, from their beginning.
        name: Of the file: its suffix tells scans from others.
        frame: Which of its pictures.
        needed_px: A JPEG may be decoded at a fraction of its size, as long as each side keeps so many pixels;
            0 decodes it whole.

    Raises:
        Unreadable: It is broken, no picture, or too large.
        UsageError: It is a medical scan, and what reads these is not installed.
    """
    with readable():
        if medical.is_scan(name):
            return medical.read_scan(file, name, frame, MAX_PIXELS)
        if name.lower().endswith(npy.SUFFIX):
            return npy.read_picture(file)
        with opened(file) as image:
            if frame:
                image.seek(frame)
            if needed_px and image.format == "JPEG":
                image.draft(None, (needed_px, needed_px))
            return upright(image)


def upright(image: Image.Image) -> Pixels:
    """The pixels of Pillow's picture, turned as its file says, shape `(height, width, n_channels)`.

    Raises:
        Unreadable: It holds no finite numbers.
    """
    return _as_array(ImageOps.exif_transpose(image) if image.format in _WITH_EXIF else image)


@contextmanager
def readable() -> Generator[None]:
    """Whatever a broken file makes its reader raise, as `Unreadable`; its warnings unsaid."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as error:
        n_pixels = re.search(r"\((\d+) pixels", str(error))
        raise Unreadable(_too_large(int(n_pixels[1]) if n_pixels else 2 * MAX_PIXELS)) from error
    except FileNotFoundError as error:
        raise Unreadable("is not there any more") from error
    except Image.UnidentifiedImageError as error:
        raise Unreadable("is no picture, or its beginning is damaged") from error
    except _BROKEN as error:
        said = str(error) or type(error).__name__
        is_cut = "truncated" in said.lower() or isinstance(error, EOFError)
        raise Unreadable("truncated" if is_cut else f"damaged: {said:.80}") from error


@contextmanager
def opened(file: BufferedIOBase) -> Generator[Image.Image]:
    """A file as Pillow's picture, not decoded yet.

    Raises:
        Unreadable: It is too large; and what Pillow raises, for `readable`.
    """
    with Image.open(cast("Any", file)) as image:
        check_size(*image.size)
        yield image


def check_size(width: int, height: int) -> None:
    """Raise Unreadable where a picture has too many pixels."""
    if width * height > MAX_PIXELS:
        raise Unreadable(f"{width} x {height} pixels: {_too_large(width * height)}")


def _too_large(n_pixels: int) -> str:
    return f"{n_pixels // 10**6} megapixels, at most {MAX_PIXELS // 10**6} are decoded"


def _is_reduced(file: BufferedIOBase, image: Image.Image) -> bool:
    """Whether it is a PNG with 16 bits a colour: Pillow gives the upper 8."""
    if image.format != "PNG" or image.mode not in ("RGB", "RGBA", "LA"):
        return False
    file.seek(24)
    return file.read(1) == b"\x10"


def _native(image: Image.Image) -> tuple[int, str]:
    """Channels and the type of a pixel, as `_as_array` will give them."""
    has_key = "transparency" in image.info
    mode = image.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        return 1, "float32" if mode == "F" else "uint16"
    if has_key and mode in ("P", "RGB"):
        return 4, "uint8"
    return 2 if has_key and mode == "L" else _N_CHANNELS.get(mode, 3), "uint8"


def _as_array(image: Image.Image) -> Pixels:
    mode = image.mode
    if mode.startswith("I;16"):
        return _channels_last(np.asarray(image).astype(np.uint16))
    if mode == "I":
        values = np.asarray(image)
        fits = values.size and values.min() >= 0 and values.max() <= np.iinfo(np.uint16).max
        return _channels_last(values.astype(np.uint16 if fits else np.int32))
    if mode == "F":
        values = np.asarray(image, dtype=np.float32)
        if not np.isfinite(values).all():
            raise Unreadable("holds pixels that are no finite numbers")
        return _channels_last(values)
    n_channels, _ = _native(image)
    wanted = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[n_channels]
    return _channels_last(np.asarray(image if mode == wanted else image.convert(wanted)))


def _channels_last(values: np.ndarray) -> Pixels:
    return cast("Any", values[..., None] if values.ndim == 2 else values)
