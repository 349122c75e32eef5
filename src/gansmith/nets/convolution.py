"""Convolutional building blocks for values on a grid of one, two or three dimensions, written once for all.

A record has the shape `(channels, *grid)`: a series or a sound has one dimension, a picture two, a volume
three. Networks work on levels: the finest grid is the record's, each coarser one has half its sides, rounded
up, so that any size will do. No block normalises anything, and each ends in a convolution that starts at
zero, so that a deep stack starts as the identity.

Source:
    Huang et al. 2024, "The GAN is dead; long live the GAN!", section 4 (arXiv:2501.05441): residual blocks
    without normalisation are enough; Zhang et al. 2019, "Fixup initialization" (arXiv:1901.09321).
"""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv1d, conv2d, conv3d, interpolate, pad

from gansmith.nets.mlp import ACTIVATIONS, SLOPE, ActivationLayer
from gansmith.nets.settings import Activation

GridSamples = Float[Tensor, "batch channels *grid"]
Grid = tuple[int, ...]
"""Sides of a grid, such as (height, width)."""
Shape = tuple[int, ...]
"""Of a record: channels, then the sides of its grid."""

CONVOLUTIONS: Final = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
"""By the dimensions of the grid."""
_QUICK_FORMATS: Final = {2: torch.channels_last, 3: torch.channels_last_3d}
"""How values of a grid of so many dimensions lie in memory where convolutions are quickest (LOG.md)."""
RECTIFIED: Final = math.sqrt(2 / (1 + SLOPE**2))
"""How much more values must spread behind a leaky ReLU to spread as before it."""
COARSEST_SIDE: Final = 8
"""No side of the coarsest grid is longer."""
NARROWEST: Final = 32
"""Channels of the finest level."""
WIDEST: Final = 128
WIDTH_STEP: Final = 8
MOST_CHANNELS: Final = 256
"""Of any level."""
FINEST_CHANNELS: Final = 8
"""Of a decoder on the record's own grid, where each costs most."""
LAST_GAIN: Final = 0.5
"""Records begin with half the spread."""
N_FEATURES: Final = 128
USUAL_SECONDS: Final = 600
"""To learn, where nobody says how long."""
OPERATIONS_PER_SECOND: Final = 2e10
"""Multiplications of the players' passes, on one core (LOG.md)."""
ENOUGH_SAMPLES: Final = 1_000_000
FEWEST_SAMPLES: Final = 64_000
_CONVOLVED: Final = {1: conv1d, 2: conv2d, 3: conv3d}


