"""Galleries of a report: how many pictures they hold, and where these stand."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.galleries import class_rows, pairs_gallery, plain_gallery, rows_gallery
from gansmith.modalities.image.pictures import Pictures, bundled_digits
from gansmith.modalities.image.reading import read_pictures
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.records import Target


def canvas(gallery) -> np.ndarray:
    content = base64.b64decode(gallery["image"].partition(",")[2])
    return np.asarray(Image.open(BytesIO(content)).convert("L"))


def greys(values, height: int = 28, width: int = 28) -> Pictures:
    """Pictures of one grey each."""
    values = np.append(values, [255, 255]).astype(np.uint8)  # so that white is 255
    pictures = read_pictures(np.tile(values[:, None, None], (1, height, width)), ImageOptions())
    return pictures.take(np.arange(len(values) - 2))


@pytest.fixture(scope="module")
def digits():
    return bundled_digits()


@pytest.mark.parametrize(
    ("form", "n", "wanted"),
    [((28, 28), 60, (7, 7)), ((28, 28), 10, (7, 2)), ((8, 8), 200, (9, 9)), ((300, 100), 99, (12, 6))],
)
def test_a_grid_fills_about_a_square(form, n, wanted):
    found = plain_gallery("real", "Real", greys(np.arange(n), *form))
    n_columns, n_rows = wanted
    height, width = (min(side, round(side * 72 / max(form))) for side in form)
    assert canvas(found).shape == (n_rows * (height + 1) + 1, n_columns * (width + 1) + 1)
    assert found["caption"] == f"{min(n, n_columns * n_rows)} of {n}"


def test_pictures_stand_in_order_each_pixel_once(digits):
    drawn = canvas(plain_gallery("real", "Real", digits))
    first, second = (drawn[1:9, start : start + 8] for start in (1, 10))
    for place, one in enumerate((first, second)):
        assert np.abs(one / 255 * 16 - digits.pixels[place]).max() < 0.6


def test_rows_of_classes_are_named_and_hold_their_class(digits):
    target = Target("label", ("7", "nothing", "3"))
    real, fake = class_rows(digits.take(np.arange(100)), digits, [target])
    assert (real["name"], fake["name"]) == ("real-classes", "synthetic-classes")
    assert real["rows"] == ["7", "nothing", "3"]
    drawn = canvas(real)
    sevens = digits.pixels[digits.attributes.columns["label"] == "7"]
    assert np.abs(drawn[1:9, 1:9] / 255 * 16 - sevens[0]).max() < 0.6
    assert (drawn[10:18] == 128).all()  # of the class that is not there
    assert class_rows(digits, digits, []) == []


@pytest.mark.parametrize(("n", "wanted"), [(40, (2, 6)), (7, (2, 4)), (1, (1, 1))])
def test_each_suspicious_picture_stands_above_the_one_that_it_is_like(n, wanted):
    fake, train = greys(np.arange(n)), greys(200 - np.arange(n))
    ratio = np.linspace(1, 0, n)  # the last is the most suspicious
    found = pairs_gallery(fake, train, Likeness(ratio, np.arange(n)), 0.5)
    n_blocks, n_columns = wanted
    drawn = canvas(found)
    assert found["rows"] == ["generated", "training"] * n_blocks
    assert drawn.shape == (n_blocks * (2 * 29 + 1) + 2 * (n_blocks - 1), n_columns * 29 + 1)
    order = np.arange(n)[::-1][:12]
    for place, number in enumerate(order.tolist()):
        block, column = divmod(place, n_columns)
        top, left = block * (2 * 29 + 1 + 2) + 14, column * 29 + 14
        assert (drawn[top, left], drawn[top + 29, left]) == (number, 200 - number)


def test_rows_are_as_long_as_asked_for():
    found = rows_gallery("between", "Between", "c", greys(np.arange(18)), 9)
    assert canvas(found).shape == (2 * 29 + 1, 9 * 29 + 1)
    assert (found["name"], found["title"], found["caption"]) == ("between", "Between", "c")
