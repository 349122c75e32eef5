"""What a game does about what its monitors found, where it may cure itself.

Each finding has one cure: what is changed from there on, and whether the players begin anew from the best
that was known. A cure is a function of the findings alone, so a run that cures itself can be repeated and
resumed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, final

from gansmith.settings import NonNegativeFloat, PositiveFloat, settings

MOST_NOISE: Final = 0.3
MOST_PENALTY: Final = 64.0
LEAST_RATE: Final = 1 / 16


@final
@settings
class Adjustments:
    """What cures have changed so far; a game uses what it knows."""

    rate_scale: PositiveFloat = 1.0
    """Multiplied with all learning rates."""
    penalty_scale: PositiveFloat = 1.0
    """Multiplied with all penalties."""
    input_noise: NonNegativeFloat = 0.0
    """Added to the noise on what the discriminator sees."""
    replay_share: NonNegativeFloat = 0.0
    """Of the fakes that the discriminator meets, those that are past ones, at least."""
    is_packing: bool = True
    """Whether records that are judged at once are different ones; see `Inputs`."""


UNTOUCHED: Final = Adjustments()
"""What a game begins with."""


@final
@dataclass(frozen=True)
class Cure:
    """What is done about one finding."""

    meaning: str
    """For people, in the past tense."""
    rate: float = 1.0
    penalty: float = 1.0
    noise: float = 0.0
    replay: float = 0.0
    packs: bool = False
    begins_anew: bool = False
    """Whether the players take up the best networks so far."""

    def adjusted(self, now: Adjustments) -> Adjustments:
        """The adjustments with this one more."""
        return replace(
            now,
            rate_scale=max(now.rate_scale * self.rate, LEAST_RATE),
            penalty_scale=min(now.penalty_scale * self.penalty, MOST_PENALTY),
            input_noise=min(now.input_noise + self.noise, MOST_NOISE),
            replay_share=max(now.replay_share, self.replay),
            is_packing=now.is_packing or self.packs,
        )


CURES: Final[dict[str, Cure]] = {
    "collapse": Cure(
        "went back to the best networks, halved the learning rates, judges packs of records",
        rate=0.5,
        packs=True,
        begins_anew=True,
    ),
    "spread": Cure("judges packs of records, doubled the penalties", penalty=2.0, packs=True),
    "sure": Cure("raised the penalties, put noise on what the discriminator sees", penalty=4.0, noise=0.1),
    "memory": Cure("raised the penalties, put noise on what the discriminator sees", penalty=2.0, noise=0.1),
    "oscillation": Cure("halved the learning rates, shows past fakes again", rate=0.5, replay=0.5),
    "vanishing": Cure(
        "put noise on what the discriminator sees, doubled the penalties", penalty=2.0, noise=0.1
    ),
}
"""By the name of what was found; see `findings`."""
