"""Networks that make of a record of one person the same of another: a shared encoder, a decoder for each.

The encoder sees everybody, so what it says, where somebody looks and whether he smiles, is said of all in one
way; a decoder has made one person alone. It makes a change and a mask that says where it counts, so what
stands around stays as it was.

Source:
    The scheme of `deepfakes` (2017), here with masks as in Pumarola et al. 2018, "GANimation"
    (arXiv:1807.09251).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.nets.convolution import (
    CONVOLUTIONS,
    AbstractCounted,
    Coarser,
    Finer,
    Grid,
    GridSamples,
    ResidualConvolutions,
    Shape,
    begun,
    convolution,
    grids_of,
    multiplications,
    quick,
)
from gansmith.nets.grid_players import centred
from gansmith.nets.mlp import ACTIVATIONS
from gansmith.nets.settings import Activation
from gansmith.nets.translators import COARSER_SIZE

Wanted = Float[Tensor, "batch n_identities"]
Values = Float[Tensor, "batch n_values *grid"]


@final
class IdentityTranslator(AbstractCounted):
    """A record, and who is wanted, to the same record of that person; see `DomainTranslator`.

    Args:
        shape: Of a record, `(channels, *grid)`; others are brought to it.
        n_identities: People.
        widths: Channels of each level of half the sides, the finest first.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(
        self, shape: Shape, n_identities: int, widths: Sequence[int], n_blocks: int, activation: Activation
    ) -> None:
        super().__init__()
        self.n_channels = shape[0]
        self.activation: Activation = activation
        n_dims, grid = len(shape) - 1, tuple(shape[1:])
        grids = grids_of(grid, len(widths) + 1)[::-1]  # the finest first
        self.levels = nn.ModuleList(
            nn.Sequential(
                Coarser(n_dims, fine, coarse, 1.0, COARSER_SIZE),
                *(ResidualConvolutions(n_dims, coarse, activation) for _ in range(n_blocks)),
            )
            for fine, coarse in pairwise((self.n_channels + 1, *widths))
        )
        self.decoders = nn.ModuleList(
            IdentityDecoder(self.n_channels + 1, grids, widths, n_blocks, activation)
            for _ in range(n_identities)
        )
        steps: list[tuple[nn.Module, Grid]] = list(zip(self.levels, grids[1:], strict=True))
        self.n_operations = multiplications(steps) + cast("IdentityDecoder", self.decoders[0]).n_operations
        self.reach = 2 * max(grid)
        """Everything is seen."""
        self.multiple = 2 ** len(widths)

    def forward(self, source: GridSamples, condition: Wanted, noise: Tensor | None = None) -> Values:
        """What becomes of each source.

        Args:
            source: Shape `(batch, n_channels + 1, *grid)`, the last channel the height.
            condition: Who is wanted, one of several.
            noise: Nobody asks for it.
        """
        values, seen = source[:, : self.n_channels], self.features(source, source, condition)
        who = condition.argmax(1)
        made = values.new_zeros(len(source), self.n_channels + 1, *source.shape[2:])
        for number, decode in enumerate(self.decoders):
            rows = (who == number).nonzero().squeeze(1)
            if len(rows):
                made = made.index_copy(0, rows, decode([part[rows] for part in seen]).to(made.dtype))
        change, mask = made.split([self.n_channels, 1], 1)
        return values + 2 * torch.tanh(change) * torch.sigmoid(mask)

    def base(self, source: GridSamples, condition: Wanted) -> Values:
        """The record as it is before the network changes it."""
        return source[:, : self.n_channels]

    def features(self, values: Values, source: GridSamples, condition: Wanted) -> list[Tensor]:
        """What each level of the encoder sees, the finest first; who is wanted is not said to it."""
        heights = source[:, self.n_channels :]
        x = quick(centred(torch.cat([values[:, : self.n_channels], heights], 1)))
        activate, seen = ACTIVATIONS[self.activation].function, list[Tensor]()
        for level in self.levels:
            x = level(x)
            seen.append(x)
            x = activate(x)
        return seen


@final
class IdentityDecoder(nn.Module):
    """What the encoder sees to values on the grid of one person's record, which begin as zeros.

    Args:
        n_out: Channels of the result.
        grids: Of each level, the finest, the record's own, first.
        widths: See `IdentityTranslator`.
        n_blocks: Likewise.
        activation: Likewise.
    """

    def __init__(
        self,
        n_out: int,
        grids: Sequence[Grid],
        widths: Sequence[int],
        n_blocks: int,
        activation: Activation,
    ) -> None:
        super().__init__()
        self.activation: Activation = activation
        n_dims, fine = len(grids[0]), widths[0]
        self.finer = nn.ModuleList(
            Finer(coarse, near, grid)
            for (near, coarse), grid in zip(pairwise(widths), grids[1:], strict=False)
        )
        self.join = nn.ModuleList(begun(CONVOLUTIONS[n_dims](width, width, 1), 1.0) for width in widths[:-1])
        self.refine = nn.ModuleList(
            nn.Sequential(*(ResidualConvolutions(n_dims, width, activation) for _ in range(n_blocks)))
            for width in widths
        )
        self.finest = Finer(fine, fine // 2, grids[0])
        self.last = convolution(n_dims, fine // 2, n_out)
        for weights in self.last.parameters():
            nn.init.zeros_(weights)
        coarser: list[tuple[nn.Module, Grid]] = [(self.finest, grids[1]), (self.last, grids[0])]
        for parts, of_level in ((self.finer, grids[2:]), (self.join, grids[1:]), (self.refine, grids[1:])):
            coarser += zip(parts, of_level, strict=False)
        self.n_operations = multiplications(coarser)

    def forward(self, seen: Sequence[Tensor]) -> Values:
        """Values on the finest grid, in full precision."""
        activate = ACTIVATIONS[self.activation].function
        x = self.refine[-1](seen[-1])
        for level in reversed(range(len(self.finer))):
            x = self.refine[level](self.finer[level](x) + self.join[level](seen[level]))
        return self.last(activate(self.finest(activate(x)))).float()
