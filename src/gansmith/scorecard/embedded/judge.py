"""Synthetic records of an embedding on trial: every score beside the same score of the anchors.

The anchors take the part of the synthetic records, as `scorecard.judge` has it. The floor is independent
values: those of each place of the grid shuffled between the training records. The encoder learns from half of
the training records, and no score that needs its points ever sees these: records that it has learnt from lie
elsewhere than others, which would accuse honest data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import adjusted
from gansmith.scorecard.embedded.alike import Likeness, border_of, likeness
from gansmith.scorecard.embedded.measures import MEASURES, Case
from gansmith.scorecard.embedded.records import AbstractObserver, Classifier, Embedded, Encoder, Target
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import AbstractJudge, Found, Measure, Progress, StandIn, unheard
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry

N_TAUGHT: Final = 10_000
"""Training records that the encoder learns from, at most; never more than half."""


@final
class EmbeddedJudge(AbstractJudge[Case]):
    """Real records, to judge any number of synthetic sets by.

    Args:
        train: What the generator learnt from.
        holdout: Real records of the same source that it never saw.
        targets: What the codes of all records mean.
        observer: Who looks at them.
        seed: Of everything drawn.
        effort: How many records and repetitions.
        known_keys: Of all training records, where `train` is a part of them.
        more: Measures of the kind of data's own, of `Embedded.own`.
        moved: Axes of the grid along which a copy may be shifted; None: all, and it may be mirrored.

    Raises:
        DataError: Fewer than 4 real records on a side.
    """

    order: np.ndarray
    """Shape `(n_train,)`: where each training record of this judge stood."""

    def __init__(
        self,
        train: Embedded,
        holdout: Embedded,
        targets: tuple[Target, ...],
        observer: AbstractObserver,
        seed: int,
        effort: Effort,
        known_keys: np.ndarray,
        more: tuple[Measure[Case], ...] = (),
        moved: tuple[int, ...] | None = None,
    ) -> None:
        if min(len(train), len(holdout)) < 4:
            raise DataError(
                f"{len(train)} training and {len(holdout)} held-out records. Wanted: 4 of each at the least."
            )
        super().__init__((*MEASURES, *more), len(train), effort)
        self.targets, self.observer, self.seed, self._moved = targets, observer, seed, moved
        self._known_keys = frozenset(known_keys.tolist())
        rng = draws(seed)
        self.order = rng.permutation(len(train))
        train, holdout = train.take(self.order), holdout.take(rng.permutation(len(holdout)))
        self._n_unseen = len(train) - min(N_TAUGHT, len(train) // 2)
        taught, unseen = train.take(slice(self._n_unseen, None)), train.first(self._n_unseen)
        self.encoder: Encoder = observer.encoder(taught, unseen, targets, seed)
        self.train, self.holdout = self._seen(train), self._seen(holdout)

    def entries(
        self, fake: Embedded, keys: np.ndarray, progress: Progress = unheard
    ) -> tuple[list[Entry], dict[str, Found], dict[str, str]]:
        """All scores of synthetic records, what lies behind them, and what could not be computed.

        Exact copies are looked for by `keys`, of all records where `fake` is a part of them. `progress` hears
        what is being measured.

        Of the likeness behind "near_copies", `which` are places in `self.order`, which are places in the
        training records as they were given.
        """
        case = replace(self._case(self._seen(fake)), keys=keys)
        entries, founds, skipped = self.measured(case, len(fake), progress)
        taught = next((entry for entry in entries if entry.name == "tstr"), None)
        if taught is not None and CEILING in taught.anchors:
            real = replace(taught.anchors[CEILING], label="accuracy, trained on real")
            after = entries.index(taught) + 1
            entries.insert(after, replace(taught, name="trtr", score=real))
        elif "tstr" in skipped:
            skipped["trtr"] = skipped["tstr"]
        return entries, founds, skipped

    def missing(self, fake: Embedded) -> dict[tuple[str, str], float]:
        """Target and class of what should occur among labels and does not, and how likely that is.

        The chance is that all k known records of a class are real ones, were the n synthetic and the N known
        records drawn alike: (1 + n / N)^-k; adjusted for all classes. Rare ones are not asked for.
        """
        known, chances = (
            np.concatenate([self.train.codes, self.holdout.codes]),
            dict[tuple[str, str], float](),
        )
        for place, target in enumerate(self.targets):
            ours, real = (codes[codes[:, place] >= 0, place] for codes in (fake.codes, known))
            counts = [np.bincount(codes, minlength=len(target.classes)) for codes in (ours, real)]
            for code, name in enumerate(target.classes if len(ours) else ()):
                if name not in target.rare:
                    lacks = counts[0][code] == 0
                    chance = (1 + len(ours) / len(real)) ** -float(counts[1][code])
                    chances[target.name, name] = chance if lacks else 1.0
        return {key: chance for key, chance in adjusted(chances).items() if chance < 1}

    def anchor_case(self, stand_in: StandIn, name: str, n: int) -> Case:
        """See the base class."""
        if name == FLOOR:
            return self._case(self._independent.first(n))
        if stand_in == "train" or name == COPY:
            return self._case(self.train.first(n))
        if stand_in == "holdout":
            return self._case(self.holdout)
        half = len(self.holdout) // 2
        return replace(self._case(self.holdout.first(half)), holdout=self.holdout.take(slice(half, None)))

    def _case(self, fake: Embedded) -> Case:
        return Case(
            fake,
            fake.keys,
            self._known_keys,
            self.train,
            self._n_unseen,
            self.holdout,
            self.targets,
            self.observer,
            lambda: self._probe,
            self._alike,
            lambda: self._border,
            self.seed,
            self.effort,
        )

    def _seen(self, records: Embedded) -> Embedded:
        return replace(records, points=self.encoder.points(records.values))

    @cached_property
    def _probe(self) -> Classifier:
        n_classes = tuple(len(target.classes) for target in self.targets)
        known = self.train.take(slice(self._n_unseen, None))
        return self.observer.classifier(known.values, known.codes, n_classes, self.seed)

    def _alike(self, records: Embedded) -> Likeness:
        return self._fresh if records is self.holdout else self._likeness(records)

    @cached_property
    def _fresh(self) -> Likeness:
        return self._likeness(self.holdout)

    @cached_property
    def _border(self) -> float:
        return border_of(self._fresh)

    def _likeness(self, records: Embedded) -> Likeness:
        """To training records, each of these once."""
        places = np.sort(np.unique(self.train.keys.astype(bytes), return_index=True)[1])
        known, is_mirrored = self.train.whole[places], self._moved is None
        found = likeness(records.whole, known, self._moved, is_mirrored=is_mirrored)
        return replace(found, which=places[found.which])

    @cached_property
    def _independent(self) -> Embedded:
        """The values of each place, of all channels together, shuffled between the training records."""
        rng = draws(self.seed)
        values = np.empty_like(self.train.values)
        for place in np.ndindex(values.shape[2:]):
            at = (slice(None), slice(None), *place)
            values[at] = self.train.values[at][rng.permutation(len(values))]
        keys = np.full(len(values), b"", object)  # of nothing: none is a copy
        own = self.train.own.copy()
        for column in own.T:
            column[:] = column[rng.permutation(len(column))]
        return self._seen(replace(self.train, values=values, keys=keys, own=own))


def codes_of(columns: Sequence[Sequence[object]], targets: Sequence[Target], n: int) -> np.ndarray:
    """The place of each value among its target's classes, shape `(n, n_targets)`; -1 where it is none."""
    codes = np.full((n, len(targets)), -1, np.int64)
    for index, (target, column) in enumerate(zip(targets, columns, strict=True)):
        place = {name: number for number, name in enumerate(target.classes)}
        codes[:, index] = [place.get(str(value), -1) for value in column] if len(column) else -1
    return codes
