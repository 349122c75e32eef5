"""Learning a model from data: a run that can be watched, stopped, resumed and repeated.

run = start(source, FitConfig(budget="5m"), folder=folder)
for record in run:
    show(record)
run.model().save("adult.gan")
"""

from __future__ import annotations

import copy
import math
import os
import secrets
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.engine.checkpoint import Checkpoints, below
from gansmith.engine.games import Networks, rules_from_plain
from gansmith.engine.length import cuts_of, spelt_cuts
from gansmith.engine.processors import matrix_precision, n_threads, sampling_precision
from gansmith.engine.train import StepRecord, TrainConfig, Training, seconds_per_step
from gansmith.errors import DataError, UsageError
from gansmith.modalities.recipe import Finishing, HasFinalScore
from gansmith.modalities.registry import find_modality, offered
from gansmith.settings import from_plain
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.budget import MIN_STEPS, N_LOOKS, Pace, parse_duration
from gansmith.tasks.ending import chosen, taking_turns
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.opening import Opened, open_data
from gansmith.tasks.origin import taken_over
from gansmith.tasks.preparing import (
    MANY_OPERATIONS,
    Prepared,
    n_checkpoints,
    operations_of,
    prepare,
    salted,
    usual_threads,
)
from gansmith.tasks.settings import FitConfig

N_STATS: Final = 500
"""Lines of statistics per run, about."""
WORTH_MORE_THREADS: Final = 1.2
"""How much faster all cores must be than one, to be used."""


