"""Networks for pictures: convolutional, or fully connected where pictures are small."""

from __future__ import annotations

import math
from typing import Annotated, Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.engine.batches import Conditions, Latents, Logits, PerSample
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.objectives import find_objective
from gansmith.errors import UsageError
from gansmith.nets.convolution import GridEncoder, Shape
from gansmith.nets.dcgan import DcganDiscriminator, DcganGenerator
from gansmith.nets.discriminators import (
    AbstractFeaturedDiscriminator,
    beside,
    discriminator_by_choice,
    spectrally_normalised,
)
from gansmith.nets.distributions import AbstractDecoder, AbstractEncoder
from gansmith.nets.grid_players import (
    GridGenerator,
    centred,
    grid_discriminator,
    with_conditions,
)
from gansmith.nets.mlp import layers
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import Field, settings

PictureSamples = Float[Tensor, "batch n_channels height width"]
Style = Literal["dense", "convolutional", "dcgan"]
"""Fully connected layers; residual convolutions without normalisation; the layers of 2015."""


@final
@settings
class ImageNetworks(AbstractPlayerNetworks):
    """Sizes of the networks; encoders are built as discriminators are, decoders as generators.

    Widths of convolutional players are channels, one number for each level of half the sides; of their
    discriminator the last one is the number of features before the logit.
    """

    style: Style = "dense"
    """What they are built of."""
    n_blocks: Annotated[int, Field(ge=1, le=8)] = 1
    """Residual blocks of each level, where they are convolutional."""


@final
class ImageGenerator(nn.Module):
    """Latents to pictures; the sigmoid at its end keeps every pixel between 0 and 1."""

    def __init__(self, shape: Shape, n_conditions: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        self.shape, self.n_conditions = shape, n_conditions
        widths = (n_latents + n_conditions, *config.generator_widths, math.prod(shape))
        self.layers = layers(widths, config.activation, last=nn.Sigmoid())

    def forward(self, latents: Latents, conditions: Conditions | None = None) -> PictureSamples:
        """One picture for each row of latents."""
        rows = self.layers(with_conditions(latents, conditions, self.n_conditions))
        return rows.view(len(rows), *self.shape)


@final
class ImageDiscriminator(AbstractFeaturedDiscriminator):
    """Pictures, or several at once, to logits, without a sigmoid: the objectives take logits as they are."""

    def __init__(self, n_values: int, n_conditions: int, config: ImageNetworks) -> None:
        super().__init__()
        self.n_conditions = n_conditions
        self.layers = layers((n_values + n_conditions, *config.discriminator_widths, 1), config.activation)

    def forward(self, samples: PictureSamples, conditions: Conditions | None = None) -> Logits:
        """One logit for each picture."""
        return self.with_features(samples, conditions)[0]

    def with_features(
        self, samples: PictureSamples, conditions: Conditions | None
    ) -> tuple[Logits, tuple[Tensor, ...]]:
        hidden = self.layers[:-1](beside(samples, conditions, self.n_conditions))
        return self.layers[-1](hidden).squeeze(1), (hidden,)


@final
class ImageEncoder(AbstractEncoder):
    """Pictures to the distribution of the latents that they may have come from."""

    def __init__(self, shape: Shape, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        self.is_dense, widths = config.style == "dense", config.discriminator_widths
        if self.is_dense:
            self.layers = layers((math.prod(shape), *widths, 2 * n_latents), config.activation)
        else:
            self.encode = GridEncoder(shape, widths, config.n_blocks, config.activation)
            self.layers = nn.Linear(widths[-1], 2 * n_latents)

    def forward(
        self, samples: PictureSamples, conditions: Conditions | None = None
    ) -> tuple[Latents, Latents]:
        rows = samples.flatten(1) if self.is_dense else self.encode(centred(samples))
        mean, log_variance = self.layers(rows).float().chunk(2, 1)
        return mean, log_variance


@final
class ImageDecoder(AbstractDecoder):
    """Latents to pictures whose pixels are shares of white, each a coin of its own.

    A drawn picture is the mean of its distribution, as in the paper: coins would only add grain.

    Source:
        Kingma and Welling 2013, "Auto-encoding variational Bayes", appendix C.1 (arXiv:1312.6114).
    """

    def __init__(self, shape: Shape, n_conditions: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        self.shape, self.n_conditions = shape, n_conditions
        widths = (n_latents + n_conditions, *config.generator_widths, math.prod(shape))
        self.layers = layers(widths, config.activation)

    def log_likelihood(
        self, samples: PictureSamples, latents: Latents, conditions: Conditions | None = None
    ) -> PerSample:
        logits = self.layers(with_conditions(latents, conditions, self.n_conditions)).float()
        return -binary_cross_entropy_with_logits(logits, samples.flatten(1), reduction="none").sum(1)

    def forward(
        self, latents: Latents, conditions: Conditions | None, generator: torch.Generator
    ) -> PictureSamples:
        rows = torch.sigmoid(self.layers(with_conditions(latents, conditions, self.n_conditions)).float())
        return rows.view(len(rows), *self.shape)


def networks_for(
    shape: Shape, n_conditions: int, config: ImageNetworks, rules: AbstractRules
) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Args:
        shape: Of a sample, `(n_channels, height, width)`.
        n_conditions: Numbers that say what is asked for.
        config: Their sizes.
        rules: Of the game.

    Raises:
        UsageError: When it is a game that pictures do not play.
    """
    match rules:
        case AdversarialRules():
            found: dict[str, nn.Module] = {
                "generator": _generator(shape, n_conditions, config, rules.n_latents),
                "discriminator": _discriminator(shape, n_conditions, config, rules),
            }
            if config.spectral_norm:
                spectrally_normalised(found["discriminator"])
        case AutoencoderRules():
            found = {
                "encoder": ImageEncoder(shape, config, rules.n_latents),
                "decoder": ImageDecoder(shape, n_conditions, config, rules.n_latents),
            }
        case EncoderRules():
            found = {
                "generator": _generator(shape, n_conditions, config, rules.n_latents),
                "encoder": ImageEncoder(shape, config, rules.n_latents),
            }
        case _:
            raise UsageError(f"pictures have no networks for the game {rules.name!r}.")
    return found


def _generator(shape: Shape, n_conditions: int, config: ImageNetworks, n_latents: int) -> nn.Module:
    widths = config.generator_widths
    if config.style == "dense":
        return ImageGenerator(shape, n_conditions, config, n_latents)
    if config.style == "dcgan":
        return DcganGenerator(shape, n_latents, n_conditions, widths)
    return GridGenerator(shape, n_latents, n_conditions, widths, config.n_blocks, config.activation)


def _discriminator(
    shape: Shape, n_conditions: int, config: ImageNetworks, rules: AdversarialRules
) -> nn.Module:
    """What judges packs of pictures: their channels, and conditions, stand side by side."""
    n_channels, *grid = shape
    shown, n_asked = (rules.n_packed * n_channels, *grid), rules.n_packed * n_conditions
    widths, n_blocks, activation = config.discriminator_widths, config.n_blocks, config.activation
    is_of_energies = find_objective(rules.objective).is_of_energies
    if config.style == "convolutional" and not is_of_energies:
        return grid_discriminator(shown, n_asked, widths, n_blocks, activation, config.minibatch)
    n_values = math.prod(shown)
    chosen = discriminator_by_choice(n_values, config, is_of_energies=is_of_energies, n_conditions=n_asked)
    if chosen is None and config.style == "dcgan":
        return DcganDiscriminator(shown, n_asked, widths)
    return chosen or ImageDiscriminator(n_values, n_asked, config)
