"""A mark that nobody sees, in pictures that were made: it says so, after JPEG and at half the size.

A picture is brought to one grid whatever its size, so the mark knows no scale; its brightness, divided by how
much it varies near by, is taken apart into waves (DCT). A ring of them carries 32 known bits, each on some
hundred waves with signs that a key deals out: a bit is the mean of their signs, bent so that no single strong
wave decides. Writing looks at what the picture says by chance, and what it would say after the usual damage,
and adds only what a bit lacks, where it costs least; that is repeated until it holds in whole numbers of
8 bits. A picture without the mark is 32 coins.

The key is public, so anybody can read the mark, take it off or put it on: it tells honest people what a
picture is, and proves nothing. It is lost where more than a few percent are cut off, and by rotation.

Source:
    Cox et al. 1997, "Secure spread spectrum watermarking for multimedia" (doi:10.1109/83.650120), for waves
    in the middle of the spectrum; Miller et al. 2004, "Applying informed coding and embedding to design a
    robust high-capacity watermark" (doi:10.1109/TIP.2003.821551), for adding what is lacking; ITU-T T.81
    (JPEG), annex K, for the steps by which waves are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple, final

import numpy as np

from gansmith.modalities.image.pictures import Pixels
from gansmith.modalities.marking import chance_of

NAME: Final = "gansmith 1"
"""Of the mark, in the metadata of what carries it."""
N_BITS: Final = 32
FEWEST_BITS: Final = 29
"""That agree in a picture that is called marked: of others one in 390,000 (both layouts are tried)."""
SMALLEST_PX: Final = 64
"""Shorter sides hold no mark."""
FINE_PX: Final = 160
"""Shorter side from which on the finer layout is written."""
LEAST_PSNR: Final = 40.2
"""In dB, that writing keeps to, before values are rounded."""
N_ROUNDS: Final = 8
MARGINS: Final = (1.0, 0.6, 0.35)
"""Shares of the margin that are tried, one after the other, until half of it is reached by all bits."""
LOUDNESS: Final = 0.3
"""Power of how much places vary near by, to which their change is in proportion (LOG.md)."""
ENOUGH: Final = 0.85
"""Share of the margin at which a bit is left alone."""
STEP: Final = 1.2
"""By which the change that is needed is multiplied: rounding and clipping take some of it away."""
FLATTEST: Final = 2.0
"""Standard deviation, of 255, that a flat place counts as having."""
BENT: Final = 1.2
"""Waves are bent from so many times the median of their sizes on, ..."""
SMALLEST_WAVE: Final = 0.5
"""... which is no smaller than this, in flat pictures, where rounding swallows smaller ones."""
LUMA: Final = (0.299, 0.587, 0.114)
BLOCK: Final = 8
"""Side of the blocks of JPEG."""
JPEG_70: Final = np.floor(
    0.6
    * np.array(
        [
            [16, 11, 10, 16, 24, 40, 51, 61],
            [12, 12, 14, 19, 26, 58, 60, 55],
            [14, 13, 16, 24, 40, 57, 69, 56],
            [14, 17, 22, 29, 51, 87, 80, 62],
            [18, 22, 37, 56, 68, 109, 103, 77],
            [24, 35, 55, 64, 81, 104, 113, 92],
            [49, 64, 78, 87, 103, 121, 120, 101],
            [72, 92, 95, 98, 112, 100, 103, 99],
        ]
    )
    + 0.5
)
"""Steps of the waves of a block's brightness at quality 70."""
Array = np.ndarray[tuple[Any, ...], np.dtype[np.float64]]


@final
@dataclass(frozen=True)
class Layout:
    """Where in a picture the mark lies."""

    side: int
    """Of the grid that pictures are brought to."""
    lowest: float
    """Radius of the ring of waves, in half periods over the picture, ..."""
    highest: float
    """... and where it ends."""
    margin: float
    """Mean of bent signs, of -1 to 1, that each bit is to have."""
    blur: float
    """Standard deviation of what is near by, in points of the grid."""
    reduced: int
    """By which sides are divided before JPEG, in the damage that is foreseen."""


FINE: Final = Layout(160, 12, 60, 0.15, 5.0, 2)
COARSE: Final = Layout(96, 8, 40, 0.15, 3.0, 1)
"""Chosen on 20 photographs, measured on others: `python -m bench marks` (LOG.md)."""


@final
class Reading(NamedTuple):
    """What a picture says."""

    n_right: int
    """Bits of `N_BITS` that are those of the mark."""

    @property
    def is_marked(self) -> bool:
        """Whether the mark is there."""
        return self.n_right >= FEWEST_BITS

    @property
    def chance(self) -> float:
        """That a picture without a mark says as much."""
        return 1 - (1 - chance_of(self.n_right, N_BITS)) ** 2


