"""Time series learnt with a time budget: races on windows, and laws that have to come back.

    python -m bench series NAME ... [--seeds 0 1 2] [--budget 15m] [--methods half copula blocks timevae ours]

stock, energy and sines are races on windows of 24 steps beside a real half, an untrained copula, a block
bootstrap and TimeVAE. customers and logins are made here by known laws, air is one long series with missing
cells; each figure stands beside the same of fresh real data. univariate continues known series and scores
the futures; long and entities measure memory and speed. Everything follows from the seeds.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, final

from bench.machine import machine
from bench.picture_sets import data_folder
from bench.picture_task import plain_rows, table
from bench.series_task import METHODS, SeriesTask


@final
@dataclass(frozen=True)
class Measurement:
    """What is measured under a name."""

    where: str
    """Module and function, which is imported when it is asked for."""
    folder: str = ""
    """Of the data that it needs."""
    is_race: bool = False
    """Whether it prints a table of methods by itself; others give rows."""

    @property
    def measure(self) -> Callable[[SeriesTask], Any]:
        """The function."""
        module, _, name = self.where.partition(":")
        return getattr(import_module(f"bench.{module}"), name)


MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "stock": Measurement("series_race:race", "stock", is_race=True),
    "energy": Measurement("series_race:race", "energy", is_race=True),
    "sines": Measurement("series_race:race", is_race=True),
    "customers": Measurement("series_customers:measured"),
    "logins": Measurement("series_logins:measured"),
    "air": Measurement("series_air:measured", "beijing_pm25"),
    "univariate": Measurement("series_future:measured", "univariate"),
    "long": Measurement("series_scale:long"),
    "entities": Measurement("series_scale:entities"),
}


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench series ...` does."""
    options = parser().parse_args(arguments)
    for name in options.names:
        measured(name, options)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m bench series", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = made.add_argument
    add("names", nargs="+", choices=[*MEASUREMENTS], metavar="NAME", help=", ".join(MEASUREMENTS))
    add("--budget", default="15m", help="time to learn, of each model")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], help="of learning, a model each")
    add("--repeats", type=int, default=5, help="trainings of each judge of windows")
    add("--methods", nargs="+", choices=METHODS, default=[*METHODS], help="rows of a race")
    add("--out", type=Path, help="folder of models and results; series-NAME where temporary files go")
    add("--json", action="store_true", help="print each result as a line of JSON as well")
    return made


def measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """One measurement, printed and kept; empty where its data is not there."""
    measurement = MEASUREMENTS[name]
    if measurement.folder and not (data_folder() / measurement.folder).exists():
        print(f"{name}: {data_folder() / measurement.folder} is not there: set GANSMITH_DATA. Skipped.")
        return {}
    out = options.out or Path(tempfile.gettempdir()) / f"series-{name}"
    task = SeriesTask(
        name, out, options.budget, tuple(options.seeds), options.repeats, tuple(options.methods)
    )
    print(f"{name}: budget {task.budget}, seeds {', '.join(map(str, task.seeds))}; {machine()}", flush=True)
    started = time.monotonic()
    found = measurement.measure(task)
    if not measurement.is_race:
        print(table(found), flush=True)
        found = plain_rows(found)
    result = {
        "name": name,
        "values": found,
        "seeds": task.seeds,
        "budget": task.budget,
        "seconds": round(time.monotonic() - started, 1),
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
    }
    line = json.dumps(result)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    if options.json:
        print(line, flush=True)
    return result


if __name__ == "__main__":
    run(sys.argv[1:])
