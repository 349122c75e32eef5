"""Fine-tuning a learnt model: its codec, its weights, new records, and a gentler hand.

What a model file does not hold, the state of the optimisers, starts afresh; so learning rates are lower than
for a new model, and a quarter of its length is enough. The average that is sampled starts from the model's
own, and the model as it was is kept if nothing that follows does better on held-out records.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from torch import nn

from gansmith.engine.tuning import OF_MODEL, Tuning
from gansmith.errors import UsageError
from gansmith.modalities.recipe import Plan
from gansmith.nets.distributions import Ensemble
from gansmith.settings import from_plain
from gansmith.tasks.model import Model
from gansmith.tasks.runs.settings import FitConfig

LENGTH_SHARE: Final = 0.25
"""Of the length of a new model, where the user gives none."""
RATE_SHARE: Final = 0.1
"""Of the learning rates of a new model."""


def taken_over(
    origin: Model, config: FitConfig, target: str, options: Mapping[str, Any]
) -> tuple[FitConfig, str, Mapping[str, Any]]:
    """What a user chose of a run that fine-tunes a model, with what comes from the model, as its target.

    Raises:
        UsageError: Networks were left out of the model, or a setting is not the model's own.
    """
    missing = [role for role in origin.rules.roles if role not in origin.networks]
    if missing:
        raise UsageError(
            f"this model was saved for sampling only: without its {' and '.join(missing)} it cannot "
            "be fine-tuned. Learn it again without --sampling-only."
        )
    _check(origin, config)
    own = _own_config(origin)
    inherited = {**own.chosen(), **config.chosen()}  # kept with the new model, for those that follow
    if config.penalties is None and own.penalties == "auto":
        del inherited["penalties"]  # they have been found, and are the model's
    config = replace(config, kind=origin.manifest["kind"], preset=own.preset, **inherited)
    recipe = origin.modality.recipe
    learnt_with = from_plain(origin.modality.options, origin.manifest["options"])
    options = recipe.fine_tuning_options(origin.codec, learnt_with, options)
    return config, target or origin.manifest["target"], options


def _own_config(origin: Model) -> FitConfig:
    return from_plain(FitConfig, origin.manifest["fit"])


def _check(origin: Model, config: FitConfig) -> None:
    """Refuse settings that would make another model of it."""
    own = {**_own_config(origin).chosen(), "preset": origin.manifest["fit"]["preset"]}
    own |= {"kind": origin.manifest["kind"]}
    own |= {name: origin.manifest["game"].get(name) for name in ("objective", "n_packed")}
    for name in ("kind", "preset", "objective", *OF_MODEL):
        value = getattr(config, name)
        if name == "objective" and value and own[name] is None:
            raise UsageError(f"the game {origin.rules.name!r} of the model has no choice of objectives.")
        if value not in (None, "", "default", own.get(name)):
            raise UsageError(
                f"{name} is {value!r}, and that of the model to be fine-tuned is {own.get(name)!r}. "
                "Leave it out: it comes from the model."
            )


def plan_from(origin: Model, n_records: int, config: FitConfig) -> Plan:
    """The networks of the model, and its rules for so many new records, with lower learning rates.

    Of the settings that `taken_over` gives, those that differ from the model's own were chosen for this run.
    """
    recipe, own, n_values = origin.modality.recipe, _own_config(origin), origin.codec.n_values
    fresh = recipe.plan(origin.codec, n_records, own.preset)
    game = fresh.game.tuned(own, n_values).fine_tuning(origin.rules, RATE_SHARE, LENGTH_SHARE)
    chosen = {name: value for name, value in config.chosen().items() if own.chosen().get(name) != value}
    return replace(
        fresh,
        networks=from_plain(recipe.networks, origin.manifest["networks"]),
        game=game.tuned(Tuning(**{name: chosen[name] for name in chosen if name != "objective"}), n_values),
        samples_seen=math.ceil(LENGTH_SHARE * fresh.samples_seen),
        tolerance=fresh.fine_tuning_tolerance,
    )


def networks_from(origin: Model) -> dict[str, nn.Module]:
    """Copies of the model's networks that learn; of those that take turns, the newest."""
    newest = {
        name: network.newest if isinstance(network, Ensemble) else network
        for name, network in origin.networks.items()
    }
    copies: dict[str, nn.Module] = copy.deepcopy(newest)
    return {name: network.requires_grad_(True).train() for name, network in copies.items()}
