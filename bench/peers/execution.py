"""One competitor on one table, in a process of its own."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from bench.machine import machine
from bench.peers.competitors import COMPETITORS
from bench.peers.datasets import Prepared
from bench.peers.results import Key, Result

PROJECT: Final = Path(__file__).parents[2]
ONE_THREAD: Final = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
N_TIMED: Final = 10_000
"""Records that sampling is timed on, in a second sample: small tables would time the start alone."""


@final
@dataclass(frozen=True)
class Terms:
    """Under which terms a competitor runs."""

    epochs: int = 0
    budget_seconds: float = 0.0
    timeout_seconds: float = 4 * 3600.0
    n_timed: int = N_TIMED


def peers_python() -> str:
    """The interpreter that has the peers: GANSMITH_PEERS.

    Raises:
        SystemExit: When it is not set; says how to make one.
    """
    found = os.environ.get("GANSMITH_PEERS", "")
    if not found:
        raise SystemExit(
            "GANSMITH_PEERS is not set: it names the interpreter of an environment that has the peers, "
            "such as ~/peers/bin/python. bench/peers/README.md says how to make one."
        )
    return found


def execute(key: Key, prepared: Prepared, terms: Terms, cache: Path) -> Result:
    """Run one competitor; a failure is a result, too."""
    folder = cache / key.data_set
    report, task = key.path(cache, ".report.json"), key.path(cache, ".task.json")
    report.unlink(missing_ok=True)
    is_anchor = COMPETITORS[key.competitor].is_anchor
    plain = {
        "train": str(prepared.train),
        "holdout": str(prepared.holdout),
        "synthetic": str(key.path(cache, ".csv")),
        "report": str(report),
        "target": prepared.data_set.target,
        "kinds": prepared.kinds,
        "n_records": prepared.n_train,
        "n_timed": 0 if is_anchor else terms.n_timed,
        "seed": key.seed,
        "epochs": terms.epochs,
        "budget_seconds": terms.budget_seconds,
    }
    task.write_text(json.dumps(plain), encoding="utf-8")
    failed = _run(key, task, terms.timeout_seconds, folder)
    measured: dict[str, Any] = {} if failed else json.loads(report.read_text(encoding="utf-8"))
    return new_result(key, prepared, terms, failed=failed, measured=measured)


def new_result(
    key: Key, prepared: Prepared, terms: Terms, *, failed: str = "", measured: dict[str, Any] | None = None
) -> Result:
    """A result of here and now, without scores."""
    return Result(
        key=key,
        date=datetime.date.today().isoformat(),
        machine=machine(),
        n_train=prepared.n_train,
        n_holdout=prepared.n_holdout,
        failed=failed,
        epochs=terms.epochs,
        budget_seconds=terms.budget_seconds,
        measured=measured or {},
    )


def _run(key: Key, task: Path, timeout_seconds: float, folder: Path) -> str:
    """Why it failed, in one line; empty when it did not."""
    interpreter = peers_python() if COMPETITORS[key.competitor].is_peer else sys.executable
    command = [interpreter, "-m", f"bench.peers.runners.{key.competitor}", str(task)]
    environment = {**ONE_THREAD, **os.environ}
    log = folder / f"{task.name.removesuffix('.task.json')}.log"
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as said:
        try:
            done = subprocess.run(
                command,
                cwd=PROJECT,
                env=environment,
                stdout=said,
                stderr=said,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {time.monotonic() - started:,.0f} s"
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"exit code {done.returncode}: {lines[-1][:300] if lines else 'nothing said'}"
    return ""
