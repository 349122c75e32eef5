"""How heads are learnt, some with what is around them, some from nothing; and what replaces others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, final

import torch
from torch import nn

from gansmith.engine.batches import Batch, Dataset, Samples
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.monitors import coverage
from gansmith.errors import DataError, UsageError
from gansmith.modalities.anonymizing import Asked, Replaced
from gansmith.modalities.attribute_labels import like
from gansmith.modalities.image.dataset import PictureDataset
from gansmith.modalities.image.heads import HeadOptions
from gansmith.modalities.image.heads.codec import HeadCodec
from gansmith.modalities.image.heads.filling import Filler
from gansmith.modalities.image.heads.records import Heads
from gansmith.modalities.image.heads.rewriting import replaced
from gansmith.modalities.image.heads.windows import is_portrait
from gansmith.modalities.image.networks import ImageNetworks
from gansmith.modalities.image.presets import convolutional, enough_heldout
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.nets.fillers import FilledDiscriminator, GridFiller, given_rows

FROM_NOTHING: Final = 0.3
"""Share of the batches in which nothing is left around the heads while they are learnt."""
PORTRAITS_FROM_NOTHING: Final = 0.9
"""The same where heads are nearly all that is seen: others like them will be replaced as a whole."""


@final
class HeadRecipe(AbstractRecipe[HeadCodec]):
    """See `Anonymizing`."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = HeadCodec
    networks: ClassVar[type[Any]] = ImageNetworks
    presets: ClassVar[Mapping[str, str]] = {
        "default": "convolutional, as for pictures; portraits mostly from nothing"
    }

    def n_heldout(self, n_records: int, preset: str) -> int:
        return enough_heldout(n_records)

    def plan(self, codec: HeadCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        return convolutional(codec.pictures, n_records, seconds)

    def build(self, codec: HeadCodec, networks: ImageNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        if not isinstance(rules, AdversarialRules) or rules.n_packed > 1:
            raise UsageError(f"heads have no networks for the game {rules.name!r} by these rules.")
        shape, n_asked = codec.pictures.shape, codec.pictures.attributes.n_conditions
        n_blocks, activation = networks.n_blocks, networks.activation
        made, told = networks.generator_widths, networks.discriminator_widths
        return {
            "generator": GridFiller(shape, rules.n_latents, n_asked, made, n_blocks, activation),
            "discriminator": FilledDiscriminator(shape, n_asked, told, n_blocks, activation),
        }

    def dataset(self, codec: HeadCodec, records: Heads, seed: int) -> Dataset:
        return PictureDataset(codec.pictures, records.pictures)

    def samples(
        self, codec: HeadCodec, networks: ImageNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        """See the base class: the condition is what was asked for, and what is around the hole."""
        real, asked = codec.expand(batch["real"]), batch.get("condition")
        if asked is None:
            asked = real.new_zeros(len(real), codec.pictures.attributes.n_conditions)
        share = PORTRAITS_FROM_NOTHING if is_portrait(codec.hole.numpy()) else FROM_NOTHING
        if generator is not None and float(torch.rand(1, generator=generator)) < share:
            return Batch({"real": real, "condition": asked.to(real)})
        hole = codec.hole.to(real).expand(len(real), -1, -1, -1)
        return Batch({"real": real, "condition": given_rows(asked.to(real), hole, real)})

    def held_out_score(
        self, codec: HeadCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        return coverage

    def describe(self, codec: HeadCodec) -> list[dict[str, str]]:
        picture = {"attribute": "head", "learnt": str(codec.pictures.form)}
        return [picture, *codec.pictures.attributes.describe()]

    def remarks(self, codec: HeadCodec, records: Heads, target: str) -> tuple[str, ...]:
        return codec.pictures.attributes.remarks(records.pictures.attributes)

    def unknown(self, codec: HeadCodec, records: Heads) -> tuple[str, ...]:
        codec.pictures.check(records.pictures)
        known = like(records.pictures.attributes, codec.empty.attributes)
        return codec.pictures.attributes.unknown(known)

    def fine_tuning_options(
        self, codec: HeadCodec, own: HeadOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: the form of heads is the model's."""
        form = codec.pictures.form
        size = f"{form.width}x{form.height}"
        if given.get("size", size) not in ("", size):
            raise UsageError(
                f"size is {given['size']!r}, and that of the model to be fine-tuned is {size!r}. Leave it"
                " out."
            )
        channels = {1: "L", 3: "RGB"}[form.n_channels]
        return {"channels": channels, **given, "size": size, "heads": True}

    def anonymized(
        self,
        codec: HeadCodec,
        rules: AbstractRules,
        networks: Networks,
        source: str,
        output: Path,
        asked: Asked,
    ) -> Iterator[Replaced]:
        """See `Anonymizing`."""
        if not isinstance(rules, AdversarialRules):
            raise DataError(
                f"a model of the game {rules.name!r} fills nothing in. Learn it anew with --heads."
            )
        return replaced(Filler(codec, rules, networks, asked.seed), source, output, asked)
