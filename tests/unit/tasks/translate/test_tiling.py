"""A record turned piece by piece is that turned as a whole, bit for bit."""

from __future__ import annotations

import pytest
import torch

from gansmith.errors import UsageError
from gansmith.nets.translators import GridTranslator
from gansmith.tasks.translate.tiling import Tiles, turned_by_tiles


@pytest.mark.parametrize(
    ("grid", "widths", "fold", "factor"),
    [
        ((101, 74), (6,), 1, 2),
        ((203, 157), (4, 4, 4), 1, 1),
        ((90, 131), (4, 6), 2, 2),
        ((700,), (4, 4), 1, 1),
    ],
)
@torch.no_grad()
def test_there_are_no_seams(grid, widths, fold, factor):
    n_dims, generator = len(grid), torch.Generator().manual_seed(0)
    shape = (2, *[32] * n_dims)
    network = GridTranslator(shape, 2, widths, 1, "leaky_relu", fold=fold, factor=factor, n_noise=1, n_same=2)
    for weights in network.parameters():
        weights.copy_(0.2 * torch.randn(weights.shape, generator=generator))
    source, noise = (torch.rand(1, n, *grid, generator=generator) for n in (2, 1))
    tiles = Tiles(network.reach, network.multiple, n_dims, most_points=1)
    assert len([*tiles.over(grid)]) > 2
    made = turned_by_tiles(lambda parts: network(*parts), [source, noise], tiles, factor)
    assert torch.allclose(made, network(source, noise), atol=1e-5)


def test_a_small_record_is_turned_as_a_whole():
    assert [*Tiles(9, 1, 2).over((64, 64))] == [((0, 64, 0, 64), (0, 64, 0, 64))]


def test_tiles_cover_every_point_once():
    spans = Tiles(10, 8, 1, most_points=64).spans(333)
    assert [span[0] for span in spans[1:]] == [span[1] for span in spans[:-1]]
    assert (spans[0][0], spans[-1][1]) == (0, 333)
    assert all(first % 8 == 0 for _, _, first, _ in spans)


def test_a_record_without_points_is_refused():
    with pytest.raises(UsageError, match="0 x 5"):
        turned_by_tiles(lambda parts: parts[0], [torch.zeros(1, 1, 0, 5)], Tiles(1, 1, 2), 1)
