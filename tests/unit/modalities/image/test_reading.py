"""Reading pictures: what is understood, and what is refused with its place."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.pictures import BUNDLED_DIGITS, Pictures, bundled_digits
from gansmith.modalities.image.reading import looks_like_pictures, read_like, read_pictures

TWO_BY_TWO = "0,1,2,3,a\n4,5,6,7,b\n8,9,10,16,a\n"


def _file(tmp_path, text, name="pictures.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _refused(tmp_path, text, match, reading=None):
    with pytest.raises(DataError, match=match):
        read_pictures(_file(tmp_path, text), reading or ImageOptions())


def test_pixels_and_labels(tmp_path):
    pictures = read_pictures(_file(tmp_path, TWO_BY_TWO), ImageOptions())
    assert pictures.pixels.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 16]]]
    assert pictures.pixels.dtype == np.uint8
    assert pictures.labels is not None
    assert pictures.labels.tolist() == ["a", "b", "a"]
    assert pictures.highest == 16
    assert pictures.name == "pictures.csv"


def test_without_labels(tmp_path):
    pictures = read_pictures(_file(tmp_path, "0,1,1,0\r\n1,1,1,1\r\n\r\n"), ImageOptions())
    assert (len(pictures), pictures.labels, pictures.highest) == (2, None, 1)


@pytest.mark.parametrize("header", ["p0,p1,p2,p3,label", '"a","b","c","d","e"', "0,b,c,d,e"])
def test_a_header_is_left_out_and_said(tmp_path, header):
    pictures = read_pictures(_file(tmp_path, f"{header}\n{TWO_BY_TWO}"), ImageOptions())
    assert len(pictures) == 3
    assert "header" in pictures.notes[0]


def test_columns_that_are_counted_are_a_header(tmp_path):
    lines = [",".join(map(str, row)) for row in (range(17), [1] * 17, [2] * 17)]
    assert len(read_pictures(_file(tmp_path, "\n".join(lines)), ImageOptions())) == 2
    assert len(read_pictures(_file(tmp_path, "\n".join(lines)), ImageOptions(has_header=False))) == 3


def test_a_first_line_of_pixels_is_no_header(tmp_path):
    pictures = read_pictures(_file(tmp_path, "0,1,2,3,9\n" + TWO_BY_TWO), ImageOptions(has_header=False))
    assert len(pictures) == 4
    assert not read_pictures(_file(tmp_path, TWO_BY_TWO), ImageOptions()).notes


@pytest.mark.parametrize(("largest", "highest"), [(1, 1), (2, 15), (15, 15), (16, 16), (17, 255), (255, 255)])
def test_the_brightest_value_is_the_smallest_usual_one(largest, highest):
    pixels = np.zeros((3, 4, 4))
    pixels[1, 2, 3] = largest
    assert read_pictures(pixels, ImageOptions()).highest == highest


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "no pictures in it"),
        ("\n\n", "no pictures in it"),
        ("a,b,c,d\n", "no pictures in it"),
        ("1,2,3,4\n", "1 picture. Give at least 2"),
        ("1,2,3,4\n1,2,3\n", "line 2 has 3 columns, the first picture 4"),
        ("1,2,3,4\n\n1,x,3,4\n", "line 3, column 2: 'x' is not a number"),
        ("1,2,3,4\n1,2,,4\n", "line 2, column 3: '' is not a number"),
        ("1,2,3,4\n1,-2,3,4\n", "line 2, column 2: -2 is no pixel"),
        ("1,2,3,4\n1,2,3,256\n", "line 2, column 4: 256 is no pixel"),
        ("1,2,3,4\n1.5,2,3,4\n", "line 2, column 1: 1.5 is no pixel"),
        ("1,2,3,4\n1,inf,3,4\n", "line 2, column 2: inf is no pixel"),
        ("1,2,3,4\n1,nan,3,4\n", "line 2, column 2: nan is no pixel"),
        ("1,2,3,4,5,6,7\n1,2,3,4,5,6,7\n", "7 columns are no square picture.* 4 or 9 pixels"),
        ("label,a,b,c,d\n2,1,1,1,1\n", "label stands in the first column"),
        (b"1,2,3,\xff\n", "is no utf-8 text"),
    ],
)
def test_bad_text_is_refused_with_its_place(tmp_path, text, match):
    _refused(tmp_path, text, match)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        read_pictures(tmp_path / "none.csv", ImageOptions())
    with pytest.raises(DataError, match="cannot be read"):
        read_pictures(tmp_path, ImageOptions())


def test_where_keeps_one_label(tmp_path):
    pictures = read_pictures(_file(tmp_path, TWO_BY_TWO), ImageOptions(where={"label": "a"}))
    assert pictures.pixels[:, 0, 0].tolist() == [0, 8]
    with pytest.raises(UsageError, match=r"'c'.*Known: 'a', 'b'"):
        read_pictures(_file(tmp_path, TWO_BY_TWO), ImageOptions(where={"label": "c"}))
    with pytest.raises(UsageError, match="Did you mean 'label'"):
        read_pictures(_file(tmp_path, TWO_BY_TWO), ImageOptions(where={"labels": "a"}))
    with pytest.raises(UsageError, match="has no labels"):
        read_pictures(np.zeros((3, 2, 2)), ImageOptions(where={"label": "a"}))


def test_arrays_of_every_form():
    pixels = np.arange(12).reshape(3, 2, 2)
    for source in (pixels, pixels.astype(float), pixels.reshape(3, 4), (pixels, np.array([2.0, 3.0, 2.0]))):
        assert read_pictures(source, ImageOptions()).pixels.tolist() == pixels.tolist()
    bunch = {"images": pixels, "target": np.array([2, 3, 2])}
    twos = read_pictures(bunch, ImageOptions(where={"label": "2"}))
    assert twos.pixels.tolist() == pixels[[0, 2]].tolist()
    assert (
        read_pictures((pixels, np.array([2.0, 3.0, 2.0])), ImageOptions(where={"label": "2"})).labels
        is not None
    )
    pictures = read_pictures(pixels, ImageOptions())
    assert read_pictures(pictures, ImageOptions()) is pictures


@pytest.mark.parametrize(
    ("source", "match"),
    [
        (np.zeros((3, 5)), "holds no pictures"),
        (np.zeros((0, 2, 2)), "0 pictures. Give at least 2"),
        (np.zeros((3, 2, 2, 2, 3)), "holds no pictures"),
        (np.zeros((3, 0, 2)), "holds no pictures"),
        (np.full((3, 2, 2), -1), "picture 0, pixel 0: -1 is no pixel"),
        (np.array([[[0, 0], [0, 0]], [[0, 0], [np.inf, 0]]]), "picture 1, pixel 2: inf is no pixel"),
        (np.full((3, 2, 2), "x"), "values of type"),
        ((np.zeros((3, 2, 2)), np.zeros(2)), "2 labels for 3 pictures"),
    ],
)
def test_bad_arrays_are_refused(source, match):
    with pytest.raises(DataError, match=match):
        read_pictures(source, ImageOptions())


def test_pictures_to_compare_share_size_and_white():
    like = read_pictures(np.full((3, 2, 2), 16), ImageOptions())
    assert read_like(np.zeros((3, 2, 2)), like).highest == 16
    with pytest.raises(DataError, match="3 x 3 pixels, those of array have 2 x 2"):
        read_like(np.zeros((3, 3, 3)), like)
    with pytest.raises(DataError, match="a pixel of 17"):
        read_like(np.full((3, 2, 2), 17), like)


def test_what_holds_no_pictures_is_a_wrong_question():
    with pytest.raises(UsageError, match="a list holds no pictures"):
        read_pictures([1, 2], ImageOptions())


def test_the_bundled_digits():
    digits = bundled_digits()
    assert digits.pixels.shape == (1797, 8, 8)
    assert digits.highest == 16
    assert len(digits.of_label("2")) == 177
    twos = read_pictures(BUNDLED_DIGITS, ImageOptions(where={"label": "2"}))
    assert twos.fingerprint == digits.of_label("2").fingerprint
    both = read_pictures(BUNDLED_DIGITS, ImageOptions(where=["label=2", "label=3"]))
    assert len(both) == len(twos) + len(digits.of_label("3"))
    with pytest.raises(UsageError, match="with = alone"):
        read_pictures(BUNDLED_DIGITS, ImageOptions(where={"label": {">": "2"}}))
    assert twos.fingerprint != digits.of_label("3").fingerprint


def test_what_looks_like_pictures(tmp_path):
    line = ",".join(["7"] * 64)
    assert looks_like_pictures(_file(tmp_path, f"{line},2\n{line},3\n"))
    assert looks_like_pictures(tmp_path / "optdigits.tra")
    assert looks_like_pictures(np.zeros((2, 4, 4)))
    assert looks_like_pictures(Pictures.of(np.zeros((2, 3, 3), np.uint8), None, 1, "p"))
    for text in (
        f"{line}\n",
        f"{line},2\n{line},x\n",
        f"{line},2\n1,2\n",
        "1,2,3,4,5\n",
        "",
        f"{line},300\n",
    ):
        assert not looks_like_pictures(_file(tmp_path, text)), text[-10:]
    assert not looks_like_pictures(np.zeros((2, 3)))
    assert not looks_like_pictures(tmp_path / "missing.csv")
    assert not looks_like_pictures({"a": 1})
