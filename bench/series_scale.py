"""Series of 5,000 steps, and 100,000 entities from Parquet: memory at its highest, and steps a second.

Each case learns and samples in a process of its own, so that the highest memory is its own. What is measured
is whether it runs, not how good it is: a short budget is enough.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.picture_task import Row, at_most, told
from bench.series_task import SeriesTask

N_LONG: Final = 40
N_LONG_STEPS: Final = 5_000
N_ENTITIES: Final = 100_000
FEWEST: Final = 5
MOST: Final = 30
"""Steps of an entity."""
MOST_MIB: Final = 3 * 1024
N_SAMPLED: Final = {"long": 10, "entities": 2_000}
BATCH: Final = 10_000
"""Entities that are made and written at a time."""


def long(task: SeriesTask) -> list[Row]:
    """Forty series of 5,000 steps: a season, a slow wave and noise that is louder by day; two channels."""
    return _case(task, "long")


def entities(task: SeriesTask) -> list[Row]:
    """100,000 entities of 5 to 30 steps with an attribute, a number, a category and a time."""
    return _case(task, "entities")


def write_long(path: Path, n: int = N_LONG, n_steps: int = N_LONG_STEPS) -> None:
    """Series `a` and `b`, hour by hour."""
    rng = np.random.default_rng(30)
    hours = np.arange(n_steps)
    phase, scale = rng.uniform(0, 6.3, (n, 1)), rng.lognormal(0, 0.3, (n, 1))
    noise = np.cumsum(rng.normal(0, 0.05, (n, n_steps)), axis=1)
    first = scale * (np.sin(2 * np.pi * hours / 24 + phase) + np.sin(2 * np.pi * hours / 700) + noise)
    second = first * 0.5 + rng.normal(0, 0.2, (n, n_steps)) * (1 + np.sin(2 * np.pi * hours / 24))
    start = np.datetime64("2024-01-01T00:00:00")
    table = pa.table(
        {
            "sensor": np.repeat(np.arange(n), n_steps),
            "time": np.tile(start + hours.astype("m8[h]"), n),
            "a": first.ravel().round(3),
            "b": second.ravel().round(3),
        }
    )
    pq.write_table(table, path)


def write_entities(path: Path, n: int = N_ENTITIES) -> None:
    """In batches, so that this needs little memory itself."""
    rng = np.random.default_rng(31)
    writer: pq.ParquetWriter | None = None
    for first in range(0, n, BATCH):
        lengths = rng.integers(FEWEST, MOST + 1, min(BATCH, n - first))
        owner = np.repeat(np.arange(len(lengths)), lengths)
        kind = rng.integers(0, 4, len(lengths))
        gaps = rng.exponential(86_400.0, len(owner)) * (1 + kind[owner])
        since = np.cumsum(gaps) - np.repeat((np.cumsum(gaps) - gaps)[np.cumsum(lengths) - lengths], lengths)
        table = pa.table(
            {
                "entity": first + owner,
                "kind": pa.array(["a", "b", "c", "d"]).take(pa.array(kind[owner])),
                "time": np.datetime64("2023-01-01T00:00:00") + since.astype("m8[s]"),
                "amount": np.exp(rng.normal(3 + kind[owner] / 4, 0.5)).round(2),
                "event": pa.array(["view", "buy", "return"]).take(
                    pa.array(rng.choice(3, len(owner), p=(0.7, 0.25, 0.05)))
                ),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


WRITERS: Final = {"long": write_long, "entities": write_entities}
ENTITY: Final = {"long": "sensor", "entities": "entity"}


def _case(task: SeriesTask, name: str) -> list[Row]:
    """Write the file, learn from it in a child process, and give what that has measured."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "series.parquet"
        WRITERS[name](path)
        n_steps = pq.ParquetFile(path).metadata.num_rows
        told(f"{name}: {n_steps:,} steps, {path.stat().st_size / 2**20:.0f} MiB")
        if not task.has_ours:
            return [Row("steps of the file", n_steps)]
        command = [sys.executable, "-m", "bench.series_scale", name, str(path), task.budget]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        told(f"{name}: failed with {done.returncode}")
        return [Row("steps of the file", n_steps), at_most("peak MiB", float("nan"), MOST_MIB)]
    found = json.loads(done.stdout.splitlines()[-1])
    return [
        Row("steps of the file", n_steps),
        at_most("peak MiB", found["peak_mib"], MOST_MIB),
        Row("seconds until it learns", found["before_seconds"]),
        Row("steps of series learnt from a second", found["learnt_rate"]),
        Row("steps of series sampled a second", found["sampled_rate"]),
    ]


def learn(name: str, path: Path, budget: str) -> dict[str, Any]:
    """Learn and sample in this process."""
    from gansmith.tasks.runs.fit import FitConfig, start

    clock = time.perf_counter
    since = clock()
    options = {"entity": ENTITY[name], "time": "time"}
    run = start(str(path), FitConfig(kind="series", budget=budget), options=options)
    before, since = clock() - since, clock()
    for _ in run:
        pass
    seconds = clock() - since
    mean_length = pq.ParquetFile(path).metadata.num_rows / {"long": N_LONG, "entities": N_ENTITIES}[name]
    model, since = run.model(), clock()
    made = model.sample(N_SAMPLED[name], 0)
    return {
        "before_seconds": before,
        "learnt_rate": run.training.samples_seen * mean_length / seconds,
        "sampled_rate": int(made.starts[-1]) / (clock() - since),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(learn(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
