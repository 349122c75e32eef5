"""What networks see of a spectrogram, and the spectrogram that it stands for.

A coding makes real values between 0 and 1 of complex ones. Level and frequency is the one by which sounds
come out best: a frequency changes slowly where a phase turns round and round, and phases are found again by
adding up. Where nothing sounds a frequency means nothing; so it is drawn to the middle by the level, and
nothing is lost, since the level is known where it is read.

Source:
    Engel et al. 2019, "GANSynth: adversarial neural audio synthesis", section 2 (arXiv:1902.08710); compared
    with others in Nistal et al. 2020 (arXiv:2006.09266).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.modalities.audio import Coding
from gansmith.modalities.audio.levels import mel_bands
from gansmith.modalities.audio.spectra import Frames, Spectra

RANGE_DB: Final = 70.0
"""Below the loudest place of all sounds, where the scale of levels bends from decibels to straight."""
LEAST_WEIGHT: Final = 0.05
"""Of a frequency, where nothing sounds."""
STEEPNESS: Final = 2.0
"""A place of half the level or more shows its frequency in full."""
COMPRESSION: Final = 0.5
"""The power that levels of complex values are raised to."""
BANDS_PER_BIN: Final = 0.5
"""Of the coding in bands."""
HIGHEST_HZ: Final = 8_000.0
"""Of the scale of the ear, whatever the rate is."""
_TURN: Final = 2 * torch.pi

Values = Float[Tensor, "batch n_channels n_rows n_frames"]


@dataclass(frozen=True)
class AbstractSpectrumCoding(ABC):
    """Values of complex spectra, and back.

    Args:
        frames: How sounds are cut.
        highest: The largest absolute value of all spectra.
    """

    frames: Frames
    highest: float
    n_channels: ClassVar[int]
    n_rounds: ClassVar[int] = 0
    """Of Griffin and Lim, by which phases of what networks make are brought together."""

    @property
    def n_rows(self) -> int:
        """Of the grid."""
        return self.frames.n_bins

    @abstractmethod
    def values(self, spectra: Spectra) -> Values:
        """From 0 to 1."""

    @abstractmethod
    def spectra(self, values: Values) -> Spectra:
        """What values stand for."""

    @property
    def least(self) -> float:
        """The size of a spectrum at which the scale of levels bends."""
        return self.highest * 10 ** (-RANGE_DB / 20)

    def _levels(self, sizes: Tensor) -> Tensor:
        return torch.log1p(sizes / self.least) / math.log1p(10 ** (RANGE_DB / 20))

    def _sizes(self, levels: Tensor) -> Tensor:
        return torch.expm1(levels.clamp_min(0) * math.log1p(10 ** (RANGE_DB / 20))) * self.least


@final
class FrequencyCoding(AbstractSpectrumCoding):
    """Levels, and how far the phase goes from frame to frame beyond that of the middle of its bin."""

    n_channels: ClassVar[int] = 2
    n_rounds: ClassVar[int] = 4

    def values(self, spectra: Spectra) -> Values:
        levels = self._levels(spectra.abs())
        beyond = _beyond(spectra.angle(), self.frames.advance)
        return torch.stack([levels, 0.5 + _weight(levels) * beyond / _TURN], 1)

    def spectra(self, values: Values) -> Spectra:
        levels = values[:, 0]
        beyond = (values[:, 1] - 0.5) * _TURN / _weight(levels)
        return torch.polar(self._sizes(levels), _phases(beyond, self.frames.advance).to(levels.dtype))


@final
class MelCoding(AbstractSpectrumCoding):
    """The same in bands as wide as the ear's: level and mean frequency of each."""

    n_channels: ClassVar[int] = 2
    n_rounds: ClassVar[int] = 16

    @property
    def n_rows(self) -> int:
        return round(self.frames.n_bins * BANDS_PER_BIN)

    @cached_property
    def _bands(self) -> Float[Tensor, "n_rows n_bins"]:
        return torch.from_numpy(mel_bands(self.frames.n_bins, self.n_rows, HIGHEST_HZ))

    @cached_property
    def _back(self) -> Float[Tensor, "n_bins n_rows"]:
        return torch.linalg.pinv(self._bands.double()).float()

    @cached_property
    def _middles(self) -> Float[Tensor, " n_rows"]:
        """Of each band, in bins."""
        bins = torch.arange(self.frames.n_bins, dtype=torch.float32)
        return (self._bands * bins).sum(1) / self._bands.sum(1)

    @cached_property
    def _widths(self) -> Float[Tensor, " n_rows"]:
        """How far a frequency may lie beside the middle of its band, in radians a frame."""
        n_bins = (self._bands > 0).sum(1).float() / 2
        return (n_bins * self.frames.advance).clamp_min(torch.pi)

    def values(self, spectra: Spectra) -> Values:
        sizes = spectra.abs()
        advance = _beyond(spectra.angle(), self.frames.advance) + self._centres(sizes)
        bands = self._bands.to(sizes.device)
        loud = bands @ sizes
        mean = (bands @ (sizes * advance)) / loud.clamp_min(1e-12)
        middle = self._middles.to(sizes.device)[:, None] * self.frames.advance
        beyond = ((mean - middle) / self._widths.to(sizes.device)[:, None]).clamp(-1, 1)
        levels = self._levels(loud / bands.sum(1, keepdim=True))
        return torch.stack([levels, 0.5 + _weight(levels) * beyond / 2], 1)

    def spectra(self, values: Values) -> Spectra:
        levels, bands = values[:, 0], self._bands.to(values.device)
        loud = self._sizes(levels) * bands.sum(1, keepdim=True)
        sizes = (self._back.to(values.device) @ loud).clamp_min(0)
        beyond = 2 * (values[:, 1] - 0.5) / _weight(levels) * self._widths.to(values.device)[:, None]
        mean = beyond + self._middles.to(values.device)[:, None] * self.frames.advance
        weights = (bands / bands.sum(0, keepdim=True).clamp_min(1e-12)).T
        advance = weights @ mean
        phases = _phases(advance - self._centres(sizes), self.frames.advance)
        return torch.polar(sizes, phases.to(sizes.dtype))

    def _centres(self, like: Tensor) -> Float[Tensor, "n_bins 1"]:
        bins = torch.arange(self.frames.n_bins, device=like.device, dtype=like.dtype)
        return bins[:, None] * self.frames.advance


