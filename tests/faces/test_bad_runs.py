"""Going on with a run: only on the same data, with the settings that it was started with."""

from __future__ import annotations

import pytest

from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1"]


@pytest.fixture
def place(tmp_path, write_people):
    """A folder with a table that is good."""
    write_people(tmp_path / "good.csv", 60)
    return tmp_path


def _fit(place, *options):
    return ["fit", place / "good.csv", "-o", place / "m.gan", "--samples-seen", "300", *SMALL, *options]


def _resume(place, *options):
    return ["fit", place / "good.csv", "-o", place / "m.gan", "--resume", *options]


def test_resuming_nothing_is_refused(place, refused):
    refused(_resume(place), 3, "no run is here")


def test_a_resumed_run_keeps_its_settings_and_names_what_differs(place, capsys, refused):
    assert run([str(argument) for argument in _fit(place)]) == 0
    (place / "m.run" / "scores.json").unlink()
    capsys.readouterr()
    (place / "run.toml").write_text("seed = 4")
    for option, said in {
        "--samples-seen=500": "samples_seen is 300 there, 500 here",
        "--seed=4": "seed is 0 there, 4 here",
        "--config=run.toml": "seed is 0 there, 4 here",
        "--objective=hinge": "objective is None there, 'hinge' here",
        "--kind=image": "kind is 'table' there, 'image' here",
        "--target=city": "target is '' there, 'city' here",
        "--column=age:category": "columns is {} there, {'age': 'category'} here",
        "--no-header": "has_header is None there, False here",
        f"--from={place / 'm.gan'}": "it fine-tunes no model",
    }.items():
        option = option.replace("run.toml", str(place / "run.toml"))
        refused(_resume(place, option), 2, said, "Leave them out", "--run")
        refused(_fit(place, option), 2, "not finished", said, "--resume", "--run")
    assert run([str(argument) for argument in _resume(place, "--seed=0", *SMALL)]) == 0


def test_the_very_same_command_line_goes_on(place, capsys):
    assert run([str(argument) for argument in _fit(place)]) == 0
    whole = (place / "m.gan").read_bytes()
    for name in ("scores.json", "stats.jsonl"):
        (place / "m.run" / name).unlink()
    for path in [*(place / "m.run" / "checkpoints").iterdir()][1:]:
        path.unlink()
    (place / "m.gan").unlink()
    capsys.readouterr()
    assert run([str(argument) for argument in _fit(place)]) == 0
    assert "Resuming at step" in capsys.readouterr().err
    assert (place / "m.gan").read_bytes() == whole


def test_resuming_on_other_data_is_refused(place, capsys, refused):
    assert run([str(argument) for argument in _fit(place)]) == 0
    (place / "m.run" / "scores.json").unlink()
    table = place / "good.csv"
    table.write_text(table.read_text().replace("1,", "2,"))
    capsys.readouterr()
    refused(_resume(place), 3, "other data")


@pytest.mark.parametrize("damage", [b"{", b"{}", b"[]"])
def test_a_damaged_run_is_refused(place, capsys, damage, refused):
    assert run([str(argument) for argument in _fit(place)]) == 0
    (place / "m.run" / "config.json").write_bytes(damage)
    capsys.readouterr()
    refused(_resume(place), 3, "Start the run anew")
