"""What a detector has learnt: a model, how its records are seen, a discriminator, an encoder, usual scores.

Six kinds of evidence say that a record is odd. A discriminator that tells perturbed records from real ones
thinks that it was perturbed ("contrast"). A part of it, taken by itself, is rare ("margins", where a kind of
data has such parts). The generator cannot make it again ("reconstruction", of records on a grid): an encoder
that has learnt to invert it finds no latents of such a record. It lies far from usual ones in the features of
the discriminator that has played against the generator ("features"). A stretch of it is unlikely after what
came before, where the generator says how likely that is ("surprise"). It breaks a rule that the model knows
("rules").

Nothing of the usual records is kept, and each record is scored by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, cast, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Batches, Dataset, Expansion, Shuffled, TensorDataset
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.contrast import ContrastRules, surprises
from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import TrainConfig, Training
from gansmith.modalities.capabilities import Detecting, Dividing, NamingRules, Stretch, Surprising
from gansmith.modalities.recipe import seeded_networks
from gansmith.modalities.registry import needed, offered
from gansmith.modalities.sight import AbstractSight, Parts, View
from gansmith.nets.distributions import networks_by_turn
from gansmith.scorecard.classics import CLASSICS, Scorer
from gansmith.settings import from_plain
from gansmith.tasks.detect.evidence import Calibration, Evidence
from gansmith.tasks.detect.features import FeatureDistance, features_of
from gansmith.tasks.model import Model
from gansmith.tasks.runs.budget import usual_threads

RULES: Final = "rules"
"""The evidence that a record breaks what always held."""
SURPRISE: Final = "surprise"
"""That a stretch of it is unlikely."""
CONTRAST_BATCH: Final = 256
TRIMMED: Final = 2.0
"""Records that are not learnt from for each one that is said to be odd: not all that look odd are."""
CALIBRATION_SHARE: Final = 0.2
"""Of the usual records that are given, from which nothing is learnt but what usual records score."""
MAX_CALIBRATION: Final = 5_000
ENCODER_SHARE: Final = 8
"""Of the records that the discriminator learns from, one in so many for the encoder, which costs more."""
N_MADE: Final = 10_000
"""Records that a model makes, where there are no others to learn from, ..."""
FEWEST_MADE: Final = 1_000
"""... at most, and so many at least; see `AbstractSight.most_numbers`."""
MAX_POINTS: Final = 20_000
"""Usual records that classic detectors hold."""
N_AT_ONCE: Final = 4
"""Blocks that are looked at side by side, at most."""
BLOCK: Final = 1_000
"""Records that are looked at together."""

Progress = Callable[[str, float], None]
"""Told what is being learnt and which share of it is done."""


@final
@dataclass(frozen=True, eq=False)
class Detection:
    """A model and what tells odd records from such as it makes."""

    model: Model
    sight: AbstractSight[Any]
    discriminator: nn.Module
    """Of perturbed parts."""
    encoder: nn.Module | None
    """Inverts the newest generator; None where the game has no inverse."""
    features: FeatureDistance | None
    """None where the game has no discriminator that says what it looks at."""
    calibration: Calibration
    classics: Mapping[str, Scorer] = field(default_factory=dict[str, Scorer])
    """Detectors without a game that have a say, too; they hold the records that they learnt from."""

    def scores(self, records: Any) -> Float[np.ndarray, " n"]:
        """How odd each record is, in nats: 0 is as usual as can be."""
        return self.calibration.scores(self.evidence(records))

    def evidence(self, records: Any) -> Evidence:
        """By kind a number for each record, higher is odder, on scales of their own."""
        with n_threads(torch.get_num_threads()), one_core_each() as workers:
            blocks = list(workers.map(partial(_evidence, self), _blocks(records)))
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def oddness(self, records: Any) -> Parts:
        """How odd each part of each record is, in nats."""
        return np.concatenate([_oddness(self, self.sight.seen(block)) for block in _blocks(records)])

    @torch.no_grad()
    def again(self, records: Any) -> Any:
        """Records as the generator makes them again; None where nothing inverts it."""
        if self.encoder is None:
            return None
        batch = _batch(self.sight, self.model, records)
        made = _made_again(self.model, self.encoder, batch)
        return self.model.codec.decode(self.model.codec.compact(made), 0, 0)


def set_apart(usual: Any, seed: int) -> tuple[Any, Any]:
    """Usual records to learn from, and others to know by what usual ones score."""
    order = Randomness(seed).permutation(len(usual), "detector split", 0).numpy()
    n_apart = max(1, min(int(CALIBRATION_SHARE * len(usual)), MAX_CALIBRATION))
    return usual.take(order[n_apart:]), usual.take(order[:n_apart])


def learnt_detection(
    model: Model,
    seen: Any,
    apart: Any,
    seed: int,
    n_samples: int = 0,
    progress: Progress | None = None,
    *,
    contamination: float = 0.0,
) -> Detection:
    """Learn from usual records, real ones or such as the model makes.

    Args:
        model: Of data of that kind.
        seen: Usual records as the model's codec knows them; some odd ones among them do little harm.
        apart: Others, from which nothing is learnt but what usual records score; best such as the model has
            not learnt from either.
        seed: Of everything drawn.
        n_samples: Records that each network learns from, repeated ones too; 0 takes what is usual.
        progress: Told how far it is.
        contamination: Share of odd records among `seen`; from about twice as many, those that are learnt
            last, nothing is learnt.

    Raises:
        UsageError: When this kind of data cannot be searched for odd records.
    """
    tell = progress or (lambda what, share: None)
    randomness = Randomness(seed)
    seeing = needed(model.modality.recipe, Detecting, model.modality.kind)
    sight = seeing.sight.fit(seen)
    view = view_of(sight, seen)
    n_samples = n_samples or sight.n_samples
    encoder = None
    if sight.is_made_again:
        encoder = _learnt_encoder(model, seen, n_samples // ENCODER_SHARE, randomness, tell)
    trimmed = min(TRIMMED * contamination, 1 / 2)
    discriminator = learnt_discriminator(sight, view, n_samples, randomness, tell, trimmed)
    nothing = Calibration.of({"contrast": np.zeros(1)})
    detection = Detection(model, sight, discriminator, encoder, None, nothing)
    oddness = detection.oddness(seen).sum(1)
    usual = np.sort(np.argsort(oddness, kind="stable")[: max(2, len(seen) - round(trimmed * len(seen)))])
    features = [_features(model, sight, one) for one in _blocks(seen.take(usual))]
    known = [one for one in features if one is not None]
    distance = FeatureDistance.of(np.concatenate(known)) if known else None
    detection = replace(detection, features=distance)
    return replace(detection, calibration=Calibration.of(detection.evidence(apart)))


def with_classics(detection: Detection, seen: Any, apart: Any, seed: int) -> Detection:
    """The same with detectors that need no game, which have a say then; learnt from the same records."""
    some = seen.take(np.arange(min(len(seen), MAX_POINTS)))
    points = detection.sight.points(view_of(detection.sight, some))
    both = replace(detection, classics={name: fit(points, seed) for name, fit in CLASSICS.items()})
    return replace(both, calibration=Calibration.of(both.evidence(apart)))


def read_for(model: Model, source: object) -> Any:
    """The user's data as records that a model knows, each of which may be odd; see `in_pieces`."""
    return in_pieces(model, model.modality.format.read_for(source, model.codec.empty))


