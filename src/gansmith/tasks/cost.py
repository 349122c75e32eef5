"""How much work a game is, and what follows from it."""

from __future__ import annotations

import os
from typing import Final

from gansmith.engine.games.base import AbstractGame, Networks
from gansmith.engine.train import TrainConfig

MANY_OPERATIONS: Final = 20_000_000
"""Multiplications per pass of a batch above which half precision, and trying more cores, is worth it."""
VERY_MANY_OPERATIONS: Final = 1_000_000_000
"""Multiplications per pass of a batch above which all cores are used without trying."""
MIN_STEPS_PER_LARGE_CHECKPOINT: Final = 20
"""Steps between two checkpoints of large networks: writing one takes about half a step's time."""


def usual_threads(game: AbstractGame) -> int:
    """One, unless the networks are very large."""
    return (os.cpu_count() or 1) if operations_of(game) >= VERY_MANY_OPERATIONS else 1


def n_checkpoints(game: AbstractGame, samples_seen: int) -> int:
    """Forty, or where a checkpoint is large so few that writing takes little of the time of learning."""
    usual = TrainConfig(samples_seen).n_checkpoints
    if operations_of(game) < VERY_MANY_OPERATIONS:
        return usual
    n_steps = samples_seen // game.rules.samples_per_step
    return min(max(n_steps // MIN_STEPS_PER_LARGE_CHECKPOINT, 2), usual)


def operations_of(game: AbstractGame) -> int:
    """Multiplications of one pass of a batch through all networks of a game."""
    return n_operations(game.networks, game.rules.batch_size)


def n_operations(networks: Networks, batch_size: int) -> int:
    """Multiplications of one pass of a batch through all networks."""
    return batch_size * sum(
        weight.numel() for network in networks.values() for weight in network.parameters()
    )
