"""The same clock and the same memory gauge for every competitor."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import pandas as pd

DATE_FORMAT: Final = "%Y-%m-%d %H:%M:%S"

Sampler = Callable[[int], Sized]
"""A fitted competitor: a number of records to records in memory."""
Writer = Callable[[Any, Path], None]
"""Records to a CSV file; its time is not counted."""


@final
@dataclass(frozen=True)
class Task:
    """What a runner is asked to do, as it stands in the task file."""

    train: str
    """CSV with a header, the records to learn."""
    holdout: str
    """CSV with a header; for anchors alone, no competitor opens it."""
    synthetic: str
    """CSV to be written."""
    report: str
    """JSON to be written: seconds, rows a second, MiB."""
    target: str
    """Column that is to be predicted later."""
    kinds: dict[str, str]
    """number, category or datetime, by column."""
    n_records: int
    """Records to be made."""
    n_timed: int
    """Records of a second sample that only times the sampling."""
    seed: int
    """Of everything that can be seeded."""
    epochs: int
    """Passes over the training records; 0 means the competitor's default."""
    budget_seconds: float
    """Limit of the training; 0 means the competitor's own end."""

    def columns(self, kind: str) -> list[str]:
        """Names of the columns of one kind."""
        return [name for name, found in self.kinds.items() if found == kind]


@final
@dataclass(frozen=True)
class _Clock:
    """Wall clock and processor time (threads and child processes included) since the process began."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> _Clock:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return cls(time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used))

    def since(self) -> tuple[float, float]:
        """Wall and processor seconds since this moment."""
        now = _Clock.now()
        return round(now.wall - self.wall, 3), round(now.cpu - self.cpu, 3)


def read(path: str, kinds: dict[str, str]) -> pd.DataFrame:
    """A table as every competitor gets it: dates as dates, all else as pandas reads it."""
    data = pd.read_csv(path, float_precision="round_trip")
    for name, kind in kinds.items():
        if kind == "datetime":
            data[name] = pd.to_datetime(data[name], format=DATE_FORMAT)
    return data


def peak_mib() -> float:
    """Most memory that this process, or one of its children, has held so far."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(max(_own_peak_kib(), children) / 1024, 1)


def _own_peak_kib() -> int:
    # Linux lets ru_maxrss begin with what the parent held before it became this program; VmHWM begins anew.
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return found[0] if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def write_frame(records: pd.DataFrame, path: Path) -> None:
    """A data frame to CSV."""
    records.to_csv(path, index=False, date_format=DATE_FORMAT)


def main(
    fit: Callable[[Task, pd.DataFrame], Sampler],
    prepare: Callable[[], dict[str, str]],
    write: Writer = write_frame,
) -> None:
    """Measure one competitor on the task that the command line names.

    Args:
        fit: Learns the records; what comes back makes new ones.
        prepare: Imports the competitor, so that no clock counts it; returns versions by package.
        write: Writes what was made.
    """
    task = Task(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    versions = prepare()
    data = read(task.train, task.kinds)
    report: dict[str, Any] = {"versions": versions, "start_mib": peak_mib()}
    clock = _Clock.now()
    sample = fit(task, data)
    report["fit_wall_seconds"], report["fit_cpu_seconds"] = clock.since()
    clock = _Clock.now()
    fake = sample(task.n_records)
    report["first_sample_wall_seconds"], report["first_sample_cpu_seconds"] = clock.since()
    write(fake, Path(task.synthetic))
    report["n_records"] = len(fake)
    if task.n_timed:
        clock = _Clock.now()
        n_made = len(sample(task.n_timed))
        wall, cpu = clock.since()
        rates = {
            "rows_per_wall_second": n_made / max(wall, 1e-3),
            "rows_per_cpu_second": n_made / max(cpu, 1e-3),
        }
        report |= {name: round(rate, 1) for name, rate in rates.items()}
    report["peak_mib"] = peak_mib()
    Path(task.report).write_text(json.dumps(report), encoding="utf-8")
