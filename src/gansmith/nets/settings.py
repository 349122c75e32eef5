"""Settings that networks of all players share, whatever their data, and rules of thumb; quickly imported."""

from __future__ import annotations

import math
from abc import ABC
from dataclasses import dataclass
from typing import Final, Literal, final

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
"""How weights start; see `initialise` of `nets/mlp.py`."""
BatchStatistic = Literal["none", "deviation", "discrimination"]
"""What a discriminator sees of a batch as a whole: nothing, how far its records lie apart, or how near the
others come to each; see `nets/discriminators.py`."""


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
    minibatch: BatchStatistic = "none"
    """What the discriminator sees of a batch as a whole."""
    spectral_norm: bool = False
    """Whether each weight matrix of the discriminator is divided by its largest singular value."""


LatentsRule = Literal["root", "half", "quarter"]
"""Of the number of values of a record."""


@final
@dataclass(frozen=True)
class Sizes:
    """Layer sizes of two small players."""

    n_latents: int
    """Noise values per record."""
    generator_widths: tuple[int, ...]
    """Units of the generator's hidden layers."""
    discriminator_widths: tuple[int, ...]
    """Units of the discriminator's hidden layers."""


def rule_of_thumb_sizes(n_values: int, latents: LatentsRule | int = "quarter") -> Sizes:
    """The article's rules of thumb for records of z values each.

    Latents: the square root of z, a half or a quarter of it. The generator's one hidden layer: halfway
    between latents and z. The discriminator's two hidden layers: a half and a quarter of z. Fractions are
    dropped; no layer is smaller than one unit.

    Args:
        n_values: z, 1 or more.
        latents: Which of the three rules decides the latents, or how many there are.

    Example:
        >>> rule_of_thumb_sizes(64)
        Sizes(n_latents=16, generator_widths=(40,), discriminator_widths=(32, 16))
        >>> [rule_of_thumb_sizes(64, rule).n_latents for rule in ("root", "half")]
        [8, 32]
    """
    n_by_rule = {"root": math.isqrt(n_values), "half": n_values // 2, "quarter": n_values // 4}
    n_latents = max(1, n_by_rule[latents]) if isinstance(latents, str) else latents
    return Sizes(
        n_latents=n_latents,
        generator_widths=((n_latents + n_values) // 2,),
        discriminator_widths=(max(1, n_values // 2), max(1, n_values // 4)),
    )
