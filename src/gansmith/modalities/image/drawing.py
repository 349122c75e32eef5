"""Pictures of one form drawn for people: as screen pixels, and as one grid with labels beside its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gansmith.modalities.canvas import GROUND, Canvas, grid, on_screen, png_bytes
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.previews import PicturePreview
from gansmith.modalities.record_files import evenly

_LABEL_PX: Final = 14
_N_LOOKED_AT: Final = 1_000
"""Pictures whose masks are counted."""
_BLOCK: Final = 64
_PAPER: Final = (255, 255, 255)


def seen(pictures: Pictures) -> Canvas:
    """Pictures as a person can see them, see `on_screen`.

    Returns:
        Shape `(n, height, width)` where they are grey, else `(n, height, width, 3)`.
    """
    form = pictures.form
    return on_screen(pictures.pixels, form.lowest, form.highest, len(form.masks), has_alpha=form.has_alpha)


def grid_of(pictures: Pictures, n_columns: int = 0, row_labels: Sequence[str] = ()) -> Canvas:
    """Pictures as a grid, small ones enlarged to be seen.

    Args:
        pictures: One or more.
        n_columns: Pictures per row; 0 makes as many rows as columns.
        row_labels: A text to stand to the left of each row; rows beyond these have none.
    """
    canvas = grid(seen(pictures), n_columns=n_columns)
    if not row_labels:
        return canvas
    columns = n_columns or int(np.ceil(np.sqrt(len(pictures))))
    n_rows = -(-len(pictures) // columns)
    font = ImageFont.load_default(_LABEL_PX)
    room = 12 + max(int(font.getlength(label)) for label in row_labels)
    image = Image.new("RGB", (room + canvas.shape[1], canvas.shape[0]), (GROUND,) * 3)
    image.paste(Image.fromarray(canvas), (room, 0))
    draw = ImageDraw.Draw(image)
    for row, label in enumerate(row_labels[:n_rows]):
        draw.text((6, (row + 0.5) * canvas.shape[0] / n_rows), label, _PAPER, font, anchor="lm")
    return np.asarray(image)


def grid_png(pictures: Pictures, metadata: Mapping[str, str]) -> bytes:
    """Pictures, one or more, as a square grid in a PNG file that keeps `metadata` as its text."""
    return png_bytes(grid_of(pictures), metadata)


def masks_summary(pictures: Pictures) -> str:
    """Names of the masks, and how many pictures have one; of many pictures some are looked at."""
    form, numbers = pictures.form, pictures.numbers[evenly(len(pictures), _N_LOOKED_AT)]
    middle, n_marked = (form.lowest + form.highest) / 2, 0
    for part in np.array_split(numbers, -(-len(numbers) // _BLOCK) or 1):
        marks = pictures.source.block(part)[..., form.n_seen :]
        n_marked += int((marks > middle).any(axis=(1, 2, 3)).sum())
    looked = "" if len(numbers) == len(pictures) else " that were looked at"
    return f"{', '.join(form.masks)}; {n_marked:,} of {len(numbers):,} pictures{looked} have one"


def preview_of(pictures: Pictures, n: int) -> PicturePreview:
    """The first `n` pictures to look at; grey ones of 8 bits in their own values."""
    few = pictures.take(np.arange(min(n, len(pictures))))
    if few.form.n_channels == 1 and few.form.pixel_type == "uint8" and few.form.lowest == 0:
        return PicturePreview(few.pixels, few.highest)
    return PicturePreview(seen(few), 255)
