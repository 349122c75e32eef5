"""Learning a model from data: a run that can be watched, stopped, resumed and repeated.

run = start(source, FitConfig(budget="5m"), folder=folder)
for record in run:
    show(record)
run.model().save("adult.gan")

While a model is learnt a cheap score says which networks are kept. At the end an expensive one, that of the
scorecard, has the last word: all of them in turn, or the newest alone.
"""

from __future__ import annotations

import copy
import math
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch
from gansmith.engine.checkpoint import Checkpoints, below
from gansmith.engine.games import AbstractGame, Networks, plain_rules, rules_from_plain
from gansmith.engine.length import cuts_of, spelt_cuts
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.processors import matrix_precision, n_threads, sampling_precision
from gansmith.engine.train import StepRecord, TrainConfig, Training
from gansmith.errors import DataError, UsageError
from gansmith.modalities.capabilities import Finishing, HasFinalScore
from gansmith.modalities.previews import Preview
from gansmith.modalities.registry import find_modality, offered
from gansmith.nets.distributions import Ensemble
from gansmith.settings import from_plain
from gansmith.store.run_folder import RunFolder, salted
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.opening import Opened, open_data
from gansmith.tasks.runs.budget import N_LOOKS, Pace, calibrated, n_checkpoints, usual_threads
from gansmith.tasks.runs.origin import taken_over
from gansmith.tasks.runs.preparing import Prepared, prepare
from gansmith.tasks.runs.probing import PROBES_SHARE, probed
from gansmith.tasks.runs.racing import race_share, raced
from gansmith.tasks.runs.settings import FitConfig, parse_duration
from gansmith.tasks.runs.so_far import begun, bought

N_STATS: Final = 500
"""Lines of statistics per run, about."""


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
        self.previewed: Preview | None = None
        """What was made last, where there is a folder."""
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
                prepared.config.patience,
                prepared.config.cures,
            ),
            prepared.evaluation,
            Checkpoints(folder.checkpoints) if folder else None,
        )
        if "origin" in prepared.manifest or prepared.plan.judges_start:
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
            "is_finished": self.training.is_over,
        }

    def repeat(self) -> str:
        """The options that repeat this run, as far as it is known how long it will be."""
        options = f"--samples-seen {self.training.config.samples_seen}"
        cuts = spelt_cuts(self.training.length.cuts)
        if self.prepared.config.penalties == "auto":
            found: Sequence[PenaltyConfig] = getattr(self.training.game.rules, "penalties", ())
            options += "".join(f" --penalty {one.name}={one.weight!r}" for one in found)
        return f"{options}{f' --shortened {cuts}' if cuts else ''} --threads {self.n_threads}"

    def model(self, *, has_last_touch: bool = True) -> Model:
        """The model that the held-out score has chosen so far.

        The last touch takes seconds; without it the newest networks that were kept are taken as they are.
        """
        game = self.training.game
        networks = copies_with(game, self.training.kept, [*game.networks])
        ensemble_size = 0
        if kept := self._unchanged:
            networks |= {name: kept.networks[name] for name in game.rules.generating}
        else:
            ensemble: Sequence[Networks] = [networks]
            if has_last_touch:
                ensemble = finished_ensemble(self.prepared, self.training)
            networks, ensemble_size = {**networks, **taking_turns(ensemble)}, len(ensemble)
        rules = game.rules.after(self.training.adjustments)
        training = self.summary(ensemble_size)
        training["is_finished"] &= has_last_touch
        manifest = {**self.prepared.manifest, "game": plain_rules(rules), "training": training}
        return Model(self.modality, self.codec, rules, networks, manifest)

    @property
    def _unchanged(self) -> Model | None:
        """The model that is fine-tuned, if it is still the one to keep."""
        return None if self.training.kept_step else self.prepared.origin

    def preview(self) -> Preview:
        """What is made of the same noise each time, a few records."""
        game, form = self.training.game, self.modality.format
        known = self.prepared.batches.first(form.n_previewed)  # nothing is asked for but what occurs
        given = Batch({name: known.get(name) for name in ("condition", "source")}, len(known))
        samples = game.generate(given, game.randomness.stream("preview"), 0)
        records = self.codec.decode(self.codec.compact(samples.cpu()), 0, 0)
        return form.preview(records)

    def _log(self, record: StepRecord) -> None:
        if self.folder is None:
            return
        n_frames = self.modality.format.n_frames
        if record.readings or (n_frames and self.training.length.is_due(record.step, n_frames)):
            self.previewed = self.preview()
            self.folder.write_preview(f"step-{record.step:010d}.txt", f"{self.previewed.as_text()}\n")
            if png := self.previewed.as_png():
                self.folder.write_preview(f"step-{record.step:010d}.png", png)
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
    prepared, deadline = prepare(source, config, origin, folder=run_folder), None
    if config.budget:
        seconds = (1 - prepared.plan.finishing_share) * parse_duration(config.budget)
        deadline = source.started + seconds
    threads = config.threads or usual_threads(prepared.game)
    if deadline is not None:
        threads, length = calibrated(prepared, deadline)
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
    if config.penalties == "auto":
        if deadline is not None:
            length = max(1, int((1 - PROBES_SHARE) * length))
        prepared = probed(prepared, length, threads)
    if deadline is not None:
        length = max(1, int(length / (1 + race_share(prepared))))
    prepared = raced(prepared, length, threads)
    if run_folder:
        salt = secrets.token_hex(16)
        settled = {"samples_seen": length, "n_threads": threads, "salt": salt}
        fingerprint = salted(prepared.fingerprint, salt)
        run_folder.start({**prepared.manifest, **settled, "fingerprint": fingerprint})
        begun(prepared).save(run_folder.begun, is_private=True)
        if origin:
            origin.save(run_folder.origin, is_private=True)
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
        prepared = prepare(opened, config, origin, rules, paid=bought(run_folder, saved))
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


