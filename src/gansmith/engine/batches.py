"""Real records in random order: batch k is a function of (seed, k) alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from gansmith.engine.randomness import Randomness
from gansmith.engine.tensors import Conditions, Samples

Asking = Callable[[Samples, torch.Generator], Conditions]
"""Makes the conditions that a batch of real samples fulfils: what the generator will be asked for."""


@final
@dataclass(frozen=True)
class Batch:
    """Real samples and the conditions that they fulfil; both players get the same conditions."""

    samples: Samples
    conditions: Conditions | None = None


@final
class Batches:
    """Epoch after epoch, each in an order of its own, the remainder of each epoch dropped.

    Args:
        samples: All real records, shape `(n, *sample)`, or in a compact form that `expand` understands.
        batch_size: Records per batch, at most n.
        randomness: Where the order comes from.
        asking: Makes the conditions of a batch; None plays without conditions.
        expand: Makes samples of compact records; None where they are samples already.
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int,
        randomness: Randomness,
        asking: Asking | None = None,
        expand: Callable[[Tensor], Samples] | None = None,
    ) -> None:
        self.samples = samples
        self.batch_size = min(batch_size, len(samples))
        self._randomness = randomness
        self._asking = asking
        self._expand = expand
        self._epoch = -1
        self._order: list[Tensor] = []

    def __call__(self, index: int) -> Batch:
        """Batch `index` of the endless sequence."""
        epoch, position = divmod(index, len(self.samples) // self.batch_size)
        if epoch != self._epoch:
            order = self._randomness.permutation(len(self.samples), "shuffle", epoch)
            self._order = list(order.to(self.samples.device).split(self.batch_size))
            self._epoch = epoch
        samples = self.samples[self._order[position]]
        if self._expand is not None:
            samples = self._expand(samples)
        if self._asking is None:
            return Batch(samples)
        return Batch(samples, self._asking(samples, self._randomness.generator("conditions", index)))
