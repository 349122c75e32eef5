"""Sounds as samples and back: values on a grid of frequencies and moments, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.audio import AudioOptions, Coding
from gansmith.modalities.audio.codings import CODINGS, EXACT, AbstractSpectrumCoding
from gansmith.modalities.audio.sounds import MAX_SECONDS, Form, Sounds
from gansmith.modalities.audio.spectra import Frames, usual_frame_size
from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.waves import FULL_SCALE, HIGHEST
from gansmith.nets.convolution import Shape
from gansmith.settings import Field, PositiveInt, from_plain, settings, to_plain

CompactSounds = Shaped[Tensor, "batch n_samples n_channels"]
SoundSamples = Float[Tensor, "batch n_values n_rows n_frames"]

VALUES_PER_BLOCK: Final = 1 << 21
"""Of sounds that are made at a time."""
N_MEASURED: Final = 2_000
"""Sounds by which the largest value of a spectrum is found."""
_AT_ONCE: Final = 100


@final
@settings(kw_only=True, error=DataError)
class Scale:
    """How sounds are seen."""

    coding: Coding
    frame_size: PositiveInt
    highest: float = Field(gt=0)
    """The largest absolute value of all spectra."""


@final
@dataclass(frozen=True)
class AudioCodec(AbstractCodec[Sounds, AudioOptions]):
    """The form of a sound, its coding, and what is known of it beside.

    A compact record is a sound as it lies in memory, `(n_samples, n_channels)`, a sample `(n_values, n_rows,
    n_frames)` of 0 to 1: the values of each channel's coding after those of the other.
    """

    form: Form
    scale: Scale
    attributes: AttributeCodec

    @classmethod
    def fit(cls, records: Sounds, options: AudioOptions, seed: int) -> AudioCodec:
        form = records.form
        if form.seconds > MAX_SECONDS:
            raise DataError(
                f"{records.name}: sounds of {form.seconds:.1f} s are too long to be learnt. "
                f"Cut them to {MAX_SECONDS:.0f} s or less (--seconds)."
            )
        order = np.random.default_rng(seed).permutation(len(records))
        some = records.take(order[:N_MEASURED])
        size = usual_frame_size(some.mono[:_AT_ONCE], form.rate_hz)
        frames, highest = Frames(size, form.n_samples), 0.0
        for first in range(0, len(some), _AT_ONCE):
            block = _channels(torch.from_numpy(some.waves[first : first + _AT_ONCE]))
            highest = max(highest, float(frames.spectra(block.flatten(0, 1)).abs().max()))
        if highest == 0:
            raise DataError(f"{records.name}: all sounds are silent. Give some that can be heard.")
        scale = Scale(coding=options.coding, frame_size=size, highest=highest)
        return cls(form, scale, AttributeCodec.fit(records.attributes))

    @cached_property
    def coding(self) -> AbstractSpectrumCoding:
        """What networks see of one channel."""
        frames = Frames(self.scale.frame_size, self.form.n_samples)
        return CODINGS[self.scale.coding](frames, self.scale.highest)

    @property
    def shape(self) -> Shape:
        """Of a sample."""
        coding = self.coding
        return self.form.n_channels * coding.n_channels, coding.n_rows, coding.frames.n_frames

    @property
    def n_levels(self) -> int:
        """The first values of each channel that say how loud a place is: one, or two of a complex one."""
        return 2 if self.scale.coding == "complex" else 1

    @property
    def is_exact(self) -> bool:
        """See the base class: bands of the ear hold less than a sound, and levels no phases."""
        return self.scale.coding in EXACT

    @property
    def n_values(self) -> int:
        return int(np.prod(self.shape))

    @property
    def empty(self) -> Sounds:
        none = self.decode(torch.empty(0, self.form.n_samples, self.form.n_channels), 0, 0)
        return none.with_attributes(self.attributes.decode(torch.zeros(0, self.attributes.n_conditions)))

    @property
    def block_size(self) -> int:
        return max(1, min(256, VALUES_PER_BLOCK // self.n_values))

    def check(self, records: Sounds) -> None:
        """Raise DataError unless sounds have the form that this codec knows."""
        if records.form != self.form:
            raise DataError(
                f"{records.name}: sounds of {records.form}, but the model's have {self.form}. "
                "Bring them to that form."
            )

    def encode(self, records: Sounds, seed: int) -> CompactSounds:
        self.check(records)
        return torch.from_numpy(np.ascontiguousarray(records.waves))

    def expand(self, compact: CompactSounds) -> SoundSamples:
        """See the base class."""
        waves = _channels(compact)  # (batch, n_channels, n_samples)
        spectra = self.coding.frames.spectra(waves.flatten(0, 1))
        return self.coding.values(spectra).view(len(compact), *self.shape)

    def compact(self, samples: SoundSamples) -> Float[Tensor, "batch n_samples n_channels"]:
        """See the base class: whole numbers, on the scale of 16 bits, those that are too loud beyond it."""
        coding = self.coding
        values = samples.detach().float().clamp(0.0, 1.0)
        each = values.reshape(-1, coding.n_channels, *self.shape[1:])
        spectra = coding.frames.consistent(coding.spectra(each), coding.n_rounds)
        waves = coding.frames.waves(spectra).view(len(samples), self.form.n_channels, -1)
        return torch.round(waves.transpose(1, 2) * FULL_SCALE)

    def decode(self, compact: CompactSounds, seed: int, first_index: int) -> Sounds:
        """See the base class: 16 bits; what would be louder than full scale is made quieter as a whole."""
        waves = compact.detach().cpu().numpy().astype(np.float64)
        peaks = np.abs(waves).max((1, 2), initial=1.0)
        quieter = np.minimum(1.0, HIGHEST / peaks)[:, None, None]
        return Sounds(np.rint(waves * quieter).astype(np.int16), self.form, name="generated sounds")

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        known, tensors = self.attributes.state()
        return {"form": to_plain(self.form), "scale": to_plain(self.scale), "attributes": known}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> AudioCodec:
        try:
            if set(state) != {"form", "scale", "attributes"}:
                raise ModelFileError(f"its parts are {sorted(state)}")
            form = from_plain(Form, state["form"], error=ModelFileError)
            scale = from_plain(Scale, state["scale"], error=ModelFileError)
            size = scale.frame_size
            if form.seconds > MAX_SECONDS or not 16 <= size <= 1 << 16 or size & (size - 1):
                raise ModelFileError(f"sounds of {form} in frames of {size}")
            return cls(form, scale, AttributeCodec.from_state(state["attributes"], tensors))
        except (UsageError, DataError) as error:
            raise ModelFileError(
                f"the model's codec says {dict(state)!r:.200} ({error}). Wanted: a form of sounds up to "
                f"{MAX_SECONDS:.0f} s. The file is damaged; save the model again."
            ) from error


def _channels(compact: Tensor) -> Float[Tensor, "batch n_channels n_samples"]:
    """Whole numbers of 16 bits as values from -1 to 1, channels first."""
    return compact.transpose(1, 2).float() / FULL_SCALE
