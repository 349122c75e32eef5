"""What the answers are drawn from, and the sentences that they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from gansmith.scorecard.groups.relations import Deviation
from gansmith.scorecard.holdout import Overlap
from gansmith.scorecard.real.unlike import Unlike
from gansmith.scorecard.score import Entry
from gansmith.scorecard.validity import Defect
from gansmith.scorecard.verdict.leaks import NEEDED, Level


@final
@dataclass(frozen=True)
class Finding:
    """A sentence of an answer, and the columns that it names."""

    level: Level
    text: str
    columns: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class Evidence:
    """What the answers are drawn from."""

    entries: Mapping[str, Entry]
    """All scores that could be computed, by name."""
    columns: Sequence[str] = ()
    """Of the table."""
    unlike: Sequence[Unlike] = ()
    """How far columns, pairs and triples are from those of real records, the furthest off first."""
    slack: float = 0.0
    """How far similarities of equal distributions may lie apart by chance: sqrt(1 / n + 1 / m)."""
    as_real: str = "Single columns and pairs of columns are as in real data."
    """What is said of numbers where nothing is off."""
    missing: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """Column and category that do not occur, and the chance of that among as many that should (Holm)."""
    defects: Sequence[Defect] = ()
    """Rules that are broken more often than by fresh real records, the worst first."""
    target: str = ""
    """The column that was to be predicted; empty: all in turn."""
    lacks_target: bool = False
    """Whether the synthetic records have no such column."""
    lost: Sequence[str] = ()
    """Targets, all columns in turn, that are predicted much worse than from real records."""
    lacking: Sequence[str] = ()
    """Columns of the real data that are not there."""
    searched: str = ""
    """A sentence, where attacks looked at part of the synthetic records only."""
    needed: Sequence[str] = NEEDED
    """The attacks without which nothing can be said of privacy."""
    n_compared: int = 0
    """Columns whose cells are compared: without texts and identifiers. 0: records are no columns."""
    overlap: Overlap | None = None
    """How far the hold-out repeats the training records; None: not looked at."""
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])
    """Columns whose cells are surely and much spelt unlike real ones, and how, in words."""
    warning: str = ""
    """A sentence on the hold-out that the first answer ends with, whatever its colour; mostly empty."""
    relations: Sequence[Deviation] = ()
    """Groups of records whose target, or another column, is not as in real data."""
    groups_lost: Sequence[Deviation] = ()
    """Groups of records that are predicted worse than by models of real records."""
    leaks: Sequence[Deviation] = ()
    """Columns that tell the target better than in real data."""
