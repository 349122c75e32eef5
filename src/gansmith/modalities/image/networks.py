"""Networks for small pictures: fully connected, each picture by itself."""

from __future__ import annotations

from typing import Final, Literal, final

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.base import AbstractRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.tensors import Conditions, Latents, Logits, PerSample
from gansmith.errors import UsageError
from gansmith.modalities.image.codec import PictureSamples
from gansmith.nets.mlp import layers, xavier_uniform
from gansmith.nets.variational import AbstractDecoder, AbstractEncoder
from gansmith.settings import settings

_MAX_WIDTH: Final = 8192
_MAX_LAYERS: Final = 16


@final
class LeakyRelu(nn.LeakyReLU):
    """Leaky ReLU with the slope 0.2 that discriminators are usually given."""

    def __init__(self) -> None:
        super().__init__(0.2)


_ACTIVATIONS: Final[dict[str, type[nn.Module]]] = {"tanh": nn.Tanh, "leaky_relu": LeakyRelu}


@final
@settings
class ImageNetworks:
    """Sizes of the networks; encoders are built as discriminators are, decoders as generators."""

    generator_widths: tuple[int, ...]
    """Units of the generator's hidden layers, from the latents to the picture."""
    discriminator_widths: tuple[int, ...]
    """Units of the discriminator's hidden layers, from the picture to the logit."""
    activation: Literal["tanh", "leaky_relu"] = "leaky_relu"
    """Between the layers."""
    weights: Literal["xavier", "lecun"] = "lecun"
    """How they start: "xavier" is Xavier-uniform with zero biases, "lecun" is PyTorch's own start."""

    def __post_init__(self) -> None:
        sizes = (*self.generator_widths, *self.discriminator_widths)
        n_layers = max(len(self.generator_widths), len(self.discriminator_widths))
        if not all(1 <= size <= _MAX_WIDTH for size in sizes) or n_layers > _MAX_LAYERS:
            raise UsageError(
                f"network sizes must be from 1 to {_MAX_WIDTH}, in {_MAX_LAYERS} layers or fewer, "
                f"not {sizes}."
            )


@final
class ImageGenerator(nn.Module):
    """Latents to pictures; the sigmoid at its end keeps every pixel between 0 and 1."""

    def __init__(self, n_values: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        widths = (n_latents, *config.generator_widths, n_values)
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


@final
class ImageEncoder(AbstractEncoder):
    """Pictures to the distribution of the latents that they may have come from."""

    def __init__(self, n_values: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        widths = (n_values, *config.discriminator_widths, 2 * n_latents)
        self.layers = layers(widths, _ACTIVATIONS[config.activation])

    def forward(
        self, samples: PictureSamples, conditions: Conditions | None = None
    ) -> tuple[Latents, Latents]:
        """See the base class."""
        mean, log_variance = self.layers(samples).float().chunk(2, 1)
        return mean, log_variance


@final
class ImageDecoder(AbstractDecoder):
    """Latents to pictures whose pixels are shares of white, each a coin of its own.

    A drawn picture is the mean of its distribution, as in the paper: coins would only add grain.

    Source:
        Kingma and Welling 2013, "Auto-encoding variational Bayes", appendix C.1 (arXiv:1312.6114).
    """

    def __init__(self, n_values: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        self.layers = layers((n_latents, *config.generator_widths, n_values), _ACTIVATIONS[config.activation])

    def log_likelihood(
        self, samples: PictureSamples, latents: Latents, conditions: Conditions | None = None
    ) -> PerSample:
        """See the base class."""
        logits = self.layers(latents).float()
        return -binary_cross_entropy_with_logits(logits, samples, reduction="none").sum(1)

    def forward(
        self, latents: Latents, conditions: Conditions | None, generator: torch.Generator
    ) -> PictureSamples:
        """See the base class."""
        return torch.sigmoid(self.layers(latents).float())


def networks_for(n_values: int, config: ImageNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that pictures do not play.
    """
    match rules:
        case AdversarialRules():
            found: dict[str, nn.Module] = {
                "generator": ImageGenerator(n_values, config, rules.n_latents),
                "discriminator": ImageDiscriminator(n_values, config),
            }
        case AutoencoderRules():
            found = {
                "encoder": ImageEncoder(n_values, config, rules.n_latents),
                "decoder": ImageDecoder(n_values, config, rules.n_latents),
            }
        case EncoderRules():
            found = {
                "generator": ImageGenerator(n_values, config, rules.n_latents),
                "encoder": ImageEncoder(n_values, config, rules.n_latents),
            }
        case _:
            raise UsageError(f"pictures have no networks for the game {rules.name!r}.")
    if config.weights == "xavier":
        for network in found.values():
            xavier_uniform(network, torch.default_generator)
    return found
