"""A messy export of 71 columns: the share of made records that pass the validator of the application.

    python -m bench validator [--budget 2m] [--seed 0] [--only ours,gaussian_copula,ctgan] [--epochs 300]

Each competitor learns the 3,000 records of `bench.export` and makes as many. SDV's metadata is corrected by
hand in its favour (`bench/export/sdv.py`); it runs in the environment that GANSMITH_PEERS names, see
`bench/peers/README.md`. Rates are appended to `bench/results/validator.jsonl`, one line for each competitor.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.export import export, read, validate, write
from bench.export.checks import GOALS, Check
from bench.machine import machine, one_thread
from bench.peers.execution import ONE_THREAD, PROJECT, peers_python
from gansmith.tasks.synthesize import Synthesizer

OURS: Final = "ours"
PEERS: Final = ("gaussian_copula", "ctgan")
RESULTS: Final = PROJECT / "bench" / "results" / "validator.jsonl"

Rates = dict[Check, float]


def run(asked: list[str]) -> None:
    """Let each learn, make and be validated; then one table."""
    parser = argparse.ArgumentParser(prog="python -m bench validator", description=__doc__)
    parser.add_argument("--budget", default="2m", help="time for Gansmith to learn")
    parser.add_argument("--epochs", type=int, default=300, help="of CTGAN")
    parser.add_argument("--seed", type=int, default=0, help="of the learning; the export is always the same")
    parser.add_argument("--only", default=",".join((OURS, *PEERS)), help="competitors, with commas")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file that is appended to")
    parser.add_argument("--keep", type=Path, help="folder where the made records are kept")
    options = parser.parse_args(asked)
    print(f"A messy export; {machine()}", flush=True)
    found: dict[str, Rates] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        real = export()
        write(real, folder / "real.csv")
        for name in options.only.split(","):
            started = time.perf_counter()
            (_ours if name == OURS else _theirs)(name, folder, options)
            seconds = time.perf_counter() - started
            found[name] = validate(read(folder / f"{name}.csv"), real)
            _append(options, name, found[name], seconds)
            print(f"{name}: {seconds:,.0f} s, {told(found[name])}", flush=True)
    print(table(found))


def _ours(name: str, folder: Path, options: argparse.Namespace) -> None:
    with one_thread():
        synthesizer = Synthesizer(budget=options.budget, seed=options.seed, threads=1)
        model = synthesizer.fit(str(folder / "real.csv")).model_
        model.write(folder / f"{name}.csv", model.manifest["data"]["n_records"], options.seed)


def _theirs(name: str, folder: Path, options: argparse.Namespace) -> None:
    command = [peers_python(), "-m", "bench.export.sdv", name, folder / "real.csv", folder / f"{name}.csv"]
    settings = ["--epochs", str(options.epochs), "--seed", str(options.seed)]
    subprocess.run([*map(str, command), *settings], cwd=PROJECT, env={**ONE_THREAD, **os.environ}, check=True)


def _append(options: argparse.Namespace, name: str, rates: Rates, seconds: float) -> None:
    line: dict[str, Any] = {
        "competitor": name,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "seconds": round(seconds, 1),
        "budget": options.budget if name == OURS else "",
        "epochs": options.epochs if name == "ctgan" else 0,
        "seed": options.seed,
        "rates": {check.name: round(rate, 4) for check, rate in rates.items()},
    }
    with options.results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def told(rates: Rates) -> str:
    """How many checks of each sort are passed, and the mean rate of it."""
    parts: list[str] = []
    for sort, goal in GOALS.items():
        of_sort = [rate for check, rate in rates.items() if check.sort == sort]
        passed = sum(rate >= goal for rate in of_sort)
        mean = sum(of_sort) / len(of_sort)
        counted = f"{sort} {passed} of {len(of_sort)} (from {goal:.0%})"
        parts.append(f"{counted}, mean {int(1000 * mean) / 10:.1f}%")
    return "; ".join(parts)


def table(found: dict[str, Rates]) -> str:
    """All checks, a column for each competitor."""
    lines = [f"| sort | check | {' | '.join(found)} |", "|---|---|" + "---|" * len(found)]
    for check in next(iter(found.values())):
        rates = " | ".join(_spelt(rates[check], GOALS[check.sort]) for rates in found.values())
        lines.append(f"| {check.sort} | {check.name} | {rates} |")
    return "\n".join(lines)


def _spelt(rate: float, goal: float) -> str:
    """In percent; bold where the goal is missed, and never rounded to a goal that is missed."""
    return f"{rate:.1%}" if rate >= goal else f"**{int(1000 * rate) / 10:.1f}%**"
