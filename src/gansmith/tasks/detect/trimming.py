"""Records that are mostly usual, without those that look odd at first sight, before anything learns from them.

Networks learn what is frequent first, and what is rare later by heart: odd records that are learnt from are
not odd to a detector any more. So it looks twice. At first sight what resists odd records judges: random
cuts, the margins of parts, and a discriminator that has learnt for a short while.

Source:
    Kim et al. 2024, "ALTBI: constructing improved outlier detection models via optimization of
    inlier-memorization effect" (arXiv:2408.09791), for what is learnt first.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from scipy.stats import rankdata

from gansmith.engine.games.contrast import surprises
from gansmith.engine.randomness import Randomness
from gansmith.modalities.capabilities import Detecting
from gansmith.modalities.registry import Modality, needed
from gansmith.scorecard.classics import isolation_forest
from gansmith.tasks.detect.detection import MAX_POINTS, Progress, learnt_discriminator, view_of

TRIMMED: Final = 2.0
"""Records that are left out for each one that is said to be odd: not all that look odd are."""
SHORT: Final = 8
"""Of the length of a discriminator, one part in so many is enough for a first sight."""
FEWEST: Final = 50
"""Records of which none is left out: a twentieth would be two or three."""


def usual_ones(
    modality: Modality,
    records: Any,
    contamination: float,
    seed: int,
    n_samples: int = 0,
    progress: Progress | None = None,
) -> Any:
    """Records without those that look odd at first sight.

    Args:
        modality: Of the records.
        records: Mostly usual ones.
        contamination: Share of odd ones among them.
        seed: Of everything drawn.
        n_samples: Records that a network learns from later; 0: what is usual.
        progress: Told how far it is.

    Raises:
        UsageError: When this kind of data cannot be searched for odd records.
    """
    n_left_out = round(min(TRIMMED * contamination, 1 / 2) * len(records))
    if not n_left_out or len(records) < FEWEST:
        return records
    sight = needed(modality.recipe, Detecting, modality.kind).sight.fit(records)
    view = view_of(sight, records)
    points = sight.points(view)
    found = [isolation_forest(points[:MAX_POINTS], seed)(points)]
    margins = sight.margins(view)
    if margins is not None:
        found.append(margins.sum(1))
    length = (n_samples or sight.n_samples) // SHORT
    tell = progress or (lambda what, share: None)
    critic = learnt_discriminator(sight, view, length, Randomness(seed), tell)
    with torch.no_grad():
        found.append(torch.cat([surprises(critic, part).sum(1) for part in view.split(1_000)]).numpy())
    n = len(records)
    nats = np.sum([-np.log((n - rankdata(one) + 1) / n) for one in found], axis=0)
    return records.take(np.sort(np.argsort(nats, kind="stable")[: n - n_left_out]))
