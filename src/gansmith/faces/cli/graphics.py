"""Pictures in a terminal: half blocks in colour, sixels, or the graphics protocol of kitty.

Which of them is said by the environment alone: a terminal is asked nothing. GANSMITH_GRAPHICS overrules.

Source:
    DEC 1988, "VT330/VT340 programmer reference manual, volume 2: graphics programming", chapter 14 (sixels).
    Goyal, "Terminal graphics protocol" (sw.kovidgoyal.net/kitty/graphics-protocol).
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, final, get_args

import numpy as np
from rich.console import Console, ConsoleOptions
from rich.segment import ControlType, Segment
from rich.text import Text

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.canvas import Canvas, png_bytes, quantised
from gansmith.modalities.previews import Preview

Graphics = Literal["kitty", "sixel", "blocks", "none"]
VARIABLE: Final = "GANSMITH_GRAPHICS"
_SIDES_IN_BLOCKS: Final = (16, 28)
"""Pixels, two of which stand in one line: a digit of MNIST is as large."""
_SIDES_PX: Final = (64, 128)
_COLUMN_PX: Final = 8
"""A column of letters is at least as wide on any screen of today."""
_MOST_COLUMNS: Final = 160
_CHUNK: Final = 4096
_KITTY: Final = ("kitty", "wezterm", "ghostty")
_SIXEL: Final = ("sixel", "foot", "mlterm", "iterm")
_MULTIPLEXERS: Final = ("screen", "tmux")


def graphics_of(environment: Mapping[str, str], *, is_terminal: bool) -> Graphics:
    """What a terminal can show, by what the environment says.

    Raises:
        UsageError: GANSMITH_GRAPHICS is none of the known.

    Example:
        >>> graphics_of({"TERM": "xterm-kitty"}, is_terminal=True)
        'kitty'
    """
    wanted = environment.get(VARIABLE, "").lower()
    if wanted and wanted not in get_args(Graphics):
        raise UsageError(f"{VARIABLE}={wanted} is not known. {did_you_mean(wanted, get_args(Graphics))}")
    if not is_terminal:
        return "none"
    for one in get_args(Graphics):
        if wanted == one:
            return one
    term = environment.get("TERM", "").lower()
    if environment.get("NO_COLOR") or term in ("dumb", "unknown"):
        return "none"
    if environment.get("TMUX") or term.startswith(_MULTIPLEXERS):  # they swallow what they do not know
        return "blocks"
    names = f"{term} {environment.get('TERM_PROGRAM', '').lower()}"
    if environment.get("KITTY_WINDOW_ID") or any(name in names for name in _KITTY):
        return "kitty"
    if environment.get("WT_SESSION") or any(name in names for name in _SIXEL):
        return "sixel"
    return "blocks"


def print_pictures(preview: Preview, where: Console) -> bool:
    """Some of what is previewed side by side, where the terminal can show it.

    Returns:
        Whether something was shown: records that are no pictures have their text.
    """
    graphics = graphics_of(os.environ, is_terminal=where.is_terminal)
    columns = min(where.width - 1, _MOST_COLUMNS)
    has_colours = where.color_system is not None and not where.no_color
    if graphics == "none" or columns < 2 or (graphics == "blocks" and not has_colours):
        return False
    if graphics == "blocks":
        canvas = preview.strip(columns, *_SIDES_IN_BLOCKS)
        if canvas is not None:
            where.print(Text.from_ansi(as_blocks(canvas), no_wrap=True))
        return canvas is not None
    canvas = preview.strip(columns * _COLUMN_PX, *_SIDES_PX)
    if canvas is not None:
        where.print(_Raw((as_kitty if graphics == "kitty" else as_sixels)(canvas)))
    return canvas is not None


@final
@dataclass(frozen=True)
class _Raw:
    """What is for the terminal alone, letter for letter, and a line's end."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        yield Segment(self.text, None, [(ControlType.CARRIAGE_RETURN,)])
        yield Segment.line()


def as_blocks(canvas: Canvas) -> str:
    r"""A canvas `(height, width, 3)` as half blocks, two pixels a letter one above the other.

    Example:
        >>> as_blocks(np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8))
        '\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m'
    """
    height, width, _ = canvas.shape
    if height % 2:
        canvas = np.concatenate([canvas, np.zeros((1, width, 3), np.uint8)])
    pairs = np.concatenate([canvas[::2], canvas[1::2]], axis=-1)  # (lines, width, 6)
    lines: list[str] = []
    for pair in pairs.tolist():
        line, before = "", None
        for colours in pair:
            if colours != before:
                line += "\x1b[38;2;{};{};{};48;2;{};{};{}m".format(*colours)
                before = colours
            line += "▀"
        lines.append(f"{line}\x1b[0m")
    return "\n".join(lines)


def as_kitty(canvas: Canvas) -> str:
    """A canvas as a PNG in pieces; the terminal is to answer nothing."""
    text = b64encode(png_bytes(canvas, {}, is_quick=True)).decode()
    parts = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    return "".join(
        f"\x1b_G{'' if index else 'a=T,f=100,q=2,'}m={int(index < len(parts) - 1)};{part}\x1b\\"
        for index, part in enumerate(parts)
    )


def as_sixels(canvas: Canvas) -> str:
    """A canvas in 256 colours, six lines at a time: for each colour in them, where it is."""
    numbers, colours = quantised(canvas)
    height, width = numbers.shape
    percent = np.rint(colours * (100 / 255)).astype(int).tolist()
    palette = "".join(
        f"#{number};2;{red};{green};{blue}" for number, (red, green, blue) in enumerate(percent)
    )
    bands: list[str] = []
    for top in range(0, height, 6):
        band = numbers[top : top + 6]
        found = np.unique(band)
        bits = np.left_shift(1, np.arange(len(band)))[None, :, None]
        places = ((band == found[:, None, None]) * bits).sum(1)  # (colours, width)
        lines = (f"#{number}{_run_lengths(line)}" for number, line in zip(found, places, strict=True))
        bands.append("$".join(lines))
    return f'\x1bP0;1q"1;1;{width};{height}{palette}{"-".join(bands)}\x1b\\'


def _run_lengths(line: np.ndarray) -> str:
    """Sixels `(width,)` of 0 to 63 as letters, repeated ones counted."""
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    lengths = np.diff(starts, append=len(line))
    return "".join(
        f"!{n}{chr(63 + value)}" if n > 3 else chr(63 + value) * n
        for n, value in zip(lengths.tolist(), line[starts].tolist(), strict=True)
    )
