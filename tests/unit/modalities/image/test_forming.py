"""The form of a set of pictures, and one picture brought to it."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import UsageError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.decoding import Header
from gansmith.modalities.image.forming import Former, choose, parse_size, ranges_of, resized, with_channels
from gansmith.modalities.image.pictures import Form


def _chosen(sizes, sample=(), n_channels=1, pixel_type="uint8", **options):
    headers = [Header(width, height, n_channels, pixel_type) for width, height in sizes]
    former, how = choose(headers, list(sample), ImageOptions(**options))
    return former, how


@pytest.mark.parametrize(
    ("sizes", "wanted", "fit"),
    [
        ([(64, 48)] * 3, (64, 48), "stretch"),
        ([(92, 112)] * 3, (53, 64), "stretch"),
        ([(300, 200), (610, 400), (900, 600)], (64, 43), "stretch"),
        ([(20, 20), (30, 30), (40, 40)], (30, 30), "stretch"),
        ([(100, 100)] * 5 + [(125, 100)] * 4, (64, 64), "crop"),
        ([(100, 100)] * 5 + [(200, 100)] * 4, (64, 64), "pad"),
        ([(5000, 1)] * 2, (64, 1), "pad"),
    ],
)
def test_size_and_fit_without_a_word_of_the_user(sizes, wanted, fit):
    former, how = _chosen(sizes)
    assert (former.form.width, former.form.height) == wanted
    assert former.fit == fit
    assert (how == "") == (len(set(sizes)) == 1 and sizes[0] == wanted)


def test_what_the_user_says_goes_first():
    former, how = _chosen([(100, 50)] * 3, size="46x56", fit="pad", channels="RGBA")
    assert str(former.form) == "46 x 56 pixels, colour with transparency, 0 to 255"
    assert how == "of 100 x 50 pixels, brought to 46 x 56: edges extended"


def _plain(*colour, n=4):
    return np.full((n, n, len(colour)), colour, np.uint8)


def test_grey_saved_as_colour_counts_as_grey():
    grey, tinted, red = _plain(9, 9, 9), _plain(9, 9, 12), _plain(90, 9, 9)
    for sample, n in (
        ([grey] * 20, 1),
        ([tinted] * 20, 1),
        ([grey] * 19 + [red], 1),
        ([grey] * 18 + [red] * 2, 3),
    ):
        assert _chosen([(4, 4)] * 20, sample, 3)[0].form.n_channels == n


def test_transparency_counts_only_where_it_is_used():
    solid, clear = _plain(90, 9, 9, 255), _plain(90, 9, 9, 3)
    unseen = _plain(90, 9, 9, 0)
    for sample, n in (([solid] * 9, 3), ([solid] * 8 + [clear], 4), ([unseen] * 9, 2)):
        assert _chosen([(4, 4)] * 9, sample, 4)[0].form.n_channels == n


@pytest.mark.parametrize(
    ("pixel_type", "largest", "wanted"),
    [("uint16", 200, (0, 255)), ("uint16", 900, (0, 1023)), ("uint16", 4095, (0, 4095)),
     ("uint16", 4096, (0, 16383)), ("int16", 900, (0, 900)), ("float32", 0.9, (0, 1)),
     ("float32", 7.5, (0, 7.5))],
)  # fmt: skip
def test_the_range_covers_what_was_seen(pixel_type, largest, wanted):
    sample = np.zeros((4, 4, 1), pixel_type)
    sample[0, 0] = largest
    form = _chosen([(4, 4)] * 2, [sample], pixel_type=pixel_type)[0].form
    assert (form.lowest, form.highest) == wanted
    assert form.pixel_type == pixel_type


def test_depths_are_scaled_into_each_other_and_clipped():
    former = Former(Form(1, 3, 1, "uint8"), "stretch", {"uint8": (0, 255), "uint16": (0, 4095)})
    assert former(np.array([[[0], [4095], [5000]]], np.uint16)).ravel().tolist() == [0, 255, 255]
    few = Former(Form(1, 2, 1, "uint8", 0, 16), "stretch", {"uint8": (0, 255)})
    assert few(np.array([[[0], [255]]], np.uint8)).ravel().tolist() == [0, 16]
    deep = Former(Form(1, 3, 1, "uint16", 0, 4095), "stretch", {"uint16": (0, 4095), "uint8": (0, 255)})
    assert deep(np.array([[[0], [255], [51]]], np.uint8)).ravel().tolist() == [0, 4095, 819]
    assert deep(np.array([[[0], [4095], [5000]]], np.uint16)).ravel().tolist() == [0, 4095, 4095]
    real = Former(Form(1, 2, 1, "float32", -1, 1), "stretch", {"float32": (-1, 1)})
    assert real(np.array([[[-2.0], [0.5]]], np.float32)).ravel().tolist() == [-1, 0.5]


def test_crop_takes_the_middle_and_pad_extends_the_edge():
    picture = np.full((4, 12, 1), 7, np.uint8)
    picture[:, 4:8] = 200
    assert resized(picture, 4, 4, "crop").ravel().tolist() == [200] * 16
    padded = resized(picture, 12, 12, "pad")
    assert padded[4:8, 4:8].min() == 200
    assert set(padded[:4].ravel().tolist()) == {7}
    assert resized(picture, 6, 8, "stretch").shape == (8, 6, 1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("n_channels", [1, 3, 4, 7])
def test_made_smaller_pixels_are_averaged(dtype, n_channels):
    board = np.indices((64, 64)).sum(axis=0) % 2 * 200
    picture = np.repeat(board[..., None], n_channels, axis=2).astype(dtype)
    picture[..., -1] = 200
    small = resized(picture, 8, 8, "stretch")
    assert small.dtype == dtype
    assert small.shape == (8, 8, n_channels)
    if n_channels > 1:
        assert np.abs(small[2:6, 2:6, 0].astype(float) - 100).max() < 8


def test_channels_become_others():
    red = _plain(200, 0, 0, n=1)
    assert with_channels(red, 1, 255).ravel().tolist() == [60]
    assert with_channels(red, 4, 255).ravel().tolist() == [200, 0, 0, 255]
    assert with_channels(red, 2, 255).ravel().tolist() == [60, 255]
    assert with_channels(_plain(9, n=1), 3, 255).ravel().tolist() == [9, 9, 9]
    clear = _plain(200, 0, 0, 51, n=1)  # a fifth of it is seen, on white
    assert with_channels(clear, 3, 255).ravel().tolist() == [244, 204, 204]
    assert with_channels(_plain(0, 0, n=1), 1, 255).ravel().tolist() == [255]
    many = np.arange(6, dtype=np.uint8).reshape(1, 1, 6)
    assert with_channels(many, 3, 255).ravel().tolist() == [0, 1, 2]


def test_a_size_that_cannot_be_learnt_is_refused_when_it_is_asked_for():
    assert parse_size("1024x8") == (1024, 8)
    with pytest.raises(UsageError, match="at most 1024"):
        parse_size("1025")


def test_ranges_come_in_one_order():
    sample = [np.ones((1, 1, 1), kind) for kind in ("uint16", "int16", "float32", "int32")]
    assert list(ranges_of(sample)) == ["float32", "int16", "int32", "uint16", "uint8"]


def test_dark_colours_of_many_bits_are_colours():
    dark = np.zeros((4, 4, 3), np.uint16)
    dark[..., 0] = 900
    assert _chosen([(4, 4)] * 2, [dark] * 2, n_channels=3, pixel_type="uint16")[0].form.n_channels == 3
