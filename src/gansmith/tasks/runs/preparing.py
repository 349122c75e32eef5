"""From data that was read to a game that can begin: split, codec, sizes, networks, batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, final

import torch
from torch import nn

from gansmith.engine.batches import Batches, Dataset, Shuffled, Weights
from gansmith.engine.games import AbstractGame, AbstractRules, plain_rules
from gansmith.engine.processors import MANY_OPERATIONS, fastest_precision, n_operations
from gansmith.engine.randomness import Randomness
from gansmith.engine.train import Evaluation
from gansmith.engine.tuning import tuned_networks
from gansmith.errors import Caution, GansmithError, UsageError, did_you_mean, find
from gansmith.modalities.capabilities import Dividing, Weighting
from gansmith.modalities.charging import Charging, Paid
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan, seeded_networks
from gansmith.modalities.registry import Modality, offered
from gansmith.settings import to_plain
from gansmith.store import as_json
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.model import Model, versions
from gansmith.tasks.opening import Opened
from gansmith.tasks.runs.origin import networks_from, plan_from
from gansmith.tasks.runs.settings import FitConfig, parse_duration

FEWEST_JUDGED: Final = 32
"""Samples that a held-out score is taken on, where a record is several."""
NOTHING_HELD_OUT: Final = Caution("no records are held out: patience and cures have nothing to act on")


@final
@dataclass(frozen=True)
class Prepared:
    """Everything of a run but its length."""

    config: FitConfig
    modality: Modality
    records: Any
    """What is learnt from; held-out records are not among them."""
    codec: AbstractCodec[Any, Any]
    game: AbstractGame
    batches: Batches
    evaluation: Evaluation | None
    plan: Plan
    manifest: Mapping[str, Any]
    """How the model is made; plain JSON; goes into the run folder and the model file."""
    fingerprint: str
    """The same for the same data; never leaves the run folder, and goes there salted."""
    notes: tuple[str, ...]
    """What the user should know about how the data was read."""
    origin: Model | None = None
    """The model that is fine-tuned."""

    @property
    def n_seen(self) -> int:
        """Training records."""
        return len(self.batches.dataset)


def prepare(
    opened: Opened,
    config: FitConfig,
    origin: Model | None,
    rules: AbstractRules | None = None,
    *,
    folder: RunFolder | None = None,
    paid: Paid | None = None,
) -> Prepared:
    """Split, fit the codec, size the networks.

    Args:
        opened: The data.
        config: What the user chose.
        origin: A model to fine-tune.
        rules: Those of a run to be resumed.
        folder: Where a privacy budget is written down, if one is spent; None: nowhere.
        paid: What such a budget has bought already, of a run to be resumed.
    """
    modality, recipe = opened.modality, opened.modality.recipe
    if config.preset not in recipe.presets:
        near = did_you_mean(config.preset, recipe.presets)
        raise UsageError(f"preset {config.preset!r} is not known for data of kind {modality.kind!r}. {near}")
    randomness = Randomness(config.seed)
    notes, records = opened.notes, opened.hand_over()
    if dividing := offered(recipe, Dividing):
        records = dividing.divided(records)
    n_heldout = recipe.n_heldout(len(records), config.preset)
    fingerprint = modality.format.fingerprint(records)
    if (charging := offered(recipe, Charging)) and paid is None:
        paid = _paid(charging, opened, records, config, fingerprint, folder)
    n_records = len(records) if paid is None else paid.n_records
    data = {"name": records.name, "n_records": n_records, "n_heldout": n_heldout}
    remarks = recipe.unknown(origin.codec, records) if origin else ()
    order = randomness.permutation(len(records), "split", 0).numpy()
    heldout, seen = records.take(order[:n_heldout]), records.take(order[n_heldout:])
    del records, order  # one copy is enough
    if origin:
        codec, networks = origin.codec, networks_from(origin)
        plan = plan_from(origin, len(seen), config)
    else:
        options = recipe.options_for(opened.options, len(seen), config.preset)
        key = randomness.key("codec", 0) % 2**32
        codec = paid.codec if paid else recipe.codec.fit(seen, options, key)
        plan, networks = _planned(recipe, codec, len(seen), config, randomness)
        remarks = recipe.remarks(codec, seen, opened.target)
    dataset = recipe.dataset(codec, seen, randomness.key("encode", 0))
    device = _device(config.device)
    networks = {name: network.to(device) for name, network in networks.items()}
    if rules is None:
        is_large = n_operations(networks, plan.game.batch_size) >= MANY_OPERATIONS
        size = min(plan.game.batch_size, len(dataset))  # no batch is larger than the data
        precision = fastest_precision(device) if is_large else "float32"
        rules = replace(plan.game, batch_size=size, precision=precision)
    game = rules.start(networks, randomness)
    drawing = Shuffled(len(dataset), rules.batch_size, randomness, _weights(modality, codec, dataset))
    batches = Batches(dataset, drawing, randomness, partial(recipe.samples, codec, plan.networks), device)
    evaluation = None
    if n_heldout:
        apart = recipe.dataset(codec, heldout, randomness.key("encode", 1))
        evaluation = _evaluation(modality, codec, batches, apart, n_heldout, plan, randomness)
    elif config.patience or config.cures:
        notes = (*notes, NOTHING_HELD_OUT)
    manifest = {
        "kind": modality.kind,
        "fit": to_plain(config),
        "options": to_plain(opened.options),
        "target": opened.target,
        "networks": to_plain(plan.networks),
        "game": plain_rules(rules),
        "data": data,
        "versions": versions(),
        **({"origin": origin.known_digest()} if origin else {}),
        **({"ledger": paid.ledger} if paid else {}),
    }
    parts = game, batches, evaluation, plan, manifest
    return Prepared(config, modality, seen, codec, *parts, fingerprint, (*notes, *remarks), origin)


def _planned(
    recipe: AbstractRecipe[Any], codec: Any, n_seen: int, config: FitConfig, randomness: Randomness
) -> tuple[Plan, dict[str, nn.Module]]:
    """Sizes, rules and length with what the user chose, and new networks."""
    seconds = parse_duration(config.budget) if config.budget else 0.0
    plan = recipe.plan(codec, n_seen, config.preset, seconds)
    tuned = plan.game.tuned(config, codec.n_values)
    tuned = tuned.curable() if config.cures else tuned
    sizes = tuned_networks(plan.networks, config, codec.n_values, tuned)
    plan = replace(plan, game=tuned, networks=sizes)
    key = randomness.key("networks", 0)
    return plan, seeded_networks(recipe, codec, plan.networks, plan.game, key)


def _paid(
    charging: Charging,
    opened: Opened,
    records: Any,
    config: FitConfig,
    fingerprint: str,
    folder: RunFolder | None,
) -> Paid:
    """Spend a privacy budget, and write in the run folder what it bought."""
    ledger = None
    if folder:
        of_options = [to_plain(opened.options), opened.target, config.seed]
        ledger = folder.open_ledger(f"{fingerprint} {as_json(of_options).decode()}")
    key = Randomness(config.seed).key("codec", 0) % 2**32
    try:
        return charging.paid(records, opened.options, ledger, key)
    except GansmithError:
        if folder:
            folder.drop_unspent_ledger()
        raise


def _evaluation(
    modality: Modality,
    codec: AbstractCodec[Any, Any],
    batches: Batches,
    apart: Dataset,
    n_heldout: int,
    plan: Plan,
    randomness: Randomness,
) -> Evaluation:
    """What the held-out score is taken on."""
    n_judged = min(len(apart), max(n_heldout, FEWEST_JUDGED, plan.n_judged))
    held = batches.seen(apart.batch(torch.arange(n_judged)))
    score = modality.recipe.held_out_score(codec, n_heldout, randomness.key("score", 0) % 2**32)
    return Evaluation(held, batches.first(n_judged), score, plan.tolerance)


def _weights(modality: Modality, codec: AbstractCodec[Any, Any], dataset: Dataset) -> Weights | None:
    """How much oftener than others each record is learnt from; None: all are equally often."""
    weighting = offered(modality.recipe, Weighting)
    if weighting is None:
        return None
    parts = [
        weighting.weights(codec, dataset.batch(part)["real"])
        for part in torch.arange(len(dataset)).split(codec.block_size)
    ]
    found = [part for part in parts if part is not None]
    return torch.cat(found) if found else None


def _device(name: str) -> torch.device:
    has_cuda = torch.cuda.is_available()
    has = {"auto": True, "cpu": True, "cuda": has_cuda, "mps": torch.backends.mps.is_available()}
    if not find(has, "device", name):
        raise UsageError(f"device {name!r} is not there, or torch was built without it. Use --device cpu.")
    return torch.device(("cuda" if has_cuda else "cpu") if name == "auto" else name)
