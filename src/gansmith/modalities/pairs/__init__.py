"""Pairs of records: what is given, and what is to be made of it; pictures of one look as those of another.

A set of files beside another one, the same names on both sides; or good records alone, whose other side is
made of them: smaller ones, or damaged ones. Options stand here, where they are quickly imported: help texts
are made of them.
"""

from __future__ import annotations

from typing import Final, Literal, final

from gansmith.errors import UsageError
from gansmith.settings import Annotated, Field, Offered, settings

Task = Literal["paired", "upscale", "restore"]
"""Known counterparts; records made larger; records mended."""
MOST_FACTOR: Final = 8
SMALLEST_SIDE: Final = 8


@final
@settings(kw_only=True)
class PairOptions:
    """What is to be made of records, and how they are read."""

    to: Annotated[str, Offered(("fit",), form="FOLDER")] = ""
    """What records are to be turned into: a folder or an archive of files with the same names."""
    upscale: Annotated[int, Field(ge=0, le=MOST_FACTOR), Offered(("fit",), form="2|3|4")] = 0
    """Learn to make records so many times larger, from good ones."""
    restore: Annotated[bool, Offered(("fit",))] = False
    """Learn to mend damaged records, from good ones."""
    damage: Annotated[str, Offered(("fit",), form="old|camera")] = ""
    """What is to be mended: old (faded, scratched, stained, torn photographs; the default) or camera (noise,
    blur, coarse JPEG)."""
    perceptual: Annotated[str, Offered(("fit",), form="FILE")] = ""
    """Weights of your own VGG, a safetensors file with torchvision's names: what it sees is compared, too."""
    size: Annotated[str, Offered(("fit",), form="WIDTHxHEIGHT")] = ""
    """Pixels that pictures are brought to, such as 46x56, or 64 for 64x64; empty chooses."""
    channels: Annotated[str, Offered(("fit",), form="L|RGB|RGBA")] = ""
    """What pictures are read as: L (grey), RGB, RGBA; empty: what most of them are."""
    strict: Annotated[bool, Offered(("fit",))] = False
    """Refuse a folder in which some file is no picture or is broken, instead of leaving it out."""

    def __post_init__(self) -> None:
        asked = [name for name, value in (("--upscale", self.upscale), ("--restore", self.restore)) if value]
        if self.to:
            asked.append("--to")
        if len(asked) > 1:
            raise UsageError(f"{' and '.join(asked)} are different things to learn. Give one.")
        if self.upscale == 1:
            raise UsageError("upscale 1 makes nothing larger. Give 2, 3 or 4.")
        if self.damage and not self.restore:
            raise UsageError("--damage says what --restore is to mend. Give both, or leave it out.")
        if self.size and self.upscale:
            raise UsageError(
                "size brings whole pairs to one size, upscale learns from windows: leave one of them out."
            )
        if self.size and self.longest_side < SMALLEST_SIDE:
            raise UsageError(
                f"size {self.size!r}: whole pairs are brought to one longest side of {SMALLEST_SIDE} pixels "
                "or more, such as 128; without a size windows are learnt from as they come."
            )

    @property
    def longest_side(self) -> int:
        """That whole records are brought to; 0 where none was given, or no such."""
        width, _, height = self.size.partition("x")
        is_one = width.isdecimal() and (not height or height == width)
        return int(width) if is_one else 0

    @property
    def task(self) -> Task:
        """What is to be learnt."""
        return "upscale" if self.upscale else "restore" if self.restore else "paired"
