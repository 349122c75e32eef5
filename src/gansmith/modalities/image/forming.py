"""What form a set of pictures is brought to, and how one picture is brought there.

Chosen from the headers of some pictures and the pixels of fewer; each choice can be made by the user instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast, final

import numpy as np
from PIL import Image

from gansmith.errors import UsageError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Header
from gansmith.modalities.image.pictures import MAX_SIDE_PX, Form, Pixels

DEFAULT_SIDE_PX: Final = 64
"""The longer side of pictures whose size nobody chose, at most."""
HIGHEST_VALUES_16: Final = (255, 1023, 4095, 16383, 65535)
"""What the brightest pixel of 16 bits can be: cameras and scanners use 10, 12 or 14 of them."""
CHANNELS: Final = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
SAME_ASPECT: Final = 1.05
"""Ratio of aspects below which sides are scaled apart: the eye does not see it."""
_MAX_CUT: Final = 1 / 3
"""Share of a picture's area that may be cut off."""
_MIN_COLOURED: Final = 0.05
"""Share of pictures that must have colour for the set to have it."""
_TINT: Final = 8
"""Of 255: channels that differ less are grey as a JPEG or a scanner keeps it."""

_HALF: Final = 0.4999
"""Of a pixel, less what rounding takes."""

BROUGHT: Final = ", brought to "
"""Stands in the note on how pictures were brought to their form."""

HowFitted = Literal["crop", "pad", "stretch"]
Ranges = Mapping[str, tuple[float, float]]
"""By type of pixel: the values of black and of white."""


@final
@dataclass(frozen=True)
class Former:
    """Brings a picture of any size, channels and depth to a form."""

    form: Form
    fit: HowFitted
    ranges: Ranges
    had_alpha: bool = True
    """Whether the last of 2 or 4 channels that come is transparency."""

    @property
    def needed_px(self) -> int:
        """A picture with longer sides may be decoded at a fraction of its size, down to this."""
        return 2 * max(self.form.height, self.form.width)

    def of_ranges(self, ranges: Ranges) -> Former:
        """The same for other values of black and white."""
        lowest, highest = ranges.get(self.form.pixel_type, (self.form.lowest, self.form.highest))
        return replace(self, ranges=ranges, form=replace(self.form, lowest=lowest, highest=highest))

    def __call__(self, pixels: Pixels) -> Pixels:
        """A picture of the form without its masks, shape `(height, width, n_seen)`."""
        form = self.form
        kind = pixels.dtype.name
        lowest, highest = self.ranges[kind] if kind in self.ranges else _own_range(pixels)
        if self.had_alpha and form.has_alpha == (form.n_seen in (2, 4)):
            pixels = with_channels(pixels, form.n_seen, highest)
        else:
            pixels = first_channels(pixels, form.n_seen)
        if pixels.shape[:2] != (form.height, form.width):
            pixels = resized(pixels, form.width, form.height, self.fit)
        is_same_range = (lowest, highest) == (form.lowest, form.highest)
        if kind == form.pixel_type and (is_same_range or kind != "uint8"):  # 8 bits of files are full range
            return pixels.clip(form.lowest, form.highest).astype(kind, copy=False)
        share = (pixels.astype(np.float64).clip(lowest, highest) - lowest) / ((highest - lowest) or 1.0)
        values = share * (form.highest - form.lowest) + form.lowest
        return (np.rint(values) if np.dtype(form.pixel_type).kind != "f" else values).astype(form.pixel_type)


# --- Choosing -----------------------------------------------------------------------------------------------


def choose(
    headers: Sequence[Header], sample: Sequence[Pixels], options: ImageOptions, like: Form | None = None
) -> tuple[Former, str]:
    """What pictures are brought to, and a sentence on how.

    Args:
        headers: Of some of them, at least one.
        sample: Pixels of some of them, each of shape `(height, width, n_channels)`.
        options: Size, fit and channels, where the user chose them.
        like: The form itself, where it is given.

    Raises:
        UsageError: A size or channels that do not exist.
    """
    sizes = np.array([(header.width, header.height) for header in headers], dtype=np.float64)  # (n, 2)
    width, height = (like.width, like.height) if like else _chosen_size(sizes, options.size)
    fit = _chosen_fit(sizes, width / height) if options.fit == "auto" else options.fit
    ranges = ranges_of(sample)
    form = like or _chosen_form(headers, sample, width, height, options.channels, ranges)
    had_alpha = all(header.has_alpha for header in headers if header.n_channels in (2, 4))
    return Former(form, fit, ranges, had_alpha), _sentence(sizes, form, fit)


