"""The chance of what is made in steps: draw k of step t is a hash of a record's noise, t and k.

So the same noise gives the same record, whatever others are made with it. Between two records each draw lies
on a circle from the one's to the other's: as likely as any, so all on the way is as well made.

Sources:
    White 2016, "Sampling generative networks", section 2.1 (arXiv:1609.04468), for the circle.
    Steele et al. 2014, "Fast splittable pseudorandom number generators", section 3: SplitMix.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float, UInt64
from scipy.special import ndtr, ndtri
from torch import Tensor

OF_ATTRIBUTES: Final = 1_000_000
"""Where the draws of attributes begin, ..."""
OF_WAYS: Final = 2_000_000
"""... those that say which ways go on, ..."""
OF_DOUBTS: Final = 3_000_000
"""... and those of weights that may as well be others."""
_STEP, _DRAW = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_MIXERS: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_EDGE: Final = 1e-9


@final
class Draws:
    """Uniform numbers of some records, made of their noise."""

    def __init__(self, noise: Float[Tensor, "n n_noise"]) -> None:
        known = noise.detach().cpu().numpy().astype(np.float32)
        half = known.shape[1] // 2
        is_way = known.shape[1] % 2 == 1  # the noise of two records, and how far it is from the first
        self._keys = _keys(known[:, :half] if is_way else known)
        self._others = _keys(known[:, half:-1]) if is_way else None
        self._angles = np.pi / 2 * known[:, -1].astype(float)

    def at(self, n: int, step: int, draw: int) -> Float[np.ndarray, " n"]:
        """In [0, 1), one for each of the first n records."""
        own = _at(self._keys[:n], step, draw)
        if self._others is None:
            return own
        angles, ends = self._angles[:n], (own, _at(self._others[:n], step, draw))
        one, other = (ndtri(np.clip(end, _EDGE, 1 - _EDGE)) for end in ends)
        mixed = ndtr(np.cos(angles) * one + np.sin(angles) * other)
        return np.where(angles == 0, own, np.minimum(mixed, 1 - _EDGE))

    def latents(self, n_numbers: int, begin: int = OF_ATTRIBUTES) -> Float[Tensor, "n n_numbers"]:
        """Standard normal numbers, for what is said of whole records."""
        n = len(self._keys)
        found = [self.at(n, 0, begin + place) for place in range(n_numbers)]
        uniform = torch.from_numpy(np.stack(found, 1)).clamp(_EDGE, 1 - _EDGE)
        return torch.special.ndtri(uniform).float()


def _keys(noise: Float[np.ndarray, "n n_noise"]) -> UInt64[np.ndarray, " n"]:
    keys = np.zeros(len(noise), np.uint64)
    with np.errstate(over="ignore"):
        for column in np.ascontiguousarray(noise).view(np.uint32).astype(np.uint64).T:
            keys = _mixed(keys + column + _STEP)
    return keys


def _at(keys: UInt64[np.ndarray, " n"], step: int, draw: int) -> Float[np.ndarray, " n"]:
    with np.errstate(over="ignore"):
        mixed = _mixed(_mixed(keys + np.uint64(step) * _STEP) + np.uint64(draw) * _DRAW)
    return (mixed >> np.uint64(11)).astype(float) / 2**53


def _mixed(words: UInt64[np.ndarray, " n"]) -> UInt64[np.ndarray, " n"]:
    for shift, factor in zip((30, 27), _MIXERS, strict=True):
        words = (words ^ (words >> np.uint64(shift))) * factor
    return words ^ (words >> np.uint64(31))
