"""What is known before each step of a piece, the same for learnt pieces and for those that are being made.

That is what sounds and how long it has, what was there bars ago, and where in its bar the step is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.harmonising import chords_of
from gansmith.modalities.music.records import FIRST, HOLD, Tokens, moved

LAGS_BARS: Final = (1, 2, 4, 8)
"""How many bars ago a network looks."""
N_AGES: Final = 12
"""Lengths that are told apart: 1, 2, ... up to 8 steps, then by powers of two."""
N_PLACES: Final = 97
"""Steps of a bar that are told apart, at most."""
N_BARS: Final = 17
"""Bars from the beginning, and to the end, that are told apart."""
N_FEATURES: Final = 5
"""Where a step is: in its bar, from the end of its bar, which bar of eight, bars so far, bars to come."""
FEATURE_SIZES: Final = (N_PLACES, N_PLACES, 8, N_BARS, N_BARS)

PerVoice = Int[np.ndarray, "*steps n_voices"]


@final
@dataclass(frozen=True, eq=False)
class Told:
    """What is known before each step, and what comes then."""

    tokens: PerVoice
    """What voices do: 0 silent, 1 hold, 2 and more begin the notes from the lowest on."""
    before: PerVoice
    """What sounds: 0 nothing, 1 and more the notes from the lowest on."""
    age: PerVoice
    """How long it has sounded, or been silent, in classes."""
    looks: Int[np.ndarray, "n_steps n_lags n_voices"]
    """What voices did so many bars ago; a number more than there are, where that was before the beginning."""
    runs: Float[np.ndarray, "n_steps n_lags"]
    """For how long all has been as it was so many bars ago, as a logarithm."""
    places: Int[np.ndarray, "n_steps n_features"]
    chords: Int[np.ndarray, " n_steps"]
    """The chord of the quarter note that a step is in."""
    begins: Bool[np.ndarray, " n_steps"]
    """Whether a quarter note begins."""


def in_range(codec: PieceCodec, tokens: Tokens, shift: int) -> PerVoice:
    """What voices do as networks see it; notes beyond the range of their voice by octaves within it."""
    home = moved(tokens, -shift, codec.form.pitched).astype(np.int64)
    lows, highs = np.array(codec.lowest), np.array(codec.highest)
    pitch = home - FIRST
    up, down = np.ceil(np.maximum(lows - pitch, 0) / 12), np.ceil(np.maximum(pitch - highs, 0) / 12)
    pitch = np.clip(pitch + 12 * (up - down).astype(np.int64), lows, highs)
    return np.where(home >= FIRST, pitch - lows + FIRST, np.maximum(home, 0))


def told(codec: PieceCodec, tokens: Tokens, bar: int, shift: int) -> Told:
    """Of a whole piece.

    Args:
        codec: Of the pieces.
        tokens: What its voices do, as it sounds.
        bar: Steps of a bar.
        shift: By how many semitones it is lowered.
    """
    seen = in_range(codec, tokens, shift)
    n, n_voices = seen.shape
    before, age = np.zeros((n, n_voices), np.int64), np.zeros((n, n_voices), np.int64)
    steps = np.arange(n)[:, None]
    last = np.maximum.accumulate(np.where(seen != HOLD, steps, 0), axis=0)
    sounds = np.maximum(np.take_along_axis(seen, last, 0) - 1, 0)
    changes = np.where((seen >= FIRST) | ((seen == 0) & (np.roll(sounds, 1, 0) > 0)), steps, 0)
    before[1:], age[1:] = sounds[:-1], (steps - np.maximum.accumulate(changes, axis=0) + 1)[:-1]
    nothing = np.array(codec.sizes)
    looks = np.tile(nothing, (n, len(LAGS_BARS), 1))
    runs = np.zeros((n, len(LAGS_BARS)), np.float32)
    for place, lag in enumerate(lags(bar)):
        if lag < n:
            looks[lag:, place] = seen[:-lag]
            equal = (seen[lag:] == seen[:-lag]).all(1)
            stops = np.where(equal, -1, np.arange(n - lag))
            run = np.arange(n - lag) - np.maximum.accumulate(stops)
            runs[lag + 1 :, place] = np.log1p(run[:-1])
    grid = codec.form.grid
    chords = harmony(codec, tokens, shift)
    where = places(np.arange(n), n, bar)
    return Told(seen, before, age_class(age), looks, runs, where, chords, np.arange(n) % grid == 0)


def harmony(codec: PieceCodec, tokens: Tokens, shift: int) -> Int[np.ndarray, " n_steps"]:
    """The chord of the quarter note that each step is in, in C major or A minor."""
    grid = codec.form.grid
    return np.repeat(chords_of(tokens[:, codec.form.pitched], grid, shift), grid)[: len(tokens)]


def lags(bar: int) -> list[int]:
    """How many steps ago a network looks."""
    return [bar * n for n in LAGS_BARS]


def age_class(age: np.ndarray) -> np.ndarray:
    """The class of a length in steps.

    Example:
        >>> age_class(np.array([0, 1, 8, 9, 16, 17, 100])).tolist()
        [0, 1, 8, 9, 9, 10, 11]
    """
    long = 5 + np.ceil(np.log2(np.maximum(age, 1))).astype(np.int64)
    return np.where(age <= 8, age, np.minimum(long, N_AGES - 1))


def places(steps: np.ndarray, n_steps: int | np.ndarray, bar: int | np.ndarray) -> np.ndarray:
    """Where steps are, shape `(*steps, n_features)`."""
    within, number = steps % bar, steps // bar
    left = np.maximum(n_steps - 1 - steps, 0) // bar
    found = (
        np.minimum(within, N_PLACES - 1),
        np.minimum(bar - 1 - within, N_PLACES - 1),
        number % 8,
        np.minimum(number, N_BARS - 1),
        np.minimum(left, N_BARS - 1),
    )
    return np.stack(np.broadcast_arrays(*found), -1)
