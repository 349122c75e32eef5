"""Networks that make of a record one of another domain, and judge what was made."""

from __future__ import annotations

from typing import Annotated, Final, final

from torch import nn

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.domains import DomainRules
from gansmith.errors import UsageError
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.nets.domain_translators import ConditionReader, DomainTranslator
from gansmith.nets.identity_translators import IdentityTranslator
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.nets.translators import PatchDiscriminator
from gansmith.settings import Field, settings

READER_WIDTHS: Final = (16, 32, 64)


@final
@settings
class DomainNetworks(AbstractPlayerNetworks):
    """Sizes of the networks; widths are channels of each level of half the sides, the finest first."""

    n_blocks: Annotated[int, Field(ge=1, le=64)] = 1
    """Residual blocks of each level of the generator; see `GridTranslator`."""
    fold: Annotated[int, Field(ge=1, le=8)] = 2
    """By which the sides of a source are divided before anything else."""


def networks_for(codec: DomainCodec, config: DomainNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that domains do not play.
    """
    if not isinstance(rules, DomainRules):
        raise UsageError(f"domains have no networks for the game {rules.name!r}.")
    shape, n_conditions = (codec.state_.n_channels, *codec.state_.window), codec.attributes.n_conditions
    if codec.state_.is_identity:
        generator: nn.Module = IdentityTranslator(
            shape, n_conditions, config.generator_widths, config.n_blocks, config.activation
        )
    else:
        generator = DomainTranslator(
            shape,
            n_conditions,
            config.generator_widths,
            config.n_blocks,
            config.activation,
            fold=config.fold,
            n_noise=rules.n_noise,
            tables=codec.tables,
        )
    judge = PatchDiscriminator(shape, n_conditions, config.discriminator_widths, config.activation)
    reader = ConditionReader(shape, n_conditions, READER_WIDTHS, config.activation)
    return {"generator": generator, "discriminator": judge, "reader": reader}
