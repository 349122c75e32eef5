"""A score with its error, and an entry of the card that sets it beside its anchors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, final

Direction = Literal["higher", "lower"]
Family = Literal["real", "useful", "private", "valid"]

CEILING: Final = "ceiling"
"""Anchor: the same score of real records that nothing was learnt from. As good as it gets."""
FLOOR: Final = "floor"
"""Anchor: the same score of independent columns, each drawn from the training records by itself."""
COPY: Final = "copy"
"""Anchor: the same score of a copy of the training records: perfect, and worthless."""

ANCHORS: Final = (CEILING, FLOOR, COPY)

CONFIDENT: Final = 1.96
"""Standard errors on each side of a number that make an interval of 95 %."""


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
            "value": finite(self.value),
            "error": finite(self.error),
            "low": finite(low),
            "high": finite(high),
            "n": self.n,
            "direction": self.direction,
            "label": self.label,
            "meaning": self.meaning,
            "source": self.source,
            "caveat": self.caveat,
        }


@final
@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        beside = ", ".join(f"{name} {anchor.value:.4g}" for name, anchor in self.anchors.items())
        return f"{self.name} {self.score}" + (f" ({beside})" if beside else "")

    def to_dict(self) -> dict[str, Any]:
        """All fields, as JSON can hold them, and the values of the anchors by name."""
        return {
            **self.score.to_dict(),
            **{name: finite(self.anchor(name, math.nan)) for name in ANCHORS},
            "family": self.family,
            "anchors": {name: anchor.to_dict() for name, anchor in self.anchors.items()},
            "details": {name: finite(part) for name, part in self.details.items()},
        }

    def anchor(self, name: str, otherwise: float) -> float:
        """The value of an anchor, or `otherwise` where it could not be computed."""
        return self.anchors[name].value if name in self.anchors else otherwise


def finite(number: float) -> float | None:
    """The number as JSON can hold it."""
    return float(number) if math.isfinite(number) else None
