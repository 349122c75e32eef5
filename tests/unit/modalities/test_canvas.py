"""What is drawn is what the pixels say: channels, transparency, masks, ranges, sizes."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError
from gansmith.modalities.canvas import (
    MOST_IN_PAGE_BYTES,
    as_address,
    canvas_of,
    grid,
    on_screen,
    png_bytes,
    quantised,
    reduced,
    strip,
    tiled,
)


def _one(*channels, dtype: Any = np.uint8):
    return np.array(channels, dtype).reshape(1, 1, 1, -1)


@pytest.mark.parametrize(
    ("pixels", "lowest", "highest", "shown"),
    [
        (_one(8), 0, 16, [128]),
        (_one(7), 0, 255, [7]),
        (_one(4095, dtype=np.uint16), 0, 4095, [255]),
        (_one(-1000, dtype=np.int16), -1000, 3000, [0]),
        (_one(1000, dtype=np.int16), -1000, 3000, [128]),
        (_one(9000, dtype=np.int16), -1000, 3000, [255]),
        (_one(np.nan, dtype=np.float32), 0, 1, [0]),
        (_one(0.5, dtype=np.float32), 0, 1, [128]),
        (_one(1, 2, 3), 0, 255, [1, 2, 3]),
        (_one(1, 2, 3, 4, 5), 0, 255, [1, 2, 3]),
        (_one(0, 100, 0, 255), 0, 255, [0, 100, 0]),
        (_one(50, 255), 0, 255, [50]),
    ],
)
def test_pixels_of_any_form_are_seen(pixels, lowest, highest, shown):
    assert on_screen(pixels, lowest, highest).ravel().tolist() == shown


def test_two_and_four_channels_need_not_have_transparency():
    assert on_screen(_one(50, 0), 0, 255).ravel().tolist() == [50]
    assert on_screen(_one(1, 2, 3, 0), 0, 255).ravel().tolist() == [1, 2, 3]


def test_a_checker_is_seen_through_what_is_transparent():
    seen = on_screen(np.zeros((1, 8, 8, 4), np.uint8), 0, 255, has_alpha=True)[0, ..., 0]
    assert (seen[:4, :4] == 235).all()
    assert (seen[:4, 4:] == 190).all()
    assert (seen[4:, 4:] == 235).all()
    half = np.full((1, 1, 1, 4), (0, 0, 0, 51), np.uint8)
    assert on_screen(half, 0, 255, has_alpha=True).ravel().tolist() == [188] * 3  # a fifth of black over 235


def test_masks_lie_over_the_picture_and_are_no_part_of_it():
    pixels = np.array([[[[100, 255, 0], [100, 0, 0]]]], np.uint8)  # grey, and masks of two names
    seen = on_screen(pixels, 0, 255, n_masks=2)[0, 0]
    assert seen.tolist() == [[177, 82, 82], [100, 100, 100]]


def test_a_grid_in_colour_has_every_picture_in_its_place():
    pictures = np.arange(2 * 1 * 1 * 3, dtype=np.uint8).reshape(2, 1, 1, 3)
    canvas = tiled(pictures, 255, n_columns=2, scale=1, gap=1, background=9)
    assert canvas.shape == (3, 5, 3)
    assert canvas[1, [1, 3]].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (canvas[[0, 2]] == 9).all()
    assert grid(np.zeros((5, 64, 32), np.uint8)).shape == (2 * 65 + 1, 3 * 33 + 1)
    assert grid(np.zeros((5, 64, 32), np.uint8), n_columns=5).shape == (66, 5 * 33 + 1)


@pytest.mark.parametrize(
    ("shape", "width", "size"),
    [
        ((9, 8, 8), 99, (16, 5 * 16 + 4)),  # enlarged twice
        ((2, 8, 8), 99, (16, 2 * 16 + 1)),
        ((9, 28, 28, 3), 99, (28, 3 * 28 + 2)),
        ((9, 64, 32, 3), 99, (28, 6 * 14 + 5)),  # reduced
        ((9, 64, 64), 10, (10, 10)),
        ((9, 20, 20), 3, (3, 3)),
    ],
)
def test_a_strip_keeps_to_its_width(shape, width, size):
    assert strip(np.zeros(shape, np.uint8), 255, width, 16, 28).shape == (*size, 3)


def test_a_reduced_picture_has_the_mean_of_its_pixels():
    seen = np.array([[[0, 100], [100, 200]]], np.uint8)
    assert reduced(seen, 1).tolist() == [[[100]]]
    assert reduced(seen, 2) is seen


def test_few_colours_are_kept():
    canvas = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 0, 0]]], np.uint8)
    numbers, colours = quantised(canvas)
    assert np.array_equal(colours[numbers], canvas)
    assert quantised(np.random.default_rng(0).integers(0, 256, (30, 30, 3), np.uint8), 16)[1].shape == (16, 3)


def test_every_png_says_that_it_is_synthetic():
    values = np.array([[0, 4000]], np.uint16)
    with Image.open(BytesIO(png_bytes(values, {"name": "Zoë"}, is_quick=True))) as image:
        assert image.info["synthetic"] == "true"
        assert image.info["name"] == "Zoë"
        assert np.array_equal(np.asarray(image), values)


def _seen(address: str) -> np.ndarray:
    kind, _, content = address.partition(",")
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(BytesIO(base64.b64decode(content))).convert("RGB"))


def test_a_small_canvas_loses_nothing_in_a_page():
    canvas = np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype(np.uint8)
    assert np.array_equal(_seen(as_address(canvas)), canvas)
    assert np.array_equal(_seen(as_address(canvas[..., 0]))[..., 1], canvas[..., 0])


def test_the_worst_canvas_still_has_room_in_a_page():
    """Rows of twelve classes of noise in colour."""
    canvas = np.random.default_rng(0).integers(0, 256, (877, 439, 3)).astype(np.uint8)
    address = as_address(canvas)
    assert len(address) <= MOST_IN_PAGE_BYTES
    assert _seen(address).shape == canvas.shape


@pytest.mark.parametrize(("mode", "shape"), [("L", (3, 5)), ("RGBA", (3, 5, 3)), ("P", (3, 5, 3))])
def test_a_picture_file_is_a_canvas(tmp_path, mode, shape):
    Image.new(mode, (5, 3), 7).save(tmp_path / "a.png")
    assert canvas_of(tmp_path / "a.png").shape == shape


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(DataError, match=r"a\.png: no picture"):
        canvas_of(tmp_path / "a.png")
