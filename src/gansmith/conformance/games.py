"""The promises of a game, and what their checks share with those of a kind of data."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor

from gansmith.engine.batches import Batch, Batches, Dataset, Shuffled
from gansmith.engine.checkpoint import Checkpoints
from gansmith.engine.games import (
    AbstractGame,
    AbstractRules,
    Networks,
    Progress,
    plain_rules,
    rules_from_plain,
)
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training
from gansmith.errors import GansmithError

N_STEPS: Final = 6
"""Length of the runs that are compared bit by bit."""


class ConformanceError(GansmithError):
    """A kind of data or a game broke a promise; the message says which one, and how."""


class AbstractSubject(ABC):
    """What is checked."""

    folder: Path
    """Empty; for checkpoints."""

    @property
    @abstractmethod
    def who(self) -> str:
        """Whose promises they are, for messages."""

    def require(self, is_kept: bool, promise: str, found: str) -> None:
        """Raise ConformanceError unless the promise is kept."""
        if not is_kept:
            raise ConformanceError(f"{self.who} breaks a promise: {promise}. Found: {found}.")


def resumed_equals_uninterrupted(
    run: Callable[[Checkpoints | None], Training], subject: AbstractSubject
) -> None:
    """Raise ConformanceError unless a run that is taken up in its middle ends as one that is not stopped."""
    whole = run(None)
    losses = [record.losses for record in whole]
    for record in run(Checkpoints(subject.folder / "checkpoints")):
        if record.step == N_STEPS // 2:
            break
    resumed = run(Checkpoints(subject.folder / "checkpoints"))
    n_before = resumed.step
    later = [record.losses for record in resumed]
    promise = "a resumed run equals an uninterrupted one bit for bit"
    subject.require(n_before == N_STEPS // 2, promise, f"a start at step {n_before}")
    subject.require(later == losses[n_before:], promise, "other losses")
    subject.require(same(whole.kept, resumed.kept), promise, "other weights")
    subject.require(same(whole.game.state(), resumed.game.state()), promise, "another state")


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether both hold the same tensors bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@final
@dataclass(frozen=True)
class GameSubject(AbstractSubject):
    """A game, networks for it, and some data to play it on."""

    rules: AbstractRules
    networks: Callable[[], Networks]
    """Makes new networks, always the same."""
    dataset: Dataset
    """At least two batches of records."""
    folder: Path
    """Empty; for checkpoints."""
    seed: int = 0

    def batches(self) -> Batches:
        """Shuffled batches of the data."""
        randomness = Randomness(self.seed)
        return Batches(
            self.dataset, Shuffled(len(self.dataset), self.rules.batch_size, randomness), randomness
        )

    def game(self) -> AbstractGame:
        """A game that has not begun, always the same."""
        return self.rules.start(self.networks(), Randomness(self.seed))

    @cached_property
    def given(self) -> Batch:
        """Some records, to be given to whoever generates."""
        return self.dataset.batch(torch.arange(self.rules.batch_size))

    @property
    def who(self) -> str:
        return f"game {self.rules.name!r}"


def check_rules_are_plain(subject: GameSubject) -> None:
    """The rules go through JSON unchanged, and a fine-tuning of them is a game with the same roles."""
    plain = json.loads(json.dumps(plain_rules(subject.rules)))
    again = rules_from_plain(plain)
    subject.require(again == subject.rules, "rules are plain JSON", f"{again}")
    tuned = subject.rules.fine_tuning(subject.rules, 0.1, 0.25)
    subject.require(tuned.roles == subject.rules.roles, "fine-tuning plays the same game", f"{tuned.roles}")


def check_play(subject: GameSubject) -> None:
    """A step gives finite losses, moves every player, and depends on (seed, step) and the batches alone."""
    rules = subject.rules
    states: list[dict[str, Tensor]] = []
    for _ in range(2):
        game, batches = subject.game(), subject.batches()
        before = game.state()
        for step in range(2):
            drawn = [batches(step * rules.n_batches + index) for index in range(rules.n_batches)]
            losses = game.play(step, drawn, Progress(step / 2, (step + 1) * rules.samples_per_step, 100))
            are_finite = bool(losses) and all(map(math.isfinite, losses.values()))
            subject.require(are_finite, "losses are finite numbers", f"{losses}")
        states.append(game.state())
        for name in game.players:
            keys = [key for key in before if key.startswith(f"players/{name}/network/")]
            has_moved = any(not torch.equal(before[key], states[-1][key]) for key in keys)
            subject.require(has_moved, "every player learns", f"that {name} stands still")
    subject.require(same(*states), "the same seed gives the same steps", "other weights")


def check_generate(subject: GameSubject) -> None:
    """What is made depends on (networks, given, stream, index) alone; the networks kept for it suffice."""
    game, stream = subject.game(), Randomness(subject.seed).stream("sample")
    made = game.generate(subject.given, stream, 0)
    subject.require(
        len(made) == len(subject.given), "one sample for each given record", str(tuple(made.shape))
    )
    subject.require(bool(made.isfinite().all()), "samples are finite", "others")
    again = game.generate(subject.given, stream, 0)
    subject.require(torch.equal(made, again), "generating is repeatable", "other samples")
    needed = {name: game.best[name] for name in subject.rules.generating}
    promise = "the networks that are named as generating suffice"
    try:
        with torch.no_grad():
            alone = subject.rules.generate(needed, subject.given, stream, 0)
    except KeyError as error:
        subject.require(False, promise, f"that {error} is missing")
    else:
        subject.require(torch.equal(made, alone), promise, "other samples")


def check_readings(subject: GameSubject) -> None:
    """What is read off a game is numbers by name, and reading changes nothing."""
    game = subject.game()
    fake = game.generate(subject.given, Randomness(subject.seed).stream("evaluation"), 0)
    before = game.state()
    readings = game.evaluate(fake, subject.given, subject.given)
    are_numbers = bool(readings) and all(isinstance(value, float) for value in readings.values())
    subject.require(are_numbers, "readings are numbers by name", f"{readings}")
    subject.require(same(before, game.state()), "reading changes nothing", "another state")
    again = game.evaluate(fake, subject.given, subject.given)
    subject.require(readings == again, "reading is repeatable", f"{readings}, then {again}")


def check_game_resumes(subject: GameSubject) -> None:
    """A run that was stopped and taken up again ends as one that was not, bit for bit."""
    length = N_STEPS * subject.rules.samples_per_step
    evaluation = Evaluation(subject.given, subject.given, lambda fake, real: 0.5)

    def run(checkpoints: Checkpoints | None) -> Training:
        return Training(subject.game(), subject.batches(), TrainConfig(length, 2, 2), evaluation, checkpoints)

    resumed_equals_uninterrupted(run, subject)


GAME_CHECKS: Final[tuple[Callable[[GameSubject], None], ...]] = (
    check_rules_are_plain,
    check_play,
    check_generate,
    check_readings,
    check_game_resumes,
)
