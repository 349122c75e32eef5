"""Pictures from arrays in memory: grey or of channels, whole numbers or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Header
from gansmith.modalities.image.forming import DEFAULT_SIDE_PX, choose, parse_channels, pixel_range
from gansmith.modalities.image.labels import attributes_of, plain
from gansmith.modalities.image.pictures import LABEL, Form, InMemory, Pictures, Pixels, highest_value
from gansmith.modalities.image.pixel_tables import check_pixels, is_square

MAX_CHANNELS: Final = 32
"""Of an array; a longer last axis is one of pixels."""


def pictures_of(values: np.ndarray, labels: np.ndarray | None, name: str = "array") -> Pictures:
    """An array of pixels as pictures.

    Args:
        values: Shape `(n, height, width)`, `(n, side * side)`, `(n, height, width, n_channels)`, or
            `(n, n_channels, height, width)` where only that makes sense. Whole numbers from 0 to 255 of any
            type become 8 bits, larger ones 16; numbers with a point, and signed ones of 16 bits, stay as they
            are.
        labels: Shape `(n,)`, or None.
        name: For messages.

    Raises:
        DataError: Another shape, not square, or a value that is no pixel; the picture is named.
    """
    if values.ndim == 2 and is_square(values.shape[1]):
        side = math.isqrt(values.shape[1])
        values = values.reshape(-1, side, side)
    if values.ndim == 3:
        values = values[..., None]
    elif values.ndim == 4 and is_channels_first(values.shape):
        values = values.transpose(0, 2, 3, 1)
    if values.ndim != 4 or 0 in values.shape[1:] or values.shape[3] > MAX_CHANNELS:
        raise DataError(
            f"{name}: an array of shape {values.shape} holds no pictures. Wanted: (n, height, width), "
            "(n, height, width, n_channels), or (n, side * side) of square pictures."
        )
    if values.dtype.kind not in "buif":
        raise DataError(f"{name}: values of type {values.dtype}. Wanted: whole numbers from 0 to 255.")
    pixels, lowest, highest = _typed(values, name)
    _, height, width, n_channels = pixels.shape
    form = Form(height, width, n_channels, cast("Any", pixels.dtype.name), lowest, highest)
    known = Attributes({} if labels is None else {LABEL: _texts(labels)})
    if labels is not None and len(labels) != len(pixels):
        raise DataError(f"{name}: {len(labels)} labels for {len(pixels)} pictures. Give one for each.")
    return Pictures(InMemory(pixels), np.arange(len(pixels)), form, known, name)


def is_channels_first(shape: Sequence[int]) -> bool:
    """Whether an array of four axes can only be `(n, n_channels, height, width)`.

    Example:
        >>> [is_channels_first(shape) for shape in ((9, 3, 32, 32), (9, 32, 32, 3), (9, 3, 3, 3))]
        [True, False, False]
    """
    return len(shape) == 4 and shape[1] <= 4 < shape[3]


def with_columns(pictures: Pictures, columns: Mapping[str, Sequence[str | None]], said: str) -> Pictures:
    """Pictures with a table of what is known of each, in their order.

    Raises:
        DataError: It is not of as many rows.
    """
    n_rows = {len(cells) for cells in columns.values()}
    if n_rows != {len(pictures)}:
        raise DataError(
            f"{said}: {max(n_rows, default=0)} rows for {len(pictures)} pictures. "
            "Give one for each, in their order."
        )
    known = attributes_of(plain(columns))
    attributes = Attributes({**pictures.attributes.columns, **known.attributes.columns})
    return replace(pictures, attributes=attributes, notes=(*pictures.notes, *known.notes))


def reformed(
    pictures: Pictures, options: ImageOptions, like: Form | None = None, *, is_capped: bool = False
) -> Pictures:
    """Pictures in memory at the size and channels that were asked for.

    Args:
        pictures: All of one size.
        options: What was asked for; nothing leaves them as they are.
        like: The form they are brought to; None: by the options.
        is_capped: Without a size, bring larger ones to the usual one.

    Raises:
        UsageError: A size or channels that do not exist.
    """
    form = pictures.form
    is_large = is_capped and max(form.height, form.width) > DEFAULT_SIDE_PX
    if not (options.size or options.channels or is_large or (like and like != form)) or not len(pictures):
        return pictures
    n_channels = parse_channels(options.channels) if options.channels else form.n_channels
    size = options.size or ("" if is_capped else f"{form.width}x{form.height}")
    header = Header(form.width, form.height, form.n_channels, form.pixel_type)
    former, how = choose([header], [], replace(options, size=size, channels="L"), like)
    target = like or replace(former.form, n_channels=n_channels, lowest=form.lowest, highest=form.highest)
    is_same_type = like is not None and like.pixel_type == form.pixel_type
    own = (like.lowest, like.highest) if like and is_same_type else (form.lowest, form.highest)
    former = replace(former, form=target, ranges={form.pixel_type: own})
    pixels = np.empty((len(pictures), target.height, target.width, target.n_channels), target.pixel_type)
    for row, number in enumerate(pictures.numbers.tolist()):
        pixels[row] = former(pictures.source.block(np.array([number]))[0])
    notes = (*pictures.notes, f"pictures {how}") if how else pictures.notes
    return replace(
        pictures, source=InMemory(pixels), numbers=np.arange(len(pixels)), form=target, notes=notes, files=()
    )


def _typed(values: np.ndarray, name: str) -> tuple[Pixels, float, float]:
    """Pixels of the narrowest type that is theirs, and the values of black and white."""
    if not values.size:
        return values.astype(np.uint8), 0.0, 1.0
    lowest, highest = float(values.min()), float(values.max())
    is_finite = math.isfinite(lowest) and math.isfinite(highest)
    is_whole = values.dtype.kind in "bui" or bool((values == np.floor(values)).all())
    if is_finite and is_whole and lowest >= 0 and highest <= 255:
        return values.astype(np.uint8), 0.0, float(highest_value(int(highest)))
    if is_finite and values.dtype.kind == "f":
        return values.astype(np.float32), *pixel_range("float32", lowest, highest)
    if values.dtype.kind in "ui" and lowest >= 0 and highest <= np.iinfo(np.uint16).max:
        return values.astype(np.uint16), *pixel_range("uint16", lowest, highest)
    if values.dtype == np.int16:
        return values, *pixel_range("int16", lowest, highest)
    flat = values.reshape(len(values), math.prod(values.shape[1:]))
    check_pixels(flat, lambda row, column: f"{name}: picture {row}, pixel {column}")
    raise AssertionError("some value is no pixel")


def _texts(labels: np.ndarray) -> np.ndarray:
    names = [f"{label:g}" if isinstance(label, float) else str(label) for label in labels.tolist()]
    return np.array(names, dtype=object)
