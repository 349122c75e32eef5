"""Pictures on the command line: what a run has made, a film of it, and folders of new ones."""

from __future__ import annotations

import json
from io import StringIO

import numpy as np
import pytest
from PIL import Image, ImageSequence
from rich.console import Console

from gansmith.faces.cli import run, screen
from gansmith.store.run_folder import RunFolder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A model of bright squares, and its run."""
    place = tmp_path_factory.mktemp("pictures")
    pixels = np.zeros((60, 8, 8), int)
    pixels[:, 2:6, 2:6] = np.random.default_rng(0).integers(8, 17, (60, 4, 4))
    lines = [",".join(map(str, picture.ravel())) for picture in pixels]
    (place / "squares.tra").write_text("\n".join(lines))
    options = ["--samples-seen", "3000", "--threads", "1", "--generator-widths", "16"]
    assert run(["fit", str(place / "squares.tra"), "-o", str(place / "squares.gan"), *options]) == 0
    return place


def test_a_run_keeps_thirty_pictures_of_what_it_makes(place):
    frames = sorted((place / "squares.run" / "previews").glob("*.png"))
    assert len(frames) == 30
    assert len(list((place / "squares.run" / "previews").glob("*.txt"))) == 30
    shown = []
    for path in (frames[0], frames[-1]):
        with Image.open(path) as image:
            assert image.info["synthetic"] == "true"
            shown.append(np.asarray(image))
    assert shown[0].shape == (6 * (64 + 8) + 8,) * 2  # 6 x 6 pictures of 8 x 8 pixels, enlarged
    assert not np.array_equal(*shown)


@pytest.mark.parametrize("name", ["film.gif", "film.webp", "film.png"])
def test_a_film_has_all_of_them(place, tmp_path, capsys, name):
    capsys.readouterr()
    assert run(["show", str(place / "squares.run"), "--movie", str(tmp_path / name), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"movie": str(tmp_path / name), "n_frames": 30}
    assert "Wrote 30 pictures" in err
    with Image.open(tmp_path / name) as film:
        assert len([*ImageSequence.Iterator(film)]) >= 20  # equal ones may be one that is seen longer
        assert film.size == (440, 440)


def test_films_that_cannot_be_made(place, tmp_path, capsys):
    of_table = RunFolder(tmp_path / "people.run")
    of_table.start({"kind": "table"})
    of_table.write_preview("step-1.txt", "rows")
    film = str(tmp_path / "film.gif")
    for arguments, code, words in (
        ([str(place / "squares.run"), "--movie", str(tmp_path / "film.mp4")], 2, "cannot be written in this"),
        ([str(of_table.path), "--movie", film], 2, "data of kind 'table' cannot be shown as a film"),
        ([str(tmp_path), "--movie", film], 3, "no run is here"),
    ):
        assert run(["show", *arguments]) == code
        assert words in capsys.readouterr().err
    assert not list(tmp_path.glob("film.*"))
    begun = RunFolder(tmp_path / "squares.run")
    begun.start({"kind": "image"})
    assert run(["show", str(begun.path), "--movie", film]) == 2
    assert "has no previews yet" in capsys.readouterr().err


def test_a_walk_has_five_stops_if_nobody_says_how_many(place, tmp_path, capsys):
    capsys.readouterr()
    command = ["walk", str(place / "squares.gan"), "-n", "2", "--frames", "3"]
    film = tmp_path / "walk.gif"
    assert run([*command, "-o", str(film), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 15
    assert run([*command, "-o", str(film), "--stops", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 6
    assert run([*command, "-o", str(tmp_path / "walk.mp4")]) == 2
    assert "cannot be written in this format" in capsys.readouterr().err


def test_a_run_is_seen_in_the_terminal_ten_times(place, tmp_path, monkeypatch):
    monkeypatch.setenv("GANSMITH_GRAPHICS", "kitty")
    stream = StringIO()
    terminal = Console(file=stream, force_terminal=True, width=80, soft_wrap=True, legacy_windows=False)
    monkeypatch.setattr(screen, "console", terminal)
    options = ["--samples-seen", "1000", "--threads", "1", "--generator-widths", "16"]
    assert run(["fit", str(place / "squares.tra"), "-o", str(tmp_path / "a.gan"), *options]) == 0
    assert stream.getvalue().count("\x1b_Ga=T") == 10


def test_a_folder_of_new_pictures(place, tmp_path, capsys):
    command = ["sample", str(place / "squares.gan"), "-n", "12", "-o", f"{tmp_path / 'out'}/"]
    assert run(command) == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 12
    assert json.loads((tmp_path / "out.meta.json").read_text())["records"] == 12
    assert json.loads((tmp_path / "out" / "meta.json").read_text())["form"]["highest"] == 16
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.meta.json"]
    assert run(command) == 2
    assert "holds something already" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_data(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("")
    assert run(["show", str(tmp_path)]) != 0
    assert "no config.json" not in capsys.readouterr().err
