"""Pictures as they come, each of its own size: names, channels, depths, what is left out, what is kept."""

from __future__ import annotations

import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.grids import Grids, Translatable
from gansmith.modalities.image import ImageOptions, grids
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.pictures import Pictures

FORMAT = ImageFormat()


def read(source, n_channels=0, **options):
    found = FORMAT.read_grids(source, ImageOptions(**options), n_channels)
    assert isinstance(found, Grids)
    for number in range(len(found)):
        grid = found.grid(number)
        assert grid.shape == (found.n_channels, *found.sizes[number])
        assert grid.flags.c_contiguous
        assert 0 <= grid.min() <= grid.max() <= found.highest
    return found


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path, **options)
    return path


def noise(*shape, dtype: Any = np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "in" / "a" / "x.jpg", noise(5, 7, 3))
    save(tmp_path / "in" / "b.png", noise(4, 3, 3, seed=1))
    save(tmp_path / "in" / "c.tif", noise(2, 2, 3, seed=2))
    return tmp_path / "in"


def test_the_format_is_translatable():
    assert isinstance(FORMAT, Translatable)
    assert FORMAT.n_dims == 2


def test_pictures_of_a_folder_keep_their_sizes_and_are_called_by_their_paths(folder):
    found = read(folder)
    assert list(found.names) == ["a/x", "b", "c"]
    assert list(found.sizes) == [(5, 7), (4, 3), (2, 2)]
    assert (found.n_channels, found.highest, found.notes) == (3, 255, ())
    assert np.array_equal(found.grid(1), noise(4, 3, 3, seed=1).transpose(2, 0, 1))
    assert found.grid(1).dtype == np.uint8


