"""The promises of a kind of data."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor, nn

from gansmith.conformance.games import N_STEPS, AbstractSubject, resumed_equals_uninterrupted, same
from gansmith.engine.batches import Batch, Batches, Dataset, Shuffled
from gansmith.engine.checkpoint import Checkpoints
from gansmith.engine.games import Networks, plain_rules, rules_from_plain
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation, TrainConfig, Training
from gansmith.errors import DataError, GansmithError, UsageError
from gansmith.modalities.capabilities import Conditional
from gansmith.modalities.format import HasColumns, HasScores
from gansmith.modalities.recipe import Plan, seeded_networks
from gansmith.modalities.registry import Modality, offered
from gansmith.scorecard.score import QUICK
from gansmith.settings import from_plain, to_plain
from gansmith.store.model_file import read_model_file, write_model_file

N_RECORDS: Final = 240
"""Records that the checks look at, at most: promises are kept or broken by few records as by many."""
N_JUDGED: Final = 80
"""Of each set on a card."""
ROUND_TRIP_TOLERANCE: Final = 1e-3
"""How far a compact record may move on its way to the user and back, where nothing else is stated."""
LOGIT_TOLERANCE: Final = 1e-4
"""Sums of floats depend on the size of the batch they are computed in; nothing else may."""


@final
@dataclass(frozen=True)
class KindSubject(AbstractSubject):
    """A kind of data, some data of that kind, and what follows from both."""

    modality: Modality
    source: object
    """Data of that kind, a few dozen records or more; the first `N_RECORDS` are used."""
    folder: Path
    """Empty; for checkpoints and a model file."""
    bad_sources: Mapping[str, object] = field(default_factory=dict[str, object])
    """Data that must be refused, by a text that the refusal must hold, such as the bad record's name."""
    tolerance: float = ROUND_TRIP_TOLERANCE
    """The codec's stated tolerance, in units of compact records."""
    chosen: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options, by name."""
    preset: str = "default"
    """Whose game is checked; a key of the kind's presets."""
    seed: int = 0

    @cached_property
    def options(self) -> Any:
        """The kind's own, as they are where a user says nothing else."""
        return self.modality.options(**self.chosen)

    @cached_property
    def records(self) -> Any:
        """The first records."""
        records = self.modality.format.read(self.source, self.options)
        return records.take(np.arange(min(len(records), N_RECORDS)))

    @cached_property
    def codec(self) -> Any:
        """Fitted to the records."""
        return self.modality.recipe.codec.fit(self.records, self.options, self.seed)

    @cached_property
    def plan(self) -> Plan:
        """Sizes and rules for these records."""
        return self.modality.recipe.plan(self.codec, len(self.records), self.preset)

    @cached_property
    def compact(self) -> Tensor:
        """The records, encoded; shape `(n, *compact)`."""
        return self.codec.encode(self.records, self.seed)

    @cached_property
    def real(self) -> Tensor:
        """The records as samples, shape `(n, *sample)`."""
        return self.codec.expand(self.compact)

    @cached_property
    def dataset(self) -> Dataset:
        """The records, encoded, from which batches are drawn."""
        return self.modality.recipe.dataset(self.codec, self.records, self.seed)

    @cached_property
    def batch(self) -> Batch:
        """The records as a game sees them, with what they fulfil where the kind knows conditions."""
        batch = self.dataset.batch(torch.arange(len(self.dataset)))
        generator = Randomness(self.seed).generator("conditions", 0)
        return self.modality.recipe.samples(self.codec, self.plan.networks, batch, generator)

    @property
    def conditions(self) -> Tensor | None:
        """What the records fulfil, one row each; None without any, or where parts of records are learnt."""
        return self.batch.get("condition") if len(self.dataset) == len(self.records) else None

    def networks(self) -> dict[str, nn.Module]:
        """New networks for the kind's own game, always the same."""
        return seeded_networks(
            self.modality.recipe, self.codec, self.plan.networks, self.plan.game, self.seed
        )

    @torch.no_grad()
    def fakes(self, networks: Networks, n: int, stream: str = "sample") -> Tensor:
        """Free samples, shape `(n, *sample)`."""
        return self.plan.game.generate(networks, Batch({}, n), Randomness(self.seed).stream(stream), 0)

    def decoded(self, compact: Tensor) -> Any:
        """Compact records as the first records of a sample."""
        return self.codec.decode(compact, self.seed, 0)

    @property
    def who(self) -> str:
        return f"kind {self.modality.kind!r}"


