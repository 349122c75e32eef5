"""Which rules fit the data, found out by a short race of those that come into question.

Each is played for a tenth of the run that follows, from the same networks; what the kind of data rates best
at its end is taken. Where all began is rated as well, so that everybody sees what the games have brought.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Final, final

from gansmith.engine.games import AbstractRules, plain_rules
from gansmith.engine.processors import n_threads
from gansmith.engine.train import TrainConfig, Training
from gansmith.errors import TrainingError
from gansmith.modalities.capabilities import Racing
from gansmith.modalities.registry import offered
from gansmith.tasks.runs.preparing import Prepared

RACE_SHARE: Final = 0.1
"""Length of each short run, as a share of the run that follows."""
FEWEST_RACED: Final = 1_000
"""Samples of a short run, below which nothing could be said."""


@final
@dataclass(frozen=True)
class _Raced:
    name: str
    rating: float
    said: str


def race_share(prepared: Prepared) -> float:
    """How much longer the time of a run with a race is, as a share of the run."""
    return RACE_SHARE * len(_rivals(prepared))


def raced(prepared: Prepared, samples_seen: int, threads: int) -> Prepared:
    """The same with the rules that won, and a note on all of them; as it is where there is nothing to race.

    Args:
        prepared: Its networks are left as they are.
        samples_seen: Length of the run that will follow.
        threads: To learn with.
    """
    rivals, length = _rivals(prepared), int(RACE_SHARE * samples_seen)
    if not rivals or length < FEWEST_RACED:
        return prepared
    with n_threads(threads):
        found = [_raced(prepared, name, rules, length) for name, rules in rivals.items()]
        start = _raced(prepared, "before any game", prepared.game.rules, 0)
    best = max(found, key=lambda one: one.rating)
    if not math.isfinite(best.rating):
        return prepared
    told = "; ".join(f"{one.name}: {one.said}" for one in (start, *found))
    note = f"a short race of {length:,} records each: {told}. Chosen: {best.name}"
    rules = rivals[best.name]
    game = rules.start(prepared.game.networks, prepared.game.randomness)
    manifest = {**prepared.manifest, "game": plain_rules(rules)}
    return replace(prepared, game=game, manifest=manifest, notes=(*prepared.notes, note))


def _rivals(prepared: Prepared) -> dict[str, AbstractRules]:
    racing = offered(prepared.modality.recipe, Racing)
    if racing is None or prepared.evaluation is None or prepared.origin is not None:
        return {}
    return dict(racing.rivals(prepared.codec, prepared.config.preset, prepared.game.rules))


def _raced(prepared: Prepared, name: str, rules: AbstractRules, length: int) -> _Raced:
    """One short run; of no length, the networks as they are."""
    networks = copy.deepcopy(prepared.game.networks)
    game = rules.start(networks, prepared.game.randomness)
    training = Training(game, prepared.batches, TrainConfig(max(length, 1), 1, 1), prepared.evaluation)
    try:
        if length:
            for _ in training:
                pass
        else:
            training.judge_start()
    except TrainingError:  # numbers became infinite
        return _Raced(name, -math.inf, "went astray")
    score, readings = training.kept_score or 0.0, training.kept_readings
    racing = offered(prepared.modality.recipe, Racing)
    assert racing is not None
    rating = racing.rating(score, readings)
    content = f", content kept {readings['content']:.2f}" if "content" in readings else ""
    return _Raced(name, rating, f"held-out score {score:.2f}{content}, rated {rating:.2f}")
