"""Sounds as a translation sees them: how loud the ear's bands are, and the sound of other bands.

The grid is the same whatever the rate is: 64 bands up to 8,000 Hz, a moment each 16 ms, 0 to 1 for 80 dB.
Going back, the sound itself is the first guess: its power is multiplied until its bands are as loud as is
wanted, so that a grid that stays leaves the sound as it was; what is lacking comes from the bands, and phases
are brought together, and powers with them: bands are to be as wanted, bins are free. No vocoder is needed.

Source:
    Richardson 1972 and Lucy 1974, for the multiplications; Griffin and Lim 1984 for the phases; Perraudin
    et al. 2013, "A fast Griffin-Lim algorithm", for the step beyond.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.modalities.audio.levels import mel_bands
from gansmith.modalities.audio.spectra import Frames, Spectra

N_ROWS: Final = 64
HIGHEST_HZ: Final = 8_000.0
FRAME_SECONDS: Final = 0.064
OVERLAP: Final = 4
RANGE_DB: Final = 80.0
N_MULTIPLICATIONS: Final = 40
N_ROUNDS: Final = 24
N_AGAIN: Final = 3
"""Multiplications in each of the rounds that bring phases together."""
AHEAD: Final = 0.5
"""Of the last step, that is taken again."""
SAME: Final = 1e-3
"""Of levels of 0 to 1: a smaller change is none."""
_LEAST: Final = 1e-12

Grid = Float[np.ndarray, "1 n_rows n_frames"]


def frames_for(n_samples: int, rate_hz: int) -> Frames:
    """How a sound is cut into frames."""
    return Frames(2 ** max(5, round(np.log2(FRAME_SECONDS * rate_hz))), n_samples, OVERLAP)


@cache
def _bands(n_bins: int, rate_hz: int) -> Float[Tensor, "n_rows n_bins"]:
    """The weight of each bin in each band; bins above the highest are those of the last band."""
    n_up_to = max(N_ROWS + 1, round(n_bins * 2 * HIGHEST_HZ / rate_hz))
    made = np.zeros((N_ROWS, max(n_bins, n_up_to)), np.float32)
    made[:, :n_up_to] = mel_bands(n_up_to, N_ROWS, HIGHEST_HZ)
    made[:, 0] = 0  # holds two ends of the spectrum, and is left as it is
    return torch.from_numpy(made[:, :n_bins].copy())


def _power_of_one(frames: Frames) -> float:
    """Of a tone at full scale, in its bin."""
    return (frames.size / 4) ** 2


def grid_of(wave: Float[np.ndarray, " n_samples"], rate_hz: int) -> Grid:
    """How loud each band of a sound is, from 0 to 1."""
    frames = frames_for(len(wave), rate_hz)
    spectra = frames.spectra(torch.from_numpy(np.ascontiguousarray(wave, np.float32))[None])
    return _levels(spectra, frames, rate_hz).numpy()


def _levels(spectra: Spectra, frames: Frames, rate_hz: int) -> Float[Tensor, "1 n_rows n_frames"]:
    loud = _bands(frames.n_bins, rate_hz) @ spectra.abs().square()
    return (10 * torch.log10(loud / _power_of_one(frames) + _LEAST) / RANGE_DB + 1).clamp(0, 1)


def wave_of(
    grid: Grid, like: Float[np.ndarray, " n_samples"], rate_hz: int
) -> Float[np.ndarray, " n_samples"]:
    """The sound whose bands are as loud as a grid says, and which is otherwise like another."""
    frames = frames_for(len(like), rate_hz)
    spectra = frames.spectra(torch.from_numpy(np.ascontiguousarray(like, np.float32))[None])
    own = _levels(spectra, frames, rate_hz)
    wanted = torch.from_numpy(np.ascontiguousarray(grid, np.float32)).clamp(0, 1)
    if bool((wanted - own).abs().max() < SAME):
        return frames.waves(spectra)[0].numpy()
    target = _Target.of(spectra, own, wanted, frames, rate_hz)
    now = before = target.reached(target.raised(spectra), N_MULTIPLICATIONS)
    for _ in range(N_ROUNDS):
        found = frames.spectra(frames.waves(now))
        now, before = target.reached(found + AHEAD * (found - before), N_AGAIN), found
    return frames.waves(now)[0].numpy()


@final
class _Target(NamedTuple):
    """What the spectrogram of a sound is to be."""

    bands: Float[Tensor, "n_rows n_bins"]
    loud: Float[Tensor, "1 n_rows n_frames"]
    """Power of each band."""
    others: Float[Tensor, "1 n_bins n_frames"]
    """Power of the bins that lie in no band: it follows that of the band next to them."""

    @classmethod
    def of(cls, spectra: Spectra, own: Tensor, wanted: Tensor, frames: Frames, rate_hz: int) -> _Target:
        """For a sound with these spectra and levels, of which others are wanted."""
        bands, power = _bands(frames.n_bins, rate_hz), spectra.abs().square()
        gain = 10 ** (RANGE_DB / 10 * (wanted - own))
        from_nothing = 10 ** (RANGE_DB / 10 * (wanted - 1)) * _power_of_one(frames)
        loud = torch.where((own <= 0) & (wanted > 0), from_nothing, gain * (bands @ power))
        last = int(torch.nonzero(bands.sum(1) > 0).max())
        others = power * gain[:, last : last + 1].clamp(0, 10)
        others[:, 0] = power[:, 0] * gain[:, 0].clamp(0, 1)
        return cls(bands, loud, others)

    def raised(self, spectra: Spectra) -> Spectra:
        """Spectra in which each band that lacks power gains what it lacks, all over."""
        power = spectra.abs().square()
        lacking = (self.loud - self.bands @ power).clamp_min(0)
        more = self.bands.T @ (lacking / self.bands.sum(1).clamp_min(_LEAST)[:, None])
        return _with_power(spectra, power + more)

    def reached(self, spectra: Spectra, n_multiplications: int) -> Spectra:
        """Spectra with that power and the same phases."""
        made, weight = spectra.abs().square(), self.bands.sum(0).clamp_min(_LEAST)[:, None]
        for _ in range(n_multiplications):
            made = made * (self.bands.T @ (self.loud / (self.bands @ made).clamp_min(_LEAST))) / weight
        made = torch.where((self.bands.sum(0) > 0)[:, None], made, self.others)
        return _with_power(spectra, made)


def _with_power(spectra: Spectra, power: Tensor) -> Spectra:
    return spectra * (power.sqrt() / spectra.abs().clamp_min(1e-9))
