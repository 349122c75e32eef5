"""How a command ends: broken down, cut off, interrupted, or with nowhere to write to."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1"]


def test_a_breakdown_leaves_with_1(folder, tmp_path, monkeypatch, capsys):
    from gansmith.errors import TrainingError
    from gansmith.tasks.runs import fit

    def broken(*given):
        raise TrainingError("the game broke down.")

    monkeypatch.setattr(fit, "Training", broken)
    assert run(["fit", str(folder / "people.csv"), "-o", str(tmp_path / "a.gan")]) == 1
    assert "TrainingError: the game broke down." in capsys.readouterr().err


@pytest.mark.slow
def test_a_reader_that_has_had_enough_is_no_failure(model):
    """As in `gansmith sample m.gan | head -1`."""
    program = "import sys; from gansmith.faces.cli import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "sample", model, "-n", "8000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "age,pay,city,member\n"
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""
    assert process.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a process of its own")
def test_ctrl_c_keeps_a_checkpoint_and_the_printed_command_goes_on_bit_for_bit(folder, tmp_path, capsys):
    length = ["--samples-seen", str(216 * 40), *SMALL, "--sampling-only"]
    model, data = tmp_path / "a b.gan", str(folder / "people.csv")
    command = [sys.executable, "-m", "gansmith", "fit", data, "-o", str(model), *length]
    stats = tmp_path / "a b.run" / "stats.jsonl"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not stats.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert not model.exists()
    assert list((tmp_path / "a b.run" / "checkpoints").iterdir())
    printed = shlex.split(err.strip().splitlines()[-1])
    assert printed[:2] == ["gansmith", "fit"]
    assert "--resume" in printed
    assert run(printed[1:]) == 0
    assert "Resuming at step" in capsys.readouterr().err
    whole = tmp_path / "whole.gan"
    assert run(["fit", data, "-o", str(whole), *length]) == 0
    assert model.read_bytes() == whole.read_bytes()


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")


@FULL
def test_a_process_whose_standard_output_is_full_leaves_with_3():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gansmith", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert "disk is full" in done.stderr or "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@FULL
@pytest.mark.parametrize("command", ["sample", "show", "list"])
def test_a_full_standard_output_is_an_error(command, model, monkeypatch, capsys):
    given = [] if command == "list" else [model]
    code = 0
    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as full:  # closing it is one more
        monkeypatch.setattr(sys, "stdout", full)
        code = run([command, *given])
    said = capsys.readouterr().err
    assert code == 3
    assert "disk is full" in said or "No space left" in said


def test_a_command_that_fails_waits_for_no_thread(tmp_path: Path) -> None:
    program = (
        "import sys, threading; from gansmith.faces.cli import main;"
        "threading.Thread(target=threading.Event().wait).start(); main(sys.argv[1:])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "fit", str(tmp_path / "none.csv")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 3
    assert "none.csv" in ended.stderr
