"""How memory and time grow with rows, categories and columns: fits of made-up tables, phase by phase."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.machine import machine

BATCH: Final = 250_000
"""Records made and written at once."""


@final
@dataclass(frozen=True)
class Case:
    """A table to learn from, and for how long."""

    name: str
    maker: str
    n_records: int
    samples_seen: int = 20_000


CASES: Final = (
    Case("1,000,000 x 15", "mixed", 1_000_000),
    Case("10,000,000 x 15", "mixed", 10_000_000),
    Case("500,000 x 3, one of 300,000 categories", "many_categories", 500_000),
    Case("5,000 x 2,000", "wide", 5_000),
)
PHASES: Final = ("import", "read", "fit codec", "encode", "rest of start", "train", "save")


def mixed(n: int, rng: np.random.Generator) -> pa.Table:
    """Fifteen columns of all kinds; some depend on others, some cells are missing."""
    age = rng.integers(17, 91, n)
    region = rng.zipf(1.6, n) % 400
    wealth = rng.lognormal(8 + age / 60, 1.0)
    job = (region * 7 + rng.integers(0, 5, n)) % 60
    start = np.datetime64("2015-01-01T00:00:00", "us")
    seconds = rng.integers(0, 10 * 365 * 86_400, n)
    words = np.array(["none", "basic", "middle", "high", "doctor"])
    return pa.table(
        {
            "customer": pa.array(rng.permutation(n) + 1_000),
            "age": pa.array(age),
            "income": pa.array(np.round(wealth, 2), mask=rng.random(n) < 0.03),
            "gain": pa.array(np.where(rng.random(n) < 0.9, 0, rng.integers(100, 99_999, n))),
            "score": pa.array(rng.normal(size=n)),
            "hours": pa.array(np.clip(rng.normal(40, 10, n), 1, 99).astype(np.int64)),
            "region": pa.array(region).cast(pa.string()),
            "job": pa.array([f"job {k}" for k in range(60)]).take(pa.array(job)),
            "school": pa.array(words[np.minimum((wealth // 4_000).astype(int), 4)]),
            "sex": pa.array(np.where(rng.random(n) < 0.5, "F", "M")),
            "is_new": pa.array(rng.random(n) < 0.2),
            "joined": pa.array(start + seconds.astype("timedelta64[s]")),
            "born": pa.array((2_024 - age).astype(np.int64)),
            "rate": pa.array(np.round(rng.beta(2, 5, n), 4)),
            "pay": pa.array(np.where(wealth * (1 + job / 60) > 9_000, ">9K", "<=9K")),
        }
    )


def many_categories(n: int, rng: np.random.Generator) -> pa.Table:
    """A column of up to 300,000 categories between two small ones."""
    code = np.concatenate([np.arange(min(n, 300_000)), rng.zipf(1.3, max(n - 300_000, 0)) % 300_000])
    code = rng.permutation(code)
    return pa.table(
        {
            "shop": pa.array(code).cast(pa.string()),
            "size": pa.array(code % 17 + rng.integers(0, 3, n)),
            "kind": pa.array((code % 5).astype(str)),
        }
    )


def wide(n: int, rng: np.random.Generator) -> pa.Table:
    """Two thousand columns: half numbers, half categories, all with a few common causes."""
    causes = rng.normal(size=(n, 8))
    mixed_causes = causes @ rng.normal(size=(8, 2_000)) + rng.normal(size=(n, 2_000))
    columns: dict[str, Any] = {}
    for index in range(2_000):
        values = mixed_causes[:, index]
        columns[f"c{index}"] = (
            pa.array(np.round(values, 3))
            if index % 2
            else pa.array([f"k{k}" for k in range(8)]).take(pa.array(np.clip(values + 4, 0, 7).astype(int)))
        )
    return pa.table(columns)


MAKERS: Final = {"mixed": mixed, "many_categories": many_categories, "wide": wide}


def make(maker: str, n_records: int, path: Path) -> None:
    """Write the table of that name: the same bytes each time, in constant memory where batches allow it."""
    whole = n_records if maker != "mixed" else BATCH
    writer: pq.ParquetWriter | None = None
    for index, first in enumerate(range(0, n_records, whole)):
        rng = np.random.default_rng([0, index])
        table = MAKERS[maker](min(whole, n_records - first), rng)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def run() -> dict[str, Any]:
    """Every case in a process of its own."""
    print(f"Fits of made-up Parquet files; {machine()}")
    print(f"{'table':40} {'peak MiB':>8} {'s/step':>7}  " + "  ".join(f"{phase:>13}" for phase in PHASES))
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for case in CASES:
            path = Path(temporary) / "table.parquet"
            subprocess.run(
                [sys.executable, "-m", "bench.scale", "make", case.maker, str(case.n_records), str(path)],
                check=True,
            )
            command = [sys.executable, "-m", "bench.scale", "fit", str(path), str(case.samples_seen)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[case.name] = measured = json.loads(done.stdout)
            print(_row(case, measured), flush=True)
    return found


def _row(case: Case, measured: dict[str, Any]) -> str:
    seconds = "  ".join(f"{measured['seconds'][phase]:11.1f} s" for phase in PHASES)
    return (
        f"{case.name:40} {measured['peak_mib']:8,.0f} {measured['step_seconds']:7.3f}  {seconds}"
        f"  (checkpoints: {measured['n_checkpoints']} of {measured['checkpoint_mib']:,.0f} MiB kept)"
    )


def fit(path: Path, samples_seen: int) -> dict[str, Any]:
    """Learn from the table in this process: seconds by phase, and the most memory that it has had."""
    clock = time.perf_counter
    started = clock()
    from gansmith.modalities.table.codec import TableCodec
    from gansmith.tasks.opening import open_data
    from gansmith.tasks.runs.fit import FitConfig, start

    seconds = {"import": clock() - started, "fit codec": 0.0, "encode": 0.0}

    def timed(name: str, phase: str) -> None:
        """Count the time that a part of `start` takes."""
        inner: Any = getattr(TableCodec, name)

        def outer(*arguments: Any) -> Any:
            since = clock()
            result = inner(*arguments)
            seconds[phase] += clock() - since
            return result

        setattr(TableCodec, name, outer)

    timed("fit", "fit codec")
    timed("encode", "encode")
    since = clock()
    opened = open_data(str(path))
    seconds["read"] = clock() - since
    folder = path.with_suffix(".run")
    since = clock()
    fit_run = start(opened, FitConfig(samples_seen=samples_seen), folder=folder)
    seconds["rest of start"] = clock() - since - seconds["fit codec"] - seconds["encode"]
    since = clock()
    n_steps = len(list(fit_run))
    seconds["train"] = clock() - since
    since = clock()
    fit_run.model().save(path.with_suffix(".gan"))
    seconds["save"] = clock() - since
    kept = [file.stat().st_size for file in (folder / "checkpoints").iterdir()]
    return {
        "seconds": seconds,
        "step_seconds": seconds["train"] / n_steps,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "n_checkpoints": len(kept),
        "checkpoint_mib": max(kept) / 2**20,
    }


def main(arguments: Sequence[str]) -> None:
    """`make MAKER N PATH` writes a table, `fit PATH SAMPLES_SEEN` learns from one."""
    if arguments[0] == "make":
        make(arguments[1], int(arguments[2]), Path(arguments[3]))
    else:
        print(json.dumps(fit(Path(arguments[1]), int(arguments[2]))))


if __name__ == "__main__":
    main(sys.argv[1:])
