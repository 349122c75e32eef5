"""How records on a grid are learnt by convolutional players: the rules, and how many choose the model."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig

MIN_HELDOUT: Final = 100
"""Fewer held-out records choose no model."""
MAX_HELDOUT: Final = 300
GAMMA_PER_VALUE: Final = 2.5e-4
"""Gamma of both penalties at the start, for each number of a record."""
TOLERANCE: Final = 0.1
"""Of the held-out coverage: a guard against collapse, not bad luck."""
N_LATENTS: Final = 64
BATCH_SIZES: Final = (64, 32, 16)
"""The largest that leaves `ENOUGH_STEPS` is taken: what is short on a processor is the number of steps, and
where it is not, small batches lose variety in the end (LOG.md)."""
ENOUGH_STEPS: Final = 6_000
LEARNING_RATE: Final = 1e-3
"""At the start, for a batch of 64, and more for smaller ones, by the root; it falls to a tenth."""
N_WARM_STEPS: Final = 100
N_EVALUATIONS: Final = 12


def grid_rules(
    n_records: int,
    n_values: int,
    samples_seen: int,
    half_life_samples: int,
    augmentations: tuple[AugmentationConfig, ...] = (),
) -> AdversarialRules:
    """Relativistic pairs, one pass for both players, R1 and R2 now and then.

    Args:
        n_records: That are learnt from.
        n_values: Numbers of a record.
        samples_seen: Length of the game.
        half_life_samples: Of the moving average, where a run is that long; see `average_weight`.
        augmentations: Before the discriminator.
    """
    batch_size = next((size for size in BATCH_SIZES if samples_seen >= size * ENOUGH_STEPS), BATCH_SIZES[-1])
    rate = LEARNING_RATE * math.sqrt(BATCH_SIZES[0] / batch_size)
    batch_size = min(batch_size, n_records)
    player = PlayerConfig(rate, rate / 10, beta2=0.9, final_beta2=0.99)
    gamma = GAMMA_PER_VALUE * n_values
    return AdversarialRules(
        batch_size=batch_size,
        n_latents=N_LATENTS,
        turns="one_pass",
        warm_up_samples=N_WARM_STEPS * batch_size,
        penalties=tuple(PenaltyConfig(name, gamma, gamma / 10, interval=4) for name in ("r1", "r2")),
        augmentations=augmentations,
        generator=replace(player, average_half_life_samples=half_life_samples),
        discriminator=player,
    )


def enough_heldout(n_records: int) -> int:
    """A tenth, at most `MAX_HELDOUT`; none when that is fewer than `MIN_HELDOUT`.

    So few choose by chance, and are missed in training: of 118 twos, 24 held out lowered the coverage of
    unseen ones from .96 to .85, and to .92 where the last model was kept (measured as for `dense` pictures).
    """
    n = min(n_records // 10, MAX_HELDOUT)
    return n if n >= MIN_HELDOUT else 0