def why_not(pixels: Pixels) -> str:
    """Why a picture, shape `(height, width, n_channels)`, holds no mark; empty where it does."""
    if pixels.dtype != np.uint8:
        return f"{pixels.dtype.name}, not 8 bits"
    if pixels.shape[2] > 4:
        return f"{pixels.shape[2]} channels"
    return f"smaller than {SMALLEST_PX} px" if min(pixels.shape[:2]) < SMALLEST_PX else ""


def marked(pixels: Pixels) -> Pixels:
    """A picture with the mark; transparency, and what holds none (see `why_not`), as it was.

    Args:
        pixels: Shape `(height, width, n_channels)`, 1 to 4, of 8 bits.
    """
    if why_not(pixels):
        return pixels
    layout = FINE if min(pixels.shape[:2]) >= FINE_PX else COARSE
    colours, weakest = pixels[..., : _n_colours(pixels)], -1.0
    best = colours
    for share in MARGINS:
        made, least = _written(colours, layout, share * layout.margin)
        if least > weakest:
            best, weakest = made, least
        if weakest >= share * layout.margin / 2:
            break
    return np.concatenate([best, pixels[..., best.shape[2] :]], axis=2)


def _written(colours: Pixels, layout: Layout, margin: float) -> tuple[Pixels, float]:
    """Colours with the mark, as far as the change that is allowed goes, and the mean of its weakest bit."""
    height, width, _ = colours.shape
    high, wide = _brought(layout.side, height), _brought(layout.side, width)
    allowed = 255 * 10 ** (-LEAST_PSNR / 20)
    change, made = np.zeros((height, width)), colours
    for _ in range(N_ROUNDS):
        waves, deviation = _waves(_brightness(made), layout)
        bits, size = _bits(waves, layout)
        lacking = (margin - np.minimum(bits, _after_damage(made, layout))).clip(0)
        if lacking.max() <= (1 - ENOUGH) * margin:
            break
        loudness = deviation**LOUDNESS / (deviation**LOUDNESS).mean() * deviation.mean()
        change += high @ (loudness * _pattern(waves, size, lacking, layout)) @ wide.T
        made = _shown(colours, change, allowed)
    bits, _ = _bits(_waves(_brightness(made), layout)[0], layout)
    return made, float(min(bits.min(), _after_damage(made, layout).min()))


def _shown(colours: Pixels, change: Array, allowed: float) -> Pixels:
    """Colours with a change that is as large as allowed at most, as a root mean square after clipping."""
    share = min(1.0, allowed / max(float(np.sqrt((change**2).mean())), 1e-9))
    left = (colours + share * change[..., None]).clip(0, 255) - colours
    share = min(1.0, share * allowed / max(float(np.sqrt((left**2).mean())), 1e-9))
    return np.rint(colours + share * change[..., None]).clip(0, 255).astype(np.uint8)


