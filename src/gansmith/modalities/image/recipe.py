"""How pictures are learnt: where codec, networks, conditions and scores meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, final

import numpy as np
import torch
from torch import nn

from gansmith.engine.batches import Batch, Dataset, Samples
from gansmith.engine.games import AbstractRules
from gansmith.engine.monitors import coverage
from gansmith.errors import UsageError
from gansmith.modalities.attribute_classes import classes_of, marked_ones
from gansmith.modalities.attribute_labels import like
from gansmith.modalities.attribute_request import AttributeRequest, request_for
from gansmith.modalities.image import DAMAGES, ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.contesting import arena_of
from gansmith.modalities.image.damage import Damaged, damaged
from gansmith.modalities.image.dataset import PictureDataset
from gansmith.modalities.image.forming import CHANNELS
from gansmith.modalities.image.networks import ImageNetworks, PictureSamples, networks_for
from gansmith.modalities.image.pictures import Pictures, joined
from gansmith.modalities.image.presets import PRESETS
from gansmith.modalities.image.sight import PictureSight
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.sight import AbstractSight
from gansmith.scorecard.contest.arena import Arena
from gansmith.tabular.where import Where

MODES: Final = {n_channels: name for name, n_channels in CHANNELS.items()}
"""By number of channels."""


@final
class ImageRecipe(AbstractRecipe[ImageCodec]):
    """Pictures of any form, and what is known of each as conditions."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = ImageCodec
    networks: ClassVar[type[Any]] = ImageNetworks
    presets: ClassVar[Mapping[str, str]] = {name: preset.meaning for name, preset in PRESETS.items()}
    damages: ClassVar[tuple[str, ...]] = DAMAGES
    sight: ClassVar[type[AbstractSight[Any]]] = PictureSight

    def n_heldout(self, n_records: int, preset: str) -> int:
        return PRESETS[preset].n_heldout(n_records)

    def plan(self, codec: ImageCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        return PRESETS[preset].plan(codec, n_records, seconds)

    def build(self, codec: ImageCodec, networks: ImageNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        return networks_for(codec.shape, codec.attributes.n_conditions, networks, rules)

    def dataset(self, codec: ImageCodec, records: Pictures, seed: int) -> Dataset:
        """See the base class: whole numbers in memory, or read from disk as they are asked for."""
        return PictureDataset(codec, records)

    def samples(
        self, codec: ImageCodec, networks: ImageNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        """See the base class; what is known of a picture is the condition that it fulfils."""
        return batch.with_part("real", codec.expand(batch["real"]))

    def request(self, codec: ImageCodec, where: Where, balance: str) -> AttributeRequest | None:
        """See `Conditional`; where nothing is asked for, what is known of pictures is drawn as it occurs."""
        return request_for(codec.attributes, where, balance)

    def held_out_score(
        self, codec: ImageCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        return coverage

    def describe(self, codec: ImageCodec) -> list[dict[str, str]]:
        picture = {"attribute": "picture", "learnt": str(codec.form)}
        return [picture, *codec.attributes.describe()]

    def remarks(self, codec: ImageCodec, records: Pictures, target: str) -> tuple[str, ...]:
        return codec.attributes.remarks(records.attributes)

    def fine_tuning_options(
        self, codec: ImageCodec, own: ImageOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: the form of pictures is the model's."""
        form = codec.form
        channels = MODES.get(form.n_seen, "") if form.has_alpha or form.n_seen in (1, 3) else ""
        of_model = {"size": f"{form.width}x{form.height}", "channels": channels}
        for name, value in of_model.items():
            if given.get(name, value) not in ("", value):
                raise UsageError(
                    f"{name} is {given[name]!r}, and that of the model to be fine-tuned is {value!r}. "
                    "Leave it out: it comes from the model."
                )
        return {"fit": own.fit, **given, **of_model}

    def unknown(self, codec: ImageCodec, records: Pictures) -> tuple[str, ...]:
        codec.check(records)
        known = like(records.attributes, codec.empty.attributes)
        return codec.attributes.unknown(known)

    def damaged(self, real: PictureSamples, damage: str, generator: torch.Generator) -> Damaged:
        """See `Damaging`: grey pictures or colours, in one of the ways of `DAMAGES`."""
        return damaged(real, damage, generator)

    def classes(self, records: Pictures, target: str) -> np.ndarray:
        """See `Contesting`: the values of an attribute."""
        return classes_of(records.attributes, target, records.name, "pictures")

    def arena(self, parts: Sequence[Pictures], target: str) -> Arena:
        """See `Contesting`: pixels, whatever else is known of the pictures."""
        return arena_of(parts)

    def sparing(self, options: ImageOptions, n_records: int, times: int) -> ImageOptions:
        """See `Contesting`: nothing of a picture is counted."""
        return options

    def marked(self, parts: Sequence[Pictures], marks: Sequence[bool], name: str) -> Pictures:
        """See `Contesting`: "yes" or "no" as an attribute; those that made records lack are left out."""
        return joined(marked_ones(parts, marks, name))
