"""Sizes, rules and lengths for pairs, by what is to be learnt of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast, final

import torch

from gansmith.engine.games.paired import PairedRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.terms import TermConfig
from gansmith.modalities.pairs import Task
from gansmith.modalities.pairs.codec import PairCodec, PairState
from gansmith.modalities.pairs.networks import PairNetworks, networks_for
from gansmith.modalities.recipe import Plan
from gansmith.nets.convolution import USUAL_SECONDS, AbstractCounted

OPERATIONS_PER_SECOND: Final = 8e10
"""Multiplications of forward and backward passes, on one core (LOG.md)."""
PASSES: Final = 3
"""What learning from a record costs, in passes of its networks."""
JUDGED: Final = 4
"""Records that the discriminator judges for each that is made, in the turns of both players."""
FEWEST_SAMPLES: Final = 8_000
TOLERANCE: Final = 0.03
"""A newer model is kept unless its mean absolute error on held-out windows is larger by more than this: a
sharp model is further off than a faithful one, and wanted."""
N_EVALUATIONS: Final = 10
COARSEST: Final = 8
"""Sides of the coarsest level of a network that has to see the whole of a window."""
FOLD: Final = 2
"""Points of a source that a network takes together along each side, where it has to see far."""
JUDGE_WIDTHS: Final = (32, 64, 128)
"""Of the discriminator: three levels, a patch of 38 points."""
FAITHFUL_SHARES: Final[dict[Task, float]] = {"upscale": 0.4, "restore": 0.6, "paired": 0.6}
"""Of a run, until the game begins."""
ADVERSARIAL_WEIGHTS: Final[dict[Task, float]] = {"upscale": 0.02, "restore": 0.005, "paired": 0.02}
"""Of fooling the discriminator, beside a mean absolute error of 1; faded colours it would make up."""
MASK_WEIGHT: Final = 0.005
"""The same where masks are made: with 0.02 fewer of their points were right (LOG.md)."""
LEARNING_RATES: Final[dict[Task, float]] = {"upscale": 1e-3, "restore": 3e-4, "paired": 1e-3}
"""Of the generator: at 1e-3 one that mends goes astray (LOG.md)."""
GAMMA: Final = 0.015
"""Of R1 and R2, of a patch. With 0.003, or twice the discriminator's rate, it is fooled by noise (LOG.md)."""


def planned(codec: PairCodec, seconds: float, *, has_game: bool) -> Plan:
    """The plan for what a codec has found."""
    faithful_share = FAITHFUL_SHARES[codec.state_.task] if has_game else 1.0
    networks, game = sizes(codec.state_), rules(codec.state_, faithful_share)
    with torch.device("meta"):  # sizes without memory
        players = networks_for(codec.state_, networks, game)
    made, told = (
        cast("AbstractCounted", players[name]).n_operations for name in ("generator", "discriminator")
    )
    per_sample = PASSES * (made + JUDGED * (1 - faithful_share) * told)
    n_samples = int((seconds or USUAL_SECONDS) * OPERATIONS_PER_SECOND / per_sample)
    return Plan(
        networks,
        game,
        max(n_samples, FEWEST_SAMPLES),
        n_evaluations=N_EVALUATIONS,
        tolerance=TOLERANCE,
        fine_tuning_tolerance=TOLERANCE,
    )


def sizes(state: PairState) -> PairNetworks:
    """How large networks are, by what they have to see.

    What a larger record looks like is decided near by: one level and many blocks. What is damaged is wider
    than that, and what a mask means is decided by all of it.
    """
    if state.task == "upscale":
        return PairNetworks((64,), JUDGE_WIDTHS, n_blocks=8)
    if state.task == "restore":
        return PairNetworks((48, 96, 128), JUDGE_WIDTHS, n_blocks=2, fold=FOLD)
    n_levels = 1
    while max(state.window) / FOLD / 2**n_levels >= COARSEST:
        n_levels += 1
    widths = tuple(min(32 * 2**level, 128) for level in range(n_levels))
    return PairNetworks(widths, JUDGE_WIDTHS, n_blocks=1, fold=FOLD)


def rules(state: PairState, faithful_share: float) -> PairedRules:
    """The rules, by what is to be made."""
    terms = (TermConfig("reconstruction", 1.0), TermConfig("paired_features", 0.02))
    if state.is_mask:
        terms = (*terms, TermConfig("overlap", 1.0))
    return PairedRules(
        batch_size=16 if state.task == "upscale" else 8,
        terms=terms,
        adversarial_weight=MASK_WEIGHT if state.is_mask else ADVERSARIAL_WEIGHTS[state.task],
        faithful_share=faithful_share,
        n_noise=int(state.is_various),
        perceptual=state.perceptual,
        penalties=tuple(PenaltyConfig(name, GAMMA, interval=8) for name in ("r1", "r2")),
        generator=PlayerConfig(
            LEARNING_RATES[state.task], 0.0, beta1=0.9, beta2=0.99, average_half_life_samples=4_000
        ),
        discriminator=PlayerConfig(1e-3, 0.0, beta1=0.5),
    )


@final
@dataclass(frozen=True)
class Preset:
    """A named plan."""

    plan: Callable[[PairCodec, int, float], Plan]
    """(codec, training pairs, seconds of the budget or 0) to sizes, rules and length."""
    meaning: str
    """One line for people."""


PRESETS: Final = {
    "default": Preset(
        lambda codec, n_records, seconds: planned(codec, seconds, has_game=True),
        "faithful first, then adversarial: sharp; apply --strength blends the two",
    ),
    "faithful": Preset(
        lambda codec, n_records, seconds: planned(codec, seconds, has_game=False),
        "the same network without adversarial training, to compare with",
    ),
}
