"""Which cells of a row were changed: what changes them, and the network that tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gansmith.engine.corruption import AbstractCorruptor
from gansmith.nets.mlp import layers

Cells = Float[Tensor, "batch n_columns 2"]
"""Normal scores or codes, and whether a number is missing."""

MOST_CHANGED: Final = 0.5
"""Share of the cells of a row; mostly it is far less, and one at least."""
WIDEST: Final = 6.0
"""Normal score up to which numbers are drawn that have nothing to do with usual ones."""
NOISES: Final = (-2.5, 1.5)
"""Logarithm of the standard deviation of noise on a number, in normal scores: between these."""
SWAPPED, JITTERED = 0.5, 0.8
"""Up to which share changed numbers come from another row, and have noise; the others come from anywhere."""
SWAPPED_CATEGORIES: Final = 0.7
FREQUENCIES: Final = (0.5, 1.0, 2.0, 4.0)
"""Of the waves by which the network sees a normal score beside itself."""
WIDTH: Final = 256
N_HIDDEN: Final = 3


@final
class CellCorruptor(AbstractCorruptor):
    """Some cells of each row come from other rows, or have noise, or come from anywhere.

    Args:
        n_categories: Of each column; 0 of numbers.
    """

    def __init__(self, n_categories: Sequence[int]) -> None:
        super().__init__()
        self.n_categories = tuple(n_categories)

    def forward(
        self, samples: Cells, generator: torch.Generator
    ) -> tuple[Cells, Bool[Tensor, "batch n_columns"]]:
        """See the base class; a cell that became what it was counts as unchanged."""
        n, n_columns = samples.shape[:2]
        shares = MOST_CHANGED * torch.rand(n, 1, generator=generator).square()
        is_chosen = torch.rand(n, n_columns, generator=generator) < shares
        is_chosen[torch.arange(n), torch.randint(n_columns, (n,), generator=generator)] = True
        others = torch.randint(n, (n, n_columns), generator=generator)
        swapped = samples.gather(0, others[:, :, None].expand_as(samples).to(samples.device))
        drawn = torch.where(self._is_category, *self._anew(samples, swapped, generator))
        new = torch.stack([drawn, swapped[:, :, 1]], 2)
        changed = torch.where(is_chosen[:, :, None].to(samples.device), new, samples)
        return changed, (changed != samples).any(2)

    @property
    def _is_category(self) -> Bool[Tensor, " n_columns"]:
        return torch.tensor(self.n_categories) > 0

    def _anew(
        self, samples: Cells, swapped: Cells, generator: torch.Generator
    ) -> tuple[Float[Tensor, "batch n_columns"], Float[Tensor, "batch n_columns"]]:
        """Each cell as a category, and as a number."""
        n, n_columns = samples.shape[:2]
        way, place, noise = (
            make(n, n_columns, generator=generator) for make in (torch.rand, torch.rand, torch.randn)
        )
        low, high = NOISES
        spread = (low + (high - low) * torch.rand(n, 1, generator=generator)).exp()
        codes = (place * torch.tensor(self.n_categories)).floor()
        categories = torch.where(way < SWAPPED_CATEGORIES, swapped[:, :, 0], codes)
        anywhere = WIDEST * (2 * place - 1)
        noisy = torch.where(way < JITTERED, samples[:, :, 0] + spread * noise, anywhere)
        return categories, torch.where(way < SWAPPED, swapped[:, :, 0], noisy)


@final
class CellCritic(nn.Module):
    """Rows to a logit of each cell: how much likelier it was changed than not.

    Args:
        n_categories: As for `CellCorruptor`.
    """

    def __init__(self, n_categories: Sequence[int]) -> None:
        super().__init__()
        self.numbers = [place for place, size in enumerate(n_categories) if not size]
        self.categories = [place for place, size in enumerate(n_categories) if size]
        sizes = [size for size in n_categories if size]
        self.firsts, self.n_codes = [sum(sizes[:place]) for place in range(len(sizes))], sum(sizes)
        n_in = len(self.numbers) * (2 + 2 * len(FREQUENCIES)) + self.n_codes
        self.layers = layers((n_in, *[WIDTH] * N_HIDDEN, len(n_categories)), "silu")

    def forward(self, cells: Cells) -> Float[Tensor, "batch n_columns"]:
        """One logit for each cell."""
        scores, gaps = cells[:, self.numbers].unbind(2)  # (batch, n_numbers)
        waves = (scores[:, :, None] * cells.new_tensor(FREQUENCIES)).flatten(1)
        codes = cells.new_zeros(len(cells), self.n_codes)
        places = cells[:, self.categories, 0].long() + torch.tensor(self.firsts, dtype=torch.long)
        codes.scatter_(1, places.to(cells.device), 1.0)
        return self.layers(torch.cat([scores / 2, gaps, waves.sin(), waves.cos(), codes], 1))
