"""This checkout against another one of the project: time of a step, and records sampled a second.

    python -m bench versus ../before        a checkout of an older commit

Both learn and sample in turn, in processes of their own with one thread to learn with, so that whatever else
the machine does meets both. The other one's models are read by this one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parents[1]
N_ROUNDS: Final = 5
N_STEPS: Final = {"article": 3_000, "table": 60}
COUNT: Final = 200_000


def run(asked: list[str]) -> dict[str, Any]:
    """All rounds, and the ratios of this checkout to the other: medians of the rounds' own ratios."""
    from bench.machine import machine

    parser = argparse.ArgumentParser(prog="python -m bench versus", description=__doc__)
    parser.add_argument("other", type=Path, help="folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=N_ROUNDS)
    options = parser.parse_args(asked)
    print(f"This checkout against {options.other.name}; {machine()}")
    with tempfile.TemporaryDirectory() as temporary:
        model = Path(temporary) / "model.gan"
        _measured(options.other, "model", str(model))
        rounds = [_round(options.other, str(model)) for _ in range(options.rounds)]
    found = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    for name, ratio in found.items():
        print(f"  {name:28}{ratio:.3f}")
    return found


def _round(other: Path, model: str) -> dict[str, float]:
    """Ratios of one round: of milliseconds a step, and of records a second."""
    ratios: dict[str, float] = {}
    before, now = _measured(other, "article"), _measured(HERE, "article")
    ratios["article, ms a step"] = now["default"] / before["default"]
    before, now = _measured(other, "table"), _measured(HERE, "table")
    for name, seconds in now.items():
        ratios[f"table, {name}, ms a step"] = seconds / before["default"]
    before, now = _measured(other, "sampling", model), _measured(HERE, "sampling", model)
    ratios["records a second"] = now["rate"] / before["rate"]
    ratios["records a processor second"] = now["rate_cpu"] / before["rate_cpu"]
    told = ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items())
    print(f"  {told}", flush=True)
    return ratios


def _measured(checkout: Path, what: str, *more: str) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__).resolve()), what, *more]
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


# --- What runs in a process of its own, with whichever checkout is on the path ------------------------------


def _data() -> Any:
    import pandas as pd

    adult = HERE.parent / "shared" / "data" / "adult" / "train.csv.gz"
    if adult.exists():
        return str(adult)
    import numpy as np

    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"n{index}": rng.normal(size=20_000).round(2) for index in range(6)}
    columns |= {f"c{index}": rng.integers(0, 2 + 5 * index, 20_000).astype(str) for index in range(9)}
    return pd.DataFrame(columns)


def _variants() -> dict[str, dict[str, Any]]:
    """Rules that the table's game is also tried with, where this version knows them."""
    from gansmith.modalities.table.recipe import PRESETS

    if "vae" not in PRESETS:
        return {"default": {}}
    from gansmith.engine.penalties import PenaltyConfig

    each = tuple(PenaltyConfig(name, 0.3) for name in ("r1", "r2"))
    return {
        "default": {},
        "as before": {"turns": "fresh", "penalties": each},
        "same fakes": {"turns": "same_fakes", "penalties": each},
        "one pass": {"turns": "one_pass", "penalties": each},
        "one pass, penalties 1 in 4": {"turns": "one_pass"},
    }


def _steps(source: Any, preset: str, n_steps: int, rules: dict[str, Any]) -> float:
    """Milliseconds of a step, the median."""
    from dataclasses import replace

    from gansmith.tasks.runs.fit import FitConfig, start

    try:
        table: Any = import_module("gansmith.modalities.table.recipe")
    except ModuleNotFoundError:  # a checkout of before
        table = import_module("gansmith.modalities.table.modality")
    plan = table.plan_table
    table.plan_table = lambda *given: (
        (found := plan(*given)) and replace(found, game=replace(found.game, **rules))
    )
    try:
        size = 500 if preset == "default" else 10
        run = start(source, FitConfig(preset=preset, samples_seen=n_steps * size, threads=1))
    finally:
        table.plan_table = plan
    times = [time.perf_counter()]
    times += [time.perf_counter() for _ in run]
    return 1e3 * statistics.median(late - early for early, late in pairwise(times[5:]))


def _work(what: str, more: list[str]) -> dict[str, float]:
    import numpy as np

    if what == "article":
        pixels = np.random.default_rng(0).integers(0, 17, (177, 8, 8))
        return {"default": _steps(pixels, "article", N_STEPS[what], {})}
    if what == "table":
        return {name: _steps(_data(), "default", N_STEPS[what], rules) for name, rules in _variants().items()}
    if what == "model":
        from gansmith.tasks.synthesize import Synthesizer

        Synthesizer(samples_seen=60_000, threads=1).fit(_data()).save(more[0])
        return {}
    from gansmith.tasks.model import load_model

    model = load_model(more[0])
    list(model.blocks(20_000))
    started, processor = time.perf_counter(), time.process_time()
    for _ in model.blocks(COUNT, 1):
        pass
    seconds, cpu = time.perf_counter() - started, time.process_time() - processor
    return {"rate": round(COUNT / seconds), "rate_cpu": round(COUNT / cpu)}


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], sys.argv[2:])))
