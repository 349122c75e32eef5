"""Gansmith itself, as installed for the interpreter that runs the bench."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import pandas as pd

from bench.peers.runners.measured import Sampler, Task, main


def prepare() -> dict[str, str]:
    import torch

    import gansmith.engine.train
    import gansmith.modalities.table.recipe
    import gansmith.scorecard.learners

    return {"gansmith": gansmith.__version__, "torch": torch.__version__}


def fit(task: Task, data: pd.DataFrame) -> Sampler:
    """Gansmith reads the file itself, within the measured time: spelling is part of what it learns."""
    from gansmith.tasks.synthesize import Synthesizer

    budget = f"{task.budget_seconds:.0f}s" if task.budget_seconds else ""
    synthesizer = Synthesizer(budget=budget, epochs=task.epochs, seed=task.seed, threads=1)
    model = synthesizer.fit(task.train, task.target or None).model_
    return lambda n: _Made(model, model.sample(n, task.seed), task.seed)


@final
@dataclass(frozen=True)
class _Made:
    """Records in memory, and the model that can write the same ones to a file."""

    model: Any
    records: Any
    seed: int

    def __len__(self) -> int:
        return len(self.records)


def write(made: _Made, path: Path) -> None:
    """As the command line writes them."""
    made.model.write(path, len(made), made.seed)


if __name__ == "__main__":
    main(fit, prepare, write)
