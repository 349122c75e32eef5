"""Arrays in memory as pictures: colour, depths, what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.reading import looks_like_pictures, read_like, read_pictures

FORMAT = ImageFormat()


def _read(source, **options):
    return read_pictures(source, ImageOptions(**options))


@pytest.mark.parametrize(
    ("values", "pixel_type", "limits"),
    [
        (np.linspace(0, 0.9, 27), "float32", (0, 1)),
        (np.linspace(-1, 1, 27), "float32", (-1, 1)),
        (np.arange(27) * 100, "uint16", (0, 4095)),
        ((np.arange(27) * 100).astype(np.int16) - 1000, "int16", (-1000, 1600)),
        (np.arange(27.0), "uint8", (0, 255)),
    ],
)
def test_values_of_every_type(values, pixel_type, limits):
    pixels = values.reshape(3, 3, 3)
    pictures = _read(pixels)
    assert pictures.form.pixel_type == pixel_type
    assert (pictures.form.lowest, pictures.form.highest) == limits
    assert np.allclose(pictures.pixels, pixels)
    assert FORMAT.returned(pictures, pixels).dtype == pixels.dtype


def test_colours_before_or_behind():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 7, 3))
    first = pixels.transpose(0, 3, 1, 2)
    for source in (pixels, first):
        pictures = _read(source)
        assert np.array_equal(pictures.pixels, pixels)
        assert np.array_equal(FORMAT.returned(pictures, source), source)
        assert looks_like_pictures(source)
    assert _read(pixels[..., :1]).form.n_channels == 1
    assert FORMAT.returned(_read(pixels[..., :1]), pixels[..., :1]).shape == (4, 6, 7, 1)
    assert not looks_like_pictures(np.zeros((2, 9, 9, 9)))
    assert _read(np.zeros((2, 9, 9, 9))).form.n_channels == 9
    with pytest.raises(DataError, match="holds no pictures"):
        _read(np.zeros((2, 70, 70, 70)))


def test_they_stay_as_they_are_unless_it_is_asked():
    pixels = np.full((3, 100, 80, 3), (200, 0, 0), np.uint8)
    assert _read(pixels).pixels.shape == (3, 100, 80, 3)
    small = _read(pixels, size="8x10", channels="L")
    assert small.pixels.tolist() == np.full((3, 10, 8), 60).tolist()
    few = np.full((3, 4, 4), 16)
    assert _read(few, size="2").form.highest == 16
    assert _read(few, size="2").pixels.max() == 16


def test_a_frame_of_attributes_goes_with_them(tmp_path):
    import pandas as pd

    pixels = np.zeros((3, 4, 4))
    frame = pd.DataFrame({"kind": ["a", "b", "a"], "tall": [True, False, True], "size": [1.0, 2.0, 1.0]})
    columns = _read((pixels, frame)).attributes.columns
    assert columns["kind"].tolist() == ["a", "b", "a"]
    assert columns["tall"].tolist() == ["yes", "no", "yes"]
    assert columns["size"].tolist() == ["1", "2", "1"]
    assert len(_read((pixels, frame), where=["kind=a"])) == 2
    with pytest.raises(DataError, match="attributes: 2 rows for 3 pictures"):
        _read((pixels, frame[:2]))
    frame.to_csv(tmp_path / "labels.csv", index=False)
    assert _read(pixels, labels=str(tmp_path / "labels.csv")).attributes.names[:2] == ("kind", "tall")


def test_to_compare_channels_must_be_the_same():
    colour = _read(np.zeros((2, 4, 4, 3), np.uint8))
    with pytest.raises(DataError, match="4 x 4 pixels, those of array have 4 x 4 x 3"):
        read_like(np.zeros((2, 4, 4)), colour)
    real = _read(np.linspace(-1, 1, 32).reshape(2, 4, 4))
    assert read_like(np.linspace(-0.5, 0.5, 32).reshape(2, 4, 4), real).form == real.form
    with pytest.raises(DataError, match=r"a pixel of -1\.5, but those of array go from -1 to 1"):
        read_like(np.linspace(-1.5, 0.5, 32).reshape(2, 4, 4), real)


def test_of_another_type_they_are_rescaled_and_it_is_said():
    real = _read(np.array([0, 255] * 8, np.uint8).reshape(2, 8, 1))
    fake = read_like(np.array([0, 0.5, 1, 0.2] * 4, np.float32).reshape(2, 8, 1), real)
    assert fake.pixels.ravel().tolist()[:4] == [0, 128, 255, 51]
    assert fake.notes == ("pixels of float32 0 to 1, brought to uint8 0 to 255",)
    unrounded = read_like(np.array([0.2, 200.7] * 8).reshape(2, 8, 1), real)
    assert unrounded.pixels.ravel().tolist()[:2] == [0, 201]
    assert not unrounded.notes
    scans = _read((np.arange(16).reshape(2, 8, 1) * 100 - 500).astype(np.int16))
    for dtype in (np.int16, np.int64):  # few values are no reason to take them for others
        dark = read_like(np.arange(16).reshape(2, 8, 1).astype(dtype), scans)
        assert dark.pixels.ravel().tolist() == list(range(16))
        assert dark.form == scans.form


def test_a_file_with_a_brighter_pixel_of_the_same_type_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 4, 4), 200, np.uint8))
    with pytest.raises(DataError, match="a pixel of 200"):
        read_like(tmp_path / "a.npy", _read(np.full((2, 4, 4), 16)))


def test_two_channels_are_two_stains_and_four_of_8_bits_have_transparency():
    two = _read(np.zeros((2, 4, 4, 2), np.uint8))
    assert not two.form.has_alpha
    assert "2 channels" in str(two.form)
    assert _read(np.zeros((2, 4, 4, 2), np.uint8), channels="LA").form.has_alpha
    four = np.zeros((2, 4, 4, 4), np.uint8)
    assert _read(four).form.has_alpha
    assert not _read(four.astype(np.uint16) + 999).form.has_alpha
    grey = _read(np.stack([np.full((2, 4, 4), 90), np.zeros((2, 4, 4))], axis=3), channels="L")
    assert grey.pixels.max() == 90
    assert _read(np.full((2, 4, 4, 3), (200, 0, 0), np.uint8), channels="L").pixels.max() == 60
