"""The promises of a kind of data and of a game, and a check of each: ours and anybody's must pass them all.

check_modality(TableModality(), "people.csv", folder)
check_game(rules, networks, dataset, folder)

Every check of `KIND_CHECKS` takes a `KindSubject`, of `GAME_CHECKS` a `GameSubject`, and raises
`ConformanceError` with the promise that was broken and what was found instead.
A test suite may run them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gansmith.conformance.games import GAME_CHECKS, ConformanceError, GameSubject
from gansmith.conformance.kinds import KIND_CHECKS, ROUND_TRIP_TOLERANCE, KindSubject
from gansmith.engine.batches import Dataset
from gansmith.engine.games import AbstractRules, Networks
from gansmith.modalities.registry import Modality

__all__ = [
    "GAME_CHECKS",
    "KIND_CHECKS",
    "ConformanceError",
    "GameSubject",
    "KindSubject",
    "check_game",
    "check_modality",
]


def check_modality(
    modality: Modality,
    source: object,
    folder: Path,
    *,
    bad_sources: Mapping[str, object] | None = None,
    tolerance: float = ROUND_TRIP_TOLERANCE,
    preset: str = "default",
) -> None:
    """Run every check on a kind of data; the arguments are those of `KindSubject`.

    Raises:
        ConformanceError: For the first promise that is broken.
    """
    subject = KindSubject(modality, source, folder, bad_sources or {}, tolerance, preset=preset)
    for check in KIND_CHECKS:
        check(subject)


def check_game(
    rules: AbstractRules, networks: Callable[[], Networks], dataset: Dataset, folder: Path
) -> None:
    """Run every check on a game; the arguments are those of `GameSubject`.

    Raises:
        ConformanceError: For the first promise that is broken.
    """
    subject = GameSubject(rules, networks, dataset, folder)
    for check in GAME_CHECKS:
        check(subject)
