"""`gansmith fit --to`, `--upscale`, `--restore` and `apply` from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gansmith
from gansmith.faces.cli import run
from tests.faces.drawn_photographs import QUICK, drawn, write


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "photographs")


@pytest.fixture(scope="module")
def larger(photographs, tmp_path_factory):
    """A model that has learnt for a moment to make pictures twice as large."""
    path = tmp_path_factory.mktemp("models") / "larger.gan"
    assert run(["fit", str(photographs), "--upscale", "2", "-o", str(path), *QUICK]) == 0
    return path


@pytest.fixture(scope="module")
def mending(photographs, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "mending.gan"
    widths = [*QUICK[:4], "--generator-widths", "8,8", *QUICK[6:]]
    assert run(["fit", str(photographs), "--restore", "-o", str(path), *widths]) == 0
    return path


def test_pictures_are_made_larger(larger, photographs, tmp_path, capsys):
    output = tmp_path / "large"
    assert run(["apply", str(larger), str(photographs), "-o", str(output), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["records"], said["task"], said["strength"]) == (4, "upscale", 1.0)
    assert sorted(path.name for path in output.iterdir()) == ["0.png", "1.png", "2.png", "3.png"]
    with Image.open(output / "2.png") as picture:
        assert picture.size == (96, 80)
        assert json.loads(picture.info["gansmith"])["model"] == said["model"]


def test_strength_is_between_faithful_and_sharp(larger, photographs, tmp_path):
    made = []
    for strength in ("0", "0.5", "1"):
        output = tmp_path / f"{strength}.png"
        command = ["apply", str(larger), str(photographs / "0.png"), "-o", str(output)]
        assert run([*command, "--strength", strength]) == 0
        made.append(np.asarray(Image.open(output)).astype(int))
        assert json.loads(Path(f"{output}.meta.json").read_text())["strength"] == float(strength)
    assert not np.array_equal(made[0], made[2])


@pytest.mark.slow
def test_masks_to_pictures_and_a_page_of_how_near_they_come(photographs, tmp_path, capsys):
    given, model, page = tmp_path / "given", tmp_path / "to.gan", tmp_path / "page.html"
    given.mkdir()
    for path in photographs.iterdir():
        Image.fromarray(255 - np.asarray(Image.open(path))).save(given / path.with_suffix(".bmp").name)
    widths = [*QUICK[:4], "--generator-widths", "8,8", *QUICK[6:]]
    assert run(["fit", str(given), "--to", str(photographs), "-o", str(model), *widths]) == 0
    command = ["apply", str(model), str(given), "-o", str(tmp_path / "made"), "--truth", str(photographs)]
    assert run([*command, "--report", str(page), "--with-real-records"]) == 0
    assert page.stat().st_mode & 0o777 == 0o600
    out = capsys.readouterr().out
    assert "PSNR" in out
    assert "faithful (anchor)" in out
    assert "input (anchor)" in out
    assert page.read_text(encoding="utf-8").count("data:image/") >= 4


def test_a_mask_says_what_is_to_be_mended(mending, photographs, tmp_path, capsys):
    mask, picture = tmp_path / "mask.png", photographs / "1.png"
    Image.fromarray(np.uint8(255 * (np.indices((40, 48)).sum(0) % 7 == 0))).save(mask)
    made = []
    for name, more in (("with.png", ["--mask", str(mask)]), ("without.png", [])):
        assert run(["apply", str(mending), str(picture), "-o", str(tmp_path / name), *more]) == 0
        made.append(np.asarray(Image.open(tmp_path / name)))
    assert not np.array_equal(*made)
    assert run(["apply", str(mending), str(mask), "-o", str(tmp_path / "x.png"), "--mask", str(picture)]) == 0


def test_results_carry_the_mark_unless_nobody_wants_it(larger, photographs, tmp_path, capsys):
    picture = str(photographs / "3.png")
    for name, more in (("with.png", []), ("without.png", ["--no-mark"])):
        assert run(["apply", str(larger), picture, "-o", str(tmp_path / name), *more]) == 0
    beside = json.loads((tmp_path / "without.png.meta.json").read_text())
    assert beside["marked"] is False
    capsys.readouterr()
    assert run(["detect-mark", str(tmp_path / "with.png"), str(tmp_path / "without.png"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["pictures"]
    assert [one["is_marked"] for one in found] == [True, False]
    assert all(one["says_so"] for one in found)
    with Image.open(tmp_path / "without.png") as image:
        assert image.info["watermark"] == "none: not wanted"
    assert run(["detect-mark", picture]) == 0
    assert "0 of 1 records carry the watermark" in " ".join(capsys.readouterr().out.split())
    assert run(["detect-mark", str(tmp_path / "nowhere.png")]) == 3


def test_python_and_the_command_line_make_the_same(larger, photographs, tmp_path):
    output = tmp_path / "one.png"
    assert run(["apply", str(larger), str(photographs / "3.png"), "-o", str(output), "--no-mark"]) == 0
    translator = gansmith.Translator.load(larger)
    made = translator.transform(np.asarray(Image.open(photographs / "3.png")))
    assert np.array_equal(made, np.asarray(Image.open(output)))
    assert (translator.upscale, translator.restore) == (2, False)


def test_a_run_is_taken_up_where_it_stopped(photographs, tmp_path):
    whole, other, folder = tmp_path / "whole.gan", tmp_path / "other.gan", tmp_path / "other.run"
    command = ["fit", str(photographs), "--upscale", "2", *QUICK]
    assert run([*command, "-o", str(whole)]) == 0
    from gansmith.tasks.runs.fit import start
    from gansmith.tasks.runs.settings import FitConfig

    settings = FitConfig(samples_seen=16, batch_size=4, generator_widths=(8,), discriminator_widths=(8, 8))
    for record in start(str(photographs), settings, options={"upscale": 2}, folder=folder):
        if record.step == 3:
            break
    resumed = ["fit", str(photographs), "--resume", "--run", str(folder), "-o", str(other)]
    assert run(resumed) == 0
    assert whole.read_bytes() == other.read_bytes()


def test_what_a_model_is_of_is_shown(mending, capsys):
    assert run(["show", str(mending)]) == 0
    out = capsys.readouterr().out
    assert "damaged records restored (old)" in out


def test_a_model_goes_on_with_other_pictures(larger, tmp_path, capsys):
    others, grey = write(tmp_path / "others", first=20), tmp_path / "grey"
    grey.mkdir()
    for path in others.iterdir():
        Image.open(path).convert("L").save(grey / path.name)
    command = [
        "fit",
        str(others),
        "--from",
        str(larger),
        "--samples-seen",
        "8",
        "-o",
        str(tmp_path / "on.gan"),
    ]
    assert run([*command, "--upscale", "3"]) == 2
    assert "upscale is 3, and that of the model to be fine-tuned is 2" in capsys.readouterr().err
    assert run([*command, "--run", str(tmp_path / "r")]) == 0
    made = gansmith.Translator.load(tmp_path / "on.gan").transform(drawn(30))
    assert made.shape == (80, 96, 3)
    command[1] = str(grey)
    assert run([*command, "--run", str(tmp_path / "g")]) == 0  # read as the model reads: in colour


def test_a_section_of_settings_says_that_data_is_pairs(photographs, tmp_path, capsys):
    settings = tmp_path / "settings.toml"
    settings.write_text("samples_seen = 4\nbatch_size = 4\n[pairs]\nupscale = 2\n", encoding="utf-8")
    command = ["fit", str(photographs), "--config", str(settings), "-o", str(tmp_path / "m.gan")]
    assert run([*command, "--generator-widths", "4", "--discriminator-widths", "4"]) == 0
    assert gansmith.Translator.load(tmp_path / "m.gan").upscale == 2


def test_what_is_measured_is_what_is_written(mending, photographs, tmp_path, capsys):
    mask = tmp_path / "mask.png"
    Image.fromarray(np.full((40, 48), 255, np.uint8)).save(mask)
    cards = []
    for name, more in (("with", ["--mask", str(mask)]), ("without", [])):
        command = ["apply", str(mending), str(photographs), "-o", str(tmp_path / name), "--json", *more]
        assert run([*command, "--truth", str(photographs)]) == 0
        cards.append(json.loads(capsys.readouterr().out)["card"]["methods"][0])
        assert (tmp_path / f"{name}.meta.json").exists()
    assert cards[0] != cards[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["{model}", "nowhere.png", "-o", "{tmp}/x.png"], 2, "no such file"),
        (["{model}", "{data}/0.png", "-o", "{data}/0.png"], 2, "0.png"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/x.xyz"], 2, "x.xyz"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/x.png", "--truth", "nowhere"], 2, "nowhere"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/no/x.png"], 3, "does not exist"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/x.png", "--strength", "2"], 2, "from 0, faithful, to 1"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/x.png", "--mask", "{data}/1.png"], 2, "restores nothing"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/x.png", "--report", "{tmp}/r.html"], 2, "--truth"),
        (["{model}", "{data}/0.png", "-o", "{tmp}/x.png", "--truth", "{data}/0.png"], 3, "96 x 80"),
    ],
)
def test_what_cannot_be_done_is_refused(arguments, code, said, larger, photographs, tmp_path, capsys):
    places = {"model": larger, "data": photographs, "tmp": tmp_path}
    before = {path: path.read_bytes() for path in photographs.iterdir()}
    assert run(["apply", *(one.format(**places) for one in arguments)]) == code
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in photographs.iterdir()} == before


def test_a_model_of_something_else_turns_nothing(model, photographs, tmp_path, capsys):
    assert run(["apply", model, str(photographs), "-o", str(tmp_path / "out")]) == 2
    assert "a model of 'table' data" in capsys.readouterr().err


def test_a_model_of_pairs_makes_nothing_of_nothing(larger, tmp_path, capsys):
    assert run(["sample", str(larger), "-n", "3", "-o", str(tmp_path / "x.png")]) == 2
    assert "gansmith apply" in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_one_picture_is_learnt_from_with_a_word(photographs, tmp_path, capsys):
    command = ["fit", str(photographs / "0.png"), "--upscale", "2", "-o", str(tmp_path / "one.gan"), *QUICK]
    assert run(command) == 0
    assert "one record to learn from" in capsys.readouterr().err


def test_a_picture_of_one_pixel_is_made_larger(larger, tmp_path):
    Image.new("RGB", (1, 1), (200, 100, 50)).save(tmp_path / "dot.png")
    assert run(["apply", str(larger), str(tmp_path / "dot.png"), "-o", str(tmp_path / "large.png")]) == 0
    with Image.open(tmp_path / "large.png") as picture:
        assert picture.size == (2, 2)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--unpaired"], 2, "Give --to"),
        (["--to-attribute", "mood"], 2, "nothing is known"),
        (["--to", "HERE", "--unpaired"], 3, "same records"),
        (["--to", "HERE", "--to-attribute", "mood"], 2, "different tasks"),
    ],
)
def test_what_cannot_be_learnt_without_pairs_is_said(photographs, tmp_path, capsys, options, code, said):
    options = [str(photographs) if one == "HERE" else one for one in options]
    assert run(["fit", str(photographs), *options, "-o", str(tmp_path / "x.gan")]) == code
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_model_of_pairs_knows_no_way_back(larger, photographs, tmp_path, capsys):
    command = ["apply", str(larger), str(photographs), "-o", str(tmp_path / "x"), "--back"]
    assert run(command) == 2
    assert "one way" in capsys.readouterr().err
