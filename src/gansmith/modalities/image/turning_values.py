"""Pictures in memory turned into others; they come back as what they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Turning
from gansmith.modalities.image.decoding import Unreadable, upright
from gansmith.modalities.image.grids import white_of
from gansmith.modalities.image.marking import labelled
from gansmith.modalities.image.pictures import InMemory, Pictures, Pixels, PixelType
from gansmith.modalities.image.rewriting import alike, held
from gansmith.modalities.image.tones import Range, pixels_of, range_of, tones_of, turned_tones
from gansmith.modalities.image.turning_masks import Masks, the_mask
from gansmith.modalities.image.watermark import marked

_WANTED = "(height, width), (height, width, n_channels), (n, height, width) or (n, height, width, n_channels)"


def turned_values(records: Any, turning: Turning) -> Any:
    """Turn pictures in memory into others.

    Args:
        records: An array of one picture, `(height, width)` or `(height, width, 1 or 3 or 4)`, or of several,
            `(n, height, width)` or `(n, height, width, n_channels)`: of 8 or 16 bits, or numbers from 0 to 1
            or 255; a picture of Pillow's; `Pictures`; or a list of these.
        turning: What is done to each; a mask is one file, and that of all of them.

    Returns:
        The same type. An array has the same axes, and one of channels more where grey pictures became colour.
        Masks of `Pictures` are left out.

    Raises:
        DataError: An array of another shape, or with values that are no pixels; a mask of another size.
        UsageError: These are no pictures.
    """
    return _turned(records, turning, the_mask(turning.masks), None)


def _turned(records: Any, turning: Turning, mask: Masks | None, white: float | None) -> Any:
    if isinstance(records, Pictures):
        return _pictures(records, turning, mask)
    if isinstance(records, Image.Image):
        return _image(records, turning, mask)
    if isinstance(records, np.ndarray):
        had = 0.0, white_of(records, "array") if white is None else white
        return _array(records, turning, mask, had)
    if isinstance(records, (list, tuple)):
        several = cast("Sequence[Any]", records)
        made = [_turned(one, turning, mask, _shared_white(several, one)) for one in several]
        return made if isinstance(records, list) else tuple(made)
    raise UsageError(
        f"a {type(records).__name__} holds no pictures in memory. Give an array {_WANTED}, a picture of "
        "Pillow's, or a list of these."
    )


def _shared_white(several: Sequence[Any], one: Any) -> float | None:
    """The value of white of all arrays of a type: one that is dark is no reason to take another."""
    if not isinstance(one, np.ndarray):
        return None
    alike = (other for other in several if isinstance(other, np.ndarray) and other.dtype == one.dtype)
    return max(white_of(other, "array") for other in alike)


def _made(
    pictures: Iterable[Pixels], turning: Turning, mask: Masks | None, dtype: np.dtype[Any], had: Range
) -> np.ndarray:
    """Pictures turned, shape `(n, height, width, n_channels)`."""
    found = list[Pixels]()
    for pixels in pictures:
        given = None if mask is None else mask.of(0, *pixels.shape[:2])
        made, _, _ = turned_tones(tones_of(pixels, had), turning, given)
        written = pixels_of(made, dtype, had)
        written = labelled(written) if turning.is_visibly_marked else written
        found.append(marked(written) if turning.is_always_marked else written)
    return np.stack(alike(found))


def _array(values: np.ndarray, turning: Turning, mask: Masks | None, had: Range) -> np.ndarray:
    has_channels = values.ndim == 4 or (values.ndim == 3 and values.shape[2] in (1, 3, 4))
    is_one = values.ndim == 2 + has_channels
    if values.ndim not in (2, 3, 4) or 0 in values.shape or (has_channels and values.shape[-1] > 4):
        raise DataError(
            f"an array of shape {values.shape} holds no pictures. Wanted: {_WANTED}, channels last."
        )
    block = values if has_channels else values[..., None]
    made = _made(block[None] if is_one else block, turning, mask, values.dtype, had)
    made = made if has_channels or made.shape[3] > 1 else made[..., 0]
    return made[0] if is_one else made


def _image(image: Image.Image, turning: Turning, mask: Masks | None) -> Image.Image:
    """A picture of Pillow's, its depth kept where Pillow has it; turned as its EXIF data say."""
    try:
        pixels = upright(image)
    except Unreadable as error:
        raise DataError(f"a picture {error}.") from error
    had = range_of(pixels)
    given = None if mask is None else mask.of(0, *pixels.shape[:2])
    made, _, _ = turned_tones(tones_of(pixels, had), turning, given)
    found, _ = held(made, pixels.dtype, had, "TIFF")
    found = labelled(found) if turning.is_visibly_marked else found
    found = marked(found) if turning.is_always_marked else found
    return Image.fromarray(found[..., 0] if found.shape[2] == 1 else found)


def _pictures(pictures: Pictures, turning: Turning, mask: Masks | None) -> Pictures:
    seen = pictures.without_masks
    form = seen.form
    if form.n_channels > 4 or (form.n_channels in (2, 4) and not form.has_alpha):
        raise DataError(f"{pictures.name}: {form.n_channels} channels. Wanted: grey or colour.")
    if not len(seen):
        return seen
    each = (seen.source.block(seen.numbers[place : place + 1])[0] for place in range(len(seen)))
    pixels = _made(each, turning, mask, np.dtype(form.pixel_type), (form.lowest, form.highest))
    _, height, width, n_channels = pixels.shape
    return replace(
        seen,
        source=InMemory(pixels),
        numbers=np.arange(len(pixels)),
        form=replace(
            form,
            height=height,
            width=width,
            n_channels=n_channels,
            pixel_type=cast("PixelType", pixels.dtype.name),
        ),
        files=tuple(pictures.files[number] for number in pictures.numbers.tolist()) if pictures.files else (),
        sizes={},
    )
