"""Networks that turn records into others, and judge them."""

from __future__ import annotations

from typing import Annotated, final

from torch import nn

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.paired import FAITHFUL, PairedRules
from gansmith.errors import UsageError
from gansmith.modalities.pairs.codec import PairState
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.nets.translators import GridTranslator, PatchDiscriminator
from gansmith.settings import Field, settings


@final
@settings
class PairNetworks(AbstractPlayerNetworks):
    """Sizes of the networks; widths are channels of each level of half the sides, the finest first."""

    n_blocks: Annotated[int, Field(ge=1, le=64)] = 2
    """Residual blocks of each level of the generator; see `GridTranslator`."""
    fold: Annotated[int, Field(ge=1, le=8)] = 1
    """By which the sides of a source are divided before anything else."""


def networks_for(state: PairState, config: PairNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that pairs do not play.
    """
    if not isinstance(rules, PairedRules):
        raise UsageError(f"pairs have no networks for the game {rules.name!r}.")
    window = tuple(state.window)
    given = (state.n_source, *(side // state.factor for side in window))

    def translator() -> GridTranslator:
        return GridTranslator(
            given,
            state.n_target,
            config.generator_widths,
            config.n_blocks,
            config.activation,
            fold=config.fold,
            factor=state.factor,
            n_noise=rules.n_noise,
            n_same=min(state.n_source, state.n_target) if state.is_alike else 0,
        )

    n_seen = state.n_source if rules.sees_source else 0
    judge = PatchDiscriminator(
        (state.n_target, *window), n_seen, config.discriminator_widths, config.activation
    )
    return {"generator": translator(), FAITHFUL: translator(), "discriminator": judge}
