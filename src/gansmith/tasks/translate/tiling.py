"""A large record turned piece by piece, as if it had been turned as a whole.

Each tile is turned with as much around it as any of its points may see, and what is around it is thrown away:
so there are no seams, and nothing has to be blended. Where tiles lie is aligned to what the network divides
grids by, so that each sees what it would see in the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final, final

import torch
from torch import Tensor

from gansmith.errors import UsageError

MOST_POINTS: Final = 1 << 18
"""Of a tile with what is around it, about: what a network remembers of them is a few hundred times larger,
and more so where it makes more points than it is given."""


@final
class Tiles:
    """How a grid is cut up.

    Args:
        reach: How far a point of the result may see, in points of the source.
        multiple: What sides of tiles are multiples of.
        n_dims: Of the grid.
        most_points: Of a tile with what is around it.
    """

    def __init__(self, reach: int, multiple: int, n_dims: int, most_points: int = MOST_POINTS) -> None:
        self.margin = -(-reach // multiple) * multiple
        side = int(most_points ** (1 / n_dims)) - 2 * self.margin
        self.side = max(side // multiple, 1) * multiple
        if self.side < self.margin:  # more around it than in it: larger tiles waste less
            self.side = -(-self.margin // multiple) * multiple

    def spans(self, side: int) -> list[tuple[int, int, int, int]]:
        """Along one side: where each tile begins and ends, and where what it is turned with does."""
        if side <= self.side + 2 * self.margin:
            return [(0, side, 0, side)]
        found: list[tuple[int, int, int, int]] = []
        for first in range(0, side, self.side):
            end = min(first + self.side, side)
            found.append((first, end, max(0, first - self.margin), min(side, end + self.margin)))
        return found

    def over(self, grid: Sequence[int]) -> Iterator[tuple[tuple[int, int, int, int], ...]]:
        """All tiles of a grid, a span for each axis."""
        yield from product(*(self.spans(side) for side in grid))


def turned_by_tiles(
    turn: Callable[[Sequence[Tensor]], Tensor], parts: Sequence[Tensor], tiles: Tiles, factor: int
) -> Tensor:
    """What becomes of a record.

    Args:
        turn: Makes a record of its parts, each of shape `(1, n_channels, *grid)`; sides are multiplied.
        parts: What is given: its values, and noise beside them.
        tiles: How it is cut up.
        factor: By which sides are multiplied.

    Returns:
        Shape `(1, n_out, *grid * factor)`.

    Raises:
        UsageError: The record has no points.
    """
    grid = parts[0].shape[2:]
    if not all(grid):
        raise UsageError(f"a record of {' x '.join(map(str, grid))} points is empty.")
    whole: Tensor | None = None
    for spans in tiles.over(grid):
        seen = [_narrowed(part, [(first, end) for _, _, first, end in spans]) for part in parts]
        made = turn(seen)
        kept = [((a - first) * factor, (b - first) * factor) for a, b, first, _ in spans]
        made = _narrowed(made, kept)
        if whole is None:
            whole = torch.empty(1, made.shape[1], *(side * factor for side in grid))
        _narrowed(whole, [(a * factor, b * factor) for a, b, _, _ in spans]).copy_(made)
    assert whole is not None
    return whole


def _narrowed(values: Tensor, spans: Sequence[tuple[int, int]]) -> Tensor:
    for axis, (first, end) in enumerate(spans):
        values = values.narrow(axis + 2, first, end - first)
    return values
