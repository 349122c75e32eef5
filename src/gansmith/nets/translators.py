"""Networks that make of a record on a grid another one, whatever the sides of its grid.

The generator is a pyramid: residual convolutions on one or several levels, each of half the sides, with what
each level knew on the way down added on the way up. With one level it is a plain residual network, as papers
on super-resolution have it; with several it sees far, as the U-Net does. Points of the record are folded into
channels before and unfolded behind, so that the finest level is never more than it needs to be. Points that
were unfolded from one come from different channels, which leaves the pattern of a grid; a few convolutions
behind let neighbours see each other. The discriminator looks at patches, each of which has to be right: where
a record is told from another, it is told by its texture.

Source:
    Shi et al. 2016, "Real-time single image and video super-resolution using an efficient sub-pixel
    convolutional neural network" (arXiv:1609.05158), for unfolding; Ronneberger et al. 2015, "U-Net"
    (arXiv:1505.04597); Isola et al. 2017, "Image-to-image translation with conditional adversarial networks"
    (arXiv:1611.07004), for patches.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from gansmith.nets.convolution import (
    CONVOLUTIONS,
    RECTIFIED,
    AbstractCounted,
    Coarser,
    GridSamples,
    ResidualConvolutions,
    Shape,
    begun,
    convolution,
    doubled,
    quick,
)
from gansmith.nets.discriminators import AbstractFeaturedDiscriminator
from gansmith.nets.grid_players import centred
from gansmith.nets.mlp import ACTIVATIONS
from gansmith.nets.resizing import resized
from gansmith.nets.settings import Activation

Made = Float[Tensor, "batch n_out *made"]
COARSER_SIZE: Final = 4
"""Points along a side that one of the next coarser level sees."""
N_POLISHED: Final = 16
"""Channels of the unfolded points, by which neighbours see each other."""


@final
class GridTranslator(AbstractCounted):
    """A record, and noise beside it, to another one.

    Where both mean the same the network learns what is to be changed: the source, brought to the grid of the
    result, is added. The last convolution starts at zero, so it starts as bicubic interpolation. A larger
    result, reduced again, is all but the source.

    Args:
        shape: Of a source that is learnt from, `(channels, *grid)`, for counting; any grid will do.
        n_out: Channels of the result.
        widths: Channels of each level, the finest first.
        n_blocks: Residual blocks of each level, on the way down and on the way up; of a single level, or of
            the coarsest, all in a row.
        activation: Between convolutions.
        fold: Sides of the finest level are those of the source divided by it.
        factor: Sides of the result are those of the source multiplied by it.
        n_noise: Channels of noise beside those of the source.
        n_same: First channels of the result that are those of the source, changed.
    """

    def __init__(
        self,
        shape: Shape,
        n_out: int,
        widths: Sequence[int],
        n_blocks: int,
        activation: Activation,
        *,
        fold: int = 1,
        factor: int = 1,
        n_noise: int = 0,
        n_same: int = 0,
    ) -> None:
        super().__init__()
        n_in, *grid = shape
        n_dims = len(grid)
        self.fold, self.factor, self.n_noise, self.n_same, self.n_out = fold, factor, n_noise, n_same, n_out
        self.activation: Activation = activation
        self.multiple = fold * 2 ** (len(widths) - 1)
        """Sides that are none of it are continued, and what was added is cut off again."""

        def blocks(width: int) -> nn.Sequential:
            return nn.Sequential(*(ResidualConvolutions(n_dims, width, activation) for _ in range(n_blocks)))

        self.first = begun(
            CONVOLUTIONS[n_dims]((n_in + n_noise) * fold**n_dims, widths[0], 3, padding=1), 1.0
        )
        self.down = nn.ModuleList(blocks(width) for width in widths)
        self.coarser = nn.ModuleList(
            Coarser(n_dims, fine, coarse, 1.0, COARSER_SIZE) for fine, coarse in pairwise(widths)
        )
        self.finer = nn.ModuleList(
            begun(CONVOLUTIONS[n_dims](coarse, fine, 1), 1.0) for fine, coarse in pairwise(widths)
        )
        self.up = nn.ModuleList(blocks(width) for width in widths[:-1])
        n_unfolded = (fold * factor) ** n_dims
        self.last = convolution(n_dims, widths[0], n_out * n_unfolded)
        self.spread = begun(CONVOLUTIONS[n_dims](widths[0], N_POLISHED * n_unfolded, 1), RECTIFIED)
        self.polish = nn.ModuleList(convolution(n_dims, N_POLISHED, width) for width in (N_POLISHED, n_out))
        for weights in (*self.last.parameters(), *self.polish[-1].parameters()):
            nn.init.zeros_(weights)
        self.n_operations = self._counted(grid)
        self.reach = self._reached(n_blocks, len(widths))
        """How far, in points of the source, a point of the result may see."""

    def _counted(self, grid: Sequence[int]) -> int:
        """Multiplications for a record on that grid."""

        def points(level: int) -> int:
            return math.prod(-(-side // (self.fold * 2**level)) for side in grid)

        def n_weights(part: nn.Module) -> int:
            return sum(weight.numel() for weight in part.parameters())

        total = points(0) * (n_weights(self.first) + n_weights(self.last) + n_weights(self.spread))
        total += points(0) * (self.fold * self.factor) ** len(grid) * n_weights(self.polish)
        total += sum(points(level) * n_weights(part) for level, part in enumerate(self.down))
        total += sum(points(level) * n_weights(part) for level, part in enumerate(self.up))
        for level, (down, up) in enumerate(zip(self.coarser, self.finer, strict=True)):
            total += points(level + 1) * (n_weights(down) + n_weights(up))
        return total

    def _reached(self, n_blocks: int, n_levels: int) -> int:
        reach, step = 2, 1  # the first convolution and the last
        for level in range(n_levels):
            is_coarsest = level == n_levels - 1
            reach += step * 2 * n_blocks * (1 if is_coarsest else 2)
            if not is_coarsest:
                reach += step * (COARSER_SIZE - 1)
                step *= 2
        reach_again = 4 if self.factor > 1 and self.n_same else 0  # to a coarser grid and back
        reach_again += -(-len(self.polish) // self.factor)
        return self.fold * (reach + step) + reach_again

    def forward(self, source: GridSamples, noise: Float[Tensor, "batch n_noise *grid"] | None = None) -> Made:
        """What becomes of each source; with noise of the same grid where the network takes any."""
        sides = source.shape[2:]
        made = self._made(self.features(source, noise))
        wanted = [side * self.factor for side in sides]
        for axis, side in enumerate(wanted):
            made = made.narrow(axis + 2, 0, side)
        if self.n_same:
            given = source.float()[:, : self.n_same]
            same = made[:, : self.n_same] + resized(given, wanted)
            if self.factor > 1:  # what is reduced again is what was given: colours cannot drift
                same = same + resized(given - resized(same, sides), wanted)
            made = torch.cat([same, made[:, self.n_same :]], 1)
        if self.n_same < self.n_out:  # what is made anew begins in the middle
            made = torch.cat([made[:, : self.n_same], 0.5 + made[:, self.n_same :]], 1)
        return made

    def features(self, source: GridSamples, noise: Tensor | None = None) -> list[Tensor]:
        """What each level sees of each source on the way down, the finest first; see `forward`."""
        x = centred(source)
        if self.n_noise:
            if noise is None:
                noise = source.new_zeros(len(source), self.n_noise, *source.shape[2:])
            x = torch.cat([x, noise], 1)
        activate = ACTIVATIONS[self.activation].function
        x = self.first(quick(folded(continued(x, self.multiple), self.fold)))
        met: list[Tensor] = []
        for refine, coarser in zip(self.down[:-1], self.coarser, strict=True):
            met.append(refine(x))
            x = coarser(activate(met[-1]))
        return [*met, self.down[-1](x)]

    def _made(self, met: list[Tensor]) -> Made:
        activate = ACTIVATIONS[self.activation].function
        x = met.pop()
        for refine, change in zip(reversed(self.up), reversed(self.finer), strict=True):
            known = met.pop()
            x = refine(known + doubled(change(x), tuple(known.shape[2:])))
        x = activate(x)
        times, apart = self.fold * self.factor, self.last(x)
        x = unfolded(self.spread(x), times)
        for layer in self.polish:
            x = layer(activate(x))
        return unfolded(apart.float(), times) + x.float()


def planes(numbers: Float[Tensor, "batch n_numbers"], grid: Sequence[int]) -> Made:
    """Numbers of each record as constant channels on a grid."""
    return numbers.view(*numbers.shape, *[1] * len(grid)).expand(*numbers.shape, *grid)


def continued(x: GridSamples, multiple: int) -> Made:
    """The same with sides that are multiples of a number: the last values go on."""
    margins: list[int] = []
    for side in reversed(x.shape[2:]):
        margins += [0, -side % multiple]
    return pad(x, margins, mode="replicate") if any(margins) else x


def folded(x: GridSamples, times: int) -> Made:
    """Blocks of so many points a side as channels of one point; sides are multiples of it."""
    if times == 1:
        return x
    n, n_channels, *grid = x.shape
    n_dims = len(grid)
    x = x.reshape(n, n_channels, *(part for side in grid for part in (side // times, times)))
    coarse, within = range(2, 2 + 2 * n_dims, 2), range(3, 3 + 2 * n_dims, 2)
    x = x.permute(0, 1, *within, *coarse)
    return x.reshape(n, n_channels * times**n_dims, *(side // times for side in grid))


def unfolded(x: GridSamples, times: int) -> Made:
    """The inverse of `folded`."""
    if times == 1:
        return x
    n, n_channels, *grid = x.shape
    n_dims = len(grid)
    x = x.reshape(n, n_channels // times**n_dims, *[times] * n_dims, *grid)
    order = [part for axis in range(n_dims) for part in (2 + n_dims + axis, 2 + axis)]
    return x.permute(0, 1, *order).reshape(n, -1, *(side * times for side in grid))


@final
class PatchDiscriminator(AbstractCounted, AbstractFeaturedDiscriminator):
    """A record, and what it was made of or what was asked for beside it, to a logit for each of its patches.

    Args:
        shape: Of a record that is learnt from, `(channels, *grid)`, for counting; any grid will do.
        n_source: Channels of the source, or numbers of the condition, that it sees beside; 0: none.
        widths: Channels of each level, each of half the sides of the one before.
        activation: Between convolutions.
    """

    def __init__(self, shape: Shape, n_source: int, widths: Sequence[int], activation: Activation) -> None:
        super().__init__()
        n_in, *grid = shape
        n_dims = len(grid)
        self.n_source = n_source
        self.activation: Activation = activation
        self.levels = nn.ModuleList(
            Coarser(n_dims, fine, coarse, RECTIFIED if level else 1.0, COARSER_SIZE)
            for level, (fine, coarse) in enumerate(pairwise((n_in + n_source, *widths)))
        )
        self.refine = convolution(n_dims, widths[-1], widths[-1])
        self.last = convolution(n_dims, widths[-1], 1, 1)
        self.n_operations = 0
        for level, part in enumerate((*self.levels, self.refine)):
            n_points = math.prod(-(-side // 2 ** min(level + 1, len(widths))) for side in grid)
            self.n_operations += n_points * sum(weight.numel() for weight in part.parameters())

    def forward(
        self, samples: GridSamples, conditions: Tensor | None = None
    ) -> Float[Tensor, "batch n_patches"]:
        """The logits of each record."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: GridSamples, conditions: Tensor | None
    ) -> tuple[Float[Tensor, "batch n_patches"], tuple[Tensor, ...]]:
        """Logits, and what each level saw."""
        activate = ACTIVATIONS[self.activation].function
        x = centred(samples)
        if self.n_source:
            assert conditions is not None
            if conditions.ndim == 2:
                beside = planes(conditions, x.shape[2:])
            else:
                beside = (
                    conditions if conditions.shape[2:] == x.shape[2:] else resized(conditions, x.shape[2:])
                )
            x = torch.cat([x, centred(beside)], 1)
        features: list[Tensor] = []
        x = quick(x)
        for level in (*self.levels, self.refine):
            x = activate(level(x))
            features.append(x)
        with torch.autocast(x.device.type, enabled=False):
            return self.last(x.float()).flatten(1), tuple(features)