def in_pieces(model: Model, records: Any) -> Any:
    """Records, or the pieces of long ones, where these were learnt from."""
    dividing = offered(model.modality.recipe, Dividing)
    return records if dividing is None else dividing.pieces(model.codec, records)


def made_records(model: Model, seed: int) -> Any:
    """Records of a model, to learn from where there are no others."""
    most = needed(model.modality.recipe, Detecting, model.modality.kind).sight.most_numbers
    n = int(np.clip(most // model.codec.n_values, FEWEST_MADE, N_MADE))
    if offered(model.modality.recipe, Dividing):
        n = -(-n // len(in_pieces(model, model.sample(1, seed))))
    return in_pieces(model, model.sample(n, seed))


def learnt_discriminator(
    sight: AbstractSight[Any],
    view: View,
    n_samples: int,
    randomness: Randomness,
    tell: Progress,
    trimmed_share: float = 0.0,
) -> nn.Module:
    """What tells perturbed records from these."""
    corruptor, discriminator = seeded(sight.players, randomness.key("detector", 0))
    networks = {"corruptor": corruptor, "discriminator": discriminator}
    rules = ContrastRules(batch_size=min(CONTRAST_BATCH, len(view)), trimmed_share=trimmed_share)
    dataset = TensorDataset({"real": view})
    played = _played(rules, networks, dataset, n_samples, randomness, None, tell)
    return played["discriminator"]


def _learnt_encoder(
    model: Model, seen: Any, n_samples: int, randomness: Randomness, tell: Progress
) -> nn.Module | None:
    rules = model.rules.inverse()
    if rules is None:
        return None
    rules = replace(rules, batch_size=min(rules.batch_size, len(seen)))
    recipe, codec = model.modality.recipe, model.codec
    sizes = from_plain(recipe.networks, model.manifest["networks"])
    networks = seeded_networks(recipe, codec, sizes, rules, randomness.key("inverse", 0))
    known = _newest(model)
    networks |= {name: network for name, network in known.items() if name in networks}
    dataset = recipe.dataset(codec, seen, randomness.key("encode", 0))

    def samples(batch: Batch, generator: torch.Generator | None) -> Batch:
        return recipe.samples(codec, sizes, batch, generator)

    return _played(rules, networks, dataset, n_samples, randomness, samples, tell)["encoder"]


def _played(
    rules: AbstractRules,
    networks: Networks,
    dataset: Dataset,
    n_samples: int,
    randomness: Randomness,
    samples: Expansion | None,
    tell: Progress,
) -> Networks:
    """Networks that have learnt by these rules."""
    game = rules.start(networks, randomness)
    drawing = Shuffled(len(dataset), rules.batch_size, randomness)
    batches = Batches(dataset, drawing, randomness, samples)
    with n_threads(usual_threads(game)):
        for record in Training(game, batches, TrainConfig(n_samples, 1, 1)):
            tell(rules.name, record.step / record.n_steps)
    return {name: network.requires_grad_(False).eval() for name, network in game.best.items()}


def seeded(build: Callable[[], Any], key: int) -> Any:
    """What `build` makes, with first weights that are a function of `key` alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key)  # noqa: TID251 - inside a fork, which is thrown away
        return build()


def one_core_each() -> ThreadPoolExecutor:
    """Threads that look at blocks of records side by side, each on a core of its own."""
    n_cores = min(N_AT_ONCE, os.cpu_count() or 1)
    return ThreadPoolExecutor(n_cores, initializer=torch.set_num_threads, initargs=(1,))


# --- Evidence -----------------------------------------------------------------------------------------------


@torch.no_grad()
def _evidence(detection: Detection, records: Any) -> dict[str, np.ndarray]:
    view = detection.sight.seen(records)
    found = {"contrast": surprises(detection.discriminator, view).double().sum(1).numpy()}
    margins = detection.sight.margins(view)
    if margins is not None:
        found["margins"] = margins.sum(1)
    points = detection.sight.points(view) if detection.classics else np.zeros((0, 0))
    found |= {name: score(points) for name, score in detection.classics.items()}
    if broken := broken_rules(detection.model, records):
        found[RULES] = np.sum([*broken.values()], axis=0, dtype=float)
    if surprising := offered(detection.model.modality.recipe, Surprising):
        nats = surprising.surprise(detection.model.codec, _newest(detection.model), records)
        found |= {} if nats is None else {SURPRISE: nats}
    if detection.encoder is not None:
        batch = _batch(detection.sight, detection.model, records)
        again = _made_again(detection.model, detection.encoder, batch)
        found["reconstruction"] = (again - batch["real"]).square().flatten(1).mean(1).double().numpy()
    features = _features(detection.model, detection.sight, records)
    if detection.features is not None and features is not None:
        found["features"] = detection.features.of_each(features)
    return found


def along(model: Model, records: Any) -> Sequence[Mapping[str, Sequence[float | None]]]:
    """What each record is along its steps, where a kind of data can be surprised; see `Surprising`."""
    return needed(model.modality.recipe, Surprising, model.modality.kind).along(model.codec, records)


def stretches(model: Model, records: Any) -> Sequence[Stretch]:
    """Of each record the stretch that is least likely; likewise."""
    surprising = needed(model.modality.recipe, Surprising, model.modality.kind)
    return surprising.stretches(model.codec, _newest(model), records)


@torch.no_grad()
def _oddness(detection: Detection, view: View) -> Parts:
    told, margins = surprises(detection.discriminator, view).double().numpy(), detection.sight.margins(view)
    return told if margins is None else told + margins


def _features(
    model: Model, sight: AbstractSight[Any], records: Any
) -> Float[np.ndarray, "n n_features"] | None:
    judge = model.networks.get("discriminator")
    if judge is None:
        return None
    n_packed = model.rules.n_packed if isinstance(model.rules, AdversarialRules) else 1
    return features_of(judge, _batch(sight, model, records), n_packed)


def _made_again(model: Model, encoder: nn.Module, batch: Batch) -> Tensor:
    rules = cast("AbstractRules", model.rules.inverse())
    networks = {**_newest(model), "encoder": encoder}
    return rules.generate(networks, batch, Randomness(0).stream("unused"), 0)


def _newest(model: Model) -> Networks:
    """The networks that generate, of several that take turns the newest."""
    return networks_by_turn({name: model.networks[name] for name in model.rules.generating})[-1]


def _batch(sight: AbstractSight[Any], model: Model, records: Any) -> Batch:
    """Records as the model's networks see them."""
    recipe, codec = model.modality.recipe, model.codec
    sizes = from_plain(recipe.networks, model.manifest["networks"])
    return recipe.samples(codec, sizes, sight.given(recipe, codec, records), None)


def broken_rules(model: Model, records: Any) -> Mapping[str, np.ndarray]:
    """By rule that usual records keep, in words, which of these break it."""
    naming = offered(model.modality.recipe, NamingRules)
    return naming.broken(model.codec, records) if naming else {}


def view_of(sight: AbstractSight[Any], records: Any) -> View:
    """All of them as a discriminator sees them."""
    return torch.cat([sight.seen(block) for block in _blocks(records)])


def _blocks(records: Any) -> Iterator[Any]:
    for numbers in np.split(np.arange(len(records)), range(BLOCK, len(records), BLOCK)):
        yield records.take(numbers)
