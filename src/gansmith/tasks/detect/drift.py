"""Whether two sets of records come from one source, and which parts of them have moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from scipy.stats import ks_2samp

from gansmith.modalities.sight import MovedPart
from gansmith.scorecard.chance import adjusted
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.scorecard.score import CONFIDENT
from gansmith.tasks.detect.detection import Detection

N_COMPARED: Final = 5_000
"""Records of each set that are looked at, at most."""
MAX_COORDINATES: Final = 200
"""Of a record as a point, drawn at random, that trees tell the sets by."""
LEVEL: Final = 0.01
"""Chance that any part is said to have moved where none has."""
N_NAMED: Final = 3


@final
@dataclass(frozen=True)
class Drift:
    """How a second set of records differs from a first."""

    other: str
    auc: float
    """Of trees that tell the sets: .5 where nothing differs."""
    error: float
    parts: tuple[MovedPart, ...]
    """That have moved, the farthest first."""
    odder: float
    """Chance that scores of oddness differ as much by accident."""

    @property
    def is_moved(self) -> bool:
        """Whether the sets can be told, or a part has moved."""
        return bool(self.parts) or self.auc - CONFIDENT * self.error > 1 / 2 or self.odder < LEVEL

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        low, high = (self.auc + sign * CONFIDENT * self.error for sign in (-1, 1))
        about = f"{self.auc:.2f}, between {max(0.0, low):.2f} and {min(1.0, high):.2f}"
        told = f"boosted trees tell the two sets apart with an AUC of {about} (0.5: not at all)"
        if not self.is_moved:
            return f"No drift was found: {told}."
        named = ", ".join(part.name for part in self.parts[:N_NAMED])
        n_more = len(self.parts) - N_NAMED
        more = f" and {n_more} more" if n_more > 0 else ""
        moved = (
            f" What changed: {named}{more}."
            if named
            else " No part changed by itself, but how they are related."
        )
        return f"{self.other} differs: {told}.{moved}"


def drift(detection: Detection, records: Any, other: Any, seed: int) -> Drift:
    """Compare two sets of records.

    Args:
        detection: How they are seen.
        records: The first set.
        other: The second.
        seed: Of which records are looked at.
    """
    rng = draws(seed)
    some = [part.take(rng.permutation(len(part))[:N_COMPARED]) for part in (records, other)]
    views = [detection.sight.seen(part) for part in some]
    points = [detection.sight.points(view) for view in views]
    chosen = np.sort(rng.permutation(points[0].shape[1])[:MAX_COORDINATES])
    names, is_category = tuple(map(str, chosen)), np.zeros(len(chosen), bool)
    ours, theirs = (Features(names, one[:, chosen].astype(np.float64), is_category) for one in points)
    found = two_sample_auc(theirs, ours, seed=seed, n_folds=3, finds_giveaways=False, second=None).score
    scores = [detection.scores(part) for part in some]
    test: Any = ks_2samp(scores[0], scores[1])
    moved = _significant(detection.sight.moved(*views))
    return Drift(other.name, found.value, found.error, moved, float(test.pvalue))


def _significant(parts: Sequence[MovedPart]) -> tuple[MovedPart, ...]:
    """Those that moved by more than chance, all taken together."""
    chances = adjusted({place: part.chance for place, part in enumerate(parts)})
    kept = [part for place, part in enumerate(parts) if chances[place] <= LEVEL]
    return tuple(sorted(kept, key=lambda part: -part.effect))
