"""What a run costs, how long it can be, and keeping it within its budget when the machine becomes slower."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final, final

from gansmith.engine.games import AbstractGame
from gansmith.engine.processors import (
    MANY_OPERATIONS,
    VERY_MANY_OPERATIONS,
    n_operations,
    n_threads,
    n_weights,
)
from gansmith.engine.train import TrainConfig, seconds_per_step
from gansmith.tasks.runs.preparing import Prepared

MIN_STEPS_PER_LARGE_CHECKPOINT: Final = 20
"""Steps between two checkpoints of large networks: writing one takes about half a step's time."""
WORTH_MORE_THREADS: Final = 1.2
"""How much faster all cores must be than one, to be used."""
MIN_STEPS: Final = 20
"""A budget buys at least so many steps."""
N_LOOKS: Final = 40
"""How often in a run its pace is looked at."""
_N_REMEMBERED: Final = 5
"""Looks that the pace is measured over: a tenth of the run, so that one evaluation in ten is among it."""
TOLERANCE: Final = 0.03
"""Share of the budget by which a run may be expected to be late before it is shortened."""


def usual_threads(game: AbstractGame) -> int:
    """One, unless the networks are very large."""
    return (os.cpu_count() or 1) if operations_of(game) >= VERY_MANY_OPERATIONS else 1


def n_checkpoints(game: AbstractGame, samples_seen: int) -> int:
    """Forty, or where a checkpoint is large so few that writing takes little of the time of learning."""
    usual = TrainConfig(samples_seen).n_checkpoints
    n_written = game.rules.batch_size * sum(map(n_weights, game.networks.values()))
    if n_written < VERY_MANY_OPERATIONS:
        return usual
    n_steps = samples_seen // game.rules.samples_per_step
    return min(max(n_steps // MIN_STEPS_PER_LARGE_CHECKPOINT, 2), usual)


def operations_of(game: AbstractGame) -> int:
    """Multiplications of one pass of a batch through all networks of a game."""
    return n_operations(game.networks, game.rules.batch_size)


def calibrated(prepared: Prepared, deadline: float) -> tuple[int, int]:
    """With how many threads, and for how many samples, to learn until `deadline` (of the monotonic clock).

    Measured on copies that are thrown away. All cores are used if that is clearly faster here and now: on a
    machine that others use as well, two threads mostly wait for each other.
    """
    game, evaluation = prepared.game, prepared.evaluation
    seconds = min(1.5, 0.02 * (deadline - time.monotonic()))

    def measured(threads: int) -> float:
        with n_threads(threads):
            return seconds_per_step(game, prepared.batches, seconds)

    threads = prepared.config.threads or 1
    per_step = measured(threads)
    n_cores = os.cpu_count() or 1
    if not prepared.config.threads and n_cores > 1 and operations_of(game) >= MANY_OPERATIONS:
        with_all = measured(n_cores)
        if WORTH_MORE_THREADS * with_all < per_step:
            threads, per_step = n_cores, with_all
    judging = 0.0
    if evaluation:
        started = time.monotonic()
        with n_threads(threads):
            fake = game.tried(evaluation.heldout, game.randomness.stream("calibration"))
            game.evaluate(fake, evaluation.heldout, evaluation.seen)
            if not isinstance(evaluation.score, str):
                evaluation.score(fake, evaluation.heldout["real"])
        judging = prepared.plan.n_evaluations * (time.monotonic() - started)
    n_steps = int((deadline - time.monotonic() - judging) / per_step)
    return threads, max(n_steps, MIN_STEPS) * game.rules.samples_per_step


@final
class Pace:
    """Looks at the clock now and then and says how long the run can be.

    Args:
        budget_seconds: All the time there is.
        deadline: When it is over, on the clock.
        step: Steps taken before the first look.
        clock: Seconds, never going back.
    """

    def __init__(
        self, budget_seconds: float, deadline: float, step: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._late_seconds, self._deadline = TOLERANCE * budget_seconds, deadline
        self._clock = clock
        self._looks = deque([(step, clock())], maxlen=_N_REMEMBERED)

    def look(self, step: int, n_steps: int) -> int:
        """Steps in all that end in time: `n_steps`, or fewer when that many would be too late."""
        now = self._clock()
        first_step, since = self._looks[0]
        self._looks.append((step, now))
        per_step = (now - since) / max(step - first_step, 1)
        if now + (n_steps - step) * per_step <= self._deadline + self._late_seconds:
            return n_steps
        n_in_time = step + max(1, int((self._deadline - now) / per_step))
        return min(n_steps, max(n_in_time, MIN_STEPS))
