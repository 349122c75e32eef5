"""What lies on a print or is missing of it: scratches, hair, dust, folds, holes and torn corners.

Each is a function of pictures and of draws, and gives them back with what it covers: 0 where a picture shines
through untouched, 1 where nothing is left of it. Marks are drawn as distances from curves, for all pictures
and all marks of a kind at once; lengths are in pixels or in shares of the shorter side.

Source:
    Wan et al. 2020, "Bringing old photos back to life", section 3 (arXiv:2004.09484): scratches and dust as
    the damage that has to be filled, beside the one that has to be filtered. The shapes are our own.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.modalities.image.damage_draws import Draws, Fields, Parameters, Pictures, mixed

Cover = Float[Tensor, "batch 1 height width"]

N_SCRATCHES, N_HAIRS, N_FOLDS, N_HOLES = 4, 2, 2, 2
"""At most in a picture that has any."""
UPRIGHT, UPRIGHT_DEVIATION = 0.6, math.radians(4)
"""Chance that scratches run as film ran through a camera, and how far from upright; others run anywhere."""
SCRATCH_SIDES: Final = (0.2, 1.5)
"""Length of a scratch, in shorter sides."""
SCRATCH_BEND: Final = 0.04
"""How far the middle of a scratch lies off its ends, at most, in lengths."""
SCRATCH_WIDTHS_PX: Final = (0.7, 3.0)
SCRATCH_OPACITIES: Final = (0.35, 1.0)
HAIR_PX, HAIR_BEND, HAIR_WIDTHS_PX = (8.0, 30.0), 0.35, (0.7, 1.4)
"""Length, bend in lengths, and width of hairs."""
WHITE, COLOURED = 0.65, 0.1
"""Chances that a scratch is white, and that one has a colour of its own; others are dark."""
DUST_SIGMAS_PX: Final = (0.6, 1.5)
"""Size of specks: deviation of the Gaussian that makes their field of white noise."""
DUST_LEVELS: Final = (2.5, 3.5)
"""Deviations of that field, above which there is a speck."""
FOLD_WIDTHS_PX: Final = (0.5, 2.5)
"""Of the lost emulsion along a fold."""
FOLD_REACH_PX, FOLD_SHADE = (2.0, 7.0), (0.05, 0.25)
"""How far the bulge beside a fold reaches, and how much lighter one side is and darker the other."""
HOLE_SIDES: Final = (0.08, 0.28)
"""Radius of what is missing, in shorter sides."""
CORNER, EDGE = 0.45, 0.4
"""Chances that it is missing at a corner and at an edge; others are within."""
N_VERTICES: Final = 11
"""Of its outline."""
PAPER: Final = (1.0, 0.95, 0.84)
"""Red, green and blue of old paper."""


@final
class Marked(NamedTuple):
    """Pictures with marks on them."""

    pictures: Pictures
    cover: Cover
    """How little of the picture shines through, 0 to 1."""


def scratched(pictures: Pictures, draws: Draws) -> Marked:
    """Thin long lines, slightly curved, broken here and there, white, dark or of a colour."""
    n, _, height, width = pictures.shape
    side = min(height, width)
    upright = math.pi / 2 + UPRIGHT_DEVIATION * draws.normal(n, N_SCRATCHES, 1, 1)
    anywhere = draws.between(0.0, math.pi, n, N_SCRATCHES)
    lines = _Lines(
        torch.where(draws.happens(UPRIGHT, n), upright, anywhere),
        side * draws.factors(*SCRATCH_SIDES, n, N_SCRATCHES),
        draws.between(-SCRATCH_BEND, SCRATCH_BEND, n, N_SCRATCHES),
        draws.factors(*SCRATCH_WIDTHS_PX, n, N_SCRATCHES),
    )
    cover, along = _drawn(lines, height, width, draws)
    worn = _wave(along, 30.0, 120.0, draws) * _wave(along, 10.0, 40.0, draws)
    gaps = draws.between(0.0, 1.0, n, N_SCRATCHES).square()
    cover = cover * (1 - gaps * (0.5 + 2 * worn)).clamp(0.0, 1.0)
    return _laid(pictures, cover * draws.between(*SCRATCH_OPACITIES, n, N_SCRATCHES), draws, WHITE, COLOURED)


def hairy(pictures: Pictures, draws: Draws) -> Marked:
    """Short thin curves."""
    n, _, height, width = pictures.shape
    lines = _Lines(
        draws.between(0.0, math.pi, n, N_HAIRS),
        draws.factors(*HAIR_PX, n, N_HAIRS),
        draws.between(-HAIR_BEND, HAIR_BEND, n, N_HAIRS),
        draws.between(*HAIR_WIDTHS_PX, n, N_HAIRS),
    )
    cover, _ = _drawn(lines, height, width, draws)
    return _laid(pictures, cover * draws.between(0.6, 1.0, n, N_HAIRS), draws, 1 - WHITE)


def dusty(pictures: Pictures, draws: Draws) -> Marked:
    """Irregular specks, denser in some places than in others, white ones and dark ones."""
    n, _, height, width = pictures.shape
    field = draws.grain(draws.factors(*DUST_SIGMAS_PX, n, 2), height, width)
    level = draws.between(*DUST_LEVELS, n, 2) - draws.smooth(n, 3, height, width) + 0.5
    return _laid(pictures, ((field - level) * 3).clamp(0.0, 1.0), draws, WHITE)


def folded(pictures: Pictures, draws: Draws) -> Marked:
    """Straight lines across, with a bulge that is bright on one side, and emulsion broken off along them."""
    n, _, height, width = pictures.shape
    upright = draws.happens(0.5, n, N_FOLDS) * (math.pi / 2)
    angle = upright + 0.15 * draws.normal(n, N_FOLDS, 1, 1)
    _, aside = _around(angle, height, width, draws)
    is_there = _some(n, N_FOLDS, draws)
    reach = draws.between(*FOLD_REACH_PX, n, N_FOLDS)
    shade = draws.between(*FOLD_SHADE, n, N_FOLDS) * (aside / 1.5).tanh() * (-aside.abs() / reach).exp()
    shaded = pictures * (1 + (shade * is_there).sum(1, keepdim=True))
    ragged = 0.7 * draws.grain(draws.between(0.8, 2.0, n), height, width)
    half = draws.between(*FOLD_WIDTHS_PX, n, N_FOLDS) / 2
    cover = (half + ragged - aside.abs() + 0.3).clamp(0.0, 1.0) * is_there
    return _laid(shaded.clamp(0.0, 1.0), cover * draws.between(0.6, 1.0, n, N_FOLDS), draws, 1.0)


def torn(pictures: Pictures, draws: Draws) -> Marked:
    """Corners, bites of the edge and holes: irregular polygons with a white rim."""
    n, _, height, width = pictures.shape
    inside = _holes(n, height, width, draws)
    ragged = 0.5 * draws.grain(draws.between(0.6, 1.5, n), height, width)
    hole = (inside + ragged + 0.5).clamp(0.0, 1.0).amax(1, keepdim=True)
    rim = (inside + ragged + draws.between(0.5, 3.0, n)).clamp(0.0, 1.0).amax(1, keepdim=True)
    behind = draws.between(0.0, 1.0, n)  # white, grey or as dark as an album's page
    behind = torch.where(draws.happens(0.5, n), draws.between(0.85, 1.0, n), behind)
    torn_off = mixed(pictures, _paper(draws.between(0.85, 1.0, n), pictures, draws), rim)
    return Marked(mixed(torn_off, _paper(behind, pictures, draws), hole), rim)


@final
class _Lines(NamedTuple):
    """Parabolas, so many for each picture."""

    angle: Parameters
    """From the rows, in radians."""
    length_px: Parameters
    bend: Parameters
    """How far the middle lies off the ends, in lengths."""
    width_px: Parameters


def _drawn(lines: _Lines, height: int, width: int, draws: Draws) -> tuple[Fields, Fields]:
    """What some of the lines cover, each about a point anywhere, and where along a line each pixel lies."""
    along, aside = _around(lines.angle, height, width, draws)
    half = lines.length_px / 2
    off = (aside - lines.bend * lines.length_px * (1 - (along / half).square())).abs()
    # thinner than a pixel is fainter; ends are pointed
    cover = (lines.width_px / 2 + 0.5 - off).clamp_min(0.0).minimum(lines.width_px.clamp_max(1.0))
    cover = cover * ((half - along.abs()) / 4).clamp(0.0, 1.0)
    return cover * _some(len(half), half.shape[1], draws), along


def _wave(along: Fields, shortest_px: float, longest_px: float, draws: Draws) -> Fields:
    """From -1 to 1 along a line, with a period between these."""
    n, n_marks = along.shape[:2]
    period = draws.factors(shortest_px, longest_px, n, n_marks)
    return (2 * math.pi * (along / period + draws.between(0.0, 1.0, n, n_marks))).sin()


def _some(n: int, most: int, draws: Draws) -> Parameters:
    """1 for the first few marks of each picture, one or more, and 0 for the others."""
    count = draws.between(1.0, most + 1.0, n).floor()
    return (torch.arange(most, device=draws.device).view(1, -1, 1, 1) < count).float()


def _around(angle: Parameters, height: int, width: int, draws: Draws) -> tuple[Fields, Fields]:
    """Along and aside a direction, in pixels from a point anywhere in the picture."""
    n, n_marks = angle.shape[:2]
    rows, columns = _places(height, width, draws)
    down = rows - height * draws.between(0.0, 1.0, n, n_marks)
    across = columns - width * draws.between(0.0, 1.0, n, n_marks)
    return across * angle.cos() + down * angle.sin(), down * angle.cos() - across * angle.sin()


def _places(
    height: int, width: int, draws: Draws
) -> tuple[Float[Tensor, "height 1"], Float[Tensor, " width"]]:
    rows = torch.arange(height, dtype=torch.float32, device=draws.device)
    return rows[:, None], torch.arange(width, dtype=torch.float32, device=draws.device)


def _holes(n: int, height: int, width: int, draws: Draws) -> Fields:
    """How far within the outline of each hole a pixel lies, in pixels; below 0 outside."""
    rows, columns = _places(height, width, draws)
    is_corner = draws.happens(CORNER, n, N_HOLES)
    is_edge = draws.happens(EDGE / (1 - CORNER), n, N_HOLES) | is_corner
    down, across = draws.between(0.0, 1.0, n, N_HOLES), draws.between(0.0, 1.0, n, N_HOLES)
    is_upright = draws.happens(0.5, n, N_HOLES)
    down = torch.where(is_corner | (is_edge & is_upright), down.round(), down)
    across = torch.where(is_corner | (is_edge & ~is_upright), across.round(), across)
    down, across = rows - height * down, columns - width * across
    stretch = draws.factors(0.6, 1.6, n, N_HOLES)
    distance = ((down * stretch).square() + (across / stretch).square()).sqrt()
    turn = torch.atan2(down * stretch, across / stretch) * (N_VERTICES / (2 * math.pi)) % N_VERTICES
    vertices = 0.5 + 0.7 * draws.uniform(n, N_HOLES, N_VERTICES)
    radius = _between_vertices(vertices, turn)
    size = min(height, width) * draws.factors(*HOLE_SIDES, n, N_HOLES) * _some(n, N_HOLES, draws)
    return torch.where(size > 0, radius * size - distance, -1e3)


def _between_vertices(vertices: Float[Tensor, "batch n_marks n_vertices"], turn: Fields) -> Fields:
    """Values of the two vertices next to each turn, which counts them, in a straight line between them."""
    low = turn.floor()
    first = low.long().flatten(2) % N_VERTICES
    before = vertices.gather(2, first).view_as(turn)
    after = vertices.gather(2, (first + 1) % N_VERTICES).view_as(turn)
    return before + (after - before) * (turn - low)


def _laid(pictures: Pictures, cover: Fields, draws: Draws, white: float, coloured: float = 0.0) -> Marked:
    """Marks laid on pictures one after another, with these chances white or of some colour, else dark."""
    n, n_marks = cover.shape[:2]
    for mark in range(n_marks):
        light = _paper(draws.between(0.85, 1.0, n), pictures, draws)
        tone = torch.where(draws.happens(white, n), light, draws.between(0.0, 0.2, n))
        if coloured:
            colour = draws.between(0.25, 1.0, n, pictures.shape[1])
            tone = torch.where(draws.happens(coloured, n), colour, tone)
        pictures = mixed(pictures, tone, cover[:, mark, None])
    return Marked(pictures, cover.amax(1, keepdim=True))


def _paper(light: Parameters, pictures: Pictures, draws: Draws) -> Float[Tensor, "batch n_channels 1 1"]:
    """The colour of paper that is so light: of each picture's own age."""
    n, n_channels = pictures.shape[:2]
    swallowed = 1 - torch.tensor(PAPER, device=pictures.device).view(1, -1, 1, 1)
    swallowed = swallowed if n_channels == 3 else swallowed.mean(1, keepdim=True)
    return light * (1 - swallowed * draws.between(0.0, 1.0, n))
