"""Measurements by name: what they are asked, and how their results are printed and kept."""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from bench.machine import machine
from bench.picture_sets import data_folder
from bench.picture_task import Row, Task, plain_rows, table


@final
@dataclass(frozen=True)
class Measurement:
    """What is measured under a name."""

    rows: Callable[[Task], list[Row]]
    budget: str = ""
    """Time to learn where none is given; empty where the measurement needs none."""
    folder: str = ""
    """Of the data that it needs."""
    compared: str = "dcgan"
    """Whose the column beside ours is."""


def parser(what: str, said: str | None, names: Sequence[str]) -> argparse.ArgumentParser:
    """The options that all measurements of `python -m bench WHAT` have."""
    made = argparse.ArgumentParser(
        prog=f"python -m bench {what}", description=said, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument("names", nargs="+", choices=[*names], metavar="NAME", help=", ".join(names))
    made.add_argument("--budget", default="", help="time to learn, such as 20m, of each model")
    made.add_argument("--seed", type=int, default=0, help="of learning and sampling")
    made.add_argument("--out", type=Path, help=f"folder; {what}-NAME where temporary files go if not given")
    made.add_argument("--again", action="store_true", help="judge the models that are in the folder already")
    made.add_argument("--json", action="store_true", help="print each result as a line of JSON as well")
    return made


def measure_all(
    what: str,
    measurements: Mapping[str, Measurement],
    options: argparse.Namespace,
    preset: str = "default",
    option: str = "",
) -> None:
    """Take the measurements that are named, print and keep each; those whose data is not there are skipped.

    Args:
        what: Such as "pictures".
        measurements: By name.
        options: See `parser`.
        preset: By which is learnt.
        option: Of the measurements' own; see `Task`.
    """
    for name in options.names:
        measurement = measurements[name]
        if measurement.folder and not (data_folder() / measurement.folder).exists():
            print(f"{name}: {data_folder() / measurement.folder} is not there: set GANSMITH_DATA. Skipped.")
            continue
        budget = (options.budget or measurement.budget) if measurement.budget else ""
        out = options.out or Path(tempfile.gettempdir()) / f"{what}-{name}"
        task = Task(name, budget, options.seed, preset, out, options.again, option)
        told = f"budget {budget}, preset {preset}, seed {options.seed}; " if budget else ""
        print(f"{name}: {told}{machine()}", flush=True)
        started = time.monotonic()
        rows = measurement.rows(task)
        print(table(rows, compared=measurement.compared), flush=True)
        result: dict[str, Any] = {
            "name": name,
            "values": plain_rows(rows),
            "seed": options.seed,
            "budget": budget,
            "preset": preset,
            **({"option": option} if option else {}),
            "seconds": round(time.monotonic() - started, 1),
            "machine": machine(),
            "date": datetime.date.today().isoformat(),
        }
        out.mkdir(parents=True, exist_ok=True)
        with (out / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        if options.json:
            print(json.dumps(result), flush=True)
