"""How pictures are learnt: named plans, with what they were measured to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from gansmith.engine.augmentation import AugmentationConfig, grid_augmentations
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.modalities.grid_plans import N_EVALUATIONS, TOLERANCE, enough_heldout, grid_rules
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.networks import ImageNetworks
from gansmith.modalities.recipe import Plan
from gansmith.nets.convolution import grid_widths
from gansmith.nets.settings import rule_of_thumb_sizes

FEW_PICTURES: Final = 500
"""Fewer training pictures get the small players, where these are fully connected."""
HALF_LIFE_SAMPLES: Final = 500_000
"""Of the moving average, where a run is that long; see `average_weight`."""
SMALL_VALUES: Final = 256
"""Pictures of so few numbers are learnt by fully connected players."""


def article(codec: ImageCodec, n_records: int, seconds: float) -> Plan:
    """The article's game: small tanh players, cross-entropy, no penalty, no average, the last model kept.

    For 8 x 8 pictures the players are the article's own, 20-40-64 and 64-32-16-1: what the rules of thumb
    give with a quarter of z, but for 20 latents in the place of 16. Other pictures follow the rules. 100
    epochs, the remainder of each dropped.
    """
    n_values = codec.n_values
    sizes = rule_of_thumb_sizes(n_values)
    player = PlayerConfig(learning_rate=0.005, beta1=0.9, beta2=0.999)
    batch_size = min(10, n_records)
    return Plan(
        networks=ImageNetworks(
            sizes.generator_widths, sizes.discriminator_widths, activation="tanh", weights="xavier"
        ),
        game=AdversarialRules(
            batch_size=batch_size,
            n_latents=20 if n_values == 64 else sizes.n_latents,
            objective="non-saturating",
            penalties=(),
            generator=player,
            discriminator=player,
        ),
        samples_seen=100 * (n_records // batch_size) * batch_size,
    )


def dense(codec: ImageCodec, n_records: int, seconds: float) -> Plan:
    """Relativistic pairs with R1 and R2, and a moving average of the generator.

    Few pictures get a small discriminator, which cannot memorise them. Measured 2026-11, one core, on
    8 x 8 digits that the players had not seen; coverage is that of equally many generated pictures (k = 5),
    "recognised" the share taken for a 2 by a classifier of real digits, "nearer" the share of generated
    pictures nearer to training than to unseen ones, at equal numbers (a half is honest):

    - 118 twos (3 splits, 2 seeds): coverage .955 ± .005 (real twos .970 ± .007), recognised 1.000, nearer
      .62 ± .01; 5 s. The article's game on the same: coverage .17 ± .02, recognised .974 ± .008, nearer .55.
      With discriminators of 128-64 and 32-16 units: coverage .96 and .82, nearer .66 and .60.
    - 1,438 digits of all ten kinds (1 split): coverage .924 (real digits .969), nearer .54; 18 s. With the
      small players: coverage .45 after 5 s, and .84 with 128-64 units after 10 s.
    - Gamma from 0.1 to 8 made no difference beyond chance.
    - Turns on fresh fakes with penalties at every step take 3.2 s for these 2.2 and reach the same: .952 ±
      .015 and .955 ± .021 on the twos.
    """
    is_small = n_records < FEW_PICTURES
    networks = ImageNetworks(
        generator_widths=(128, 128) if is_small else (256, 256),
        discriminator_widths=(64, 32) if is_small else (256, 128),
    )
    game = AdversarialRules(
        batch_size=min(32, n_records),
        n_latents=rule_of_thumb_sizes(codec.n_values, "half").n_latents,
        turns="same_fakes",
        penalties=(PenaltyConfig("r1", 0.5, interval=4), PenaltyConfig("r2", 0.5, interval=4)),
        generator=PlayerConfig(1e-3, 1e-4, average_half_life_samples=5_000),
        discriminator=PlayerConfig(1e-3, 1e-4),
    )
    return Plan(networks, game, samples_seen=96_000 if is_small else 224_000)


def vae(codec: ImageCodec, n_records: int, seconds: float) -> Plan:
    """A variational autoencoder of the default's widths, to compare with."""
    is_small = n_records < FEW_PICTURES
    return Plan(
        networks=ImageNetworks(generator_widths=(256, 256), discriminator_widths=(256, 256)),
        game=AutoencoderRules(
            batch_size=min(32, n_records),
            n_latents=max(2, codec.n_values // 8),
            learner=PlayerConfig(1e-3, 1e-4, beta1=0.9, beta2=0.999, average_half_life_samples=5_000),
        ),
        samples_seen=96_000 if is_small else 224_000,
    )


def convolutional(codec: ImageCodec, n_records: int, seconds: float) -> Plan:
    """Residual convolutions, relativistic pairs, one pass for both players, R1 and R2 now and then."""
    sizes = grid_widths(codec.shape, seconds)
    game = grid_rules(
        n_records, codec.n_values, sizes.samples_seen, HALF_LIFE_SAMPLES, _augmentations(codec, n_records)
    )
    networks = ImageNetworks(sizes.decoder, sizes.encoder, style="convolutional")
    return Plan(networks, game, sizes.samples_seen, n_evaluations=N_EVALUATIONS, tolerance=TOLERANCE)


def _augmentations(codec: ImageCodec, n_records: int) -> tuple[AugmentationConfig, ...]:
    """For few pictures; without "colour" where this would take a mask for a colour, or colours for none.

    `recoloured` tells colours by the number of channels: of 2 and of 4 the last is none, as the one mask of
    grey or coloured pictures.
    """
    chosen, form = grid_augmentations(n_records, can_flip=codec.can_be_mirrored), codec.form
    if not form.masks or (form.n_seen in (1, 3) and len(form.masks) == 1):
        return chosen
    return tuple(one for one in chosen if one.name != "colour")


def dcgan(codec: ImageCodec, n_records: int, seconds: float) -> Plan:
    """The convolutional game of 2015, as its paper has it, to compare with."""
    sizes = grid_widths(codec.shape, seconds)
    player = PlayerConfig(2e-4, beta1=0.5, beta2=0.999)
    game = AdversarialRules(
        batch_size=min(64, n_records),
        n_latents=100,
        objective="non-saturating",
        penalties=(),
        turns="same_fakes",
        generator=player,
        discriminator=player,
    )
    networks = ImageNetworks(sizes.decoder, sizes.encoder[:-1], weights="normal", style="dcgan")
    return Plan(networks, game, sizes.samples_seen, n_evaluations=N_EVALUATIONS, tolerance=TOLERANCE)


def default(codec: ImageCodec, n_records: int, seconds: float) -> Plan:
    """Convolutional players, or fully connected ones where pictures have up to `SMALL_VALUES` numbers."""
    return (dense if codec.n_values <= SMALL_VALUES else convolutional)(codec, n_records, seconds)


@final
@dataclass(frozen=True)
class Preset:
    """A named plan."""

    plan: Callable[[ImageCodec, int, float], Plan]
    """(codec, training pictures, seconds of the budget or 0) to sizes, rules and length."""
    n_heldout: Callable[[int], int]
    """(all pictures) to how many of them choose the model."""
    meaning: str
    """One line for people."""


PRESETS: Final = {
    "default": Preset(
        default,
        enough_heldout,
        "convolutional; fully connected for the smallest pictures",
    ),
    "dense": Preset(
        dense,
        enough_heldout,
        "fully connected; 118 twos of 8 x 8: coverage .96 (real .97), 5 s",
    ),
    "dcgan": Preset(dcgan, enough_heldout, "DCGAN, the convolutional game of 2015, to compare with"),
    "article": Preset(
        article,
        lambda n_records: 0,  # all are learnt from and the last model is kept, as the article has it
        "the classic game of Goodfellow et al. 2014, 20-40-64 against 64-32-16-1; 118 twos: coverage .17 "
        "(real .97), 1 s",
    ),
    "vae": Preset(vae, enough_heldout, "a variational autoencoder, to compare with"),
}
