"""Where a demonstration puts what it makes, and pictures of it, drawn with Pillow alone.

There are grids of real beside generated, and scatter plots. Every file says in its text that it holds
something synthetic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFont

from gansmith.errors import DataError, UsageError
from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.image.writing import png_bytes, tiled
from gansmith.store import write_whole

Colour = tuple[int, int, int]

_PAPER: Final = (255, 255, 255)
_INK: Final = (38, 42, 51)
_FAINT: Final = (122, 128, 140)
_RULE: Final = (228, 231, 236)
_REAL: Final = (37, 99, 180)
_FAKE: Final = (224, 112, 32)

_MARGIN: Final = 24
_SMALL_PX: Final = 14
_LARGE_PX: Final = 18


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, when missing.

    Raises:
        DataError: When a file is in the way, or the place cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder}: no folder can be made ({error.strerror or error}). Choose another place with -o."
        ) from error


def picture_grid(
    rows: Sequence[Pixels],
    captions: Sequence[str],
    path: Path,
    *,
    highest: int,
    title: str = "",
    scale: int = 6,
    n_columns: int = 12,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write sets of grey pictures one below the other, each under its caption, as one PNG.

    Args:
        rows: Each of shape `(n, height, width)`, values 0 to `highest`; a set may fill several lines.
        captions: One for each set.
        path: Of the PNG; written whole or not at all.
        highest: The value of white.
        title: Above everything.
        scale: Screen pixels per pixel, 1 or more.
        n_columns: Pictures per line.
        metadata: Text to keep in the file.

    Raises:
        UsageError: When there is nothing to draw, or captions and sets do not match.
        DataError: When the file cannot be written.
    """
    if not rows or len(rows) != len(captions) or min(scale, n_columns, *map(len, rows)) < 1:
        raise UsageError(
            f"a grid of {len(rows)} sets with {len(captions)} captions, scale {scale}, {n_columns} columns "
            "cannot be drawn. Give one caption for each set, and no empty set."
        )
    gap = max(2, scale // 2 + 1)
    blocks = [tiled(row, highest, n_columns, scale, gap, background=_PAPER[0]) for row in rows]
    captioned = _LARGE_PX + 10
    width = max(block.shape[1] for block in blocks) + 2 * (_MARGIN - gap)
    top = _MARGIN + (_LARGE_PX + 20 if title else 0)
    height = top + sum(block.shape[0] + captioned for block in blocks) + _MARGIN * len(blocks) - gap
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    if title:
        draw.text((_MARGIN, _MARGIN - 4), title, _INK, _font(_LARGE_PX + 2))
    for caption, block in zip(captions, blocks, strict=True):
        draw.text((_MARGIN, top), caption, _INK, _font(_SMALL_PX + 1))
        image.paste(Image.fromarray(block), (_MARGIN - gap, top + captioned - gap))
        top += block.shape[0] + captioned + _MARGIN
    write_whole(path, png_bytes(image, metadata or {}))


def scatter(
    real: Float[np.ndarray, "n_real 2"],
    fake: Float[np.ndarray, "n_fake 2"],
    path: Path,
    *,
    title: str = "",
    side_px: int = 720,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write real and generated points in one plane as a PNG, on one scale for both axes.

    Args:
        real: Points drawn below.
        fake: Points drawn above.
        path: Of the PNG; written whole or not at all.
        title: Above the plot.
        side_px: Width and height of the plotted square.
        metadata: Text to keep in the file.

    Raises:
        UsageError: When there are no points, or some are not finite.
        DataError: When the file cannot be written.
    """
    points = np.concatenate([real, fake])
    if not len(points) or not np.isfinite(points).all():
        raise UsageError("points to plot must be finite, and there must be one at least.")
    header = _MARGIN + (_LARGE_PX + 18 if title else 0)
    middle = (points.min(0) + points.max(0)) / 2
    length = 1.08 * max(float(np.ptp(points, axis=0).max()), 1e-9)  # with a little air
    frame = _Frame(64, header + 34, side_px, middle - length / 2, length)
    image = Image.new("RGB", (frame.left + side_px + _MARGIN, frame.top + side_px + 48), _PAPER)
    draw = ImageDraw.Draw(image)
    if title:
        draw.text((_MARGIN, _MARGIN - 4), title, _INK, _font(_LARGE_PX + 2))
    _axes(draw, frame)
    for group, colour in ((real, _REAL), (fake, _FAKE)):
        if len(group):
            _dots(image, frame, group, colour)
    _legend(draw, frame, header, [(f"real ({len(real):,})", _REAL), (f"generated ({len(fake):,})", _FAKE)])
    write_whole(path, png_bytes(image, metadata or {}))


@final
@dataclass(frozen=True)
class _Frame:
    """The plotted square on the screen and in the plane of the points."""

    left: int
    top: int
    side_px: int
    low: np.ndarray
    """The plane's lower left corner."""
    length: float
    """Of the square's side in the plane."""

    def places(self, points: np.ndarray) -> np.ndarray:
        """Where points of the plane stand on the screen, across and down: shape (n, 2)."""
        across, up = ((points - self.low) / self.length * self.side_px).T
        return np.stack([self.left + across, self.top + self.side_px - up], axis=1)


def round_ticks(low: float, high: float, n_about: int = 6) -> list[float]:
    """Round numbers between two limits, about `n_about` of them.

    Example:
        >>> round_ticks(-1.3, 4.2)
        [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    """
    rough = (high - low) / n_about
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = magnitude * min((1.0, 2.0, 5.0, 10.0), key=lambda factor: abs(factor * magnitude - rough))
    first = math.ceil(low / step)
    return [round(index * step, 12) + 0.0 for index in range(first, math.floor(high / step) + 1)]


def _axes(draw: ImageDraw.ImageDraw, frame: _Frame) -> None:
    """Rules across the square at round numbers, with the numbers beside them."""
    font, bottom, right = _font(_SMALL_PX), frame.top + frame.side_px, frame.left + frame.side_px
    for axis in (0, 1):
        for value in round_ticks(frame.low[axis], frame.low[axis] + frame.length):
            place = round(float(frame.places(np.array([[value, value]]))[0, axis]))
            if axis == 0:
                draw.line([(place, frame.top), (place, bottom)], _RULE)
                draw.text((place, bottom + 8), f"{value:g}", _FAINT, font, anchor="mt")
            else:
                draw.line([(frame.left, place), (right, place)], _RULE)
                draw.text((frame.left - 8, place), f"{value:g}", _FAINT, font, anchor="rm")
    draw.rectangle([frame.left, frame.top, right, bottom], outline=_FAINT)


def _dots(image: Image.Image, frame: _Frame, points: np.ndarray, colour: Colour) -> None:
    """Round dots with smooth rims, drawn as paint: where many lie on each other the colour grows dense."""
    radius = 2.6 if len(points) <= 2_000 else 1.8
    reach = math.ceil(radius + 1)
    places = frame.places(points) - (frame.left, frame.top)
    corners = np.floor(places).astype(int)  # (n, 2)
    offsets = np.arange(-reach, reach + 1)
    down, across = np.meshgrid(offsets, offsets, indexing="ij")
    pixels = corners[:, None, None] + np.stack([across, down], -1)  # (n, window, window, 2)
    distances = np.linalg.norm(pixels + 0.5 - places[:, None, None], axis=-1)  # of pixels' middles
    thickness = -np.log1p(-0.5 * np.clip(radius + 0.5 - distances, 0.0, 1.0))
    is_inside = ((pixels >= 0) & (pixels < frame.side_px)).all(-1)
    paint = np.zeros((frame.side_px, frame.side_px))
    np.add.at(paint, (pixels[is_inside][:, 1], pixels[is_inside][:, 0]), thickness[is_inside])
    mask = np.rint(255 * (1 - np.exp(-paint))).astype(np.uint8)
    image.paste(colour, (frame.left, frame.top), Image.fromarray(mask))


def _legend(
    draw: ImageDraw.ImageDraw, frame: _Frame, top: int, entries: Sequence[tuple[str, Colour]]
) -> None:
    font, across = _font(_SMALL_PX), float(frame.left)
    large = Image.new("L", (96, 96))
    ImageDraw.Draw(large).ellipse([0, 0, 95, 95], fill=255)
    # Eight times as large and scaled down: a smooth rim.
    marker = large.resize((12, 12), Image.Resampling.BOX)
    for text, colour in entries:
        draw.bitmap((round(across), top + 2), marker, fill=colour)
        draw.text((across + 20, top + 8), text, _INK, font, anchor="lm")
        across += 20 + draw.textlength(text, font) + 28


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes inside Pillow: the same on every machine."""
    return ImageFont.load_default(size_px)
