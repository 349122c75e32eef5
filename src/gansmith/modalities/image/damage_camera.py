"""What a camera or a scanner does to a picture: blur, low resolution, noise, grain, JPEG.

Light adds up, so lenses blur and pixels average linear light; noise and JPEG work on stored values. A blur is
what it leaves of each frequency, in closed form, so one Fourier transform of the batch does all of it,
however wide the blurs are.

Source:
    Wang et al. 2021, "Real-ESRGAN", section 3 (arXiv:2107.10833), and Zhang et al. 2021, "Designing a
    practical degradation model for deep blind image super-resolution" (arXiv:2103.14006), for the list and
    the ranges.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from gansmith.modalities.image.damage_draws import (
    Choices,
    Draws,
    Parameters,
    Pictures,
    filtered,
    frequencies,
    gaussian_transfer,
)
from gansmith.nets.resizing import resized

GAMMA: Final = 2.2
"""Light is a stored value to this power."""
EDGE_PX: Final = 8
"""Of the mirrored picture beyond each edge, while it is blurred."""
SIGMAS_PX: Final = (0.4, 2.2)
"""Standard deviation of a Gaussian blur along its wider axis."""
ANISOTROPIC: Final = 0.4
"""Chance that a Gaussian is narrower across that axis."""
NARROWEST: Final = 0.3
"""That it is then at least, as a share of the wider axis."""
DEFOCUSED, RADII_PX = 0.25, (0.7, 2.5)
"""Chance of a defocus disc beside the Gaussian, and its radius."""
MOVED, LENGTHS_PX = 0.2, (1.0, 4.5)
"""Chance of a motion in a straight line beside it, and its length."""
FACTORS: Final = (1.0, 3.0)
"""By which the sides shrink where resolution is lost."""
NOISE: Final = (1 / 255, 25 / 255)
"""Standard deviation of noise on white."""
NOISE_POWERS: Final = (0.0, 0.5, 1.0)
"""Of the value that the deviation goes with: Gaussian noise, Poisson noise, speckle."""
GREY_NOISE: Final = 0.4
"""Chance that all channels get the same noise."""
SALTED, MOST_SALT = 0.1, 0.01
"""Chance of salt and pepper in noise, and of how many pixels at most."""
GRAIN: Final = (0.015, 0.08)
"""Standard deviation of grain where it is strongest, at middle grey."""
GRAIN_SIGMAS_PX: Final = (0.35, 0.9)
"""How far grains reach: standard deviation of the Gaussian that makes them of white noise."""
QUALITIES: Final = (30, 95)
"""Of JPEG, as libjpeg counts."""
SUBSAMPLED: Final = 0.5
"""Chance that JPEG halves the sides of the colours: 4:2:0."""
_BLOCK: Final = 8
_LUMA: Final = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
"""Steps of quantisation at quality 50, row by row: annex K.1 of the standard of JPEG."""
_CHROMA: Final = (
    *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99, *(99,) * 32),
)
_TO_YCC: Final = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
"""Luma and two colours of red, green and blue: as JFIF has them."""


def blurred(pictures: Pictures, draws: Draws) -> Pictures:
    """Each through a lens of its own: a Gaussian, perhaps a defocus disc, perhaps a slight motion."""
    height, width = pictures.shape[-2:]
    edge = min(EDGE_PX, height - 1, width - 1)
    light = F.pad(pictures.pow(GAMMA), [edge] * 4, mode="reflect") if edge else pictures.pow(GAMMA)
    transfer = _lens(len(pictures), height + 2 * edge, width + 2 * edge, draws)
    through = filtered(light, transfer)[..., edge : edge + height, edge : edge + width]
    return through.clamp(0.0, 1.0).pow(1 / GAMMA)


def _lens(n: int, height: int, width: int, draws: Draws) -> Float[Tensor, "n 1 height frequencies"]:
    """What each lens leaves of each frequency."""
    down, across = frequencies(height, width, draws.device)
    wide = draws.factors(*SIGMAS_PX, n)
    narrow = wide * torch.where(draws.happens(ANISOTROPIC, n), draws.between(NARROWEST, 1.0, n), 1.0)
    along, aside = _turned(down, across, draws.between(0.0, math.pi, n))
    transfer = gaussian_transfer(wide * along, narrow * aside)
    radius = draws.between(*RADII_PX, n) * draws.happens(DEFOCUSED, n)
    phase = 2 * math.pi * radius * (down.square() + across.square()).sqrt()
    disc = torch.where(phase > 1e-3, 2 * torch.special.bessel_j1(phase) / phase.clamp_min(1e-3), 1.0)
    length = draws.between(*LENGTHS_PX, n) * draws.happens(MOVED, n)
    path, _ = _turned(down, across, draws.between(0.0, math.pi, n))
    return transfer * disc * torch.sinc(length * path)


def _turned(
    down: Float[Tensor, "height 1"], across: Float[Tensor, "1 width"], angle: Parameters
) -> tuple[Float[Tensor, "batch n_marks height width"], Float[Tensor, "batch n_marks height width"]]:
    """Along a direction, which is so many radians from the rows, and at right angles to it."""
    return across * angle.cos() + down * angle.sin(), down * angle.cos() - across * angle.sin()


def reduced(pictures: Pictures, draws: Draws) -> Pictures:
    """Made smaller by a factor of its own and as large again, by the kernel of `gansmith.nets.resizing`."""
    light, sides = pictures.pow(GAMMA), pictures.shape[-2:]
    for row, factor in enumerate(draws.between(*FACTORS, len(pictures)).flatten().tolist()):
        small = [max(1, round(side / factor)) for side in sides]
        light[row] = resized(resized(light[row, None], small), sides)[0]
    return light.clamp(0.0, 1.0).pow(1 / GAMMA)


def noisy(pictures: Pictures, draws: Draws) -> Pictures:
    """Noise on every pixel, Gaussian, Poisson (as a normal of the same variance) or speckle; salt and pepper.

    Its deviation is `NOISE` times the value to one of `NOISE_POWERS`.
    """
    n, _, height, width = pictures.shape
    powers = torch.tensor(NOISE_POWERS, device=pictures.device)
    power = powers[draws.between(0.0, len(NOISE_POWERS), n).long()]
    noise = draws.normal(*pictures.shape)
    noise = torch.where(draws.happens(GREY_NOISE, n), noise[:, :1], noise)
    strength = draws.factors(*NOISE, n) * pictures.clamp_min(1e-6).pow(power)
    noisy = pictures + noise * strength
    is_salted = draws.happens(SALTED, n)
    if is_salted.any():
        share = draws.between(0.0, MOST_SALT, n) * is_salted
        place = draws.uniform(n, 1, height, width)
        noisy = noisy.masked_fill(place < share / 2, 1.0).masked_fill(place > 1 - share / 2, 0.0)
    return noisy.clamp(0.0, 1.0)


def grainy(pictures: Pictures, draws: Draws) -> Pictures:
    """Grains of film: grey, reaching over neighbours, strongest at middle grey, none on black and white."""
    n, _, height, width = pictures.shape
    grain = draws.grain(draws.factors(*GRAIN_SIGMAS_PX, n), height, width)
    strength = draws.factors(*GRAIN, n) * 2 * (pictures * (1 - pictures)).clamp_min(0.0).sqrt()
    return (pictures + grain * strength).clamp(0.0, 1.0)


def compressed(pictures: Pictures, draws: Draws) -> Pictures:
    """As JPEG of a quality of its own gives each back."""
    n = len(pictures)
    return as_jpeg(pictures, draws.between(*QUALITIES, n).round(), draws.happens(SUBSAMPLED, n))


def as_jpeg(pictures: Pictures, quality: Parameters, is_subsampled: Choices) -> Pictures:
    """What baseline JPEG leaves of pictures of one or three channels, in steps of 1 / 255.

    The tables are those of the standard, scaled as libjpeg scales them; colours at half their sides are
    averaged over boxes and brought back linearly. It differs from libjpeg's by rounding alone.

    Args:
        pictures: Stored values.
        quality: 1 to 100, for each picture.
        is_subsampled: Whether its colours are halved, 4:2:0.
    """
    height, width = pictures.shape[-2:]
    bottom, right = -height % (2 * _BLOCK), -width % (2 * _BLOCK)
    values = F.pad(pictures * 255, [0, right, 0, bottom], mode="replicate").round()
    if pictures.shape[1] == 1:
        planes = _quantised(values - 128, _table(_LUMA, quality)) + 128
    else:
        to_ycc = torch.tensor(_TO_YCC, device=pictures.device)
        ycc = torch.einsum("ij,njhw->nihw", to_ycc, values).round()
        luma = _quantised(ycc[:, :1] - 128, _table(_LUMA, quality)) + 128
        colours = _colours(ycc[:, 1:], _table(_CHROMA, quality), is_subsampled.flatten())
        planes = torch.einsum("ij,njhw->nihw", to_ycc.inverse(), torch.cat([luma, colours], 1))
    return planes[..., :height, :width].round().clamp(0.0, 255.0) / 255


def _colours(
    colours: Float[Tensor, "batch 2 height width"],
    table: Float[Tensor, "batch 1 1 64"],
    is_subsampled: Bool[Tensor, " batch"],
) -> Float[Tensor, "batch 2 height width"]:
    """The two planes of colour, quantised at their size or at half of it."""
    found = torch.empty_like(colours)
    whole, halved = (~is_subsampled).nonzero()[:, 0], is_subsampled.nonzero()[:, 0]
    if len(whole):
        found[whole] = _quantised(colours[whole], table[whole])
    if len(halved):
        small = _quantised(F.avg_pool2d(colours[halved], 2).round(), table[halved])
        found[halved] = F.interpolate(small, scale_factor=2.0, mode="bilinear").round()
    return found


def _table(steps: tuple[int, ...], quality: Parameters) -> Float[Tensor, "batch 1 1 64"]:
    """Steps of quantisation at these qualities."""
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).floor()
    table = torch.tensor(steps, dtype=torch.float32, device=quality.device)
    return ((table * scale + 50) / 100).floor().clamp(1, 255)


def _quantised(
    planes: Float[Tensor, "batch n_planes height width"], table: Float[Tensor, "batch 1 1 64"]
) -> Float[Tensor, "batch n_planes height width"]:
    """Planes around 0 whose cosine transform, block by block, is in whole steps of the table."""
    n, n_planes, height, width = planes.shape
    rows, columns = height // _BLOCK, width // _BLOCK
    blocks = planes.reshape(n, n_planes, rows, _BLOCK, columns, _BLOCK).transpose(3, 4)
    basis = _cosines(planes.device)
    coefficients = blocks.reshape(n, n_planes, -1, _BLOCK**2) @ basis
    coefficients = (coefficients / table).round() * table
    blocks = (coefficients @ basis.T).round().clamp(-128.0, 127.0)
    blocks = blocks.reshape(n, n_planes, rows, columns, _BLOCK, _BLOCK).transpose(3, 4)
    return blocks.reshape(planes.shape)


def _cosines(device: torch.device) -> Float[Tensor, "64 64"]:
    """The orthonormal cosine transform of a block, a column for each coefficient."""
    places = torch.arange(_BLOCK, dtype=torch.float64, device=device)
    cosines = ((2 * places[:, None] + 1) * places * math.pi / (2 * _BLOCK)).cos() * math.sqrt(2 / _BLOCK)
    cosines[:, 0] /= math.sqrt(2)
    return torch.kron(cosines, cosines).to(torch.float32)
