"""What may be done to records before a discriminator looks at them, real and fake alike.

An augmentation is a random change that could be undone in distribution: what fakes look like behind it tells
what they look like before it, so the game has the same fixed point, while the discriminator never meets the
same record twice. To add one, write its function and one entry in `AUGMENTATIONS`.

Source:
    Karras et al. 2020, "Training generative adversarial networks with limited data", section 2.2
    (arXiv:2006.06676); Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training"
    (arXiv:2006.10738).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, final

import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Samples
from gansmith.engine.length import cosine
from gansmith.errors import find
from gansmith.settings import Field, settings

MOST_MASKED: Final = 0.5
SCALE_DEVIATION: Final = 0.2
JITTER_DEVIATION: Final = 0.1


def masked(samples: Samples, generator: torch.Generator) -> Samples:
    """Some values of each record are 0: a share of them between none and half, drawn for each record."""
    n = len(samples)
    shares = MOST_MASKED * torch.rand(n, 1, generator=generator)
    is_kept = torch.rand(n, samples[0].numel(), generator=generator) >= shares
    return samples * is_kept.view_as(samples).to(samples)


def scaled(samples: Samples, generator: torch.Generator) -> Samples:
    """Each record times a factor of its own, 1 give or take a fifth."""
    factors = (SCALE_DEVIATION * torch.randn(len(samples), generator=generator)).exp()
    return samples * _per_record(factors, samples)


def jittered(samples: Samples, generator: torch.Generator) -> Samples:
    """Normal noise on each record, of a strength of its own, a tenth of the unit as a rule."""
    strengths = JITTER_DEVIATION * torch.randn(len(samples), generator=generator)
    noise = torch.randn(samples.shape, generator=generator).to(samples)
    return samples + noise * _per_record(strengths, samples)


def _per_record(values: Float[Tensor, " batch"], samples: Samples) -> Float[Tensor, "batch *one"]:
    return values.to(samples).view(-1, *[1] * (samples.ndim - 1))


@final
@dataclass(frozen=True)
class Augmentation:
    """A change of records."""

    function: Callable[[Samples, torch.Generator], Samples]
    """Samples `(batch, *sample)` to changed ones of the same shape; differentiable for the samples."""
    meaning: str
    """One line for people."""


AUGMENTATIONS: Final[dict[str, Augmentation]] = {
    "mask": Augmentation(masked, "up to half of the values of a record become 0"),
    "scale": Augmentation(scaled, "a record times a factor near 1"),
    "jitter": Augmentation(jittered, "a little noise on a record"),
}

Chance = Annotated[float, Field(ge=0, le=1)]


@final
@settings
class AugmentationConfig:
    """How often one augmentation is applied."""

    name: str
    """A key of `AUGMENTATIONS`."""
    chance: Chance
    """For each record at the start of the run."""
    final_chance: Chance | None = None
    """At the end, reached along a cosine; None keeps `chance`."""

    def __post_init__(self) -> None:
        find(AUGMENTATIONS, "augmentation", self.name)

    def applied(self, samples: Samples, share: float, generator: torch.Generator) -> Samples:
        """The samples, some of them changed, at that share of the run."""
        chance = cosine(self.chance, self.chance if self.final_chance is None else self.final_chance, share)
        is_changed = torch.rand(len(samples), generator=generator) < chance
        changed = AUGMENTATIONS[self.name].function(samples, generator)
        return torch.where(_per_record(is_changed.float(), samples) > 0, changed, samples)