# --- The end of a run: which of the kept networks make the model, with their last touch ---------------------


def finished_ensemble(prepared: Prepared, training: Training) -> Sequence[Networks]:
    """Networks that generate in turn, with the last touch."""
    game, recipe = training.game, prepared.modality.recipe
    rules = game.rules
    ensemble: Sequence[Networks] = [
        copies_with(game, weights, rules.generating) for weights in training.ensemble
    ]
    precision = matrix_precision(sampling_precision(rules.precision), torch.device("cpu"))
    with n_threads(1), precision:  # as in sampling
        ensemble = _chosen(ensemble, prepared, game)
        if finishing := offered(recipe, Finishing):
            seen, seed = prepared.batches.dataset, prepared.config.seed
            finishing.finish(prepared.codec, rules, ensemble, seen, training.samples_seen, seed)
    return ensemble


@torch.no_grad()
def _chosen(ensemble: Sequence[Networks], prepared: Prepared, game: AbstractGame) -> Sequence[Networks]:
    """All of them, or the newest alone where the expensive score finds it clearly better.

    That is by more than two standard errors of the difference. Where the kind of data has no such score, or
    too few records were held out for it, all of them.
    """
    evaluation, final = prepared.evaluation, offered(prepared.modality.recipe, HasFinalScore)
    if evaluation is None or final is None or len(ensemble) < 2:
        return ensemble
    score = final.final_score(prepared.codec, len(evaluation.heldout), prepared.config.seed)
    if score is None:
        return ensemble
    heldout, stream = evaluation.heldout.to(torch.device("cpu")), game.randomness.stream("ending")
    (together, error), (newest, its_error) = (
        score(game.rules.generate(networks, heldout, stream, 0), heldout["real"])
        for networks in (taking_turns(ensemble), ensemble[-1])
    )
    is_better = newest - together > 2 * (error**2 + its_error**2) ** 0.5
    return ensemble[-1:] if is_better else ensemble


def taking_turns(ensemble: Sequence[Networks]) -> dict[str, nn.Module]:
    """Networks of several as one set that generates in turn."""
    if len(ensemble) == 1:
        return dict(ensemble[0])
    return {name: Ensemble([member[name] for member in ensemble]) for name in ensemble[0]}


def copies_with(
    game: AbstractGame, weights: Mapping[str, Tensor], names: Sequence[str]
) -> dict[str, nn.Module]:
    """Copies of the networks of these names with these weights, on the CPU, no longer learning."""
    copies: dict[str, nn.Module] = {}
    for name in names:
        copies[name] = copy.deepcopy(game.networks[name]).cpu()
        copies[name].load_state_dict(below(f"{name}/", weights))
        copies[name].requires_grad_(False).eval()
    return copies
