"""Pictures from arrays in memory: grey or of channels, whole numbers or not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attribute_labels import attributes_of, plain, spelt
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Header
from gansmith.modalities.image.forming import BROUGHT, DEFAULT_SIDE_PX, choose, parse_channels, pixel_range
from gansmith.modalities.image.pictures import (
    LABEL,
    MAX_CHANNELS,
    Form,
    InMemory,
    Pictures,
    Pixels,
    highest_value,
    is_alpha_likely,
)
from gansmith.modalities.image.pixel_tables import check_pixels, is_square

SHORTEST_SIDE: Final = 4
"""In pixels; an array with a shorter one is taken for one of series."""
AS_SERIES: Final = "--kind series reads an array of series: which, steps, measures"


def pictures_of(
    values: np.ndarray, labels: np.ndarray | None, name: str = "array", like: Form | None = None
) -> Pictures:
    """An array of pixels as pictures.

    Args:
        values: Shape `(n, height, width)`, `(n, side * side)`, `(n, height, width, n_channels)`, or
            `(n, n_channels, height, width)` where only that makes sense. Whole numbers from 0 to 255 of any
            type become 8 bits, larger ones 16; numbers with a point, and signed ones of 16 bits, stay as they
            are.
        labels: Shape `(n,)`, or None.
        name: For messages.
        like: The form of pictures they are compared with: values that are of its type stay of it.

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
    pixels, lowest, highest = (like and _typed_like(values, like)) or _typed(values, name)
    _, height, width, n_channels = pixels.shape
    pixel_type = pixels.dtype.name
    has_alpha = is_alpha_likely(n_channels, pixel_type) or bool(like and _has_same_alpha(like, n_channels))
    form = Form(height, width, n_channels, cast("Any", pixel_type), lowest, highest, has_alpha=has_alpha)
    known = Attributes({} if labels is None else {LABEL: _texts(labels)})
    if labels is not None and len(labels) != len(pixels):
        raise DataError(f"{name}: {len(labels)} labels for {len(pixels)} pictures. Give one for each.")
    is_usual = pixel_type != "float32" or 0 <= lowest <= highest <= 1 or n_channels > 1
    notes = (
        ()
        if is_usual or min(height, width) < SHORTEST_SIDE
        else (f"read as pictures of {height} x {width}; {AS_SERIES}",)
    )
    return Pictures(InMemory(pixels), np.arange(len(pixels)), form, known, name, notes)


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
    """Pictures in memory at the size and channels that were asked for; values of pixels stay.

    Args:
        pictures: All of one size.
        options: What was asked for; nothing leaves them as they are.
        like: Of this form are size and channels; None: by the options.
        is_capped: Without a size, bring larger ones to the usual one.

    Raises:
        UsageError: A size or channels that do not exist.
    """
    form = pictures.form
    is_large = is_capped and max(form.height, form.width) > DEFAULT_SIDE_PX
    sizes = [(one.height, one.width, one.n_channels) for one in (form, like or form)]
    is_other = sizes[0] != sizes[1]
    if not (options.size or options.channels or is_large or is_other) or not len(pictures):
        return pictures
    n_channels = parse_channels(options.channels) if options.channels else form.n_channels
    size = options.size or ("" if is_capped else f"{form.width}x{form.height}")
    header = Header(form.width, form.height, form.n_channels, form.pixel_type)
    former, how = choose([header], [], replace(options, size=size, channels="L"), like)
    has_alpha = n_channels in (2, 4) if options.channels else form.has_alpha
    target = like or replace(former.form, n_channels=n_channels, has_alpha=has_alpha)
    target = replace(target, pixel_type=form.pixel_type, lowest=form.lowest, highest=form.highest)
    had_alpha = form.has_alpha or form.n_seen not in (2, 4)
    own = form.lowest, form.highest
    former = replace(former, form=target, ranges={form.pixel_type: own}, had_alpha=had_alpha)
    pixels = np.empty((len(pictures), target.height, target.width, target.n_channels), target.pixel_type)
    for row, number in enumerate(pictures.numbers.tolist()):
        pixels[row] = former(pictures.source.block(np.array([number]))[0])
    notes = (*pictures.notes, f"pictures {how}") if how else pictures.notes
    came = form.height, form.width, form.n_channels
    return replace(
        pictures,
        source=InMemory(pixels),
        numbers=np.arange(len(pixels)),
        form=target,
        notes=notes,
        files=(),
        sizes=_renumbered(pictures) or dict.fromkeys(range(len(pixels)), came),
    )


def _renumbered(pictures: Pictures) -> dict[int, tuple[int, int, int]]:
    """What pictures came with, by their places."""
    sizes = pictures.sizes
    return {place: sizes[n] for place, n in enumerate(pictures.numbers.tolist()) if n in sizes}


def brought_to(pictures: Pictures, form: Form, whose: str) -> Pictures:
    """Pictures of another type or range of pixels as those of a form, with a note where they are rescaled.

    Args:
        pictures: Of the size and channels of the form.
        form: Of others.
        whose: Where these came from, for messages.

    Raises:
        DataError: They are of the same type, and a pixel is beyond black or white.
    """
    found = pictures.form
    pixels = pictures.source.block(pictures.numbers)
    lowest, highest = pixels.min().item(), pixels.max().item()
    is_within = form.lowest <= lowest and highest <= form.highest
    if found.pixel_type != form.pixel_type and not (is_within and _is_in_values_of(found, form)):
        share = (pixels.astype(np.float64) - found.lowest) / (found.highest - found.lowest)
        pixels = share.clip(0, 1) * (form.highest - form.lowest) + form.lowest
        was, now = (f"{one.pixel_type} {one.lowest:g} to {one.highest:g}" for one in (found, form))
        notes = (*pictures.notes, f"pixels of {was}{BROUGHT}{now}")
        pictures = replace(pictures, notes=notes)
    elif not is_within:
        odd = highest if highest > form.highest else lowest
        raise DataError(
            f"{pictures.name}: a pixel of {odd:g}, but those of {whose} go from {form.lowest:g} to "
            f"{form.highest:g}. Rescale the pixels."
        )
    whole = pixels if form.pixel_type == "float32" else np.rint(pixels)
    source, numbers = InMemory(whole.astype(form.pixel_type)), np.arange(len(pixels))
    sizes = _renumbered(pictures)
    return replace(pictures, source=source, numbers=numbers, form=form, files=(), sizes=sizes)


def _is_in_values_of(found: Form, form: Form) -> bool:
    """Whether numbers with a point, in no range of their own, are whole values that nobody rounded."""
    return found.pixel_type == "float32" and form.pixel_type != "float32" and found.highest > 1


def _has_same_alpha(like: Form, n_channels: int) -> bool:
    return like.has_alpha and like.n_channels == n_channels


def _typed_like(values: np.ndarray, like: Form) -> tuple[Pixels, float, float] | None:
    """Pixels of the type of others, where that is theirs; None where it may be another."""
    kind = np.dtype(like.pixel_type)
    is_any_whole = values.dtype.kind in "iu" and values.dtype.name not in ("uint8", "uint16", "int16")
    is_alike = values.dtype.kind == "f" if kind.kind == "f" else values.dtype == kind or is_any_whole
    if not is_alike or not values.size:
        return None
    lowest, highest = float(values.min()), float(values.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        return None
    if kind.kind != "f" and not np.iinfo(kind).min <= lowest <= highest <= np.iinfo(kind).max:
        return None
    return values.astype(kind), min(like.lowest, lowest), max(like.highest, highest)


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
    return np.array([spelt(label) for label in labels.tolist()], dtype=object)
