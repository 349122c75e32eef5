"""Pairs from folders and from memory: which belong together, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.pairs import PairOptions
from gansmith.modalities.pairs.format import PairFormat
from gansmith.modalities.registry import recognise
from gansmith.settings import from_plain


def picture(seed: int, height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def folder(path: Path, names: list[str], seed: int = 0, **size: int) -> Path:
    for number, name in enumerate(names):
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(seed + number, **size)).save(file)
    return path


def read(source: object, **options: object):
    return PairFormat().read(source, from_plain(PairOptions, options))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (["1.png", "2.png", "10.png"], ["1.jpg", "2.jpg", "10.jpg"]),
        (["a/1.png", "b/2.png", "10.png"], ["1.png", "2.png", "10.png"]),
        (["scan_1.png", "scan_2.png", "scan_10.png"], ["1_mask.png", "2_mask.png", "10_mask.png"]),
    ],
)
def test_files_of_the_same_name_belong_together(tmp_path, ours, theirs):
    source, target = folder(tmp_path / "a", ours), folder(tmp_path / "b", theirs, seed=50)
    pairs = read(str(source), to=str(target))
    assert pairs.source is not None
    numbers = ["".join(filter(str.isdigit, Path(name).stem)) for name in pairs.source.names]
    wanted = ["".join(filter(str.isdigit, Path(name).stem)) for name in pairs.target.names]
    found = {
        (numbers[a], wanted[b])
        for a, b in zip(pairs.of_source.tolist(), pairs.of_target.tolist(), strict=True)
    }
    assert found == {("1", "1"), ("2", "2"), ("10", "10")}
    assert pairs.notes == ()


def test_what_has_no_counterpart_is_left_out_and_said(tmp_path):
    source = folder(tmp_path / "a", ["1.png", "2.png", "3.png"])
    target = folder(tmp_path / "b", ["2.png", "3.png"], seed=50)
    pairs = read(str(source), to=str(target))
    assert len(pairs) == 2
    assert "1 of 3 records" in pairs.notes[-1]


def test_folders_with_nothing_in_common_are_refused(tmp_path):
    source, target = folder(tmp_path / "a", ["x.png", "y.png"]), folder(tmp_path / "b", ["1.png", "2.png"])
    with pytest.raises(DataError, match=r"'x', 'y'.*no of 2 names") as refused:
        read(str(source), to=str(target))
    assert "name them so" in str(refused.value)


def test_sizes_that_do_not_match_are_named(tmp_path):
    source = folder(tmp_path / "a", ["1.png", "2.png"])
    target = folder(tmp_path / "b", ["1.png"]) and folder(tmp_path / "b", ["2.png"], height=20)
    with pytest.raises(DataError, match=r"2: 32 x 24 in .*, 32 x 20 in .*--size"):
        read(str(source), to=str(target))
    assert len(read(str(source), to=str(target), size="16")) == 2


def test_arrays_belong_together_in_their_order():
    given, wanted = np.stack([picture(k) for k in range(3)]), np.stack([picture(9 + k) for k in range(3)])
    pairs = read((given, wanted))
    (first,) = [one for one in (pairs.given(2),) if one is not None]
    assert np.array_equal(first.transpose(1, 2, 0), given[2])
    assert np.array_equal(pairs.wanted(1).transpose(1, 2, 0), wanted[1])
    with pytest.raises(DataError, match="3 records are given, and 2"):
        read((given, wanted[:2]))


def test_good_records_alone_are_read_where_the_other_side_is_made_of_them():
    pairs = read(np.stack([picture(k) for k in range(3)]), upscale=2)
    assert (len(pairs), pairs.task, pairs.given(0)) == (3, "upscale", None)


def test_the_fingerprint_is_that_of_the_pairs():
    given, wanted = np.stack([picture(k) for k in range(3)]), np.stack([picture(9 + k) for k in range(3)])
    one, same, other = read((given, wanted)), read((given.copy(), wanted.copy())), read((wanted, given))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert one.take(np.array([0, 2])).fingerprint != one.fingerprint


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"upscale": 2, "restore": True}, "--upscale and --restore are different"),
        ({"upscale": 1}, "enlarges nothing"),
        ({"upscale": 9}, "8 or less"),
        ({"damage": "old"}, "--restore"),
        ({"restore": True, "size": "20x30"}, "pixels for the longest side"),
        ({"restore": True, "size": "4"}, "longest side, 8 or more"),
        ({"upscale": 2, "size": "32"}, "Leave one of them out"),
        ({"upscale": 2, "channels": "CMYK"}, "L .grey. or RGB"),
        ({}, "Give to, upscale or restore"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        read(np.stack([picture(k) for k in range(2)]), **options)


def test_a_name_that_is_there_twice_is_said(tmp_path):
    source, target = folder(tmp_path / "a", ["1.png", "1.bmp"]), folder(tmp_path / "b", ["1.png", "2.png"])
    with pytest.raises(DataError, match="'1' is there twice"):
        read(str(source), to=str(target))


def test_a_folder_that_is_not_there_is_said(tmp_path):
    source = folder(tmp_path / "a", ["1.png", "2.png"])
    (tmp_path / "empty").mkdir()
    for wrong, said in (("phots", "is not there"), ("empty", "an empty folder")):
        with pytest.raises(DataError, match=said):
            read(str(source), to=str(tmp_path / wrong))
        with pytest.raises(DataError, match=said):
            read(str(tmp_path / wrong), upscale=2)


def test_pictures_of_pillow_s_are_read():
    pairs = read([Image.fromarray(picture(k, height=20 + k)) for k in range(3)], upscale=2)
    assert [pairs.sides(k) for k in range(3)] == [(20, 32), (21, 32), (22, 32)]


def test_a_table_is_no_picture(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    with pytest.raises(UsageError, match="'table'"):
        read(str(table), upscale=2)


def test_an_option_says_that_data_is_pairs():
    assert recognise("anything", {"upscale": 2}).kind == "pairs"
    assert recognise(np.stack([picture(0)] * 2), {"upscale": 0}).kind == "image"
