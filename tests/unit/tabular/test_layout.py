"""Where columns stand in a sample."""

from __future__ import annotations

import pytest
import torch

from gansmith.tabular.layout import Block, Layout

LAYOUT = Layout(n_states=(2, 2, 3, 5, 5), n_bins=(0, 1, 0, 5, 2))


def _compact(n=40):
    generator = torch.Generator().manual_seed(0)
    sizes = torch.tensor(LAYOUT.n_states)
    codes = (torch.rand(n, len(sizes), generator=generator) * sizes).long()
    levels = torch.rand(n, len(LAYOUT.level_columns), generator=generator) * 2 - 1
    for place, column in enumerate(LAYOUT.level_columns):
        first_bin = LAYOUT.n_states[column] - LAYOUT.n_bins[column]
        levels[codes[:, column] < first_bin, place] = 0
    return torch.cat([codes.float(), levels], 1)


def test_sizes():
    assert (LAYOUT.n_columns, LAYOUT.n_one_hot, LAYOUT.n_values, LAYOUT.n_compact) == (5, 17, 20, 8)
    assert LAYOUT.level_columns == (1, 3, 4)
    assert LAYOUT.offsets.tolist() == [0, 2, 4, 7, 12]


def test_columns_of_equally_many_states_stand_in_one_block():
    assert LAYOUT.blocks == (Block(0, 2, 2, 0), Block(2, 1, 3, 4), Block(3, 2, 5, 7))
    assert [block.columns for block in LAYOUT.blocks] == [slice(0, 2), slice(2, 3), slice(3, 5)]
    assert [block.values for block in LAYOUT.blocks] == [slice(0, 4), slice(4, 7), slice(7, 17)]


def test_bins_are_the_last_states():
    small, _, large = LAYOUT.blocks
    assert LAYOUT.is_bin(small).tolist() == [[False, False], [False, True]]
    assert LAYOUT.is_bin(large).tolist() == [[True] * 5, [False, False, False, True, True]]


def test_every_value_belongs_to_a_column():
    assert LAYOUT.column_of_value.tolist() == [0] * 2 + [1] * 2 + [2] * 3 + [3] * 5 + [4] * 5 + [1, 3, 4]


def test_expanding_and_compacting_are_inverse():
    compact = _compact()
    samples = LAYOUT.expand(compact)
    assert samples.shape == (40, LAYOUT.n_values)
    assert torch.equal(LAYOUT.compact(samples), compact)
    assert torch.equal(LAYOUT.expand(LAYOUT.compact(samples)), samples)


def test_a_sample_has_one_state_a_column():
    samples = LAYOUT.expand(_compact())
    for block in LAYOUT.blocks:
        states = samples[:, block.values].reshape(-1, block.n_columns, block.n_states)
        assert torch.equal(states.sum(2), torch.ones(40, block.n_columns))
        assert set(states.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("n", [0, 1])
def test_few_records_are_no_error(n):
    assert LAYOUT.compact(LAYOUT.expand(_compact()[:n])).shape == (n, 8)
