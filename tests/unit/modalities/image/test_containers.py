"""idx, npy and npz files: MNIST's own, and arrays that are saved."""

from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pytest

from gansmith.errors import DataError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.reading import looks_like_pictures, read_like, read_pictures

PIXELS = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def _idx(values, kind=8):
    sizes = b"".join(side.to_bytes(4, "big") for side in values.shape)
    return bytes((0, 0, kind, values.ndim)) + sizes + values.tobytes()


def _saved(path, content):
    path.write_bytes(gzip.compress(content) if path.name.endswith("gz") else content)
    return path


@pytest.mark.parametrize("end", ["", ".gz"])
def test_digits_with_the_labels_beside_them(tmp_path, end):
    path = _saved(tmp_path / f"train-images-idx3-ubyte{end}", _idx(PIXELS))
    assert read_pictures(path, ImageOptions()).labels is None
    _saved(tmp_path / "train-labels-idx1-ubyte.gz", _idx(np.array([7, 2, 7], np.uint8)))
    pictures = read_pictures(path, ImageOptions())
    assert pictures.pixels.tolist() == PIXELS.tolist()
    assert pictures.labels is not None
    assert pictures.labels.tolist() == ["7", "2", "7"]
    assert looks_like_pictures(path)
    _saved(tmp_path / "t10k-images-idx3-ubyte", _idx(PIXELS[:2]))
    folder = read_pictures(tmp_path, ImageOptions())
    assert len(folder) == 3
    assert f"train-images-idx3-ubyte{end} is read" in folder.notes[-1]
    assert looks_like_pictures(tmp_path)
    given = _saved(tmp_path / "mine-idx1-ubyte", _idx(np.array([1, 1, 2], np.uint8)))
    other = read_pictures(path, ImageOptions(labels=str(given))).labels
    assert other is not None
    assert other.tolist() == ["1", "1", "2"]


def test_damaged_idx_files_are_refused(tmp_path):
    for content, match in (
        (_idx(PIXELS)[:-1], "truncated: 59 bytes of 60, for an array of shape .3, 4, 5."),
        (b"\x01\x02\x03\x04", "is no idx file"),
        (b"", "is no idx file"),
        (bytes((0, 0, 8, 3)) + b"\xff" * 12, "at most"),
    ):
        with pytest.raises(DataError, match=match):
            read_pictures(_saved(tmp_path / "a-idx3-ubyte", content), ImageOptions())
    (tmp_path / "b-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(PIXELS))[:-30])
    with pytest.raises(DataError, match="cannot be read"):
        read_pictures(tmp_path / "b-idx3-ubyte.gz", ImageOptions())
    with pytest.raises(DataError, match="cannot be read"):
        read_pictures(tmp_path / "none-idx3-ubyte", ImageOptions())


def test_saved_arrays(tmp_path):
    colour = np.random.default_rng(0).integers(0, 256, (3, 8, 9, 3)).astype(np.uint8)
    np.save(tmp_path / "a.npy", colour)
    np.save(tmp_path / "b.npy", colour.transpose(0, 3, 1, 2))
    np.savez(tmp_path / "c.npz", x_train=colour, y_train=np.array([[1], [1], [2]]), x_test=colour[:1])
    np.savez(tmp_path / "d.npz", colour)
    for name in ("a.npy", "b.npy", "c.npz", "d.npz"):
        assert np.array_equal(read_pictures(tmp_path / name, ImageOptions()).pixels, colour), name
        assert looks_like_pictures(tmp_path / name), name
    labels = read_pictures(tmp_path / "c.npz", ImageOptions()).labels
    assert labels is not None
    assert labels.tolist() == ["1", "1", "2"]
    np.save(tmp_path / "rows.npy", np.zeros((3, 5)))
    assert not looks_like_pictures(tmp_path / "rows.npy")


def test_large_ones_are_made_smaller_as_files_are(tmp_path):
    np.save(tmp_path / "a.npy", np.full((3, 100, 50), 200, np.uint8))
    pictures = read_pictures(tmp_path / "a.npy", ImageOptions())
    assert pictures.pixels.shape == (3, 64, 32)
    assert pictures.notes == ("pictures of 50 x 100 pixels, brought to 32 x 64: scaled",)
    assert read_like(tmp_path / "a.npy", pictures).form == pictures.form
    assert read_pictures(tmp_path / "a.npy", ImageOptions(size="50x100")).pixels.shape == (3, 100, 50)


def test_what_runs_code_or_holds_no_pictures_is_refused(tmp_path):
    objects = np.array([{"a": 1}], dtype=object)
    with (tmp_path / "a.npy").open("wb") as file:  # says that it holds objects, which is enough to refuse it
        header = {"descr": "|O", "fortran_order": False, "shape": (1,)}
        np.lib.format.write_array_header_1_0(file, header)
    np.savez(tmp_path / "b.npz", objects)
    np.savez(tmp_path / "c.npz", one=PIXELS, two=PIXELS)
    (tmp_path / "d.npz").write_bytes(b"no zip at all")
    for name, match in (
        ("a.npy", "run code"),
        ("b.npz", "run code"),
        ("c.npz", r"none of its arrays \(one, two\)"),
        ("d.npz", "cannot be read"),
    ):
        with pytest.raises(DataError, match=match):
            read_pictures(tmp_path / name, ImageOptions())
        assert not looks_like_pictures(tmp_path / name)


def test_more_than_the_file_has_is_not_believed(tmp_path):
    np.save(tmp_path / "a.npy", PIXELS)
    small = (tmp_path / "a.npy").read_bytes()
    huge = small.replace(b"(3, 4, 5), }        ", b"(999999999, 4, 5), }")
    assert huge != small
    (tmp_path / "a.npy").write_bytes(huge)
    with pytest.raises(DataError, match="truncated: it says 19999999980 bytes"):
        read_pictures(tmp_path / "a.npy", ImageOptions())
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("images.npy", huge)
    with pytest.raises(DataError, match="truncated: it says 19999999980 bytes"):
        read_pictures(tmp_path / "b.npz", ImageOptions())


def test_a_folder_of_one_array_is_that_array(tmp_path):
    np.save(tmp_path / "images.npy", PIXELS)
    assert len(read_pictures(tmp_path, ImageOptions())) == 3
    np.save(tmp_path / "labels.npy", np.arange(3))
    assert len(read_pictures(tmp_path, ImageOptions())) == 3