@final
class FitRun:
    """One training of one model from one data set."""

    def __init__(
        self,
        prepared: Prepared,
        samples_seen: int,
        threads: int,
        folder: RunFolder | None,
        deadline: float | None = None,
    ) -> None:
        self.prepared, self.n_threads, self.folder = prepared, threads, folder
        self._deadline = deadline
        self.modality, self.codec, self.notes = prepared.modality, prepared.codec, prepared.notes
        self.training: Training = Training(
            prepared.game,
            prepared.batches,
            TrainConfig(
                samples_seen,
                prepared.plan.n_evaluations,
                n_checkpoints(prepared.game, samples_seen),
                prepared.plan.ensemble_size,
                cuts_of(prepared.config.shortened),
            ),
            prepared.evaluation,
            Checkpoints(folder.checkpoints) if folder else None,
        )
        if "origin" in prepared.manifest:
            self.training.judge_start()

    def __iter__(self) -> Generator[StepRecord]:
        """Train, writing statistics and previews to the run folder; see `gansmith.engine.train.Training`.

        A run with a budget is shortened when it would end too late. At the end it is marked as finished.
        """
        pace = None
        if self._deadline is not None:
            pace = Pace(parse_duration(self.prepared.config.budget), self._deadline, self.training.step)
        # Closed by hand, so that an error of the last checkpoint is heard.
        with n_threads(self.n_threads), closing(iter(self.training)) as records:
            for record in records:
                self._log(record)
                if pace and self.training.length.is_due(record.step, N_LOOKS):
                    self.training.shorten(pace.look(record.step, self.training.n_steps))
                yield record
        if self.folder:
            self.folder.finish(self.summary())

    def summary(self, ensemble_size: int = 0) -> dict[str, Any]:
        """How the training went, in a few numbers; of those kept, `ensemble_size` make the model."""
        if kept := self._unchanged:
            ensemble_size = kept.manifest["training"]["ensemble_size"]
        return {
            "steps": self.training.step,
            "samples_seen": self.training.samples_seen,
            "shortened": spelt_cuts(self.training.length.cuts),
            "n_rollbacks": self.training.n_rollbacks,
            "ensemble_size": ensemble_size or len(self.training.ensemble),
            "held_out_score": self.training.kept_score,
            "readings": self.training.kept_readings,
        }

    def repeat(self) -> str:
        """The options that repeat this run, as far as it is known how long it will be."""
        options = f"--samples-seen {self.training.config.samples_seen}"
        cuts = spelt_cuts(self.training.length.cuts)
        return f"{options}{f' --shortened {cuts}' if cuts else ''} --threads {self.n_threads}"

    def model(self) -> Model:
        """The model that the held-out score has chosen so far."""
        ensemble = self._ensemble()
        networks = {**self._with(self.training.kept), **taking_turns(ensemble)}
        if self._unchanged:
            networks |= {name: self._unchanged.networks[name] for name in ensemble[0]}
        manifest = {**self.prepared.manifest, "training": self.summary(len(ensemble))}
        return Model(self.modality, self.codec, self.training.game.rules, networks, manifest)

    def _ensemble(self) -> Sequence[Networks]:
        """Networks that generate in turn, with the last touch; one set where the old model is kept."""
        prepared, rules = self.prepared, self.training.game.rules
        ensemble: Sequence[Networks] = [
            self._with(weights, rules.generating) for weights in self.training.ensemble
        ]
        if self._unchanged:
            return ensemble[-1:]
        precision = matrix_precision(sampling_precision(rules.precision), torch.device("cpu"))
        with n_threads(1), precision:  # as in sampling
            ensemble = self._chosen(ensemble)
            if finishing := offered(self.modality.recipe, Finishing):
                dataset = prepared.batches.dataset
                finishing.finish(self.codec, rules, ensemble, dataset, prepared.config.seed)
        return ensemble

    def _chosen(self, ensemble: Sequence[Networks]) -> Sequence[Networks]:
        """Those of the ensemble that the expensive score chooses; all where the kind of data has none."""
        evaluation, game = self.prepared.evaluation, self.training.game
        n_heldout = len(evaluation.heldout) if evaluation else 0
        final = offered(self.modality.recipe, HasFinalScore)
        score = final.final_score(self.codec, n_heldout, self.prepared.config.seed) if final else None
        if score is None or evaluation is None:
            return ensemble
        heldout = evaluation.heldout.to(torch.device("cpu"))
        return chosen(ensemble, heldout, score, game.rules, game.randomness)

    def _with(self, weights: Mapping[str, torch.Tensor], names: Sequence[str] = ()) -> dict[str, nn.Module]:
        """Copies of the networks of these names with these weights, on the CPU, no longer learning."""
        game = self.training.game
        copies: dict[str, nn.Module] = {}
        for name in names or game.networks:
            copies[name] = copy.deepcopy(game.networks[name]).cpu()
            copies[name].load_state_dict(below(f"{name}/", weights))
            copies[name].requires_grad_(False).eval()
        return copies

    @property
    def _unchanged(self) -> Model | None:
        """The model that is fine-tuned, if it is still the one to keep."""
        return None if self.training.kept_step else self.prepared.origin

    def preview(self) -> str:
        """What is made of the same noise each time, a few records as plain text."""
        game = self.training.game
        samples = game.generate(Batch({}, 5), game.randomness.stream("preview"), 0)
        records = self.codec.decode(self.codec.compact(samples.cpu()), 0, 0)
        return self.modality.format.preview(records).as_text() + "\n"

    def _log(self, record: StepRecord) -> None:
        if self.folder is None:
            return
        if record.readings:
            self.folder.write_preview(f"step-{record.step:010d}.txt", self.preview())
        every = max(1, record.n_steps // N_STATS)
        if record.readings or record.findings or record.step % every == 0 or record.step == record.n_steps:
            self.folder.append_stats(asdict(record))


def start(
    source: object,
    config: FitConfig,
    *,
    target: str = "",
    options: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    origin: Model | None = None,
) -> FitRun:
    """Read the data, size the networks, settle the length; the run it gives has not begun to learn.

    Args:
        source: A path, an object in memory, or data that has been opened; see `open_data`.
        config: What the user chose.
        target: A column to be predicted from the others, kept for scoring; of opened data it is known.
        options: Of the kind of data, by name; of opened data they are known.
        folder: Where checkpoints and statistics go; None keeps nothing on disk.
        origin: A model to fine-tune; None begins anew.

    Raises:
        DataError: When the data is missing, malformed or cannot be learnt from.
        UsageError: When a name is unknown or the folder holds an unfinished run.
    """
    run_folder = RunFolder(folder) if folder else None
    if run_folder:
        run_folder.check_free()
    if not isinstance(source, Opened):
        if origin:
            config, target, options = taken_over(origin, config, target, options or {})
        source = open_data(source, kind=config.kind, target=target, options=options)
    deadline = source.started + parse_duration(config.budget) if config.budget else None
    prepared = prepare(source, config, origin)
    threads = config.threads or usual_threads(prepared.game)
    if deadline is not None:
        threads, length = _calibrated(prepared, deadline)
        if length > (most := prepared.plan.most_samples):
            note = (
                f"the run ends before the budget: records seen more than {most // prepared.n_seen} times are "
                "memorised (--samples-seen overrules that)"
            )
            length, prepared = most, replace(prepared, notes=(*prepared.notes, note))
    else:
        size = min(prepared.game.rules.batch_size, prepared.n_seen)
        n_epoch = prepared.n_seen // size * size
        length = config.samples_seen or math.ceil(config.epochs * n_epoch) or prepared.plan.samples_seen
    if run_folder:
        salt = secrets.token_hex(16)
        settled = {"samples_seen": length, "n_threads": threads, "salt": salt}
        fingerprint = salted(prepared.fingerprint, salt)
        run_folder.start({**prepared.manifest, **settled, "fingerprint": fingerprint})
        if origin:
            origin.save(run_folder.origin)
    return FitRun(prepared, length, threads, run_folder, deadline)


def resume(source: object, folder: Path) -> FitRun:
    """Go on with the run in a folder, as if it had never stopped; its length is settled, whatever the time.

    Raises:
        DataError: When there is no run, or the data is not what it was.
    """
    run_folder = RunFolder(folder)
    saved = run_folder.config()
    try:
        config = from_plain(FitConfig, saved["fit"])
        rules = rules_from_plain(saved["game"])
    except (KeyError, TypeError, AttributeError, UsageError) as error:
        raise _not_resumable(folder, error) from error
    try:
        options = from_plain(find_modality(saved["kind"]).options, saved["options"])
        opened = open_data(source, kind=saved["kind"], target=saved["target"], options=options)
        origin = load_model(run_folder.origin) if "origin" in saved else None
        prepared = prepare(opened, config, origin, rules)
        if salted(prepared.fingerprint, saved["salt"]) != saved["fingerprint"]:
            raise DataError(
                f"{folder}: the run was started on other data (or on data that has changed since). "
                "Give it the same data, or start a new run in another folder."
            )
        # Letter for letter: 0 is not 0.0, and a model of an older format has another digest once copied.
        kept = {name: saved[name] for name in ("fit", "options", "game", "origin") if name in saved}
        prepared = replace(prepared, manifest={**prepared.manifest, **kept})
        run = FitRun(prepared, saved["samples_seen"], saved["n_threads"], run_folder)
    except (KeyError, TypeError, RuntimeError) as error:
        raise _not_resumable(folder, error) from error
    run_folder.rewind_stats(run.training.step)
    return run


def _not_resumable(folder: Path, error: Exception) -> DataError:
    return DataError(
        f"{folder}: the run cannot be taken up again ({error}): it was begun by another version, or its "
        "files are damaged. Start the run anew in another folder; nothing in this one was changed."
    )


def _calibrated(prepared: Prepared, deadline: float) -> tuple[int, int]:
    """With how many threads, and for how many samples, to learn until `deadline` (of the monotonic clock).

    Measured on copies that are thrown away. All cores are used if that is clearly faster here and now: on a
    machine that others use as well, two threads mostly wait for each other.
    """
    game, evaluation = prepared.game, prepared.evaluation
    seconds = min(1.5, 0.02 * (deadline - time.monotonic()))
    threads = prepared.config.threads or 1
    per_step = _seconds_per_step(prepared, threads, seconds)
    n_cores = os.cpu_count() or 1
    if not prepared.config.threads and n_cores > 1 and operations_of(game) >= MANY_OPERATIONS:
        with_all = _seconds_per_step(prepared, n_cores, seconds)
        if WORTH_MORE_THREADS * with_all < per_step:
            threads, per_step = n_cores, with_all
    judging = 0.0
    if evaluation:
        started = time.monotonic()
        n = min(len(evaluation.seen), len(evaluation.heldout))
        if not isinstance(evaluation.score, str):
            evaluation.score(evaluation.seen["real"][:n], evaluation.heldout["real"][:n])
        judging = prepared.plan.n_evaluations * (time.monotonic() - started)
    n_steps = int((deadline - time.monotonic() - judging) / per_step)
    return threads, max(n_steps, MIN_STEPS) * game.rules.samples_per_step


def _seconds_per_step(prepared: Prepared, n: int, seconds: float) -> float:
    with n_threads(n):
        return seconds_per_step(prepared.game, prepared.batches, seconds)
