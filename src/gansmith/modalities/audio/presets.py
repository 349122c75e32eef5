"""How sounds are learnt: sizes, rules and length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.networks import AudioNetworks
from gansmith.modalities.grid_plans import N_EVALUATIONS, TOLERANCE, grid_rules
from gansmith.modalities.recipe import Plan
from gansmith.nets.convolution import grid_widths

HALF_LIFE_SAMPLES: Final = 200_000
"""Of the moving average, where a run is that long."""
NARROWEST: Final = 24
"""Channels of the finest level where time is short: spectrograms have more places than most pictures."""


def default(codec: AudioCodec, n_records: int, seconds: float) -> Plan:
    """Residual convolutions by the rules of all records on a grid."""
    sizes = grid_widths(codec.shape, seconds, NARROWEST)
    game = grid_rules(n_records, codec.n_values, sizes.samples_seen, HALF_LIFE_SAMPLES)
    networks = AudioNetworks(sizes.decoder, sizes.encoder)
    return Plan(networks, game, sizes.samples_seen, n_evaluations=N_EVALUATIONS, tolerance=TOLERANCE)


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
