"""Odd pictures for a report: each beside a map of where it differs, as it is made again, and a usual one."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from scipy.ndimage import gaussian_filter

from gansmith.modalities.canvas import Canvas, as_address, reduced, tiled
from gansmith.modalities.image.drawing import seen
from gansmith.modalities.image.galleries import BACKGROUND, LARGEST_PX, LEGIBLE_PX, Gallery
from gansmith.modalities.image.pictures import Pictures

PAGE_PX: Final = 820
"""Of a gallery that stands alone."""
MOST_BLOCKS: Final = 4
"""Side by side."""
CERTAIN: Final = 99
"""Percentile of a picture's differences that is drawn as the strongest."""
LEAST: Final = 0.1
"""Difference, of full brightness, that is drawn as the strongest at least: noise is none."""
SMOOTH: Final = 1 / 32
"""Of the longer side, the standard deviation of the bell by which a map is smoothed."""
_DIM: Final = 0.45
_COLD: Final = np.array([205, 20, 60])
_HOT: Final = np.array([255, 225, 80])
"""Red, green and blue of the least and the strongest difference that is seen."""


def oddity_gallery(records: Pictures, again: Pictures | None, usual: Pictures) -> Gallery:
    """One row for each odd picture, rows below each other in as many blocks as have room side by side.

    A row is the picture, a map of where it differs, the picture as the generator makes it again, and the
    nearest usual one. It differs from what is made again, or where nothing is, from the usual one.

    Args:
        records: Odd pictures, the oddest first, one or more.
        again: Each as the generator makes it again; None: nothing makes it again, and a row has three.
        usual: For each the usual picture that is most like it.
    """
    own, like = records.without_masks, usual.without_masks
    made = None if again is None else again.without_masks
    others = [like] if made is None else [made, like]
    tiles = [_coloured(one) for one in (own, *others)]
    tiles.insert(1, overlaid(tiles[0], heat(own, others[0])))
    rows = np.stack(tiles, 1)  # (n, n_tiles, height, width, 3)
    third = "" if made is None else "what the generator makes of it, "
    caption = (
        "In each row, from left to right: the picture, in warm colours where it differs from the third, "
        f"{third}the nearest usual picture. The oddest first, down each column of rows."
    )
    return {
        "name": "oddities",
        "title": "Odd pictures",
        "caption": caption,
        "label": f"Rows of {len(records):,} odd pictures. {caption}",
        "image": as_address(_blocks(rows)),
    }


def heat(pictures: Pictures, others: Pictures) -> Float[np.ndarray, "n height width"]:
    """How strongly each pixel differs from that of another picture, 0 to 1.

    Differences of all channels are taken together and smoothed a little. 1 is the 99th percentile of a
    picture's own, but never less than a tenth of full brightness.
    """
    gaps = np.abs(_values(pictures) - _values(others)).mean(-1)
    small = reduced(np.rint(255 * gaps).astype(np.uint8), LARGEST_PX) / 255
    sigma = SMOOTH * max(small.shape[1:])
    smooth = gaussian_filter(small, (0, sigma, sigma))
    strongest = np.percentile(smooth, CERTAIN, axis=(1, 2), keepdims=True)
    return (smooth / np.maximum(strongest, LEAST)).clip(0, 1)


def overlaid(
    tiles: UInt8[np.ndarray, "n height width 3"], warmth: Float[np.ndarray, "n height width"]
) -> Canvas:
    """Pictures in dimmed grey, and over them in warm colours how strongly each pixel differs."""
    grey = _DIM * tiles.mean(-1, keepdims=True)
    strength = warmth[..., None]
    opacity, colours = strength**2, _COLD + (_HOT - _COLD) * strength  # so that what is weak does not cover
    return np.rint(grey * (1 - opacity) + colours * opacity).astype(np.uint8)


def _values(pictures: Pictures) -> Float[np.ndarray, "n height width n_channels"]:
    """Pixels from 0 to 1, colours multiplied with opacity."""
    form = pictures.form
    pixels = pictures.source.block(pictures.numbers).astype(np.float64)
    values = ((pixels - form.lowest) / ((form.highest - form.lowest) or 1.0)).clip(0, 1)
    if form.has_alpha:
        values[..., :-1] *= values[..., -1:]
    return np.nan_to_num(values)


def _coloured(pictures: Pictures) -> Canvas:
    """Pictures as a person sees them, in colour, none larger than `LARGEST_PX`."""
    tiles = reduced(seen(pictures), LARGEST_PX)
    return tiles if tiles.ndim == 4 else tiles[..., None].repeat(3, -1)


def _blocks(rows: UInt8[np.ndarray, "n n_tiles height width 3"]) -> Canvas:
    """Rows of tiles in blocks side by side, each pixel once: a page enlarges them."""
    n, n_tiles, height, width, _ = rows.shape
    scale = max(1, -(-LEGIBLE_PX // max(height, width)))
    gap = max(2, width // 8)  # between blocks, as seen beside a picture
    room = PAGE_PX // scale + gap
    n_blocks = int(np.clip(room // (n_tiles * (width + 1) + 1 + gap), 1, min(MOST_BLOCKS, n)))
    n_rows = -(-n // n_blocks)
    parts: list[Canvas] = []
    for first in range(0, n, n_rows):
        tiles = rows[first : first + n_rows].reshape(-1, height, width, 3)
        lacking = np.full((n_rows * n_tiles - len(tiles), height, width, 3), BACKGROUND, np.uint8)
        block = tiled(np.concatenate([tiles, lacking]), 255, n_tiles, 1, 1, BACKGROUND)
        parts += [np.full((len(block), gap, 3), BACKGROUND, np.uint8), block]
    return np.concatenate(parts[1:], 1)
