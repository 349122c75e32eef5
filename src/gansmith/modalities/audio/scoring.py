"""The scorecards of generated sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.audio import galleries
from gansmith.modalities.audio.embedding import broken_rules, embedded, keys_of
from gansmith.modalities.audio.measures import SOUND_MEASURES
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.grid_observer import GridObserver
from gansmith.modalities.grid_scoring import AbstractGridScoring
from gansmith.scorecard.embedded.alike import Likeness
from gansmith.scorecard.embedded.measures import Case
from gansmith.scorecard.embedded.records import Embedded, Target
from gansmith.scorecard.measuring import Measure
from gansmith.scorecard.score import Effort

MAX_SOUNDS: Final = 5_000
"""Of each set that a score looks at, at most."""
N_QUICK: Final = 1_000
"""The same of a quick card."""
N_SEEN: Final = 15_000
"""Sounds that each network hears while it learns, ..."""
N_QUICKLY_SEEN: Final = 4_000
"""... and for a quick card."""
FOLD: Final = 2
"""See `GridObserver`: four neighbours are one place, for what bands say lies next to each other."""
FEW: Final = 150
"""Sounds on a side of which so few steps are learnt that every place is looked at: folded, a judge of a
hundred digits told .73 where it told .82 (LOG.md)."""
SETTLED: Final = 0.05
"""Likewise, in nats."""


@final
class SoundScoring(AbstractGridScoring[Sounds]):
    """See the base class."""

    nouns: ClassVar[str] = "sounds"
    looked: ClassVar[str] = "listened to"
    moved: ClassVar[tuple[int, ...] | None] = (1,)
    measures: ClassVar[tuple[Measure[Case], ...]] = SOUND_MEASURES
    limits: ClassVar[Mapping[str, str]] = {
        "Are the numbers right?": "Spectra, levels, pitch, attack, loudness and the shares of classes are "
        "compared. What only whole sounds show is heard by the network above.",
        "Is it valid?": "Silence, clipping, constants, lengths, rates and repeated sounds are looked for. "
        "Whether a sound says what it should is not a rule.",
    }

    def most(self, train: Sounds, effort: Effort) -> int:
        return MAX_SOUNDS if effort.is_full else N_QUICK

    def observer(self, effort: Effort, n_least: int) -> GridObserver:
        n_seen = N_SEEN if effort.is_full else N_QUICKLY_SEEN
        return GridObserver(n_seen, fold=1 if n_least < FEW else FOLD, settled=SETTLED)

    def check(self, fake: Sounds, train: Sounds, holdout: Sounds) -> None:
        forms = {str(part.form) for part in (fake, train, holdout)}
        if len(forms) > 1:
            raise DataError(f"Sounds of different forms cannot be compared: {', '.join(sorted(forms))}.")

    def keys(self, records: Sounds) -> np.ndarray:
        return keys_of(records)

    def embedded(self, records: Sounds, keys: np.ndarray, targets: Sequence[Target]) -> Embedded:
        return embedded(records, keys, targets)

    def broken_rules(self, records: Sounds, real: Sounds, keys: np.ndarray) -> dict[str, np.ndarray]:
        return broken_rules(records, real, keys)

    def plain_gallery(self, name: str, title: str, records: Sounds) -> dict[str, Any]:
        return galleries.plain_gallery(name, title, records)

    def class_rows(self, fake: Sounds, holdout: Sounds, targets: Sequence[Target]) -> list[dict[str, Any]]:
        return galleries.class_rows(fake, holdout, targets)

    def pairs_gallery(self, fake: Sounds, train: Sounds, likeness: Likeness, border: float) -> dict[str, Any]:
        return galleries.pairs_gallery(fake, train, likeness, border)
