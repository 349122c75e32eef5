"""Sizes, rules and lengths for domains, by what is to be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, cast, final

import torch

from gansmith.engine.games.domains import DomainRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.modalities.attribute_columns import Categories
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.pairs.domains.networks import DomainNetworks, networks_for
from gansmith.modalities.recipe import Plan
from gansmith.nets.convolution import USUAL_SECONDS, AbstractCounted

OPERATIONS_PER_SECOND: Final = 8e10
"""Multiplications of forward and backward passes, on one core (LOG.md)."""
MADE: Final = 7.0
"""What learning from a record costs, in passes of the generator: there, back, and backwards."""
JUDGED: Final = 12.0
"""The same of the discriminator: real records and fakes, wrong ones, and the generator's turn."""
FEWEST_SAMPLES: Final = 8_000
N_EVALUATIONS: Final = 5
TOLERANCE: Final = 0.02
"""A newer model is kept unless its held-out score, of few records, is lower by more than this."""
WIDTHS: Final = (32, 64, 128)
"""Of the discriminator; of the generator where shapes are changed, and points taken together by two."""
FINE_WIDTHS: Final = (16, 32, 64)
"""Of a generator that changes texture: what was taken apart again would be told by the pattern (LOG.md)."""
ADVERSARIAL: Final = 0.1
"""Of fooling, where colours are moved already: with 1 the games made patches worse (LOG.md)."""
GAMMA: Final = 0.015
"""Of R1 and R2, of a patch."""
READER_SCALES: Final = (1, 2)
"""Dots that only a fine eye sees were read as garments (LOG.md)."""
MANY_VALUES: Final = 12
WARM_UP: Final = 0.1
"""Of the run, where an attribute has that many values: forty garments were not changed at all without, four
expressions better (LOG.md)."""
CYCLE: Final = 5.0
CONTRAST: Final = 0.5
CONTRAST_OF_ONE: Final = 0.25
"""Where the texture of one record is wanted."""


def is_of_texture(codec: DomainCodec) -> bool:
    """Whether colours are moved already, and of records windows are seen: what is left is texture."""
    return (codec.tables is not None or codec.state_.is_of_one) and not codec.state_.size


def rules(codec: DomainCodec, *, is_contrast: bool = False) -> DomainRules:
    """The rules: of two sets the colours are changed already, and many results are right."""
    has_two, has_tables = codec.state_.has_two_sets, codec.tables is not None
    columns, is_of_one = codec.attributes.columns, codec.state_.is_of_one
    is_contrast = is_contrast or is_of_one
    contrast = CONTRAST_OF_ONE if is_of_one else CONTRAST
    is_read = not has_two or codec.state_.is_identity
    return DomainRules(
        batch_size=8,
        adversarial_weight=ADVERSARIAL if is_of_texture(codec) and has_tables else 1.0,
        cycle_weight=0.0 if is_contrast else CYCLE,
        contrast_weight=contrast if is_contrast else 0.0,
        identity_weight=0.0 if has_tables or is_of_one else 2.0,
        reader_weight=float(is_read),
        reader_scales=READER_SCALES,
        warm_up_share=WARM_UP if max(codec.widths) >= MANY_VALUES else 0.0,
        parts=codec.widths,
        measured=tuple(place for place, one in enumerate(columns) if not isinstance(one, Categories)),
        n_noise=int(not is_read),
        penalties=tuple(PenaltyConfig(name, GAMMA, interval=8) for name in ("r1", "r2")),
        generator=PlayerConfig(5e-4, 0.0, beta1=0.5, average_half_life_samples=2_000),
        discriminator=PlayerConfig(1e-3, 0.0, beta1=0.5),
    )


def planned(codec: DomainCodec, seconds: float, *, is_contrast: bool) -> Plan:
    """The plan for what a codec has found."""
    is_fine = is_of_texture(codec)
    networks = DomainNetworks(FINE_WIDTHS if is_fine else WIDTHS, WIDTHS, fold=1 if is_fine else 2)
    game = rules(codec, is_contrast=is_contrast)
    with torch.device("meta"):  # sizes without memory
        players = networks_for(codec, networks, game)
    made, told = (
        cast("AbstractCounted", players[name]).n_operations for name in ("generator", "discriminator")
    )
    n_samples = int((seconds or USUAL_SECONDS) * OPERATIONS_PER_SECOND / (MADE * made + JUDGED * told))
    return Plan(
        networks,
        game,
        max(n_samples, FEWEST_SAMPLES),
        n_evaluations=N_EVALUATIONS,
        tolerance=TOLERANCE,
        fine_tuning_tolerance=TOLERANCE,
        judges_start=codec.tables is not None,
    )


def rivals(game: DomainRules) -> dict[str, DomainRules]:
    """Both ways of keeping what a record shows."""
    return {
        "cycle": replace(game, cycle_weight=CYCLE, contrast_weight=0.0),
        "contrast": replace(game, cycle_weight=0.0, contrast_weight=CONTRAST),
    }


@final
@dataclass(frozen=True)
class Preset:
    """A named plan."""

    plan: Callable[[DomainCodec, float], Plan]
    """(codec, seconds of the budget or 0) to sizes, rules and length."""
    meaning: str
    """One line for people."""
    is_raced: bool = False
    """Whether `rivals` are tried first."""


PRESETS: Final = {
    "default": Preset(
        lambda codec, seconds: planned(codec, seconds, is_contrast=False),
        "of two sets, what a short race on the data likes better: cycle or contrast; else cycle",
        is_raced=True,
    ),
    "cycle": Preset(
        lambda codec, seconds: planned(codec, seconds, is_contrast=False),
        "what is turned back again has to be what it was",
    ),
    "contrast": Preset(
        lambda codec, seconds: planned(codec, seconds, is_contrast=True),
        "each place of the result has to be like its place in the source, and no other",
    ),
}
