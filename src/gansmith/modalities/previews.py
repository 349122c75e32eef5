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
_BARS: Final = "▁▂▃▄▅▆▇█"
_N_CURVES: Final = 8
"""Measures that a text shows, ..."""
_N_ACROSS: Final = 6
_N_DOWN: Final = 6
"""... and a picture, of so many series."""
_CURVE_PX: Final = (48, 120)
"""Height and width of a curve."""
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
    pictures: Canvas | None = None
    """Shape `(n, height, width)`: of each, where it has been drawn."""

    def as_png(self) -> bytes | None:
        """Their pictures in a grid."""
        if self.pictures is None or not len(self.pictures):
            return None
        return png_bytes(grid(self.pictures), {}, is_quick=True)

    def strip(self, width_px: int, smallest_px: int, largest_px: int) -> Canvas | None:
        """As many of their pictures as there is room for."""
        if self.pictures is None or not len(self.pictures):
            return None
        return strip(self.pictures, 255, width_px, smallest_px, largest_px)

    def as_text(self) -> str:
        """The loudness of each sound over time, one line each."""
        parts = [np.array_split(np.abs(wave), min(_N_BEATS, max(1, len(wave)))) for wave in self.waves]
        peaks = [[part.max(initial=0.0) for part in wave] for wave in parts]
        lines = (
            "".join(_SHADES[round(min(1.0, peak) * (len(_SHADES) - 1))] for peak in wave) for wave in peaks
        )
        seconds = self.waves.shape[1] / self.rate_hz
        return "\n".join(f"|{line}| {seconds:.2f} s" for line in lines)


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """A measure of one series."""

    name: str
    values: Float[np.ndarray, " n_steps"]
    """NaN where there is none."""
    first: str
    """Its first values, spelt as they would be written."""


@final
@dataclass(frozen=True, eq=False)
class SeriesPreview(AbstractPreview):
    """Some series in time, the measures of each as curves."""

    names: tuple[str, ...]
    """Of the series."""
    curves: tuple[tuple[Curve, ...], ...]
    """Of each series, those of the same measures in the same order."""

    def as_text(self) -> str:
        """The measures of the first series as small curves beside their first values."""
        if not self.names or not self.curves[0]:
            return "no series"
        first = self.curves[0][:_N_CURVES]
        width = max(len(one.name) for one in first)
        lines = [f"{one.name:<{width}} {sparkline(one.values)}  {one.first}" for one in first]
        n_more = len(self.curves[0]) - len(first)
        return "\n".join([self.names[0], *lines, *([f"and {n_more} more measures"] if n_more else [])])

    def as_png(self) -> bytes | None:
        """A row for each series, its measures side by side; each measure on one scale for all."""
        drawn = self._drawn()
        if drawn is None:
            return None
        return png_bytes(grid(drawn, n_columns=min(len(self.curves[0]), _N_ACROSS)), {}, is_quick=True)

    def strip(self, width_px: int, smallest_px: int, largest_px: int) -> Canvas | None:
        """The first measure of as many series as there is room for."""
        drawn = self._drawn()
        if drawn is None:
            return None
        return strip(drawn[:: min(len(self.curves[0]), _N_ACROSS)], 255, width_px, smallest_px, largest_px)

    def _drawn(self) -> Canvas | None:
        """Curves as pictures, those of a series after each other; None where there are none."""
        rows = [curves[:_N_ACROSS] for curves in self.curves[:_N_DOWN]]
        if not rows or not rows[0]:
            return None
        ends = [_ends(np.concatenate([row[place].values for row in rows])) for place in range(len(rows[0]))]
        return np.stack(
            [line_drawing(one.values, *ends[place]) for row in rows for place, one in enumerate(row)]
        )


Preview = AbstractPreview
"""What formats give: one of these, or one of a kind's own."""


def _ends(values: Float[np.ndarray, " n"]) -> tuple[float, float]:
    present = values[np.isfinite(values)]
    return (float(present.min()), float(present.max())) if len(present) else (0.0, 1.0)


def _placed(values: Float[np.ndarray, " n"], low: float, high: float) -> Float[np.ndarray, " n"]:
    """Values as shares of a range, a constant in its middle."""
    return (values - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 0.5)


def sparkline(values: Float[np.ndarray, " n"], width: int = _N_BEATS) -> str:
    """A curve as a line of text: the mean of each stretch of it as the height of a bar, blanks for gaps.

    Example:
        >>> sparkline(np.array([0.0, 1, 2, 3, np.nan, 7]))
        '▁▂▃▄ █'
    """
    parts = np.array_split(values, min(width, max(1, len(values))))
    means = np.array([part[~np.isnan(part)].mean() if (~np.isnan(part)).any() else np.nan for part in parts])
    shares = _placed(means, *_ends(means))
    return "".join(
        " " if np.isnan(share) else _BARS[round(share * (len(_BARS) - 1))] for share in shares.tolist()
    )


def line_drawing(values: Float[np.ndarray, " n"], low: float, high: float) -> Canvas:
    """A curve in black on white, shape `_CURVE_PX`; of a long one each column of pixels shows the extremes.

    Args:
        values: NaN where there is none.
        low: The value at the lower edge.
        high: The value at the upper edge.
    """
    height, width = _CURVE_PX
    canvas = np.full((height, width), 255, np.uint8)
    if not len(values):
        return canvas
    shares = _placed(values, low, high)
    if len(values) < width:
        shares = np.interp(np.linspace(0, len(values) - 1, width), np.arange(len(values)), shares)
    rows = np.clip((1 - shares) * (height - 1), 0, height - 1)
    before = np.nan
    for column, part in enumerate(np.array_split(rows, width)):
        present = part[~np.isnan(part)]
        if len(present):
            joined = present if np.isnan(before) else np.append(present, before)
            canvas[round(joined.min()) : round(joined.max()) + 1, column] = 0
        before = part[-1]
    return canvas


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
