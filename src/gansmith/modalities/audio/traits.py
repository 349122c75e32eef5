"""What sounds are like, as numbers: pitch, how clear it is, attack, brightness, loudness, length.

Source:
    Rabiner 1977, "On the use of autocorrelation analysis for pitch detection";
    Boersma 1993, "Accurate short-term analysis of the fundamental frequency", for dividing by the
    autocorrelation of the window.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Float

from gansmith.modalities.audio.levels import FRAME_SECONDS
from gansmith.modalities.audio.sounds import Sounds, loudness_db

TRAITS: Final = ("pitch", "clarity", "attack", "middle", "brightness", "loudness", "seconds")
"""In semitones as MIDI numbers them, 0 to 1, seconds, seconds, octaves above 55 Hz, decibels, seconds."""
LOWEST_HZ: Final = 55.0
HIGHEST_HZ: Final = 2_000.0
CLEAR: Final = 0.6
"""Autocorrelation at its period from which on a sound has a pitch."""
NEARLY: Final = 0.92
"""Of the strongest period: a shorter one as strong as this is the period."""
PITCHED_SECONDS: Final = 0.25
"""Of the loudest stretch of a sound, by which its pitch is found."""
_FINER: Final = 8
"""By which the autocorrelation is interpolated."""
_MOST_PERIODS: Final = 6

Traits = Float[np.ndarray, "n n_traits"]


def traits_of(sounds: Sounds) -> Traits:
    """The traits of each sound, `TRAITS` in their order; NaN where it has none."""
    return np.array([_traits(sounds, number) for number in range(len(sounds))]).reshape(-1, len(TRAITS))


def _traits(sounds: Sounds, number: int) -> list[float]:
    rate_hz = sounds.form.rate_hz
    wave = sounds.heard(number).mean(1) / 32_768
    if not wave.any():
        return [np.nan] * len(TRAITS)
    hop = max(1, round(0.005 * rate_hz))
    n_frames = max(1, len(wave) // hop)
    levels = np.sqrt(np.square(wave[: n_frames * hop].reshape(n_frames, -1)).mean(1))
    attack = int(np.argmax(levels >= 0.8 * levels.max())) * hop / rate_hz
    middle = float((levels * np.arange(n_frames)).sum() / levels.sum()) * hop / rate_hz
    power = np.square(np.abs(np.fft.rfft(wave)))
    hz = np.arange(len(power)) * rate_hz / len(wave)
    mean_hz = max(1.0, float((power * hz).sum() / power.sum()))
    pitch, clarity = pitch_of(wave, rate_hz)
    return [
        pitch if clarity >= CLEAR else np.nan,
        clarity,
        attack,
        middle,
        float(np.log2(mean_hz / 55)),
        loudness_db(wave[:, None], rate_hz),
        len(wave) / rate_hz,
    ]


def pitch_of(wave: Float[np.ndarray, " n"], rate_hz: int) -> tuple[float, float]:
    """The pitch of the loudest stretch of a sound, as MIDI numbers semitones, and how clear it is, 0 to 1."""
    part = _loudest(wave, max(round(PITCHED_SECONDS * rate_hz), round(FRAME_SECONDS * rate_hz)))
    n = len(part)
    found = _autocorrelation((part - part.mean()) * np.hanning(n))
    if found[0] <= 0:
        return np.nan, 0.0
    same = (found / found[0]) / _of_window(n)
    first = max(2, round(_FINER * rate_hz / min(HIGHEST_HZ, rate_hz / 4)))
    last = min(n * _FINER // 2, round(_FINER * rate_hz / LOWEST_HZ))
    if last - first < 3:
        return np.nan, 0.0
    inner = same[first : last + 1]
    peaks = first + 1 + np.flatnonzero((inner[1:-1] >= inner[:-2]) & (inner[1:-1] > inner[2:]))
    if not len(peaks):
        return np.nan, 0.0
    lag = int(next(one for one in peaks if same[one] >= NEARLY * same[peaks].max()))
    clarity = float(min(1.0, same[lag]))
    period = _peak(same, lag)
    for times in range(2, _MOST_PERIODS + 1):  # later periods say it more exactly
        place, reach = round(times * period), max(2, round(period / 4))
        if place + reach >= n * _FINER // 2:
            break
        around = same[place - reach : place + reach + 1]
        period = _peak(same, place - reach + int(around.argmax())) / times
    return float(69 + 12 * np.log2(_FINER * rate_hz / period / 440)), clarity


def _peak(values: Float[np.ndarray, " n"], place: int) -> float:
    """Where a parabola through three values has its top."""
    before, here, after = values[place - 1 : place + 2]
    bend = before - 2 * here + after
    return place + (float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0)


def _loudest(wave: Float[np.ndarray, " n"], n_wanted: int) -> Float[np.ndarray, " m"]:
    """The stretch of that length with most energy."""
    if len(wave) <= n_wanted:
        return wave
    total = np.concatenate([[0.0], np.cumsum(np.square(wave))])
    first = int(np.argmax(total[n_wanted:] - total[:-n_wanted]))
    return wave[first : first + n_wanted]


def _autocorrelation(wave: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n_finer"]:
    """Of a wave, interpolated, at lags up to its length."""
    n = len(wave)
    n_fft = 1 << (2 * n - 1).bit_length()
    power = np.square(np.abs(np.fft.rfft(wave, n_fft)))
    return np.fft.irfft(power, n_fft * _FINER)[: n * _FINER]


@lru_cache(8)
def _of_window(n: int) -> Float[np.ndarray, " n_finer"]:
    """The same of the window alone, 1 at first."""
    found = _autocorrelation(np.hanning(n))
    return np.maximum(found / found[0], 1e-3)
