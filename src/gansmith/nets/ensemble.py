"""Several generators that make records in turn.

Source:
    Arora et al. 2017, "Generalization and equilibrium in generative adversarial nets (GANs)"
    (arXiv:1703.00573): a mixture of generators comes near an equilibrium that a single one may not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from jaxtyping import Float
from torch import Tensor, nn


@final
class Ensemble(nn.Module):
    """Record k is made by member k modulo their number, so that each makes its share of any batch.

    Args:
        members: Generators of the same shape; the last is the newest.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def newest(self) -> nn.Module:
        """The member to be fine-tuned."""
        return self.members[-1]

    def forward(self, first: Tensor, *others: object) -> Float[Tensor, "batch *sample"]:
        """One sample for each row of the inputs, which are those of any member; tensors are shared out."""
        n = len(self.members)
        inputs = (first, *others)
        made = [
            member(*(part[place::n] if isinstance(part, Tensor) else part for part in inputs))
            for place, member in enumerate(self.members)
        ]  # each (batch / n, *sample)
        samples = made[0].new_empty(len(first), *made[0].shape[1:])
        for place, part in enumerate(made):
            samples[place::n] = part
        return samples
