"""What a discriminator sees of samples: with noise on them, changed at random, several at once.

The discriminator that plays is a composition: `network . pack . augment . noise`, the same for real and for
fake samples and in the turns of both players. Penalties hold it smooth in what it sees.

Source:
    Sonderby et al. 2016, "Amortised MAP inference for image super-resolution", instance noise
    (arXiv:1610.04490); Arjovsky and Bottou 2017, "Towards principled methods for training GANs"
    (arXiv:1701.04862); packing: Lin et al. 2018, "PacGAN" (arXiv:1712.04086).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.batches import Batch, Samples, Shown
from gansmith.engine.randomness import Stream


@final
@dataclass(frozen=True)
class Inputs:
    """How samples are shown to a discriminator in one turn; a function of the seed, the step and the turn."""

    n_packed: int = 1
    """How many records of a batch are judged at once."""
    is_packing: bool = True
    """Whether these are different ones; else each record is shown so many times over."""
    noise: float = 0.0
    """Standard deviation of the noise on each value."""
    augmentations: Sequence[AugmentationConfig] = ()
    """Applied one after the other."""
    share: float = 0.0
    """Of the run that is done; chances follow it."""
    most_chance: float = 1.0
    """Of any augmentation."""
    stream: Stream | None = None
    """Where noise and changes come from; needed where there are any."""
    step: int = 0

    def __call__(self, samples: Samples, side: str) -> Shown:
        """The samples of one side, real or fake, as they are shown.

        Returns:
            As many as came, in the same order; packed ones are joined along their first dimension, each with
            those that follow it in the batch, the last ones with the first.
        """
        if self.noise or self.augmentations:
            assert self.stream is not None
            generator = self.stream.part(side).generator(self.step)
            if self.noise:
                noise = torch.randn(samples.shape, generator=generator)
                samples = samples + self.noise * noise.to(samples)
            samples = self.augmented(samples, generator)
        return self.packed(samples)

    def augmented(self, samples: Samples, generator: torch.Generator) -> Samples:
        """The samples with the augmentations of this turn."""
        for augmentation in self.augmentations:
            samples = augmentation.applied(samples, self.share, generator, self.most_chance)
        return samples

    def packed_condition(self, batch: Batch) -> Tensor | None:
        """The conditions of the records of a batch as they belong to packs, or None."""
        condition = batch.get("condition")
        return None if condition is None else self.packed(condition)

    def packed(self, parts: Tensor) -> Tensor:
        """What belongs to the records of a batch, as it belongs to packs of them.

        Every record is the first of one pack, and in as many packs as a pack has records; so there are as
        many logits as records, whatever is packed.
        """
        if self.n_packed == 1:
            return parts
        parts = parts[:, None] if parts.ndim == 1 else parts
        shifts = range(self.n_packed) if self.is_packing else [0] * self.n_packed
        return torch.cat([parts.roll(-shift, 0) for shift in shifts], 1)  # (batch, n_packed * first, ...)


PLAIN = Inputs()
"""Samples as they are."""
