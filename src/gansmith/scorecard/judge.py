"""Synthetic records on trial: every score beside the same score of the anchors.

The anchors take the part of the synthetic records. The ceiling is real records that nothing was learnt from:
for what is compared with the hold-out that is the training records (as real, and drawn independently of it),
for attacks it is one half of the hold-out, the other half being the control group. The floor is independent
columns: each column of the training records shuffled by itself. The copy is the training records themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.measures import MEASURES, Case, Found, Measure
from gansmith.scorecard.plots import Views
from gansmith.scorecard.points import affordable
from gansmith.scorecard.score import ANCHORS, CEILING, COPY, FLOOR, Effort, Entry
from gansmith.scorecard.useful import Teaching
from gansmith.scorecard.verdict.answers import Evidence
from gansmith.scorecard.verdict.questions import verdict


@final
class Judge:
    """Real records, to judge any number of synthetic sets by.

    Args:
        train: What the generator learnt from.
        holdout: Real records of the same source that it never saw.
        told: Columns whose cells are compared; the others only say whether a cell is missing.
        target: The column that is to be predicted; empty: all in turn.
        seed: Of everything drawn.
        effort: How many records and repetitions.

    Raises:
        DataError: Different columns, none at all, or no record.
    """

    def __init__(
        self, train: Features, holdout: Features, told: Sequence[str], target: str, seed: int, effort: Effort
    ) -> None:
        check_comparable(train, holdout, n_records=1)
        self.train, self.holdout = train, holdout
        self.told, self.target, self.seed, self.effort = tuple(told), target, seed, effort
        self._anchors: dict[tuple[str, str, int], list[Found]] = {}
        floor = self.independent(len(train))
        targets = (target,) if target else self.told
        self._teaching = Teaching(train, floor, holdout, targets, seed, effort, is_chosen=bool(target))

    def card(
        self,
        fake: Features,
        more: Sequence[Entry] = (),
        defects: Mapping[str, tuple[float, tuple[str, ...]]] | None = None,
        lacking: Sequence[str] = (),
    ) -> Scorecard:
        """The scorecard of synthetic records.

        Args:
            fake: Synthetic records, of the same columns.
            more: Entries that were found elsewhere.
            defects: Rules that are broken, see `Evidence`.
            lacking: Columns of the real data that the synthetic data has not.

        Raises:
            DataError: Different columns, or no record.
        """
        check_comparable(fake, self.train, n_records=1)
        measured, founds, skipped = self._measured(fake)
        taught = self._teaching.taught_by(fake)
        entries = (*measured, *taught.entries, *more)
        ceiling = {
            one.name: one
            for (_, anchor, size), found in self._anchors.items()
            if anchor == CEILING and size == self._n(len(fake))
            for one in found
        }
        seen = Views(self._case(fake), founds, ceiling)
        evidence = Evidence(
            entries={entry.name: entry for entry in entries},
            columns=fake.names,
            gaps=seen.gaps(),
            pair_gaps=dict(seen.worst_pairs()),
            slack=(1 / len(fake) + 1 / len(self.holdout)) ** 0.5,
            missing=seen.missing_categories(),
            defects=defects or {},
            target=self.target,
            lacks_target=not self._teaching.has_target(fake),
            lost=taught.lost,
            lacking=lacking,
            searched=self._searched(fake),
        )
        return Scorecard(
            title=f"Scores of {len(fake):,} synthetic records",
            entries=entries,
            skipped={**skipped, **taught.skipped},
            verdict=verdict(evidence),
            plots={**seen.plots(), "usefulness": list(taught.results)},
            n_records=len(fake),
        )

    def _measured(self, fake: Features) -> tuple[list[Entry], dict[str, Found], dict[str, str]]:
        """All measures of synthetic records beside their anchors, what lies behind, and what was skipped."""
        entries: list[Entry] = []
        founds: dict[str, Found] = {}
        skipped: dict[str, str] = {}
        for measure in MEASURES:
            if measure.is_dear and not self.effort.is_full:
                skipped |= dict.fromkeys(measure.names, "left out of a quick card; do without --quick")
                continue
            try:
                found = measure.take(self._case(fake))
            except DataError as error:
                skipped |= dict.fromkeys(measure.names, str(error))
                continue
            anchors = {
                name: {one.name: one.score for one in self._anchor(measure, name, len(fake))}
                for name in ANCHORS
            }
            for one in found:
                founds[one.name] = one
                beside = {name: scores[one.name] for name, scores in anchors.items() if one.name in scores}
                entries.append(Entry(one.name, one.score, beside, one.details, measure.family))
        return entries, founds, skipped

    def _searched(self, fake: Features) -> str:
        """A sentence, where attacks look at part of the synthetic records only."""
        n = min(self.effort.n_attacked, affordable(fake))
        if len(fake) <= n:
            return ""
        return f" Only {n:,} of the {len(fake):,} records were searched: a leak looks smaller than it is."

    def _n(self, n_fake: int) -> int:
        """Records of an anchor: as many as there are synthetic ones, as far as there are."""
        return min(n_fake, len(self.train))

    def _anchor(self, measure: Measure, name: str, n_fake: int) -> list[Found]:
        """What a measure finds of an anchor; empty where it cannot be taken."""
        if name == COPY and measure.stand_in == "train":
            name = CEILING  # a copy of the training records is what stands for real ones there
        if measure.stand_in == "half" and name != CEILING and not self.effort.is_full:
            return []
        key = (measure.names[0], name, self._n(n_fake))
        if key not in self._anchors:
            try:
                self._anchors[key] = measure.take(self._anchor_case(measure, name, n_fake))
            except DataError:
                self._anchors[key] = []
        return self._anchors[key]

    def _case(self, fake: Features, *, is_anchor: bool = False) -> Case:
        return Case(fake, self.train, self.holdout, self.told, self.seed, self.effort, is_anchor)

    def _anchor_case(self, measure: Measure, name: str, n_fake: int) -> Case:
        rng = draws(self.seed)
        if name == FLOOR:
            return self._case(self.independent(self._n(n_fake)), is_anchor=True)
        if measure.stand_in == "train" or name == COPY:
            return self._case(self.train.sample(self._n(n_fake), rng), is_anchor=True)
        if measure.stand_in == "holdout":
            return self._case(self.holdout, is_anchor=True)
        first, second = np.array_split(rng.permutation(len(self.holdout)), 2)
        case = self._case(self.holdout.take(first), is_anchor=True)
        return replace(case, holdout=self.holdout.take(second))

    def independent(self, n: int) -> Features:
        """Records of the training's columns, each shuffled by itself."""
        rng = draws(self.seed)
        columns = [rng.permutation(column)[:n] for column in self.train.values.T]
        return replace(self.train, values=np.stack(columns, axis=1))
