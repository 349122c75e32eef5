"""Where each column stands in a sample, and in what a generator is asked for.

A table's record becomes, column by column, one *state* out of several (a category, a frequent number, a
missing cell, or one of the bins of the other numbers) and, for a number in a bin, a *level*: its rank
within the bin, from -1 to 1. Columns of equally many states stand together, so that the networks treat
a table of two thousand columns in a few dozen operations.

A record has two forms. *Compact*, `(n_columns + n_levels,)`: the state of each column as a whole number,
then the levels. *Sample*, `(n_values,)`: each state as a one-hot block, then the levels. Levels are zero
outside bins.

A *condition* holds some columns fixed and leaves the others free:
`[which columns are asked for | a sample with everything else zero]`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gansmith.engine.batches import Conditions
from gansmith.tabular.rows import Codes, Levels, RowCodec

Compact = Float[Tensor, "batch n_compact"]

FREE_SHARE: Final = 0.8
"""Share of training records for which nothing is asked: free records are what most users want."""
FEW_SHARE: Final = 0.1
"""Of the others, the share that asks for one or a few columns. Few: records with a rare value are found among
free ones, see `modalities/table/sampling.py`."""
MOST_SHARE: Final = 0.6
"""The share that asks for all columns but one or a few, as those do who impute; the rest for any number."""
MORE_SHARE: Final = 0.5
"""Having counted one of few columns, the chance of counting another as well, and so on."""


@final
@dataclass(frozen=True)
class Block:
    """Neighbouring columns that have equally many states."""

    first_column: int
    n_columns: int
    n_states: int
    first_value: int

    @property
    def columns(self) -> slice:
        """Where these columns stand among all columns."""
        return slice(self.first_column, self.first_column + self.n_columns)

    @property
    def values(self) -> slice:
        """Where their one-hot values stand in a sample."""
        return slice(self.first_value, self.first_value + self.n_columns * self.n_states)

    def of(self, samples: Float[Tensor, "batch n_values"]) -> Float[Tensor, "batch n_columns n_states"]:
        """A view of their one-hot values."""
        return samples[:, self.values].unflatten(1, (self.n_columns, self.n_states))


@final
@dataclass(frozen=True)
class Layout:
    """The shape of a sample.

    Columns must be sorted by their number of states; bins are the last states of a column.
    """

    n_states: tuple[int, ...]
    """States of each column, ascending, each 2 or more."""
    n_bins: tuple[int, ...]
    """How many of these states, the last ones, carry a level."""

    @staticmethod
    def of(rows: RowCodec) -> Layout:
        """Where the columns of rows stand."""
        codecs = [rows.columns[index] for index in rows.playing]
        return Layout(tuple(codec.n_states for codec in codecs), tuple(codec.n_bins for codec in codecs))

    @property
    def n_columns(self) -> int:
        """Columns that take part in the game."""
        return len(self.n_states)

    @cached_property
    def level_columns(self) -> tuple[int, ...]:
        """The columns that have a level, in order."""
        return tuple(index for index, n_bins in enumerate(self.n_bins) if n_bins)

    @cached_property
    def n_one_hot(self) -> int:
        """Values of all one-hot blocks together."""
        return sum(self.n_states)

    @property
    def n_values(self) -> int:
        """Values of a sample."""
        return self.n_one_hot + len(self.level_columns)

    @property
    def n_compact(self) -> int:
        """Values of a compact record."""
        return self.n_columns + len(self.level_columns)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The columns in runs of equally many states."""
        found: list[Block] = []
        column = value = 0
        for n_states, run in groupby(self.n_states):
            n_columns = len(list(run))
            found.append(Block(column, n_columns, n_states, value))
            column += n_columns
            value += n_columns * n_states
        return tuple(found)

    @cached_property
    def offsets(self) -> Int[Tensor, " n_columns"]:
        """The first one-hot value of each column."""
        sizes = torch.tensor([0, *self.n_states])
        return sizes.cumsum(0)[:-1]

    @cached_property
    def column_of_value(self) -> Int[Tensor, " n_values"]:
        """The column that each value of a sample belongs to."""
        states = torch.repeat_interleave(torch.arange(self.n_columns), torch.tensor(self.n_states))
        return torch.cat([states, torch.tensor(self.level_columns, dtype=torch.long)])

    @cached_property
    def bins(self) -> tuple[slice, ...]:
        """Where the bins of each column that has a level stand in a sample."""
        ends = (self.offsets + torch.tensor(self.n_states)).tolist()
        return tuple(slice(ends[column] - self.n_bins[column], ends[column]) for column in self.level_columns)

    def is_bin(self, block: Block) -> Bool[Tensor, "n_columns n_states"]:
        """Which states of a block's columns carry a level."""
        n_bins = torch.tensor(self.n_bins[block.columns])
        return torch.arange(block.n_states) >= (block.n_states - n_bins)[:, None]

    def states(
        self, samples: Float[Tensor, "batch n_values"], columns: Sequence[int]
    ) -> Int[Tensor, "batch n_chosen"]:
        """The states of some columns of hard samples, counted through all columns.

        Without matrix products, which may be taken in halves; these count to 256.
        """
        starts, sizes = self.offsets.tolist(), self.n_states
        found = [
            (samples[:, start : start + size] * torch.arange(size, device=samples.device)).sum(1) + start
            for start, size in ((starts[column], sizes[column]) for column in columns)
        ]
        return torch.stack(found, 1).long() if found else samples.new_zeros(len(samples), 0).long()

    def expand(self, compact: Compact) -> Float[Tensor, "batch n_values"]:
        """Compact records as samples."""
        codes = compact[:, : self.n_columns].long() + self.offsets.to(compact.device)
        samples = compact.new_zeros(len(compact), self.n_values)
        samples.scatter_(1, codes, 1.0)
        samples[:, self.n_one_hot :] = compact[:, self.n_columns :]
        return samples

    def parts(self, compact: Compact) -> tuple[Codes, Levels]:
        """Compact records as the states and levels that rows are made of."""
        values = compact.numpy()
        return values[:, : self.n_columns].astype(np.int64), values[:, self.n_columns :]

    def compact(self, samples: Float[Tensor, "batch n_values"]) -> Compact:
        """Samples as compact records: the inverse of `expand`."""
        codes = [
            block.of(samples) @ torch.arange(block.n_states, dtype=samples.dtype, device=samples.device)
            for block in self.blocks
        ]  # each (batch, n_columns of the block)
        return torch.cat([*codes, samples[:, self.n_one_hot :]], 1)


