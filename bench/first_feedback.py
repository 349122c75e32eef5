"""How soon `gansmith fit` shows the schema and the first progress, into a pipe and into a terminal."""

from __future__ import annotations

import math
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from bench.machine import machine
from bench.scale import mixed
from bench.tables import BESIDE

TARGET_SECONDS: Final = 3.0
WORDS: Final = {"schema": "column ", "progress": "0%", "learning": "steps;"}
"""What the first line of each begins with or holds."""

Moment = tuple[float, float, str]
"""Seconds since the start, seconds of processor time (they tell more on a busy machine), and a line."""


def run(n_rounds: int = 3) -> dict[str, Any]:
    """Medians over a few starts, from the shell's point of view; the first start does not count."""
    print(f"gansmith fit; {machine()}")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        source = BESIDE / "data" / "adult" / "train.csv.gz"
        if not source.exists():
            source = _made_up(Path(temporary))
        for name, lines in (("pipe", _from_pipe), ("terminal", _from_terminal)):
            rounds = [_seconds(lines(_command(source, Path(temporary)))) for _ in range(n_rounds + 1)]
            found[name] = {
                word: [statistics.median(one[word][place] for one in rounds[1:]) for place in (0, 1)]
                for word in WORDS
            }
            told = ", ".join(
                f"{word} {wall:.2f} s ({cpu:.2f} s CPU)" for word, (wall, cpu) in found[name].items()
            )
            print(f"  {name:9} {told} (target: schema and progress under {TARGET_SECONDS:.0f} s)", flush=True)
    return found


def _command(source: Path, folder: Path) -> list[str]:
    number = len(list(folder.glob("*.run")))
    model = folder / f"{number}.gan"
    return [sys.executable, "-m", "gansmith", "fit", str(source), "-o", str(model), "--samples-seen", "500"]


def _seconds(lines: Iterator[Moment]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for *seconds, line in lines:
        for word, mark in WORDS.items():
            if mark in line:
                found.setdefault(word, (seconds[0], seconds[1]))
    return found


def _from_pipe(command: list[str]) -> Iterator[Moment]:
    started = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            yield time.perf_counter() - started, _cpu_seconds(process.pid), line


def _from_terminal(command: list[str]) -> Iterator[Moment]:
    started = time.perf_counter()
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        while True:
            try:
                content = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                content = b""
            if not content:
                break
            for line in content.decode(errors="replace").splitlines():
                yield time.perf_counter() - started, _cpu_seconds(process.pid), line
        process.wait()
    os.close(ours)


def _cpu_seconds(process: int) -> float:
    """Processor time of a process so far; NaN where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _made_up(folder: Path) -> Path:
    """A table of the size of Adult."""
    import numpy as np

    table: pa.Table = mixed(32_561, np.random.default_rng(0))
    path = folder / "made_up.csv"
    pa_csv.write_csv(table, path)
    return path
