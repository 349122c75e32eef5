"""Settings that the networks of all players share, whatever kind of data they are for; quickly imported."""

from __future__ import annotations

from abc import ABC
from typing import Final, Literal

from gansmith.settings import Annotated, Field, settings

MAX_WIDTH: Final = 8192
MAX_LAYERS: Final = 16

Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MAX_WIDTH, strict=True)], ...],
    Field(min_length=1, max_length=MAX_LAYERS, strict=False),
]
"""Units of each hidden layer, 1 to 8192, of 1 to 16 layers."""
Activation = Literal["leaky_relu", "relu", "tanh", "elu", "gelu", "silu"]
"""What stands between layers; "leaky_relu" has the slope 0.2 on its left side."""
WeightInit = Literal["lecun", "xavier", "he", "orthogonal", "normal"]
"""How weights start; see `nets/initialisation.py`."""


@settings
class AbstractPlayerNetworks(ABC):
    """Sizes of the networks; encoders are built as discriminators are, decoders as generators."""

    generator_widths: Widths
    """Units of the generator's hidden layers, from the latents to the record."""
    discriminator_widths: Widths
    """Units of the discriminator's hidden layers, from the record to the logit."""
    activation: Activation = "leaky_relu"
    """Between the layers."""
    weights: WeightInit = "lecun"
    """How they start: "lecun" is PyTorch's own start, "xavier" and "he" go by the width of each layer,
    "orthogonal" keeps lengths, "normal" has the deviation 0.02 of DCGAN."""