def _after_damage(colours: Pixels, layout: Layout) -> Array:
    """The mean of each bit after the damage that is foreseen: smaller sides, and JPEG of quality 70."""
    brightness = _brightness(colours)
    height, width = (side // layout.reduced for side in brightness.shape)
    values = _brought(len(brightness), height) @ brightness @ _brought(brightness.shape[1], width).T
    return _bits(_waves(_as_jpeg(values), layout)[0], layout)[0]


def _as_jpeg(brightness: Array) -> Array:
    """What JPEG leaves of a brightness of 0 to 255."""
    height, width = brightness.shape
    whole = np.pad(brightness - 128, ((0, -height % BLOCK), (0, -width % BLOCK)), mode="edge")
    blocks = whole.reshape(len(whole) // BLOCK, BLOCK, -1, BLOCK).swapaxes(1, 2)
    basis = _cosines(BLOCK, BLOCK)
    blocks = basis.T @ (np.rint(basis @ blocks @ basis.T / JPEG_70) * JPEG_70) @ basis
    return (blocks.swapaxes(1, 2).reshape(whole.shape)[:height, :width] + 128).clip(0, 255)


def read_mark(pixels: Pixels) -> Reading:
    """What a picture, shape `(height, width, n_channels)` of any depth, says by the layout that says most."""
    if pixels.shape[2] > 4 or not pixels.size:
        return Reading(0)
    brightness = _brightness(pixels)
    if pixels.dtype != np.uint8:
        brightness = brightness * (255 / max(float(np.abs(brightness).max()), 1e-9))
    found = (_bits(_waves(brightness, layout)[0], layout)[0] for layout in (FINE, COARSE))
    return Reading(max(int((bits > 0).sum()) for bits in found))


# --- Waves --------------------------------------------------------------------------------------------------


@final
class _Code(NamedTuple):
    """Which waves carry which bit."""

    rows: np.ndarray
    columns: np.ndarray
    bits: np.ndarray
    """Shape `(n_waves,)`: the number of the bit."""
    signs: np.ndarray
    """The same: of each wave where the bit is that of the mark."""
    basis: Array
    """Shape `(n_frequencies, side)`: the waves along a side, of length 1."""


@lru_cache(maxsize=4)
def _code(layout: Layout) -> _Code:
    n = int(layout.highest) + 1
    radius = np.hypot(*np.indices((n, n)))
    rows, columns = np.nonzero((radius >= layout.lowest) & (radius <= layout.highest))
    key = blake2b(f"{NAME} {layout.side}".encode(), digest_size=8).digest()
    chance = np.random.default_rng(int.from_bytes(key, "little"))
    bits = chance.permutation(np.arange(len(rows)) % N_BITS)
    signs = chance.choice([-1.0, 1.0], len(rows))
    return _Code(rows, columns, bits, signs, _cosines(n, layout.side))


def _waves(brightness: Array, layout: Layout) -> tuple[Array, Array]:
    """The waves of the ring, their signs those of the mark, shape `(n_waves,)`; and how much places vary.

    The latter has shape `(side, side)`, in steps of 255.
    """
    height, width = brightness.shape
    values = _brought(height, layout.side) @ brightness @ _brought(width, layout.side).T
    near = _near_by(layout.side, layout.blur)
    apart = values - near @ values @ near.T
    deviation = np.sqrt(near @ apart**2 @ near.T + FLATTEST**2)
    code = _code(layout)
    spectrum = code.basis @ (apart / deviation) @ code.basis.T
    return spectrum[code.rows, code.columns] * code.signs, deviation


def _bits(waves: Array, layout: Layout) -> tuple[Array, float]:
    """The mean of the bent waves of each bit, from -1 to 1, and where they are bent."""
    size = BENT * max(float(np.median(np.abs(waves))), SMALLEST_WAVE)
    return _mean_by_bit(np.tanh(waves / size), layout), size


def _mean_by_bit(values: Array, layout: Layout) -> Array:
    bits = _code(layout).bits
    return np.bincount(bits, values, N_BITS) / np.bincount(bits, minlength=N_BITS)


def _pattern(waves: Array, size: float, lacking: Array, layout: Layout) -> Array:
    """What changes bits by what they lack, on the grid: waves that are bent already are left alone."""
    code = _code(layout)
    slopes = 1 - np.tanh(waves / size) ** 2
    steps = STEP * size * lacking / _mean_by_bit(slopes**2, layout)
    spectrum = np.zeros((len(code.basis), len(code.basis)))
    spectrum[code.rows, code.columns] = code.signs * slopes * steps[code.bits]
    return code.basis.T @ spectrum @ code.basis


# --- Along a side -------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _brought(n_in: int, n_out: int) -> Array:
    """A side to one of other length, shape `(n_out, n_in)`: by straight lines, nothing aliased."""
    scale = max(1.0, n_in / n_out)
    centres = (np.arange(n_out) + 0.5) * n_in / n_out - 0.5
    weights = (1 - np.abs(centres[:, None] - np.arange(n_in)) / scale).clip(0)
    return weights / weights.sum(1, keepdims=True)


@lru_cache(maxsize=4)
def _cosines(n: int, side: int) -> Array:
    """The first waves along a side, of length 1, shape `(n, side)`: the basis of the DCT."""
    angles = np.pi / side * np.outer(np.arange(n), np.arange(side) + 0.5)
    waves = np.cos(angles) * np.sqrt(2 / side)
    waves[0] /= np.sqrt(2)
    return waves


@lru_cache(maxsize=4)
def _near_by(side: int, blur: float) -> Array:
    """A Gaussian mean along a side, shape `(side, side)`."""
    apart = np.subtract.outer(np.arange(side), np.arange(side)) / blur
    weights = np.exp(-0.5 * apart**2)
    return weights / weights.sum(1, keepdims=True)


def _n_colours(pixels: Pixels) -> int:
    return 3 if pixels.shape[2] >= 3 else 1


def _brightness(pixels: Pixels) -> Array:
    """Shape `(height, width)`."""
    if _n_colours(pixels) == 1:
        return pixels[..., 0].astype(np.float64)
    return pixels[..., :3] @ np.array(LUMA)
