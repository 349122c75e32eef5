"""What a generator of tables is asked for: some columns held fixed, the others free.

A condition is `[which columns are asked for | a sample with everything else zero]`.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Batch
from gansmith.engine.tensors import Conditions
from gansmith.modalities.table.layout import Layout
from gansmith.modalities.table.networks import TableSamples

FREE_SHARE: Final = 0.8
"""Share of training records for which nothing is asked: free records are what most users want."""
FEW_SHARE: Final = 0.5
"""Of the others, the share that asks for one or a few columns; the rest asks for any number of them, as
those do who impute."""
MORE_SHARE: Final = 0.5
"""Having asked for one of few columns, the chance of asking for another as well, and so on."""


def ask_some(layout: Layout, batch: Batch, generator: torch.Generator) -> Conditions:
    """Conditions that real samples fulfil: most free, some with random columns held fixed."""
    samples = batch["real"]
    is_asking = torch.rand(len(samples), generator=generator) >= FREE_SHARE
    asking = torch.nonzero(is_asking)[:, 0]  # (n_asking,)
    n_most = max(layout.n_columns - 1, 0)
    draw = torch.rand(len(asking), generator=generator).clamp(1e-6, 1 - 1e-6)
    few = torch.floor(torch.log(draw) / math.log(MORE_SHARE)).clamp(max=n_most - 1)  # geometric: 0, 1, 2, ...
    asks_few = torch.rand(len(asking), generator=generator) < FEW_SHARE
    n_asked = torch.where(asks_few, 1 + few, 1 + torch.floor(draw * n_most)).clamp(0, n_most)
    order = torch.rand(len(asking), layout.n_columns, generator=generator).argsort(1)
    is_first = (torch.arange(layout.n_columns) < n_asked[:, None]).to(samples.dtype)
    is_asked = torch.zeros_like(is_first).scatter_(1, order, is_first).to(samples.device)
    asking = asking.to(samples.device)
    conditions = samples.new_zeros(len(samples), layout.n_columns + layout.n_values)
    conditions[asking] = hold_fixed(layout, samples[asking], is_asked)
    return conditions


def hold_fixed(
    layout: Layout, samples: TableSamples, is_asked: Float[Tensor, "batch n_columns"]
) -> Conditions:
    """The condition that asks for the marked columns as they are in `samples`.

    Args:
        layout: Of the samples.
        samples: Shape `(batch, n_values)`.
        is_asked: Shape `(batch, n_columns)`, 1 for columns held fixed and 0 for free ones.
    """
    mask = is_asked[:, layout.column_of_value.to(samples.device)]
    return torch.cat([is_asked, samples * mask], 1)
