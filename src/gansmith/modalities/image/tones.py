"""One picture as values from 0 to 1 and back: grey or colour, what is transparent, whatever its depth.

The colour under a pixel that is wholly transparent is anybody's, mostly black. A network would smear it into
what is seen beside it, so the nearest colours that are seen stand there first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np
from PIL import Image

from gansmith.errors import DataError
from gansmith.modalities.grids import Turning
from gansmith.modalities.image.forming import with_channels
from gansmith.modalities.image.pictures import Pixels

Range = tuple[float, float]
"""The values of black and white."""
LUMA: Final = (0.299, 0.587, 0.114)
"""Parts of red, green and blue in grey."""
GREY: Final = 2 / 255
"""A picture that was grey and whose channels differ by no more has stayed grey."""


@final
@dataclass(frozen=True, eq=False)
class Tones:
    """A picture as values from 0 to 1."""

    colours: np.ndarray
    """Shape `(n_channels, height, width)`, float32; 1 channel is grey, 3 are red, green and blue."""
    alpha: np.ndarray | None = None
    """Shape `(height, width)`, float32: 1 where it hides what is behind; None: everywhere."""


def range_of(pixels: Pixels) -> Range:
    """The values of black and white of a picture by itself.

    Whole numbers without a sign have their type's own. Others go from 0 to 1 where they lie there, else from
    0 to 255, and where they lie beyond that from their own lowest to their own highest.

    Example:
        >>> range_of(np.zeros((1, 1, 1), np.uint16)), range_of(np.array([[[-5], [300]]], np.int16))
        ((0.0, 65535.0), (-5.0, 300.0))
    """
    if pixels.dtype.kind == "b":
        return 0.0, 1.0
    if pixels.dtype.name in ("uint8", "uint16"):
        return 0.0, float(np.iinfo(pixels.dtype).max)
    lowest, highest = float(pixels.min()), float(pixels.max())
    if lowest >= 0 and highest <= 255:
        return 0.0, 1.0 if highest <= 1 and pixels.dtype.kind == "f" else 255.0
    return lowest, max(highest, lowest + 1e-6)


def parted(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """The colours of a picture of 1 to 4 channels, shape `(height, width, 1 or 3)`, and its transparency.

    Returns:
        Colours, those that are wholly transparent replaced by the nearest that are not; and shape
        `(height, width)`, None where there is none.

    Raises:
        ValueError: It has other channels.
    """
    n_channels = pixels.shape[2]
    if n_channels not in (1, 2, 3, 4):
        raise ValueError(f"{n_channels} channels, 1 to 4 are a picture")
    if n_channels in (1, 3):
        return pixels, None
    colours, alpha = pixels[..., :-1], pixels[..., -1]
    return _bled(colours, alpha), alpha


def _bled(colours: Pixels, alpha: Pixels) -> Pixels:
    is_unseen = alpha == 0
    if not is_unseen.any() or is_unseen.all():
        return colours
    from scipy.ndimage import distance_transform_edt  # takes a moment: only where something is transparent

    found: Any = distance_transform_edt(is_unseen, return_distances=False, return_indices=True)
    return colours[tuple(found)]


def brought(pixels: Pixels, n_channels: int) -> Pixels:
    """The colours of a picture with 1 or 3 channels, in its type, shape `(height, width, n_channels)`."""
    return with_channels(parted(pixels)[0], n_channels, 1)


def rescaled(pixels: Pixels, had: Range, dtype: np.dtype[Any], highest: float) -> Pixels:
    """Pixels of one depth as those of another, from 0 to `highest`."""
    if pixels.dtype == dtype and had == (0, highest):
        return pixels
    values = (pixels.astype(np.float64) - had[0]) * (highest / (had[1] - had[0]))
    return (values if dtype.kind == "f" else np.rint(values)).astype(dtype)


def tones_of(pixels: Pixels, had: Range) -> Tones:
    """A picture, shape `(height, width, 1 to 4)`, as values.

    Raises:
        ValueError: It has other channels.
    """
    colours, alpha = parted(pixels)
    shares = _shares(np.moveaxis(colours, 2, 0), had)
    return Tones(shares, None if alpha is None else _shares(alpha, had))


def _shares(values: np.ndarray, had: Range) -> np.ndarray:
    shares = values.astype(np.float32, order="C")
    shares -= np.float32(had[0])
    shares /= np.float32(had[1] - had[0])
    return shares


def pixels_of(tones: Tones, dtype: np.dtype[Any], had: Range) -> Pixels:
    """Values as pixels of a type, shape `(height, width, n_channels)`, transparency as the last of them."""
    planes = [*tones.colours] if tones.alpha is None else [*tones.colours, tones.alpha]
    pixels = np.empty((*planes[0].shape, len(planes)), dtype)
    for row, line in enumerate(zip(*planes, strict=True)):  # row by row: a photograph has many
        values = np.stack(line, -1) * np.float32(had[1] - had[0]) + np.float32(had[0])
        pixels[row] = values if dtype.kind == "f" else np.rint(values, out=values)
    return pixels


def over_white(tones: Tones) -> Tones:
    """What is transparent lies on white."""
    if tones.alpha is None:
        return tones
    return Tones(tones.colours * tones.alpha + (1 - tones.alpha))


def turned_tones(tones: Tones, turning: Turning, mask: np.ndarray | None) -> tuple[Tones, float, str]:
    """A picture turned.

    A grey picture that a network of colours has turned is grey again, unless its colours differ by more than
    `GREY`.

    Args:
        tones: As it was.
        turning: What is done to it.
        mask: Shape `(height, width)`, 1 where something is missing; None: the network is told of none.

    Returns:
        What became of it, how many seconds that took, and what a person should know.

    Raises:
        DataError: Values came back that are no finite numbers.
    """
    n_had, *sides = tones.colours.shape
    given = _of_channels(tones.colours, turning.n_channels)
    is_lost = n_had > turning.n_channels and _is_tinted(tones)
    note = "its colours are not used: the model reads grey" if is_lost else ""
    if mask is not None:
        given = np.concatenate([given, mask[None].astype(np.float32)])
    started = time.perf_counter()
    made = turning.turn(given)
    seconds = time.perf_counter() - started
    wanted = [side * turning.factor for side in sides]
    assert made.shape[0] in (1, 3), made.shape
    assert list(made.shape[1:]) == wanted, (made.shape, wanted)
    if not all(np.isfinite(plane).all() for plane in made):
        raise DataError("the model makes values that are no finite numbers. Train it anew.")
    is_free = made.flags.writeable and not np.may_share_memory(made, given)
    colours = np.clip(made, 0, 1, out=made if is_free else None).astype(np.float32, copy=False)
    if n_had == 1 and len(colours) == 3 and np.ptp(colours, axis=0).max() <= GREY:
        colours = _of_channels(colours, 1)
    return Tones(colours, _enlarged(tones.alpha, turning.factor)), seconds, note


def with_n_channels(tones: Tones, n_channels: int) -> Tones:
    """Values as grey or as colour."""
    return replace(tones, colours=_of_channels(tones.colours, n_channels))


def _of_channels(colours: np.ndarray, n_channels: int) -> np.ndarray:
    if len(colours) == n_channels:
        return colours
    if n_channels == 3:
        return colours.repeat(3, axis=0)
    return np.tensordot(np.array(LUMA, np.float32), colours, 1)[None]


def _is_tinted(tones: Tones) -> bool:
    return bool((tones.colours != tones.colours[:1]).any())


def _enlarged(alpha: np.ndarray | None, factor: int) -> np.ndarray | None:
    """Transparency, shape `(height, width)`, at a multiple of its size."""
    if alpha is None or factor == 1:
        return alpha
    size = alpha.shape[1] * factor, alpha.shape[0] * factor
    return np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BICUBIC)).clip(0, 1)