def check_shapes(subject: KindSubject) -> None:
    """Everything has the shape that the base class states."""
    n, compact = len(subject.records), subject.codec.compact
    networks, size, game = subject.networks(), subject.codec.block_size, subject.plan.game
    fake = subject.fakes(networks, n)
    logits = _judge(networks)(subject.real, subject.conditions)
    made, none = subject.decoded(compact(fake)), subject.decoded(compact(fake)[:0])
    n_both = len(subject.modality.format.join([made, made]))
    is_back = not subject.codec.is_exact or torch.equal(compact(subject.real), subject.compact)
    for is_kept, promise, found in (
        (n >= 20, "a subject has records to be checked on", n),
        (fake.shape == subject.real.shape, "fakes have the shape of real samples", tuple(fake.shape)),
        (len(subject.compact) == n, "one compact record each", tuple(subject.compact.shape)),
        (is_back, "compact(expand(x)) is x", "another tensor"),
        (set(networks) == set(game.roles), "a network for each role", tuple(networks)),
        (logits.shape == (n,), "logits have the shape (batch,)", tuple(logits.shape)),
        (size >= 1, "a block holds a record or more", size),
        (1 <= game.batch_size <= n, "a batch is no larger than the data", game.batch_size),
        (len(made) == n, "as many records as samples", len(made)),
        (len(none) == 0, "no samples are no records", len(none)),
        (len(subject.codec.empty) == 0, "an empty set of records is empty", len(subject.codec.empty)),
        (subject.codec.n_values == subject.real[0].numel(), "n_values counts", subject.codec.n_values),
        (n_both == 2 * n, "joined blocks hold all records", n_both),
    ):
        subject.require(is_kept, promise, str(found))


def check_finite(subject: KindSubject) -> None:
    """No number is infinite or undefined, neither in samples nor in logits nor in first weights."""
    networks = subject.networks()
    fake, discriminator = subject.fakes(networks, len(subject.records)), _judge(networks)
    logits = discriminator(subject.real, subject.conditions), discriminator(fake, None)
    looked_at = {"encoded records": subject.compact, "real samples": subject.real, "fakes": fake}
    looked_at |= {"logits of real samples": logits[0], "logits of fakes": logits[1]}
    for network in networks.values():
        looked_at |= {f"weights {name}": value for name, value in network.state_dict().items()}
    for name, tensor in looked_at.items():
        subject.require(bool(tensor.isfinite().all()), "all numbers are finite", f"others among {name}")


def check_seeds(subject: KindSubject) -> None:
    """The same seed gives the same codec, weights, samples and records."""
    form, again = subject.modality.format, replace(subject)
    promise = "the same seed gives the same result"
    (one, tensors), (other, others) = subject.codec.state(), again.codec.state()
    subject.require(one == other and same(tensors, others), promise, "another codec")
    subject.require(torch.equal(subject.compact, again.compact), promise, "other encoded records")
    ours, theirs = subject.networks(), again.networks()
    for name, one in ours.items():
        subject.require(same(one.state_dict(), theirs[name].state_dict()), promise, "other first weights")
    fake = subject.fakes(ours, 50)
    subject.require(torch.equal(fake, again.fakes(theirs, 50)), promise, "other samples")
    compact = subject.codec.compact(fake)
    prints = [form.fingerprint(one.decoded(compact)) for one in (subject, again)]
    subject.require(prints[0] == prints[1], promise, "other records")
    other = subject.fakes(ours, 50, "another stream")
    subject.require(not torch.equal(fake, other), "other noise gives other samples", "the same samples")


@torch.no_grad()
def check_records_are_judged_alone(subject: KindSubject) -> None:
    """A logit is a function of its own record: whatever the batch size, whoever the neighbours."""
    discriminator = _judge(subject.networks())
    real, conditions = subject.real, subject.conditions
    together = discriminator(real, conditions)
    for size in (1, 7, len(real) - 1):
        parts = zip(real.split(size), [None] * len(real) if conditions is None else conditions.split(size))  # noqa: B905
        apart = torch.cat([discriminator(samples, asked) for samples, asked in parts])
        distance, bound = (apart - together).abs().max().item(), 1 + together.abs().max().item()
        promise = "each record is judged by itself, whatever the batch size"
        found = f"logits that differ by {distance:.2g} in batches of {size}"
        subject.require(distance <= LOGIT_TOLERANCE * bound, promise, found)


@torch.no_grad()
def check_permutations(subject: KindSubject) -> None:
    """The records of a batch in another order give the same results in that order, for both players."""
    networks, rules, real = subject.networks(), subject.plan.game, subject.real
    order = Randomness(subject.seed).permutation(len(real), "order", 0)
    wanted = subject.conditions
    asked = None if wanted is None else wanted[order]
    judge = _judge(networks)
    results = [("logits", judge(real[order], asked), judge(real, wanted)[order])]
    if isinstance(rules, AdversarialRules):
        latents = rules.latents(len(real), Randomness(subject.seed).stream("sample"), 0)
        make = networks["generator"]
        results.append(("fakes", make(latents[order], asked), make(latents, wanted)[order]))
    for name, ours, theirs in results:
        distance, bound = (ours - theirs).abs().max().item(), 1 + theirs.abs().max().item()
        found = f"{name} that differ by {distance:.2g}"
        subject.require(distance <= LOGIT_TOLERANCE * bound, "permuting a batch permutes the result", found)


