"""The two players for small pictures: fully connected, each picture judged by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import nn

from gansmith.engine.tensors import Conditions, Latents, Logits
from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.image.codec import PictureSamples
from gansmith.nets.mlp import layers, xavier_uniform

_MAX_WIDTH: Final = 8192
_MAX_LAYERS: Final = 16


@final
class LeakyRelu(nn.LeakyReLU):
    """Leaky ReLU with the slope 0.2 that discriminators are usually given."""

    def __init__(self) -> None:
        super().__init__(0.2)


_WEIGHTS: Final = ("xavier", "lecun")
_ACTIVATIONS: Final[dict[str, type[nn.Module]]] = {"tanh": nn.Tanh, "leaky_relu": LeakyRelu}


@final
@dataclass(frozen=True)
class ImageNetworks:
    """Sizes of both players."""

    n_latents: int
    """Noise values per picture."""
    generator_widths: tuple[int, ...]
    """Units of the generator's hidden layers, from the latents to the picture."""
    discriminator_widths: tuple[int, ...]
    """Units of the discriminator's hidden layers, from the picture to the logit."""
    activation: str = "leaky_relu"
    """Between the layers of both players: "tanh" or "leaky_relu"."""
    weights: str = "lecun"
    """How they start: "xavier" is Xavier-uniform with zero biases, "lecun" is PyTorch's own start."""

    def __post_init__(self) -> None:
        sizes = (self.n_latents, *self.generator_widths, *self.discriminator_widths)
        n_layers = max(len(self.generator_widths), len(self.discriminator_widths))
        if not all(1 <= size <= _MAX_WIDTH for size in sizes) or n_layers > _MAX_LAYERS:
            raise UsageError(
                f"network sizes must be from 1 to {_MAX_WIDTH}, in {_MAX_LAYERS} layers or fewer, "
                f"not {sizes}."
            )
        if self.activation not in _ACTIVATIONS:
            raise UsageError(
                f"activation {self.activation!r} is not known. {did_you_mean(self.activation, _ACTIVATIONS)}"
            )
        if self.weights not in _WEIGHTS:
            raise UsageError(
                f"weights {self.weights!r} are not known. {did_you_mean(self.weights, _WEIGHTS)}"
            )


@final
class ImageGenerator(nn.Module):
    """Latents to pictures; the sigmoid at its end keeps every pixel between 0 and 1."""

    def __init__(self, n_values: int, config: ImageNetworks) -> None:
        super().__init__()
        widths = (config.n_latents, *config.generator_widths, n_values)
        self.layers = layers(widths, _ACTIVATIONS[config.activation], last=nn.Sigmoid())

    def forward(self, latents: Latents, conditions: Conditions | None = None) -> PictureSamples:
        """One picture for each row of latents; pictures know no conditions yet."""
        return self.layers(latents)


@final
class ImageDiscriminator(nn.Module):
    """Pictures to logits, without a sigmoid: the objectives take logits as they are."""

    def __init__(self, n_values: int, config: ImageNetworks) -> None:
        super().__init__()
        self.layers = layers((n_values, *config.discriminator_widths, 1), _ACTIVATIONS[config.activation])

    def forward(self, samples: PictureSamples, conditions: Conditions | None = None) -> Logits:
        """One logit for each picture; pictures know no conditions yet."""
        return self.layers(samples).squeeze(1)


def players(n_values: int, config: ImageNetworks) -> tuple[ImageGenerator, ImageDiscriminator]:
    """A new generator and a new discriminator, their weights from torch's current random state."""
    generator, discriminator = ImageGenerator(n_values, config), ImageDiscriminator(n_values, config)
    if config.weights == "xavier":
        for network in (generator, discriminator):
            xavier_uniform(network, torch.default_generator)
    return generator, discriminator
