"""Arrays of numpy's format: what a header says is held against the file's size before memory is taken.

A picture may be such a file, too: grey `(height, width)`, or of channels `(height, width, n_channels)`.
"""

from __future__ import annotations

import math
import os
from io import BufferedIOBase
from typing import Any, Final, cast

import numpy as np

from gansmith.modalities.image.pictures import MAX_CHANNELS, PIXEL_TYPES, Pixels

SUFFIX: Final = ".npy"


def header(file: BufferedIOBase) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and type of an array, from the beginning of its file.

    Raises:
        ValueError: It is no such file.
    """
    stream = cast("Any", file)
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(stream)
    return shape, kind


def check_size(file: BufferedIOBase, n_bytes: int) -> None:
    """Check the header of an array, which ends where its numbers begin.

    Args:
        file: From its beginning; where it stands afterwards is not said.
        n_bytes: Of the whole file.

    Raises:
        ValueError: It is no such file, it holds Python objects, or fewer bytes than its header says.
    """
    shape, kind = header(file)
    if kind.hasobject:
        raise ValueError("it holds Python objects, which run code when they are read: save numbers alone")
    said = math.prod(shape) * kind.itemsize
    if said > n_bytes:
        raise ValueError(f"truncated: it says {said} bytes, for an array of shape {shape}, and has {n_bytes}")


def picture_header(file: BufferedIOBase) -> tuple[int, int, int, str]:
    """Height, width, channels and type of a pixel of an array that is one picture.

    Raises:
        ValueError: It is none.
    """
    file.seek(0)
    shape, kind = header(file)
    height, width, n_channels = (*shape, 1) if len(shape) == 2 else shape if len(shape) == 3 else (0, 0, 0)
    is_last = n_channels <= 4 or n_channels < min(height, width)  # else an array of many pictures
    if not 0 < n_channels <= MAX_CHANNELS or not height or not width or not is_last:
        raise ValueError(f"an array of shape {shape} is no picture (height, width, n_channels)")
    pixel_type = "float32" if kind.kind == "f" else kind.name
    if pixel_type not in PIXEL_TYPES:
        raise ValueError(f"values of type {kind.name}")
    return height, width, n_channels, pixel_type


def read_picture(file: BufferedIOBase) -> Pixels:
    """An array that is one picture, shape `(height, width, n_channels)`.

    Raises:
        ValueError: It is none, shorter than it says, or has values that are no finite numbers.
    """
    height, width, n_channels, pixel_type = picture_header(file)
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    check_size(file, n_bytes)
    file.seek(0)
    values = np.load(cast("Any", file), allow_pickle=False)
    if not np.isfinite(values).all():
        raise ValueError("pixels that are no finite numbers")
    return values.reshape(height, width, n_channels).astype(pixel_type)
