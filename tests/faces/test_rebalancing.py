"""The command `rebalance`: what it prints, writes and refuses, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from gansmith.faces.cli import run

pytestmark = pytest.mark.usefixtures("small_contests")
SHORT = ["--samples-seen", "216", "--folds", "2", "--repetitions", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("rare") / "people.csv"
    rows = [f"{rng.integers(90)},{rng.normal():.2f},{'ill' if k < 14 else 'well'}" for k in range(100)]
    path.write_text("\n".join(["age,pay,state", *rows]) + "\n", "utf-8")
    return str(path)


@pytest.mark.slow
def test_a_contest_is_printed_as_json_and_nothing_is_written_that_is_not_recommended(data, tmp_path, capsys):
    more, report = tmp_path / "more.csv", tmp_path / "r.html"
    code = run(
        ["rebalance", data, "--target", "state", "-o", str(more), "--report", str(report), "--json", *SHORT]
    )
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert report.exists()
    assert "very few" in err
    if found["recommended"].startswith("generator"):
        assert code == 0
        assert more.exists()
    else:
        assert code == 4
        assert not more.exists()
        assert "nothing was written" in err


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (["--target", "stat"], 2, "'state'"),
        (["--target", "state", "--method", "smote"], 2, "-o"),
        (["--target", "state", "--method", "smote", "-o", "x.csv"], 2, "makes no records"),
        (["--target", "state", "--all"], 2, "--all"),
        (["--target", "state", "--report", "r.txt"], 2, ".html"),
        (["--target", "state", "--learner", "net"], 2, "linear"),
        (["--target", "state", "--json", "-o", "-", "--method", "generator"], 2, "both be printed"),
        (["--target", "state", "--minority", "sick"], 2, "ill"),
    ],
)
def test_what_is_refused(data, given, code, words, capsys):
    assert run(["rebalance", data, *given]) == code
    assert words in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a process of its own")
def test_ctrl_c_in_the_middle_leaves_nothing_half_written(data, tmp_path):
    names = ["-o", str(tmp_path / "more.csv"), "--report", str(tmp_path / "r.html"), "--method", "generator"]
    command = [sys.executable, "-m", "gansmith", "rebalance", data, "--target", "state", *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "very few" in process.stderr.readline()  # the data has been read: the contest begins
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
