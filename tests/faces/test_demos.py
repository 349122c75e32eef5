"""The demos in small: they run, say what they do, write what they say, and are the same every time."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.errors import DataError, UsageError
from gansmith.faces.cli import run
from gansmith.faces.demos import gaussian
from gansmith.faces.demos.database import run_database
from gansmith.faces.demos.digits import run_digits
from gansmith.faces.demos.enlarging import run_enlarging
from gansmith.faces.demos.gaussian import errors, run_gaussian
from gansmith.faces.demos.music import run_music
from gansmith.faces.demos.series import run_series
from gansmith.faces.demos.shapes import SHAPES, drawn_shapes, run_shapes
from gansmith.faces.demos.table import run_table
from gansmith.faces.demos.text import run_text
from gansmith.tasks.model import load_model

pytestmark = pytest.mark.usefixtures("quick_judges")


@pytest.fixture
def cuda(monkeypatch):
    """A machine that says it has CUDA. Nothing is moved there: it would fail, for there is none."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.mark.usefixtures("cuda")
def test_digits(tmp_path):
    said: list[str] = []
    result = run_digits(None, tmp_path, seed=0, show=said.append, epochs=12, default_samples_seen=640)
    text = "\n".join(said)
    assert [line["epoch"] for line in result["epochs"]] == [10, 12]
    assert all(0 <= line["accuracy"] <= 1 for line in result["epochs"])
    assert "one of 177" in text
    assert "accuracy" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(result["files"])
    for name in ("recognised", "coverage", "nearer"):
        assert {"article", "default", "real"} <= set(result["scores"][name])
        assert 0 <= result["scores"][name]["article"]["value"] <= 1
    drawn = load_model(tmp_path / "digits-article.gan").sample(3, seed=0)
    assert drawn.pixels.shape == (3, 8, 8)
    assert (
        " ".join(f"{value:2d}" for value in drawn.pixels[0, 3]) in text
    )  # a model draws again what was shown
    with Image.open(tmp_path / "digits-article.png") as image:
        assert image.info["synthetic"] == "true"


