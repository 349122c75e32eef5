"""Folders and archives of pictures: what is read, what is left out and said, what is refused."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities import record_files as files_module
from gansmith.modalities.image import ImageOptions, picture_files
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.reading import looks_like_pictures, read_like, read_pictures

FORMAT = ImageFormat()


def _png(value=0, size=(8, 6), mode="L", kind="PNG"):
    """A picture of one value, encoded."""
    file = io.BytesIO()
    colour = value if mode in ("L", "I;16") else (value, 0, 0, 255)[: len(mode)]
    Image.new(mode, size, colour).save(file, kind)
    return file.getvalue()


def _noise(seed=0, size=(40, 30)):
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "JPEG")
    return file.getvalue()


def _folder(root, contents):
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def _read(source, **options):
    return read_pictures(source, ImageOptions(**options))


def _has_note(pictures, text):
    return any(text in note for note in pictures.notes)


CLASSES = {
    "cat/1.png": _png(1),
    "cat/2.png": _png(2),
    "cat/10.png": _png(10),
    "dog/1.png": _png(21),
    "dog/3 'old' \"x\" é猫.png": _png(23),
}
VALUES = [1, 2, 10, 21, 23]


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "top.zip", "dotted.tar"])
def test_classes_in_folders_and_archives(tmp_path, kind):
    top = {"top.zip": "animals/", "dotted.tar": "./"}.get(kind, "")
    contents = {top + name: content for name, content in CLASSES.items()}
    source = _archive(tmp_path, kind, contents)
    pictures = _read(source)
    assert pictures.pixels[:, 0, 0].tolist() == VALUES  # natural order: 2 before 10
    assert pictures.pixels.shape == (5, 6, 8)
    assert pictures.labels is not None
    assert pictures.labels.tolist() == ["cat"] * 3 + ["dog"] * 2
    assert pictures.notes == ()
    assert pictures.files[4].endswith("é猫.png")
    assert looks_like_pictures(source)
    assert _read(source, where=["label=dog"]).pixels[:, 0, 0].tolist() == VALUES[3:]


def _archive(tmp_path, kind, contents):
    if kind == "folder":
        return _folder(tmp_path / "animals", contents)
    path = tmp_path / f"animals.{kind}"
    if kind.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_a_compressed_tar_that_is_too_large_is_to_be_unpacked(tmp_path, monkeypatch):
    path = _archive(tmp_path, "tar.gz", CLASSES)
    monkeypatch.setattr(files_module, "MAX_ENCODED_BYTES", 100)
    with pytest.raises(DataError, match=r"animals\.tar\.gz.*Unpack it"):
        _read(path)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_archives_that_are_none_are_refused(tmp_path, name):
    with pytest.raises(DataError, match="cannot be read as a"):
        _read(_folder(tmp_path, {name: b"nothing" * 200}) / name)
    with pytest.raises(DataError, match="cannot be read as a"):
        _read(tmp_path / f"missing-{name}")


def test_a_flat_folder_has_no_label_and_deeper_ones_have_paths(tmp_path):
    assert _read(_folder(tmp_path / "a", {"x/1.png": _png(), "x/2.png": _png()})).labels is None
    deep = {f"{name}.png": _png() for name in ("p/q/1", "p/q/2", "p/r/s/1", "p/r/s/2")}
    labels = _read(_folder(tmp_path / "b", deep)).labels
    assert labels is not None
    assert labels.tolist() == ["q", "q", "r/s", "r/s"]


def test_many_folders_with_numbers_for_names_are_classes(tmp_path):
    contents = {f"{label}/{number}.png": _png() for label in range(14) for number in range(2)}
    labels = _read(_folder(tmp_path, contents)).labels
    assert labels is not None
    assert labels.tolist()[:4] == ["0", "0", "1", "1"]


def test_no_pictures_at_all(tmp_path):
    with pytest.raises(DataError, match=r"no picture file in it \(it is empty"):
        _read(tmp_path)
    with pytest.raises(DataError, match=r"2 other files: a\.txt, b\.doc"):
        _read(_folder(tmp_path, {"a.txt": "x", "b.doc": "y", ".hidden.png": _png()}))
    with pytest.raises(DataError, match=r"2 files left out: a\.png \(is no picture.*Repair them"):
        _read(_folder(tmp_path / "all", {"a.png": b"xx", "b.png": b""}))


def test_one_is_not_enough_two_are(tmp_path):
    folder = _folder(tmp_path, {"a.png": _png(1)})
    with pytest.raises(DataError, match=r"1 picture\. Give at least 2"):
        _read(folder)
    assert len(_read(_folder(folder, {"b.png": _png(2)}))) == 2


def test_text_files_and_broken_ones_are_left_out_and_named(tmp_path):
    jpeg = _noise()
    contents = {
        "a.jpg": jpeg,
        "b.jpg": jpeg[: len(jpeg) // 2],
        "c.jpg": jpeg,
        "d.png": b"\x89PNG\r\n\x1a\n and then nothing",
        "e.gif": b"",
        "notes.txt": "hello",
        "README": "hello",
        "Thumbs.db": "x",
        ".DS_Store": "x",
    }
    pictures = _read(_folder(tmp_path, contents))
    assert pictures.files == ("a.jpg", "c.jpg")
    assert _has_note(pictures, "3 files left out: b.jpg (truncated), d.png (is no picture")
    assert _has_note(pictures, "2 files are no pictures: README, notes.txt")
    with pytest.raises(DataError, match="README is no picture, 2 such files in all"):
        _read(tmp_path, strict=True)
    for name in ("notes.txt", "README"):
        (tmp_path / name).unlink()
    with pytest.raises(DataError, match=r"3 files left out: b\.jpg \(truncated\).*--strict"):
        _read(tmp_path, strict=True)


def test_a_bomb_is_left_out_undecoded(tmp_path, monkeypatch):
    bomb = bytearray(_png(size=(4, 4)))
    bomb[16:24] = (40_000).to_bytes(4, "big") * 2  # its header says so; the checksum follows
    bomb[29:33] = _checksum(bytes(bomb[12:29]))
    folder = _folder(tmp_path, {"a.png": _png(), "b.png": _png(), "bomb.png": bytes(bomb)})
    pictures = _read(folder)
    assert len(pictures) == 2
    assert _has_note(pictures, "1 file left out: bomb.png (1600 megapixels, at most 100 are decoded)")
    bomb[16:24] = (11_000).to_bytes(4, "big") * 2  # Pillow itself would only warn
    bomb[29:33] = _checksum(bytes(bomb[12:29]))
    pictures = _read(_folder(tmp_path, {"bomb.png": bytes(bomb)}))
    assert _has_note(pictures, "bomb.png (11000 x 11000 pixels: 121 megapixels")


def _checksum(chunk):
    import zlib

    return zlib.crc32(chunk).to_bytes(4, "big")


def test_mixed_channels_depths_and_sizes_become_one_form(tmp_path):
    contents = {
        "a.png": _png(200, (20, 20), "RGB"),
        "b.png": _png(200, (28, 20), "L"),
        "c.png": _png(200, (20, 28), "RGBA"),
        "d.jpg": _png(0, (20, 20), "CMYK", "JPEG"),
        "e.png": _png(40_000, (20, 20), "I;16"),
        "f.bmp": _png(200, (20, 20), "RGB", "BMP"),
        "g.webp": _png(200, (20, 20), "RGB", "WEBP"),
        "h.ppm": _png(200, (20, 20), "RGB", "PPM"),
    }
    pictures = _read(_folder(tmp_path, contents))
    assert pictures.pixels.shape == (8, 20, 20, 3)
    assert pictures.pixels.dtype == np.uint8
    assert _has_note(pictures, "of 20 x 20 to 28 x 28 pixels, brought to 20 x 20: the middle cut out")
    assert _has_note(pictures, "several kinds of pictures, all read as 20 x 20 pixels, colour")
    assert pictures.pixels[0, 10, 10].tolist() == [200, 0, 0]
    assert pictures.pixels[1, 10, 10].tolist() == [200, 200, 200]
    assert np.ptp(pictures.pixels[4, 10, 10]) == 0
    assert pictures.pixels[4, 10, 10, 0] == 156  # 40,000 of 65,535
    grey = _read(tmp_path, channels="L", size="10x14", fit="stretch")
    assert grey.pixels.shape == (8, 14, 10)
    with pytest.raises(UsageError, match="channels 'CMYK': wanted one of L, LA, RGB, RGBA"):
        _read(tmp_path, channels="CMYK")
    for size in ("0", "10x", "9999", "wide"):
        with pytest.raises(UsageError, match="wanted WIDTHxHEIGHT"):
            _read(tmp_path, size=size)


def test_an_animated_gif_gives_its_first_picture_in_a_folder_and_all_alone(tmp_path):
    steps = [Image.new("P", (8, 8), value) for value in (1, 2, 3)]
    for number, step in enumerate(steps):
        step.putpalette([0] * 3 + [255, 0, 0, 0, 255, 0, 0, 0, 255])
        step.info["duration"] = number
    steps[0].save(tmp_path / "a.gif", save_all=True, append_images=steps[1:])
    alone = _read(tmp_path / "a.gif")
    assert alone.pixels[:, 0, 0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert alone.files[1] == "a.gif#2"
    assert looks_like_pictures(tmp_path / "a.gif")
    folder = _read(_folder(tmp_path, {"b.png": _png(9, (8, 8), "RGB")}))
    assert folder.pixels[:, 0, 0].tolist() == [[255, 0, 0], [9, 0, 0]]
    assert _has_note(folder, "1 file holds several pictures: only the first is used")
    assert not looks_like_pictures(tmp_path / "b.png")
    with pytest.raises(DataError, match=r"1 picture\. Give at least 2"):
        _read(tmp_path / "b.png")


def test_one_picture_for_each_class_leaves_no_class(tmp_path):
    pictures = _read(_folder(tmp_path, {f"{name}/1.png": _png() for name in "abc"}))
    assert pictures.labels is None
    assert _has_note(pictures, "'label' is not used: 3 different values name single pictures")


def test_a_file_that_vanishes_is_left_out(tmp_path, monkeypatch):
    folder = _folder(tmp_path, {f"{number}.png": _png(number) for number in range(5)})
    listed = files_module.Folder(folder)
    (folder / "2.png").unlink()
    monkeypatch.setattr("gansmith.modalities.image.reading.files_in", lambda path: listed)
    pictures = _read(folder)
    assert pictures.pixels[:, 0, 0].tolist() == [0, 1, 3, 4]
    assert _has_note(pictures, "2.png (is not there any more)")


LABELS = "file,breed,age\n1.png,tabby,3\n10.png,lion,5\nghost.png,lion,5\n"


def test_labels_beside_pictures(tmp_path):
    contents = {"1.png": _png(1), "2.png": _png(2), "10.png": _png(10), "11.png": _png(11)}
    table = LABELS + "11.png,lion,3\n"
    pictures = _read(_folder(tmp_path / "in", contents | {"labels.csv": table.encode()}))
    assert pictures.attributes.columns["breed"].tolist() == ["tabby", None, "lion", "lion"]
    assert _has_note(pictures, "labels.csv: 1 row without a picture: ghost.png")
    assert _has_note(pictures, "labels.csv: says nothing of 1 picture")
    with pytest.raises(DataError, match=r"1 row without a picture: ghost\.png.*Add the files"):
        _read(tmp_path / "in", strict=True)
    beside = _archive(tmp_path, "zip", contents)
    (tmp_path / "attributes.csv").write_text(table.replace(".png", ""))
    assert _read(beside).attributes.columns["breed"].tolist() == ["tabby", None, "lion", "lion"]
    given = _folder(tmp_path / "elsewhere", {"mine.csv": table}) / "mine.csv"
    assert _read(_folder(tmp_path / "bare", contents), labels=str(given)).attributes.names == ("breed", "age")
    with pytest.raises(DataError, match=r"none of its columns \(a, b\) names a picture .*as '1\.png'"):
        _read(tmp_path / "bare", labels=str(_folder(tmp_path, {"odd.csv": "a,b\n7,8\n"}) / "odd.csv"))
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        _read(tmp_path / "bare", labels=str(tmp_path / "none.csv"))


def test_a_table_of_paths(tmp_path, monkeypatch):
    import pandas as pd

    folder = _folder(tmp_path, {f"p/{number}.png": _png(number) for number in range(4)})
    frame = pd.DataFrame(
        {"kind": ["b", "a", "b", "a"], "path": [f"p/{number}.png" for number in (3, 1, 2, 0)]}
    )
    frame.to_csv(folder / "list.csv", index=False)
    pictures = _read(folder / "list.csv")
    assert pictures.pixels[:, 0, 0].tolist() == [3, 1, 2, 0]
    assert pictures.attributes.columns["kind"].tolist() == ["b", "a", "b", "a"]
    assert looks_like_pictures(folder / "list.csv")
    assert not looks_like_pictures(frame)  # from here they are not there
    monkeypatch.chdir(folder)
    assert looks_like_pictures(frame)
    assert _read(frame).pixels[:, 0, 0].tolist() == [3, 1, 2, 0]
    paths = [Path("p/1.png"), Path("p/2.png")]
    assert _read(paths).pixels[:, 0, 0].tolist() == [1, 2]
    assert looks_like_pictures(paths)
    (folder / "list.csv").rename(folder / "far.csv")
    (folder / "p").rename(folder / "q")
    assert not looks_like_pictures(folder / "far.csv")
    with pytest.raises(DataError, match=r"p/3\.png \(is not there any more\)"):
        _read(folder / "far.csv")


def test_others_are_brought_to_the_form_of_the_first(tmp_path):
    first = _read(_folder(tmp_path / "a", {f"{age}.png": _png(age, (8, 8)) for age in range(3)}))
    other = read_like(
        _folder(tmp_path / "b", {f"{n}.png": _png(n, (16, 16), "RGB") for n in range(2)}), first
    )
    assert other.form == first.form
    assert _has_note(other, "of 16 x 16 pixels, brought to 8 x 8: scaled")
    with pytest.raises(DataError, match="9 x 9 pixels, those of a have 8 x 8"):
        read_like(np.zeros((2, 9, 9)), first)


def test_where_asks_for_numbers_and_texts(tmp_path):
    contents = {f"{number}.png": _png(number) for number in range(30)}
    rows = [f"{number}.png,{number % 20},{'yes' if number % 2 else 'no'}" for number in range(29)]
    folder = _folder(tmp_path, contents | {"labels.csv": "\n".join(["file,age,glasses", *rows])})
    assert _read(folder).attributes.columns["age"].dtype == np.float64
    for where, wanted in (
        (["age>=18", "glasses=yes"], [19]),
        (["age>=18"], [18, 19]),
        (["age>18", "age<=19"], [19]),
        (["age=3", "age=4"], [3, 4, 23, 24]),
        ({"age": {"<": 2, "!=": 0}}, [1, 21]),
        (["age<=0"], [0, 20]),
    ):
        if len(wanted) > 1:
            assert _read(folder, where=where).pixels[:, 0, 0].tolist() == wanted
        else:
            with pytest.raises(DataError, match="1 picture"):
                _read(folder, where=where)
    for where, match in (
        (["age>=old"], "'age' holds numbers"),
        (["glasses=maybe"], "no picture has glasses='maybe'. Known: 'no', 'yes'"),
        (["glasses>no"], "'glasses' can be asked for with = alone"),
        (["glases=no"], "Did you mean 'glasses'"),
    ):
        with pytest.raises(UsageError, match=match):
            _read(folder, where=where)


def test_the_overview_says_what_pictures_are_and_what_is_known(tmp_path):
    contents = {f"{kind}/{number}.png": _png(number, (80, 40)) for kind in "ab" for number in range(3)}
    rows = FORMAT.overview(_read(_folder(tmp_path, contents)))
    assert rows[0]["holds"] == (
        "64 x 32 pixels, grey, 0 to 255 (pictures of 80 x 40 pixels, brought to 64 x 32: scaled)"
    )
    assert rows[1] == {"column": "label", "kind": "class", "holds": "2 classes: a, b"}


def test_what_is_no_folder_of_pictures(tmp_path):
    run = _folder(tmp_path / "run", {"config.json": "{}", "previews/1.png": _png()})
    assert not looks_like_pictures(run)
    assert not looks_like_pictures(_folder(tmp_path / "texts", {"a.txt": "x", ".b.png": _png()}))
    assert not looks_like_pictures(_archive(tmp_path, "zip", {"a.txt": b"x"}))
    assert not looks_like_pictures(_folder(tmp_path, {"bad.zip": "x"}) / "bad.zip")
    assert looks_like_pictures(_folder(tmp_path / "deep", {"train/cat/1.png": _png()}))


@pytest.mark.parametrize("end", [".zip", ".tar.gz", ".tar"])
def test_tables_in_archives_have_any_name(tmp_path, end):
    found = {"a.png": _png(1), "b.png": _png(2), "Mine.csv": b"file,x,y,width,height\na.png,1,1,3,3\n"}
    path = tmp_path / f"pictures{end}"
    if end == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in found.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz" if end == ".tar.gz" else "w") as tar:
            for name, content in found.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    for name in ("Mine.csv", "mine.csv"):
        assert read_pictures(path, ImageOptions(boxes=name)).form.masks == ("box",)


def test_a_damaged_table_in_a_zip_is_named(tmp_path):
    path = tmp_path / "a.zip"
    text = b"file,kind\n" + b"".join(b"%d.png,%d\n" % (one, one * one) for one in range(200))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.png", _png(1))
        archive.writestr("1.png", _png(2))
        archive.writestr("labels.csv", text)
        start = archive.getinfo("labels.csv").header_offset
    content = bytearray(path.read_bytes())
    content[start + 60 : start + 90] = b"\xff" * 30
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"labels\.csv cannot be read"):
        read_pictures(path, ImageOptions())


def test_black_and_white_are_those_of_all_pictures_or_it_is_said(tmp_path, monkeypatch):
    for number in range(20):
        values = np.full((4, 4), number, np.float32)
        values[0, 0] = 70 if number == 1 else -number
        Image.fromarray(values).save(tmp_path / f"{number}.tif")
    monkeypatch.setattr(picture_files, "_N_SAMPLED", 8)
    form = read_pictures(tmp_path, ImageOptions()).form
    assert (form.lowest, form.highest) == (-19, 70)
    monkeypatch.setattr(picture_files, "AT_ONCE", 10)
    found = read_pictures(tmp_path, ImageOptions())
    assert (found.form.lowest, found.form.highest) == (-19, 19)
    assert "black and white are -19 and 19 by 8 of 20 pictures: values beyond are cut off" in found.notes


def test_names_that_are_no_text_can_be_printed(tmp_path):
    _folder(tmp_path, {"a.png": _png(1), "b.png": _png(2)})
    try:
        (tmp_path / os.fsdecode(b"c\xff.png")).write_bytes(b"broken")
    except OSError:
        pytest.skip("names of files are text here")
    found = read_pictures(tmp_path, ImageOptions())
    assert "\n".join(found.notes).encode()
    assert "c\ufffd.png" in found.notes[0]
