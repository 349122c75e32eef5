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
    """Learn to turn the pictures of DATA into those of this folder or archive; pairs have the same file
    name."""
    upscale: Annotated[int, Field(ge=0, le=MOST_FACTOR), Offered(("fit",), form="2|3|4")] = 0
    """Learn to enlarge pictures by this factor, from good pictures."""
    restore: Annotated[bool, Offered(("fit",))] = False
    """Learn to restore damaged pictures, from good pictures."""
    damage: Annotated[str, Offered(("fit",), form="old|camera")] = ""
    """The damage that --restore repairs: old (faded, scratched, stained, torn photographs; the default) or
    camera (noise, blur, coarse JPEG)."""
    perceptual: Annotated[str, Offered(("fit",), form="FILE")] = ""
    """Weights of a VGG network for a perceptual loss: a safetensors file with torchvision's names."""
    size: Annotated[str, Offered(("fit",), form="WIDTHxHEIGHT")] = ""
    """Size in pixels that pictures are resized to, such as 46x56, or 64 for 64x64; empty: chosen from the
    data."""
    channels: Annotated[str, Offered(("fit",), form="L|RGB|RGBA")] = ""
    """Colour mode: L (grey), RGB or RGBA; empty: that of most pictures."""
    strict: Annotated[bool, Offered(("fit",))] = False
    """Fail if a file in the folder is broken or not a picture, instead of skipping it."""

    def __post_init__(self) -> None:
        asked = [name for name, value in (("--upscale", self.upscale), ("--restore", self.restore)) if value]
        if self.to:
            asked.append("--to")
        if len(asked) > 1:
            raise UsageError(f"{' and '.join(asked)} are different tasks. Give one of them.")
        if self.upscale == 1:
            raise UsageError("upscale 1 enlarges nothing. Give 2, 3 or 4.")
        if self.damage and not self.restore:
            raise UsageError("--damage says what --restore repairs. Give both, or leave it out.")
        if self.size and self.upscale:
            raise UsageError(
                "--size resizes whole pictures, --upscale learns from crops of them. Leave one of them out."
            )
        check_longest_side(self.size)

    @property
    def longest_side(self) -> int:
        """That whole records are brought to; 0 where none was given, or no such."""
        return longest_side_of(self.size)

    @property
    def task(self) -> Task:
        """What is to be learnt."""
        return "upscale" if self.upscale else "restore" if self.restore else "paired"


def longest_side_of(size: str) -> int:
    """The longest side that `WIDTHxHEIGHT` or one number says; 0 where it says none, or two."""
    width, _, height = size.partition("x")
    is_one = width.isdecimal() and (not height or height == width)
    return int(width) if is_one else 0


def check_longest_side(size: str) -> None:
    """Raise UsageError where a size is given, and says no longest side."""
    if size and longest_side_of(size) < SMALLEST_SIDE:
        raise UsageError(
            f"size {size!r}: give one number of pixels for the longest side, {SMALLEST_SIDE} "
            "or more, such as 128; without --size the model learns from crops at full resolution."
        )
