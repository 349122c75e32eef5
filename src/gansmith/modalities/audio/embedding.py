"""Sounds as the scorecard's networks see them, and what they break as sounds."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import numpy as np

from gansmith.modalities.audio.levels import levels
from gansmith.modalities.audio.measures import PITCHES
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.traits import traits_of
from gansmith.modalities.grid_scoring import codes_for, first_ones
from gansmith.modalities.waves import FULL_SCALE, HIGHEST
from gansmith.scorecard.embedded.records import Embedded, Target

N_CLIPPED: Final = 4
"""Samples in a row at full scale: a sound that is cut off."""
SILENT: Final = 0.001
"""Largest sample of a sound that is silent: 60 dB below full scale."""
MOST_CONSTANT: Final = 0.02
"""Mean of a sound, of full scale: more is a constant that no microphone lets through."""
LENGTH_MARGIN: Final = 0.05
"""Of the length, by which a sound may be longer or shorter than the real ones."""


def embedded(sounds: Sounds, keys: np.ndarray, targets: Sequence[Target]) -> Embedded:
    """Sounds as the suite sees them, in their order: levels of bands, traits, and the pitch that is known.

    Args:
        sounds: Of one form.
        keys: See `keys_of`.
        targets: What is known of them.
    """
    codes = codes_for(sounds.attributes, targets, len(sounds))
    own = np.concatenate([traits_of(sounds), wanted_pitch(sounds)[:, None]], axis=1)
    return Embedded(levels(sounds), keys, codes, own=own, n_whole=sounds.form.n_channels)


def wanted_pitch(sounds: Sounds) -> np.ndarray:
    """The pitch that an attribute says, as MIDI numbers it, shape `(n,)`; NaN where none does."""
    for name in PITCHES:
        column = sounds.attributes.columns.get(name)
        if column is not None:
            return np.array([_number(value) for value in column.tolist()])
    return np.full(len(sounds), np.nan)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return np.nan


def keys_of(sounds: Sounds) -> np.ndarray:
    """Of each sound bytes that are equal for equal samples."""
    return np.array([blake2b(wave.tobytes(), digest_size=16).digest() for wave in sounds.waves], object)


def broken_rules(sounds: Sounds, real: Sounds, keys: np.ndarray) -> dict[str, np.ndarray]:
    """By rule, in words, which sounds break it, shape `(n,)`.

    Args:
        sounds: Generated ones, or real ones that are to be asked the same.
        real: Sounds as they should be.
        keys: Of `sounds`.
    """
    waves = sounds.waves
    peaks = np.abs(waves.astype(np.int32)).max((1, 2), initial=0)
    is_full = np.abs(waves.astype(np.int32)) >= HIGHEST
    run = np.ones_like(is_full[:, N_CLIPPED - 1 :])
    for late in range(N_CLIPPED):
        run &= is_full[:, late : is_full.shape[1] - N_CLIPPED + 1 + late]
    lengths = sounds.lengths
    means = waves.astype(np.float64).sum(1) / np.maximum(lengths, 1)[:, None] / FULL_SCALE
    rates = np.array([one.rate_hz for one in sounds.came]) if sounds.came else None
    low, high = real.lengths.min(), real.lengths.max()
    margin = LENGTH_MARGIN * real.form.n_samples
    found: dict[str, Any] = {
        "is not silent": peaks <= SILENT * FULL_SCALE,
        "is not cut off at full scale": run.any((1, 2)),
        "has no constant part": (np.abs(means) > MOST_CONSTANT).any(1),
        "is as long as real ones": (lengths < low - margin) | (lengths > high + margin),
        "occurs once": ~first_ones(keys),
    }
    if rates is not None:
        wanted = {one.rate_hz for one in real.came} | {real.form.rate_hz}
        found[f"has the rate of real ones ({real.form.rate_hz:,} Hz)"] = ~np.isin(rates, list(wanted))
    return found
