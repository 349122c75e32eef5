"""The scorecards of generated pictures; masks are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.grid_observer import N_QUICKLY_SEEN, N_SEEN, GridObserver
from gansmith.modalities.grid_scoring import AbstractGridScoring
from gansmith.modalities.image import galleries
from gansmith.modalities.image.embedding import HAS_CHANNELS, HAS_SIZE, broken_rules, embedded, keys_of
from gansmith.modalities.image.pictures import Form, Pictures
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.measures import Case, statistic_measure
from gansmith.scorecard.embedded.records import Embedded, Target
from gansmith.scorecard.embedded.statistics import COLOUR
from gansmith.scorecard.measuring import Measure, Progress, unheard
from gansmith.scorecard.score import Effort

MAX_PICTURES: Final = 10_000
"""Pictures of each set that a score looks at, at most; exact copies are looked for among all."""
MAX_NUMBERS: Final = 40_000_000
"""Numbers of all these pictures together: of large pictures fewer are looked at."""
MIN_PICTURES: Final = 1_000
"""So many are looked at, however large they are."""
N_QUICK: Final = 2_000
"""The most that a quick card looks at."""


@final
class PictureScoring(AbstractGridScoring[Pictures]):
    """See the base class."""

    nouns: ClassVar[str] = "pictures"
    measures: ClassVar[tuple[Measure[Case], ...]] = (statistic_measure(COLOUR),)
    strict_rules: ClassVar[tuple[str, ...]] = (HAS_SIZE, HAS_CHANNELS)
    limits: ClassVar[Mapping[str, str]] = {
        "Are the numbers right?": "Mean patterns, colours and the shares of classes are compared. What only "
        "whole pictures show is seen by the network above.",
        "Is it valid?": "Sizes, channels, blank and repeated pictures are looked for. Whether a picture "
        "shows what it should is not a rule.",
    }

    def most(self, train: Pictures, effort: Effort) -> int:
        return min(most_pictures(train.form), MAX_PICTURES if effort.is_full else N_QUICK)

    def observer(self, effort: Effort, n_least: int) -> GridObserver:
        return GridObserver(N_SEEN if effort.is_full else N_QUICKLY_SEEN)

    def check(self, fake: Pictures, train: Pictures, holdout: Pictures) -> None:
        forms = [part.form for part in (fake, train, holdout)]
        sizes = [(form.height, form.width, form.n_channels) for form in forms]
        if len(set(sizes)) > 1:
            raise DataError(
                f"Pictures of different sizes {sizes} cannot be compared. Scale them to one size."
            )
        types = [form.pixel_type for form in forms]
        if len(set(types)) > 1:
            raise DataError(f"Pixels of different types {types} cannot be compared. Bring them to one.")

    def keys(self, records: Pictures) -> np.ndarray:
        return keys_of(records)

    def embedded(self, records: Pictures, keys: np.ndarray, targets: Sequence[Target]) -> Embedded:
        return embedded(records, keys, targets)

    def broken_rules(self, records: Pictures, real: Pictures, keys: np.ndarray) -> dict[str, np.ndarray]:
        return broken_rules(records, real, keys)

    def plain_gallery(self, name: str, title: str, records: Pictures) -> dict[str, Any]:
        return galleries.plain_gallery(name, title, records)

    def class_rows(
        self, fake: Pictures, holdout: Pictures, targets: Sequence[Target]
    ) -> list[dict[str, Any]]:
        return galleries.class_rows(fake, holdout, targets)

    def pairs_gallery(
        self, fake: Pictures, train: Pictures, likeness: Likeness, border: float
    ) -> dict[str, Any]:
        return galleries.pairs_gallery(fake, train, likeness, border)

    def notes(self, fake: Pictures, train: Pictures) -> tuple[str, ...]:
        """See the base class: which pictures came in other sizes."""
        form = train.form
        sizes = {fake.sizes[number] for number in fake.numbers.tolist() if number in fake.sizes}
        wanted = {(form.height, form.width, form.n_seen), *train.sizes.values()}
        other = sorted(sizes - wanted)
        shown = ", ".join(f"{width} x {height} with {n} channels" for height, width, n in other[:3])
        brought = f"some pictures are {shown}: brought to {form.width} x {form.height} with {form.n_seen}"
        return (*fake.notes, *((brought,) if other else ()))


def score_pictures(
    fakes: Sequence[Pictures],
    train: Pictures,
    holdout: Pictures,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score generated pictures without their masks: see `AbstractGridScoring.cards`."""
    plain = [fake.without_masks for fake in fakes]
    sides = train.without_masks, holdout.without_masks
    return PictureScoring().cards(plain, *sides, target, seed, effort, progress)


def most_pictures(form: Form) -> int:
    """Pictures of this form that a score looks at, at most.

    Example:
        >>> most_pictures(Form(28, 28)), most_pictures(Form(64, 64, 3)), most_pictures(Form(512, 512, 3))
        (10000, 3255, 1000)
    """
    return min(MAX_PICTURES, max(MIN_PICTURES, MAX_NUMBERS // form.n_values))
