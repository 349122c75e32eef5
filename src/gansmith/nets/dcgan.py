"""The convolutional players of 2015, to compare with: transposed convolutions, and batches normalised.

Batch normalisation makes a logit depend on its whole batch, so real and fake ones are judged apart, and no
penalty of single gradients is exact.

Source:
    Radford et al. 2015, "Unsupervised representation learning with deep convolutional generative adversarial
    networks" (arXiv:1511.06434).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad

from gansmith.nets.convolution import (
    AbstractCounted,
    GridSamples,
    Shape,
    grids_of,
    halved,
    multiplications,
    quick,
)
from gansmith.nets.discriminators import AbstractWholeBatchDiscriminator
from gansmith.nets.grid_players import ProjectionHead, centred, with_conditions
from gansmith.nets.mlp import SLOPE


@final
class DcganGenerator(AbstractCounted):
    """Latents, and what is asked for, to pictures of `(channels, height, width)` between 0 and 1."""

    def __init__(self, shape: Shape, n_latents: int, n_conditions: int, widths: Sequence[int]) -> None:
        super().__init__()
        n_channels, *grid = shape
        grids = grids_of(tuple(grid), len(widths) + 1)
        self.grids, self.n_conditions, self.base = grids, n_conditions, (widths[0], *grids[0])
        self.first = nn.Linear(n_latents + n_conditions, math.prod(self.base))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(n_in, n_out, 4, 2, 1) for n_in, n_out in pairwise((*widths, n_channels))
        )
        self.n_operations = multiplications([*zip(self.ups, grids[:-1], strict=True), (self.first, ())])

    def forward(
        self,
        latents: Float[Tensor, "batch n_latents"],
        conditions: Float[Tensor, "batch n_conditions"] | None = None,
    ) -> GridSamples:
        """One picture for each row."""
        rows = with_conditions(latents, conditions, self.n_conditions)
        x = quick(self.first(rows).view(len(rows), *self.base))
        for norm, up, (height, width) in zip(self.norms, self.ups, self.grids[1:], strict=True):
            x = up(torch.relu(norm(x)))[:, :, :height, :width]
        return 0.5 + 0.5 * torch.tanh(x.float())


@final
class DcganDiscriminator(AbstractCounted, AbstractWholeBatchDiscriminator):
    """Pictures, and what was asked for, to logits that depend on the others of the batch."""

    def __init__(self, shape: Shape, n_conditions: int, widths: Sequence[int]) -> None:
        super().__init__()
        n_channels, *grid = shape
        grids = [tuple(grid)]
        for _ in widths:
            grids.append(tuple(max(1, side // 2) for side in grids[-1]))
        self.downs = nn.ModuleList(
            nn.Conv2d(n_in, n_out, 4, 2, 1) for n_in, n_out in pairwise((n_channels, *widths))
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:])
        self.head = ProjectionHead(widths[-1] * math.prod(grids[-1]), n_conditions)
        self.n_operations = multiplications(zip(self.downs, grids[1:], strict=True))

    def forward(self, samples: GridSamples, conditions: Tensor | None = None) -> Float[Tensor, " batch"]:
        """One logit for each picture."""
        x = leaky_relu(halved(self.downs[0], _halvable(quick(centred(samples))), 2), SLOPE)
        for norm, down in zip(self.norms, self.downs[1:], strict=True):
            x = leaky_relu(norm(halved(down, _halvable(x), 2)), SLOPE)
        return self.head(x.flatten(1), conditions)


def _halvable(x: Tensor) -> Tensor:
    """With a zero beside it, a side of 1 stays 1 where others are halved."""
    n_missing = [max(0, 2 - side) for side in x.shape[2:]]
    return pad(x, (0, n_missing[1], 0, n_missing[0])) if any(n_missing) else x
