"""Heads: where they lie, that nothing of them is left, and that they are learnt, filled in and written."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.faces.cli import run
from gansmith.modalities.anonymizing import Asked
from gansmith.modalities.image.heads import HeadOptions, rewriting
from gansmith.modalities.image.heads.codec import HeadCodec
from gansmith.modalities.image.heads.finding import finder, is_installed
from gansmith.modalities.image.heads.records import PORTRAIT_FACE, read_heads
from gansmith.modalities.image.heads.windows import (
    USUAL_FACE,
    Window,
    blended,
    hole_of,
    in_picture,
    is_portrait,
    seen_in,
    window_of,
)
from gansmith.tasks.anonymize import Anonymizer
from gansmith.tasks.model import load_model
from gansmith.tasks.opening import open_data
from gansmith.tasks.runs.fit import FitConfig, start

SIDES = (24, 20)
FACE = (0.2, 0.25, 0.8, 0.85)
SMALL = FitConfig(
    samples_seen=32, batch_size=8, threads=1, generator_widths=(8, 8), discriminator_widths=(8, 8, 16)
)


def portrait(seed, height=24, width=20):
    """An oval on a ground, with two eyes."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    oval = ((rows - height / 2) / (0.4 * height)) ** 2 + ((columns - width / 2) / (0.35 * width)) ** 2 < 1
    pixels = np.where(oval, rng.integers(120, 240), rng.integers(0, 80)).astype(np.uint8)
    pixels[height // 3, [width // 3, 2 * width // 3]] = rng.integers(0, 60)
    return pixels


def photograph(seed, face=None):
    """Noise of another brightness, with a head where a face is wanted."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 110, (120, 160), np.uint8)
    if face is not None:
        left, top = face
        pixels[top : top + 24, left : left + 20] = portrait(seed)
    return pixels


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Heads that were learnt for a moment."""
    folder = tmp_path_factory.mktemp("heads") / "faces"
    folder.mkdir()
    for number in range(12):
        Image.fromarray(portrait(number)).save(folder / f"{number}.png")
    boxes = folder.parent / "boxes.csv"
    rows = [("file", "x", "y", "width", "height"), *((f"{number}.png", 4, 6, 12, 14) for number in range(12))]
    with boxes.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    labels = folder.parent / "labels.csv"
    labels.write_text("file,hat\n" + "".join(f"{number}.png,{number % 2}\n" for number in range(12)))
    options = {"heads": True, "boxes": str(boxes), "labels": str(labels), "size": "20x24"}
    opened = open_data(str(folder), options=options)
    learning = start(opened, SMALL, folder=folder.parent / "run")
    for _ in learning.training:
        pass
    path = folder.parent / "faces.gan"
    learning.model().save(path)
    return path


def test_a_window_has_its_face_where_the_record_has():
    window = window_of((50, 60, 90, 100), FACE, SIDES)
    left = window.left + FACE[0] * window.width
    right = window.left + FACE[2] * window.width
    assert (left + right) / 2 == pytest.approx(70, abs=1)
    assert (FACE[2] - FACE[0]) * window.width * (FACE[3] - FACE[1]) * window.height == pytest.approx(
        1600, rel=0.1
    )


def test_hair_and_outline_are_cut_out_and_the_whole_head_is_more():
    hole = hole_of(USUAL_FACE, (64, 64))
    assert hole[20:52, 16:48].all()  # the box of the face
    assert hole[14, 32]  # hair above it
    assert not hole[0].any()
    assert hole_of(USUAL_FACE, (64, 64), is_whole_head=True).sum() > hole.sum()


@pytest.mark.parametrize(
    "window", [Window(30, 20, 50, 61), Window(-20, -10, 90, 80), Window(140, 100, 60, 60)]
)
def test_nothing_of_what_is_cut_out_is_left(window):
    """Two pictures that differ in the cut alone become the same."""
    rng = np.random.default_rng(0)
    hole = hole_of(FACE, SIDES)
    cut = in_picture(hole, window, (120, 160))
    one = rng.random((1, 120, 160), np.float32)
    other = np.where(cut, rng.random((1, 120, 160), np.float32), one)
    made = rng.random((1, *SIDES), np.float32)
    results = [blended(picture, made, window, cut) for picture in (one, other)]
    assert np.array_equal(results[0], results[1])
    far = np.ones((120, 160), bool)
    far[max(0, window.top - 30) : window.top + 110, max(0, window.left - 30) : window.left + 120] = False
    assert np.array_equal(results[0][:, far], one[:, far])


def test_a_window_shows_what_the_picture_shows():
    picture = np.zeros((1, 60, 60), np.float32)
    picture[:, 20:40, 10:30] = 1
    assert seen_in(picture, Window(10, 20, 20, 20), (8, 8)).min() == 1
    assert not is_portrait(in_picture(hole_of(FACE, SIDES), Window(10, 20, 20, 20), (60, 60)))


def test_portraits_are_learnt_as_a_whole_and_folders_are_no_labels(tmp_path):
    for number in range(8):
        folder = tmp_path / "faces" / f"person{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(portrait(number, 96, 80)).save(folder / f"{number}.png")
    heads = read_heads(str(tmp_path / "faces"), HeadOptions(heads=True, boxes=""))
    assert (heads.pictures.form.height, heads.pictures.form.width) == (64, 53)
    assert not heads.pictures.attributes.columns
    assert len(heads.take(np.arange(3))) == 3
    if not is_installed():
        assert heads.face == PORTRAIT_FACE


def test_heads_are_cut_out_of_photographs(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        Image.fromarray(photograph(number, (30, 40))).save(folder / f"{number}.png")
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("file,x,y,width,height\n" + "".join(f"{n}.png,34,46,12,14\n" for n in range(3)))
    heads = read_heads(str(folder), HeadOptions(heads=True, boxes=str(boxes)))
    assert heads.face == USUAL_FACE
    assert heads.pictures.pixels.shape == (3, 64, 64)
    assert any("3 heads in 3 pictures" in note for note in heads.notes)


def test_a_model_of_heads_is_what_it_was(model):
    loaded = load_model(model)
    codec = loaded.codec
    assert isinstance(codec, HeadCodec)
    assert codec.face == pytest.approx((0.2, 0.25, 0.8, 20 / 24))
    assert codec.pictures.attributes.names == ("hat",)
    (block,) = loaded.blocks(3, 0)
    assert block.pixels.shape == (3, 24, 20)


def _photos(folder, faces):
    folder.mkdir()
    rows = ["file,x,y,width,height"]
    for number, face in enumerate(faces):
        Image.fromarray(photograph(number, face)).save(folder / f"{number}.png", pnginfo=None)
        if face is not None:
            rows.append(f"{number}.png,{face[0] + 4},{face[1] + 6},12,14")
    boxes = folder.parent / "boxes.csv"
    boxes.write_text("\n".join(rows) + "\n")
    return boxes


def test_people_are_replaced_and_all_else_stays(model, tmp_path):
    boxes = _photos(tmp_path / "in", [(30, 40), None, (70, 60)])
    anonymizer = Anonymizer.load(model)
    for name in ("out", "again"):
        done = [*anonymizer.apply(tmp_path / "in", tmp_path / name, Asked(boxes=boxes, is_marked=False))]
    assert [one.n_people for one in done] == [1, 0, 1]
    assert [one.is_left for one in done] == [False, True, False]
    for number in range(3):
        contents = [(tmp_path / name / f"{number}.png").read_bytes() for name in ("out", "again")]
        assert contents[0] == contents[1]
    assert (tmp_path / "out" / "1.png").read_bytes() == (tmp_path / "in" / "1.png").read_bytes()
    was, made = (np.asarray(Image.open(tmp_path / name / "0.png")).astype(int) for name in ("in", "out"))
    assert np.array_equal(was[:, 80:], made[:, 80:])
    assert (abs(was - made)[46:60, 34:46] > 2).mean() > 0.5


def test_the_source_of_a_cut_does_not_reach_the_generator(model, tmp_path):
    """Another head in the same place is replaced by the very same one."""
    results = []
    for seed in (1, 2):
        pixels = photograph(0, (30, 40))
        pixels[40:64, 30:50] = portrait(seed)
        Image.fromarray(pixels).save(tmp_path / "p.png")
        (tmp_path / "b.csv").write_text("file,x,y,width,height\np.png,31,41,18,22\n")
        output = tmp_path / f"{seed}.png"
        _ = [*Anonymizer.load(model).apply(tmp_path / "p.png", output, Asked(boxes=tmp_path / "b.csv"))]
        results.append(np.asarray(Image.open(output)))
    assert np.array_equal(results[0], results[1])


def test_a_model_of_portraits_leaves_no_hair_in_a_photograph(model, tmp_path):
    """All of a window that is larger than the head is new, whatever was there."""
    results = []
    for seed in (1, 2):
        pixels = photograph(0)
        pixels[40:64, 30:50] = np.random.default_rng(seed).integers(0, 255, (24, 20))
        Image.fromarray(pixels).save(tmp_path / "p.png")
        (tmp_path / "b.csv").write_text("file,x,y,width,height\np.png,34,46,12,14\n")
        output = tmp_path / f"{seed}.png"
        _ = [*Anonymizer.load(model).apply(tmp_path / "p.png", output, Asked(boxes=tmp_path / "b.csv"))]
        results.append(np.asarray(Image.open(output)))
    assert np.array_equal(results[0], results[1])


def test_a_portrait_is_replaced_as_a_whole_and_keeps_what_is_asked(model, tmp_path):
    Image.fromarray(portrait(99)).save(tmp_path / "p.png")
    (tmp_path / "b.csv").write_text("file,x,y,width,height\np.png,4,6,12,14\n")
    made = []
    for value in (0, 1):
        (tmp_path / "k.csv").write_text(f"file,hat\np.png,{value}\n")
        asked = Asked(boxes=tmp_path / "b.csv", labels=tmp_path / "k.csv")
        (one,) = Anonymizer.load(model).apply(tmp_path / "p.png", tmp_path / f"{value}.png", asked)
        assert "as a whole" in one.note
        made.append(np.asarray(Image.open(tmp_path / f"{value}.png")))
    assert made[0].shape == (24, 20)
    assert not np.array_equal(made[0], made[1])


def test_a_film_keeps_the_new_face(model, tmp_path):
    """A head that moves on an even ground is replaced by one that moves."""
    frames = []
    for shift in (0, 6, 12):
        pixels = np.full((60, 90), 100, np.uint8)
        pixels[20:44, 10 + shift : 30 + shift] = portrait(3)
        frames.append(Image.fromarray(pixels))
    frames[0].save(tmp_path / "in.gif", save_all=True, append_images=frames[1:], duration=[50, 70, 90])
    anonymizer = Anonymizer.load(model)
    found = iter([[(14, 26, 26, 40)], [(20, 26, 32, 40)], []])  # the last one is missed by the detector
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewriting, "finder", lambda weights: lambda pixels: next(found))
        (one,) = anonymizer.apply(tmp_path / "in.gif", tmp_path / "out.gif", Asked(is_marked=False))
    assert one.n_people == 1
    seen = []
    with Image.open(tmp_path / "out.gif") as made:
        assert getattr(made, "n_frames", 1) == 3
        for number, place in enumerate((14, 20, 20)):
            made.seek(number)
            seen.append(np.asarray(made.convert("L")).astype(int)[26:40, place : place + 12])
    assert abs(seen[0] - seen[1]).mean() < 6


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("0.png,500,500,10,10", "lies outside of its picture"),
        ("nobody.png,1,1,5,5", "none of its columns"),
    ],
)
def test_boxes_that_cannot_be_are_refused(rows, said, model, tmp_path):
    _photos(tmp_path / "in", [(30, 40)])
    (tmp_path / "b.csv").write_text(f"file,x,y,width,height\n{rows}\n")
    with pytest.raises(DataError, match=said):
        _ = [
            *Anonymizer.load(model).apply(tmp_path / "in", tmp_path / "out", Asked(boxes=tmp_path / "b.csv"))
        ]
    assert not (tmp_path / "out").exists()


