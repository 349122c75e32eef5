"""A picture as text, for people at a terminal."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.modalities.image.pictures import Pixels

_SHADES: Final = " ░▒▓█"
_GAP: Final = "   "


def as_numbers(picture: Pixels) -> str:
    """The pixels as aligned numbers, one line per row.

    Args:
        picture: Shape `(height, width)`.

    Example:
        >>> print(as_numbers(np.array([[0, 16], [7, 1]], np.uint8)))
         0 16
         7  1
    """
    n_digits = len(str(int(picture.max(initial=0))))
    return "\n".join(" ".join(f"{value:{n_digits}d}" for value in row) for row in picture.tolist())


def as_shades(pictures: Pixels, highest: int) -> str:
    """Pictures side by side in five shades, two characters per pixel so that they stand upright.

    Args:
        pictures: Shape `(n, height, width)`.
        highest: The value of white.

    Example:
        >>> as_shades(np.array([[[0, 8, 16]]], np.uint8), 16)
        '  ▒▒██'
    """
    levels = np.rint(pictures.astype(float) / highest * (len(_SHADES) - 1)).astype(int)
    by_line = levels.swapaxes(0, 1).tolist()  # (height, n, width)
    lines = (_GAP.join("".join(2 * _SHADES[level] for level in row) for row in rows) for rows in by_line)
    return "\n".join(line.rstrip() for line in lines)
