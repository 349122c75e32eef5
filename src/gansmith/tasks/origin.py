"""Fine-tuning a learnt model: its codec, its weights, new records, and a gentler hand.

What a model file does not hold, the state of the optimisers, starts afresh; so learning rates are lower than
for a new model, and a quarter of its length is enough. The average that is sampled starts from the model's
own, and the model as it was is kept if nothing that follows does better on held-out records.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from torch import nn

from gansmith.engine.tuning import OF_MODEL
from gansmith.errors import UsageError
from gansmith.modalities.recipe import Plan
from gansmith.nets.ensemble import Ensemble
from gansmith.settings import from_plain
from gansmith.tasks.model import Model
from gansmith.tasks.settings import FitConfig

LENGTH_SHARE: Final = 0.25
"""Of the length of a new model, where the user gives none."""
RATE_SHARE: Final = 0.1
"""Of the learning rates of a new model."""


def taken_over(
    origin: Model, config: FitConfig, target: str, options: Mapping[str, Any]
) -> tuple[FitConfig, str, Mapping[str, Any]]:
    """Settings, target and options of a run that fine-tunes a model, with what comes from the model.

    Args:
        origin: The model.
        config: What the user chose.
        target: As the user gave it; empty takes the model's.
        options: Of the kind of data, by name.

    Raises:
        UsageError: Networks were left out of the model, or a setting is not the model's own.
    """
    _check(origin, asdict(config), options)
    config = replace(config, kind=origin.manifest["kind"], preset=origin.manifest["fit"]["preset"])
    state, own = origin.codec.state()[0], origin.manifest["options"]
    if "schema" in state:  # the model keeps its own columns and rules
        options = {**options, "schema": state["schema"], "finds_constraints": False}
    if "min_count" in own:
        options = {**options, "min_count": own["min_count"]}
    return config, target or origin.manifest["target"], options


def _check(origin: Model, settings: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Refuse what cannot be fine-tuned, and settings that would make another model of it."""
    missing = [role for role in origin.rules.roles if role not in origin.networks]
    if missing:
        raise UsageError(
            f"this model was saved for sampling only: without its {' and '.join(missing)} nobody can go on "
            "from it. Learn it again without --sampling-only."
        )
    manifest = origin.manifest
    own = {**manifest["options"], **manifest["fit"], "kind": manifest["kind"]}
    own["objective"] = manifest["game"].get("objective")
    settings = {"min_count": options.get("min_count", 0), **settings}
    for name in ("kind", "preset", "objective", "min_count"):
        if name == "objective" and settings[name] and own[name] is None:
            raise UsageError(f"the game {origin.rules.name!r} of the model has no choice of objectives.")
        if settings[name] not in (None, "", 0, "default", own.get(name)):
            raise UsageError(
                f"{name} is {settings[name]!r}, and that of the model to be fine-tuned is {own.get(name)!r}. "
                "Leave it out: it comes from the model."
            )
    for name in OF_MODEL:
        if settings[name] is not None:
            raise UsageError(
                f"{name} is that of the model to be fine-tuned: its networks stay. Leave it out."
            )
    if options.get("columns") or options.get("schema") is not None:
        raise UsageError(
            "what the columns are comes from the model to be fine-tuned. Leave columns and schema out."
        )


def plan_from(origin: Model, n_records: int) -> Plan:
    """The networks of the model, the rules of a new one for so many records with lower learning rates."""
    fresh = origin.modality.recipe.plan(origin.codec, n_records, origin.manifest["fit"]["preset"])
    return replace(
        fresh,
        networks=from_plain(origin.modality.recipe.networks, origin.manifest["networks"]),
        game=fresh.game.fine_tuning(origin.rules, RATE_SHARE, LENGTH_SHARE),
        samples_seen=math.ceil(LENGTH_SHARE * fresh.samples_seen),
        tolerance=0.0,  # what comes must be better than what was there
    )


def networks_from(origin: Model) -> dict[str, nn.Module]:
    """Copies of the model's networks that learn; of those that take turns, the newest."""
    newest = {
        name: network.newest if isinstance(network, Ensemble) else network
        for name, network in origin.networks.items()
    }
    copies: dict[str, nn.Module] = copy.deepcopy(newest)
    return {name: network.requires_grad_(True).train() for name, network in copies.items()}
