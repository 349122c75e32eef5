"""Files of pictures: whole, readable again, and marked as synthetic."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.canvas import tiled
from gansmith.modalities.image import ImageOptions, writing
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.pictures import Form, InMemory, Pictures, PixelType
from gansmith.modalities.image.reading import looks_like_pictures, read_pictures
from gansmith.modalities.image.writing import PictureWriter

FORM = Form(4, 4, 1, "uint8", 0.0, 16.0)
CODEC = ImageCodec(FORM, AttributeCodec.fit(Attributes()))
PIXELS = np.random.default_rng(0).integers(0, 17, (5, 4, 4)).astype(np.uint8)
PIXELS[0, 0, 0] = 16


def _written(path, codec=CODEC):
    with PictureWriter(path, codec.empty, {"model": "abc"}) as writer:
        for part in (PIXELS[:2], PIXELS[2:]):
            writer.write(Pictures.of(part, None, codec.form.highest, "generated"))
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


# --- One file a picture, and pictures of other forms --------------------------------------------------------

KNOWN = Attributes(
    {
        "label": np.array(["a", 'say "b", twice', None, "Zoë\nX", "=1"], object),
        "age": np.array([7.0, 0.1, np.nan, -2.5, 1e20]),
    }
)
ORIGIN = {"gansmith": json.dumps({"model": "abc", "records": 5, "seed": 3})}


def _pictures(n_channels, pixel_type: PixelType = "uint8", highest=255.0, masks=(), *, has_alpha=True):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, int(highest) + 1, (5, 3, 4, n_channels)).astype(pixel_type)
    for index in range(n_channels - len(masks), n_channels):
        pixels[..., index] = np.where(pixels[..., index] > highest / 2, highest, 0)
    has_alpha = has_alpha and n_channels - len(masks) in (2, 4)
    form = Form(3, 4, n_channels, pixel_type, 0.0, highest, masks, has_alpha)
    return Pictures(InMemory(pixels), np.arange(5), form, KNOWN, "generated")


def _put(path, pictures, metadata=ORIGIN):
    with PictureWriter(path, pictures.take(np.arange(0)), metadata) as writer:
        for part in (np.arange(2), np.arange(2, len(pictures))):
            writer.write(pictures.take(part))
    return path


def _contents(path):
    """By name, the files of a folder or a zip."""
    if path.is_dir():
        files = (one for one in path.rglob("*") if one.is_file())
        return {one.relative_to(path).as_posix(): one.read_bytes() for one in files}
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _opened(content):
    if content.startswith(b"\x93NUMPY"):
        return np.load(BytesIO(content), allow_pickle=False)
    with Image.open(BytesIO(content)) as image:
        assert image.info["synthetic"] == "true"
        assert image.info["model"] == "abc"
        return np.asarray(image)


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize(
    ("n_channels", "pixel_type", "highest", "suffix"),
    [
        (1, "uint8", 255.0, "png"),
        (2, "uint8", 255.0, "png"),
        (3, "uint8", 255.0, "png"),
        (4, "uint8", 255.0, "png"),
        (5, "uint8", 255.0, "npy"),
        (1, "uint16", 4095.0, "png"),
        (3, "uint16", 4095.0, "npy"),
        (1, "int16", 3000.0, "npy"),
        (1, "int32", 3000.0, "npy"),
        (3, "float32", 9.0, "npy"),
    ],
)
def test_pictures_come_back_as_they_went_in(tmp_path, name, n_channels, pixel_type, highest, suffix):
    pictures = _pictures(n_channels, pixel_type, highest)
    found = _contents(_put(tmp_path / name, pictures))
    names = [f"{number:05d}.{suffix}" for number in range(5)]
    assert set(found) == {*names, "labels.csv", "meta.json"}
    for one, pixels in zip(names, pictures.pixels, strict=True):
        back = _opened(found[one])
        assert back.dtype == pixels.dtype
        assert np.array_equal(back, pixels)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_what_was_written_is_read_as_it_was(tmp_path, name, n_channels):
    pictures, rows = _pictures(n_channels), np.arange(60) % 5
    ages = np.arange(60) / 4 - 3
    ages[7] = np.nan
    known = Attributes({"label": KNOWN.columns["label"][rows], "age": ages})
    pictures = pictures.take(rows).with_attributes(known)
    again = read_pictures(_put(tmp_path / name, pictures), ImageOptions())
    assert again.form == pictures.form
    assert np.array_equal(again.pixels, pictures.pixels)
    assert again.attributes.names == known.names
    assert again.labels is not None
    assert again.labels.tolist() == known.columns["label"].tolist()
    assert np.array_equal(again.attributes.columns["age"], ages, equal_nan=True)


def test_what_is_known_of_pictures_comes_back(tmp_path):
    found = _contents(_put(tmp_path / "out", _pictures(3)))
    header, *rows = csv.reader(StringIO(found["labels.csv"].decode(), newline=""))
    assert header == ["file", "label", "age"]
    assert [row[0] for row in rows] == [f"0000{number}.png" for number in range(5)]
    assert [row[1] or None for row in rows] == KNOWN.columns["label"].tolist()
    ages = [float(row[2] or "nan") for row in rows]
    assert np.array_equal(ages, KNOWN.columns["age"], equal_nan=True)
    assert (rows[0][2], rows[2][1:]) == ("7", ["", ""])
    meta = json.loads(found["meta.json"])
    assert (meta["synthetic"], meta["model"], meta["seed"]) == (True, "abc", 3)
    assert meta["form"]["n_channels"] == 3


def test_text_is_no_formula_where_that_is_asked(tmp_path):
    pictures = _pictures(2, masks=("box =1+1",))
    options = ImageOptions(safe_csv=True)
    with ImageFormat().writer(tmp_path / "out", pictures.take(np.arange(0)), {}, options) as writer:
        writer.write(pictures)
    found = _contents(tmp_path / "out")
    rows = list(csv.reader(StringIO(found["labels.csv"].decode(), newline="")))[1:]
    assert [row[1] for row in rows] == ["a", 'say "b", twice', "", "Zoë\nX", "'=1"]
    assert rows[3][2] == "-2.5"  # a number is none
    boxes = list(csv.reader(StringIO(found["boxes.csv"].decode(), newline="")))[1:]
    assert {row[5] for row in boxes} == {"'=1+1"}


def test_masks_lie_beside_their_pictures(tmp_path):
    pictures = _pictures(4, "uint16", 4095.0, ("cell", "../odd"))
    found = _contents(_put(tmp_path / "out", pictures))
    assert _opened(found["00004.npy"]).shape == (3, 4, 2)
    for index, folder in ((2, "cell"), (3, "_odd")):
        shown = _opened(found[f"masks/{folder}/00004.png"])
        assert np.array_equal(shown, np.where(pictures.pixels[4, ..., index] > 0, 255, 0))


def test_few_tones_are_stretched_to_be_seen(tmp_path):
    pictures = Pictures.of(PIXELS, None, 16)
    found = _contents(_put(tmp_path / "out.zip", pictures))
    assert np.array_equal(_opened(found["00003.png"]), np.rint(PIXELS[3] * (255 / 16)))
    assert "labels.csv" not in found


def test_names_have_enough_digits(tmp_path):
    metadata = {"gansmith": json.dumps({"model": "abc", "records": 1_000_001})}
    assert "0000004.png" in _contents(_put(tmp_path / "out.zip", _pictures(1), metadata))
    assert "00004.png" in _contents(_put(tmp_path / "b.zip", _pictures(1), {"gansmith": "no JSON"}))


def test_equal_pictures_make_an_equal_zip(tmp_path):
    first, second = (_put(tmp_path / name, _pictures(3)).read_bytes() for name in ("a.zip", "b.zip"))
    assert first == second
    with ZipFile(tmp_path / "a.zip") as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}  # not the time of day


@pytest.mark.parametrize(("n_channels", "pixel_type"), [(1, "uint8"), (4, "int16"), (3, "float32")])
def test_arrays_keep_their_type(tmp_path, n_channels, pixel_type):
    pictures = _pictures(n_channels, pixel_type, 100.0)
    back = np.load(_put(tmp_path / "a.npy", pictures), allow_pickle=False)
    assert back.dtype == pixel_type
    assert np.array_equal(back, pictures.pixels)
    with np.load(_put(tmp_path / "a.npz", pictures), allow_pickle=False) as found:
        assert set(found) == {"images", "label", "age"}
        assert np.array_equal(found["images"], pictures.pixels)
        assert found["label"].tolist() == ["a", 'say "b", twice', "", "Zoë\nX", "=1"]
        assert np.array_equal(found["age"], KNOWN.columns["age"], equal_nan=True)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.zip", "a"])
def test_none_can_be_written(tmp_path, name):
    path = tmp_path / name
    with PictureWriter(path, _pictures(3).take(np.arange(0)), {}):
        pass
    if path.suffix in (".npy", ".npz"):
        found = np.load(path, allow_pickle=False)
        assert (found if path.suffix == ".npy" else found["images"]).shape == (0, 3, 4, 3)
    else:
        assert set(_contents(path)) == {"labels.csv", "meta.json"}


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_half_a_folder_is_not_left(tmp_path, name, is_there):
    path = tmp_path / name
    if is_there:
        path.mkdir() if name == "out" else path.write_text("before")

    def break_off():
        with PictureWriter(path, CODEC.empty, {}) as writer:
            writer.write(_pictures(1))
            assert list(tmp_path.glob(".*.part"))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        break_off()
    assert [entry.name for entry in tmp_path.iterdir()] == ([name] if is_there else [])
    assert not is_there or not path.is_dir() or not list(path.iterdir())


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(UsageError, match="holds something already"):
        PictureWriter(tmp_path, CODEC.empty, {})
    with pytest.raises(UsageError, match="is a file"):
        PictureWriter(tmp_path / "mine", CODEC.empty, {})
    (tmp_path / "empty.v2").mkdir()  # is a folder, whatever its name
    assert len(_contents(_put(tmp_path / "empty.v2", _pictures(1)))) == 7


def test_csv_holds_grey_pictures_of_8_bits_alone():
    for pictures in (_pictures(3), _pictures(1, "uint16")):
        with pytest.raises(UsageError, match=r"CSV holds grey pictures of 8 bits alone"):
            PictureWriter(Path("-"), pictures, {})


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize(
    ("n_channels", "pixel_type", "highest"),
    [
        (3, "uint16", 4095.0),
        (1, "int16", 3000.0),
        (1, "float32", 9.0),
        (2, "uint8", 255.0),
        (4, "uint16", 9.0),
    ],
)
def test_arrays_in_files_are_read_again(tmp_path, name, n_channels, pixel_type, highest):
    pictures = _pictures(n_channels, pixel_type, highest, has_alpha=False)
    pictures = pictures.with_attributes(Attributes({"label": np.array(list("abaab"), object)}))
    path = _put(tmp_path / name, pictures)
    assert looks_like_pictures(path)
    back = read_pictures(path, ImageOptions())
    assert (back.form.n_channels, back.form.pixel_type) == (n_channels, pixel_type)
    assert not back.form.has_alpha
    assert np.array_equal(back.pixels, pictures.pixels)
    assert back.labels is not None
    assert back.labels.tolist() == list("abaab")
