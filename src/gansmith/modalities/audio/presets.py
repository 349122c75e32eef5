"""How sounds are learnt: sizes, rules and length."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, final

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.networks import AudioNetworks
from gansmith.modalities.recipe import Plan
from gansmith.nets.convolution import grid_widths

MIN_HELDOUT: Final = 100
"""Fewer held-out sounds choose no model."""
MAX_HELDOUT: Final = 300
HALF_LIFE_SAMPLES: Final = 200_000
"""Of the moving average, where a run is that long."""
GAMMA_PER_VALUE: Final = 2.5e-4
"""Gamma of both penalties at the start, for each number of a sound."""
TOLERANCE: Final = 0.1
"""Of the held-out coverage: a guard against collapse, not bad luck."""
N_LATENTS: Final = 64
NARROWEST: Final = 24
"""Channels of the finest level where time is short: spectrograms have more places than most pictures."""
BATCH_SIZES: Final = (64, 32, 16)
"""The largest that leaves `ENOUGH_STEPS` is taken."""
ENOUGH_STEPS: Final = 6_000
LEARNING_RATE: Final = 1e-3
"""At the start, for a batch of 64, and more for smaller ones, by the root; it falls to a tenth."""
N_WARM_STEPS: Final = 100
N_EVALUATIONS: Final = 12


def default(codec: AudioCodec, n_records: int, seconds: float) -> Plan:
    """Residual convolutions, relativistic pairs, one pass for both players, R1 and R2 now and then."""
    sizes = grid_widths(codec.shape, seconds, NARROWEST)
    batch_size = next(
        (size for size in BATCH_SIZES if sizes.samples_seen >= size * ENOUGH_STEPS), BATCH_SIZES[-1]
    )
    rate = LEARNING_RATE * math.sqrt(BATCH_SIZES[0] / batch_size)
    batch_size = min(batch_size, n_records)
    player = PlayerConfig(rate, rate / 10, beta2=0.9, final_beta2=0.99)
    gamma = GAMMA_PER_VALUE * codec.n_values
    game = AdversarialRules(
        batch_size=batch_size,
        n_latents=N_LATENTS,
        turns="one_pass",
        warm_up_samples=N_WARM_STEPS * batch_size,
        penalties=tuple(PenaltyConfig(name, gamma, gamma / 10, interval=4) for name in ("r1", "r2")),
        generator=replace(player, average_half_life_samples=HALF_LIFE_SAMPLES),
        discriminator=player,
    )
    networks = AudioNetworks(sizes.decoder, sizes.encoder)
    return Plan(networks, game, sizes.samples_seen, n_evaluations=N_EVALUATIONS, tolerance=TOLERANCE)


def enough_heldout(n_records: int) -> int:
    """A tenth, at most `MAX_HELDOUT`; none when that is fewer than `MIN_HELDOUT`."""
    n = min(n_records // 10, MAX_HELDOUT)
    return n if n >= MIN_HELDOUT else 0


@final
@dataclass(frozen=True)
class Preset:
    """A named plan."""

    plan: Callable[[AudioCodec, int, float], Plan]
    """(codec, training sounds, seconds of the budget or 0) to sizes, rules and length."""
    meaning: str
    """One line for people."""


PRESETS: Final = {
    "default": Preset(default, "convolutions on the spectrogram; --coding says what they see of it"),
}
