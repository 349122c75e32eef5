"""Sizes and rules for tables, chosen from the data."""

from __future__ import annotations

from typing import Final

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.modalities.recipe import Plan
from gansmith.tabular.layout import Layout
from gansmith.tabular.networks import TableNetworks

PRESETS: Final = {
    "default": "relativistic pairs, R1 and R2; Adult in 2 min: c2st .57, tstr .915 (real .93)",
    "small": "half the width: faster and coarser, for a first look",
    "vae": "a variational autoencoder, to compare with; Adult in 1 min: c2st .73, tstr .89",
}

BATCH_SIZE: Final = 500
N_LATENTS: Final = 128
SAMPLES_SEEN: Final = 2_400_000
"""Default length: about two minutes on two slow cores for a table of fifteen columns."""
MAX_EPOCHS: Final = 300
"""Records that are seen more often are memorised, and hardly anything is gained: of 669 records seen
1,000 times the fakes are nearer to them than to held-out ones in 62 of 100 cases, seen 300 times in 53."""
FULL_RATE_SAMPLES: Final = 900_000
"""At full rate records become better until about here and then worse; longer runs take smaller steps."""
PENALTY_INTERVAL: Final = 4
"""Penalties at every fourth step, four times as strong, and turns on the same fakes: ten steps in the time
of seven, and as good or better in the same time (LOG.md)."""
ENSEMBLE_SIZE: Final = 5
TOLERANCE: Final = 0.1
"""Five standard errors of the held-out score of 2,500 records: a guard against collapse, not bad luck."""
WIDE_VALUES: Final = 10_000
"""Values of a sample beyond which nearly all work is in reading and writing them: then the networks have half
the width, and the generator does not read its draft."""
MAX_HELDOUT: Final = 2_500
HELDOUT_SHARE: Final = 0.1
MIN_HELDOUT: Final = 20
"""Fewer held-out records choose no model: then all records are learnt from and the last model is kept."""


def n_heldout(n_records: int) -> int:
    """How many of that many records choose the model."""
    n = min(int(n_records * HELDOUT_SHARE), MAX_HELDOUT)
    return n if n >= MIN_HELDOUT else 0


def plan_table(layout: Layout, n_records: int, preset: str) -> Plan:
    """Sizes, rules and length for a table.

    Args:
        layout: Of the samples.
        n_records: Training records.
        preset: A key of `PRESETS`.
    """
    is_wide = layout.n_values > WIDE_VALUES
    scale = 2 if preset == "small" or is_wide else 1
    networks = TableNetworks(
        generator_widths=(256 // scale, 256 // scale),
        discriminator_widths=(512 // scale, 256 // scale),
        n_revisions=int(not is_wide and preset != "vae"),
    )
    batch_size = min(BATCH_SIZE, n_records)
    rules = _autoencoder(batch_size) if preset == "vae" else _adversarial(batch_size)
    most = max(MAX_EPOCHS * n_records, batch_size)
    return Plan(
        networks, rules, min(SAMPLES_SEEN, most), most, tolerance=TOLERANCE, ensemble_size=ENSEMBLE_SIZE
    )


def _adversarial(batch_size: int) -> AdversarialRules:
    return AdversarialRules(
        batch_size=batch_size,
        n_latents=N_LATENTS,
        full_rate_samples=FULL_RATE_SAMPLES,
        turns="same_fakes",
        penalties=tuple(PenaltyConfig(name, 0.3, interval=PENALTY_INTERVAL) for name in ("r1", "r2")),
        generator=PlayerConfig(
            learning_rate=1e-3, final_learning_rate=0.0, average_half_life_samples=700 * batch_size
        ),
        discriminator=PlayerConfig(learning_rate=1e-3, final_learning_rate=0.0),
    )


def _autoencoder(batch_size: int) -> AutoencoderRules:
    learner = PlayerConfig(1e-3, 0.0, beta1=0.9, beta2=0.999, average_half_life_samples=100 * batch_size)
    return AutoencoderRules(batch_size=batch_size, n_latents=N_LATENTS, learner=learner)
