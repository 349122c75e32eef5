"""Pictures in memory turned into others, in the type they came in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Turning
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.pictures import Pictures

FORMAT = ImageFormat()
COLOUR = Turning(lambda values: values, 3)
GREY = Turning(lambda values: values, 1)
TWICE = Turning(lambda values: values.repeat(2, axis=1).repeat(2, axis=2), 3, factor=2)
TINTED = Turning(lambda values: values * np.array([0.5, 0.9, 1], np.float32)[:, None, None], 3)


def noise(*shape, dtype: Any = np.uint8):
    return np.random.default_rng(0).integers(1, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize(
    "shape", [(5, 6), (5, 6, 1), (5, 6, 3), (5, 6, 4), (2, 5, 6), (2, 5, 6, 1), (2, 5, 6, 3)]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_come_back_as_they_were(shape, dtype):
    values = noise(*shape, dtype=dtype)
    found = FORMAT.turned_values(values, COLOUR)
    assert found.dtype == dtype
    assert np.array_equal(found, values)
    for white in (1, 255):
        real = noise(*shape) * (white / 255)
        found = FORMAT.turned_values(real, COLOUR)
        assert found.dtype == np.float64
        assert np.allclose(found, real, atol=white * 1e-6)


def test_the_axes_follow_factor_and_colours():
    assert FORMAT.turned_values(noise(2, 5, 6), TWICE).shape == (2, 10, 12)
    assert FORMAT.turned_values(noise(2, 5, 6), TINTED).shape == (2, 5, 6, 3)
    assert FORMAT.turned_values(noise(5, 6), TINTED).shape == (5, 6, 3)
    assert FORMAT.turned_values(noise(5, 6, 3), GREY).shape == (5, 6, 1)
    half = np.stack([np.zeros((5, 6), np.uint8), noise(5, 6)])  # black stays grey, the other does not
    assert FORMAT.turned_values(half, TINTED).shape == (2, 5, 6, 3)


def test_lists_and_pillows_pictures_come_back():
    sizes = [noise(3, 4), noise(5, 2, 3)]
    found = FORMAT.turned_values(sizes, TWICE)
    assert [one.shape for one in found] == [(6, 8), (10, 4, 3)]
    image = Image.fromarray(noise(3, 4, 3))
    found = FORMAT.turned_values((image, sizes[0]), COLOUR)
    assert isinstance(found, tuple)
    assert np.array_equal(np.asarray(found[0]), np.asarray(image))
    deep = Image.fromarray(noise(3, 4, dtype=np.uint16))
    assert np.array_equal(np.asarray(FORMAT.turned_values(deep, COLOUR)), np.asarray(deep))


def test_a_dark_array_of_a_list_is_dark():
    dark, bright = np.full((2, 2), 0.5), np.full((2, 2), 200.0)
    seen = []
    FORMAT.turned_values([dark, bright], Turning(lambda values: seen.append(values.max()) or values, 1))
    assert seen[0] == pytest.approx(0.5 / 255)


def test_pictures_come_back_with_what_is_known_of_them():
    pixels = noise(3, 4, 5) // 16
    pictures = Pictures.of(pixels, np.array(["a", "b", "c"], object), 15)
    found = FORMAT.turned_values(pictures.take(np.array([2, 0])), TWICE)
    assert isinstance(found, Pictures)
    assert (found.form.height, found.form.width, found.highest) == (8, 10, 15)
    assert found.attributes.columns["label"].tolist() == ["c", "a"]
    assert np.array_equal(found.pixels[1], pixels[0].repeat(2, 0).repeat(2, 1))
    coloured = FORMAT.turned_values(pictures, TINTED)
    assert coloured.form.n_channels == 3


def test_one_mask_is_that_of_all(tmp_path):
    Image.fromarray(np.eye(5, dtype=np.uint8) * 255).save(tmp_path / "mask.png")
    seen = []
    turning = Turning(lambda values: seen.append(values[1]) or values[:1], 1, masks=tmp_path / "mask.png")
    FORMAT.turned_values(noise(2, 5, 5), turning)
    assert [one.tolist() for one in seen] == [np.eye(5).tolist()] * 2
    with pytest.raises(DataError, match="has 5 x 5 pixels, and the picture 4 x 3"):
        FORMAT.turned_values(noise(3, 4), turning)
    with pytest.raises(UsageError, match="Give one file"):
        FORMAT.turned_values(noise(3, 3), Turning(lambda values: values, 1, masks=tmp_path))


def test_what_is_no_picture_is_refused():
    for values in (noise(9), noise(2, 3, 4, 5), np.zeros((0, 3, 3)), noise(2, 3, 8, 8)):
        with pytest.raises(DataError, match="holds no pictures"):
            FORMAT.turned_values(values, COLOUR)
    with pytest.raises(DataError, match="a value of -1"):
        FORMAT.turned_values(np.full((3, 3), -1.0), COLOUR)
    with pytest.raises(UsageError, match="a str holds no pictures"):
        FORMAT.turned_values("in.png", COLOUR)
