"""Pictures in a terminal: which way is chosen, and that every pixel arrives."""

from __future__ import annotations

import re
from base64 import b64decode
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from gansmith.errors import UsageError
from gansmith.faces.cli.graphics import as_blocks, as_kitty, as_sixels, graphics_of, print_pictures
from gansmith.modalities.previews import PicturePreview, TextPreview

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], np.uint8)
CANVAS = COLOURS[np.random.default_rng(0).integers(0, 4, (13, 29))]
CANVAS[2:9, 3:20] = COLOURS[0]


@pytest.mark.parametrize(
    ("environment", "graphics"),
    [
        ({"TERM": "xterm-256color"}, "blocks"),
        ({}, "blocks"),
        ({"TERM": "dumb"}, "none"),
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "kitty"),
        ({"TERM": "xterm-ghostty"}, "kitty"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "xterm-sixel"}, "sixel"),
        ({"WT_SESSION": "a-b"}, "sixel"),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "none"),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "foot", "TMUX": "/tmp/tmux"}, "blocks"),
        ({"TERM": "xterm-kitty", "GANSMITH_GRAPHICS": "sixel"}, "sixel"),
        ({"TERM": "xterm-kitty", "GANSMITH_GRAPHICS": "none"}, "none"),
        ({"NO_COLOR": "1", "GANSMITH_GRAPHICS": "blocks"}, "blocks"),
    ],
)
def test_the_environment_says_what_a_terminal_knows(environment, graphics):
    assert graphics_of(environment, is_terminal=True) == graphics
    assert graphics_of(environment, is_terminal=False) == "none"


def test_an_unknown_wish_is_refused():
    with pytest.raises(UsageError, match=r"GANSMITH_GRAPHICS=kity is not known. Did you mean 'kitty'"):
        graphics_of({"GANSMITH_GRAPHICS": "kity"}, is_terminal=False)


def test_blocks_hold_two_pixels_one_above_the_other():
    for canvas in (CANVAS, CANVAS[:12]):
        shown = np.zeros((14, 29, 3), np.uint8)
        for line, text in enumerate(as_blocks(canvas).split("\n")):
            column, colours = 0, [0] * 6
            for codes, letter in re.findall(r"\x1b\[([\d;]+)m|(▀)", text):
                if letter:
                    shown[2 * line : 2 * line + 2, column] = np.reshape(colours, (2, 3))
                    column += 1
                elif codes != "0":
                    parts = [int(code) for code in codes.split(";")]
                    assert (parts[:2], parts[5:7]) == ([38, 2], [48, 2])
                    colours = parts[2:5] + parts[7:]
        assert np.array_equal(shown[: len(canvas)], canvas)
        assert not shown[len(canvas) :].any()


def test_sixels_put_every_colour_in_its_place():
    text = as_sixels(CANVAS)
    whole = re.fullmatch(r'\x1bP0;1q"1;1;29;13((?:#\d+;2;\d+;\d+;\d+)+)(.*)\x1b\\', text)
    assert whole is not None
    head, body = whole.groups()
    palette = {
        int(n): np.array([*map(int, rgb)]) for n, *rgb in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", head)
    }
    shown = np.full((18, 29, 3), -1)
    for band, lines in enumerate(body.split("-")):
        for line in lines.split("$"):
            parts = re.fullmatch(r"#(\d+)(.*)", line)
            assert parts is not None
            colour, sixels = parts.groups()
            column = 0
            for count, letter in re.findall(r"(?:!(\d+))?([?-~])", sixels):
                for _ in range(int(count or 1)):
                    bits = [bit for bit in range(6) if (ord(letter) - 63) >> bit & 1]
                    shown[[6 * band + bit for bit in bits], column] = palette[int(colour)]
                    column += 1
            assert column == 29
    assert np.array_equal(shown[:13], np.rint(CANVAS / 2.55))
    assert (shown[13:] == -1).all()


def test_kitty_gets_a_png_in_pieces():
    canvas = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", as_kitty(canvas))
    assert [keys for keys, _ in parts] == ["a=T,f=100,q=2,m=1", *["m=1"] * (len(parts) - 2), "m=0"]
    assert all(len(part) <= 4096 and len(part) % 4 == 0 for _, part in parts)
    with Image.open(BytesIO(b64decode("".join(part for _, part in parts)))) as image:
        assert np.array_equal(np.asarray(image), canvas)


@pytest.mark.parametrize(
    ("graphics", "beginning", "n_lines"),
    [("blocks", "\x1b[38;2;255;0;0;48;2;255;0;0m▀", 8), ("kitty", "\x1b_Ga=T", 1), ("sixel", "\x1bP0;1q", 1)],
)
def test_a_console_shows_what_its_terminal_knows(monkeypatch, graphics, beginning, n_lines):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("GANSMITH_GRAPHICS", graphics)
    preview = PicturePreview(np.full((9, 8, 8, 3), COLOURS[0]), 255)
    stream = StringIO()
    console = Console(
        file=stream,
        force_terminal=True,
        color_system="truecolor",
        width=40,
        soft_wrap=True,
        legacy_windows=False,
    )
    assert print_pictures(preview, console)
    assert stream.getvalue().startswith(beginning)
    assert stream.getvalue().count("\n") == n_lines
    assert not print_pictures(TextPreview("no picture"), console)
    console.no_color = True
    assert print_pictures(preview, console) == (graphics != "blocks")
    plain = StringIO()
    assert not print_pictures(preview, Console(file=plain))
    assert plain.getvalue() == ""
