"""The generators of a contest: learnt from one part of the records, told which class to make.

One learns all classes. Where very few records are rare it is then fine-tuned on them, shortly and gently:
what it makes then teaches more, and fewer of it are copies, than after a run as long on all.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np

from gansmith.tasks.model import Model
from gansmith.tasks.opening import Opened
from gansmith.tasks.rebalance.case import FEW, Case
from gansmith.tasks.rebalance.settings import RebalanceConfig
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.origin import taken_over
from gansmith.tasks.runs.settings import FitConfig, parse_duration

RARE_SHARE: Final = 0.2
"""Of what a generator learns from: rarer records come again and again until they are so many. Trees taught
by what it makes reach a PR-AUC of .49 on the ring of `bench rebalance` so, of .38 where they come once."""

MOST_TIMES: Final = 10
"""How often a rare record comes at most: seen oftener it is memorised. Of 1,000 records of the ring 0 are
copies and 1 is all but a copy where each comes 8 times, 2 and 26 where each comes 22 times."""

GENERAL_SHARE: Final = 0.75
"""Of a budget, or of a length, where a generator is fine-tuned afterwards."""
FINE_TUNING_SHARE: Final = 0.2
"""How long is fine-tuned at most, as a share of the records seen before: small batches take longer."""
MOST_FINE_TUNING: Final = 20_000
"""Records seen while fine-tuning at most: a few are soon memorised. Of 1,000 made records of pima's 15 rare
ones 45 were all but copies so, and 86 after as long a run without fine-tuning."""
N_FINE_TUNED: Final = 300
"""Records that are fine-tuned on: the rare ones again and again, a batch or more of them."""


@final
@dataclass(frozen=True)
class Generators:
    """What makes records."""

    general: Model
    """Of all classes as they occur, the rare one oftener."""
    rare: Model
    """Of the rare class; mostly the same."""

    def records(self, case: Case, n: int, seed: int) -> Any:
        """So many records of the rare class.

        Raises:
            UsageError: None can be made: too few were learnt from.
        """
        return self.rare.sample(n, seed, where={case.target: case.minority})


def generators_of(
    case: Case,
    config: RebalanceConfig,
    records: Any,
    is_rare: np.ndarray,
    seed: int,
    *,
    is_sparing: bool = False,
) -> Generators:
    """Learn some records of all classes: what classes share is learnt from all of them.

    Where the case has very few rare records a part of the time, or of the length, is left for fine-tuning. If
    the time is over before, nothing is fine-tuned.

    Args:
        case: The kind of data.
        config: How long is learnt, in all.
        records: What is learnt from.
        is_rare: Which of them are, shape `(n,)`; they come up oftener than they occur.
        seed: Of everything drawn.
        is_sparing: Whether what hardly any rare record has is kept back, though each comes again and again:
            for records that somebody will see.

    Raises:
        DataError: They cannot be learnt from.
        TrainingError: The game broke down.
    """
    started, kind, is_few = time.monotonic(), case.modality.kind, case.n_rare < FEW
    times = times_of(int(is_rare.sum()), len(is_rare))
    oftener = records.take(np.repeat(np.arange(len(is_rare)), np.where(is_rare, times, 1)))
    options = case.contesting.sparing(case.options, len(is_rare), times) if is_sparing else case.options
    opened = Opened(case.modality, oftener, options, case.target, started)
    share = GENERAL_SHARE if is_few else 1.0
    budget = f"{share * parse_duration(config.budget):.3f}s"
    length = math.ceil(share * config.samples_seen)
    general = _learnt(opened, run_settings(kind, length, budget, seed))
    deadline = math.inf if config.samples_seen else started + parse_duration(config.budget)
    if not is_few or time.monotonic() > deadline:
        return Generators(general, general)
    again = records.take(np.resize(np.flatnonzero(is_rare), N_FINE_TUNED))
    n = min(MOST_FINE_TUNING, round(FINE_TUNING_SHARE * general.manifest["training"]["samples_seen"]))
    settings, _, _ = taken_over(general, run_settings(kind, n, "", seed), case.target, {})
    opened = Opened(case.modality, again, options, case.target, time.monotonic())
    return Generators(general, _learnt(opened, settings, general, deadline))


def _learnt(
    opened: Opened, settings: FitConfig, origin: Model | None = None, deadline: float = math.inf
) -> Model:
    """What was learnt by then, on the monotonic clock; the origin where that is nothing."""
    run = start(opened, settings, origin=origin)
    for _ in run:
        if time.monotonic() > deadline:
            break
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
