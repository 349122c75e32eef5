"""Networks that look for the scorecard: blocks that become channels, and an end where all is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gansmith.modalities import grid_observer
from gansmith.modalities.grid_observer import GridObserver, folded


@pytest.mark.parametrize("grid", [(7,), (6, 5), (3, 4, 5)])
def test_blocks_become_channels_and_no_value_is_lost(grid):
    values = torch.arange(2 * 3 * int(np.prod(grid)), dtype=torch.float32).view(2, 3, *grid)
    made = folded(values, 2)
    assert made.shape == (2, 3 * 2 ** len(grid), *(-(-side // 2) for side in grid))
    assert set(made.flatten().tolist()) == set(values.flatten().tolist())
    assert folded(values, 1) is values


def test_the_first_channels_of_a_block_are_those_of_the_first_channel():
    values = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])[None]
    assert folded(values, 2)[0].mean((1, 2)).tolist() == [0] * 4 + [1] * 4


def test_learning_ends_where_everything_is_told(monkeypatch):
    rng, looked = np.random.default_rng(0), list[int]()
    values = rng.random((128, 1, 16, 16)).astype(np.float32) * 0.3
    codes = np.arange(128)[:, None] % 2
    values[codes[:, 0] == 1] += 0.6
    step = torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self: (looked.append(1), step(self))[1])
    for settled in (0.0, 0.3):
        judge = GridObserver(128 * 20, fold=2, settled=settled).classifier(values, codes, (2,), 0)
        assert ((judge(values)[0].argmax(1) == codes[:, 0]).mean()) == 1
        looked.append(0)
    first, second = "".join(map(str, looked)).split("0")[:2]
    assert len(second) < len(first) == 128 * 20 // grid_observer.BATCH_SIZE
