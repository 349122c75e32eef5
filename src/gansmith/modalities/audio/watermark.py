"""A mark that nobody notices, in sounds that were made: it says so, at another rate and level, cut or noisy.

Between 160 and 3,680 Hz lie 110 pairs of narrow bands; which of each pair is the louder one a key says. Of a
sound without the mark each pair is a coin. Writing turns the pairs round that are cheapest to turn, those of
nearly equal level, until far more agree than coins would, and changes nothing else. Levels of whole sounds
know no time, no rate and no loudness, so cutting, resampling and mixing down leave the mark where it is.

The key is public, so anybody can read the mark, take it off or put it on: it tells honest people what a sound
is, and proves nothing. Another pitch or speed takes it away.

Source:
    Arnold 2000, "Audio watermarking: features, applications and algorithms" (doi:10.1109/ICME.2000.871531),
    for the patchwork of pairs of bands; Miller et al. 2004, "Applying informed coding and embedding to design
    a robust high-capacity watermark" (doi:10.1109/TIP.2003.821551), for adding what is lacking.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple, final

import numpy as np
from jaxtyping import Bool, Float

from gansmith.modalities.marking import chance_of
from gansmith.modalities.waves import HIGHEST

NAME: Final = "gansmith sound 1"
"""Of the mark, in the metadata of what carries it."""
LOWEST_HZ: Final = 160.0
BAND_HZ: Final = 16.0
N_BITS: Final = 110
"""Pairs of bands."""
FEWEST_BITS: Final = 80
"""That agree in a sound that is called marked: of others less than one in a million."""
WANTED_BITS: Final = 94
"""That agree after writing."""
MARGIN_DB: Final = 1.5
"""By which the louder band of a pair is louder, after writing."""
MOST_DB: Final = 5.0
"""That the level of any band is changed by."""
SHORTEST_SECONDS: Final = 0.15
N_ROUNDS: Final = 4
HIGHEST_HZ: Final = LOWEST_HZ + 2 * N_BITS * BAND_HZ
_LEAST: Final = 1e-3
"""Power of a band that holds nothing, in squared steps of 16 bits."""


@final
class Reading(NamedTuple):
    """What a sound says."""

    n_right: int
    """Pairs of `N_BITS` that are as the mark has them."""

    @property
    def is_marked(self) -> bool:
        """Whether the mark is there."""
        return self.n_right >= FEWEST_BITS

    @property
    def chance(self) -> float:
        """That a sound without the mark says as much."""
        return chance_of(self.n_right, N_BITS)


def why_not(n_samples: int, rate_hz: int) -> str:
    """Why a sound holds no mark; empty where it does."""
    if rate_hz < 2 * HIGHEST_HZ:
        return f"a rate below {2 * HIGHEST_HZ:,.0f} Hz"
    return f"shorter than {SHORTEST_SECONDS} s" if n_samples < SHORTEST_SECONDS * rate_hz else ""


def marked(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """A sound with the mark, as loud as it was; what holds none (see `why_not`) as it was.

    Args:
        samples: Shape `(n_samples, n_channels)`, int16.
        rate_hz: Samples a second.
    """
    if why_not(len(samples), rate_hz) or not samples.any():
        return samples
    whole = samples.astype(np.float64)
    gains, made = np.zeros(2 * N_BITS), samples
    for _ in range(N_ROUNDS):
        lead = _lead_db(made.astype(np.float64), rate_hz)
        lacking = MARGIN_DB - lead
        order = np.argsort(lacking, kind="stable")
        few = order[:WANTED_BITS]  # those that are right, and the cheapest of the others
        change = np.where(np.isin(np.arange(N_BITS), few), lacking.clip(0), 0) / 2
        if change.max() <= MARGIN_DB / 4:
            break
        signs = np.where(_key(), 1.0, -1.0)
        gains = (gains + np.stack([signs * change, -signs * change], 1).ravel()).clip(-MOST_DB, MOST_DB)
        made = _with_gains(whole, gains, rate_hz)
    return made


def read_mark(wave: np.ndarray, rate_hz: int) -> Reading:
    """What a sound says, shape `(n_samples, n_channels)`, of any scale."""
    if why_not(len(wave), rate_hz) or not np.any(wave):
        return Reading(0)
    peak = float(np.abs(wave).max())
    return Reading(int((_lead_db(wave.astype(np.float64) * (HIGHEST / peak), rate_hz) > 0).sum()))


@lru_cache(1)
def _key() -> Bool[np.ndarray, " n_bits"]:
    """Whether the lower band of each pair is the louder one."""
    digest = blake2b(NAME.encode(), digest_size=16).digest()
    return np.unpackbits(np.frombuffer(digest, np.uint8))[:N_BITS].astype(bool)


def _lead_db(wave: Float[np.ndarray, "n c"], rate_hz: int) -> Float[np.ndarray, " n_bits"]:
    """By how much the band that should be louder is so, of each pair."""
    spectrum = np.square(np.abs(np.fft.rfft(wave.mean(1)))) / len(wave)
    bands = _bands_of(len(spectrum), len(wave), rate_hz)
    is_in = bands >= 0
    power = np.bincount(bands[is_in], spectrum[is_in], 2 * N_BITS)
    level = 10 * np.log10(power + _LEAST)
    lead = level[::2] - level[1::2]
    return np.where(_key(), lead, -lead)


def _bands_of(n_bins: int, n_samples: int, rate_hz: int) -> np.ndarray:
    """The band of each bin, -1 for none."""
    bands = np.floor((np.arange(n_bins) * rate_hz / n_samples - LOWEST_HZ) / BAND_HZ).astype(np.int64)
    return np.where((bands >= 0) & (bands < 2 * N_BITS), bands, -1)


def _with_gains(
    wave: Float[np.ndarray, "n c"], gains_db: Float[np.ndarray, " n_bands"], rate_hz: int
) -> np.ndarray:
    """A sound whose bands are so much louder, as int16; never louder than full scale."""
    spectrum = np.fft.rfft(wave, axis=0)
    bands = _bands_of(len(spectrum), len(wave), rate_hz)
    factors = np.where(bands >= 0, 10 ** (gains_db[bands] / 20), 1.0)
    made = np.fft.irfft(spectrum * factors[:, None], len(wave), axis=0)
    return np.rint(made * min(1.0, HIGHEST / max(1.0, np.abs(made).max()))).astype(np.int16)
