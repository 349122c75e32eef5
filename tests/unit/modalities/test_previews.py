"""What a person sees of some records in a terminal."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import numpy as np
from PIL import Image

from gansmith.modalities.previews import (
    Curve,
    PicturePreview,
    SeriesPreview,
    SoundPreview,
    TablePreview,
    TextPreview,
    line_drawing,
)


def test_a_sound_is_shown_by_its_peaks_loud_or_low():
    waves = np.zeros((2, 600))
    waves[0, 300:] = 1.0
    waves[1, 5] = -0.5
    assert SoundPreview(waves, rate_hz=1200).as_text().splitlines() == [
        f"|{' ' * 30}{'█' * 30}| 0.50 s",
        f"|▒{' ' * 59}| 0.50 s",
    ]


def test_short_sounds_and_no_sounds_are_shown_too():
    assert SoundPreview(np.ones((1, 3)), rate_hz=3).as_text() == "|███| 1.00 s"
    assert SoundPreview(np.zeros((0, 3)), rate_hz=3).as_text() == ""


def test_a_wide_table_is_shown_by_its_ends_and_long_cells_are_cut():
    names = tuple(f"c{number}" for number in range(20))
    shown = TablePreview(names, (("x" * 30, *names[1:]),)).as_text().splitlines()
    assert shown[0].split() == [*names[:6], "...", *names[-6:]]
    assert shown[1].split()[0] == f"{'x' * 21}..."
    assert len(shown[0]) == len(shown[1])


def test_large_pictures_are_named_and_not_drawn():
    preview = PicturePreview(np.zeros((2, 64, 40), np.uint8), 255)
    assert preview.as_text() == "2 pictures of 64 x 40 pixels; write a .png to look at them"
    assert PicturePreview(np.zeros((0, 8, 8), np.uint8), 255).as_text() == "no pictures"


def test_pictures_are_a_grid_in_a_png_and_a_strip_on_a_screen():
    pixels = np.zeros((4, 300, 150, 3), np.uint8)
    pixels[3] = (255, 0, 0)
    preview = PicturePreview(pixels, 255)
    with Image.open(BytesIO(preview.as_png() or b"")) as image:
        shown = np.asarray(image)
        assert image.info["synthetic"] == "true"
    assert shown.shape == (2 * 257 + 1, 2 * 129 + 1, 3)  # reduced
    assert (shown[300, 200] == (255, 0, 0)).all()
    strip = preview.strip(50, 16, 28)
    assert strip is not None
    assert strip.shape == (28, 3 * 14 + 2, 3)
    assert preview.as_text() == "4 pictures of 300 x 150 pixels in colour; write a .png to look at them"


NONE = PicturePreview(np.zeros((0, 2, 2), np.uint8), 1)


def test_what_is_no_picture_is_not_drawn():
    for preview in (
        TextPreview("x"),
        SoundPreview(np.ones((1, 3)), 3),
        PicturePreview(np.zeros((0, 2, 2), np.uint8), 1),
    ):
        assert preview.as_png() is None
        assert preview.strip(50, 16, 28) is None


def test_four_pictures_of_many_stand_in_a_line_of_text():
    lines = PicturePreview(np.ones((9, 1, 1), np.uint8), 1).as_text().splitlines()
    assert lines == ["██   ██   ██   ██", "", "1"]


def test_series_are_shown_as_curves():
    up, gap = np.arange(8.0), np.array([1.0, np.nan, 1.0])
    curves = tuple((Curve("load", up * scale, "0, 1"), Curve("state", gap, "1, -")) for scale in (1, 2))
    shown = SeriesPreview(("meter 1", "meter 2"), curves)
    assert shown.as_text().splitlines() == ["meter 1", "load  ▁▂▃▄▅▆▇█  0, 1", "state ▅ ▅  1, -"]
    picture = np.asarray(Image.open(BytesIO(shown.as_png() or b"")))
    assert (picture == 0).any()
    strip = shown.strip(300, 20, 60)
    assert strip is not None
    assert strip.shape[1] <= 300
    assert SeriesPreview((), ()).as_png() is None
    assert SeriesPreview((), ()).as_text() == "no series"


def test_a_curve_goes_from_its_lowest_to_its_highest_value():
    drawn = line_drawing(np.linspace(0, 1, 500), 0, 1)
    height, width = drawn.shape
    rows = [np.flatnonzero(drawn[:, column] == 0) for column in range(width)]
    assert rows[0].max() == height - 1
    assert rows[-1].min() == 0
    assert all(one.max() >= other.min() - 1 for one, other in pairwise(rows))
    flat = line_drawing(np.full(5, 3.0), 3, 3)
    assert {tuple(np.flatnonzero(flat[:, column] == 0)) for column in range(width)} == {(24,)}
    assert (line_drawing(np.full(5, np.nan), 0, 1) == 255).all()
    assert (line_drawing(np.zeros(0), 0, 1) == 255).all()
