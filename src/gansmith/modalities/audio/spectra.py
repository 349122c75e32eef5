"""Sounds as complex spectrograms and back, exactly; a frame has half as many bins as samples.

A real frame of `size` samples has `size / 2 + 1` bins, the first and the last of which are real. They share
one complex number here, as in the packed transforms of signal processors, so that a spectrogram has a power
of two of bins and loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn.functional import fold, pad

OVERLAP: Final = 2
"""Frames that each sample lies in: the fewest by which nothing is lost. With 4 sounds that are perturbed in
their values come out no better, and networks take twice as long (LOG.md)."""
SHORTEST_FRAME_SECONDS: Final = 0.016
LONGEST_FRAME_SECONDS: Final = 0.07
N_TRIED: Final = 64
"""Sounds by which the length of a frame is chosen."""
ORDER: Final = 3
"""Of the entropy that chooses it."""
WORTH: Final = 0.5
"""By which entropy falls, in nats, where frames of twice the length are worth it: that of a tone that goes on
falls by log 2, that of a click rises as much; that of words does something in between, and wants to be exact
in time."""

_LEAST: Final = 1e-20

Waves = Float[Tensor, "batch n_samples"]
Spectra = Complex[Tensor, "batch n_bins n_frames"]


@final
@dataclass(frozen=True)
class Frames:
    """How sounds are cut into frames.

    Args:
        size: Samples of a frame, a power of two.
        n_samples: Of a sound.
        overlap: Frames that each sample lies in, a power of two.
    """

    size: int
    n_samples: int
    overlap: int = OVERLAP

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.size // self.overlap

    @property
    def n_bins(self) -> int:
        """Complex numbers of a frame."""
        return self.size // 2

    @property
    def n_frames(self) -> int:
        """Of a sound: each of its samples lies in `overlap` of them."""
        return -(-(self.n_samples + self.size) // self.hop) - 1

    @property
    def advance(self) -> float:
        """Of the phase from frame to frame, in radians for each bin: of a tone in the middle of it."""
        return 2 * torch.pi * self.hop / self.size

    @cached_property
    def _window(self) -> Tensor:
        return torch.hann_window(self.size)

    def spectra(self, waves: Waves) -> Spectra:
        """The short-time Fourier transform."""
        left = self.size - self.hop
        n_all = self.size + (self.n_frames - 1) * self.hop
        padded = pad(waves, (left, n_all - left - self.n_samples))
        found = torch.stft(
            padded,
            self.size,
            self.hop,
            window=self._window.to(waves.device),
            center=False,
            return_complex=True,
        )  # (batch, n_bins + 1, n_frames)
        first = torch.complex(found[:, :1].real, found[:, -1:].real)
        return torch.cat([first, found[:, 1:-1]], 1)

    def waves(self, spectra: Spectra) -> Waves:
        """The sounds whose spectra these are; of spectra that no sound has, those nearest to them.

        Source:
            Griffin and Lim 1984, "Signal estimation from modified short-time Fourier transform", eq. 6.
        """
        ends = torch.stack([spectra[:, 0].real, spectra[:, 0].imag], 1).to(spectra.dtype)
        whole = torch.cat([ends[:, :1], spectra[:, 1:], ends[:, 1:]], 1)
        window = self._window.to(spectra.device)
        frames = torch.fft.irfft(whole, self.size, dim=1) * window[:, None]
        n_all = self.size + (self.n_frames - 1) * self.hop
        added = fold(frames, (1, n_all), (1, self.size), stride=(1, self.hop)).flatten(1)
        left = self.size - self.hop
        weight = window.square().view(self.overlap, self.hop).sum(0)
        kept = added[:, left : left + self.n_samples]
        return kept / weight.repeat(-(-self.n_samples // self.hop))[: self.n_samples]

    def consistent(self, spectra: Spectra, n_rounds: int) -> Spectra:
        """Spectra of the same levels whose phases belong to one sound, found in so many rounds.

        What a sound has already stays as it is.

        Source:
            Griffin and Lim 1984, algorithm of section III; Perraudin et al. 2013, "A fast Griffin-Lim
            algorithm", eq. 7, for the step beyond, of .99.
        """
        levels, now, before = spectra.abs(), spectra, spectra
        for _ in range(n_rounds):
            found = self.spectra(self.waves(now))
            ahead = found + 0.99 * (found - before)
            before = found
            now = ahead * (levels / ahead.abs().clamp_min(_LEAST))
        return now


def usual_frame_size(waves: np.ndarray, rate_hz: int) -> int:
    """The length of frames, a power of two, in which sounds are concentrated.

    Tones want long frames, clicks short ones; Renyi's entropy of the spectrogram as a distribution says
    whether frames of twice the length are worth it.

    Args:
        waves: Shape `(n, n_samples)`, from -1 to 1.
        rate_hz: Samples a second.

    Source:
        Baraniuk et al. 2001, "Measuring time-frequency information content using the Renyi entropies", eq. 4,
        of the third order.
    """
    some = torch.from_numpy(np.ascontiguousarray(waves[:N_TRIED]))
    size, before = 16, float("inf")
    while size < SHORTEST_FRAME_SECONDS * rate_hz:
        size *= 2
    while True:
        power = Frames(size, waves.shape[1]).spectra(some).abs().square().flatten(1).double()
        total = power.sum(1)
        shares = power[total > 0] / total[total > 0, None]
        entropy = float((shares.pow(ORDER).sum(1).log() / (1 - ORDER)).mean()) if len(shares) else 0.0
        if entropy > before - WORTH:
            return size // 2
        if 2 * size > min(LONGEST_FRAME_SECONDS * rate_hz, 2 * waves.shape[1]):
            return size
        size, before = 2 * size, entropy
