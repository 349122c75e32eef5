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
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import nn

from gansmith.configuration import from_plain, to_plain
from gansmith.engine.batches import Batches
from gansmith.engine.checkpoint import Checkpoints, below
from gansmith.engine.game import Game, GameConfig
from gansmith.engine.length import cuts_of, spelt_cuts
from gansmith.engine.precision import fastest_precision, matrix_precision, sampling_precision
from gansmith.engine.randomness import Randomness
from gansmith.engine.threads import n_threads
from gansmith.engine.train import Evaluation, StepRecord, TrainConfig, Training, seconds_per_step, train
from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.base import AbstractModality, Codec, Plan, Reading, seeded_networks
from gansmith.modalities.registry import find_modality
from gansmith.nets.mixture import Mixture
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.budget import MIN_STEPS, N_LOOKS, Pace, seconds_of
from gansmith.tasks.cost import MANY_OPERATIONS, n_checkpoints, n_operations, operations_of, usual_threads
from gansmith.tasks.ending import chosen
from gansmith.tasks.model import Model, load_model, versions
from gansmith.tasks.opening import Opened, open_data
from gansmith.tasks.origin import plan_from, players_from, taken_over
from gansmith.tasks.settings import FitConfig

N_STATS: Final = 500
"""Lines of statistics per run, about."""
WORTH_MORE_THREADS: Final = 1.2
"""How much faster all cores must be than one, to be used."""


