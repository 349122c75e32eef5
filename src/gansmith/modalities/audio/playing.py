"""Notes by their pitch, for those who play music with a model of notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.errors import UsageError
from gansmith.modalities.attribute_columns import Categories
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.measures import PITCHES
from gansmith.modalities.audio.sounds import Sounds
from gansmith.modalities.audio.traits import traits_of
from gansmith.modalities.voices import Tone
from gansmith.modalities.waves import FULL_SCALE

FURTHEST: Final = 1.5
"""Semitones by which a note is put in tune; beyond them its pitch was not heard rightly."""
LOUDEST: Final = 0.9
MOST_PITCH: Final = 127


def pitches_of(codec: AudioCodec) -> Mapping[int, str]:
    """See `Playing`."""
    for column in codec.attributes.columns:
        if column.name not in PITCHES:
            continue
        if isinstance(column, Categories):
            found = {int(one): f"{column.name}={one}" for one in column.values if one.isdecimal()}
        else:
            known = (*column.points, *column.edges)
            low, high = int(np.ceil(min(known))), int(max(known))
            found = {pitch: f"{column.name}={pitch}" for pitch in range(low, high + 1)}
        if heard := {pitch: text for pitch, text in found.items() if 0 <= pitch <= MOST_PITCH}:
            return heard
    raise UsageError(
        f"nothing says the pitch of these sounds, so no note can be asked for. Wanted: an attribute "
        f"{', '.join(PITCHES)} of MIDI pitches; see labels.csv and --name-parts of `gansmith fit`."
    )


def tone_of(records: Sounds, asked: int, pitch: int) -> tuple[int, Tone]:
    """See `Playing`."""
    heard = traits_of(records)[:, 0]
    off = np.abs(np.nan_to_num(heard, nan=np.inf) - asked)
    best = int(np.argmin(off))
    wave = records.heard(best).mean(1) / FULL_SCALE
    wave = tuned(wave, pitch - (float(heard[best]) if off[best] <= FURTHEST else asked))
    loudest = float(np.abs(wave).max(initial=0.0))
    return records.form.rate_hz, (LOUDEST * wave / loudest if loudest else wave)


def tuned(wave: Tone, semitones: float) -> Float[np.ndarray, " n_tuned"]:
    """The same, higher by so many semitones and the shorter for it."""
    steps = np.arange(0, max(len(wave) - 1, 1), 2 ** (semitones / 12))
    return np.interp(steps, np.arange(len(wave)), wave)
