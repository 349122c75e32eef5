"""Synthetic series on trial: every score beside the same score of the anchors.

The anchors take the part of the synthetic series, as `scorecard.judge` has it. The floor is blocks of a few
steps dealt anew among all series. Where the real data is one long series, or a few, it is cut into pieces;
hold-out is later time then, which need not be like what was learnt from. So what is made is compared with
stretches of the time that was learnt from, other stretches of it stand for real records, and later time is
what is predicted.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.embedded.alike import Likeness, border_of
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.measuring import AbstractJudge, StandIn
from gansmith.scorecard.real.unlike import Unlike
from gansmith.scorecard.score import COPY, FLOOR, Effort
from gansmith.scorecard.sequences.alike import MAX_SERIES, likeness
from gansmith.scorecard.sequences.case import Case
from gansmith.scorecard.sequences.differences import differences, pairs_apart
from gansmith.scorecard.sequences.measures import MEASURES
from gansmith.scorecard.sequences.observer import AbstractRecurrentJudge
from gansmith.scorecard.sequences.profiles import Plan, profile
from gansmith.scorecard.sequences.records import Sequences

FEWEST: Final = 4
"""Series, or pieces, on a side."""
N_STRETCHES: Final = (2, 50)
"""Into which each long series is dealt, so that pieces beside each other stay together, ..."""
PER_STRETCH: Final = 3
"""... about so many, unless a series has more."""


@final
class SequenceJudge(AbstractJudge[Case]):
    """Real series, to judge any number of synthetic sets by.

    Args:
        train: What the generator learnt from.
        holdout: Real series that it never saw, or later times of the same ones.
        is_whole: Whether series are those of the user; else they are pieces of a few, in the order of time.
        target: The column to predict; empty: all in turn.
        seed: Of everything drawn.
        effort: How many series and repetitions.
        recurrent: A network that looks at series; None: that score is left out.

    Raises:
        DataError: Fewer than 4 series on a side.
    """

    def __init__(
        self,
        train: Sequences,
        holdout: Sequences,
        *,
        is_whole: bool,
        target: str,
        seed: int,
        effort: Effort,
        recurrent: AbstractRecurrentJudge | None = None,
    ) -> None:
        if min(len(train), len(holdout)) < FEWEST:
            what = "series" if is_whole else "pieces of series"
            raise DataError(
                f"{len(train)} training and {len(holdout)} held-out {what}. "
                f"Wanted: {FEWEST} of each at the least."
            )
        super().__init__(MEASURES, len(train), effort)
        self.train, self.holdout, self.is_whole = train, holdout, is_whole
        self.target, self.seed, self.recurrent = target, seed, recurrent
        self.plan = Plan.of(train)
        self.real, self._stand_in = holdout, train
        if not is_whole:
            is_odd = stretches(train) % 2 == 1
            self.real, self._stand_in = (
                train.take(np.flatnonzero(is_odd)),
                train.take(np.flatnonzero(~is_odd)),
            )
        self._profiles: dict[int, tuple[Sequences, Features]] = {}
        self.parts = profile(train.take(np.arange(1)), self.plan)[1]

    def case(self, fake: Sequences) -> Case:
        """Synthetic series on trial."""
        return Case(
            fake,
            self.real,
            self.train,
            self.holdout,
            self.plan,
            self.profile,
            self.parts,
            self.groups,
            self._alike,
            lambda: border_of(self._alike(self.holdout)),
            self.recurrent,
            self.is_whole,
            self.target,
            self.seed,
            self.effort,
        )

    def anchor_case(self, stand_in: StandIn, name: str, n: int) -> Case:
        """See the base class."""
        rng = draws(self.seed)
        if name == FLOOR:
            dealt = self.train.dealt(self.train.n_together, rng)
            return replace(self.case(_some(dealt, n, rng)), effort=self.effort.lighter)
        if name == COPY:
            return replace(self.case(_some(self.train, n, rng)), effort=self.effort.lighter)
        if stand_in == "train":
            return self.case(_some(self._stand_in, n, rng))
        if stand_in == "holdout":
            return self.case(self.holdout)
        first, second = np.array_split(rng.permutation(len(self.holdout)), 2)
        return replace(self.case(self.holdout.take(first)), holdout=self.holdout.take(second))

    def profile(self, of: Sequences) -> Features:
        """What each series is like; of the same series once."""
        if id(of) not in self._profiles:
            self._profiles[id(of)] = (of, profile(of, self.plan)[0])
        return self._profiles[id(of)][1]

    def groups(self, of: Sequences) -> np.ndarray:
        """Each series its own; or the stretch of time of each piece."""
        return np.arange(len(of)) if self.is_whole else stretches(of)

    def unlike(self, fake: Sequences) -> list[Unlike]:
        """What of series is not as in real ones, the furthest off first."""
        case = self.case(fake)
        origins = tuple(np.arange(len(one)) if self.is_whole else one.origins for one in (fake, self.real))
        sides = case.joined(fake), case.joined(self.real)
        alone = differences(*sides, case.said, (origins[0], origins[1]))
        pairs = pairs_apart(*sides, case.pairs if self.is_whole else [], case.said)
        return sorted((*alone, *pairs), key=lambda one: -one.effect)

    def _alike(self, of: Sequences) -> Likeness:
        if of is self.holdout:
            return self._fresh
        return likeness(of, self.train, n_max=MAX_SERIES[self.effort.is_full], seed=self.seed)

    @cached_property
    def _fresh(self) -> Likeness:
        return likeness(self.holdout, self.train, n_max=MAX_SERIES[self.effort.is_full], seed=self.seed)


def stretches(of: Sequences) -> np.ndarray:
    """The number of the stretch of time that each piece lies in, of all series together.

    One piece alone is its own.
    """
    _, first, numbers, counts = np.unique(
        of.origins, return_index=True, return_inverse=True, return_counts=True
    )
    places = np.arange(len(of)) - first[numbers]
    per_series = np.minimum(np.clip(counts // PER_STRETCH, *N_STRETCHES), counts)
    own = places * per_series[numbers] // counts[numbers]
    return own + (np.cumsum(per_series) - per_series)[numbers]


def _some(of: Sequences, n: int, rng: np.random.Generator) -> Sequences:
    """So many of them, in their order."""
    return of.take(np.sort(rng.permutation(len(of))[:n]))
