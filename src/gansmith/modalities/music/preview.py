"""What is seen of pieces in a terminal and in a run's folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gansmith.modalities.canvas import Canvas, grid, png_bytes, strip
from gansmith.modalities.music.drawing import letters
from gansmith.modalities.music.records import Pieces
from gansmith.modalities.previews import AbstractPreview


@final
@dataclass(frozen=True, eq=False)
class PiecePreview(AbstractPreview):
    """Some pieces, as piano rolls and as letters."""

    pieces: Pieces
    drawn: Canvas | None
    """Shape `(n, height, width, 3)`; None: there are none."""

    def as_text(self) -> str:
        """The first bars of the first piece, a line for each voice."""
        return letters(self.pieces)

    def as_png(self) -> bytes | None:
        """All of them below each other."""
        return None if self.drawn is None else png_bytes(grid(self.drawn, n_columns=1), {}, is_quick=True)

    def strip(self, width_px: int, smallest_px: int, largest_px: int) -> Canvas | None:
        """As many as there is room for."""
        return None if self.drawn is None else strip(self.drawn, 255, width_px, smallest_px, largest_px)
