"""How long tables take to be read, understood and prepared for learning, and how much memory.

`python -m bench reading [--only TEXT] [--against CHECKOUT] [--rounds 5]`: alone, or against another checkout.
Each reading is a process of its own; versions take turns. Seconds are of the processor, all of the process,
imports too; memory is its peak.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from bench.export import export, write
from bench.machine import machine
from bench.scale import mixed
from bench.tables import BESIDE

SOURCE: Final = Path(__file__).parents[1] / "src"
FILES: Final = {
    "Adult": "adult/train.csv.gz",
    "covertype": "covertype/covtype_10k.csv",
    "netflix": "netflix_titles/netflix_titles.csv.gz",
}
N_RECORDS: Final = 1_000_000
N_COLUMNS: Final = 45
_READ: Final = """
import sys
from pathlib import Path
try:
    from gansmith.tabular.files import read_table
except ImportError:  # as it was until November 2026
    from gansmith.modalities.table.files.reading import read_table
table = read_table(Path(sys.argv[1]))
"""
_SHOW: Final = """
import contextlib, io, sys
from pathlib import Path
from gansmith.faces.cli import main
sys.argv = ["gansmith", "show", sys.argv[1]]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
"""
_PREPARE: Final = """
import sys
from pathlib import Path
from gansmith.tasks.runs.fit import FitConfig, start
run = start(sys.argv[1], FitConfig(samples_seen=500, threads=1))
"""
_FINISH: Final = """
for _ in run:
    pass
run.model()
"""

_USED: Final = r"""
import json, re, time
peak = re.search(r"VmHWM:\s*([0-9]+)", Path("/proc/self/status").read_text())
print(json.dumps([time.process_time(), int(peak[1]) / 1024 if peak else float("nan")]))
"""
"""Linux tells the peak since the program began; elsewhere it is not known."""


def run(asked: Sequence[str] = ()) -> None:
    """Read the tables, and print medians."""
    parser = argparse.ArgumentParser(prog="python -m bench reading", description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout of this project")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(asked)
    versions = {"new": SOURCE} | ({"old": options.against / "src"} if options.against else {})
    print(f"reading tables, medians of {options.rounds}; {machine()}")
    with tempfile.TemporaryDirectory() as temporary:
        for name, script, path in _cases(Path(temporary)):
            if options.only not in name:
                continue
            found: dict[str, list[tuple[float, float]]] = {version: [] for version in versions}
            for _ in range(options.rounds):
                for version, source in versions.items():
                    found[version].append(_measured(script, path, source))
            _print(name, {version: [statistics.median(part) for part in zip(*pairs, strict=True)]
                          for version, pairs in found.items()})  # fmt: skip


def _print(name: str, found: dict[str, list[float]]) -> None:
    seconds, mebibytes = found["new"]
    line = f"  {name:42} {seconds:6.2f} s {mebibytes:6.0f} MiB"
    if "old" in found:
        old_seconds, old_mebibytes = found["old"]
        line += f"   before {old_seconds:6.2f} s {old_mebibytes:6.0f} MiB"
        line += f"   ratio {seconds / old_seconds:.2f}, {mebibytes / old_mebibytes:.2f}"
    print(line, flush=True)


def _cases(folder: Path) -> list[tuple[str, str, Path]]:
    """What is read: name, script, path."""
    known = [(name, _READ, BESIDE / "data" / place) for name, place in FILES.items()]
    large, wide, messy = folder / "large.parquet", folder / "wide.csv", folder / "messy.csv"
    pq.write_table(mixed(N_RECORDS, np.random.default_rng(0)), large)
    pa_csv.write_csv(_wide(2_000, np.random.default_rng(0)), wide)
    write([dict(islice(record.items(), N_COLUMNS)) for record in export()], messy)
    learnt = [("Adult", BESIDE / "data" / FILES["Adult"]), (f"messy export, {N_COLUMNS} columns", messy)]
    known += [(f"{name}, up to the first step", _PREPARE, path) for name, path in learnt]
    known += [(f"{name}, all but learning", _PREPARE + _FINISH, path) for name, path in learnt]
    return [
        *(case for case in known if case[2].exists()),
        (f"Parquet, {N_RECORDS:,} x 15", _READ, large),
        ("show of a CSV of 45 columns", _SHOW, wide),
    ]


def _wide(n: int, rng: np.random.Generator) -> pa.Table:
    """Forty-five columns of many kinds."""
    days = np.datetime64("2019-01-01") + rng.integers(0, 900, n)
    minutes = np.datetime64("2020-01-01T00:00", "m") + rng.integers(0, 900_000, n)
    whole, real = rng.integers(0, 1_000_000, (9, n)), rng.lognormal(3, 1, (9, n))
    firsts = rng.choice(["Anna Berg", "Peter Wood", "Maria Rossi"], n).tolist()
    columns: dict[str, Sequence[object]] = {
        "id": range(1, n + 1),
        "name": [f"{first} {number}" for first, number in zip(firsts, whole[0], strict=True)],
        "email": [f"someone.{number}@mail.com" for number in whole[1]],
        "phone": [f"+49 30 {number:07}" for number in whole[2]],
        "code": [f"{first[0]}-{number % 10_000:04}" for first, number in zip(firsts, whole[3], strict=True)],
        "genres": [", ".join(sorted(rng.choice(["Drama", "Comedy", "Crime", "Horror", "Family"], k, False)))
                   for k in rng.integers(1, 5, n)],
        "note": [" ".join(rng.choice(["good", "late", "the", "box", "was", "nice", "very"], k))
                 for k in rng.integers(4, 14, n)],
        "day": [str(day) for day in days],
        "german": [f"{str(day)[8:]}.{str(day)[5:7]}.{str(day)[:4]}" for day in days],
        "moment": [str(minute).replace("T", " ") + ":00" for minute in minutes],
        "clock": [f"{number % 24:02}:{number % 60:02}" for number in whole[4]],
        "price": [f"${value:,.2f}" for value in real[0] * 100],
        "euro": [f"{value:.2f}".replace(".", ",") + " €" for value in real[1]],
        "share": [f"{value % 100:.1f}%" for value in real[2]],
        "answer": rng.choice(["yes", "no"], n).tolist(),
    }  # fmt: skip
    columns |= {f"whole_{k}": (whole[k] % 10 ** (1 + k % 5)).tolist() for k in range(9)}
    columns |= {f"real_{k}": np.round(real[k], k % 5).tolist() for k in range(9)}
    columns |= {f"word_{k}": rng.choice([f"w{j}" for j in range(3 + 5 * k)], n).tolist() for k in range(12)}
    return pa.table({name: pa.array([str(cell) for cell in cells]) for name, cells in columns.items()})


def _measured(script: str, path: Path, source: Path) -> tuple[float, float]:
    """Seconds and mebibytes of a process."""
    beside = {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script + _USED, str(path)]
    done = subprocess.run(command, env=os.environ | beside, capture_output=True, text=True, check=True)
    seconds, mebibytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, mebibytes
