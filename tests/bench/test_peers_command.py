"""`python -m bench peers` and `python -m bench race`, end to end on a tiny table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import bench.race
from bench.__main__ import main as bench_main
from bench.peers.command import chosen, lengths, main, parser, terms_of
from bench.peers.competitors import COMPETITORS
from bench.peers.execution import peers_python
from bench.peers.results import Key, Result, load

ROOT = Path(__file__).parents[2]


def options(world, *arguments):
    folders = [
        "--results",
        str(world / "results"),
        "--page",
        str(world / "t.md"),
        "--cache",
        str(world / "cache"),
    ]
    return [*arguments, *folders]


@pytest.mark.slow
def test_the_anchors_are_measured_and_the_page_is_written(world, capsys):
    main(options(world, "--only", "small,copy,independent,holdout"))
    results = world / "results" / "small"
    assert sorted(path.name for path in results.iterdir()) == [
        "copy-default-0.json",
        "holdout-default-0.json",
        "independent-default-0.json",
    ]
    copy = load(results / "copy-default-0.json")
    assert copy.failed == ""
    assert copy.independent_card["rows"] == copy.n_train == 51
    assert copy.own_card["copies"]["value"] == 1.0
    assert copy.measured["peak_mib"] > copy.measured["start_mib"] * 0.5
    holdout = load(results / "holdout-default-0.json")
    assert holdout.own_card["c2st"]["value"] == copy.own_card["c2st"]["real"]
    made, train = (pd.read_csv(world / "cache/small" / name) for name in ("copy-default-0.csv", "train.csv"))
    order = [str(name) for name in train]
    assert_frame_equal(
        made.sort_values(order, ignore_index=True), train.sort_values(order, ignore_index=True)
    )
    page = (world / "t.md").read_text("utf-8")
    assert "## small" in page
    assert "| training copy |" in page
    capsys.readouterr()
    main(options(world, "--only", "small,copy,independent,holdout"))
    assert "..." not in capsys.readouterr().out, "what is stored is not measured again"


def test_a_competitor_that_fails_is_a_result(world):
    main(options(world, "--only", "small,mostlyai"))
    failed = load(world / "results/small/mostlyai-default-0.json")
    assert "mostlyai" in failed.failed
    assert "MOSTLY AI engine: exit code 1" in (world / "t.md").read_text("utf-8")


def test_a_competitor_that_takes_too_long_is_stopped(world):
    main(options(world, "--only", "small,copy", "--timeout", "0.01s"))
    assert "stopped after" in load(world / "results/small/copy-default-0.json").failed


@pytest.mark.slow
def test_ours_learns_and_samples(world):
    main(options(world, "--only", "small,ours", "--epochs", "2"))
    found = load(world / "results/small/ours-2ep-0.json")
    assert found.failed == ""
    assert found.measured["rows_per_cpu_second"] > 0
    assert found.epochs == 2


def test_an_unknown_name_is_refused():
    with pytest.raises(SystemExit, match="no such data set or competitor"):
        chosen("adult,nobody")


def test_a_race_at_equal_time_needs_the_other_run(world):
    asked = parser().parse_args(options(world))
    key = Key("small", "ours", "as_mostlyai")
    assert terms_of(key, asked) is None
    Result(
        key=Key("small", "mostlyai"),
        date="",
        machine="",
        n_train=1,
        n_holdout=1,
        measured={"fit_cpu_seconds": 42.0},
    ).save(world / "results")
    terms = terms_of(key, asked)
    assert terms is not None
    assert terms.budget_seconds == 42.0


@pytest.mark.parametrize(
    ("arguments", "ours", "mostlyai", "ctgan", "copy"),
    [
        ([], ["default", "as_mostlyai"], ["default"], ["default"], ["default"]),
        (["--budget", "5m"], ["300s"], ["300s"], [], []),
        (["--budget", "as_mostlyai"], ["as_mostlyai"], [], [], []),
        (["--epochs", "30"], ["30ep"], ["30ep"], ["30ep"], []),
    ],
)
def test_lengths(arguments, ours, mostlyai, ctgan, copy):
    asked = parser().parse_args(arguments)
    found = [lengths(COMPETITORS[name], asked) for name in ("ours", "mostlyai", "ctgan", "copy")]
    assert found == [ours, mostlyai, ctgan, copy]


def test_without_an_environment_of_peers_the_error_says_what_to_do(monkeypatch):
    monkeypatch.delenv("GANSMITH_PEERS", raising=False)
    with pytest.raises(SystemExit, match="GANSMITH_PEERS is not set"):
        peers_python()


def test_a_race_ends_at_the_first_budget_that_beats_all_four(world, monkeypatch, capsys):
    card = {"shape": 12.0, "trend": 12.0, "c2st": 0.96, "tstr": 0.88}
    Result(
        key=Key("small", "ctgan", "quoted"),
        date="",
        machine="",
        n_train=51,
        n_holdout=50,
        measured={"fit_cpu_seconds": 1_600.0},
        independent_card=card,
    ).save(world / "results")
    budgets: list[float] = []

    def ours(prepared, budget, options):
        budgets.append(budget)
        key = Key("small", "ours", "race")
        seconds = {"fit_cpu_seconds": budget}
        result = Result(key=key, date="", machine="", n_train=51, n_holdout=50, measured=seconds)
        # The second budget is better in three figures of four only.
        return result, {
            **card,
            "shape": 1.0,
            "trend": 1.0,
            "c2st": 0.6,
            "tstr": 0.9 if len(budgets) > 2 else 0.8,
        }

    monkeypatch.setattr(bench.race, "ours", ours)
    monkeypatch.setattr(bench.race, "sampling_ratio", lambda *_: 9.5)
    folders = ["--results", str(world / "results"), "--cache", str(world / "cache")]
    assert bench_main(["race", "--only", "small", *folders]) == 0
    assert budgets == [10.0, 20.0, 40.0]
    stored = json.loads((world / "results/race-small.json").read_text("utf-8"))
    assert stored["reached"]["tstr"] == 0.9
    assert stored["seconds"] == 40.0
    assert "1/40 of its time" in capsys.readouterr().out


def test_the_stored_page_is_that_of_the_stored_results(tmp_path):
    main(["--page-only", "--page", str(tmp_path / "tables.md")])
    assert (tmp_path / "tables.md").read_bytes() == (ROOT / "bench" / "tables.md").read_bytes()


def test_memory_is_that_of_the_process_and_not_of_its_parent():
    ballast = bytearray(400 * 1024**2)
    code = "from bench.peers.runners.measured import peak_mib; print(peak_mib())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert len(ballast) > 0
    assert 20 < float(done.stdout) < 300
