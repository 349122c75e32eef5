"""Odd pictures for a report: where they stand, where they are warm, and that noise is not."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gansmith.modalities.format import ShowsOddities
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.oddities import heat, oddity_gallery, overlaid
from gansmith.modalities.image.pictures import Pictures

GREY = 128


def canvas(gallery) -> np.ndarray:
    content = base64.b64decode(gallery["image"].partition(",")[2])
    return np.asarray(Image.open(BytesIO(content)).convert("RGB"))


def greys(values, height: int = 28, width: int = 28, n_channels: int = 1) -> Pictures:
    """Pictures of one grey each."""
    shape = (len(values), height, width, n_channels)
    return Pictures.of(np.broadcast_to(np.reshape(values, (-1, 1, 1, 1)), shape).astype(np.uint8))


def with_spot(pictures: Pictures, value: int) -> Pictures:
    """The same, with a square of 6 pixels at the upper left."""
    pixels = pictures.source.block(pictures.numbers).copy()
    pixels[:, 4:10, 4:10] = value
    return Pictures.of(pixels)


def test_it_is_a_capability_of_pictures():
    assert isinstance(ImageFormat(), ShowsOddities)
    found = ImageFormat().oddities(greys([1, 2]), None, greys([3, 4]))
    assert found == oddity_gallery(greys([1, 2]), None, greys([3, 4]))
    assert set(found) == {"name", "title", "caption", "label", "image"}


@pytest.mark.parametrize(
    ("form", "n", "has_again", "wanted"),
    [
        ((28, 28), 20, True, (7, 3)),
        ((28, 28), 20, False, (5, 4)),
        ((28, 28), 2, True, (1, 2)),
        ((8, 8), 5, True, (2, 3)),
        ((200, 100), 3, True, (1, 3)),
    ],
)
def test_rows_stand_in_blocks_as_the_page_has_room(form, n, has_again, wanted):
    records = greys(np.arange(n), *form)
    found = oddity_gallery(records, records if has_again else None, records)
    height, width = (min(side, side * 72 // max(form)) for side in form)
    (n_rows, n_blocks), n_tiles, gap = wanted, 3 + has_again, max(2, width // 8)
    across = n_blocks * (n_tiles * (width + 1) + 1) + (n_blocks - 1) * gap
    assert canvas(found).shape == (n_rows * (height + 1) + 1, across, 3)


def test_a_row_is_the_picture_its_map_the_one_made_again_and_a_usual_one():
    n = 5
    records, again, usual = (greys(first + np.arange(n)) for first in (10, 100, 200))
    drawn = canvas(oddity_gallery(records, again, usual))
    block = 4 * 29 + 1 + 3
    for place in range(n):
        column, row = divmod(place, 2)
        top, left = 14 + 29 * row, 14 + block * column
        assert (drawn[top, left] == 10 + place).all()
        assert (drawn[top, left + 58] == 100 + place).all()
        assert (drawn[top, left + 87] == 200 + place).all()
    assert (drawn[14 + 29, 2 * block + 14] == GREY).all()  # there is no sixth


def test_where_it_differs_is_warm_and_the_rest_is_dim():
    usual = greys([100])
    drawn = canvas(oddity_gallery(with_spot(usual, 255), usual, usual))
    warm, cold = drawn[1 + 6, 30 + 6].astype(int), drawn[1 + 20, 30 + 20]
    assert warm[0] > 200 > 150 > warm[2]
    assert (cold == 45).all()


def test_without_one_made_again_it_differs_from_the_usual_one():
    usual = greys([100])
    drawn = canvas(oddity_gallery(with_spot(usual, 255), None, usual))
    assert drawn[1 + 6, 30 + 6][0] > 200
    assert (drawn[14, 58 + 14] == 100).all()


def test_noise_is_not_amplified():
    usual = greys([100])
    noise = np.random.default_rng(0).integers(-6, 7, (1, 28, 28, 1))
    noisy = Pictures.of((100 + noise).astype(np.uint8))
    assert heat(noisy, usual).max() <= 6 / 25.5  # against a tenth of full brightness
    assert heat(with_spot(usual, 126), usual).max() == pytest.approx(1, abs=0.02)  # a tenth of brightness


def test_each_picture_has_its_own_scale_and_all_channels_count():
    usual = greys([100, 100], n_channels=3)
    pixels = usual.source.block(usual.numbers).copy()
    pixels[0, 4:10, 4:10, 1] = 200
    pixels[1, 4:10, 4:10] = 255
    found = heat(Pictures.of(pixels), usual)
    assert (found[:, 6, 6] > 0.95).all()
    assert (found[:, 20, 20] == 0).all()


def test_what_nobody_sees_does_not_differ():
    pixels = np.zeros((1, 8, 8, 4), np.uint8)
    hidden = pixels.copy()
    hidden[..., 0] = 255  # red, and transparent
    assert (heat(Pictures.of(hidden), Pictures.of(pixels)) == 0).all()


def test_weak_differences_do_not_cover_the_picture():
    tiles = np.full((1, 2, 2, 3), 100, np.uint8)
    warmth = np.array([[[0.0, 0.2], [0.5, 1.0]]])
    drawn = overlaid(tiles, warmth)[0].astype(int)
    assert (drawn[0, 0] == 45).all()
    assert np.abs(drawn[0, 1] - 45).max() < 10
    assert drawn[1, 1].tolist() == [255, 225, 80]
