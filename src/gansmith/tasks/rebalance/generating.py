"""The generator of a contest: learnt from one part of the records, told which class to make."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import numpy as np

from gansmith.tasks.model import Model
from gansmith.tasks.opening import Opened
from gansmith.tasks.rebalance.case import Case
from gansmith.tasks.rebalance.settings import RebalanceConfig
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

RARE_SHARE: Final = 0.2
"""Of what a generator learns from: rarer records come again and again until they are so many. Trees taught
by what it makes reach a PR-AUC of .49 on the ring of `bench rebalance` so, of .38 where they come once."""

MOST_TIMES: Final = 10
"""How often a rare record comes at most: seen oftener it is memorised. Of 1,000 records of the ring 0 are
copies and 1 is all but a copy where each comes 8 times, 2 and 26 where each comes 22 times."""


def generator_of(
    case: Case,
    config: RebalanceConfig,
    records: Any,
    is_rare: np.ndarray,
    seed: int,
    *,
    is_sparing: bool = False,
) -> Model:
    """A model of some records of all classes: what classes share is learnt from all of them.

    Args:
        case: The kind of data.
        config: How long is learnt.
        records: What is learnt from.
        is_rare: Which of them are, shape `(n,)`; they come up oftener than they occur.
        seed: Of everything drawn.
        is_sparing: Whether what hardly any rare record has is kept back, though each comes again and again:
            for records that somebody will see.

    Raises:
        DataError: They cannot be learnt from.
        TrainingError: The game broke down.
    """
    settings = run_settings(case.modality.kind, config.samples_seen, config.budget, seed)
    times = times_of(int(is_rare.sum()), len(is_rare))
    oftener = records.take(np.repeat(np.arange(len(is_rare)), np.where(is_rare, times, 1)))
    options = case.contesting.sparing(case.options, len(is_rare), times) if is_sparing else case.options
    run = start(Opened(case.modality, oftener, options, case.target, time.monotonic()), settings)
    for _ in run:
        pass
    return run.model()


def times_of(n_rare: int, n: int) -> int:
    """How often each rare record comes, of so many among `n`.

    Example:
        >>> times_of(60, 1_060), times_of(5, 1_005), times_of(300, 1_000)
        (4, 10, 1)
    """
    wanted = RARE_SHARE / (1 - RARE_SHARE) * (n - n_rare) / max(1, n_rare)
    return min(MOST_TIMES, max(1, round(wanted)))


def run_settings(kind: str, samples_seen: int, budget: str, seed: int) -> FitConfig:
    """Those of a run of so many records seen, or with that budget where there are none."""
    settings = FitConfig(kind=kind, seed=seed)
    return replace(settings, samples_seen=samples_seen) if samples_seen else replace(settings, budget=budget)


def rare_records(case: Case, model: Model, n: int, seed: int) -> Any:
    """So many records of the rare class.

    Raises:
        UsageError: The model cannot make any: too few were learnt from.
    """
    return model.sample(n, seed, where={case.target: case.minority})
