"""Sizes of the networks of music; quickly imported."""

from __future__ import annotations

from typing import final

from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import Annotated, Field, PositiveInt, settings


@final
@settings
class MusicNetworks(AbstractPlayerNetworks):
    """Sizes of the networks.

    Whole pieces go by the `width`. Of phrases the widths are channels: of the generator at each doubling of
    time, of the discriminator at each halving; of the generator's private paths half of them.
    """

    width: PositiveInt = 192
    """Units of the recurrent layer, and of what is said of each voice."""
    hidden_share: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Of what is known of the past that the network does not see while it learns."""
    given_share: Annotated[float, Field(ge=0, le=1)] = 0.4
    """Of the pieces some tracks of which are given while the network learns."""