def check_round_trip(subject: KindSubject) -> None:
    """Records that were encoded and decoded are, encoded again, what they were."""
    again = subject.codec.encode(subject.decoded(subject.compact), subject.seed)
    moved = (again - subject.compact).abs().flatten(1).amax(1)
    worst = int(moved.argmax())
    subject.require(
        bool((moved <= subject.tolerance).all()),
        f"decode(encode(records)) are the records, within {subject.tolerance}",
        f"record {worst + 1} moved by {moved[worst].item():.3g}",
    )


def check_blocks(subject: KindSubject) -> None:
    """The first records of a block do not depend on how many are wanted."""
    compact = subject.codec.compact(subject.fakes(subject.networks(), 64))
    whole = subject.decoded(compact)
    for n in (1, 23):
        few, cut = subject.decoded(compact[:n]), whole.take(np.arange(n))
        prints = [subject.modality.format.fingerprint(one) for one in (few, cut)]
        found = f"the first {n} of 64 records are not those that are made when {n} are wanted"
        subject.require(prints[0] == prints[1], "record k depends on (model, seed, k) alone", found)


def check_state_is_plain(subject: KindSubject) -> None:
    """The codec's state is plain JSON and plain tensors: nothing in it can run code when it is read."""
    state, tensors = subject.codec.state()
    promise = "the codec's state is plain JSON and tensors"
    try:
        back = json.loads(json.dumps(state))
    except (TypeError, ValueError) as error:
        back = error
    subject.require(back == state, promise, f"{back!r:.100} after JSON")
    for name, tensor in tensors.items():
        is_plain = type(tensor) is Tensor and tensor.layout is torch.strided and not tensor.requires_grad
        subject.require(is_plain, promise, f"tensor {name!r} of type {type(tensor).__name__}")


def check_saving(subject: KindSubject) -> None:
    """A model that went through a file makes the same records bit for bit."""
    recipe, networks = subject.modality.recipe, subject.networks()
    state, tensors = subject.codec.state()
    held = {f"codec/{name}": value for name, value in tensors.items()}
    for name, network in networks.items():
        held |= {f"networks/{name}/{key}": value.detach() for key, value in network.state_dict().items()}
    path = subject.folder / "conformance.gan"
    manifest = {"networks": to_plain(subject.plan.networks), "game": plain_rules(subject.plan.game)}
    write_model_file(path, manifest, state, held)
    file = read_model_file(path)
    codec = recipe.codec.from_state(file.state(), file.tensors("codec/"))
    rules = rules_from_plain(file.manifest["game"])
    with torch.device("meta"):  # as models are loaded: shapes without memory
        loaded = recipe.build(codec, from_plain(recipe.networks, file.manifest["networks"]), rules)
    for name, network in loaded.items():
        network.load_state_dict(file.tensors(f"networks/{name}/", network.state_dict()), assign=True)
    promise = "saving and loading changes no bit"
    subject.require(rules == subject.plan.game, promise, "other rules")
    ours, theirs = subject.fakes(networks, 50), subject.fakes(loaded, 50)
    subject.require(torch.equal(ours, theirs), promise, "other samples")
    both = (subject.codec, codec)
    records = [one.decode(one.compact(ours), subject.seed, 0) for one in both]
    prints = [subject.modality.format.fingerprint(one) for one in records]
    subject.require(prints[0] == prints[1], promise, "other records")
    with torch.no_grad():
        logits = [_judge(one)(subject.real, subject.conditions) for one in (networks, loaded)]
    subject.require(torch.equal(*logits), promise, "other logits")


def check_resuming(subject: KindSubject) -> None:
    """A run that was stopped and taken up again ends as one that was not, bit for bit."""
    rules, randomness = subject.plan.game, Randomness(subject.seed)
    recipe = subject.modality.recipe
    drawing = Shuffled(len(subject.dataset), rules.batch_size, randomness)
    batches = Batches(
        subject.dataset, drawing, randomness, partial(recipe.samples, subject.codec, subject.plan.networks)
    )
    config = TrainConfig(N_STEPS * rules.samples_per_step, 2, 2)
    last = torch.arange(len(subject.dataset))[-50:]
    held, seen = batches.first(len(last)), batches.seen(subject.dataset.batch(last))
    evaluation = Evaluation(held, seen, recipe.held_out_score(subject.codec, len(held), subject.seed))

    def run(checkpoints: Checkpoints | None) -> Training:
        game = rules.start(subject.networks(), randomness)
        return Training(game, batches, config, evaluation, checkpoints)

    resumed_equals_uninterrupted(run, subject)


