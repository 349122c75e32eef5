"""Past fakes that are shown again, so that generators cannot run in circles before a discriminator.

Source:
    Shrivastava et al. 2017, "Learning from simulated and unsupervised images through adversarial training",
    section 2.3 (arXiv:1612.07828).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor


@final
@dataclass
class Pool:
    """Some past fakes and what belongs to each of them."""

    size: int
    """How many are kept."""
    share: float
    """Of the fakes of a batch that are exchanged for past ones."""
    parts: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    """Tensors by name, a row for each fake that is kept."""

    def exchanged(self, fakes: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """The fakes of a batch, some of them exchanged for past ones; the pool is filled first.

        Args:
            fakes: As `parts`, a row for each fake; they are left as they are.
            generator: Decides which are exchanged.
        """
        n = len(next(iter(fakes.values())))
        parts = self.parts or {name: part[:0] for name, part in fakes.items()}
        n_held = len(next(iter(parts.values())))
        n_new = min(self.size - n_held, n)
        parts = {name: torch.cat([part, fakes[name][:n_new]]) for name, part in parts.items()}
        n_left = n - n_new
        n_swapped = min(int(n_left * self.share), n_held + n_new)
        here = n_new + torch.randperm(n_left, generator=generator)[:n_swapped]
        there = torch.randperm(n_held + n_new, generator=generator)[:n_swapped]
        shown = {name: part.clone() for name, part in fakes.items()}
        for name, part in parts.items():
            shown[name][here], part[there] = part[there], fakes[name][here]
        self.parts = parts
        return shown
