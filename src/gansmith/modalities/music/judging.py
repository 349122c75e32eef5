"""Pieces on trial: every score beside the same score of the anchors.

The floor is shuffled bars: those of every track are dealt anew among all pieces of one metre, so that no
track knows another and no bar the one before it. Beside it stands what a bigram model makes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.music.bigram import bigram_pieces
from gansmith.modalities.music.copying import Copies
from gansmith.modalities.music.records import HOLD, REST, Pieces
from gansmith.modalities.music.statistics import profile
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.measuring import AbstractJudge, Measure, StandIn
from gansmith.scorecard.real.unlike import Unlike
from gansmith.scorecard.score import COPY, FLOOR, Effort
from gansmith.scorecard.sequences.differences import differences
from gansmith.scorecard.sequences.profiles import Part

BIGRAM: Final = "bigram"
"""Anchor: the same score of what a bigram model makes."""
FEWEST: Final = 4
"""Pieces on a side."""


@final
@dataclass(frozen=True, eq=False)
class Case:
    """Pieces on trial."""

    fake: Pieces
    """Synthetic pieces, or those of an anchor."""
    real: Pieces
    """The hold-out."""
    train: Pieces
    profile: Callable[[Pieces], Features]
    copies: Callable[[], Copies]
    """Of the training pieces."""
    seed: int
    effort: Effort

    @property
    def tracks(self) -> list[tuple[str, slice, bool]]:
        """Their names, their voices, whether they are drums."""
        form = self.real.form
        return [(track.name, form.voices(place), track.is_drums) for place, track in enumerate(form.tracks)]


@final
class PieceJudge(AbstractJudge[Case]):
    """Real pieces, to judge any number of synthetic sets by.

    Raises:
        DataError: Fewer than 4 pieces on a side.
    """

    def __init__(
        self, measures: tuple[Measure[Case], ...], train: Pieces, holdout: Pieces, seed: int, effort: Effort
    ) -> None:
        if min(len(train), len(holdout)) < FEWEST:
            raise DataError(
                f"{len(train)} training and {len(holdout)} held-out pieces. "
                f"Wanted: {FEWEST} of each at the least."
            )
        super().__init__(measures, len(train), effort, (BIGRAM,))
        self.train, self.holdout, self.seed = train, holdout, seed
        self._profiles: dict[int, tuple[Pieces, Features]] = {}
        self.parts = parts_of(train)

    def case(self, fake: Pieces) -> Case:
        """Synthetic pieces on trial."""
        return Case(
            fake, self.holdout, self.train, self.profile, lambda: self._copies, self.seed, self.effort
        )

    def anchor_case(self, stand_in: StandIn, name: str, n: int) -> Case:
        """See the base class."""
        rng = draws(self.seed)
        if name == FLOOR:
            return replace(self.case(_some(self.shuffled, n, rng)), effort=self.effort.lighter)
        if name == BIGRAM:
            return replace(self.case(_some(self.bigram, n, rng)), effort=self.effort.lighter)
        if name == COPY:
            return replace(self.case(_some(self.train, n, rng)), effort=self.effort.lighter)
        if stand_in == "train":
            return self.case(_some(self.train, n, rng))
        if stand_in == "holdout":
            return self.case(self.holdout)
        first, second = np.array_split(rng.permutation(len(self.holdout)), 2)
        return replace(self.case(self.holdout.take(first)), real=self.holdout.take(second))

    def profile(self, of: Pieces) -> Features:
        """What each piece is like; of the same pieces once."""
        if id(of) not in self._profiles:
            self._profiles[id(of)] = (of, profiles(of, self.parts))
        return self._profiles[id(of)][1]

    def unlike(self, fake: Pieces) -> list[Unlike]:
        """What of pieces is not as in real ones, the furthest off first."""
        said = [Part(columns, words) for columns, words in self.parts]
        sides = self.profile(fake), self.profile(self.holdout)
        return differences(*sides, said, (np.arange(len(fake)), np.arange(len(self.holdout))))

    @cached_property
    def shuffled(self) -> Pieces:
        """The floor."""
        return shuffled_bars(self.train, self.seed)

    @cached_property
    def bigram(self) -> Pieces:
        """The anchor of this kind: what the simplest model makes."""
        return bigram_pieces(self.train, len(self.train), self.seed)

    @cached_property
    def _copies(self) -> Copies:
        return Copies(self.train)


def _some(of: Pieces, n: int, rng: np.random.Generator) -> Pieces:
    return of.take(np.sort(rng.permutation(len(of))[:n]))


def parts_of(train: Pieces) -> list[tuple[tuple[str, ...], str]]:
    """What profiles say, of pieces such as these."""
    return list(profile(train.tokens[0], train.form, train.bar_steps[0], "C"))


def profiles(of: Pieces, parts: list[tuple[tuple[str, ...], str]]) -> Features:
    """A row for each piece."""
    rows = [
        profile(tokens, of.form, bar, key or "C")
        for tokens, bar, key in zip(of.tokens, of.bar_steps, of.key_names, strict=True)
    ]
    values = np.array([[row.get(part, np.nan) for part in parts] for row in rows], np.float64).reshape(
        len(of), len(parts)
    )
    names = tuple(f"{' and '.join(columns)}: {words}" for columns, words in parts)
    return Features(names, values, np.zeros(len(parts), bool))


def shuffled_bars(pieces: Pieces, seed: int) -> Pieces:
    """The bars of every track dealt anew among all pieces with bars as long."""
    rng, form = draws(seed), pieces.form
    found = [tokens.copy() for tokens in pieces.tokens]
    for bar in sorted(set(pieces.bar_steps)):
        places = [
            (number, first)
            for number, (tokens, own) in enumerate(zip(pieces.tokens, pieces.bar_steps, strict=True))
            if own == bar
            for first in range(0, len(tokens) - bar + 1, bar)
        ]
        for track in range(len(form.tracks)):
            voices = form.voices(track)
            for (to, at), origin in zip(places, rng.permutation(len(places)).tolist(), strict=True):
                number, first = places[origin]
                cut = pieces.tokens[number][first : first + bar, voices].copy()
                for voice in range(cut.shape[1]):  # what only held on from the bar before is silent
                    held = int(np.argmax(cut[:, voice] != HOLD)) if (cut[:, voice] != HOLD).any() else bar
                    cut[:held, voice] = REST
                found[to][at : at + bar, voices] = cut
    return replace(pieces, tokens=tuple(found), name="shuffled bars")
