"""Networks that make of a record one of another domain, and read which domain one is of.

One network serves all domains: what is wanted stands as constant channels beside the record. Where domains
differ in their colours these are changed first, by a table that was computed and does not learn. What the
network makes is a change and a mask that says where it counts; all else of the record stays as it was.

Source:
    Choi et al. 2018, "StarGAN" (arXiv:1711.09020), for one generator; Pumarola et al. 2018, "GANimation"
    (arXiv:1807.09251), for the mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from gansmith.nets.convolution import RECTIFIED, AbstractCounted, Coarser, GridSamples, Shape, quick
from gansmith.nets.grid_players import centred
from gansmith.nets.mlp import ACTIVATIONS
from gansmith.nets.settings import Activation
from gansmith.nets.translators import COARSER_SIZE, GridTranslator, planes

N_COLOURS: Final = 3
"""Axes of a table of colours; a grey value is a colour of three equal numbers."""
Wanted = Float[Tensor, "batch n_conditions"]
Values = Float[Tensor, "batch n_values *grid"]
"""Of records, without what else is known of each place."""
Heights = Float[Tensor, "batch 1 *grid"]
"""From 0, at the top, to 1."""


@final
class ColourTables(nn.Module):
    """For each domain a table of what becomes of colours at several heights; between entries straight lines.

    Args:
        tables: Shape `(n_domains, n_heights, n_channels, n, n, n)`, axes of red, green and blue last.
    """

    tables: Tensor

    def __init__(self, tables: Float[Tensor, "n_domains n_heights n_channels n n n"]) -> None:
        super().__init__()
        self.register_buffer("tables", tables, persistent=False)  # whoever builds the network has them

    def forward(self, values: Values, heights: Heights, condition: Wanted) -> Values:
        """Values of 0 to 1 in the colours of the domains that are wanted."""
        n, n_channels, *grid = values.shape
        n_heights = self.tables.shape[1]
        colours = values.flatten(2).expand(n, N_COLOURS, -1)  # (n, 3, n_points)
        places = (2 * colours.flip(1) - 1).movedim(1, 2).view(n, 1, 1, -1, N_COLOURS)  # x is the last axis
        tables = self.tables[condition.argmax(1)].flatten(1, 2)
        found = grid_sample(tables, places, padding_mode="border", align_corners=True)
        found = found.view(n, n_heights, n_channels, -1)
        steps = torch.arange(n_heights, device=values.device).view(1, -1, 1)
        near = (1 - (heights.flatten(2) * (n_heights - 1) - steps).abs()).clamp_min(
            0
        )  # (n, n_heights, n_points)
        return (found * near.unsqueeze(2)).sum(1).view(n, n_channels, *grid)


@final
class DomainTranslator(AbstractCounted):
    """A record, its heights, and what is wanted, to a record of the wanted domain.

    It starts as a network that changes nothing but colours.

    Args:
        shape: Of a record that is learnt from, `(channels, *grid)`, for counting; any grid will do.
        n_conditions: Numbers that say what is wanted.
        widths: See `GridTranslator`.
        n_blocks: Likewise.
        activation: Likewise.
        fold: Likewise.
        n_noise: Channels of noise beside the record.
        tables: See `ColourTables`; None: colours are left to the network.
    """

    def __init__(
        self,
        shape: Shape,
        n_conditions: int,
        widths: Sequence[int],
        n_blocks: int,
        activation: Activation,
        *,
        fold: int = 1,
        n_noise: int = 0,
        tables: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.n_channels = shape[0]
        given = (self.n_channels + 1 + n_conditions, *shape[1:])
        self.inner = GridTranslator(
            given, self.n_channels + 1, widths, n_blocks, activation, fold=fold, n_noise=n_noise
        )
        self.colours = None if tables is None else ColourTables(tables)
        self.n_operations = self.inner.n_operations

    @property
    def reach(self) -> int:
        """How far a point of the result may see."""
        return self.inner.reach

    @property
    def multiple(self) -> int:
        """What sides of tiles are multiples of."""
        return self.inner.multiple

    def forward(
        self,
        source: GridSamples,
        condition: Wanted,
        noise: Float[Tensor, "batch n_noise *grid"] | None = None,
    ) -> Values:
        """What becomes of each source.

        Args:
            source: Shape `(batch, n_channels + 1, *grid)`, the last channel the height, 0 at the top to 1.
            condition: What is wanted.
            noise: Of the same grid.
        """
        base = self.base(source, condition)
        change, mask = (self.inner(self._seen(base, source, condition), noise) - 0.5).split(
            [self.n_channels, 1], 1
        )
        return base + torch.tanh(change) * torch.sigmoid(mask)

    def base(self, source: GridSamples, condition: Wanted) -> Values:
        """The record as it is before the network changes it: in the colours that are wanted."""
        values, heights = source.split([self.n_channels, 1], 1)
        return values if self.colours is None else self.colours(values, heights, condition)

    def features(self, values: Values, source: GridSamples, condition: Wanted) -> list[Tensor]:
        """What each level sees of records in the wanted colours, at the heights of the source."""
        return self.inner.features(self._seen(values, source, condition))

    def _seen(
        self, values: Values, source: GridSamples, condition: Wanted
    ) -> Float[Tensor, "batch n_seen *grid"]:
        wanted = planes(condition.to(values), source.shape[2:])
        return torch.cat([values, source[:, self.n_channels :], wanted], 1)


@final
class ConditionReader(nn.Module):
    """A record to what it is: logits of its class, or numbers.

    Args:
        shape: Of a record, `(channels, *grid)`.
        n_conditions: Numbers that say what it is.
        widths: Channels of each level, each of half the sides of the one before.
        activation: Between convolutions.
    """

    def __init__(
        self, shape: Shape, n_conditions: int, widths: Sequence[int], activation: Activation
    ) -> None:
        super().__init__()
        n_in, *grid = shape
        self.activation: Activation = activation
        self.levels = nn.ModuleList(
            Coarser(len(grid), fine, coarse, RECTIFIED if level else 1.0, COARSER_SIZE)
            for level, (fine, coarse) in enumerate(pairwise((n_in, *widths)))
        )
        n_points = math.prod(-(-side // 2 ** len(widths)) for side in grid)
        self.last = nn.Linear(widths[-1] * n_points, n_conditions)

    def forward(self, samples: GridSamples) -> Wanted:
        """What each record is."""
        activate, x = ACTIVATIONS[self.activation].function, quick(centred(samples))
        for level in self.levels:
            x = activate(level(x))
        with torch.autocast(x.device.type, enabled=False):
            return self.last(x.float().flatten(1))
