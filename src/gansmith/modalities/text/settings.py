"""Sizes of the networks of text; quickly imported."""

from __future__ import annotations

from typing import final

from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import Annotated, Field, PositiveInt, settings


@final
@settings
class TextNetworks(AbstractPlayerNetworks):
    """Sizes of the networks.

    The generator goes by `width` and `layers`. The widths of the discriminator of the game are the
    filters of its convolutions, for windows of two, three, four and five tokens.
    """

    width: PositiveInt = 256
    """Units of each recurrent layer, and numbers that a token is embedded in."""
    layers: Annotated[int, Field(ge=1, le=4)] = 1
    """Recurrent layers."""
    hidden_share: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Of what the recurrent layers see and say that is hidden while the network learns."""
    representations: PositiveInt = 16
    """Embeddings by which the discriminator of the game sees a text, each judged by itself."""
