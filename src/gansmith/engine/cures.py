"""What a game does about what its monitors found, where it may cure itself.

Each finding has one cure: what is changed from there on, and whether the players begin anew from the best
that was known. A cure is a function of the findings alone, so a run that cures itself can be repeated and
resumed.
"""

from __future__ import annotations

from collections.abc import Collection
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
    packs: bool = False
    """Whether records are judged several at once where that has been kept for an illness."""


UNTOUCHED: Final = Adjustments()
"""What a game begins with."""


@final
@dataclass(frozen=True)
class Cure:
    """What is done about one finding."""

    meaning: str
    """For people."""
    rate: float = 1.0
    penalty: float = 1.0
    noise: float = 0.0
    replay: float = 0.0
    packs: bool = False
    begins_anew: bool = False
    """Whether the players take up the best networks so far."""

    def in_words(self, before: Adjustments, after: Adjustments, adjustable: Collection[str]) -> str:
        """What was done in a game in which these adjustments change something."""
        said = ["went back to the best networks"] * self.begins_anew
        for name, words in _WORDS.items():
            was, now = getattr(before, name), getattr(after, name)
            if name in adjustable and was != now:
                said.append(words.format(factor=now / was if was else 0, now=now))
        return f"cure: {', '.join(said) or 'nothing is left that could be changed'}"

    def adjusted(self, now: Adjustments) -> Adjustments:
        """The adjustments with this one more."""
        return replace(
            now,
            rate_scale=max(now.rate_scale * self.rate, LEAST_RATE),
            penalty_scale=min(now.penalty_scale * self.penalty, MOST_PENALTY),
            input_noise=min(now.input_noise + self.noise, MOST_NOISE),
            replay_share=max(now.replay_share, self.replay),
            packs=now.packs or self.packs,
        )


_WORDS: Final = {
    "rate_scale": "learning rates times {factor:g}",
    "penalty_scale": "penalties times {factor:g}",
    "input_noise": "noise of {now:g} on what the discriminator sees",
    "replay_share": "past fakes are shown again",
    "packs": "records are judged in packs",
}

CURES: Final[dict[str, Cure]] = {
    "collapse": Cure(
        "return to the best networks, halve the learning rates, judge records in packs",
        rate=0.5,
        packs=True,
        begins_anew=True,
    ),
    "spread": Cure("judge records in packs, double the penalties", penalty=2.0, packs=True),
    "sure": Cure("quadruple the penalties, add noise to what the discriminator sees", penalty=4.0, noise=0.1),
    "memory": Cure("double the penalties, add noise to what the discriminator sees", penalty=2.0, noise=0.1),
    "oscillation": Cure("halve the learning rates, replay past fakes", rate=0.5, replay=0.5),
    "vanishing": Cure(
        "add noise to what the discriminator sees, double the penalties", penalty=2.0, noise=0.1
    ),
}
"""By the name of what was found; see `findings`."""
