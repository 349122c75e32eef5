"""Where a demonstration puts what it makes, and pictures of it, drawn with Pillow alone.

There are grids of real beside generated, scatter plots and curves. Every file says in its text that it holds
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
from gansmith.modalities.canvas import png_bytes, tiled
from gansmith.modalities.image.pictures import Pixels
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
_CHART_PX: Final = 660, 260


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
    highest: float,
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


@final
@dataclass(frozen=True)
class Panel:
    """One of several small scatter plots."""

    lines: Sequence[str]
    """What stands above it; the first line is its name."""
    real: Float[np.ndarray, "n_real 2"]
    fake: Float[np.ndarray, "n_fake 2"]


def scatter_grid(
    panels: Sequence[Panel],
    path: Path,
    *,
    title: str = "",
    side_px: int = 360,
    n_columns: int = 2,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write several scatter plots as one PNG, all in the square that holds the real points of each.

    Args:
        panels: From left to right, line by line; generated points outside of their square are left out.
        path: Of the PNG; written whole or not at all.
        title: Above everything.
        side_px: Width and height of each square.
        n_columns: Squares per line.
        metadata: Text to keep in the file.

    Raises:
        UsageError: When there is nothing to draw, or real points are not finite.
        DataError: When the file cannot be written.
    """
    if not panels or not all(len(one.real) and np.isfinite(one.real).all() for one in panels):
        raise UsageError("there must be one panel at least, and real points in each, all of them finite.")
    top = _MARGIN + (_LARGE_PX + 20 if title else 0)
    above = (_SMALL_PX + 5) * max(len(one.lines) for one in panels) + 4
    wide, high = side_px + _MARGIN, above + side_px + _MARGIN
    n_lines = math.ceil(len(panels) / n_columns)
    size = (_MARGIN + wide * min(n_columns, len(panels)), top + high * n_lines)
    image = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(image)
    if title:
        draw.text((_MARGIN, _MARGIN - 4), title, _INK, _font(_LARGE_PX + 2))
    for number, panel in enumerate(panels):
        line, column = divmod(number, n_columns)
        left, upper = _MARGIN + wide * column, top + high * line
        for place, text in enumerate(panel.lines):
            draw.text(
                (left, upper + (_SMALL_PX + 5) * place), text, _FAINT if place else _INK, _font(_SMALL_PX)
            )
        middle = (panel.real.min(0) + panel.real.max(0)) / 2
        length = 1.25 * max(float(np.ptp(panel.real, axis=0).max()), 1e-9)
        frame = _Frame(left, upper + above, side_px, middle - length / 2, length)
        bounds = [left, upper + above, left + side_px, upper + above + side_px]
        draw.rectangle(bounds, outline=_RULE)
        for group, colour in ((panel.real, _REAL), (panel.fake[np.isfinite(panel.fake).all(1)], _FAKE)):
            if len(group):
                _dots(image, frame, group, colour)
    write_whole(path, png_bytes(image, metadata or {}))


def line_chart(
    curves: Mapping[str, Float[np.ndarray, " n"]],
    path: Path,
    *,
    title: str,
    along: str,
    levels: Mapping[str, float] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write curves over a count, such as losses over epochs, as one PNG; zero is in sight.

    Args:
        curves: At most two by name, of one length; the first in the colour of what is real.
        path: Of the PNG; written whole or not at all.
        title: Above everything.
        along: What is counted, from 1 on.
        levels: Values to compare with, by name: thin lines across.
        metadata: Text to keep in the file.

    Raises:
        UsageError: When a curve has no points, or any that is not finite.
        DataError: When the file cannot be written.
    """
    if not curves or not all(len(one) and np.isfinite(one).all() for one in curves.values()):
        raise UsageError("there must be one curve at least, and points in each, all of them finite.")
    width, height = _CHART_PX
    left, top = _MARGIN + 40, _MARGIN + _LARGE_PX + 20
    highest = 1.1 * max([*(float(one.max()) for one in curves.values()), *(levels or {}).values()]) or 1.0
    image = Image.new("RGB", (left + width + 100 + _MARGIN, top + height + 24 + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((_MARGIN, _MARGIN - 4), title, _INK, _font(_LARGE_PX + 2))

    def down(value: float) -> float:
        return top + height * (1 - value / highest)

    step = 10 ** math.floor(math.log10(highest))
    step = step if highest / step >= 2 else step / 5
    for value in np.arange(0, highest, step):
        draw.line([(left, down(value)), (left + width, down(value))], _RULE)
        draw.text((left - 8, down(value)), f"{value:g}", _FAINT, _font(_SMALL_PX), anchor="rm")
    for name, value in (levels or {}).items():
        draw.line([(left, down(value)), (left + width, down(value))], _FAINT)
        draw.text((left + width + 8, down(value)), name, _FAINT, _font(_SMALL_PX), anchor="lm")
    n_steps = max(max(map(len, curves.values())) - 1, 1)
    for (name, curve), colour in zip(curves.items(), (_REAL, _FAKE), strict=False):
        points = [(left + width * place / n_steps, down(float(value))) for place, value in enumerate(curve)]
        draw.line(points, colour, 2, joint="curve")
        draw.text((points[-1][0] + 8, points[-1][1]), name, colour, _font(_SMALL_PX), anchor="lm")
    for place in (0, n_steps):
        text = f"{place + 1:,}"
        across = left + width * place / n_steps
        draw.text((across, top + height + 8), text, _FAINT, _font(_SMALL_PX), anchor="mt")
    draw.text((left + width / 2, top + height + 8), along, _FAINT, _font(_SMALL_PX), anchor="mt")
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


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes inside Pillow: the same on every machine."""
    return ImageFont.load_default(size_px)
