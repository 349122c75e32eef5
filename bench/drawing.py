"""Pictures of what was measured, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

CELL: Final = (92, 34)
LEFT: Final = 200
TOP: Final = 150
PAPER: Final = (255, 255, 255)
INK: Final = (38, 42, 51)
LOW: Final = (246, 235, 225)
HIGH: Final = (37, 99, 180)
ORANGE: Final = (224, 112, 32)
RULE: Final = (228, 231, 236)


def draw_heatmap(
    cells: Sequence[Sequence[float]],
    notes: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    path: Path,
    *,
    highest: float,
    title: str,
) -> None:
    """Write numbers from 0 to `highest` as a PNG of coloured cells, each with its number and a note."""
    width, height = LEFT + CELL[0] * len(columns) + 20, TOP + CELL[1] * len(rows) + 20
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    small, large = ImageFont.load_default(13), ImageFont.load_default(18)
    draw.text((20, 16), title, INK, large)
    for place, name in enumerate(columns):
        middle = LEFT + CELL[0] * place + CELL[0] // 2
        for line, word in enumerate(_lines(name)):
            draw.text((middle, TOP - 60 + 17 * line), word, INK, small, anchor="ma")
    for line, name in enumerate(rows):
        top = TOP + CELL[1] * line
        draw.text((LEFT - 12, top + CELL[1] // 2), name, INK, small, anchor="rm")
        for place, value in enumerate(cells[line]):
            share = value / highest
            colour = tuple(round(low + share * (high - low)) for low, high in zip(LOW, HIGH, strict=True))
            left = LEFT + CELL[0] * place
            draw.rectangle([left, top, left + CELL[0] - 2, top + CELL[1] - 2], fill=colour)
            ink = PAPER if share > 0.55 else INK
            text = f"{value:g}   {notes[line][place]}"
            draw.text((left + CELL[0] // 2, top + CELL[1] // 2), text, ink, small, anchor="mm")
    image.save(path)


def _lines(name: str) -> list[str]:
    """At most three lines of a few letters each."""
    lines = [""]
    for word in name.split():
        joined = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], joined] if len(joined) <= 12 else [*lines, word]
    return [line for line in lines if line]


def draw_strip(
    panels: Sequence[tuple[np.ndarray, np.ndarray]], pictures: np.ndarray, path: Path, side_px: int = 180
) -> None:
    """Write squares side by side: points of the plane, real and generated, and at last some grey pictures.

    Args:
        panels: Pairs of real and generated points, shape `(n, 2)` each; those outside of the square that
            holds the real ones are left out.
        pictures: Shape `(n, height, width)`, values 0 to 1, n a square number.
        path: Of the PNG.
        side_px: Of each square.
    """
    factor, gap = 3, 8  # drawn larger and made smaller: smooth dots
    image = Image.new("RGB", ((side_px + gap) * (len(panels) + 1), side_px), PAPER)
    for place, (real, fake) in enumerate(panels):
        square = Image.new("RGB", (side_px * factor, side_px * factor), PAPER)
        draw = ImageDraw.Draw(square)
        middle, length = (real.min(0) + real.max(0)) / 2, 1.25 * np.ptp(real, axis=0).max()
        for points, colour in ((real, HIGH), (fake, ORANGE)):
            spots = ((points - middle) / length + 0.5) * side_px * factor
            for across, up in spots[np.isfinite(spots).all(1) & (np.abs(spots) < 1e5).all(1)]:
                down = side_px * factor - up
                draw.ellipse([across - 3, down - 3, across + 3, down + 3], fill=colour)
        draw.rectangle([0, 0, side_px * factor - 1, side_px * factor - 1], outline=RULE, width=factor)
        image.paste(square.resize((side_px, side_px), Image.Resampling.BOX), (place * (side_px + gap), 0))
    pictures = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), constant_values=0.35)
    n, (height, width) = round(len(pictures) ** 0.5), pictures.shape[1:]
    mosaic = pictures.reshape(n, n, height, width).swapaxes(1, 2).reshape(n * height, n * width)
    grey = Image.fromarray((255 * mosaic).astype(np.uint8)).convert("RGB")
    image.paste(grey.resize((side_px, side_px), Image.Resampling.NEAREST), (len(panels) * (side_px + gap), 0))
    image.save(path)
