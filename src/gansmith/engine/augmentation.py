"""What may be done to records before a discriminator looks at them, real and fake alike, and how often.

An augmentation is a random change that could be undone in distribution: what fakes look like behind it tells
what they look like before it, so the game has the same fixed point, while the discriminator never meets the
same record twice. To add one, write its function and one entry in `AUGMENTATIONS`. Those of records on a
grid stand in `grid_augmentation.py`.

Source:
    Karras et al. 2020, "Training generative adversarial networks with limited data", section 2.2
    (arXiv:2006.06676); Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training"
    (arXiv:2006.10738).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, final

import torch

from gansmith.engine.batches import Logits, Samples
from gansmith.engine.grid_augmentation import (
    cut,
    flipped,
    moved,
    noisy,
    per_record,
    recoloured,
    shifted,
)
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
    return samples * per_record(factors, samples)


def jittered(samples: Samples, generator: torch.Generator) -> Samples:
    """Normal noise on each record, of a strength of its own, a tenth of the unit as a rule."""
    strengths = JITTER_DEVIATION * torch.randn(len(samples), generator=generator)
    noise = torch.randn(samples.shape, generator=generator).to(samples)
    return samples + noise * per_record(strengths, samples)


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
    "flip": Augmentation(flipped, "grids: left and right exchanged, along the last axis"),
    "shift": Augmentation(shifted, "grids: moved by up to an eighth of each side, the edges mirrored"),
    "affine": Augmentation(moved, "grids: zoomed, stretched, rotated and shifted in one resampling"),
    "colour": Augmentation(recoloured, "grids: brightness, contrast and saturation, but no transparency"),
    "cutout": Augmentation(cut, "grids: a box of half of each side becomes middle grey"),
    "noise": Augmentation(noisy, "grids: noise of a strength drawn for each record"),
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

    def applied(
        self, samples: Samples, share: float, generator: torch.Generator, most_chance: float = 1.0
    ) -> Samples:
        """The samples, some of them changed, at that share of the run, by no more than that chance."""
        final_chance = self.chance if self.final_chance is None else self.final_chance
        chance = min(cosine(self.chance, final_chance, share), most_chance)
        is_changed = torch.rand(len(samples), generator=generator) < chance
        function, n_changed = AUGMENTATIONS[self.name].function, int(is_changed.sum())
        if n_changed in (0, len(samples)):
            return function(samples, generator) if n_changed else samples
        chosen = is_changed.nonzero()[:, 0].to(samples.device)
        return samples.index_copy(0, chosen, function(samples[chosen], generator))


# --- How often ---------------------------------------------------------------------------------------------

CHANCE_OF_HUNDRED: Final = 0.6
"""Of each augmentation, for a hundred records or fewer."""
LESS_FOR_TENFOLD: Final = 0.2
"""What that falls by for every ten times as many."""
ENOUGH_RECORDS: Final = 30_000
"""So many records or more are shown as they are."""
ENOUGH_ALIGNED: Final = 3_000
"""The same of records whose sides cannot be exchanged: they are aligned, and what moves them costs more than
it helps (LOG.md)."""
CHANCE_OF_FLIP: Final = 0.5
"""Half of the records: both sides come equally often."""
FOR_FEW: Final = {1: ("affine", "noise"), 2: ("affine", "colour", "cutout"), 3: ("affine", "cutout")}
"""What helps where records are few, by the dimensions of their grid."""


def grid_augmentations(n_records: int, *, can_flip: bool, n_dims: int = 2) -> tuple[AugmentationConfig, ...]:
    """The augmentations for so many records on a grid of 1 to 3 dimensions.

    Each comes with a chance of .6 for a hundred records, .4 for a thousand, .2 for ten thousand (a straight
    line in the logarithm between); none from `ENOUGH_RECORDS` on, or `ENOUGH_ALIGNED` where none may be
    mirrored.

    Args:
        n_records: That are learnt from.
        can_flip: Whether mirrored records look like the others.
        n_dims: Of the grid.

    Example:
        >>> [(one.name, round(one.chance, 2)) for one in grid_augmentations(1_000, can_flip=True)]
        [('flip', 0.5), ('affine', 0.4), ('colour', 0.4), ('cutout', 0.4)]
    """
    if n_records >= (ENOUGH_RECORDS if can_flip else ENOUGH_ALIGNED):
        return ()
    tenfolds = math.log10(max(n_records, 100) / 100)
    chance = CHANCE_OF_HUNDRED - LESS_FOR_TENFOLD * tenfolds
    flips = (AugmentationConfig("flip", CHANCE_OF_FLIP),) if can_flip else ()
    return (*flips, *(AugmentationConfig(name, chance) for name in FOR_FEW[n_dims]))


MOST_CHANCE: Final = 0.8
"""Above, fakes begin to look augmented themselves."""
LEAD_MEMORY: Final = 0.9
"""Weight of what is remembered of earlier batches, against one batch."""
RISING_SHARE: Final = 0.2
"""Of a run, in which a chance can rise from nothing to the most."""


@final
@dataclass
class Adaptation:
    """How often records are changed at most: as often as holds back a discriminator that is too sure.

    The lead of real records is 2 P(real logit > fake logit) - 1 over pairs as they are shown: 0 where the
    discriminator guesses, 1 where it has memorised its records. While the lead is above the target the chance
    rises, else it falls, by equal steps.

    Source:
        Karras et al. 2020, "Training generative adversarial networks with limited data", section 3.1
        (arXiv:2006.06676), where the mean sign of real logits is held; logits of a relativistic game have no
        sign, hence pairs. There a chance can run away, far above 1; here it ends at a most.
    """

    chance: float = 0.0
    """In [0, `MOST_CHANCE`]."""
    lead: float = 0.0
    """Moving average."""
    share: float = 0.0
    """Of the run that was done at the last step."""

    def update(self, real_logits: Logits, fake_logits: Logits, target: float, share: float) -> None:
        """Take in what was said of one batch of pairs, at that share of the run."""
        difference = (real_logits - fake_logits).detach()
        if len(difference):
            now = difference.sign().mean().item()
            self.lead = LEAD_MEMORY * self.lead + (1 - LEAD_MEMORY) * now
        step = MOST_CHANCE * (share - self.share) / RISING_SHARE
        self.chance = min(max(self.chance + (step if self.lead > target else -step), 0.0), MOST_CHANCE)
        self.share = share
