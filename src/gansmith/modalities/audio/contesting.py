"""Sounds in a contest of methods against imbalance: levels, a small network, and usual augmentations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.audio.levels import levels
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.grid_observer import taught
from gansmith.scorecard.contest.arena import Arena, Lessons, Method
from gansmith.scorecard.contest.methods import repeated_rows

SHIFT: Final = 0.1
"""The farthest shift in time, as a share of the length."""
SETTLED: Final = 0.05
"""See `taught`: a contest teaches a hundred networks, and what is easily told needs few steps."""
MASKED: Final = 0.15
"""The widest stripe of bands or moments that is silenced, as a share of all."""


def arena_of(parts: Sequence[Sounds]) -> Arena:
    """See `Contesting`."""
    if len({part.form for part in parts}) > 1:
        raise DataError("sounds of different forms cannot be compared. Give them one --rate and --seconds.")
    inputs = tuple(levels(part) for part in parts)
    return Arena(
        inputs,
        np.zeros(int(np.prod(inputs[0].shape[1:])), bool),
        {"net": partial(taught, settled=SETTLED)},
        METHODS,
    )


def _shifted(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    """Later or sooner by up to a tenth, with silence in the gap."""
    more = lessons.inputs[repeated_rows(lessons, rng)]
    most = max(1, round(SHIFT * more.shape[3]))
    made = np.zeros_like(more)
    for place, sound in enumerate(more):
        by = int(rng.integers(-most, most + 1))
        kept = slice(max(0, -by), sound.shape[2] - max(0, by))
        made[place, ..., max(0, by) : sound.shape[2] - max(0, -by)] = sound[..., kept]
    return lessons.with_more(made)


def _masked(lessons: Lessons, rng: np.random.Generator) -> Lessons:
    """A stripe of bands and one of moments silenced."""
    made = lessons.inputs[repeated_rows(lessons, rng)].copy()
    for sound in made:
        for axis in (1, 2):
            n = sound.shape[axis]
            width = int(rng.integers(0, max(1, round(MASKED * n)) + 1))
            first = int(rng.integers(0, n - width + 1))
            stripe = slice(first, first + width)
            sound[(slice(None), stripe) if axis == 1 else (slice(None), slice(None), stripe)] = 0
    return lessons.with_more(made)


METHODS: Final = (
    Method("shifts", "rare sounds repeated, each a little sooner or later", _shifted),
    Method("masks", "rare sounds repeated, some bands and moments silenced", _masked),
)
"""Park et al. 2019, "SpecAugment" (arXiv:1904.08779), for the last."""
