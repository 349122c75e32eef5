"""What age does to the colours of a print: grey, fading, yellowing, uneven light, stains, a screen of dots.

Each is a function of pictures, stored values of one or three channels, and of draws; each picture gets a
degree of its own. What is uneven follows a smooth field over the picture.

Source:
    Wan et al. 2020, "Bringing old photos back to life" (arXiv:2004.09484), for mixing kinds of damage that
    lie spread over a picture with such as are local; the ranges were chosen by eye.
"""

from __future__ import annotations

import math
from typing import Final

import torch

from gansmith.modalities.image.damage_draws import Draws, Parameters, Pictures, mixed

GREY, LEAST_GREY = 0.5, 0.15
"""Chance that no colour is left where any is lost, and else how much is lost at least, of 1."""
LUMA: Final = (0.299, 0.587, 0.114)
"""What red, green and blue count in grey."""
TONE_DEVIATION: Final = 0.2
"""Of the logarithm of gamma, common to the channels."""
DYE_DEVIATION: Final = 0.1
"""The same, of each channel by itself: dyes fade apart."""
BLACKS: Final = (0.0, 0.22)
"""What black rises to."""
WHITES: Final = (0.78, 1.0)
"""What white sinks to."""
DYE_SHARE: Final = 0.05
"""By which black and white of a channel may lie off the others."""
LEAST_FADED: Final = 0.4
"""Of the fading, where a picture has kept best: 1 where it has faded most."""
PAPER_LOSSES: Final = ((0.0, 0.07), (0.06, 0.2), (0.2, 0.5))
"""Of red, green and blue that yellow paper swallows, at the full degree."""
BROWN: Final = (0.16, 0.08, 0.02)
"""What black of red, green and blue rises to at the full degree of yellowing: brown."""
DEGREES: Final = (0.15, 1.0)
"""Of yellowing."""
VIGNETTES: Final = (-0.3, 0.45)
"""Of the light lost in the corners; below 0 they grow pale, as prints that fade from the edge."""
STAIN_STRENGTHS: Final = (0.1, 0.4)
"""Of the light that stains swallow in blue; of red and green less."""
STAIN_LOSSES: Final = (0.45, 0.65, 1.0)
"""Of red, green and blue, as shares of that."""
STAIN_LEVELS: Final = (0.6, 0.85)
"""Of a smooth field in [0, 1], above which paper is stained."""
STAIN_EDGES: Final = (0.02, 0.15)
"""Over how much of that field the stain sets in."""
DOTS_PX, DOT_AMOUNTS, DOT_HARDNESS = (2.5, 4.5), (0.15, 0.4), 2.0
"""Period of a printer's screen, how far it shows, and the contrast of its dots."""
_N_CELLS: Final = 4
"""Of a smooth field along each side."""


def desaturated(pictures: Pictures, draws: Draws) -> Pictures:
    """Colours lost to some degree, or altogether: as in a picture that never had any."""
    if pictures.shape[1] == 1:
        return pictures
    n = len(pictures)
    degree = torch.where(draws.happens(GREY, n), 1.0, draws.between(LEAST_GREY, 1.0, n))
    grey = (pictures * _of_channels(LUMA)).sum(1, keepdim=True)
    return mixed(pictures, grey, degree)


def faded(pictures: Pictures, draws: Draws) -> Pictures:
    """Another gamma for each channel, black raised, white lowered; more so in some places than in others."""
    n, n_channels, height, width = pictures.shape
    tone = TONE_DEVIATION * draws.normal(n, 1, 1, 1) + DYE_DEVIATION * draws.normal(n, n_channels, 1, 1)
    black = draws.between(*BLACKS, n) + draws.between(0.0, DYE_SHARE, n, n_channels)
    white = draws.between(*WHITES, n) - draws.between(0.0, DYE_SHARE, n, n_channels)
    old = black + (white - black) * pictures.clamp_min(1e-6).pow(tone.exp())
    amount = LEAST_FADED + (1 - LEAST_FADED) * draws.smooth(n, _N_CELLS, height, width)
    return mixed(pictures, old, amount)


def yellowed(pictures: Pictures, draws: Draws) -> Pictures:
    """White turns cream and black brown, to a degree of its own and not everywhere alike.

    With a picture that was desaturated before it is sepia.
    """
    n, n_channels, height, width = pictures.shape
    losses = torch.cat([draws.between(*losses, n) for losses in PAPER_LOSSES], 1)
    brown = _of_channels(BROWN).to(pictures.device)
    if n_channels == 1:
        losses, brown = losses.mean(1, keepdim=True), brown.mean(1, keepdim=True)
    degree = draws.between(*DEGREES, n) * (0.6 + 0.4 * draws.smooth(n, _N_CELLS, height, width))
    return mixed(pictures, brown + (1 - losses - brown) * pictures, degree)


def vignetted(pictures: Pictures, draws: Draws) -> Pictures:
    """Darker, or paler, the farther from a point near the middle."""
    n, _, height, width = pictures.shape
    down = torch.linspace(-1, 1, height, device=pictures.device)[:, None] - draws.between(-0.4, 0.4, n)
    across = torch.linspace(-1, 1, width, device=pictures.device) - draws.between(-0.4, 0.4, n)
    distance = (down.square() + across.square()) / 2
    strength = draws.between(*VIGNETTES, n)
    dark = pictures * (1 - strength.clamp_min(0) * distance).clamp_min(0.0)
    return mixed(dark, torch.ones_like(dark), (-strength).clamp_min(0) * distance.clamp_max(1.0))


def stained(pictures: Pictures, draws: Draws) -> Pictures:
    """Brown stains of irregular outline, darker where the water stopped."""
    n, n_channels, height, width = pictures.shape
    field = draws.smooth(n, _N_CELLS + 1, height, width) + 0.03 * draws.grain(
        draws.between(1.5, 3.0, n), height, width
    )
    inside = (field - draws.between(*STAIN_LEVELS, n)) / draws.factors(*STAIN_EDGES, n)
    rim = (-inside.square()).exp() * draws.between(0.0, 0.6, n)
    swallowed = (torch.sigmoid(2 * inside) + rim) * draws.between(*STAIN_STRENGTHS, n)
    losses = _of_channels(STAIN_LOSSES).to(pictures.device)
    losses = losses if n_channels == 3 else losses.mean(1, keepdim=True)
    return pictures * (1 - losses * swallowed).clamp_min(0.0)


def dotted(pictures: Pictures, draws: Draws) -> Pictures:
    """A screen of dots as in newspapers and books, at an angle of its own in each channel."""
    n, n_channels, height, width = pictures.shape
    angle = draws.between(0.0, math.pi, n, n_channels)
    down = torch.arange(height, device=pictures.device)[:, None]
    across = torch.arange(width, device=pictures.device)
    wave = 2 * math.pi / draws.between(*DOTS_PX, n)
    first = (wave * (across * angle.cos() + down * angle.sin())).cos()
    second = (wave * (down * angle.cos() - across * angle.sin())).cos()
    dots = 0.5 + DOT_HARDNESS * (pictures - 0.5 - (first + second) / 4)
    return mixed(pictures, dots.clamp(0.0, 1.0), draws.between(*DOT_AMOUNTS, n))


def _of_channels(values: tuple[float, ...]) -> Parameters:
    """A value for each channel."""
    return torch.tensor(values).view(1, -1, 1, 1)
