"""Texts in a contest of methods against imbalance: what each is like, and what stands in it, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.statistics import N_HASHES, Profiler, hashed
from gansmith.scorecard.contest.arena import Arena
from gansmith.scorecard.contest.rows import arena_of_rows
from gansmith.scorecard.features import Features

N_PROJECTED: Final = 48
"""Numbers that n-grams become."""


def arena_of(parts: Sequence[Texts]) -> Arena:
    """See `Contesting`: profiles, and random projections of hashed n-grams, the same for all sets."""
    profiler = Profiler.of(parts[0].texts)
    to = np.random.default_rng(0).standard_normal((N_HASHES, N_PROJECTED)) / N_PROJECTED**0.5
    return arena_of_rows([_row(profiler.rows(one), hashed(one.texts) @ to) for one in parts])


def _row(profile: Features, grams: np.ndarray) -> Features:
    names = (*profile.names, *(f"n-grams {place + 1}" for place in range(N_PROJECTED)))
    values = np.concatenate([profile.values, grams], 1)
    return Features(names, values, np.zeros(len(names), bool))