def check_refusals(subject: KindSubject) -> None:
    """What cannot be read or is not known is refused by an error that names it."""
    form, recipe, missing = subject.modality.format, subject.modality.recipe, subject.folder / "no such file"
    asked: dict[str, tuple[type[GansmithError], Callable[[], object]]] = {
        missing.name: (DataError, lambda: form.read(missing, subject.options)),
        "no_such_size": (UsageError, lambda: from_plain(recipe.networks, {"no_such_size": 1})),
        "no_such_option": (UsageError, lambda: from_plain(subject.modality.options, {"no_such_option": 1})),
    }
    if conditional := offered(recipe, Conditional):
        where = {"no such column": "1"}
        asked["no such column"] = (UsageError, lambda: conditional.request(subject.codec, where, ""))
    if columns := offered(form, HasColumns):
        wrong = "no such target"
        asked[wrong] = (UsageError, lambda: columns.check_target(subject.records, wrong))
    for named, source in subject.bad_sources.items():
        asked[named] = (DataError, lambda source=source: form.read(source, subject.options))
    for named, (wanted, ask) in asked.items():
        promise = f"bad input is refused by a {wanted.__name__} that says {named!r}"
        try:
            ask()
        except wanted as error:
            subject.require(named in str(error), promise, f"the message {str(error)!r}")
        else:
            subject.require(False, promise, "it was taken")


@torch.no_grad()
def check_held_out_score(subject: KindSubject) -> None:
    """The score that chooses the model is from 0 to 1, repeatable, and higher for real than for noise."""
    n = len(subject.real) // 2
    score = subject.modality.recipe.held_out_score(subject.codec, n, subject.seed)
    if isinstance(score, str):
        return  # what a game reads is for the checks of games
    order = Randomness(subject.seed).permutation(len(subject.real), "halves", 0)
    one, other = subject.real[order[:n]], subject.real[order[n : 2 * n]]
    noise = subject.fakes(subject.networks(), n)
    of_real, of_noise, again = score(one, other), score(noise, other), score(one, other)
    found = f"{of_real} for real records, {of_noise} for noise, {again} at the second try"
    is_share = all(0 <= value <= 1 for value in (of_real, of_noise))
    subject.require(is_share, "a held-out score is from 0 to 1", found)
    subject.require(of_real > of_noise, "a held-out score is better for real records than for noise", found)
    subject.require(of_real == again, "a held-out score is repeatable", found)


def check_descriptions(subject: KindSubject) -> None:
    """A person can look at records and at what was learnt."""
    modality, text = subject.modality, subject.modality.format.preview(subject.records).as_text()
    subject.require(bool(text.strip()), "a preview shows something", "nothing")
    for rows in (modality.format.overview(subject.records), modality.recipe.describe(subject.codec)):
        are_alike = len({(*row,) for row in rows}) == 1
        subject.require(are_alike, "a description is rows of the same keys", f"{rows}")


def check_card(subject: KindSubject) -> None:
    """A card answers five questions, every score is a number or says why not, and honest records stand."""
    if (scoring := offered(subject.modality.format, HasScores)) is None:
        return
    order = Randomness(subject.seed).permutation(len(subject.records), "thirds", 0).numpy()
    n = min(N_JUDGED, len(order) // 3)
    fake, train, held = (subject.records.take(order[part * n :][:n]) for part in range(3))
    (card,) = scoring.score([fake], train, held, None, subject.seed, QUICK)
    subject.require(len(card.verdict) == 5, "a card answers five questions", f"{len(card.verdict)} answers")
    for entry in card.entries:
        is_known = bool(math.isfinite(entry.score.value) or entry.score.caveat)
        subject.require(is_known, "a score is a number or says why not", f"{entry.name} {entry.score}")
    said = [line.text for line in card.verdict if line.level == "red"]
    subject.require(not said, "a card accuses no honest records", f"{said}")


KIND_CHECKS: Final[tuple[Callable[[KindSubject], None], ...]] = (
    check_shapes,
    check_finite,
    check_seeds,
    check_records_are_judged_alone,
    check_permutations,
    check_round_trip,
    check_blocks,
    check_state_is_plain,
    check_saving,
    check_resuming,
    check_refusals,
    check_held_out_score,
    check_descriptions,
    check_card,
)


def _judge(networks: Networks) -> Callable[[Tensor, Tensor | None], Tensor]:
    """The discriminator; in games without one nobody tells anything apart."""
    return networks.get("discriminator") or (lambda samples, conditions: torch.zeros(len(samples)))
