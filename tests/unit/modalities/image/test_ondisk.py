"""Pictures that stay in their files: read when asked for, kept up to a bound, replaced when they are gone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError
from gansmith.modalities.image import ImageOptions, ondisk, picture_files, scoring
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.ondisk import Frames, OnDisk
from gansmith.modalities.image.reading import read_pictures
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import FULL


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Eight pictures of two classes, whose pixels are their numbers; too many to be read at once."""
    for number in range(8):
        path = tmp_path / "ab"[number // 4] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4), number).save(path)
    monkeypatch.setattr(picture_files, "AT_ONCE", 5)
    return tmp_path


def _values(pictures, numbers):
    return pictures.source.block(np.array(numbers))[:, 0, 0, 0].tolist()


def test_pictures_are_read_by_number(folder):
    pictures = read_pictures(folder, ImageOptions())
    assert isinstance(pictures.source, OnDisk)
    assert _values(pictures, [7, 0, 7, 3]) == [7, 0, 7, 3]
    assert pictures.pixels.shape == (8, 4, 4)
    assert pictures.of_label("b").pixels[:, 0, 0].tolist() == [4, 5, 6, 7]


def test_only_the_first_are_kept(folder, monkeypatch):
    monkeypatch.setattr(ondisk, "CACHE_BYTES", 3 * 16)
    decoded = []
    plain = Frames.decode
    monkeypatch.setattr(
        Frames, "decode", lambda self, number, *more: decoded.append(number) or plain(self, number, *more)
    )
    pictures = read_pictures(folder, ImageOptions())
    decoded.clear()
    for _ in range(2):
        assert _values(pictures, [5, 6, 7, 0]) == [5, 6, 7, 0]
    assert decoded == [5, 6, 7, 0, 0]


def test_in_the_place_of_a_lost_one_stands_the_next_of_its_class(folder):
    pictures = read_pictures(folder, ImageOptions())
    (folder / "a" / "3.png").unlink()
    (folder / "b" / "5.png").write_bytes(b"broken now")
    assert _values(pictures, [3, 5, 3]) == [0, 6, 0]
    assert isinstance(pictures.source, OnDisk)
    assert pictures.source.broken["a/3.png"] == "is not there any more"
    assert set(pictures.source.broken) == {"a/3.png", "b/5.png"}


def test_what_is_broken_when_the_folder_is_looked_at_is_left_out(folder):
    (folder / "a" / "1.png").write_bytes(b"broken")
    pictures = read_pictures(folder, ImageOptions())
    assert len(pictures) == 7
    assert pictures.pixels[:, 0, 0].tolist() == [0, 2, 3, 4, 5, 6, 7]
    assert "1 file left out: a/1.png" in pictures.notes[0]
    with pytest.raises(DataError, match=r"a/1\.png .*--strict"):
        read_pictures(folder, ImageOptions(strict=True))


def test_strict_replaces_nothing(folder):
    pictures = read_pictures(folder, ImageOptions(strict=True))
    (folder / "a" / "3.png").unlink()
    with pytest.raises(DataError, match=r"a/3\.png cannot be read \(is not there any more\)"):
        _values(pictures, [3])


def test_when_all_of_a_class_are_gone(folder):
    pictures = read_pictures(folder, ImageOptions())
    for number in range(4):
        (folder / "a" / f"{number}.png").unlink()
    with pytest.raises(DataError, match=r"a/2\.png cannot be read"):
        _values(pictures, [2])


def test_the_digest_knows_names_and_sizes(folder):
    pictures = read_pictures(folder, ImageOptions())
    assert pictures.fingerprint == read_pictures(folder, ImageOptions()).fingerprint
    assert pictures.fingerprint != pictures.take(np.arange(7)).fingerprint
    assert pictures.fingerprint != read_pictures(folder, ImageOptions(size="3")).fingerprint
    Image.new("L", (4, 5), 3).save(folder / "a" / "3.png")
    before = read_pictures(folder, ImageOptions(size="3")).fingerprint
    (folder / "a" / "3.png").write_bytes((folder / "a" / "3.png").read_bytes() + b"more")
    assert before != read_pictures(folder, ImageOptions(size="3")).fingerprint


def test_a_stand_in_is_like_the_lost_one_in_all_that_is_known(folder):
    rows = "".join(f"{'ab'[n // 4]}/{n}.png,{'left' if n % 2 else 'right'}\n" for n in range(8))
    (folder / "labels.csv").write_text("file,side\n" + rows)
    pictures = read_pictures(folder, ImageOptions())
    (folder / "a" / "0.png").unlink()
    assert _values(pictures, [0]) == [2]
    (folder / "a" / "2.png").unlink()
    assert _values(pictures, [2]) == [3]  # of its label, where no other is


def test_strict_looks_at_all_pixels_first(folder, monkeypatch):
    monkeypatch.setattr(picture_files, "_N_SAMPLED", 1)
    path = folder / "a" / "3.png"
    Image.effect_noise((40, 40), 90).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(DataError, match=r"a/3\.png \(truncated\)"):
        read_pictures(folder, ImageOptions(strict=True, size="4", fit="crop"))


def test_a_score_says_what_could_not_be_read(folder, monkeypatch):
    pictures = read_pictures(folder, ImageOptions())
    (folder / "a" / "3.png").unlink()

    def score(fakes, train, *_):
        assert len(train.without_masks.pixels) == 8
        return [Scorecard("", ())]

    monkeypatch.setattr(scoring, "score_pictures", score)
    fake = read_pictures(np.zeros((2, 4, 4), np.uint8), ImageOptions())
    card = next(ImageFormat().score([fake], pictures, pictures, None, 0, FULL))
    assert card.notes == (
        "1 picture could not be read and were replaced by others: a/3.png (is not there any more)",
    )