def draw_conditions(
    layout: Layout,
    samples: Float[Tensor, "batch n_values"],
    generator: torch.Generator,
    free_share: float = FREE_SHARE,
) -> Conditions:
    """Conditions that real samples fulfil: a share of them free, others with random columns held fixed."""
    is_conditional = torch.rand(len(samples), generator=generator) >= free_share
    asking = torch.nonzero(is_conditional)[:, 0]  # (n_asking,)
    n_most = max(layout.n_columns - 1, 0)
    draw = torch.rand(len(asking), generator=generator).clamp(1e-6, 1 - 1e-6)
    few = torch.floor(torch.log(draw) / math.log(MORE_SHARE)).clamp(max=n_most - 1)  # geometric: 0, 1, 2, ...
    chosen = torch.rand(len(asking), generator=generator)
    n_conditioned = torch.where(chosen < FEW_SHARE, 1 + few, torch.floor(draw * (n_most + 1)))
    n_conditioned = torch.where(chosen >= 1 - MOST_SHARE, n_most - few, n_conditioned).clamp(0, n_most)
    order = torch.rand(len(asking), layout.n_columns, generator=generator).argsort(1)
    is_first = (torch.arange(layout.n_columns) < n_conditioned[:, None]).to(samples.dtype)
    is_conditioned = torch.zeros_like(is_first).scatter_(1, order, is_first).to(samples.device)
    asking = asking.to(samples.device)
    conditions = samples.new_zeros(len(samples), layout.n_columns + layout.n_values)
    conditions[asking] = hold_fixed(layout, samples[asking], is_conditioned)
    return conditions


def hold_fixed(
    layout: Layout, samples: Float[Tensor, "batch n_values"], is_conditioned: Float[Tensor, "batch n_columns"]
) -> Conditions:
    """The condition that asks for the marked columns as they are in `samples`.

    Args:
        layout: Of the samples.
        samples: Shape `(batch, n_values)`.
        is_conditioned: Shape `(batch, n_columns)`, 1 for columns held fixed and 0 for free ones.
    """
    mask = is_conditioned[:, layout.column_of_value.to(samples.device)]
    return torch.cat([is_conditioned, samples * mask], 1)
