"""What players may want beside fooling and telling: functions of a whole encounter.

A term sees all that the discriminator said, the batch and the latents, and gives one loss per record, shape
`(batch,)`. It is added to the loss of the players it is for. To add one, write its function and one entry in
`TERMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

from torch import Tensor
from torch.fft import fftn
from torch.nn.functional import cross_entropy

from gansmith.engine.batches import PerSample
from gansmith.engine.encounter import Encounter
from gansmith.errors import UsageError, find
from gansmith.settings import NonNegativeFloat, settings


def reconstruction_term(encounter: Encounter) -> PerSample:
    """Mean absolute distance of each fake to the real record it is paired with, in the codec's unit.

    Meaningful where the generator was given what that record looked like before.

    Source: Isola et al. 2017, "Image-to-image translation with conditional adversarial networks", eq. 3
    (arXiv:1611.07004).
    """
    return (encounter.fake - encounter.batch["real"]).abs().flatten(1).mean(1)


def feature_matching_term(encounter: Encounter) -> PerSample:
    """Squared distance between the mean features of real records and of fakes, the same for each fake.

    Raises:
        UsageError: When the discriminator tells no features.

    Source: Salimans et al. 2016, "Improved techniques for training GANs", section 3.1 (arXiv:1606.03498).
    """
    real, fake = encounter.of_real.features, encounter.of_fake.features
    if not fake:
        raise UsageError("feature matching needs a discriminator that returns its features.")
    pairs = zip(real, fake, strict=True)
    distances = [(one.detach().mean(0) - other.mean(0)).square().mean() for one, other in pairs]
    return sum(distances[1:], distances[0]).expand(len(encounter.batch))


def paired_features_term(encounter: Encounter) -> PerSample:
    """Mean absolute distance of what the discriminator sees in each fake and in the record it stands for.

    Layers count alike; distances are in units of the mean size of each layer's features.

    Raises:
        UsageError: When the discriminator tells no features.

    Source: Wang et al. 2018, "High-resolution image synthesis and semantic manipulation with conditional
    GANs", eq. 4 (arXiv:1711.11585).
    """
    real, fake = encounter.of_real.features, encounter.of_fake.features
    if not fake:
        raise UsageError("paired features need a discriminator that returns its features.")
    return features_apart(real, fake)


def features_apart(real: Sequence[Tensor], fake: Sequence[Tensor]) -> PerSample:
    """Mean absolute distance of features, layer by layer, in units of the mean size of the real ones."""
    distances = [
        (one.detach() - other).float().abs().flatten(1).mean(1)
        / one.detach().float().abs().mean().clamp_min(1e-6)
        for one, other in zip(real, fake, strict=True)
    ]
    return sum(distances[1:], distances[0]) / len(distances)


def frequency_term(encounter: Encounter) -> PerSample:
    """Squared distance between the spectra of each fake and its real record; what is missed most counts most.

    Source: Jiang et al. 2021, "Focal frequency loss for image reconstruction and synthesis", eq. 9
    (arXiv:2012.12821).
    """
    gap = (encounter.fake - encounter.batch["real"]).float()
    missed = fftn(gap, dim=tuple(range(2, gap.ndim)), norm="ortho").abs().square()
    weights = missed.detach().sqrt()
    most = weights.flatten(1).amax(1).clamp_min(1e-12).view(-1, *[1] * (gap.ndim - 1))
    return (weights / most * missed).flatten(1).mean(1)


def overlap_term(encounter: Encounter) -> PerSample:
    """One minus twice what a fake mask and its real one share, over what both hold: 0 where they agree.

    Each channel counts alike; values are shares of 0 to 1.

    Source: Milletari et al. 2016, "V-Net", section 3 (arXiv:1606.04797).
    """
    sides = (x.float().clamp(0, 1) for x in (encounter.fake, encounter.batch["real"]))
    fake, real = (x.view(len(x), 1, -1) if x.ndim < 3 else x.flatten(2) for x in sides)
    shared, held = (fake * real).sum(2), fake.square().sum(2) + real.square().sum(2)
    return (1 - (2 * shared + 1) / (held + 1)).mean(1)


def auxiliary_class_term(encounter: Encounter) -> PerSample:
    """Cross-entropy of the class that the discriminator reads off each record, real and fake.

    Both players want it small. The batch gives the class as `labels`, whole numbers from 0; the discriminator
    has a head `class`, shape `(batch, n_classes)`.

    Source: Odena et al. 2017, "Conditional image synthesis with auxiliary classifier GANs", eq. 3
    (arXiv:1610.09585).
    """
    labels = encounter.batch["labels"]
    real, fake = (_head(said.heads, "class") for said in (encounter.of_real, encounter.of_fake))
    return cross_entropy(real, labels, reduction="none") + cross_entropy(fake, labels, reduction="none")


def information_term(encounter: Encounter) -> PerSample:
    """Squared error of the discriminator in reading the first latents off each fake.

    Both players want it small: then these latents mean something. The discriminator has a head `code`, shape
    `(batch, n_codes)`. It is the bound on mutual information for normal codes of fixed width, but for a
    constant.

    Source: Chen et al. 2016, "InfoGAN", eq. 5 (arXiv:1606.03657).
    """
    if encounter.latents is None:
        raise UsageError("the information term needs the latents that fakes were made from.")
    code = _head(encounter.of_fake.heads, "code")
    return 0.5 * (code - encounter.latents[:, : code.shape[1]]).square().sum(1)


def _head(heads: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in heads:
        raise UsageError(f"this term needs a discriminator with a head {name!r}.")
    return heads[name]


Player = Literal["generator", "discriminator", "both"]


@final
@dataclass(frozen=True)
class Term:
    """A term and who minimises it."""

    function: Callable[[Encounter], PerSample]
    player: Player
    meaning: str
    """One line for people."""
    needs_features: bool = False
    """Whether it asks what the layers of the discriminator see."""
    head: str = ""
    """What the discriminator has to say beside real or fake; only networks made for it do."""


TERMS: dict[str, Term] = {
    "reconstruction": Term(
        reconstruction_term, "generator", "each fake near the real record it is paired with"
    ),
    "feature_matching": Term(
        feature_matching_term,
        "generator",
        "equal mean features of fakes and of real records",
        needs_features=True,
    ),
    "paired_features": Term(
        paired_features_term, "generator", "features of each fake near those of its real record", True
    ),
    "frequency": Term(frequency_term, "generator", "spectrum of each fake near that of its real record"),
    "overlap": Term(overlap_term, "generator", "overlap of each mask with the real one"),
    "auxiliary_class": Term(
        auxiliary_class_term, "both", "the class can be read off each record", head="class"
    ),
    "information": Term(information_term, "both", "the first latents can be read off each fake", head="code"),
}


@final
@settings
class TermConfig:
    """How much one term counts."""

    name: str
    """A key of `TERMS`."""
    weight: NonNegativeFloat = 1.0
    """Multiplied with its mean, 0 or more."""

    def __post_init__(self) -> None:
        find(TERMS, "term", self.name)

    @property
    def needs_features(self) -> bool:
        """See `Term`."""
        return TERMS[self.name].needs_features

    def is_for(self, player: Player) -> bool:
        """Whether this player minimises it."""
        return TERMS[self.name].player in (player, "both") and self.weight > 0

    def loss(self, encounter: Encounter) -> Tensor:
        """The term, weighted and averaged; a scalar."""
        return self.weight * TERMS[self.name].function(encounter).mean()
