"""The one loop: training is an iterator of step records.

    for record in Training(game, batches, config, evaluation, checkpoints):
        show(record)

Progress bars, logs, early stopping and plots read the records. Breaking out of the loop saves a
checkpoint; iterating again, or in a new process over the same checkpoints, goes on bit for bit as if
nothing had happened.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, final

from torch import Tensor

from gansmith.engine.batches import Batch, Samples
from gansmith.engine.checkpoint import Checkpoint, Checkpoints, below
from gansmith.engine.cures import CURES, Adjustments
from gansmith.engine.games import AbstractGame, Progress, Readings
from gansmith.engine.length import Cuts, Length
from gansmith.engine.monitors import findings
from gansmith.engine.randomness import Randomness
from gansmith.errors import TrainingError, UsageError
from gansmith.settings import from_plain, to_plain

MAX_ROLLBACKS = 5

Weights = dict[str, Tensor]


@final
@dataclass(frozen=True)
class TrainConfig:
    """How long a run is and how often it looks at itself."""

    samples_seen: int
    """Length of the run: real records to learn from, rounded up to whole steps."""
    n_evaluations: int = 10
    """How often the held-out score is taken; the last time at the end."""
    n_checkpoints: int = 40
    """How often everything is saved; the last time at the end."""
    ensemble_size: int = 1
    """How many of the newest that generate are kept; see `Training.ensemble`."""
    cuts: Cuts = ()
    """Where the run is to be shortened, as another like it was; see `gansmith.engine.length`."""
    patience: int = 0
    """Evaluations in a row without a new best score after which it ends; 0 goes on to the end."""
    cures_itself: bool = False
    """Whether what the monitors find is acted upon; see `gansmith.engine.cures`."""

    def __post_init__(self) -> None:
        if min(self.samples_seen, self.n_evaluations, self.n_checkpoints, self.ensemble_size) < 1:
            raise UsageError(
                "a run needs at least one sample seen, one evaluation, one checkpoint and an ensemble of one."
            )


@final
@dataclass(frozen=True)
class Evaluation:
    """What the held-out score is taken on."""

    heldout: Batch
    """Records that nobody learns from; what is asked of them beside `real` is asked of the fakes."""
    seen: Batch
    """As many training records, to notice memorising."""
    score: Callable[[Samples, Samples], float] | str = "coverage"
    """(fake, held-out) to a number, or what the game itself reads by that name; higher is better. Chooses the
    model that is kept."""
    tolerance: float = 0.0
    """A newer model is kept unless its score lies below the best so far by more than this. Where a score is
    uncertain the best of many is mostly the luckiest, and a falling learning rate makes the last the
    finest."""


@final
@dataclass(frozen=True)
class StepRecord:
    """What one step left behind."""

    step: int
    n_steps: int
    samples_seen: int
    losses: Mapping[str, float]
    """What each player had to minimise, by name."""
    readings: Readings | None = None
    """What was read off the game, where this step ended with an evaluation."""
    score: float | None = None
    """The held-out score, likewise; higher is better."""
    is_best: bool = False
    """The model as it is now is kept: its score is the best so far, or as good within the tolerance."""
    findings: tuple[str, ...] = ()
    """What a person should know, in plain words."""


@final
class Training:
    """A run in progress: an iterable of step records, for the length of the run or for what is left of it.

    Args:
        game: Its networks are trained in place.
        batches: Gives real batch k.
        config: How long, how often.
        evaluation: Held-out records and the score that chooses the kept model; None keeps the last.
        checkpoints: Where to save and to resume from; None keeps nothing on disk.

    Raises:
        UsageError: From the constructor, when `checkpoints` holds a run of another length.
    """

    def __init__(
        self,
        game: AbstractGame,
        batches: Callable[[int], Batch],
        config: TrainConfig,
        evaluation: Evaluation | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self.game, self.batches, self.config = game, batches, config
        self.evaluation, self.checkpoints = evaluation, checkpoints
        self.length = Length(math.ceil(config.samples_seen / game.rules.samples_per_step), config.cuts)
        self.step = 0
        self.n_rollbacks = 0
        self.best_score: float | None = None
        """The highest held-out score so far."""
        self.kept_score: float | None = None
        """That of the kept model."""
        self.kept_readings: Readings = {}
        """Those of the kept model."""
        self.n_stale = 0
        """Evaluations since the best one."""
        self.adjustments = Adjustments()
        """What cures have changed."""
        self._kept: list[tuple[int, Weights]] = []
        self._history: list[Readings] = []
        self._last_good = self._checkpoint()
        newest = checkpoints.newest() if checkpoints else None
        if checkpoints and newest:
            self._restore(newest)
            cuts = tuple((step, n_steps) for step, n_steps in newest.values.get("cuts", ()))
            self.length = Length(self.length.n_planned, cuts or config.cuts)
            # A roll-back leads where it would lead without the interruption.
            self._last_good = checkpoints.newest(["step"]) or self._last_good

    @property
    def n_steps(self) -> int:
        """Steps of the whole run, as far as is known."""
        return self.length.n_steps

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end, or nothing became better for as long as its patience lasts."""
        is_stale = 0 < self.config.patience <= self.n_stale
        return is_stale or self.step >= self.n_steps

    def shorten(self, n_steps: int) -> None:
        """End after so many steps in all, if that is earlier; the schedules go on faster from here.

        What was decided stays decided: after a roll-back to before the last cut nothing is cut anew.
        """
        self.length = self.length.shortened(self.step, n_steps)

    @property
    def kept(self) -> Weights:
        """The networks to save, as `NAME/...`: best by score, else the newest."""
        return self._kept[-1][1] if self._kept else self._snapshot()

    @property
    def kept_step(self) -> int:
        """The step after which these were what they are; 0: as they came."""
        return self._kept[-1][0] if self._kept else self.step

    @property
    def ensemble(self) -> list[Weights]:
        """Networks that generate records in turn, as `NAME/...`; the last are those of `kept`.

        Players of a game go round its equilibrium, and it is the average of what they did that comes near it,
        not what they do at the end. So those of the last half are kept, at the moments of the evaluations.
        """
        found = [weights for step, weights in self._kept if 2 * step >= self.kept_step]
        return found or [self.kept]

    def __iter__(self) -> Generator[StepRecord]:
        """Play the steps that are left.

        Raises:
            TrainingError: When rolling back from non-finite numbers did not mend the game.
            DataError: When a checkpoint cannot be written.
        """
        while not self.is_over:
            try:
                record = self._play_step()
            except BaseException:  # in the middle of a step, when some networks may have moved already
                self._restore(self._last_good)
                raise
            try:
                yield record
            except GeneratorExit:  # the caller broke out of its loop, between two steps
                self._save(self._checkpoint(), is_stop=True)
                raise

    def judge_start(self) -> None:
        """Let the networks as they came be kept if none that follow are better: they come from a model."""
        if self.evaluation and self.step == 0:
            self._evaluate({}, self.evaluation)
            self._last_good = self._checkpoint()
            self._save(self._last_good)  # a roll-back after a resume leads here too

    def _play_step(self) -> StepRecord:
        n_batches, per_step = self.game.rules.n_batches, self.game.rules.samples_per_step
        batches = [self.batches(self.step * n_batches + index) for index in range(n_batches)]
        progress = Progress(
            share=self.length.share(self.step),
            samples_seen=self.samples_seen + per_step,
            n_samples=self.n_steps * per_step,
            rate_scale=0.5**self.n_rollbacks * self.adjustments.rate_scale,
            adjustments=self.adjustments,
        )
        losses: dict[str, float] = {}
        if all(map(len, batches)):  # nobody learns from an empty one, as a Poisson drawing may give
            losses = self.game.play(self.step, batches, progress)
            self.game.update_averages(progress)
        self.step += 1
        if not all(map(math.isfinite, losses.values())):
            return self._roll_back(losses)
        record = self._record(losses)
        if self.length.is_due(self.step, self.config.n_evaluations):
            if self.evaluation:
                record = self._evaluate(losses, self.evaluation)
            else:
                batch = next(batch for batch in map(self.batches, count()) if len(batch))
                self._keep(self._read(batch, batch)[1])
        if self.length.is_due(self.step, self.config.n_checkpoints):
            checkpoint = self._checkpoint()
            if not all(tensor.isfinite().all() for tensor in checkpoint.tensors.values()):
                return self._roll_back(losses)
            self._last_good = checkpoint
            self._save(checkpoint)
        return record

    @property
    def samples_seen(self) -> int:
        """Real records that were learnt from."""
        return self.step * self.game.rules.samples_per_step

    def _record(self, losses: Mapping[str, float], found: tuple[str, ...] = ()) -> StepRecord:
        return StepRecord(self.step, self.n_steps, self.samples_seen, losses, findings=found)

    def _evaluate(self, losses: Mapping[str, float], evaluation: Evaluation) -> StepRecord:
        heldout = evaluation.heldout
        fake, readings = self._read(heldout, evaluation.seen)
        score = evaluation.score
        score = readings[score] if isinstance(score, str) else score(fake, heldout["real"])
        best = -math.inf if self.best_score is None else self.best_score
        is_best = not math.isnan(score) and score >= best - evaluation.tolerance
        self.n_stale = 0 if score > best else self.n_stale + 1
        if is_best:
            self.best_score, self.kept_score = max(best, score), score
            self._keep(readings)
        self._history.append(readings)
        found = findings(self._history)
        texts = [one.text for one in found]
        if self.config.cures_itself and self.step:
            texts += [self._cured(one.name) for one in found]
        if self.is_over and self.step < self.n_steps:
            texts.append(f"no better held-out score for {self.n_stale} evaluations: the run ends here")
        record = self._record(losses, tuple(texts))
        return replace(record, readings=readings, score=score, is_best=is_best)

    def _cured(self, name: str) -> str:
        """Do something about what was found; what was done, in words."""
        cure, before = CURES[name], self.adjustments
        self.adjustments = cure.adjusted(before)
        if cure.begins_anew and self._kept:
            self.game.begin_anew(self.kept)
        return cure.in_words(before, self.adjustments, self.game.rules.adjustable)

    def _read(self, heldout: Batch, seen: Batch) -> tuple[Tensor, Readings]:
        """A fake for each held-out record, always from the same noise, and what can be read off the game."""
        fake = self.game.tried(heldout, self.game.randomness.stream("evaluation"))
        return fake, self.game.evaluate(fake, heldout, seen)

    def _keep(self, readings: Readings) -> None:
        """The networks as they are now, and of those before them the ones that generate."""
        generating = tuple(f"{name}/" for name in self.game.rules.generating)
        earlier = [
            (step, {name: value for name, value in weights.items() if name.startswith(generating)})
            for step, weights in self._kept
        ]
        self._kept = [*earlier, (self.step, self._snapshot())][-self.config.ensemble_size :]
        self.kept_readings = readings

    def _snapshot(self) -> Weights:
        return {
            f"{name}/{key}": value.detach().clone()
            for name, network in self.game.best.items()
            for key, value in network.state_dict().items()
        }

    def _checkpoint(self) -> Checkpoint:
        tensors = {
            f"kept/{place}/{name}": value
            for place, (_, weights) in enumerate(self._kept)
            for name, value in weights.items()
        }
        tensors |= {f"game/{name}": value for name, value in self.game.state().items()}
        values = {
            "n_steps": self.length.n_planned,
            "cuts": [list(cut) for cut in self.length.cuts],
            "n_rollbacks": self.n_rollbacks,
            "best_score": self.best_score,
            "kept_score": self.kept_score,
            "kept_readings": self.kept_readings,
            "kept": [step for step, _ in self._kept],
            "history": list(self._history),
            "n_stale": self.n_stale,
            "adjustments": to_plain(self.adjustments),
        }
        return Checkpoint(self.step, values, tensors)

    def _restore(self, checkpoint: Checkpoint) -> None:
        values: Mapping[str, Any] = checkpoint.values
        if values["n_steps"] != self.length.n_planned:
            raise UsageError(
                f"the checkpoint is of a run of {values['n_steps']} steps, this one has "
                f"{self.length.n_planned}. "
                "Resume with the length the run was started with, or start a new one."
            )
        self.step = checkpoint.step
        self.n_rollbacks, self.best_score, self.kept_score, self.kept_readings = (
            values[name] for name in ("n_rollbacks", "best_score", "kept_score", "kept_readings")
        )
        self._history = list(values["history"])
        self.n_stale = values.get("n_stale", 0)
        if "adjustments" in values:
            self.adjustments = from_plain(Adjustments, values["adjustments"])
        self._kept = [
            (step, below(f"kept/{place}/", checkpoint.tensors)) for place, step in enumerate(values["kept"])
        ]
        self.game.load_state(below("game/", checkpoint.tensors))
        self.game.randomness = Randomness(self.game.randomness.seed, self.n_rollbacks)

    def _save(self, checkpoint: Checkpoint, *, is_stop: bool = False) -> None:
        if self.checkpoints:
            self.checkpoints.save(checkpoint, is_stop=is_stop)

    def _roll_back(self, losses: Mapping[str, float]) -> StepRecord:
        """Back to the last good state, with other noise and half the learning rate."""
        broken_at, n_rollbacks = self.step, self.n_rollbacks + 1
        if n_rollbacks > MAX_ROLLBACKS:
            raise TrainingError(
                f"numbers became infinite or undefined at step {broken_at}; going back {MAX_ROLLBACKS} times "
                "with ever smaller learning rates did not help. Lower the learning rate or raise a penalty."
            )
        self._restore(self._last_good)
        self.n_rollbacks = n_rollbacks
        self.game.randomness = Randomness(self.game.randomness.seed, n_rollbacks)
        found = f"numbers became infinite or undefined at step {broken_at}: went back to step {self.step}"
        return self._record(losses, (found,))


def seconds_per_step(game: AbstractGame, batches: Callable[[int], Batch], seconds: float = 2.0) -> float:
    """How long one step takes here and now, measured on a copy of the game that is thrown away.

    Args:
        game: Left untouched.
        batches: Gives real batch k.
        seconds: How long to measure; at least three steps, the first of which does not count.
    """
    trial = game.rules.start(copy.deepcopy(game.networks), game.randomness)
    n_batches = game.rules.n_batches

    def play(step: int) -> None:
        drawn = [batches(step * n_batches + index) for index in range(n_batches)]
        trial.play(step, drawn, Progress(0.0))

    play(0)
    started, step = time.perf_counter(), 0
    while step < 2 or time.perf_counter() - started < seconds:
        step += 1
        play(step)
    return (time.perf_counter() - started) / step