def parse_size(text: str) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        UsageError: It is no size.

    Example:
        >>> parse_size("46x56"), parse_size("64")
        ((46, 56), (64, 64))
    """
    found = re.fullmatch(r"\s*(\d{1,6})(?:\s*[x×X,]\s*(\d{1,6}))?\s*", text)
    sides = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not all(1 <= side <= MAX_SIDE_PX for side in sides):
        raise UsageError(
            f"size {text!r}: wanted WIDTHxHEIGHT in pixels, such as 46x56, or 64 for 64x64; "
            f"at most {MAX_SIDE_PX}."
        )
    return sides


def parse_channels(text: str) -> int:
    """Number of channels that a mode has.

    Raises:
        UsageError: There is no such mode.
    """
    if text.upper() not in CHANNELS:
        raise UsageError(f"channels {text!r}: wanted one of {', '.join(CHANNELS)}.")
    return CHANNELS[text.upper()]


def _chosen_size(sizes: np.ndarray, size: str) -> tuple[int, int]:
    if size:
        return parse_size(size)
    if (sizes == sizes[0]).all() and sizes[0].max() <= DEFAULT_SIDE_PX:
        return int(sizes[0, 0]), int(sizes[0, 1])
    aspect = float(np.median(sizes[:, 0] / sizes[:, 1]))
    longer = min(DEFAULT_SIDE_PX, round(float(np.median(sizes.max(axis=1)))))
    width, height = (longer, longer / aspect) if aspect > 1 else (longer * aspect, longer)
    return max(1, round(width)), max(1, round(height))


def _chosen_fit(sizes: np.ndarray, aspect: float) -> HowFitted:
    apart = sizes[:, 0] / sizes[:, 1] / aspect
    apart = np.maximum(apart, 1 / apart)  # of each, by which factor its aspect is another
    if apart.max() < SAME_ASPECT:
        return "stretch"
    return "crop" if float(np.quantile(1 - 1 / apart, 0.9)) < _MAX_CUT else "pad"


def _chosen_form(
    headers: Sequence[Header],
    sample: Sequence[Pixels],
    width: int,
    height: int,
    channels: str,
    ranges: Ranges,
) -> Form:
    pixel_type = Counter(header.pixel_type for header in headers).most_common(1)[0][0]
    if channels:
        n_channels, has_alpha = parse_channels(channels), parse_channels(channels) in (2, 4)
    else:
        most = Counter((header.n_channels, header.has_alpha) for header in headers).most_common(1)[0][0]
        is_plain = most[0] > 4 or (most[0] in (2, 4) and not most[1])
        n_channels, has_alpha = most if is_plain else _chosen_channels(headers, sample, ranges)
    lowest, highest = ranges.get(pixel_type, (0.0, 255.0))
    form = Form(height, width, n_channels, cast("Any", pixel_type), lowest, highest)
    return replace(form, has_alpha=has_alpha)


def _chosen_channels(headers: Sequence[Header], sample: Sequence[Pixels], ranges: Ranges) -> tuple[int, bool]:
    """Colour if more than a few pictures have some, transparency if most could have some and one has."""
    n_with_alpha = sum(header.has_alpha for header in headers)
    has_alpha = 2 * n_with_alpha > len(headers) and any(_is_transparent(pixels) for pixels in sample)
    n_coloured = sum(_is_coloured(pixels, ranges) for pixels in sample)
    return (3 if n_coloured > _MIN_COLOURED * len(sample) else 1) + has_alpha, has_alpha


def _is_transparent(pixels: Pixels) -> bool:
    return pixels.shape[2] in (2, 4) and bool(
        (pixels[..., -1] < pixels[..., -1].dtype.type(_white(pixels))).any()
    )


def _white(pixels: Pixels) -> float:
    return float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind in "iu" else 1.0


def _is_coloured(pixels: Pixels, ranges: Ranges) -> bool:
    """Whether more than one pixel in a thousand is not grey, where it is to be seen."""
    if pixels.shape[2] < 3:
        return False
    colours = pixels[..., :3].astype(np.float32)
    lowest, highest = ranges[pixels.dtype.name]
    is_tinted = np.ptp(colours, axis=2) > _TINT / 255 * (highest - lowest)
    if pixels.shape[2] == 4:
        is_tinted &= pixels[..., 3] > 0
    return float(is_tinted.mean()) > 0.001


def ranges_of(pictures: Iterable[Pixels]) -> Ranges:
    """The values of black and white for each type of pixel that occurs, in the order of their names."""
    found: dict[str, tuple[float, float]] = {}
    for pixels in pictures:
        kind, lowest, highest = pixels.dtype.name, float(pixels.min()), float(pixels.max())
        least, most = found.get(kind, (lowest, highest))
        found[kind] = min(least, lowest), max(most, highest)
    ranges = {kind: pixel_range(kind, *found[kind]) for kind in sorted(found)}
    return {**ranges, "uint8": (0.0, 255.0)}


def pixel_range(pixel_type: str, lowest: float, highest: float) -> tuple[float, float]:
    """The values of black and white for pixels between two values.

    Example:
        >>> pixel_range("uint16", 3, 4000), pixel_range("float32", 0.01, 0.97), pixel_range("int16", -9, 900)
        ((0.0, 4095.0), (0.0, 1.0), (-9, 900))
    """
    if pixel_type == "uint16":
        return 0.0, float(next(white for white in HIGHEST_VALUES_16 if highest <= white))
    if pixel_type.startswith("float") and lowest >= 0 and 0.5 < highest <= 1:
        return 0.0, 1.0
    return lowest, (highest if highest > lowest else lowest + 1)


def _own_range(pixels: Pixels) -> tuple[float, float]:
    """Where no picture of its type was looked at."""
    return pixel_range(pixels.dtype.name, float(pixels.min()), float(pixels.max()))


def _sentence(sizes: np.ndarray, form: Form, fit: HowFitted) -> str:
    small, large = ((int(width), int(height)) for width, height in (sizes.min(axis=0), sizes.max(axis=0)))
    came = f"{small[0]} x {small[1]}" + (f" to {large[0]} x {large[1]}" if small != large else "")
    if small == large == (form.width, form.height):
        return ""
    is_scaled = small == large and abs(small[0] / small[1] * form.height / form.width - 1) < SAME_ASPECT - 1
    how = {
        "crop": "the middle cut out",
        "pad": "edges extended",
        "stretch": "scaled" if is_scaled else "sides scaled apart where they differ",
    }[fit]
    return f"of {came} pixels{BROUGHT}{form.width} x {form.height}: {how if not is_scaled else 'scaled'}"


# --- Bringing there -----------------------------------------------------------------------------------------


def first_channels(pixels: Pixels, n_channels: int) -> Pixels:
    """Channels that are no colours, in another number: the first ones, or the last one again and again."""
    n = pixels.shape[2]
    return pixels if n == n_channels else pixels[..., np.minimum(np.arange(n_channels), n - 1)]


def with_channels(pixels: Pixels, n_channels: int, white: float) -> Pixels:
    """A picture, shape `(height, width, n)`, with other channels; what was transparent becomes white."""
    n = pixels.shape[2]
    if n == n_channels:
        return pixels
    if n > 4 or n_channels > 4:
        return first_channels(pixels, n_channels)
    alpha = pixels[..., -1:] if n in (2, 4) else np.full_like(pixels[..., :1], white)
    colours = pixels[..., : n - (n in (2, 4))]
    if n in (2, 4) and n_channels in (1, 3):
        share = alpha.astype(np.float64) / (white or 1.0)
        colours = _as_type(colours * share + white * (1 - share), pixels.dtype)
    if n_channels in (1, 2) and colours.shape[2] == 3:
        parts = colours.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
        colours = _as_type(parts[..., None], pixels.dtype)
    if n_channels in (3, 4) and colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    return np.concatenate([colours, alpha], axis=2) if n_channels in (2, 4) else colours


@final
@dataclass(frozen=True)
class Placement:
    """Which part of a picture is seen at another size, and where it lies there."""

    box: tuple[float, float, float, float]
    """Left, top, right and bottom of what is seen, in pixels of the picture."""
    width: int
    """Pixels that it is scaled to."""
    height: int
    left: int
    """Pixels of padding."""
    top: int


def placement(had_width: int, had_height: int, width: int, height: int, fit: HowFitted) -> Placement:
    """How a picture is brought to another size.

    Example:
        >>> placement(8, 4, 2, 2, "crop").box, placement(8, 4, 4, 4, "pad")
        ((2.0, 0.0, 6.0, 4.0), Placement(box=(0.0, 0.0, 8.0, 4.0), width=4, height=2, left=0, top=1))
    """
    box = 0.0, 0.0, float(had_width), float(had_height)
    if fit == "pad":
        scale = min(width / had_width, height / had_height)
        inner = max(1, round(had_width * scale)), max(1, round(had_height * scale))
        return Placement(box, *inner, (width - inner[0]) // 2, (height - inner[1]) // 2)
    if fit == "crop":
        scale = max(width / had_width, height / had_height)
        cut_width, cut_height = width / scale, height / scale
        left, top = max((had_width - cut_width) / 2, 0.0), max((had_height - cut_height) / 2, 0.0)
        box = left, top, min(left + cut_width, had_width), min(top + cut_height, had_height)
    return Placement(box, width, height, 0, 0)


def resized(pixels: Pixels, width: int, height: int, fit: HowFitted) -> Pixels:
    """A picture at another size, averaged where it becomes smaller: shape `(height, width, n_channels)`."""
    placed = placement(pixels.shape[1], pixels.shape[0], width, height, fit)
    scaled = _scaled(pixels, placed.width, placed.height, placed.box)
    return _padded(scaled, width, height, placed) if fit == "pad" else scaled


def resized_planes(planes: np.ndarray, width: int, height: int, fit: HowFitted) -> np.ndarray:
    """Masks at another size, placed as `resized` places their picture: a pixel is marked where half of it is.

    Args:
        planes: Whether each pixel is marked, shape `(had_height, had_width, n_masks)`.
        width: Pixels.
        height: Pixels.
        fit: As for the picture.

    Returns:
        Shape `(height, width, n_masks)`; padding is not marked.
    """
    placed = placement(planes.shape[1], planes.shape[0], width, height, fit)
    whole = np.zeros((height, width, planes.shape[2]), dtype=bool)
    rows, columns = (
        slice(placed.top, placed.top + placed.height),
        slice(placed.left, placed.left + placed.width),
    )
    left, top, right, bottom = placed.box
    across = _shares(planes.shape[1], left, right, placed.width)
    down = _shares(planes.shape[0], top, bottom, placed.height)
    for index in range(planes.shape[2]):
        shares = down @ planes[..., index].astype(np.float32) @ across.T
        whole[rows, columns, index] = shares > _HALF
    return whole


def _shares(had_size: int, start: float, end: float, size: int) -> np.ndarray:
    """What each pixel of a side has of each pixel that it was made of, shape `(size, had_size)`."""
    edges, pixels = np.linspace(start, end, size + 1)[:, None], np.arange(had_size)
    overlaps = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return (overlaps.clip(0) * (size / (end - start))).astype(np.float32)


def _padded(pixels: Pixels, width: int, height: int, placed: Placement) -> Pixels:
    """A picture in the middle of a larger one of the usual colour of its edge."""
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    usual = np.median(np.concatenate(edges), axis=0)  # (n_channels,)
    whole = np.empty((height, width, pixels.shape[2]), pixels.dtype)
    whole[:] = _as_type(usual, pixels.dtype)
    top, left = placed.top, placed.left
    whole[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return whole


def _scaled(pixels: Pixels, width: int, height: int, box: tuple[float, float, float, float]) -> Pixels:
    is_enlarged = width > box[2] - box[0] and height > box[3] - box[1]
    how = Image.Resampling.BICUBIC if is_enlarged else Image.Resampling.LANCZOS
    if pixels.dtype == np.uint8 and pixels.shape[2] <= 4:
        plain = np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        scaled = np.asarray(Image.fromarray(plain).resize((width, height), how, box, reducing_gap=3.0))
        return scaled[..., None] if scaled.ndim == 2 else scaled
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(pixels[..., channel], dtype=np.float32)).resize(
                (width, height), how, box, reducing_gap=3.0
            )
        )
        for channel in range(pixels.shape[2])
    ]
    values = np.stack(planes, axis=2).clip(float(pixels.min()), float(pixels.max()))  # no overshooting
    return _as_type(values, pixels.dtype)


def _as_type(values: np.ndarray, dtype: np.dtype[Any]) -> Pixels:
    return (values if dtype.kind == "f" else np.rint(values)).astype(dtype)
