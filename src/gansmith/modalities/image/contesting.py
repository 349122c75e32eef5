"""Pictures in a contest of methods against imbalance: pixels, a small network, and usual augmentations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.grid_observer import taught
from gansmith.modalities.image.embedding import values_of
from gansmith.modalities.image.pictures import Pictures
from gansmith.scorecard.contest.arena import Arena, Lessons, Method
from gansmith.scorecard.contest.methods import repeated_rows

SHIFT: Final = 0.1
"""The farthest shift, as a share of a side."""
MIXED: Final = 0.4
"""How far pictures are mixed: both parameters of the Beta distribution of a share."""


def arena_of(parts: Sequence[Pictures]) -> Arena:
    """See `Contesting`; masks are left out."""
    plain = [part.without_masks for part in parts]
    inputs = tuple(values_of(part.source.block(part.numbers), part.form) for part in plain)
    if len({part.shape[1:] for part in inputs}) > 1:
        raise DataError("pictures of different sizes cannot be compared. Give them one --size.")
    is_category = np.zeros(int(np.prod(inputs[0].shape[1:])), bool)
    return Arena(inputs, is_category, {"net": taught}, METHODS)


def _flipped(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    more = lessons.inputs[repeated_rows(lessons, rng)]
    is_turned = rng.random(len(more)) < 0.5
    return lessons.with_more(np.where(is_turned[:, None, None, None], more[..., ::-1], more))


def _shifted(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    """Shifted by up to a tenth; the edge is repeated."""
    more = lessons.inputs[repeated_rows(lessons, rng)]
    height, width = more.shape[2:]
    most = [max(1, round(SHIFT * side)) for side in (height, width)]
    made = np.empty_like(more)
    for place, picture in enumerate(more):
        down, across = (int(rng.integers(-far, far + 1)) for far in most)
        rows = np.clip(np.arange(height) + down, 0, height - 1)
        columns = np.clip(np.arange(width) + across, 0, width - 1)
        made[place] = picture[:, rows[:, None], columns]
    return lessons.with_more(made)


def _mixed(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    """Rare pictures mixed with any others, in both classes, by the shares of the mixture."""
    rows = repeated_rows(lessons, rng)
    others = lessons.inputs[rng.integers(len(lessons), size=len(rows))]
    share = np.maximum(drawn := rng.beta(MIXED, MIXED, len(rows)), 1 - drawn)
    wide = share[:, None, None, None].astype(lessons.inputs.dtype)
    made = wide * lessons.inputs[rows] + (1 - wide) * others
    return lessons.with_more(made, True, share).with_more(made, False, 1 - share)


METHODS: Final = (
    Method("flips", "rare pictures repeated, half of them mirrored", _flipped),
    Method("shifts", "rare pictures repeated, each shifted a little", _shifted),
    Method("mixup", "rare pictures mixed with any others, in both classes", _mixed),
)
"""Zhang et al. 2018, "mixup: beyond empirical risk minimization" (arXiv:1710.09412), for the last."""
