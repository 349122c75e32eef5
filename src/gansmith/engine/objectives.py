"""What the two players want: pairs of pure functions on logits.

Every function takes the logits of real and of fake records, shape `(batch,)` each, and returns one loss
per record or pair, shape `(batch,)`; the same for the parts of records. To add an objective, write its two
functions and one entry in `OBJECTIVES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, final

import torch
from torch.nn.functional import relu, softplus

from gansmith.engine.batches import Logits, PerLogit
from gansmith.engine.divergences import DIVERGENCES
from gansmith.errors import find

MARGIN: Final = 1.0
"""Of energies: a fake of more than this is told from real ones well enough."""
DIVERSITY: Final = 0.5
"""Energy of fakes over that of real records at the equilibrium that is kept; higher is more diverse."""
BALANCE_RATE: Final = 1e-3
"""How fast the balance of that equilibrium is mended."""


def minimax_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Cross-entropy of telling real from fake: -log D(x) - log(1 - D(G(z))).

    Source: Goodfellow et al. 2014, "Generative adversarial nets", eq. 1 (arXiv:1406.2661).
    """
    return softplus(-real_logits) + softplus(fake_logits)


def minimax_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """The zero-sum answer, log(1 - D(G(z))): weak where the discriminator is sure.

    Source: Goodfellow et al. 2014, eq. 1 (arXiv:1406.2661).
    """
    return -softplus(fake_logits)


def non_saturating_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """-log D(G(z)): the same fixed point as minimax, with strong gradients at the start.

    Source: Goodfellow et al. 2014, section 3 (arXiv:1406.2661).
    """
    return softplus(-fake_logits)


def least_squares_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Half the squared distance to 1 for real and to 0 for fake.

    Source: Mao et al. 2017, "Least squares generative adversarial networks", eq. 9 (arXiv:1611.04076).
    """
    return 0.5 * ((real_logits - 1).square() + fake_logits.square())


def least_squares_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Half the squared distance of the fakes to 1.

    Source: Mao et al. 2017, eq. 9 (arXiv:1611.04076).
    """
    return 0.5 * (fake_logits - 1).square()


def hinge_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """A margin of one on either side; what is beyond it no longer counts.

    Source: Lim and Ye 2017, "Geometric GAN" (arXiv:1705.02894).
    """
    return relu(1 - real_logits) + relu(1 + fake_logits)


def hinge_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Raise the fakes' logits.

    Source: Lim and Ye 2017 (arXiv:1705.02894).
    """
    return -fake_logits


def wasserstein_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """The critic's estimate of the earth mover's distance, negated.

    Only meaningful when the discriminator is kept smooth: with `gradient_penalty`, 10 in its paper, or with a
    weight clip, 0.01 in the first one.

    Source: Arjovsky et al. 2017, "Wasserstein GAN", eq. 2 (arXiv:1701.07875); Gulrajani et al. 2017,
    "Improved training of Wasserstein GANs" (arXiv:1704.00028).
    """
    return fake_logits - real_logits


def wasserstein_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Raise the critic's score of the fakes.

    Source: Arjovsky et al. 2017, eq. 2 (arXiv:1701.07875).
    """
    return -fake_logits


def relativistic_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Each real record shall look more real than the fake it is paired with.

    Source: Jolicoeur-Martineau 2018, "The relativistic discriminator" (arXiv:1807.00734); Huang et al.
    2024, "The GAN is dead; long live the GAN!", eq. 2 (arXiv:2501.05441).
    """
    return softplus(fake_logits - real_logits)


def relativistic_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Each fake shall look more real than the real record it is paired with.

    Source: as for `relativistic_discriminator_loss`.
    """
    return softplus(real_logits - fake_logits)


def relativistic_average_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Real records shall look more real than fakes do on average, and fakes less than real ones do.

    Source: Jolicoeur-Martineau 2018, "The relativistic discriminator", section 4.2, RaSGAN
    (arXiv:1807.00734).
    """
    return softplus(fake_logits.mean() - real_logits) + softplus(fake_logits - real_logits.mean())


def relativistic_average_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """The same with both sides exchanged.

    Source: Jolicoeur-Martineau 2018, section 4.2, RaSGAN (arXiv:1807.00734).
    """
    return relativistic_average_discriminator_loss(fake_logits, real_logits)


def energy_based_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Low energy for real records, at least the margin for fakes; a logit is an energy, negated.

    Source: Zhao et al. 2016, "Energy-based generative adversarial network", eq. 1 (arXiv:1609.03126).
    """
    return -real_logits + relu(MARGIN + fake_logits)