def grids_of(grid: Grid, n_levels: int) -> tuple[Grid, ...]:
    """The grids of so many levels, the coarsest first.

    Example:
        >>> grids_of((56, 46), 4)
        ((7, 6), (14, 12), (28, 23), (56, 46))
    """
    found = [grid]
    for _ in range(n_levels - 1):
        found.append(tuple(-(-side // 2) for side in found[-1]))
    return tuple(reversed(found))


@final
@dataclass(frozen=True)
class GridWidths:
    """Sizes of two convolutional players, and how many samples they can learn from."""

    decoder: tuple[int, ...]
    """Channels of each level, the coarsest first."""
    encoder: tuple[int, ...]
    """Channels of each level, the finest first, and features."""
    samples_seen: int
    """In the time."""


def grid_widths(shape: Shape, seconds: float = 0.0, narrowest: int = NARROWEST) -> GridWidths:
    """How large convolutional players for records of this shape are, for so much time to learn.

    Levels are halved until no side is longer than `COARSEST_SIDE`. The second has twice the channels of the
    finest, the third three times as many, and so on. The finest one has as many as leave time for
    `ENOUGH_SAMPLES`, at `OPERATIONS_PER_SECOND` of one processor core, and at least `narrowest`: players that
    are too small see more and draw worse, those that are too large never come to their end (LOG.md).

    Args:
        shape: `(channels, *grid)`.
        seconds: To learn; 0 takes `USUAL_SECONDS`.
        narrowest: Channels of the finest level, at the least.
    """
    grid, n_levels = shape[1:], 1
    while max(grids_of(grid, n_levels + 1)[0]) > COARSEST_SIDE:
        n_levels += 1
    found = None
    for width in range(narrowest, WIDEST + 1, WIDTH_STEP):
        widths = tuple(min(width * level, MOST_CHANNELS) for level in range(1, n_levels + 1))
        with torch.device("meta"):  # sizes without memory
            n_operations = sum(
                player.n_operations
                for player in (
                    GridDecoder(1, shape, widths[::-1], 1, "leaky_relu"),
                    GridEncoder(shape, (*widths, N_FEATURES), 1, "leaky_relu"),
                )
            )
        n_samples = int((seconds or USUAL_SECONDS) * OPERATIONS_PER_SECOND / n_operations)
        if found is not None and n_samples < ENOUGH_SAMPLES:
            break
        found = GridWidths(widths[::-1], (*widths, N_FEATURES), max(n_samples, FEWEST_SAMPLES))
    assert found is not None
    return found


def convolution(n_dims: int, n_in: int, n_out: int, size: int = 3) -> nn.Module:
    """A convolution over a grid that keeps its sides; behind an activation it keeps the spread of values."""
    return begun(CONVOLUTIONS[n_dims](n_in, n_out, size, padding=(size - 1) // 2), RECTIFIED)


def begun(layer: nn.Module, gain: float) -> nn.Module:
    """A layer whose values spread `gain` times as much as its inputs; what is added begins with nothing.

    Source: He et al. 2015, "Delving deep into rectifiers", eq. 14 (arXiv:1502.01852).
    """
    weight, bias = layer.get_parameter("weight"), layer.get_parameter("bias")
    nn.init.normal_(weight, 0.0, gain / math.sqrt(weight[0].numel()))
    nn.init.zeros_(bias)
    return layer


def quick(samples: GridSamples) -> GridSamples:
    """The same values, laid out in memory as convolutions like them best; weights stay as they are."""
    layout = _QUICK_FORMATS.get(samples.ndim - 2)
    return samples if layout is None else samples.contiguous(memory_format=layout)


class AbstractCounted(nn.Module, ABC):
    """A network that knows its work, where that is not one multiplication for each weight."""

    n_operations: int
    """Multiplications for one record."""


def multiplications(steps: Iterable[tuple[nn.Module, Grid]]) -> int:
    """Of convolutions that work on these grids, for one record."""
    return sum(math.prod(grid) * sum(weight.numel() for weight in step.parameters()) for step, grid in steps)


@final
class ResidualConvolutions(nn.Module):
    """`x + C2 act(C1 act(x))`, with C2 starting at zero."""

    def __init__(self, n_dims: int, width: int, activation: Activation) -> None:
        super().__init__()
        self.activation: Activation = activation
        self.first = convolution(n_dims, width, width)
        self.second = convolution(n_dims, width, width)
        for weights in self.second.parameters():
            nn.init.zeros_(weights)

    def forward(self, x: GridSamples) -> GridSamples:
        """Refine `x`."""
        activate = ACTIVATIONS[self.activation].function
        return x + self.second(activate(self.first(activate(x))))


@final
class Finer(nn.Module):
    """To the next finer grid: to other channels, doubled, and smoothed with [1, 2, 1], which makes it linear.

    Transposed convolutions and shuffled pixels leave a checkerboard, doubling alone leaves blocks.

    Source:
        Odena et al. 2016, "Deconvolution and checkerboard artifacts", Distill; Zhang 2019, "Making
        convolutional networks shift-invariant again" (arXiv:1904.11486): [1, 2, 1].
    """

    def __init__(self, n_in: int, n_out: int, grid: Grid) -> None:
        super().__init__()
        self.grid = grid
        self.change = begun(CONVOLUTIONS[len(grid)](n_in, n_out, 1), 1.0)

    def forward(self, x: GridSamples) -> Float[Tensor, "batch n_out *finer"]:
        """The same on the finer grid."""
        return smoothed(doubled(self.change(x), self.grid))


def smoothed(x: GridSamples) -> GridSamples:
    """Each value a quarter of its neighbours on either side and a half of itself, along each axis."""
    n_dims, n_channels = x.ndim - 2, x.shape[1]
    kernel, line = x.new_ones(()), x.new_tensor([0.25, 0.5, 0.25])
    for _ in range(n_dims):
        kernel = kernel[..., None] * line
    kernels = kernel.expand(n_channels, 1, *[3] * n_dims).contiguous()
    return _CONVOLVED[n_dims](pad(x, [1, 1] * n_dims, mode="replicate"), kernels, groups=n_channels)


def doubled(x: GridSamples, grid: Grid) -> Float[Tensor, "batch channels *finer"]:
    """Every value twice along each side, as far as the finer grid goes."""
    x = interpolate(x, scale_factor=2.0, mode="nearest")
    for dimension, side in enumerate(grid):
        x = x.narrow(dimension + 2, 0, side)
    return x


def halved(layer: nn.Module, x: GridSamples, window: int) -> Float[Tensor, "batch n_out *coarser"]:
    """What a convolution of every second window makes, in full precision where its last side becomes 1.

    There bfloat16 gives values that have nothing to do with its inputs, or none, on processors with AMX
    (torch 2.13, LOG.md).

    Args:
        layer: Of stride 2.
        x: Values on the finer grid.
        window: Places that the convolution sees along each side, less those that it adds around `x`.
    """
    if x.shape[-1] >= window + 2:
        return layer(x)
    with torch.autocast(x.device.type, enabled=False):
        return layer(x.float())


@final
class Coarser(nn.Module):
    """To the next coarser grid: a convolution of overlapping windows, every second of them."""

    def __init__(self, n_dims: int, n_in: int, n_out: int, gain: float, size: int = 4) -> None:
        super().__init__()
        self.change = begun(CONVOLUTIONS[n_dims](n_in, n_out, size, 2), gain)
        self.size = size

    def forward(self, x: GridSamples) -> Float[Tensor, "batch n_out *coarser"]:
        """The same on the coarser grid, whose sides are halved and rounded up."""
        margins: list[int] = []
        for side in reversed(x.shape[2:]):
            lacking = self.size - 2 + side % 2
            margins += [lacking // 2, lacking - lacking // 2]
        return halved(self.change, pad(x, margins), self.size)


@final
class GridDecoder(nn.Module):
    """Latents, or anything else of one row per record, to values on a grid, from the coarsest level up.

    Args:
        n_in: Numbers of a row.
        shape: Of a record, `(channels, *grid)`.
        widths: Channels of each level but the finest, the coarsest first.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(
        self, n_in: int, shape: Shape, widths: Sequence[int], n_blocks: int, activation: Activation
    ) -> None:
        super().__init__()
        n_channels, *grid = shape
        n_dims, grids = len(grid), grids_of(tuple(grid), len(widths) + 1)
        self.activation: Activation = activation
        self.base = (widths[0], *grids[0])
        self.first = begun(nn.Linear(n_in, math.prod(self.base)), 1.0)
        steps: list[tuple[nn.Module, Grid]] = []
        for level, width in enumerate(widths):
            if level:
                steps.append((Finer(widths[level - 1], width, grids[level]), grids[level - 1]))
            blocks = [ResidualConvolutions(n_dims, width, activation) for _ in range(n_blocks)]
            steps += [(block, grids[level]) for block in blocks]
        self.steps = nn.Sequential(*(step for step, _ in steps))
        self.finest, n_wide = grids[-1], min(widths[-1], FINEST_CHANNELS)
        self.widen = convolution(n_dims, widths[-1], n_wide)
        self.last = begun(convolution(n_dims, n_wide, n_channels), LAST_GAIN)
        ends = [(self.widen, self.finest), (self.last, self.finest), (self.first, ())]
        self.n_operations = multiplications([*steps, *ends])

    def forward(self, rows: Float[Tensor, "batch n_in"]) -> GridSamples:
        """Unbounded values, in full precision."""
        x = quick(self.first(rows).view(len(rows), *self.base))
        activate = ACTIVATIONS[self.activation].function
        x = activate(self.widen(doubled(activate(self.steps(x)), self.finest)))
        return self.last(x).float()


@final
class GridEncoder(nn.Module):
    """Values on a grid to a row of features, from the finest level down; `GridDecoder` turned round.

    Args:
        shape: Of a record, `(channels, *grid)`.
        widths: Channels of each level but the finest, the finest first; the last is the number of features.
        n_blocks: Residual blocks of each level.
        activation: Between convolutions.
    """

    def __init__(self, shape: Shape, widths: Sequence[int], n_blocks: int, activation: Activation) -> None:
        super().__init__()
        (n_channels, *grid), (*of_levels, n_features) = shape, widths
        n_dims, grids = len(grid), grids_of(tuple(grid), len(of_levels) + 1)[::-1]
        self.activation: Activation = activation
        self.first = Coarser(n_dims, n_channels, of_levels[0], 1.0)
        steps: list[tuple[nn.Module, Grid]] = []
        for level, width in enumerate(of_levels):
            if level:
                coarser = Coarser(n_dims, of_levels[level - 1], width, RECTIFIED)
                steps += [(ActivationLayer(activation), ()), (coarser, grids[level + 1])]
            blocks = [ResidualConvolutions(n_dims, width, activation) for _ in range(n_blocks)]
            steps += [(block, grids[level + 1]) for block in blocks]
        self.steps = nn.Sequential(*(step for step, _ in steps))
        self.last = begun(nn.Linear(of_levels[-1] * math.prod(grids[-1]), n_features), RECTIFIED)
        self.n_operations = multiplications([(self.first, grids[1]), *steps, (self.last, ())])

    def forward(self, samples: GridSamples) -> Float[Tensor, "batch n_features"]:
        """Features, after the activation."""
        activate = ACTIVATIONS[self.activation].function
        x = activate(self.steps(self.first(quick(samples))))
        return activate(self.last(x.flatten(1)))