def test_two_people_and_small_ones_are_told(model, tmp_path):
    _photos(tmp_path / "in", [(30, 40)])
    (tmp_path / "b.csv").write_text("file,x,y,width,height\n0.png,34,46,12,14\n0.png,100,20,40,50\n")
    (one,) = Anonymizer.load(model).apply(tmp_path / "in", tmp_path / "out", Asked(boxes=tmp_path / "b.csv"))
    assert one.n_people == 2
    assert "1 face of less than 24 px" in one.note


def test_what_finds_nobody_says_how(model, tmp_path):
    _photos(tmp_path / "in", [(30, 40)])
    if not is_installed():
        with pytest.raises(UsageError, match=r"gansmith\[faces\]"):
            finder()
    else:
        assert finder()(photograph(0)[..., None]) == []
    with pytest.raises(UsageError, match="lies in what is read"):
        _ = [*Anonymizer.load(model).apply(tmp_path / "in", tmp_path / "in" / "x", Asked())]


def test_the_command_lists_whom_it_left_and_can_insist(model, tmp_path, capsys):
    boxes = _photos(tmp_path / "in", [(30, 40), None])
    command = ["anonymize", str(tmp_path / "in"), "-m", str(model), "--boxes", str(boxes)]
    assert run([*command, "-o", str(tmp_path / "out"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["people"], said["pictures"], said["without_a_face"]) == (1, 1, ["1.png"])
    assert run(["detect-mark", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["pictures"]
    assert [(one["is_marked"], one["says_so"]) for one in found] == [(True, True), (False, False)]
    assert run([*command, "-o", str(tmp_path / "again"), "--require-face"]) == 4
    assert "no face was found in 1.png" in capsys.readouterr().err
    assert run([*command, "-o", str(tmp_path / "again")]) == 2  # it holds something already


def test_metadata_of_the_original_stay_behind(model, tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "Jane at home"
    picture = Image.fromarray(photograph(0, (30, 40)))
    picture.save(tmp_path / "p.jpg", exif=exif, comment=b"Jane")
    (tmp_path / "b.csv").write_text("file,x,y,width,height\np.jpg,34,46,12,14\n")
    asked = Asked(boxes=tmp_path / "b.csv")
    _ = [*Anonymizer.load(model).apply(tmp_path / "p.jpg", tmp_path / "out.jpg", asked)]
    content = (tmp_path / "out.jpg").read_bytes()
    assert b"Jane" not in content
    assert b"synthetic" in content


def test_a_model_of_another_task_replaces_nobody(tmp_path):
    records = np.random.default_rng(0).integers(0, 17, (40, 8, 8))
    learning = start(open_data(records), FitConfig(samples_seen=40, threads=1), folder=tmp_path / "run")
    for _ in learning.training:
        pass
    with pytest.raises(UsageError, match="replaces nobody"):
        Anonymizer(learning.model())


def test_rows_and_pictures_get_the_same_new_identity(model, tmp_path):
    """Two people, two pictures each, whose names and faces are made anew and stay together."""
    for number in range(4):
        Image.fromarray(portrait(number)).save(tmp_path / f"{number}.png")
    rows = ["id,email,age,photo"]
    rows += [f"{70_000 + n // 2},anna{n // 2}@firm.com,{30 + n},{n}.png" for n in range(4)]
    rows += [f"{70_000 + n},jim{n}@firm.com,{30 + n % 9},3.png" for n in range(3, 40)]
    (tmp_path / "people.csv").write_text("\n".join(rows) + "\n")
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("file,x,y,width,height\n" + "".join(f"{n}.png,4,6,12,14\n" for n in range(4)))
    asked, output = Asked(boxes=boxes, is_marked=False), tmp_path / "out"
    renamed, replaced = Anonymizer.load(model).apply_to_people(tmp_path / "people.csv", output, asked, "id")
    assert [one.n_people for one in replaced] == [1, 1, 1, 1]
    assert renamed.kept == ("age",)
    with (output / "people.csv").open(newline="") as file:
        made = [*csv.DictReader(file)]
    assert [row["age"] for row in made[:4]] == ["30", "31", "32", "33"]
    assert made[0]["id"] == made[1]["id"] != made[2]["id"]
    assert made[0]["email"] == made[1]["email"]
    assert not {row["email"] for row in made} & {line.split(",")[1] for line in rows}
    seen = [(output / "pictures" / row["photo"]).read_bytes() for row in made[:3]]
    assert seen[0] == seen[1] != seen[2]
