"""Stored races against CTGAN: see `bench.race`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

from gansmith.settings import from_plain, settings, to_plain
from gansmith.store import write_whole

TARGET_SHARE: Final = 1 / 20
TARGET_SAMPLING: Final = 8.0


@final
@settings
class Race:
    """What came out of one race."""

    data_set: str
    date: str
    machine: str
    goal: Mapping[str, Any]
    """CTGAN's four figures."""
    goal_seconds: float
    """Processor seconds CTGAN needed for them."""
    goal_source: str
    """Where these come from, if not from this bench."""
    reached: Mapping[str, Any]
    """Our figures at the first budget that beat all four; empty when none did."""
    seconds: float
    """Processor seconds of that fit; of the longest one when none beat all four."""
    sampling_ratio: float
    """Our rows a processor second over CTGAN's, in this run; 0 when it was not measured."""
    seed: int

    def save(self, folder: Path) -> None:
        """Write it whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"race-{self.data_set}.json"
        write_whole(path, (json.dumps(to_plain(self), indent=1) + "\n").encode())


def load_races(folder: Path) -> list[Race]:
    """All stored races, in the order of their tables' names."""
    paths = sorted(folder.glob("race-*.json"))
    return [from_plain(Race, json.loads(path.read_text(encoding="utf-8"))) for path in paths]


def said(race: Race) -> str:
    """The outcome in one sentence."""
    sampling = f"sampling {race.sampling_ratio:.1f} times as fast (target: {TARGET_SAMPLING:.0f})"
    if not race.reached:
        return (
            f"{race.data_set}: CTGAN was not beaten in all four figures in {race.seconds:,.0f} s; {sampling}."
        )
    return (
        f"{race.data_set}: CTGAN beaten in {race.seconds:,.1f} s of {race.goal_seconds:,.0f} s, "
        f"1/{race.goal_seconds / race.seconds:.0f} of its time (target: at most 1/{1 / TARGET_SHARE:.0f}); "
        f"{sampling}."
    )
