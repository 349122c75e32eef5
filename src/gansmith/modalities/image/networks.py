"""Networks for small pictures: fully connected, each picture by itself."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.engine.batches import Conditions, Latents, Logits, PerSample
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.encoder import EncoderRules
from gansmith.engine.objectives import find_objective
from gansmith.errors import UsageError
from gansmith.modalities.image.codec import PictureSamples
from gansmith.nets.discriminators import (
    AbstractFeaturedDiscriminator,
    discriminator_by_choice,
    spectrally_normalised,
)
from gansmith.nets.distributions import AbstractDecoder, AbstractEncoder
from gansmith.nets.mlp import layers
from gansmith.nets.settings import AbstractPlayerNetworks
from gansmith.settings import settings


@final
@settings
class ImageNetworks(AbstractPlayerNetworks):
    """Sizes of the networks; encoders are built as discriminators are, decoders as generators."""


@final
class ImageGenerator(nn.Module):
    """Latents to pictures; the sigmoid at its end keeps every pixel between 0 and 1."""

    def __init__(self, n_values: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        widths = (n_latents, *config.generator_widths, n_values)
        self.layers = layers(widths, config.activation, last=nn.Sigmoid())

    def forward(self, latents: Latents, conditions: Conditions | None = None) -> PictureSamples:
        """One picture for each row of latents; pictures know no conditions yet."""
        return self.layers(latents)


@final
class ImageDiscriminator(AbstractFeaturedDiscriminator):
    """Pictures, or several at once, to logits, without a sigmoid: the objectives take logits as they are."""

    def __init__(self, n_values: int, config: ImageNetworks) -> None:
        super().__init__()
        self.layers = layers((n_values, *config.discriminator_widths, 1), config.activation)

    def forward(self, samples: PictureSamples, conditions: Conditions | None = None) -> Logits:
        """One logit for each picture; pictures know no conditions yet."""
        return self.layers(samples).squeeze(1)

    def with_features(
        self, samples: PictureSamples, conditions: Conditions | None
    ) -> tuple[Logits, tuple[Tensor, ...]]:
        hidden = self.layers[:-1](samples)
        return self.layers[-1](hidden).squeeze(1), (hidden,)


@final
class ImageEncoder(AbstractEncoder):
    """Pictures to the distribution of the latents that they may have come from."""

    def __init__(self, n_values: int, config: ImageNetworks, n_latents: int) -> None:
        super().__init__()
        widths = (n_values, *config.discriminator_widths, 2 * n_latents)
        self.layers = layers(widths, config.activation)

    def forward(
        self, samples: PictureSamples, conditions: Conditions | None = None
    ) -> tuple[Latents, Latents]:
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
        self.layers = layers((n_latents, *config.generator_widths, n_values), config.activation)

    def log_likelihood(
        self, samples: PictureSamples, latents: Latents, conditions: Conditions | None = None
    ) -> PerSample:
        logits = self.layers(latents).float()
        return -binary_cross_entropy_with_logits(logits, samples, reduction="none").sum(1)

    def forward(
        self, latents: Latents, conditions: Conditions | None, generator: torch.Generator
    ) -> PictureSamples:
        return torch.sigmoid(self.layers(latents).float())


def networks_for(n_values: int, config: ImageNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks for a game, their weights from torch's current random state.

    Raises:
        UsageError: When it is a game that pictures do not play.
    """
    match rules:
        case AdversarialRules():
            n_shown = rules.n_packed * n_values
            is_of_energies = find_objective(rules.objective).is_of_energies
            discriminator = discriminator_by_choice(n_shown, config, is_of_energies=is_of_energies)
            found: dict[str, nn.Module] = {
                "generator": ImageGenerator(n_values, config, rules.n_latents),
                "discriminator": discriminator or ImageDiscriminator(n_shown, config),
            }
            if config.spectral_norm:
                spectrally_normalised(found["discriminator"])
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
    return found
