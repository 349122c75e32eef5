"""Sounds as a translation sees them: how loud the ear's bands are, and the sound of other bands.

The grid is the same whatever the rate is: 64 bands up to 8,000 Hz, a moment each 16 ms, 0 to 1 for 80 dB.
Going back, the sound itself is the first guess: its power is multiplied until its bands are as loud as is
wanted, so that a grid that stays leaves the sound as it was; what is lacking comes from the bands, and phases
are brought together. No vocoder is needed.

Source:
    Richardson 1972 and Lucy 1974, for the multiplications; Griffin and Lim 1984 for the phases.
"""

from __future__ import annotations

from functools import cache
from typing import Final

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
    bands, own = _bands(frames.n_bins, rate_hz), _levels(spectra, frames, rate_hz)
    wanted = torch.from_numpy(np.ascontiguousarray(grid, np.float32)).clamp(0, 1)
    gain = 10 ** (RANGE_DB / 10 * (wanted - own))
    power = spectra.abs().square()
    target = gain * (bands @ power)
    is_new = (own <= 0) & (wanted > 0)  # nothing that could be multiplied
    loud = 10 ** (RANGE_DB / 10 * (wanted - 1)) * _power_of_one(frames)
    target = torch.where(is_new, loud, target)
    weight = bands.sum(0).clamp_min(_LEAST)[:, None]
    lacking = (target - bands @ power).clamp_min(0)
    made = power + bands.T @ (lacking / bands.sum(1).clamp_min(_LEAST)[:, None])
    for _ in range(N_MULTIPLICATIONS):
        ratio = target / (bands @ made).clamp_min(_LEAST)
        made = made * (bands.T @ ratio) / weight
    is_banded = (bands.sum(0) > 0)[:, None]
    last = int(torch.nonzero(bands.sum(1) > 0).max())
    made = torch.where(is_banded, made, power * gain[:, last : last + 1].clamp(0, 10))
    made[:, 0] = power[:, 0] * gain[:, 0].clamp(0, 1)
    found = spectra * (made.sqrt() / spectra.abs().clamp_min(1e-9))
    is_same = bool((wanted - own).abs().max() < 1e-3)
    return frames.waves(found if is_same else frames.consistent(found, N_ROUNDS))[0].numpy()
