"""How many records a second a model writes to Parquet, and whether memory stays flat."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from bench.machine import machine
from bench.tables import BESIDE
from gansmith.engine.randomness import Randomness
from gansmith.tasks.model import load_model
from gansmith.tasks.synthesize import Synthesizer

COUNTS: Final = (100_000, 5_000_000)


def run() -> dict[str, Any]:
    """Sample from a model of Adult (or else of a made-up table), each count in a process of its own."""
    print(f"Sampling to Parquet; {machine()}")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        model = Path(temporary) / "model.gan"
        source = BESIDE / "data" / "adult" / "train.csv.gz"
        Synthesizer(samples_seen=5_000).fit(str(source) if source.exists() else _made_up()).save(model)
        for count in COUNTS:
            command = [sys.executable, "-m", "bench.sampling", str(model), str(count)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[str(count)] = json.loads(done.stdout)
            print(
                f"  {count:>9,} records: {found[str(count)]['rate']:>9,.0f} a second, "
                f"peak {found[str(count)]['peak_mib']:,.0f} MiB"
            )
    return found


def measure(path: Path, count: int) -> dict[str, float]:
    """Records a second, model loading apart, and the peak memory of this process."""
    model = load_model(path)
    output = path.with_name("out.parquet")
    started = time.perf_counter()
    with model.modality.format.writer(output, model.codec.empty, {}, model.modality.options()) as writer:
        for block in model.blocks(count, seed=1):
            writer.write(block)
    seconds = time.perf_counter() - started
    output.unlink()
    return {"rate": count / seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _made_up() -> pa.Table:
    """Fifteen columns, nine of them categories."""
    randomness, n = Randomness(0), 20_000
    columns: dict[str, Any] = {}
    for index in range(15):
        values = randomness.normal((n,), f"column {index}", 0)
        columns[f"c{index}"] = (
            [f"k{int(v * 4)}" for v in values] if index < 9 else (values * 1000).int().tolist()
        )
    return pa.table(columns)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
