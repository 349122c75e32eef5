"""Pictures as the scorecard's networks see them, and what they break as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import numpy as np

from gansmith.modalities.grid_scoring import codes_for, first_ones
from gansmith.modalities.image.pictures import Form, Pictures
from gansmith.scorecard.embedded.records import Embedded, Target, Values

HAS_SIZE: Final = "has the size of real ones"
HAS_CHANNELS: Final = "has the channels of real ones"
SEEN_SIDE_PX: Final = 64
"""Of larger pictures networks see the whole reduced to this, and beside it a piece of the middle as it is."""
BLOCK_NUMBERS: Final = 4_000_000
"""Of the pictures that are read at once."""


def embedded(pictures: Pictures, keys: np.ndarray, targets: Sequence[Target]) -> Embedded:
    """Pictures as the suite sees them, in their order.

    Args:
        pictures: Of one form, without masks.
        keys: See `keys_of`.
        targets: What is known of them.
    """
    codes = codes_for(pictures.attributes, targets, len(pictures))
    blocks = [values_of(pictures.source.block(numbers), pictures.form) for numbers in _blocks(pictures)]
    return Embedded(np.concatenate(blocks), keys, codes, n_whole=pictures.form.n_channels)


def values_of(pixels: np.ndarray, form: Form) -> Values:
    """Pixels as values of 0 to 1, shape `(n, n_channels, height, width)`.

    Colours are multiplied with opacity. Of pictures with longer sides than `SEEN_SIDE_PX` there are twice the
    channels: the whole picture reduced until it is no longer, and a piece of the middle, of that size, as it
    is.
    """
    values = pixels.astype(np.float32).transpose(0, 3, 1, 2)
    values = ((values - form.lowest) / ((form.highest - form.lowest) or 1.0)).clip(0, 1)
    if form.has_alpha:
        values[:, :-1] *= values[:, -1:]
    sides = values.shape[2:]
    factor = -(-max(sides) // SEEN_SIDE_PX)
    if factor == 1:
        return np.ascontiguousarray(values)
    down, across = (min(factor, side) for side in sides)
    height, width = sides[0] // down, sides[1] // across
    top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
    piece = values[:, :, top : top + height, left : left + width]
    whole = values[:, :, : height * down, : width * across]
    reduced = whole.reshape(*values.shape[:2], height, down, width, across).mean(axis=(3, 5))
    return np.concatenate([reduced, piece], axis=1)


def keys_of(pictures: Pictures) -> np.ndarray:
    """Of each picture bytes that are equal for equal pixels; read block by block."""
    keys: list[bytes] = [
        blake2b(np.ascontiguousarray(one).tobytes(), digest_size=16).digest()
        for numbers in _blocks(pictures)
        for one in pictures.source.block(numbers)
    ]
    return np.array(keys, object)


def broken_rules(pictures: Pictures, real: Pictures, keys: np.ndarray) -> dict[str, np.ndarray]:
    """By rule, in words, which pictures break it, shape `(n,)`.

    Args:
        pictures: Generated ones, or real ones that are to be asked the same.
        real: Pictures as they should be.
        keys: Of `pictures`.
    """
    form = real.form
    sizes = {(form.height, form.width)} | {size[:2] for size in real.sizes.values()}
    channels = {form.n_seen} | {size[2] for size in real.sizes.values()}
    usual = (form.height, form.width, form.n_seen)
    came = [pictures.sizes.get(number, usual) for number in pictures.numbers.tolist()]
    wanted = [f"{width} x {height}" for height, width in sorted(sizes)]
    words = wanted[0] if len(wanted) == 1 else f"one of {len(wanted)}"
    return {
        f"{HAS_SIZE} ({words})": np.array([size[:2] not in sizes for size in came]),
        HAS_CHANNELS: np.array([size[2] not in channels for size in came]),
        "is not blank": _are_blank(pictures),
        "occurs once": ~first_ones(keys),
    }


def _are_blank(pictures: Pictures) -> np.ndarray:
    """Whether all pixels of a picture are the same."""
    found: list[np.ndarray] = []
    for numbers in _blocks(pictures):
        pixels = pictures.source.block(numbers)
        found.append((pixels == pixels[:, :1, :1]).all(axis=(1, 2, 3)))
    return np.concatenate(found) if found else np.zeros(0, bool)


def _blocks(pictures: Pictures) -> list[Any]:
    n = max(1, BLOCK_NUMBERS // pictures.form.n_values)
    return np.array_split(pictures.numbers, -(-len(pictures) // n) or 1)
