"""The promises of a kind of data and of a game, and a check of each: ours and anybody's must pass them all.

check_modality(TableModality(), "people.csv", folder)
check_game(rules, networks, dataset, folder)

Every check of `KIND_CHECKS` takes a `KindSubject`, of `GAME_CHECKS` a `GameSubject`, and raises
`ConformanceError` with the promise that was broken and what was found instead.
A test suite may run them one by one.
"""

from __future__ import annotations

from gansmith.conformance.games import GAME_CHECKS, ConformanceError, GameSubject, check_game
from gansmith.conformance.kinds import KIND_CHECKS, KindSubject, check_modality

__all__ = [
    "GAME_CHECKS",
    "KIND_CHECKS",
    "ConformanceError",
    "GameSubject",
    "KindSubject",
    "check_game",
    "check_modality",
]