def energy_based_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerLogit:
    """Low energy for fakes.

    Source: Zhao et al. 2016, eq. 2 (arXiv:1609.03126).
    """
    return -fake_logits


def boundary_equilibrium_discriminator_loss(
    real_logits: Logits, fake_logits: Logits, balance: float
) -> PerLogit:
    """Low energy for real records, high for fakes; a logit is an energy, negated.

    How much the fakes count, `balance` in [0, 1], is adapted; see `next_balance`.

    Source: Berthelot et al. 2017, "BEGAN: Boundary equilibrium generative adversarial networks", section 3.4
    (arXiv:1703.10717).
    """
    return balance * fake_logits - real_logits


def next_balance(balance: float, real_logits: Logits, fake_logits: Logits) -> float:
    """How much fakes count at the next step, so that their energy becomes the wanted share of the real one.

    Source: Berthelot et al. 2017, section 3.4, the update of k (arXiv:1703.10717).
    """
    gap = DIVERSITY * -real_logits.mean() + fake_logits.mean()
    return min(max(balance + BALANCE_RATE * gap.item(), 0.0), 1.0)


Loss = Callable[[Logits, Logits], PerLogit]


@final
@dataclass(frozen=True)
class Objective:
    """What each player minimises, and what its logits mean."""

    discriminator: Loss
    generator: Loss
    meaning: str
    """One line for people."""
    source: str
    """The paper."""
    use: str
    """When to take it, in one line."""
    is_relative: bool = False
    """Each side is compared with the other: the generator's turn needs real records."""
    threshold: float | None = 0.0
    """The logit between real and fake; None where only differences of logits mean something."""
    penalties: tuple[tuple[str, float], ...] = ()
    """Names (keys of `PENALTIES`) and weights of those that come with it where a user chooses it; empty: it
    takes those that the rules have."""
    is_of_energies: bool = False
    """A logit is an energy, negated: the discriminator is an autoencoder, and says how well it rebuilds."""
    balanced: Callable[[float], Loss] | None = None
    """Gives the discriminator's loss by a balance in [0, 1] that is adapted at every step; see
    `next_balance`."""

    def at(self, balance: float) -> Objective:
        """The same at that balance, where it has one."""
        return self if self.balanced is None else replace(self, discriminator=self.balanced(balance))

    def smoothed(self, real_logits: Logits, fake_logits: Logits, share: float) -> PerLogit:
        """The discriminator's loss where a share of the real records is labelled as fake.

        Where pairs are compared, that share of them is labelled the wrong way round; elsewhere fakes keep
        their labels, so that what the discriminator is led to stays a function of the real records' density.

        Source: Salimans et al. 2016, "Improved techniques for training GANs", section 3.4 (arXiv:1606.03498).
        """
        loss = self.discriminator(real_logits, fake_logits)
        if not share:
            return loss
        if self.is_relative:
            wrong = self.discriminator(fake_logits, real_logits)
        else:  # a sum of a loss of real records and one of fakes: that of fakes for both, but for a constant
            zero = torch.zeros_like(real_logits)
            wrong = self.discriminator(zero, real_logits) + self.discriminator(zero, fake_logits)
            wrong = wrong - self.discriminator(zero, zero)
        return (1 - share) * loss + share * wrong


def _divergence(name: str, meaning: str, use: str) -> Objective:
    divergence = DIVERGENCES[name]
    return Objective(
        divergence.discriminator,
        divergence.generator,
        f"f-GAN: {meaning}",
        "Nowozin et al. 2016, arXiv:1606.00709",
        use,
    )


