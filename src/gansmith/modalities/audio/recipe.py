"""How sounds are learnt: where codec, networks, conditions and scores meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np
from torch import nn

from gansmith.engine.batches import Dataset, Samples, TensorDataset
from gansmith.engine.games import AbstractRules
from gansmith.engine.monitors import coverage
from gansmith.errors import UsageError
from gansmith.modalities.attribute_classes import classes_of, marked_ones
from gansmith.modalities.attribute_labels import like
from gansmith.modalities.attribute_request import AttributeRequest, request_for
from gansmith.modalities.audio import AudioOptions
from gansmith.modalities.audio.codec import AudioCodec
from gansmith.modalities.audio.contesting import arena_of
from gansmith.modalities.audio.networks import AudioNetworks, networks_for
from gansmith.modalities.audio.playing import pitches_of, tone_of
from gansmith.modalities.audio.presets import PRESETS
from gansmith.modalities.audio.sight import SoundSight
from gansmith.modalities.audio.sounds import Sounds, joined
from gansmith.modalities.grid_plans import enough_heldout
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.sight import AbstractSight
from gansmith.modalities.voices import Tone
from gansmith.scorecard.contest.arena import Arena
from gansmith.tabular.where import Where


@final
class AudioRecipe(AbstractRecipe[AudioCodec]):
    """Sounds of one form, and what is known of each as conditions."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = AudioCodec
    networks: ClassVar[type[Any]] = AudioNetworks
    presets: ClassVar[Mapping[str, str]] = {name: preset.meaning for name, preset in PRESETS.items()}
    sight: ClassVar[type[AbstractSight[Any]]] = SoundSight

    def n_heldout(self, n_records: int, preset: str) -> int:
        return enough_heldout(n_records)

    def plan(self, codec: AudioCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        return PRESETS[preset].plan(codec, n_records, seconds)

    def build(self, codec: AudioCodec, networks: AudioNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        return networks_for(codec.shape, codec.attributes.n_conditions, networks, rules)

    def dataset(self, codec: AudioCodec, records: Sounds, seed: int) -> Dataset:
        """See the base class: waves in memory, and what is known of each as `condition`."""
        condition = None
        if codec.attributes.n_conditions and records.attributes.columns:
            condition = codec.attributes.encode(like(records.attributes, codec.empty.attributes))
        return TensorDataset({"real": codec.encode(records, seed), "condition": condition})

    def request(self, codec: AudioCodec, where: Where, balance: str) -> AttributeRequest | None:
        """See `Conditional`; where nothing is asked for, what is known of sounds is drawn as it occurs."""
        return request_for(codec.attributes, where, balance)

    def pitches(self, codec: AudioCodec) -> Mapping[int, str]:
        """See `Playing`."""
        return pitches_of(codec)

    def tone(self, records: Sounds, asked: int, pitch: int) -> tuple[int, Tone]:
        """See `Playing`."""
        return tone_of(records, asked, pitch)

    def held_out_score(
        self, codec: AudioCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        """See the base class: coverage by levels alone; frequencies mean nothing where nothing sounds."""
        step = codec.coding.n_channels

        def score(fake: Samples, real: Samples) -> float:
            if codec.scale.coding == "complex":
                return coverage(fake, real)
            return coverage(fake[:, ::step], real[:, ::step])

        return score

    def describe(self, codec: AudioCodec) -> list[dict[str, str]]:
        _, n_rows, n_frames = codec.shape
        seen = f"{codec.form}, as {codec.scale.coding} on {n_rows} x {n_frames} places"
        return [{"attribute": "sound", "learnt": seen}, *codec.attributes.describe()]

    def remarks(self, codec: AudioCodec, records: Sounds, target: str) -> tuple[str, ...]:
        return codec.attributes.remarks(records.attributes)

    def fine_tuning_options(
        self, codec: AudioCodec, own: AudioOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: form and coding of sounds are the model's."""
        form = codec.form
        of_model: dict[str, Any] = {
            "rate": form.rate_hz,
            "seconds": form.n_samples / form.rate_hz,
            "mono": form.n_channels == 1,
            "coding": codec.scale.coding,
        }
        for name, value in of_model.items():
            if given.get(name, value) not in (0, False, value):
                raise UsageError(
                    f"{name} is {given[name]!r}, and that of the model to be fine-tuned is {value!r}. "
                    "Leave it out: it comes from the model."
                )
        return {"name_parts": own.name_parts, **given, **of_model}

    def unknown(self, codec: AudioCodec, records: Sounds) -> tuple[str, ...]:
        codec.check(records)
        return codec.attributes.unknown(like(records.attributes, codec.empty.attributes))

    def classes(self, records: Sounds, target: str) -> np.ndarray:
        """See `Contesting`: the values of an attribute."""
        return classes_of(records.attributes, target, records.name, "sounds")

    def arena(self, parts: Sequence[Sounds], target: str) -> Arena:
        """See `Contesting`: levels, whatever else is known of the sounds."""
        return arena_of(parts)

    def sparing(self, options: AudioOptions, n_records: int, times: int) -> AudioOptions:
        """See `Contesting`: nothing of a sound is counted."""
        return options

    def marked(self, parts: Sequence[Sounds], marks: Sequence[bool], name: str) -> Sounds:
        """See `Contesting`: "yes" or "no" as an attribute; those that made records lack are left out."""
        return joined(marked_ones(parts, marks, name))
