"""What the two players want: pairs of pure functions on logits.

Every function takes the logits of real and of fake records, shape `(batch,)` each, and returns one loss
per record or pair, shape `(batch,)`. To add an objective, write its two functions and one entry in
`OBJECTIVES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from torch.nn.functional import relu, softplus

from gansmith.engine.batches import Logits, PerSample
from gansmith.errors import find


def minimax_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Cross-entropy of telling real from fake: -log D(x) - log(1 - D(G(z))).

    Source: Goodfellow et al. 2014, "Generative adversarial nets", eq. 1 (arXiv:1406.2661).
    """
    return softplus(-real_logits) + softplus(fake_logits)


def minimax_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """The zero-sum answer, log(1 - D(G(z))): weak where the discriminator is sure.

    Source: Goodfellow et al. 2014, eq. 1 (arXiv:1406.2661).
    """
    return -softplus(fake_logits)


def non_saturating_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """-log D(G(z)): the same fixed point as minimax, with strong gradients at the start.

    Source: Goodfellow et al. 2014, section 3 (arXiv:1406.2661).
    """
    return softplus(-fake_logits)


def least_squares_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Half the squared distance to 1 for real and to 0 for fake.

    Source: Mao et al. 2017, "Least squares generative adversarial networks", eq. 9 (arXiv:1611.04076).
    """
    return 0.5 * ((real_logits - 1).square() + fake_logits.square())


def least_squares_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Half the squared distance of the fakes to 1.

    Source: Mao et al. 2017, eq. 9 (arXiv:1611.04076).
    """
    return 0.5 * (fake_logits - 1).square()


def hinge_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """A margin of one on either side; what is beyond it no longer counts.

    Source: Lim and Ye 2017, "Geometric GAN" (arXiv:1705.02894).
    """
    return relu(1 - real_logits) + relu(1 + fake_logits)


def hinge_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Raise the fakes' logits.

    Source: Lim and Ye 2017 (arXiv:1705.02894).
    """
    return -fake_logits


def wasserstein_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """The critic's estimate of the earth mover's distance, negated.

    Only meaningful when the discriminator is kept smooth: with `gradient_penalty`, 10 in its paper, or with a
    weight clip, 0.01 in the first one.

    Source: Arjovsky et al. 2017, "Wasserstein GAN", eq. 2 (arXiv:1701.07875); Gulrajani et al. 2017,
    "Improved training of Wasserstein GANs" (arXiv:1704.00028).
    """
    return fake_logits - real_logits


def wasserstein_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Raise the critic's score of the fakes.

    Source: Arjovsky et al. 2017, eq. 2 (arXiv:1701.07875).
    """
    return -fake_logits


def relativistic_discriminator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Each real record shall look more real than the fake it is paired with.

    Source: Jolicoeur-Martineau 2018, "The relativistic discriminator" (arXiv:1807.00734); Huang et al.
    2024, "The GAN is dead; long live the GAN!", eq. 2 (arXiv:2501.05441).
    """
    return softplus(fake_logits - real_logits)


def relativistic_generator_loss(real_logits: Logits, fake_logits: Logits) -> PerSample:
    """Each fake shall look more real than the real record it is paired with.

    Source: as for `relativistic_discriminator_loss`.
    """
    return softplus(real_logits - fake_logits)


Loss = Callable[[Logits, Logits], PerSample]


@final
@dataclass(frozen=True)
class Objective:
    """What each player minimises, and what its logits mean."""

    discriminator: Loss
    generator: Loss
    meaning: str
    """One line for people."""
    is_relative: bool = False
    """Only differences of logits count: the generator's turn needs real records, and zero is no threshold."""
    penalties: tuple[tuple[str, float], ...] = ()
    """Names (keys of `PENALTIES`) and weights of those that come with it where a user chooses it; empty: it
    takes those that the rules have."""


OBJECTIVES: dict[str, Objective] = {
    "relativistic": Objective(
        relativistic_discriminator_loss,
        relativistic_generator_loss,
        "each record against a partner of the other side; the default",
        is_relative=True,
        penalties=(("r1", 1.0), ("r2", 1.0)),
    ),
    "non-saturating": Objective(
        minimax_discriminator_loss, non_saturating_generator_loss, "cross-entropy; the article's game"
    ),
    "minimax": Objective(
        minimax_discriminator_loss, minimax_generator_loss, "the zero-sum game of the first paper"
    ),
    "least-squares": Objective(
        least_squares_discriminator_loss, least_squares_generator_loss, "squared distance to the labels"
    ),
    "hinge": Objective(hinge_discriminator_loss, hinge_generator_loss, "a margin of one on either side"),
    "wasserstein": Objective(
        wasserstein_discriminator_loss,
        wasserstein_generator_loss,
        "earth mover's distance; brings gradient_penalty 10, the game of WGAN-GP",
        penalties=(("gradient_penalty", 10.0),),
    ),
}


def find_objective(name: str) -> Objective:
    """The objective of that name.

    Raises:
        UsageError: When there is none, with the nearest known name.
    """
    return find(OBJECTIVES, "objective", name)
