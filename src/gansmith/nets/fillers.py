"""Networks that fill in what was cut out of a record on a grid, and judge the whole of it.

The generator is a decoder of latents, as for records that are made of nothing, into which flows what is left
around the hole, level by level. What it is given stands in one row beside what was asked for, so that games
which know conditions know nothing more: the numbers asked for, then the hole and what is around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.nets.convolution import (
    CONVOLUTIONS,
    FINEST_CHANNELS,
    LAST_GAIN,
    RECTIFIED,
    AbstractCounted,
    Coarser,
    Finer,
    Grid,
    GridSamples,
    ResidualConvolutions,
    Shape,
    begun,
    convolution,
    doubled,
    grids_of,
    multiplications,
    quick,
)
from gansmith.nets.discriminators import AbstractFeaturedDiscriminator
from gansmith.nets.grid_players import LEAK, GridDiscriminator, centred, with_conditions
from gansmith.nets.mlp import ACTIVATIONS
from gansmith.nets.settings import Activation

Rows = Float[Tensor, "batch _"]
"""Of any number of numbers."""


def given_rows(
    asked: Rows, hole: Float[Tensor, "batch 1 *grid"], around: GridSamples
) -> Float[Tensor, "batch n_given"]:
    """What a `GridFiller` is given, as one row for each record.

    Args:
        asked: Numbers that say what is asked for, perhaps none.
        hole: 1 where something is to be made, 0 where `around` stays.
        around: What is left of the record; what it says in the hole is cut out here.
    """
    left = around * (1 - hole)
    return torch.cat([asked, hole.flatten(1), left.flatten(1)], 1)


@final
class GridFiller(AbstractCounted):
    """Latents, what is asked for, and what is around a hole, to the whole record.

    Without anything around it the whole record is the hole.

    Args:
        shape: Of a record, `(channels, *grid)`.
        n_latents: Noise values of a record.
        n_conditions: Numbers that say what is asked for.
        widths: Channels of each level but the finest, the coarsest first.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(
        self,
        shape: Shape,
        n_latents: int,
        n_conditions: int,
        widths: Sequence[int],
        n_blocks: int,
        activation: Activation,
    ) -> None:
        super().__init__()
        self.shape, self.n_conditions = shape, n_conditions
        self.activation: Activation = activation
        n_channels, *sides = shape
        n_dims, grids = len(sides), grids_of(tuple(sides), len(widths) + 1)
        self.base = (widths[0], *grids[0])
        self.first = begun(nn.Linear(n_latents + n_conditions, math.prod(self.base)), 1.0)
        seen = (n_channels + 1, *widths[::-1])
        self.down = nn.ModuleList(
            Coarser(n_dims, fine, coarse, RECTIFIED if level else 1.0)
            for level, (fine, coarse) in enumerate(pairwise(seen))
        )
        self.join = nn.ModuleList(begun(CONVOLUTIONS[n_dims](width, width, 1), 1.0) for width in widths)
        self.refine = nn.ModuleList(
            nn.Sequential(*(ResidualConvolutions(n_dims, width, activation) for _ in range(n_blocks)))
            for width in widths
        )
        self.finer = nn.ModuleList(
            Finer(coarse, fine, grid)
            for (coarse, fine), grid in zip(pairwise(widths), grids[1:-1], strict=True)
        )
        self.finest, n_wide = grids[-1], min(widths[-1], FINEST_CHANNELS)
        self.widen = convolution(n_dims, widths[-1], n_wide)
        self.last = begun(convolution(n_dims, n_wide, n_channels), LAST_GAIN)
        steps: list[tuple[nn.Module, Grid]] = [(self.widen, self.finest), (self.last, self.finest)]
        for parts, of_level in (
            (self.down, grids[:-1][::-1]),
            (self.join, grids),
            (self.refine, grids),
            (self.finer, grids),
        ):
            steps += zip(parts, of_level, strict=False)
        self.n_operations = multiplications([*steps, (self.first, ())])

    def forward(self, latents: Rows, conditions: Rows | None = None) -> GridSamples:
        """One record for each row; `conditions` come from `given_rows`, or hold what is asked for alone."""
        asked = conditions if conditions is None else conditions[:, : self.n_conditions]
        rows = with_conditions(latents, asked, self.n_conditions)
        x = quick(self.first(rows).view(len(rows), *self.base))
        place = None if conditions is None else self._around(conditions)
        seen = None if place is None else self._seen(*place)
        for level, (join, refine) in enumerate(zip(self.join, self.refine, strict=True)):
            x = refine(x if seen is None else x + join(seen.pop()))
            if level < len(self.finer):
                x = self.finer[level](x)
        activate = ACTIVATIONS[self.activation].function
        x = activate(self.widen(doubled(activate(x), self.finest)))
        straight = 0.5 + 0.5 * self.last(x).float()
        made = straight.clamp(0.0, 1.0).lerp(straight, LEAK)
        return made if place is None else place[0] * made + (1 - place[0]) * place[1]

    def _around(self, conditions: Rows) -> tuple[Tensor, Tensor] | None:
        """The hole of each record and what is around it; None where nothing is."""
        if conditions.shape[1] == self.n_conditions:
            return None
        n, n_points = len(conditions), math.prod(self.shape[1:])
        _, hole, around = conditions.split([self.n_conditions, n_points, self.shape[0] * n_points], dim=1)
        return hole.view(n, 1, *self.shape[1:]), around.view(n, *self.shape)

    def _seen(self, hole: Tensor, around: Tensor) -> list[Tensor]:
        """What each level sees around the hole, the finest first."""
        activate = ACTIVATIONS[self.activation].function
        x, seen = quick(torch.cat([hole, centred(around) * (1 - hole)], 1)), list[Tensor]()
        for coarser in self.down:
            x = activate(coarser(x))
            seen.append(x)
        return seen


@final
class FilledDiscriminator(AbstractCounted, AbstractFeaturedDiscriminator):
    """Whole records, and what was asked for, to logits; what was given around a hole is seen in the record.

    Args:
        shape: Of what it is shown, `(channels, *grid)`.
        n_conditions: Numbers that say what was asked for.
        widths: See `GridEncoder`.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(
        self, shape: Shape, n_conditions: int, widths: Sequence[int], n_blocks: int, activation: Activation
    ) -> None:
        super().__init__()
        self.n_conditions = n_conditions
        self.judge = GridDiscriminator(shape, n_conditions, widths, n_blocks, activation)
        self.n_operations = self.judge.n_operations

    def forward(self, samples: GridSamples, conditions: Rows | None = None) -> Float[Tensor, " batch"]:
        """One logit for each record."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: GridSamples, conditions: Rows | None
    ) -> tuple[Float[Tensor, " batch"], tuple[Tensor, ...]]:
        asked = None if conditions is None else conditions[:, : self.n_conditions]
        return self.judge.with_features(samples, asked if self.n_conditions else None)
