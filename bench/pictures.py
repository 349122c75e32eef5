"""Pictures learnt with a time budget and judged on held-out ones: `python -m bench pictures NAME`.

The judges are small networks trained here (`bench.picture_judge`), not the scorecard. Beside each number
stand the same of real pictures in the place of generated ones, what is aimed at, and the DCGAN preset's after
the same time where it is compared with. Models, grids (real above, generated below) and `results.jsonl` go to
`--out`; `--again` judges the models that are there.
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
from pathlib import Path
from typing import Any, Final, final

from bench import picture_rows, picture_speed
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


MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "mnist": Measurement(picture_rows.mnist, "20m", "mnist"),
    "characters": Measurement(picture_rows.characters, "40m", "characters"),
    "orl": Measurement(picture_rows.orl, "30m", "orl_faces"),
    "cifar10": Measurement(picture_rows.cifar10, "30m", "cifar10"),
    "emoji80": Measurement(picture_rows.few, "20m", "emoji"),
    "orl80": Measurement(picture_rows.few, "20m", "orl_faces"),
    "mri": Measurement(picture_rows.mri, "20m", "brain_mri"),
    "phantom": Measurement(picture_rows.phantom, "5m"),
    "speed": Measurement(picture_speed.speed, compared="plain loop"),
    "sampling": Measurement(picture_speed.sampling),
    "many": Measurement(picture_speed.many),
}


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench pictures ...` does."""
    options = parser().parse_args(arguments)
    for name in options.names:
        measured(name, options)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m bench pictures", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument(
        "names", nargs="+", choices=[*MEASUREMENTS], metavar="NAME", help=", ".join(MEASUREMENTS)
    )
    made.add_argument("--budget", default="", help="time to learn, such as 20m, of each model")
    made.add_argument("--seed", type=int, default=0, help="of learning and sampling")
    made.add_argument("--preset", default="default", help="ours; see gansmith list presets")
    made.add_argument("--out", type=Path, help="folder; pictures-NAME where temporary files go if not given")
    made.add_argument("--again", action="store_true", help="judge the models that are in the folder already")
    made.add_argument("--json", action="store_true", help="print each result as a line of JSON as well")
    return made


def measured(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """One measurement, printed and kept; empty where its data is not there."""
    measurement = MEASUREMENTS[name]
    if measurement.folder and not (data_folder() / measurement.folder).exists():
        print(f"{name}: {data_folder() / measurement.folder} is not there: set GANSMITH_DATA. Skipped.")
        return {}
    budget = (options.budget or measurement.budget) if measurement.budget else ""
    out = options.out or Path(tempfile.gettempdir()) / f"pictures-{name}"
    task = Task(name, budget, options.seed, options.preset, out, options.again)
    told = f"budget {budget}, preset {options.preset}, seed {options.seed}; " if budget else ""
    print(f"{name}: {told}{machine()}", flush=True)
    started = time.monotonic()
    rows = measurement.rows(task)
    print(table(rows, compared=measurement.compared), flush=True)
    result = {
        "name": name,
        "values": plain_rows(rows),
        "seed": options.seed,
        "budget": budget,
        "preset": options.preset,
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
