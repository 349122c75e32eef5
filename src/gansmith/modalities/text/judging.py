"""Texts on trial: every score beside the same score of the anchors.

The floor is shuffled words, dealt anew among all texts. Beside it stands what a trigram model writes: text
that is no better than its has been learnt in vain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, final

import numpy as np
from scipy.sparse import csr_matrix

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.modalities.text.ngrams import NgramModel, shuffled_texts, trigram_texts
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.statistics import Copies, Profiler, hashed
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.measuring import AbstractJudge, Measure, StandIn
from gansmith.scorecard.real.unlike import Unlike
from gansmith.scorecard.score import COPY, FLOOR, Effort
from gansmith.scorecard.sequences.differences import differences
from gansmith.scorecard.sequences.profiles import Part

TRIGRAM: Final = "trigrams"
"""Anchor: the same score of what a trigram model writes."""
FEWEST: Final = 4
"""Texts on a side."""
MOST_READ: Final = 150_000
"""Characters that an n-gram model counts."""
PASSAGE_WORDS: Final = 8


@final
@dataclass(frozen=True, eq=False)
class Case:
    """Texts on trial."""

    fake: Texts
    """Synthetic texts, or those of an anchor."""
    real: Texts
    """The hold-out."""
    judge: TextJudge
    target: str
    effort: Effort

    @property
    def train(self) -> Texts:
        """What was learnt from."""
        return self.judge.train

    @property
    def seed(self) -> int:
        """Of all that is drawn."""
        return self.judge.seed

    def profile(self, of: Texts) -> Features:
        """What each text is like, in numbers."""
        return self.judge.profile(of)


@final
class TextJudge(AbstractJudge[Case]):
    """Real texts, to judge any number of synthetic sets by.

    Raises:
        DataError: Fewer than 4 texts on a side.
    """

    def __init__(
        self,
        measures: tuple[Measure[Case], ...],
        train: Texts,
        holdout: Texts,
        target: str,
        seed: int,
        effort: Effort,
    ) -> None:
        if min(len(train), len(holdout)) < FEWEST:
            raise DataError(
                f"{len(train)} training and {len(holdout)} held-out texts. Wanted: {FEWEST} of each "
                "at the least."
            )
        super().__init__(measures, len(train), effort, (TRIGRAM,))
        self.train, self.holdout, self.target, self.seed = train, holdout, target, seed
        self._profiles: dict[int, tuple[Texts, Features]] = {}
        self._profiler = Profiler.of(train.texts)

    def case(self, fake: Texts) -> Case:
        """Synthetic texts on trial."""
        return Case(fake, self.holdout, self, self.target, self.effort)

    def anchor_case(self, stand_in: StandIn, name: str, n: int) -> Case:
        """See the base class."""
        rng = draws(self.seed)
        sides = {FLOOR: lambda: self.shuffled, TRIGRAM: lambda: self.trigrams, COPY: lambda: self.train}
        if name in sides:
            return replace(self.case(_some(sides[name](), n, rng)), effort=self.effort.lighter)
        if stand_in == "train":
            return self.case(_some(self.train, n, rng))
        if stand_in == "holdout":
            return self.case(self.holdout)
        first, second = np.array_split(rng.permutation(len(self.holdout)), 2)
        return replace(self.case(self.holdout.take(first)), real=self.holdout.take(second))

    def profile(self, of: Texts) -> Features:
        """What each text is like; of the same texts once."""
        if id(of) not in self._profiles:
            self._profiles[id(of)] = (of, self._profiler.rows(of))
        return self._profiles[id(of)][1]

    def unlike(self, fake: Texts) -> list[Unlike]:
        """What of texts is not as in real ones, the furthest off first."""
        sides = self.profile(fake), self.profile(self.holdout)
        parts = [Part((name,), "of each text") for name in sides[0].names]
        return differences(*sides, parts, (np.arange(len(fake)), np.arange(len(self.holdout))))

    @cached_property
    def shuffled(self) -> Texts:
        """The floor."""
        return shuffled_texts(self.train, self.seed)

    @cached_property
    def trigrams(self) -> Texts:
        """The anchor of this kind: what the simplest model writes."""
        return trigram_texts(self.train, len(self.train), self.seed)

    @cached_property
    def copies(self) -> Copies:
        """What passages are shared with training texts."""
        return Copies(self.train)

    @cached_property
    def hashed_train(self) -> csr_matrix:
        """N-grams of the training texts."""
        return hashed(self.train.texts)

    @cached_property
    def rare_passages(self) -> np.ndarray:
        """Passages that too few training texts hold."""
        n_owners = len(set(self.train.owners()))
        return self.copies.rare(PASSAGE_WORDS, usual_min_count(n_owners))

    @cached_property
    def reader(self) -> NgramModel:
        """Counts of real text, by which synthetic text is likely or not."""
        return NgramModel(some_characters(self.train.texts, self.seed))


def some_characters(texts: tuple[str, ...], seed: int) -> list[str]:
    """Some of the texts, of so many characters that they can be counted."""
    found, n = list[str](), 0
    for place in draws(seed).permutation(len(texts)).tolist():
        if n > MOST_READ:
            break
        found.append(texts[place])
        n += len(texts[place])
    return found


def _some(of: Texts, n: int, rng: np.random.Generator) -> Texts:
    return of.take(np.sort(rng.permutation(len(of))[:n]))