@final
@dataclass(frozen=True)
class Prepared:
    """Everything of a run but its length."""

    config: FitConfig
    modality: AbstractModality
    records: Any
    """What is learnt from; held-out records are not among them."""
    codec: Codec
    game: Game
    batches: Batches
    evaluation: Evaluation | None
    plan: Plan
    manifest: Mapping[str, Any]
    """How the model is made; plain JSON; goes into the run folder and the model file."""
    notes: tuple[str, ...]
    """What the user should know about how the data was read."""
    origin: Model | None = None
    """The model that is gone on from."""

    @property
    def n_seen(self) -> int:
        """Training records."""
        return len(self.batches.samples)


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
        self.training: Training = train(
            prepared.game,
            prepared.batches,
            TrainConfig(
                samples_seen,
                prepared.plan.n_evaluations,
                n_checkpoints(prepared.game, samples_seen),
                prepared.plan.n_members,
                cuts_of(prepared.config.shortened),
            ),
            prepared.evaluation,
            Checkpoints(folder.checkpoints) if folder else None,
        )
        if "origin" in prepared.manifest:
            self.training.judge_start()

    def __iter__(self) -> Generator[StepRecord]:
        """Train, writing statistics and previews to the run folder; see `gansmith.engine.train.train`.

        A run with a budget is shortened when it would end too late. At the end it is marked as finished.
        """
        pace = None
        if self._deadline is not None:
            pace = Pace(seconds_of(self.prepared.config.budget), self._deadline, self.training.step)
        # Closed by hand, so that an error of the last checkpoint is heard.
        with n_threads(self.n_threads), closing(iter(self.training)) as records:
            for record in records:
                self._log(record)
                if pace and self.training.length.is_due(record.step, N_LOOKS):
                    self.training.shorten(pace.look(record.step, self.training.n_steps))
                yield record
        if self.folder:
            self.folder.finish(self.summary())

    def summary(self, n_members: int = 0) -> dict[str, Any]:
        """How the training went, in a few numbers; of the generators kept, `n_members` make the model."""
        kept = self._unchanged
        n_members = (
            kept.manifest["training"]["n_members"] if kept else n_members or len(self.training.members)
        )
        return {
            "steps": self.training.step,
            "samples_seen": self.training.samples_seen,
            "shortened": spelt_cuts(self.training.length.cuts),
            "n_rollbacks": self.training.n_rollbacks,
            "n_members": n_members,
            "held_out_score": self.training.kept_score,
            "border": self.training.border,
        }

    def repeat(self) -> str:
        """The options that repeat this run, as far as it is known how long it will be."""
        options = f"--samples-seen {self.training.config.samples_seen}"
        cuts = spelt_cuts(self.training.length.cuts)
        return f"{options}{f' --shortened {cuts}' if cuts else ''} --threads {self.n_threads}"

    def model(self) -> Model:
        """The model that the held-out score has chosen so far."""
        discriminator = _copy_with(
            self.training.game.discriminator.network, self.training.kept, "discriminator/"
        )
        generator = self._generator()
        n_members = len(generator.members) if isinstance(generator, Mixture) else 1
        manifest = {**self.prepared.manifest, "training": self.summary(n_members)}
        return Model(self.modality, self.codec, generator, discriminator, manifest)

    def _generator(self) -> nn.Module:
        """That of the model gone on from where nothing better came; else all members, with the last touch."""
        if self._unchanged:
            return self._unchanged.generator
        game = self.training.game
        members = [
            _copy_with(game.generator.network, weights, "generator/") for weights in self.training.members
        ]
        compact = self.prepared.batches.samples.cpu()
        precision = matrix_precision(sampling_precision(game.config.precision), torch.device("cpu"))
        with n_threads(1), precision:  # as in sampling
            members = self._chosen(members)
            self.modality.finish(self.codec, members, compact, self.prepared.config.seed)
        return members[0] if len(members) == 1 else Mixture(members)

    def _chosen(self, members: list[nn.Module]) -> Sequence[nn.Module]:
        """The members that the dear score chooses; all where the kind of data has none."""
        evaluation, game = self.prepared.evaluation, self.training.game
        n_heldout = len(evaluation.heldout) if evaluation else 0
        score = self.modality.final_score(self.codec, n_heldout, self.prepared.config.seed)
        if score is None or evaluation is None:
            return members
        return chosen(members, evaluation.heldout.cpu(), score, game.config.n_latents, game.randomness)

    @property
    def _unchanged(self) -> Model | None:
        """The model gone on from, if it is still the one to keep."""
        return None if self.training.kept_step else self.prepared.origin

    @torch.no_grad()
    def preview(self) -> str:
        """What the generator makes of the same few latents, as plain text."""
        game = self.training.game
        latents = game.randomness.normal((5, game.config.n_latents), "preview", 0)
        samples = game.generator.best_known(latents.to(game.device), None)
        records = self.modality.decode(self.codec, self.codec.compact(samples.cpu()), 0, 0)
        return self.modality.preview(self.codec, records) + "\n"

    def _log(self, record: StepRecord) -> None:
        if self.folder is None:
            return
        if record.health:
            self.folder.write_preview(f"step-{record.step:010d}.txt", self.preview())
        every = max(1, record.n_steps // N_STATS)
        if record.health or record.findings or record.step % every == 0 or record.step == record.n_steps:
            self.folder.append_stats(asdict(record))


def start(
    source: object,
    config: FitConfig,
    *,
    target: str = "",
    reading: Reading | None = None,
    folder: Path | None = None,
    origin: Model | None = None,
) -> FitRun:
    """Read the data, size the networks, settle the length; the run it gives has not begun to learn.

    Args:
        source: A path, an object in memory, or data that has been opened; see `open_data`.
        config: What the user chose.
        target: A column to be predicted from the others, kept for scoring; of opened data it is known.
        reading: How to read the data; of opened data it is known.
        folder: Where checkpoints and statistics go; None keeps nothing on disk.
        origin: A model to go on from; None begins anew.

    Raises:
        DataError: When the data is missing, malformed or cannot be learnt from.
        UsageError: When a name is unknown or the folder holds an unfinished run.
    """
    run_folder = RunFolder(folder) if folder else None
    if run_folder:
        run_folder.check_free()
    if not isinstance(source, Opened):
        if origin:
            config, target, reading = taken_over(origin, config, target, reading or Reading())
        source = open_data(source, kind=config.kind, target=target, reading=reading)
    deadline = source.started + seconds_of(config.budget) if config.budget else None
    prepared = _prepare(source, config, origin)
    threads = config.threads or usual_threads(prepared.game)
    if deadline is not None:
        threads, length = _calibrated(prepared, deadline)
        if length > (most := prepared.plan.most_samples):
            note = (
                f"the run ends before the budget: records seen more than {most // prepared.n_seen} times are "
                "learnt by heart (--samples-seen overrules that)"
            )
            length, prepared = most, replace(prepared, notes=(*prepared.notes, note))
    else:
        n_epoch = prepared.n_seen // prepared.batches.batch_size * prepared.batches.batch_size
        length = config.samples_seen or math.ceil(config.epochs * n_epoch) or prepared.plan.samples_seen
    if run_folder:
        run_folder.start({**prepared.manifest, "samples_seen": length, "n_threads": threads})
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
        config, reading = from_plain(FitConfig, saved["fit"]), from_plain(Reading, saved["reading"])
        opened = open_data(source, kind=config.kind, target=saved["target"], reading=reading)
        origin = load_model(run_folder.origin) if "origin" in saved else None
        prepared = _prepare(opened, config, origin, from_plain(GameConfig, saved["game"]))
        if prepared.manifest["data"]["fingerprint"] != saved["data"]["fingerprint"]:
            raise DataError(
                f"{folder}: the run was started on other data (or on data that has changed since). "
                "Give it the same data, or start a new run in another folder."
            )
        kept = {name: saved[name] for name in ("fit", "reading", "game")}  # letter for letter: 0 is not 0.0
        prepared = replace(prepared, manifest={**prepared.manifest, **kept})
        run = FitRun(prepared, saved["samples_seen"], saved["n_threads"], run_folder)
    except (KeyError, TypeError, RuntimeError) as error:
        raise DataError(
            f"{folder}: the run cannot be taken up again ({error}). Its files are damaged or of another "
            "version. Start the run anew."
        ) from error
    run_folder.rewind_stats(run.training.step)
    return run


def _prepare(
    opened: Opened, config: FitConfig, origin: Model | None, rules: GameConfig | None = None
) -> Prepared:
    """Split, fit the codec, size the networks; `rules` are those of a run to be resumed."""
    modality = find_modality(opened.reader.kind)
    randomness = Randomness(config.seed)
    n_heldout = modality.n_heldout(len(opened), config.preset)
    data = {"name": opened.name, "n_records": len(opened), "n_heldout": n_heldout}
    notes, records = opened.notes, opened.hand_over()
    data["fingerprint"] = modality.fingerprint(records)
    remarks = modality.unknown(origin.codec, records) if origin else ()
    order = randomness.permutation(len(records), "split", 0).numpy()
    heldout, seen = records.take(order[:n_heldout]), records.take(order[n_heldout:])
    del records, order  # one copy is enough
    if origin:
        codec, plan, players = origin.codec, plan_from(origin, len(seen)), players_from(origin)
    else:
        codec = modality.fit_codec(seen, config.preset, randomness.key("codec", 0) % 2**32, config.min_count)
        plan = modality.plan(codec, len(seen), config.preset)
        players = seeded_networks(modality, codec, plan.networks, randomness.key("networks", 0))
        remarks = modality.remarks(codec, seen, opened.target)
    device = _device(config.device)
    networks = (players[0].to(device), players[1].to(device))
    if rules is None:
        rules = replace(plan.game, objective=config.objective or plan.game.objective)
        is_large = n_operations(networks, rules.batch_size) >= MANY_OPERATIONS
        rules = replace(rules, precision=fastest_precision(device) if is_large else "float32")
    game = Game(*networks, rules, randomness)
    compact = modality.encode(codec, seen, randomness.key("encode", 0)).to(device)
    batches = Batches(compact, rules.batch_size, randomness, modality.asking(codec), codec.expand)
    evaluation = None
    if n_heldout:
        held = codec.expand(modality.encode(codec, heldout, randomness.key("encode", 1)).to(device))
        score = modality.held_out_score(codec, n_heldout, randomness.key("score", 0) % 2**32)
        evaluation = Evaluation(held, codec.expand(compact[:n_heldout]), score, plan.tolerance)
    manifest = {
        "kind": modality.kind,
        "fit": to_plain(config),
        "reading": to_plain(opened.reading),
        "target": opened.target,
        "networks": to_plain(plan.networks),
        "game": to_plain(rules),
        "data": data,
        "versions": versions(),
        **({"origin": origin.known_digest()} if origin else {}),
    }
    return Prepared(
        config, modality, seen, codec, game, batches, evaluation, plan, manifest, (*notes, *remarks), origin
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
        evaluation.score(evaluation.seen, evaluation.heldout[: len(evaluation.seen)])
        judging = prepared.plan.n_evaluations * (time.monotonic() - started)
    n_steps = int((deadline - time.monotonic() - judging) / per_step)
    return threads, max(n_steps, MIN_STEPS) * game.config.batch_size * game.config.n_discriminator_turns


def _seconds_per_step(prepared: Prepared, n: int, seconds: float) -> float:
    with n_threads(n):
        return seconds_per_step(prepared.game, prepared.batches, seconds)


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    has = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name not in has:
        raise UsageError(f"device {name!r} is not known. {did_you_mean(name, ('auto', *has))}")
    if not has[name]:
        raise UsageError(f"device {name!r} is not there, or torch was built without it. Use --device cpu.")
    return torch.device(name)


def _copy_with(network: nn.Module, weights: Mapping[str, torch.Tensor], prefix: str) -> nn.Module:
    """The same network with the weights under `prefix`, on the CPU, no longer learning."""
    network = copy.deepcopy(network).cpu()
    network.load_state_dict(below(prefix, weights))
    return network.requires_grad_(False).eval()
