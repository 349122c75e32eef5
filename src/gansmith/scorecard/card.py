"""A score with its error, and the card that sets it beside its anchors."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, final

from gansmith.errors import UsageError, did_you_mean

Direction = Literal["higher", "lower"]
Family = Literal["real", "useful", "private", "valid"]

CEILING: Final = "ceiling"
"""Anchor: the same score of real records that nothing was learnt from. As good as it gets."""
FLOOR: Final = "floor"
"""Anchor: the same score of independent columns, each drawn from the training records by itself."""
COPY: Final = "copy"
"""Anchor: the same score of a copy of the training records: perfect, and worthless."""

CONFIDENT: Final = 1.96
"""Standard errors on each side of a number that make an interval of 95 %."""

_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_REQUIREMENT: Final = re.compile(r"\s*([^<>=\s]+)\s*(<=|>=|<|>)\s*([-+.\w]+)\s*")


@final
@dataclass(frozen=True)
class Score:
    """A measured number, how sure it is, and how to read it.

    Raises:
        ValueError: From the constructor, when the error is negative or nothing was measured.
    """

    value: float
    error: float
    """Standard error, in the unit of `value`: how far another draw of the records would move it."""
    n: int
    """Records that it was measured on (on each side, where two sets are compared)."""
    direction: Direction
    """Which way is good, as far as what real records reach."""
    source: str = ""
    """The paper or definition that it follows."""
    label: str = ""
    """A few words for a person, with the unit, such as "column error, %"."""
    meaning: str = ""
    """One sentence: what the number says."""
    bounds: tuple[float, float] | None = None
    """The interval of 95 %, where it is not the error that makes it."""
    caveat: str = ""
    """Why this number cannot be trusted; empty where it can."""

    def __post_init__(self) -> None:
        if self.error < 0 or self.n < 1:
            raise ValueError(f"A score of {self.n} records with an error of {self.error}.")

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.error:.2g}"

    @property
    def interval(self) -> tuple[float, float]:
        """Between what the number lies with a confidence of 95 %."""
        return self.bounds or (self.value - CONFIDENT * self.error, self.value + CONFIDENT * self.error)

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON can hold them (a number that is not finite becomes None)."""
        low, high = self.interval
        return {
            "value": _finite(self.value),
            "error": _finite(self.error),
            "low": _finite(low),
            "high": _finite(high),
            "n": self.n,
            "direction": self.direction,
            "label": self.label,
            "meaning": self.meaning,
            "source": self.source,
            "caveat": self.caveat,
        }


@final
@dataclass(frozen=True)
class Entry:
    """One line of the card: a score of the synthetic data beside the same score of other data."""

    name: str
    """How `--require` and JSON call it: "c2st"."""
    score: Score
    """Of the synthetic records."""
    anchors: Mapping[str, Score]
    """The same score of other records, by the anchor's name: `CEILING`, `FLOOR`, `COPY`."""
    details: Mapping[str, float] = field(default_factory=dict[str, float])
    """What lies behind it, the most telling first: a column or a pair of columns and its part."""
    family: Family = "real"
    """Which question it helps to answer."""


@final
@dataclass(frozen=True)
class Scorecard:
    """All scores of one synthetic data set."""

    title: str
    entries: tuple[Entry, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the scores, in their order."""
        return tuple(entry.name for entry in self.entries)

    def __getitem__(self, name: str) -> Entry:
        """The entry called `name`.

        Raises:
            UsageError: There is none; the nearest name is given.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise UsageError(f"There is no score {name!r} on this card. {did_you_mean(name, self.names)}")

    def __str__(self) -> str:
        lines = [
            f"{entry.name:10} {entry.score!s:>18}   real hold-out {entry.anchors[HOLDOUT]!s:>18}"
            for entry in self.entries
        ]
        return "\n".join([self.title, *lines])

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON can hold it: title, and every score by name with its anchors and details."""
        return {
            "title": self.title,
            "scores": {
                entry.name: {
                    **entry.score.to_dict(),
                    "anchors": {name: anchor.to_dict() for name, anchor in entry.anchors.items()},
                    "details": {name: _finite(part) for name, part in entry.details.items()},
                }
                for entry in self.entries
            },
        }

    def check(self, requirements: Sequence[str]) -> list[str]:
        """Which requirements the synthetic data misses.

        Args:
            requirements: Each `name op number`, with op one of <=, >=, <, >: "c2st<=0.8".

        Returns:
            A sentence for each miss; empty when all is met. A score that is not a number misses everything.

        Raises:
            UsageError: A requirement cannot be read, or names a score that is not on the card.
        """
        misses: list[str] = []
        for requirement in requirements:
            name, sign, limit = _parsed(requirement)
            score = self[name].score
            if not _OPERATORS[sign](score.value, limit):
                misses.append(f"{name} is {score}, required: {sign} {limit:g}.")
        return misses


def _parsed(requirement: str) -> tuple[str, str, float]:
    match = _REQUIREMENT.fullmatch(requirement)
    try:
        limit = float(match[3]) if match else math.nan
    except ValueError:
        limit = math.nan
    if match is None or math.isnan(limit):
        raise UsageError(
            f"The requirement {requirement!r} cannot be read. "
            "Wanted: a score, one of <= >= < >, and a number, such as 'c2st<=0.8'."
        )
    return match[1], match[2], limit


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
