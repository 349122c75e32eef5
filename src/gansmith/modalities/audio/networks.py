"""Networks for sounds: those of records on a grid."""

from __future__ import annotations

from typing import Annotated, final

from torch import nn

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.objectives import find_objective
from gansmith.errors import UsageError
from gansmith.nets.convolution import Shape
from gansmith.nets.discriminators import spectrally_normalised
from gansmith.nets.grid_players import (
    GridGenerator,
    GridLatentEncoder,
    grid_discriminator,
)
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import Field, settings


@final
@settings
class AudioNetworks(AbstractPlayerNetworks):
    """Sizes of the networks; widths are channels, one number for each level of half the sides.

    Of the discriminator the last one is the number of features before the logit.
    """

    n_blocks: Annotated[int, Field(ge=1, le=8)] = 1
    """Residual blocks of each level."""


def networks_for(
    shape: Shape, n_conditions: int, config: AudioNetworks, rules: AbstractRules
) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Args:
        shape: Of a sample, `(n_values, n_rows, n_frames)`.
        n_conditions: Numbers that say what is asked for.
        config: Their sizes.
        rules: Of the game.

    Raises:
        UsageError: When it is a game that sounds do not play.
    """
    sizes = config.n_blocks, config.activation
    n_values, *grid = shape
    match rules:
        case AdversarialRules() if not find_objective(rules.objective).is_of_energies:
            shown, n_asked = (rules.n_packed * n_values, *grid), rules.n_packed * n_conditions
            widths = config.discriminator_widths
            judge: nn.Module = grid_discriminator(shown, n_asked, widths, *sizes, config.minibatch)
            judge = spectrally_normalised(judge) if config.spectral_norm else judge
            made = _generator(shape, n_conditions, config, rules.n_latents)
            return {"generator": made, "discriminator": judge}
        case EncoderRules():
            return {
                "generator": _generator(shape, n_conditions, config, rules.n_latents),
                "encoder": GridLatentEncoder(shape, rules.n_latents, config.discriminator_widths, *sizes),
            }
        case _:
            raise UsageError(
                f"sounds have no networks for the game {rules.name!r} with these rules. "
                "Leave --game and --objective out."
            )


def _generator(shape: Shape, n_conditions: int, config: AudioNetworks, n_latents: int) -> nn.Module:
    widths = config.generator_widths
    return GridGenerator(shape, n_latents, n_conditions, widths, config.n_blocks, config.activation)