OBJECTIVES: Final[dict[str, Objective]] = {
    "relativistic": Objective(
        relativistic_discriminator_loss,
        relativistic_generator_loss,
        "each real record is compared with one fake; the default",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734; Huang et al. 2024, arXiv:2501.05441",
        "the first choice: with R1 and R2 it finds all modes and converges",
        is_relative=True,
        threshold=None,
        penalties=(("r1", 1.0), ("r2", 1.0)),
    ),
    "relativistic-average": Objective(
        relativistic_average_discriminator_loss,
        relativistic_average_generator_loss,
        "each record is compared with the mean of the other side",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734",
        "pairs that share no condition, as in super-resolution",
        is_relative=True,
        threshold=None,
    ),
    "non-saturating": Objective(
        minimax_discriminator_loss,
        non_saturating_generator_loss,
        "cross-entropy; the classic game",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        "to compare with the literature; with R1 it converges near the equilibrium",
    ),
    "minimax": Objective(
        minimax_discriminator_loss,
        minimax_generator_loss,
        "the zero-sum game of the first GAN paper",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        "to see gradients vanish, and why nobody plays it",
    ),
    "least-squares": Objective(
        least_squares_discriminator_loss,
        least_squares_generator_loss,
        "squared distance to the labels",
        "Mao et al. 2017, arXiv:1611.04076",
        "image translation, where it is the usual one",
        threshold=0.5,
    ),
    "hinge": Objective(
        hinge_discriminator_loss,
        hinge_generator_loss,
        "hinge loss, with a margin of one on either side",
        "Lim and Ye 2017, arXiv:1705.02894",
        "large class-conditional picture networks, with spectral normalisation",
    ),
    "wasserstein": Objective(
        wasserstein_discriminator_loss,
        wasserstein_generator_loss,
        "earth mover's distance; brings gradient_penalty 10, the game of WGAN-GP",
        "Arjovsky et al. 2017, arXiv:1701.07875; Gulrajani et al. 2017, arXiv:1704.00028",
        "where the loss should fall as fakes improve; needs several discriminator turns",
        threshold=None,
        penalties=(("gradient_penalty", 10.0),),
    ),
    "energy-based": Objective(
        energy_based_discriminator_loss,
        energy_based_generator_loss,
        "an autoencoder as discriminator, a margin for fakes",
        "Zhao et al. 2016, arXiv:1609.03126",
        "for study; with R1 and R2 it holds its own",
        threshold=None,
        is_of_energies=True,
    ),
    "boundary-equilibrium": Objective(
        lambda real, fake: boundary_equilibrium_discriminator_loss(real, fake, 0.0),
        energy_based_generator_loss,
        "an autoencoder as discriminator, both energies held at a ratio of one half",
        "Berthelot et al. 2017, arXiv:1703.10717",
        "for study; long runs on pictures, with a narrow code",
        threshold=None,
        is_of_energies=True,
        balanced=lambda balance: (
            lambda real, fake: boundary_equilibrium_discriminator_loss(real, fake, balance)
        ),
    ),
    "kullback-leibler": _divergence(
        "kullback-leibler", "Kullback-Leibler divergence", "to cover all modes, at the price of poor records"
    ),
    "reverse-kullback-leibler": _divergence(
        "reverse-kullback-leibler",
        "reverse Kullback-Leibler divergence",
        "to make good records only, at the price of lost modes",
    ),
    "pearson": _divergence("pearson", "Pearson chi-squared", "for study; as least squares with other labels"),
    "squared-hellinger": _divergence(
        "squared-hellinger", "squared Hellinger distance", "between both Kullback-Leibler divergences"
    ),
    "jensen-shannon": _divergence(
        "jensen-shannon", "Jensen-Shannon divergence", "for study; non-saturating but for constants"
    ),
    "gan": _divergence("gan", "the divergence of the first GAN", "for study; equal to non-saturating"),
    "total-variation": _divergence(
        "total-variation", "total variation", "for study; bounded, and blind where the discriminator is sure"
    ),
    "alpha": _divergence(
        "alpha", "alpha divergence of order 0.7", "between squared Hellinger and Kullback-Leibler"
    ),
}


def find_objective(name: str) -> Objective:
    """The objective of that name.

    Raises:
        UsageError: When there is none, with the nearest known name.
    """
    return find(OBJECTIVES, "objective", name)
