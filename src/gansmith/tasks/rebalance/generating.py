"""The generator of a contest: learnt from one part of the records, told which class to make."""

from __future__ import annotations

import time
from typing import Any

from gansmith.tasks.model import Model
from gansmith.tasks.opening import Opened
from gansmith.tasks.rebalance.case import Case
from gansmith.tasks.rebalance.settings import RebalanceConfig
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig


def generator_of(case: Case, config: RebalanceConfig, records: Any, seed: int) -> Model:
    """A model of some records of all classes: what classes share is learnt from all of them.

    Raises:
        DataError: They cannot be learnt from.
        TrainingError: The game broke down.
    """
    length = {"samples_seen": config.samples_seen} if config.samples_seen else {"budget": config.budget}
    settings = FitConfig(kind=case.modality.kind, seed=seed, **length)
    opened = Opened(case.modality, records, case.options, case.target, time.monotonic())
    run = start(opened, settings)
    for _ in run:
        pass
    return run.model()


def rare_records(case: Case, model: Model, n: int, seed: int) -> Any:
    """So many records of the rare class.

    Raises:
        UsageError: The model cannot make any: too few were learnt from.
    """
    return model.sample(n, seed, where={case.target: case.minority})
