"""One small JSON for each (data set, competitor, length, seed): what was measured, where and when."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

from gansmith.errors import UsageError
from gansmith.settings import field, from_plain, settings, to_plain
from gansmith.store import write_whole

DEFAULT: Final = "default"
"""The length that the competitor itself chooses."""
QUOTED: Final = "quoted"
"""Not measured by this bench; the result says where its numbers come from."""
_SAFE: Final = re.compile(r"[a-z0-9_.]+")


@final
@settings
class Key:
    """Names one result."""

    data_set: str
    competitor: str
    length: str = DEFAULT
    """`default`, `300s`, `30ep`, or `as_mostlyai`: the same time as that competitor's default run took."""
    seed: int = 0

    def __post_init__(self) -> None:
        for part in (self.data_set, self.competitor, self.length):
            if not _SAFE.fullmatch(part):
                raise UsageError(f"{part!r} cannot be part of a file name: use a-z, 0-9, _ and points.")

    def path(self, folder: Path, suffix: str = ".json") -> Path:
        """Where it lies below `folder`."""
        return folder / self.data_set / f"{self.competitor}-{self.length}-{self.seed}{suffix}"


@final
@settings
class Result:
    """What was measured; the numbers of a run that failed are missing."""

    key: Key
    date: str
    """Of the run, YYYY-MM-DD."""
    machine: str
    n_train: int
    n_holdout: int
    source: str = ""
    """Where the numbers come from, if this bench has not measured them itself."""
    failed: str = ""
    """Why there is nothing, in one line; empty when all went well."""
    epochs: int = 0
    """Asked for; 0 is the competitor's default."""
    budget_seconds: float = 0.0
    """Asked for; 0 is the competitor's own end."""
    measured: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Seconds, rows a second, MiB, versions; see `runners/measured.py`."""
    independent_card: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Figures of the independent score card by name, or `error`."""
    own_card: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Figures of our own score card by name, each value, error and the same of real records; or `error`."""

    def save(self, folder: Path) -> None:
        """Write it whole or not at all."""
        path = self.key.path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, (json.dumps(to_plain(self), indent=1) + "\n").encode())


def load(path: Path) -> Result:
    """One stored result."""
    return from_plain(Result, json.loads(path.read_text(encoding="utf-8")))


def load_all(folder: Path) -> list[Result]:
    """All stored results, in the order of their names."""
    return [load(path) for path in sorted(folder.glob("*/*.json"))]
