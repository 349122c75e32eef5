"""How sounds are brought to one form: silence around them left out, resampled, long ones cut at onsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float, Int

from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.sounds import Form
from gansmith.modalities.waves import Decoded, Wave

LONG_SECONDS: Final = 4.0
"""A longer file is a recording, and cut at its onsets."""
SHORTEST_SECONDS: Final = 0.05
"""A shorter piece is none."""
DRONE_SECONDS: Final = 1.0
"""Of a piece where a recording has no onsets."""
SHARE_WHOLE: Final = 0.99
"""Of the sounds that are not cut by the length that is chosen."""
SILENT_DB: Final = -50.0
"""Below the loudest moment: silence before and after a sound, ..."""
SILENT: Final = 1e-4
"""... and below which a whole file is silent: 80 dB below full scale."""
MARGIN_SECONDS: Final = 0.01
"""Of the silence that stays."""
GAP_SECONDS: Final = 0.12
"""Between two onsets, at the least."""
RISE: Final = 2.0
"""Standard deviations above the mean by which more is new than usual at an onset."""
_FRAME_SECONDS: Final = 0.02
_PADDING_SECONDS: Final = 0.05


@final
@dataclass(frozen=True, eq=False)
class Piece:
    """A sound of a file, or a piece of a recording."""

    wave: Wave
    rate_hz: int
    name: str


def trimmed(wave: Wave, rate_hz: int) -> Wave:
    """Without the silence before and after; all of it where there is none."""
    size = max(1, round(_FRAME_SECONDS * rate_hz / 2))
    levels = _levels(wave, size)
    heard = np.flatnonzero(levels > levels.max(initial=0.0) * 10 ** (SILENT_DB / 20))
    if not len(heard):
        return wave
    margin = round(MARGIN_SECONDS * rate_hz)
    first, last = int(heard[0]) * size, (int(heard[-1]) + 1) * size
    return wave[max(0, first - margin) : last + margin]


def is_silent(wave: Wave) -> bool:
    """Whether nothing is heard: a constant is silence, too."""
    return bool(np.abs(wave - wave.mean(0)).max(initial=0.0) < SILENT)


def resampled(wave: Wave, rate_hz: int, wanted_hz: int) -> Wave:
    """The same sound at another rate, by its spectrum: what the new rate cannot say is left out.

    Silence is put around it before and taken away again, for a spectrum repeats what it is of.
    """
    if rate_hz == wanted_hz or not len(wave):
        return wave
    common = int(np.gcd(rate_hz, wanted_hz))
    up, down = wanted_hz // common, rate_hz // common
    n = round(len(wave) * wanted_hz / rate_hz)
    padding = -(-round(_PADDING_SECONDS * rate_hz) // down) * down
    n_padded = -(-(len(wave) + 2 * padding) // down) * down
    padded = np.zeros((n_padded, wave.shape[1]))
    padded[padding : padding + len(wave)] = wave
    n_made = n_padded // down * up
    spectrum = np.fft.rfft(padded, axis=0)
    kept = min(len(spectrum), n_made // 2 + 1)
    made = np.fft.irfft(spectrum[:kept], n_made, axis=0) * (up / down)
    first = padding // down * up
    return made[first : first + max(1, n)].astype(np.float32)


def with_channels(wave: Wave, n_channels: int) -> Wave:
    """Mono in all channels, or the mean of them; of more than two the mean stands for each."""
    if wave.shape[1] == n_channels:
        return wave
    return np.repeat(wave.mean(1, keepdims=True), n_channels, axis=1)


def onsets(wave: Wave, rate_hz: int) -> Int[np.ndarray, " n"]:
    """Where something new begins, in samples: by what is added to the logarithm of the spectrum.

    Source:
        Bello et al. 2005, "A tutorial on onset detection in music signals", section III.B, spectral flux.
    """
    size = max(16, round(_FRAME_SECONDS * rate_hz))
    hop = size // 2
    mono = wave.mean(1)
    n_frames = max(0, (len(mono) - size) // hop)
    if n_frames < 3:
        return np.zeros(0, np.int64)
    flux, power = np.zeros(n_frames), np.zeros(n_frames)
    window, before = np.hanning(size), None
    for first in range(0, n_frames, 4_096):  # a long recording is looked at in parts
        places = np.arange(first, min(n_frames, first + 4_096))
        frames = np.lib.stride_tricks.sliding_window_view(mono, size)[places * hop]
        power[places] = np.square(frames, dtype=np.float64).mean(1)
        levels = np.log1p(1_000 * np.abs(np.fft.rfft(frames * window, axis=1)))
        previous = np.zeros_like(levels[:1]) if before is None else before
        flux[places] = np.maximum(np.diff(np.concatenate([previous, levels]), axis=0), 0).mean(1)
        before = levels[-1:]
    border, gap = flux.mean() + RISE * flux.std(), max(1, round(GAP_SECONDS * rate_hz / hop))
    total = np.concatenate([[0.0], np.cumsum(power)])
    found = list[int]()
    for place in np.flatnonzero(flux > border).tolist():
        low, high = max(0, place - gap), min(n_frames, place + gap)
        is_louder = (total[high] - total[place]) * (place - low) >= (total[place] - total[low]) * (
            high - place
        )
        is_peak = flux[place] == flux[low : high + 1].max()
        if is_peak and is_louder and (not found or place - found[-1] >= gap):
            found.append(place)
    return np.maximum(0, np.array(found, np.int64) - 1) * hop


def pieces_of(found: Decoded, name: str, options: AudioOptions) -> list[Piece]:
    """The sound of a file; of a long recording those between its onsets. Silent ones are left out."""
    wave, rate_hz = found.wave, found.rate_hz
    whole = trimmed(wave, rate_hz) if options.trim else wave
    if is_silent(whole):
        return []
    longest = max(LONG_SECONDS, 2 * options.seconds)
    if len(whole) <= longest * rate_hz:
        return [Piece(whole, rate_hz, name)]
    borders = onsets(whole, rate_hz)
    if len(borders) and borders[0] > GAP_SECONDS * rate_hz:
        borders = np.concatenate([[0], borders])  # what is left of a recording begins with a sound
    if len(borders) < 2:
        step = round((options.seconds or DRONE_SECONDS) * rate_hz)
        borders = np.arange(0, len(whole) - step // 2, step)
    parts = [whole[a:b] for a, b in zip(borders, [*borders[1:], len(whole)], strict=True)]
    kept = [trimmed(part, rate_hz) if options.trim else part for part in parts]
    kept = [part for part in kept if len(part) >= SHORTEST_SECONDS * rate_hz and not is_silent(part)]
    return [Piece(part, rate_hz, f"{name}#{number + 1}") for number, part in enumerate(kept)]


def chosen_form(pieces: Sequence[Piece], options: AudioOptions) -> Form:
    """The rate and the channels of most sounds, and a length that nearly all of them fit in."""
    rate_hz = options.rate or _most(piece.rate_hz for piece in pieces)
    n_channels = 1 if options.mono else min(2, _most(piece.wave.shape[1] for piece in pieces))
    seconds = options.seconds
    if not seconds:
        lengths: Float[np.ndarray, " n"] = np.array([len(piece.wave) / piece.rate_hz for piece in pieces])
        seconds = min(LONG_SECONDS, float(np.quantile(lengths, SHARE_WHOLE, method="higher")))
    return Form(rate_hz=rate_hz, n_samples=max(16, round(seconds * rate_hz)), n_channels=n_channels)


def formed(piece: Piece, form: Form) -> Wave:
    """A sound brought to a form, cut but not padded."""
    wave = with_channels(piece.wave, form.n_channels)
    return resampled(wave, piece.rate_hz, form.rate_hz)[: form.n_samples]


def _most(values: object) -> int:
    counts = Counter(values)  # type: ignore[arg-type]
    return max(counts, key=lambda value: (counts[value], value))


def _levels(wave: Wave, size: int) -> Float[np.ndarray, " n_frames"]:
    """The root of the mean square of each frame, without the mean of all."""
    n_frames = max(1, -(-len(wave) // size))
    padded = np.zeros((n_frames * size, wave.shape[1]), np.float32)
    padded[: len(wave)] = wave - wave.mean(0)
    return np.sqrt(np.square(padded.reshape(n_frames, -1), dtype=np.float64).mean(1))
