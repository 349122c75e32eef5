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

from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.groups.judged import by_group
from gansmith.scorecard.holdout import overlap
from gansmith.scorecard.measures import MEASURES, Case
from gansmith.scorecard.measuring import AbstractJudge, Progress, StandIn, unheard
from gansmith.scorecard.plots import Views
from gansmith.scorecard.points import affordable
from gansmith.scorecard.real.unlike import unlike
from gansmith.scorecard.score import COPY, FLOOR, Effort, Entry
from gansmith.scorecard.taught import Teaching
from gansmith.scorecard.validity import Defect
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import verdict


@final
class Judge(AbstractJudge[Case]):
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
        super().__init__(MEASURES, len(train), effort)
        self.train, self.holdout = train, holdout
        self.told, self.target, self.seed = tuple(told), target, seed
        floor = self.independent(len(train))
        self._overlap = overlap(train.keys(), holdout.keys(), floor.keys()[: len(holdout)])
        targets = (target,) if target else self.told
        self._teaching = Teaching(train, floor, holdout, targets, seed, effort, is_chosen=bool(target))

    def card(
        self,
        fake: Features,
        more: Sequence[Entry] = (),
        defects: Sequence[Defect] = (),
        lacking: Sequence[str] = (),
        progress: Progress = unheard,
        spelling: Mapping[str, str] | None = None,
        warning: str = "",
    ) -> Scorecard:
        """The scorecard of synthetic records.

        Args:
            fake: Synthetic records, of the same columns.
            more: Entries that were found elsewhere.
            defects: Rules that are broken, see `Evidence`.
            lacking: Columns of the real data that the synthetic data has not.
            progress: Told what is being measured.
            spelling: Columns whose cells are spelt unlike real ones, see `Evidence`.
            warning: What has to be known of the hold-out, see `Evidence`.

        Raises:
            DataError: Different columns, or no record.
        """
        check_comparable(fake, self.train, n_records=1)
        case = self._case(fake)
        measured, founds, skipped = self.measured(case, len(fake), progress)
        progress("what is learnt from it", 1.0)
        taught = self._teaching.taught_by(fake)
        found = by_group(case, self.target, taught)
        entries = (*measured, *taught.entries, *more)
        seen = Views(case, founds, self.ceilings(len(fake)), unlike(fake, self.holdout, seed=self.seed))
        evidence = Evidence(
            entries={entry.name: entry for entry in entries},
            columns=fake.names,
            unlike=seen.unlike,
            slack=(1 / len(fake) + 1 / len(self.holdout)) ** 0.5,
            missing=seen.missing_categories(),
            defects=defects,
            target=self.target,
            lacks_target=not self._teaching.has_target(fake),
            lost=taught.lost,
            lacking=lacking,
            searched=self._searched(fake),
            n_compared=len(self.told),
            overlap=self._overlap,
            spelling=spelling or {},
            warning=warning,
            relations=found.relations,
            groups_lost=found.lost,
            leaks=found.leaks,
        )
        return Scorecard(
            title=f"Scores of {len(fake):,} synthetic records",
            entries=entries,
            skipped={**skipped, **taught.skipped},
            verdict=verdict(evidence),
            plots={**seen.plots(), "usefulness": list(taught.results), "groups": list(found.rows)},
            real_records=seen.real_records(),
            n_records=len(fake),
        )

    def _searched(self, fake: Features) -> str:
        """A sentence, where attacks look at part of the synthetic records only."""
        n = min(self.effort.n_attacked, affordable(fake))
        if len(fake) <= n:
            return ""
        return (
            f" Only {n:,} of the {len(fake):,} records were attacked, so a leak may look smaller than it is."
        )

    def _case(self, fake: Features, *, is_anchor: bool = False) -> Case:
        return Case(fake, self.train, self.holdout, self.told, self.seed, self.effort, is_anchor)

    def anchor_case(self, stand_in: StandIn, name: str, n: int) -> Case:
        """See the base class."""
        rng, effort = draws(self.seed), self.effort.lighter
        if name == FLOOR:
            return replace(self._case(self.independent(n), is_anchor=True), effort=effort)
        if name == COPY:
            return replace(self._case(self.train.sample(n, rng), is_anchor=True), effort=effort)
        if stand_in == "train":
            return self._case(self.train.sample(n, rng), is_anchor=True)
        if stand_in == "holdout":
            return self._case(self.holdout, is_anchor=True)
        first, second = np.array_split(rng.permutation(len(self.holdout)), 2)
        case = self._case(self.holdout.take(first), is_anchor=True)
        return replace(case, holdout=self.holdout.take(second))

    def independent(self, n: int) -> Features:
        """Records of the training's columns, each shuffled by itself."""
        rng = draws(self.seed)
        columns = [rng.permutation(column)[:n] for column in self.train.values.T]
        return replace(self.train, values=np.stack(columns, axis=1))
