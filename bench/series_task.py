"""What a measurement of series is asked, and the one place where it speaks to Gansmith.

Whatever of the product is called is called here: fitting, sampling, continuing. Measurements see data frames.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pandas as pd

from bench.picture_task import Row, number, told
from bench.series_windows import SERIES
from gansmith import Synthesizer
from gansmith.errors import GansmithError

FUTURE: Final = "future"
"""The column that says which future a step belongs to."""
METHODS: Final = ("half", "copula", "blocks", "timevae", "ours")
"""The rows of a race: a real half beside the other, what runs beside us, and us."""
OURS: Final = "ours"


@final
@dataclass(frozen=True)
class SeriesTask:
    """One measurement."""

    name: str
    out: Path
    """Where models, pictures and results go."""
    budget: str = "15m"
    """Time to learn, of each model."""
    seeds: tuple[int, ...] = (0, 1, 2)
    n_repeats: int = 5
    """Trainings of each judge, for each model."""
    methods: tuple[str, ...] = METHODS

    @property
    def has_ours(self) -> bool:
        """Whether Gansmith itself is measured."""
        return OURS in self.methods


@final
@dataclass(frozen=True)
class Learnt:
    """A model, and the seconds that it took."""

    synthesizer: Synthesizer
    seconds: float
    path: Path

    def sampled(self, n: int, seed: int = 0, where: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """So many series as one long table."""
        return self.synthesizer.sample(n, seed=seed, where=dict(where) if where else None)

    def continued(self, history: pd.DataFrame, n_steps: int, n: int) -> pd.DataFrame:
        """A long table of `n` possible futures of a history, told apart by the column `future`."""
        with tempfile.TemporaryDirectory() as temporary:
            given, made = Path(temporary) / "history.csv", Path(temporary) / "futures.csv"
            history.to_csv(given, index=False)
            command = [sys.executable, "-m", "gansmith", "complete", str(self.path), str(given)]
            command += ["--steps", str(n_steps), "-n", str(n), "-o", str(made)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            return pd.read_csv(made)


def learnt(
    task: SeriesTask, table: object, seed: int, options: Mapping[str, Any], tag: str = ""
) -> Learnt | None:
    """Gansmith's model of a table of series after the budget; None where it cannot be learnt, which is said.

    Args:
        task: The budget, and where the model goes.
        table: A data frame, or the path of a file.
        seed: Of learning.
        options: Of the kind `series`, such as `{"entity": "customer", "time": "time"}`.
        tag: Tells models of one measurement apart.
    """
    if not task.has_ours:
        return None
    started = time.monotonic()
    synthesizer = Synthesizer(kind="series", budget=task.budget, seed=seed, verbose=False)
    try:
        synthesizer.fit(table, **options)
    except GansmithError as error:
        told(f"ours, seed {seed}: {error}")
        return None
    seconds = time.monotonic() - started
    task.out.mkdir(parents=True, exist_ok=True)
    path = task.out / f"{task.name}{tag and f'-{tag}'}-{seed}.gan"
    synthesizer.save(path)
    told(f"ours, seed {seed}: learnt in {seconds:,.0f} s")
    return Learnt(synthesizer, seconds, path)


def entity_of(table: pd.DataFrame, entity: str) -> str:
    """The column of a sampled table that says whose step it is."""
    return entity if entity in table else SERIES


# --- Rows ---------------------------------------------------------------------------------------------------

Measured = Mapping[str, float]
"""Figures of one table, by what they measure."""


@final
@dataclass(frozen=True)
class Limit:
    """What is aimed at."""

    border: float
    is_upper: bool = True

    def __str__(self) -> str:
        return f"{'<=' if self.is_upper else '>='} {number(self.border)}"

    def holds(self, value: float) -> bool:
        """Whether a figure keeps it."""
        return value <= self.border if self.is_upper else value >= self.border


def rows_of(ours: Sequence[Measured], real: Measured, limits: Mapping[str, Limit]) -> list[Row]:
    """A row for each figure: the mean of our models with its spread, beside the same of real data."""
    rows = list[Row]()
    for what, value in real.items():
        found = [one[what] for one in ours if what in one]
        mean = float(np.mean(found)) if found else float("nan")
        spread = float(np.std(found)) if len(found) > 1 else 0.0
        limit = limits.get(what)
        is_met = limit.holds(mean) if limit and found else None
        rows.append(Row(what, mean, str(limit or ""), is_met, value, spread=spread))
    return rows