def test_archives_and_lists_have_the_same_names(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name in ("a/x.jpg", "b.png", "c.tif"):
            archive.write(folder / name, name)
    assert list(read(tmp_path / "in.zip").names) == ["a/x", "b", "c"]
    assert list(read([folder / "b.png", folder / "a" / "x.jpg"]).names) == ["b", "a/x"]
    assert list(read([str(folder / "b.png"), str(folder / "c.tif")]).names) == ["b", "c"]


def test_a_film_is_its_frames(tmp_path):
    frames = [Image.fromarray(np.full((3, 4), 40 * n, np.uint8)) for n in range(3)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=50)
    found = read(tmp_path / "film.gif")
    assert list(found.names) == ["#1", "#2", "#3"]
    assert [int(found.grid(number).max()) for number in range(3)] == [0, 40, 80]
    assert list(read(save(tmp_path / "still.png", noise(2, 3))).names) == ["still"]


def test_pages_may_be_of_several_sizes(tmp_path):
    pages = [Image.fromarray(noise(*size)) for size in ((3, 4), (6, 2))]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert list(read(tmp_path / "pages.tif").sizes) == [(3, 4), (6, 2)]


def test_a_photograph_is_turned_as_it_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = noise(4, 6, 3)
    save(tmp_path / "in" / "x.png", pixels, exif=exif)
    found = read(tmp_path / "in")
    assert list(found.sizes) == [(6, 4)]
    assert np.array_equal(found.grid(0), np.rot90(pixels, -1).transpose(2, 0, 1))


def test_the_channels_are_those_of_most(tmp_path):
    for name, shape in (("a", (3, 3)), ("b", (3, 3)), ("c", (3, 3, 3))):
        save(tmp_path / "in" / f"{name}.png", noise(*shape))
    found = read(tmp_path / "in")
    assert (found.n_channels, found.notes) == (1, ("1 picture in colour made grey",))
    luma = noise(3, 3, 3) @ np.array([0.299, 0.587, 0.114])
    assert np.array_equal(found.grid(2)[0], np.rint(luma).astype(np.uint8))
    found = read(tmp_path / "in", n_channels=3)
    assert found.notes == ("2 grey pictures made colour",)
    assert np.array_equal(found.grid(0), noise(3, 3)[None].repeat(3, axis=0))
    assert read(tmp_path / "in", channels="RGB").n_channels == 3


def test_colours_under_what_is_transparent_are_those_beside_it(tmp_path):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[1:3, 1:3] = 200, 100, 50, 128
    save(tmp_path / "in" / "x.png", pixels)
    found = read(tmp_path / "in")
    assert found.notes == ("1 picture with transparency: colours alone are learnt",)
    assert (found.grid(0) == np.array([200, 100, 50])[:, None, None]).all()


def test_the_depth_is_that_of_most(tmp_path):
    deep = noise(3, 3, dtype=np.uint16)
    save(tmp_path / "in" / "a.png", deep)
    save(tmp_path / "in" / "b.tif", deep)
    shallow = save(tmp_path / "in" / "c.png", noise(3, 3))
    found = read(tmp_path / "in")
    assert found.highest == 65535
    assert np.array_equal(found.grid(0)[0], deep)
    assert np.array_equal(found.grid(2)[0], noise(3, 3).astype(np.uint16) * 257)
    assert found.notes == ("1 picture of another depth: brought to uint16",)
    save(tmp_path / "in" / "d.png", noise(3, 3))
    found = read(tmp_path / "in")
    assert (found.highest, found.grid(0).dtype) == (255, np.uint8)
    assert np.array_equal(found.grid(0)[0], np.rint(deep / 257))
    assert shallow.exists()


def test_what_is_broken_is_left_out_or_refused(folder):
    (folder / "d.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("none either")
    found = read(folder)
    assert len(found) == 3
    assert found.notes[0].startswith("1 file left out: d.png (is no picture")
    assert found.notes[1] == "1 file is no picture: notes.txt"
    with pytest.raises(DataError, match=r"notes\.txt is no picture"):
        read(folder, strict=True)
    (folder / "notes.txt").unlink()
    with pytest.raises(DataError, match=r"d\.png"):
        read(folder, strict=True)


def test_what_breaks_later_is_named(folder):
    found = FORMAT.read_grids(folder, ImageOptions())
    (folder / "b.png").unlink()
    with pytest.raises(DataError, match=r"b\.png cannot be read \(is not there any more\)"):
        found.grid(1)


def test_pictures_are_kept_up_to_a_bound(folder, monkeypatch):
    found = read(folder)
    assert found.grid(0) is found.grid(0)
    monkeypatch.setattr(grids, "KEPT_BYTES", 110)
    found = read(folder)  # the first has 105 bytes
    assert found.grid(0) is found.grid(0)
    assert found.grid(1) is not found.grid(1)


def test_arrays_and_lists_of_them():
    values = noise(2, 5, 4, 3)
    found = read(values)
    assert (len(found), found.n_channels, found.highest, found.names[1]) == (2, 3, 255, "1")
    assert np.array_equal(found.grid(1), values[1].transpose(2, 0, 1))
    assert read(noise(3, 5, 4)).n_channels == 1
    found = read([noise(3, 4, 3), noise(5, 2, 3), noise(2, 2)])
    assert list(found.sizes) == [(3, 4), (5, 2), (2, 2)]
    assert found.notes == ("1 grey picture made colour",)
    dark = [np.full((2, 2), 0.5), np.full((2, 2), 200.0)]
    assert read(dark).highest == 255
    assert read(np.stack(dark) / 255).highest == 1
    assert read(noise(2, 3, 3, dtype=np.uint16)).highest == 65535
    assert read(noise(2, 3, 3).astype(np.int64)).grid(0).dtype == np.uint8


def test_pictures_bring_their_own_white():
    pixels = noise(3, 4, 4) // 16
    found = read(Pictures.of(pixels, highest=15))
    assert found.highest == 15
    assert np.array_equal(found.grid(2)[0], pixels[2])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (np.full((2, 3, 3), -1.0), "a value of -1"),
        (np.full((2, 3, 3), np.nan), "a value of nan"),
        (np.zeros((3, 3), np.uint8), r"\(3, 3\)"),
        ([np.zeros((3, 3, 7), np.uint8)], r"\(3, 3, 7\)"),
    ],
)
def test_what_is_no_picture_is_refused(source, said):
    with pytest.raises(DataError, match=said):
        read(source)


def test_an_empty_folder_and_sizes_are_refused(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="it is empty"):
        read(tmp_path / "empty")
    with pytest.raises(UsageError, match="keep their own size"):
        read(folder, size="8")
