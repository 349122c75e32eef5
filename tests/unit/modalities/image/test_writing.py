"""Files of pictures: whole, readable again, and marked as synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.canvas import tiled
from gansmith.modalities.image import ImageOptions, writing
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.image.reading import read_pictures
from gansmith.modalities.image.writing import PictureWriter

CODEC = ImageCodec(4, 4, 16)
PIXELS = np.random.default_rng(0).integers(0, 17, (5, 4, 4)).astype(np.uint8)
PIXELS[0, 0, 0] = 16


def _written(path, codec=CODEC):
    with PictureWriter(path, codec.empty, {"model": "abc"}) as writer:
        for part in (PIXELS[:2], PIXELS[2:]):
            writer.write(Pictures.of(part, None, codec.highest, "generated"))
    return path


def test_csv_is_read_back(tmp_path):
    path = _written(tmp_path / "out.csv")
    assert np.array_equal(read_pictures(path, ImageOptions()).pixels, PIXELS)
    assert path.read_text().splitlines()[0] == ",".join(map(str, PIXELS[0].ravel()))


def test_an_array_is_read_back(tmp_path):
    loaded = np.load(_written(tmp_path / "out.npy"), allow_pickle=False)
    assert loaded.dtype == np.uint8
    assert np.array_equal(loaded, PIXELS)


def test_a_png_shows_every_picture_and_says_synthetic(tmp_path):
    with Image.open(_written(tmp_path / "out.png")) as image:
        text, shown = dict(image.info), np.asarray(image)
    assert text["synthetic"] == "true"
    assert text["model"] == "abc"
    scale, gap = 16, 16
    for index, picture in enumerate(PIXELS):
        row, column = divmod(index, 3)
        top, left = gap + row * (4 * scale + gap), gap + column * (4 * scale + gap)
        pixels = shown[top : top + 4 * scale : scale, left : left + 4 * scale : scale]
        assert np.array_equal(pixels, np.rint(picture * (255 / 16)).astype(np.uint8)), index
    assert (shown[:gap] == shown[0, 0]).all()


def test_tiles_are_enlarged_on_a_background():
    canvas = tiled(np.array([[[0, 1]], [[1, 0]]], np.uint8), 1, n_columns=1, scale=2, gap=1, background=7)
    edge, upper, lower = [7] * 6, [7, 0, 0, 255, 255, 7], [7, 255, 255, 0, 0, 7]
    assert canvas.tolist() == [edge, upper, upper, edge, lower, lower, edge]


def test_nothing_is_left_when_the_writing_breaks_off(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("before")

    def break_off():
        with PictureWriter(path, CODEC.empty, {}) as writer:
            writer.write(Pictures.of(PIXELS, None, 16, "generated"))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        break_off()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "before"


def test_an_empty_png_is_refused_and_leaves_nothing(tmp_path):
    writer = PictureWriter(tmp_path / "out.png", CODEC.empty, {})
    with pytest.raises(DataError, match="no picture to draw"), writer:
        pass
    assert not list(tmp_path.iterdir())


def test_a_png_of_too_many_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "MAX_PICTURES_IN_PNG", 4)
    with pytest.raises(DataError, match="do not fit into a PNG"):
        _written(tmp_path / "out.png")
    assert not list(tmp_path.iterdir())


def test_unknown_formats_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"Did you mean '\.png'"):
        PictureWriter(tmp_path / "out.pgn", CODEC.empty, {})


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        _written(tmp_path / "none" / "out.csv")


def test_standard_output_gets_csv(capfdbinary):
    _written(Path("-"))
    assert capfdbinary.readouterr().out.count(b"\n") == len(PIXELS)
