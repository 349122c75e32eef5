"""What a game is to everybody else, and the games by name: one file each, one line here.

A file holds the rules of a game, how it is played, and what it can be asked afterwards; it is imported when
it is first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from gansmith.engine.games.base import AbstractGame, AbstractRules, Networks, Progress, Readings
from gansmith.errors import UsageError, did_you_mean
from gansmith.settings import from_plain, to_plain

__all__ = [
    "GAMES",
    "AbstractGame",
    "AbstractRules",
    "Networks",
    "Progress",
    "Readings",
    "plain_rules",
    "rules_from_plain",
]

GAMES: Final = {
    "adversarial": "gansmith.engine.games.adversarial:AdversarialRules",
    "autoencoder": "gansmith.engine.games.autoencoder:AutoencoderRules",
    "contrast": "gansmith.engine.games.contrast:ContrastRules",
    "domains": "gansmith.engine.games.domains:DomainRules",
    "encoder": "gansmith.engine.games.encoder:EncoderRules",
    "likelihood": "gansmith.engine.games.likelihood:LikelihoodRules",
    "marginals": "gansmith.engine.games.marginals:MarginalsRules",
    "paired": "gansmith.engine.games.paired:PairedRules",
    "sequence": "gansmith.engine.games.sequence:SequenceRules",
    "teaching": "gansmith.engine.games.teaching:TeachingRules",
}


def plain_rules(rules: AbstractRules) -> dict[str, Any]:
    """Rules as JSON can hold them, with the name of their game."""
    return {"name": rules.name, **to_plain(rules)}


def rules_from_plain(values: Mapping[str, Any]) -> AbstractRules:
    """The inverse of `plain_rules`.

    Raises:
        UsageError: When there is no such game, or a setting is unknown, of the wrong type or out of range.
    """
    name = values.get("name")
    if name not in GAMES:
        raise UsageError(f"game {name!r} is not known. {did_you_mean(str(name), GAMES)}")
    module, _, rules = GAMES[name].partition(":")
    settings = {key: value for key, value in values.items() if key != "name"}
    return from_plain(getattr(import_module(module), rules), settings)
