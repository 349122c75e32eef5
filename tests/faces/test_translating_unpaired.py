"""Translation without pairs on the command line: two sets, attributes, targets."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import gansmith
from gansmith.faces.cli import run
from tests.faces.drawn_photographs import QUICK, drawn, write


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory):
    """Bright pictures and dark ones of something else, and a model that has learnt for a moment."""
    folder = tmp_path_factory.mktemp("sets")
    bright, dark = write(folder / "bright", 6), folder / "dark"
    dark.mkdir()
    for number in range(6):
        Image.fromarray(drawn(100 + number) // 3).save(dark / f"x{number}.png")
    model = folder / "darker.gan"
    widths = [*QUICK[:4], "--generator-widths", "8,8", *QUICK[6:]]
    assert run(["fit", str(bright), "--to", str(dark), "--unpaired", "-o", str(model), *widths]) == 0
    return bright, dark, model


def test_two_sets_without_pairs_and_the_way_back(two_sets, tmp_path, capsys):
    bright, dark, model = two_sets
    means = {}
    for name, source, more in (("there", bright, []), ("back", dark, ["--back"])):
        command = ["apply", str(model), str(source), "-o", str(tmp_path / name), *more, "--json"]
        assert run(command) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["task"], said["is_back"], said["records"]) == ("unpaired", name == "back", 6)
        means[name] = np.mean([np.asarray(Image.open(one)).mean() for one in (tmp_path / name).iterdir()])
    assert means["there"] < 70
    assert means["back"] > 100


@pytest.mark.slow
def test_strength_0_leaves_colours_alone_changed(two_sets, tmp_path, capsys):
    _, dark, model = two_sets
    few, truth = write(tmp_path / "few", 2), tmp_path / "truth"
    truth.mkdir()
    for path in few.iterdir():
        Image.fromarray(np.asarray(Image.open(path)) // 3).save(truth / path.name)
    command = ["apply", str(model), str(few), "-o"]
    assert run([*command, str(tmp_path / "one"), "--truth", str(truth)]) == 0
    out = capsys.readouterr().out
    assert "colours (anchor)" in out
    assert "edges kept" in out
    assert "Turned back again" in out
    assert run([*command, str(tmp_path / "other"), "--real", str(dark)]) == 0
    out = capsys.readouterr().out
    assert "AUC of patches" in out
    assert "PSNR," not in out


def test_an_attribute_is_changed_to_what_is_asked(tmp_path, capsys):
    faces, model = tmp_path / "faces", tmp_path / "any.gan"
    for place, label in enumerate(("calm", "glad")):
        write(faces / label, 6, first=10 * place)
    widths = [*QUICK[:4], "--generator-widths", "8,8", *QUICK[6:]]
    assert run(["fit", str(faces), "--to-attribute", "label", "-o", str(model), *widths]) == 0
    picture, output = str(faces / "calm" / "0.png"), str(tmp_path / "out.png")
    assert run(["apply", str(model), picture, "-o", output, "--where", "label=glad", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["task"], said["where"]) == ("attribute", ["label=glad"])
    for more, wrong in (
        (["--where", "label=glat"], "Did you mean 'glad'"),
        ([], "--where label=VALUE"),
        (["--back"], "--where label=VALUE"),
    ):
        assert run(["apply", str(model), picture, "-o", output, *more]) == 2
        assert wrong in capsys.readouterr().err
    loaded = gansmith.Translator.load(model)
    assert loaded.to_attribute == "label"
    assert np.array_equal(
        loaded.transform(np.asarray(Image.open(picture)), where={"label": "glad"}),
        np.asarray(Image.open(output)),
    )


@pytest.mark.slow
def test_several_attributes_are_changed_at_once(tmp_path, capsys):
    faces, model = write(tmp_path / "faces", 14), tmp_path / "several.gan"
    rows = [f"{number}.png,{'glad' if number % 2 else 'calm'},{20 + number}.5" for number in range(14)]
    (faces / "labels.csv").write_text("\n".join(["file,mood,age", *rows]), encoding="utf-8")
    widths = [*QUICK[:4], "--generator-widths", "8,8", *QUICK[6:]]
    command = [
        "fit",
        str(faces),
        "--to-attribute",
        "mood",
        "--to-attribute",
        "age",
        "-o",
        str(model),
        *widths,
    ]
    assert run(command) == 0
    made = []
    for place, asked in enumerate((["mood=glad"], ["age=31.5"], ["mood=glad", "age=31.5"])):
        output = tmp_path / f"{place}.png"
        where = [text for one in asked for text in ("--where", one)]
        assert run(["apply", str(model), str(faces / "0.png"), "-o", str(output), *where]) == 0
        made.append(output.read_bytes())
    assert len(set(made)) == 3
    capsys.readouterr()
    assert run(["show", str(model)]) == 0
    assert "'mood' and 'age' of a record changed" in capsys.readouterr().out
    assert gansmith.Translator.load(model).to_attribute == ["mood", "age"]


@pytest.mark.slow
def test_of_several_values_each_is_a_target_with_its_folder_and_its_rows(tmp_path, capsys):
    faces, model, page = tmp_path / "faces", tmp_path / "any.gan", tmp_path / "page.html"
    for place, label in enumerate(("calm", "glad", "sad")):
        write(faces / label, 6, first=10 * place)
    widths = [*QUICK[:4], "--generator-widths", "8,8", *QUICK[6:]]
    assert run(["fit", str(faces), "--to-attribute", "label", "-o", str(model), *widths]) == 0
    few = write(tmp_path / "few", 2, first=50)
    command = ["apply", str(model), str(few), "-o", str(tmp_path / "out"), "--where", "label!=calm"]
    more = ["--real", str(faces), "--report", str(page), "--with-real-records", "--json"]
    capsys.readouterr()
    assert run([*command, *more]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["records"] == 4
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png")) == [
        "glad/0.png", "glad/1.png", "sad/0.png", "sad/1.png",
    ]  # fmt: skip
    rows = [one["name"] for one in said["card"]["methods"]]
    assert rows[:2] == ["glad", "sad"]
    assert set(rows[2:]) >= {"input, glad", "real, sad"}
    assert "0: sad" in page.read_text(encoding="utf-8")
    command[2:5] = [str(few / "0.png"), "-o", str(tmp_path / "one")]
    assert run(command) == 0
    assert (tmp_path / "one" / "sad.png").exists()
    assert run([*command, "--truth", str(few)]) == 2
    assert "no folder 'glad'" in capsys.readouterr().err
