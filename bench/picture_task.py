"""What a measurement of pictures is asked, how it learns, and the rows that it answers with."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from gansmith.tasks.model import Model, load_model
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig


@final
@dataclass(frozen=True)
class Row:
    """One measured number beside what it is compared with."""

    what: str
    ours: float
    target: str = ""
    is_met: bool | None = None
    """Whether the target is reached; None where there is none."""
    real: float | None = None
    """The same of real pictures in the place of generated ones."""
    dcgan: float | None = None
    """The same of the DCGAN preset after the same time; of the plain loop, where speed is measured."""
    spread: float = 0.0
    """Standard deviation over draws, 0 where there was one."""


def at_least(what: str, ours: float, border: float, **beside: Any) -> Row:
    """A row whose target is a lower border."""
    return Row(what, ours, f">= {number(border)}", ours >= border, **beside)


def at_most(what: str, ours: float, border: float, **beside: Any) -> Row:
    """A row whose target is an upper border."""
    return Row(what, ours, f"<= {number(border)}", ours <= border, **beside)


@final
@dataclass(frozen=True)
class Task:
    """One measurement, and where its files go."""

    name: str
    budget: str
    seed: int
    preset: str
    out: Path
    is_again: bool = False
    """Judge the models that an earlier run left in `out`."""
    option: str = ""
    """Of the measurement's own."""

    def learnt(
        self, source: object, preset: str = "", tag: str = "", options: Mapping[str, Any] | None = None
    ) -> Model:
        """A model of these pictures after the budget; kept in `out`.

        Args:
            source: What is learnt from.
            preset: In the place of the one that was asked for.
            tag: Tells models of one measurement apart.
            options: How pictures are read.
        """
        preset = preset or self.preset
        path = self.out / f"{self.name}{tag and f'-{tag}'}-{preset}-{self.seed}.gan"
        if self.is_again and path.exists():
            return load_model(path)
        started = time.monotonic()
        run = start(source, FitConfig(preset=preset, budget=self.budget, seed=self.seed), options=options)
        for record in run:
            if record.readings:
                told(f"{preset}: step {record.step:,} of {record.n_steps:,}, "
                     f"{time.monotonic() - started:,.0f} s, held-out score {record.score}")  # fmt: skip
        model = run.model()
        told(f"{preset}: {run.training.samples_seen:,} pictures seen in {time.monotonic() - started:,.0f} s, "
             f"{run.n_threads} threads")  # fmt: skip
        self.out.mkdir(parents=True, exist_ok=True)
        model.save(path)
        return model


def told(line: str) -> None:
    """Progress goes beside the table."""
    print(f"  {line}", file=sys.stderr, flush=True)


def number(value: float) -> str:
    """Four digits that count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(rows: Sequence[Row], *, compared: str = "dcgan") -> str:
    """Rows as text; columns that no row has are left out."""
    columns: dict[str, list[str]] = {
        "": [row.what for row in rows],
        "ours": [f"{number(row.ours)}{f' ± {row.spread:.2g}' if row.spread else ''}" for row in rows],
        "real": ["" if row.real is None else number(row.real) for row in rows],
        compared: ["" if row.dcgan is None else number(row.dcgan) for row in rows],
        "target": [row.target for row in rows],
        "met": ["" if row.is_met is None else "yes" if row.is_met else "NO" for row in rows],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells)}
    widths = {name: max(len(name), *map(len, cells)) for name, cells in kept.items()}
    lines = ["  ".join(f"{name:{widths[name]}}" for name in kept)]
    lines += ["  ".join(f"{kept[name][k]:{widths[name]}}" for name in kept) for k in range(len(rows))]
    return "\n".join(line.rstrip() for line in lines)


def plain_rows(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Rows for JSON, by what they measure; what a row has not is left out."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        cells = {name: value for name, value in asdict(row).items() if value not in (None, "")}
        if not row.spread:
            del cells["spread"]
        found[cells.pop("what")] = cells
    return found
