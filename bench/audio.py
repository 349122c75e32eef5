"""Sounds learnt with a time budget and judged on held-out ones: `python -m bench audio NAME`.

Judges are small networks that learn here from real sounds (those of the scorecard), and pitch by
autocorrelation. Models, sounds, spectrograms and `results.jsonl` go to `--out`; `--again` judges the models
that are there. Beside each number stand the same of real sounds, and what is aimed at.
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

from bench import audio_rows, audio_voices
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


MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "codec": Measurement(audio_rows.codec),
    "speed": Measurement(audio_rows.speed),
    "notes": Measurement(audio_rows.notes, "30m"),
    "codings": Measurement(audio_rows.codings, "10m"),
    "piano": Measurement(audio_rows.piano, "10m", "instrument_notes"),
    "fsdd": Measurement(audio_rows.digits, "40m", "fsdd"),
    "conversion": Measurement(audio_voices.conversion, "30m", "fsdd"),
    "anonymised": Measurement(audio_voices.anonymised, "30m", "fsdd"),
    "mark": Measurement(audio_voices.mark, folder="fsdd"),
}


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench audio ...` does."""
    options = parser().parse_args(arguments)
    for name in options.names:
        measured(name, options)


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(
        prog="python -m bench audio", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    made.add_argument(
        "names", nargs="+", choices=[*MEASUREMENTS], metavar="NAME", help=", ".join(MEASUREMENTS)
    )
    made.add_argument("--budget", default="", help="time to learn, such as 20m, of each model")
    made.add_argument("--seed", type=int, default=0, help="of learning and sampling")
    made.add_argument("--coding", default="", help="what networks see; see gansmith fit --help")
    made.add_argument("--out", type=Path, help="folder; audio-NAME where temporary files go if not given")
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
    out = options.out or Path(tempfile.gettempdir()) / f"audio-{name}"
    task = Task(name, budget, options.seed, "default", out, options.again, options.coding)
    print(f"{name}: {f'budget {budget}, ' if budget else ''}seed {options.seed}; {machine()}", flush=True)
    started = time.monotonic()
    rows = measurement.rows(task)
    print(table(rows, compared="beside"), flush=True)
    result = {
        "name": name,
        "values": plain_rows(rows),
        "seed": options.seed,
        "budget": budget,
        "coding": options.coding,
        "seconds": round(time.monotonic() - started, 1),
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
    }
    out.mkdir(parents=True, exist_ok=True)
    with (out / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    if options.json:
        print(json.dumps(result), flush=True)
    return result


if __name__ == "__main__":
    run(sys.argv[1:])
