"""What a person sees of some records, typed, so that a terminal, a report and a page can each show it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from jaxtyping import Float

from gansmith.modalities.canvas import Canvas, grid, on_screen, png_bytes, reduced, strip

_SHADES: Final = " ░▒▓█"
_GAP: Final = "   "
_MAX_SIDE_PX: Final = 32
"""Larger pictures are no longer seen in shades."""
_N_BEATS: Final = 60
"""Moments of a sound that a line of text shows."""
_MAX_CELL: Final = 24
_N_IN_SHADES: Final = 4
_MAX_SIDE_IN_GRID_PX: Final = 256


class AbstractPreview(ABC):
    """What is seen of some records: as text always, as a picture where they can be looked at."""

    @abstractmethod
    def as_text(self) -> str:
        """For any terminal."""

    def as_png(self) -> bytes | None:
        """Generated records as the content of a PNG file; None where they are no pictures."""
        return None

    def strip(self, width_px: int, smallest_px: int, largest_px: int) -> Canvas | None:
        """Some of them side by side for a screen, see `gansmith.modalities.canvas.strip`.

        Returns:
            Shape `(height, width, 3)`; None where they are no pictures.
        """
        del width_px, smallest_px, largest_px
        return None


@final
@dataclass(frozen=True)
class TextPreview(AbstractPreview):
    """Records as plain text."""

    text: str

    def as_text(self) -> str:
        """The text."""
        return self.text


@final
@dataclass(frozen=True)
class TablePreview(AbstractPreview):
    """Records as rows of cells, spelt as they would be written."""

    names: tuple[str, ...]
    """Of the columns."""
    rows: tuple[tuple[str, ...], ...]

    def as_text(self) -> str:
        """Aligned columns; the middle ones and the ends of long cells are left out."""
        lines = [self.names, *self.rows]
        if len(self.names) > 12:
            lines = [(*line[:6], "...", *line[-6:]) for line in lines]
        lines = [
            tuple(f"{cell[: _MAX_CELL - 3]}..." if len(cell) > _MAX_CELL else cell for cell in line)
            for line in lines
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            " ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines
        )


@final
@dataclass(frozen=True, eq=False)
class PicturePreview(AbstractPreview):
    """Pictures, grey or in colour."""

    pixels: np.ndarray[tuple[Any, ...], np.dtype[np.uint8]]
    """Shape `(n, height, width)`, or `(n, height, width, 3)`."""
    highest: float
    """The value of white."""

    def as_text(self) -> str:
        """Some small grey pictures in shades, and the first one as numbers."""
        if not len(self.pixels):
            return "no pictures"
        height, width, *colours = self.pixels.shape[1:]
        if max(height, width) > _MAX_SIDE_PX or colours:
            what = f"{height} x {width} pixels{' in colour' if colours else ''}"
            return f"{len(self.pixels):,} pictures of {what}; write a .png to look at them"
        return f"{as_shades(self.pixels[:_N_IN_SHADES], self.highest)}\n\n{as_numbers(self.pixels[0])}"

    def as_png(self) -> bytes | None:
        """All of them in a grid, large ones reduced."""
        if not len(self.pixels):
            return None
        seen = reduced(on_screen(self.pixels, 0, self.highest), _MAX_SIDE_IN_GRID_PX)
        return png_bytes(grid(seen), {}, is_quick=True)

    def strip(self, width_px: int, smallest_px: int, largest_px: int) -> Canvas | None:
        """As many as there is room for."""
        if not len(self.pixels):
            return None
        return strip(self.pixels, self.highest, width_px, smallest_px, largest_px)


@final
@dataclass(frozen=True, eq=False)
class SoundPreview(AbstractPreview):
    """Sounds of one length."""

    waves: Float[np.ndarray, "n n_samples"]
    """From -1 to 1."""
    rate_hz: int

    def as_text(self) -> str:
        """The loudness of each sound over time, one line each."""
        parts = [np.array_split(np.abs(wave), min(_N_BEATS, max(1, len(wave)))) for wave in self.waves]
        peaks = [[part.max(initial=0.0) for part in wave] for wave in parts]
        lines = (
            "".join(_SHADES[round(min(1.0, peak) * (len(_SHADES) - 1))] for peak in wave) for wave in peaks
        )
        seconds = self.waves.shape[1] / self.rate_hz
        return "\n".join(f"|{line}| {seconds:.2f} s" for line in lines)


Preview = TextPreview | TablePreview | PicturePreview | SoundPreview


def as_numbers(picture: np.ndarray) -> str:
    """The pixels, shape `(height, width)`, as aligned numbers, one line per row.

    Example:
        >>> print(as_numbers(np.array([[0, 16], [7, 1]], np.uint8)))
         0 16
         7  1
    """
    n_digits = len(str(int(picture.max(initial=0))))
    return "\n".join(" ".join(f"{value:{n_digits}d}" for value in row) for row in picture.tolist())


def as_shades(pictures: np.ndarray, highest: float) -> str:
    """Pictures side by side in five shades, two characters per pixel so that they stand upright.

    Their shape is `(n, height, width)`; white is the value `highest`.

    Example:
        >>> as_shades(np.array([[[0, 8, 16]]], np.uint8), 16)
        '  ▒▒██'
    """
    levels = np.rint(pictures.astype(float) / highest * (len(_SHADES) - 1)).astype(int)
    by_line = levels.swapaxes(0, 1).tolist()  # (height, n, width)
    lines = (_GAP.join("".join(2 * _SHADES[level] for level in row) for row in rows) for rows in by_line)
    return "\n".join(line.rstrip() for line in lines)
