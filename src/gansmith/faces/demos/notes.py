"""Notes of five instruments that nobody built: what the demonstration and the bench learn from.

Source:
    Karplus and Strong 1983, "Digital synthesis of plucked-string and drum timbres", for the string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

RATE_HZ: Final = 8_000
SECONDS: Final = 0.5
LOWEST: Final = 48
HIGHEST: Final = 84
"""MIDI numbers of the notes, both included."""
TIMBRES: Final = ("organ", "clarinet", "brass", "bell", "string")

Note = Float[np.ndarray, " n_samples"]


def notes(
    n: int, seed: int, among: Sequence[int] = range(LOWEST, HIGHEST + 1)
) -> tuple[Float[np.ndarray, "_ n_samples"], Mapping[str, np.ndarray]]:
    """Some notes at random, of pitches `among` these, and the pitch and timbre of each, as texts.

    Returns:
        Waves from -1 to 1, `SECONDS` long, at `RATE_HZ`.
    """
    rng = np.random.default_rng(seed)
    pitches = rng.choice(among, n)
    timbres = rng.integers(0, len(TIMBRES), n)
    waves = np.stack([note(int(p), TIMBRES[t], rng) for p, t in zip(pitches, timbres, strict=True)])
    known = {
        "pitch": np.array([str(p) for p in pitches], object),
        "timbre": np.array([TIMBRES[t] for t in timbres], object),
    }
    return waves, known


def note(pitch: int, timbre: str, rng: np.random.Generator) -> Note:
    """One note, each a little different: how strong its partials are, how it begins and how loud it is."""
    hz = 440 * 2 ** ((pitch - 69) / 12)
    seconds = np.arange(round(RATE_HZ * SECONDS)) / RATE_HZ
    if timbre == "string":
        wave = _plucked(hz, len(seconds), rng)
    else:
        wave = _partials(hz, timbre, seconds, rng)
    wave = wave * np.minimum(1, (seconds[-1] - seconds) / 0.02)  # no click at the end
    return (wave / np.abs(wave).max() * rng.uniform(0.4, 0.9)).astype(np.float32)


def _partials(hz: float, timbre: str, seconds: Note, rng: np.random.Generator) -> Note:
    """Additive synthesis."""
    numbers = np.arange(1, max(2, int(0.45 * RATE_HZ / hz)) + 1)
    strengths = {
        "organ": np.where(np.isin(numbers, (1, 2, 4, 8)), 1 / numbers**0.7, 0),
        "clarinet": np.where(numbers % 2 == 1, 1 / numbers, 0.02),
        "brass": 1 / numbers**0.8,
        "bell": 1 / numbers**1.6,
    }[timbre]
    attack = {"organ": 0.01, "clarinet": 0.03, "brass": 0.08, "bell": 0.002}[timbre] * rng.uniform(0.7, 1.4)
    fall = {"organ": 0.0, "clarinet": 0.5, "brass": 1.0, "bell": 6.0}[timbre] * rng.uniform(0.7, 1.4)
    wave = np.zeros_like(seconds)
    for number, strength in zip(numbers, strengths * rng.lognormal(0, 0.2, len(numbers)), strict=True):
        falling = np.exp(-fall * seconds * (1 + 0.3 * (number - 1) * (timbre == "bell")))
        phase = rng.uniform(0, 2 * np.pi)
        wave += strength * falling * np.sin(2 * np.pi * number * hz * seconds + phase)
    return wave * (1 - np.exp(-seconds / attack * 3))


def _plucked(hz: float, n: int, rng: np.random.Generator) -> Note:
    """Noise that goes round in a delay line, and loses its heights."""
    period = RATE_HZ / hz - 0.5  # the mean of two neighbours is half a sample late
    whole = int(period)
    rest = period - whole
    weights = np.convolve([1 - rest, rest], [0.5, 0.5])  # delays of whole, whole + 1 and whole + 2 samples
    made = np.zeros(n + whole + 2)
    made[2 : whole + 2] = rng.uniform(-1, 1, whole)
    made[2 : whole + 2] -= made[2 : whole + 2].mean()
    for first in range(whole + 2, len(made), whole):
        last = min(len(made), first + whole)
        for late, weight in enumerate(weights):
            made[first:last] += 0.995 * weight * made[first - whole - late : last - whole - late]
    return made[2 : n + 2]