@final
class ComplexCoding(AbstractSpectrumCoding):
    """Real and imaginary parts, the louder ones compressed."""

    n_channels: ClassVar[int] = 2

    def values(self, spectra: Spectra) -> Values:
        sizes = (spectra.abs() / self.highest).clamp_min(1e-12)
        pressed = spectra / self.highest * sizes ** (COMPRESSION - 1)
        return 0.5 + 0.5 * torch.stack([pressed.real, pressed.imag], 1)

    def spectra(self, values: Values) -> Spectra:
        pressed = 2 * values.float() - 1
        found = torch.complex(pressed[:, 0], pressed[:, 1])
        sizes = found.abs().clamp_min(1e-12)
        return found * sizes ** (1 / COMPRESSION - 1) * self.highest


@final
class LevelCoding(AbstractSpectrumCoding):
    """Levels alone: phases are guessed, by Griffin and Lim."""

    n_channels: ClassVar[int] = 1
    n_rounds: ClassVar[int] = 60

    def values(self, spectra: Spectra) -> Values:
        return self._levels(spectra.abs())[:, None]

    def spectra(self, values: Values) -> Spectra:
        sizes = self._sizes(values[:, 0])
        rng = np.random.default_rng(0)  # the first guess, the same for all sounds
        guess = rng.uniform(-np.pi, np.pi, sizes.shape[1:]).astype(np.float32)
        return torch.polar(sizes, torch.from_numpy(guess).to(sizes).expand_as(sizes))


CODINGS: Final[dict[Coding, type[AbstractSpectrumCoding]]] = {
    "frequency": FrequencyCoding,
    "mel": MelCoding,
    "complex": ComplexCoding,
    "griffin-lim": LevelCoding,
}

EXACT: Final = frozenset(("frequency", "complex"))
"""Codings from which a sound comes back as it was."""


def _weight(levels: Tensor) -> Tensor:
    return (STEEPNESS * levels).clamp(LEAST_WEIGHT, 1.0)


def _turns(n_bins: int, advance: float) -> Tensor:
    """How far the phase of the middle of each bin goes from frame to frame, whole turns left out; float64."""
    return torch.remainder(torch.arange(n_bins, dtype=torch.float64) * advance, _TURN)[:, None]


def _beyond(phases: Tensor, advance: float) -> Tensor:
    """How far phases go from frame to frame beyond the middle of each bin, from -pi to pi."""
    before = torch.cat([torch.zeros_like(phases[..., :1]), phases[..., :-1]], -1)
    gone = phases - before - _turns(phases.shape[1], advance).to(phases)
    return torch.remainder(gone + torch.pi, _TURN) - torch.pi


def _phases(beyond: Tensor, advance: float) -> Tensor:
    """The phases that go so far from frame to frame; added up in double precision."""
    gone = beyond.double() + _turns(beyond.shape[1], advance).to(beyond.device)
    return torch.remainder(gone.cumsum(-1) + torch.pi, _TURN) - torch.pi
