"""How strong penalties shall be, found out by a few short runs on the data.

The weight of R1 and R2 decides more than any other setting, and no formula gives it: what is right depends on
the data. So the game is played for a short while with each of several weights, a factor of four apart, and
what the held-out score likes best is taken.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from gansmith.engine.games import AbstractGame, plain_rules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.processors import n_threads
from gansmith.engine.train import TrainConfig, Training
from gansmith.errors import TrainingError, UsageError
from gansmith.tasks.runs.preparing import Prepared

FACTORS: Final = (1 / 16, 1 / 4, 1.0, 4.0, 16.0)
"""Multiplied with the weights of the preset."""
PROBE_SHARE: Final = 0.04
"""Length of each short run, as a share of the run that follows."""
PROBES_SHARE: Final = PROBE_SHARE * len(FACTORS)
"""Of the time of both."""


@final
@dataclass(frozen=True)
class Probe:
    """One short run."""

    penalties: tuple[PenaltyConfig, ...]
    score: float
    """The held-out score at its end; higher is better."""

    def in_words(self) -> str:
        """Weights and score."""
        weights = ", ".join(f"{one.name}={one.weight:g}" for one in self.penalties)
        return f"{weights}: {self.score:.3f}"


def probed(prepared: Prepared, samples_seen: int, threads: int) -> Prepared:
    """The same with the penalties that short runs liked best, and a note on all of them.

    Args:
        prepared: Its networks are left as they are.
        samples_seen: Length of the run that will follow.
        threads: To learn with.

    Raises:
        UsageError: When nothing is held out to judge by, or the game has no penalties.
    """
    own: Sequence[PenaltyConfig] = getattr(prepared.game.rules, "penalties", ())
    if not own:
        raise UsageError(
            f"--penalty auto: the game of preset {prepared.config.preset!r} has no penalties to be weighed. "
            "Give their names and weights, or take another preset."
        )
    if prepared.evaluation is None:
        raise UsageError(
            f"--penalty auto: of {prepared.n_seen:,} records none are held out to judge by. "
            "Give the weights, or leave them to the preset."
        )
    with n_threads(threads):
        probes = [_probe(prepared, scaled(own, factor), samples_seen) for factor in FACTORS]
    best = max(probes, key=lambda probe: -math.inf if math.isnan(probe.score) else probe.score)
    if not math.isfinite(best.score):
        raise TrainingError(
            "--penalty auto: with every weight that was tried numbers became infinite or undefined. "
            "Lower the learning rate."
        )
    tried = "; ".join(probe.in_words() for probe in probes)
    note = f"penalties tried, and the held-out score of each: {tried}. Chosen: {best.in_words()}"
    game = _with_penalties(prepared.game, best.penalties)
    manifest = {**prepared.manifest, "game": plain_rules(game.rules)}
    return replace(prepared, game=game, manifest=manifest, notes=(*prepared.notes, note))


def scaled(penalties: Sequence[PenaltyConfig], factor: float) -> tuple[PenaltyConfig, ...]:
    """The same penalties, each so many times as strong."""
    return tuple(one.with_weight(factor * one.weight) for one in penalties)


def _probe(prepared: Prepared, penalties: tuple[PenaltyConfig, ...], samples_seen: int) -> Probe:
    networks = copy.deepcopy(prepared.game.networks)
    game = _with_penalties(prepared.game, penalties, networks)
    length = max(1, int(PROBE_SHARE * samples_seen))
    training = Training(game, prepared.batches, TrainConfig(length, 1, 1), prepared.evaluation)
    try:
        scores = [record.score for record in training if record.score is not None]
    except TrainingError:  # too weak or too strong by far
        scores = [-math.inf]
    return Probe(penalties, scores[-1])


def _with_penalties(
    game: AbstractGame, penalties: tuple[PenaltyConfig, ...], networks: Any = None
) -> AbstractGame:
    changes: dict[str, Any] = {"penalties": penalties}
    return replace(game.rules, **changes).start(networks or game.networks, game.randomness)
