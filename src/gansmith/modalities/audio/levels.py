"""Sounds as those see them who judge: how loud each band is at each moment, as values of 0 to 1."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.modalities.audio.sounds import Form, Sounds
from gansmith.modalities.waves import FULL_SCALE

N_BANDS: Final = 64
N_MOMENTS: Final = 32
"""At most; of a long sound each is longer."""
FRAME_SECONDS: Final = 0.064
LEAST_HOP_SECONDS: Final = 0.008
RANGE_DB: Final = 80.0
"""Below full scale: nothing."""
_AT_ONCE: Final = 256

Levels = Float[np.ndarray, "n n_channels n_bands n_moments"]


@cache
def mel_bands(n_bins: int, n_bands: int, highest_hz: float) -> Float[np.ndarray, "n_bands n_bins"]:
    """Triangles that overlap by half, evenly spaced as the ear hears them, none narrower than a bin.

    Args:
        n_bins: From 0 Hz to the highest.
        n_bands: As many triangles, at most half of the bins.
        highest_hz: The frequency of the last bin.

    Source:
        O'Shaughnessy 1987, "Speech communication": 2595 log10(1 + f / 700), after Stevens and Volkmann 1940.
    """
    mels = np.linspace(0, 2_595 * np.log10(1 + highest_hz / 700), n_bands)
    middles = 700 * (10 ** (mels / 2_595) - 1) / highest_hz * (n_bins - 1)
    for place in range(1, n_bands):  # no two bands have the same bin in their middle
        middles[place] = min(max(middles[place], middles[place - 1] + 1), n_bins - n_bands + place)
    edges = np.concatenate([[middles[0] - 1], middles, [middles[-1] + 1]])
    bins = np.arange(n_bins)[None]
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def framing(form: Form) -> tuple[int, int]:
    """Samples of a frame, a power of two, and from one to the next."""
    size = 2 ** max(5, round(np.log2(FRAME_SECONDS * form.rate_hz)))
    hop = max(round(LEAST_HOP_SECONDS * form.rate_hz), -(-form.n_samples // N_MOMENTS))
    return size, hop


def levels_of(waves: np.ndarray, form: Form) -> Levels:
    """How loud bands are: 0 is 80 dB below full scale, or less, 1 full scale.

    Args:
        waves: Shape `(n, n_samples, n_channels)`, int16.
        form: Of the sounds.
    """
    size, hop = framing(form)
    n_moments = -(-form.n_samples // hop)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    bands = mel_bands(size // 2, min(N_BANDS, size // 4), form.rate_hz / 2)
    found: list[np.ndarray] = []
    for first in range(0, len(waves), _AT_ONCE):
        block = waves[first : first + _AT_ONCE].transpose(0, 2, 1).astype(np.float32) / np.float32(FULL_SCALE)
        n_all = size + (n_moments - 1) * hop
        left = (size - hop) // 2
        padded = np.pad(block, ((0, 0), (0, 0), (left, max(0, n_all - left - form.n_samples))))
        frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=2)[:, :, : n_moments * hop : hop]
        spectra = np.fft.rfft(frames * window, axis=3)[..., 1:]  # without what does not move
        power = np.square(np.abs(spectra)).astype(np.float32) / (window.sum() / 2) ** 2
        loud = 10 * np.log10(power @ bands.T + 1e-12) / RANGE_DB + 1  # (n, n_channels, n_moments, n_bands)
        found.append(loud.clip(0, 1).transpose(0, 1, 3, 2).astype(np.float32))
    if not found:
        return np.zeros((0, form.n_channels, len(bands), n_moments), np.float32)
    return np.ascontiguousarray(np.concatenate(found))


def levels(sounds: Sounds) -> Levels:
    """Those of a set of sounds."""
    return levels_of(sounds.waves, sounds.form)
