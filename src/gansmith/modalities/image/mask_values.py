"""What the values of masks mean: marked or not, or one of a few classes.

Two values, or nearly two (a JPEG blurs them), are one mask. Up to `MAX_CLASSES` values are classes: each but
black is a mask of its own. Colours count as values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.image.pictures import Pixels

MAX_CLASSES: Final = 8
"""Different values of a set of masks, black among them."""
MASK: Final = "mask"
BOX: Final = "box"
LOSSY: Final = (".jpg", ".jpeg", ".jpe", ".jfif", ".webp")
"""Files whose values may be a little off."""
_NEAR: Final = 1 / 8
"""Of the range: as far from one of two values a pixel may be."""
_MIN_NEAR: Final = 0.95
"""Share of the pixels that must be as near, where there are more values."""
_TINT: Final = 8


@final
@dataclass(frozen=True)
class MaskValues:
    """How the pixels of mask files become masks."""

    names: tuple[str, ...]
    """Of the masks."""
    values: tuple[float, ...] = ()
    """Of each class; none where a pixel is marked or not."""
    threshold: float = 0.0
    """A pixel above is marked, where there are no classes."""
    is_coloured: bool = False
    tones: tuple[float, ...] = ()
    """All values of those that were looked at; none where they are told apart by the threshold alone."""

    def unknown(self, pixels: Pixels) -> float | None:
        """A value of a mask that none of those that were looked at has; None where there is none."""
        if not self.tones:
            return None
        odd = np.setdiff1d(_plain(pixels, is_coloured=self.is_coloured), self.tones)
        return float(odd[0]) if len(odd) else None

    def planes(self, pixels: Pixels) -> np.ndarray:
        """Whether each pixel is marked, shape `(height, width, n_masks)`.

        Args:
            pixels: Of a mask file, shape `(height, width, n_channels)`.
        """
        values = _plain(pixels, is_coloured=self.is_coloured)
        if not self.values:
            return (values > self.threshold)[..., None]
        return values[..., None] == np.array(self.values)


def mask_values(sample: Sequence[Pixels], name: str, said: str, *, is_lossy: bool) -> MaskValues:
    """What the values of masks mean, by some of them.

    Args:
        sample: Each of shape `(height, width, n_channels)`, one at least.
        name: Of the masks, by their folder; empty where they have none.
        said: Where they are, for messages.
        is_lossy: Whether their files may keep values that are a little off.

    Raises:
        DataError: More than two tones in lossy files, or more than `MAX_CLASSES` values.

    Example:
        >>> tones = np.array([[[0], [1], [7]]], np.uint8)
        >>> mask_values([tones], "", "masks", is_lossy=False).names
        ('mask 1', 'mask 7')
    """
    is_coloured = any(map(_is_coloured, sample))
    plain = [_plain(pixels, is_coloured=is_coloured) for pixels in sample]
    counted = [np.unique(values, return_counts=True) for values in plain]
    tones = np.unique(np.concatenate([values for values, _ in counted]))
    called, known = _called(name), tuple(map(float, tones))
    low, high = float(tones[0]), float(tones[-1])
    if len(tones) == 1 or (is_lossy and not is_coloured and high - low < _NEAR * 255):  # all alike
        middle = _middle_of_one(high, sample[0].dtype, is_lossy)
        return MaskValues((called,), threshold=middle, tones=() if is_lossy else known)
    if len(tones) == 2 and not is_coloured:
        return MaskValues((called,), threshold=(low + high) / 2, tones=() if is_lossy else known)
    if len(tones) <= MAX_CLASSES and not is_lossy:
        classes = tuple(float(tone) for tone in tones if tone)
        names = tuple(f"{called} {_tone(tone, is_coloured)}" for tone in classes)
        return MaskValues(names, classes, 0.0, is_coloured, tuple({0.0, *known}))
    if not is_coloured and _share_near(counted, low, high) >= _MIN_NEAR:
        return MaskValues((called,), threshold=(low + high) / 2)
    what = "colours" if is_coloured else "values"
    raise DataError(
        f"{said}: masks of {len(tones)} {what}. Wanted: black and white, or PNG files of at most "
        f"{MAX_CLASSES} {what}, one for each class."
    )


def is_like_a_mask(pixels: Pixels) -> bool:
    """Whether a picture of unknown kind has two tones, or nearly, or a few values."""
    is_coloured = _is_coloured(pixels)
    tones, counts = np.unique(_plain(pixels, is_coloured=is_coloured), return_counts=True)
    if len(tones) <= MAX_CLASSES:
        return True
    return not is_coloured and _share_near([(tones, counts)], float(tones[0]), float(tones[-1])) >= _MIN_NEAR


def _called(name: str) -> str:
    """What a mask is called: never as boxes are."""
    if not name:
        return MASK
    return f"{MASK} {name}" if is_box(name) else name


def is_box(name: str) -> bool:
    """Whether a channel of this name holds boxes."""
    return name == BOX or name.startswith(f"{BOX} ")


def _tone(tone: float, is_coloured: bool) -> str:
    return f"#{int(tone):06x}" if is_coloured else f"{tone:g}"


def _middle_of_one(tone: float, kind: np.dtype[np.generic], is_lossy: bool) -> float:
    """The threshold where all masks that were looked at have one value."""
    if is_lossy:
        return 127.5
    return tone / 2 if tone > 0 else (0.5 if kind.kind in "ui" else 0.0)


def _share_near(counted: Sequence[tuple[np.ndarray, np.ndarray]], low: float, high: float) -> float:
    """Share of pixels that are near one of two values."""
    room, n_near, n = _NEAR * (high - low), 0, 0
    for values, counts in counted:
        is_near = (values <= low + room) | (values >= high - room)
        n_near, n = n_near + int(counts[is_near].sum()), n + int(counts.sum())
    return n_near / n


def _is_coloured(pixels: Pixels) -> bool:
    if pixels.shape[2] < 3:
        return False
    return bool((np.ptp(pixels[..., :3].astype(np.float32), axis=2) > _TINT).any())


def _plain(pixels: Pixels, *, is_coloured: bool) -> np.ndarray:
    """One number for each pixel, shape `(height, width)`: red, green and blue in one; 0 where transparent."""
    n = pixels.shape[2]
    if is_coloured:
        colours = pixels[..., :3] if n >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
        red, green, blue = np.moveaxis(colours.astype(np.int64), 2, 0)
        values = red * 65536 + green * 256 + blue
    else:
        values = pixels[..., min(1, n - 1) if n >= 3 else 0]
    if n not in (2, 4):
        return values
    alpha = pixels[..., -1]
    return np.where(
        2.0 * alpha >= float(np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1), values, 0
    )
