"""How scores are taken: each a small function of a case, of the records on trial and of all anchors alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, final

from gansmith.errors import DataError
from gansmith.scorecard.chance import DOUBT
from gansmith.scorecard.score import ANCHORS, CEILING, COPY, FLOOR, Effort, Entry, Family, Score

Progress = Callable[[str, float], None]
"""Told what is being measured, and which share of it is done."""
StandIn = Literal["train", "holdout", "half"]
CaseT = TypeVar("CaseT")


def unheard(what: str, share: float) -> None:
    """For those whom nobody listens to."""


@final
@dataclass(frozen=True, eq=False)
class Found:
    """A score of a case, and what lies behind it."""

    name: str
    score: Score
    details: Mapping[str, float] = field(default_factory=dict[str, float])
    matter: Any = None
    """What a page draws of it, or a verdict looks at."""


@final
@dataclass(frozen=True)
class Measure(Generic[CaseT]):
    """One or several scores that are taken together."""

    names: tuple[str, ...]
    family: Family
    take: Callable[[CaseT], list[Found]]
    is_dear: bool = False
    """Whether a quick card goes without."""
    stand_in: StandIn = "train"
    """Who takes the part of the records for the ceiling: the training records, where the hold-out is what is
    compared with; the hold-out, where nothing else is done with it; one half of it, where the other half is
    the control group of an attack."""
    limits: tuple[float, float] | None = None
    """See `Entry.limits`."""


class AbstractJudge(ABC, Generic[CaseT]):
    """Takes measures of records on trial, beside those of the anchors, which are taken once.

    Args:
        measures: What is taken.
        n_train: Training records.
        effort: How many records and repetitions.
        more: Names of further anchors, which a kind of data has of its own.
    """

    def __init__(
        self, measures: Sequence[Measure[CaseT]], n_train: int, effort: Effort, more: Sequence[str] = ()
    ) -> None:
        self.measures, self.n_train, self.effort = tuple(measures), n_train, effort
        self._names = (*ANCHORS, *more)
        self._anchors: dict[tuple[str, str, int], list[Found]] = {}  # by measure, anchor, records drawn

    @abstractmethod
    def anchor_case(self, stand_in: StandIn, name: str, n: int) -> CaseT:
        """The case in which an anchor takes the part of so many synthetic records.

        Args:
            stand_in: Who that is for the ceiling.
            name: Of the anchor.
            n: Records, where the anchor is drawn from the training records.
        """

    def measured(
        self, case: CaseT, n_fake: int, progress: Progress = unheard
    ) -> tuple[list[Entry], dict[str, Found], dict[str, str]]:
        """All measures of synthetic records beside their anchors, what lies behind, what was skipped."""
        entries: list[Entry] = []
        founds: dict[str, Found] = {}
        skipped: dict[str, str] = {}
        for place, measure in enumerate(self.measures):
            progress(", ".join(measure.names), place / len(self.measures))
            if measure.is_dear and not self.effort.is_full:
                skipped |= dict.fromkeys(
                    measure.names, "left out to be quick; leave out --quick to compute it"
                )
                continue
            try:
                found = measure.take(case)
            except DataError as error:
                skipped |= dict.fromkeys(measure.names, str(error))
                continue
            doubted = any(one.score.chance is not None and one.score.chance < DOUBT for one in found)
            anchors = {
                name: {one.name: one.score for one in self._anchor(measure, name, n_fake)}
                for name in self._anchors_of(measure, is_doubted=doubted)
            }
            for one in found:
                founds[one.name] = one
                beside = {name: scores[one.name] for name, scores in anchors.items() if one.name in scores}
                entries.append(
                    Entry(one.name, one.score, beside, one.details, measure.family, measure.limits)
                )
        return entries, founds, skipped

    def ceilings(self, n_fake: int) -> dict[str, Found]:
        """What was found of real records in the place of so many synthetic ones, by the score's name."""
        return {
            one.name: one
            for (_, anchor, n), found in self._anchors.items()
            if anchor == CEILING and n in (0, self.n_of(n_fake))
            for one in found
        }

    def n_of(self, n_fake: int) -> int:
        """Records of an anchor: as many as there are synthetic ones, as far as there are."""
        return min(n_fake, self.n_train)

    def _anchors_of(self, measure: Measure[CaseT], *, is_doubted: bool) -> tuple[str, ...]:
        """A quick card asks what independent parts reach by an attack only where there may be a leak."""
        if measure.stand_in != "half" or self.effort.is_full:
            return self._names
        return (CEILING, FLOOR) if is_doubted else (CEILING,)

    def _anchor(self, measure: Measure[CaseT], name: str, n_fake: int) -> list[Found]:
        """What a measure finds of an anchor; empty where it cannot be taken."""
        if name == COPY and measure.stand_in == "train":
            name = CEILING  # a copy of the training records is what stands for real ones there
        is_holdout = name == CEILING and measure.stand_in != "train"
        key = (measure.names[0], name, 0 if is_holdout else self.n_of(n_fake))
        if key not in self._anchors:
            try:
                self._anchors[key] = measure.take(self.anchor_case(measure.stand_in, name, key[2]))
            except DataError:
                self._anchors[key] = []
        return self._anchors[key]
