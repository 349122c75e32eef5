"""What a generator of tables is asked for: some columns held fixed, the others free.

A condition is `[which columns are asked for | a sample with everything else zero]`.
"""

from __future__ import annotations

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.tensors import Conditions
from gansmith.modalities.table.layout import Layout
from gansmith.modalities.table.networks import TableSamples

FREE_SHARE: Final = 0.7
"""Share of training records for which nothing is asked: free records are what most users want."""
MORE_SHARE: Final = 0.5
"""Having asked for one column, the chance of asking for another as well, and so on."""


def ask_some(layout: Layout, samples: TableSamples, generator: torch.Generator) -> Conditions:
    """Conditions that real samples fulfil: most free, some with one or a few random columns held fixed."""
    # The number of columns asked for is geometric: zero for the free share, else 1, 2, ...
    draw = torch.rand(len(samples), generator=generator)
    asking = torch.nonzero(draw >= FREE_SHARE)[:, 0]  # (n_asking,)
    left = ((draw[asking] - FREE_SHARE) / (1 - FREE_SHARE)).clamp(1e-6, 1 - 1e-6)
    n_asked = 1 + torch.floor(torch.log1p(-left) / torch.log(torch.tensor(MORE_SHARE)))
    n_asked = n_asked.clamp(max=max(layout.n_columns - 1, 0))
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