@pytest.mark.slow
def test_digits_of_a_file_are_the_same_every_time(tmp_path):
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 17, (80, 64)), np.repeat([1, 2], 40)
    data = tmp_path / "digits.tra"
    np.savetxt(data, np.column_stack([pixels, labels]), fmt="%d", delimiter=",")
    results, said = [], []
    for name in ("a", "b"):
        said.append([])
        results.append(
            run_digits(data, tmp_path / name, 3, said[-1].append, epochs=2, default_samples_seen=64)
        )
    assert results[0] == results[1]
    assert said[0][:-1] == said[1][:-1]
    for name in results[0]["files"]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_digits_refuses_bad_questions(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        run_digits(tmp_path / "none.tra", tmp_path, show=lambda text: None)
    with pytest.raises(UsageError, match="epoch"):
        run_digits(None, tmp_path, show=lambda text: None, epochs=0)


@pytest.mark.slow
def test_gaussian(tmp_path):
    said: list[str] = []
    lengths = {"samples_seen": 19_200, "article_samples_seen": 19_200}
    result = run_gaussian(tmp_path, show=said.append, **lengths)
    lengths = dict.fromkeys(lengths, 64)
    untrained = run_gaussian(tmp_path / "untrained", show=said.append, **lengths)
    ours, article = result["default"], result["article"]
    assert ours["mean_error"] < 0.3 < 0.7 < untrained["default"]["mean_error"]
    assert ours["covariance_error"] < 0.5
    assert ours["mean_error"] < article["mean_error"] < 2.0  # it goes round the place
    assert article["mean"] != untrained["article"]["mean"]
    assert result["real"]["mean_error"] < 0.05
    assert any("covariance error" in line for line in said)
    with Image.open(tmp_path / "gaussian.png") as image:
        assert image.info["synthetic"] == "true"


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        for which in ("digits", "gaussian", "table"):
            assert run(["demo", which, "-o", str(folder)]) == 3
            out, err = capsys.readouterr()
            assert out == ""
            assert err.startswith("DataError")
            assert "no folder can be made" in err


@pytest.mark.usefixtures("cuda")
def test_the_players_of_the_demo_are_made_on_the_processor():
    with torch.device("meta"):
        assert {weight.device.type for weight in _cpu_players()} == {"cpu"}


def _cpu_players():
    game = gaussian._game(Randomness(0), "article")
    return [weight for player in game.players.values() for weight in player.network.parameters()]


@pytest.mark.slow
@pytest.mark.usefixtures("cuda")
def test_the_table_of_the_demo_says_that_it_is_synthetic(tmp_path):
    said: list[str] = []
    run_table(tmp_path, 1, said.append, samples_seen=500)
    beside = json.loads((tmp_path / "titanic_synthetic.csv.meta.json").read_text())
    assert (beside["synthetic"], beside["seed"]) == (True, 1)
    assert beside["model"] == load_model(tmp_path / "titanic.gan").digest != ""
    lines = (tmp_path / "titanic_synthetic.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == (tmp_path / "titanic_train.csv").read_text(encoding="utf-8").splitlines()[0]


def test_errors_are_distances():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((200_000, 2))
    mean_error, covariance_error = errors(noise)  # mean 0 and the unit matrix, not the truth
    assert mean_error == pytest.approx(np.hypot(1.0, 0.5), abs=0.02)
    assert covariance_error == pytest.approx(
        np.sqrt(2 * 0.36 + 0.04) / np.sqrt(1 + 2 * 0.36 + 0.64), abs=0.02
    )


def test_threads_are_restored():
    torch.set_num_threads(2)
    try:
        with n_threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.slow
def test_shapes(tmp_path):
    said: list[str] = []
    result = run_shapes(tmp_path, 0, said.append, n_pictures=60, samples_seen=640)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(result["files"])
    assert "60 pictures were drawn" in said[0]
    made = load_model(tmp_path / "shapes.gan").sample(4, where={"shape": "disc", "colour": "red"})
    assert made.pixels.shape == (4, 24, 24, 3)
    assert set(made.attributes.columns["colour"]) == {"red"}


@pytest.mark.slow
def test_series(tmp_path):
    said: list[str] = []
    result = run_series(tmp_path, 0, said.append)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(result["files"])
    assert result["within"] > 0.4
    assert len(pd.read_csv(tmp_path / "futures.csv")) == 2_400


@pytest.mark.slow
def test_database(tmp_path):
    said: list[str] = []
    result = run_database(tmp_path, 0, said.append, samples_seen=4_000)
    assert set(result["files"]) <= {path.name for path in tmp_path.iterdir()}
    assert result["answers"]["orders before their customer came"] == (0, 0)
    assert result["answers"]["totals that are not the sum of their lines"] == (0, 0)
    assert any("mean price, gold customers" in line for line in said)


@pytest.mark.slow
def test_enlarging(tmp_path):
    said: list[str] = []
    result = run_enlarging(tmp_path, 0, said.append, n_pictures=12, samples_seen=32)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(result["files"])
    assert any(line.startswith("  bicubic   PSNR") for line in said)
    with Image.open(tmp_path / "larger.png") as picture:
        assert picture.width > picture.height


def test_shapes_are_what_they_are_called():
    shapes = drawn_shapes(90, 0)
    known = shapes.attributes.columns
    inked = (shapes.pixels.mean(3) < 250).mean((1, 2))
    assert all(0.02 < share < 0.5 for share in inked)
    mean = {name: shapes.pixels[known["colour"] == name].reshape(-1, 3).mean(0) for name in ("red", "blue")}
    assert mean["red"][0] > mean["red"][2]
    assert mean["blue"][2] > mean["blue"][0]
    assert set(known["shape"]) == set(SHAPES)


@pytest.mark.slow
def test_tunes_are_learnt_and_a_melody_gets_its_chords(tmp_path):
    said: list[str] = []
    result = run_music(tmp_path, 0, said.append)
    assert all((tmp_path / name).stat().st_size for name in result["files"])
    assert result["right"] >= 0.5
    assert any("piano rolls" in line for line in said)


@pytest.mark.slow
def test_reviews_are_learnt_and_name_the_product_that_is_asked_for(tmp_path):
    said: list[str] = []
    result = run_text(tmp_path, 0, said.append)
    assert all((tmp_path / name).stat().st_size for name in result["files"])
    assert result["right"] >= 0.9
    assert result["leaked"] == 0
    assert any("invented anew" in line for line in said)
