"""Pictures as samples and back: pixel values between 0 and 1, and what is known of each as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.mirroring import MAX_PICTURES, can_be_mirrored
from gansmith.modalities.image.networks import PictureSamples
from gansmith.modalities.image.pictures import MAX_CHANNELS, MAX_SIDE_PX, Form, InMemory, Pictures, Pixels
from gansmith.modalities.recipe import AbstractCodec
from gansmith.nets.convolution import Shape
from gansmith.settings import from_plain, to_plain

CompactPictures = Shaped[Tensor, "batch height width n_channels"]

VALUES_PER_BLOCK: Final = 1 << 20
"""Of pictures that are made at a time."""


@final
@dataclass(frozen=True)
class ImageCodec(AbstractCodec[Pictures, ImageOptions]):
    """The form of a picture, and what is known of it beside; no pixel tells whose picture it is.

    A compact record is a picture as it lies in memory, `(height, width, n_channels)`; a sample is
    `(n_channels, height, width)`, black 0 and white 1. That range is not the [-1, 1] of most image models:
    the article's generator ends in a sigmoid, which answers between 0 and 1, and what is black is then an
    exact 0 for both players. Colours are multiplied with opacity, so that what nobody sees is 0 too.
    """

    form: Form
    attributes: AttributeCodec
    can_be_mirrored: bool = False
    """Whether mirrored pictures look like the others."""

    @classmethod
    def fit(cls, records: Pictures, options: ImageOptions, seed: int) -> ImageCodec:
        form = records.form
        if max(form.height, form.width) > MAX_SIDE_PX or form.n_channels > MAX_CHANNELS:
            raise DataError(
                f"{records.name}: pictures of {form} are too large to be learnt. "
                f"Scale them down to {MAX_SIDE_PX} x {MAX_SIDE_PX} or less (--size)."
            )
        few = np.random.default_rng(seed).permutation(len(records))[:MAX_PICTURES]
        pixels = records.source.block(records.numbers[few])[..., : form.n_seen]
        known = records.attributes.take(few).columns.values()
        return cls(form, AttributeCodec.fit(records.attributes), can_be_mirrored(pixels, seed, known))

    @property
    def shape(self) -> Shape:
        """Of a sample: channels, height, width."""
        return self.form.n_channels, self.form.height, self.form.width

    @property
    def n_values(self) -> int:
        return self.form.n_values

    @property
    def empty(self) -> Pictures:
        none = self.decode(torch.empty(0, *self.shape).permute(0, 2, 3, 1), 0, 0)
        return none.with_attributes(self.attributes.decode(torch.zeros(0, self.attributes.n_conditions)))

    @property
    def block_size(self) -> int:
        return max(1, min(1024, VALUES_PER_BLOCK // self.n_values))

    def check(self, records: Pictures) -> None:
        """Raise DataError unless pictures have the form that this codec knows."""
        ours, theirs = self.form, records.form
        shapes = [
            (form.height, form.width, form.n_channels, form.masks, form.has_alpha, form.pixel_type)
            for form in (ours, theirs)
        ]
        if shapes[0] != shapes[1] or not _is_range_like(ours, theirs):
            raise DataError(
                f"{records.name}: pictures of {theirs}, but the model's have {ours}. Bring them to that form."
            )

    def encode(self, records: Pictures, seed: int) -> CompactPictures:
        self.check(records)
        return self.compacted(records.source.block(records.numbers), records.name)

    def compacted(self, pixels: Pixels, name: str) -> CompactPictures:
        """Pixels as tensors, whole numbers of 16 bits in 32, which torch can count with."""
        lowest, highest = self.form.lowest, self.form.highest
        odd = [one for one in _extremes(pixels) if not lowest <= one <= highest]
        if odd:
            raise DataError(
                f"{name}: a pixel of {odd[0]}, but the model's go from {lowest:g} to {highest:g}. "
                "Rescale the pixels."
            )
        return torch.from_numpy(pixels.astype(np.int32) if pixels.dtype == np.uint16 else pixels)

    def expand(self, compact: CompactPictures) -> PictureSamples:
        """See the base class."""
        lowest, highest = self.form.lowest, self.form.highest
        values = compact.permute(0, 3, 1, 2).to(torch.float32).sub_(lowest).div_(highest - lowest)
        if self.form.has_alpha:
            n = self.form.n_seen - 1
            values[:, :n] *= values[:, n : n + 1]
        return values

    def compact(self, samples: PictureSamples) -> Float[Tensor, "batch height width n_channels"]:
        """See the base class; still between black and white."""
        values = samples.detach().clamp(0.0, 1.0)
        if self.form.has_alpha:
            n = self.form.n_seen - 1
            values = values.clone()
            values[:, :n] = (values[:, :n] / values[:, n : n + 1].clamp_min(1e-3)).clamp_max(1.0)
        lowest, highest = self.form.lowest, self.form.highest
        return values.permute(0, 2, 3, 1) * (highest - lowest) + lowest

    def decode(self, compact: CompactPictures, seed: int, first_index: int) -> Pictures:
        """See the base class: rounded to whole values, where pixels are such; masks to black or white."""
        values = compact.detach().cpu().numpy()
        if self.form.masks:
            values = values.copy()
            middle = (self.form.lowest + self.form.highest) / 2
            mask = values[..., self.form.n_seen :]
            values[..., self.form.n_seen :] = np.where(mask < middle, self.form.lowest, self.form.highest)
        if self.form.pixel_type != "float32":
            values = np.rint(values.clip(self.form.lowest, self.form.highest))
        pixels = np.ascontiguousarray(values.astype(self.form.pixel_type))
        return Pictures(
            InMemory(pixels), np.arange(len(pixels)), self.form, Attributes(), "generated pictures"
        )

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        known, tensors = self.attributes.state()
        form = {**to_plain(self.form), "masks": list(self.form.masks)}
        state = {"form": form, "attributes": known, "can_be_mirrored": self.can_be_mirrored}
        return state, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> ImageCodec:
        try:
            mirrored = state.get("can_be_mirrored")
            if set(state) != {"form", "attributes", "can_be_mirrored"} or not isinstance(mirrored, bool):
                raise ModelFileError(f"its parts are {sorted(state)}")
            form = from_plain(Form, state["form"], error=ModelFileError)
            if max(form.height, form.width) > MAX_SIDE_PX or form.n_channels > MAX_CHANNELS:
                raise ModelFileError(f"pictures of {form}")
            if not form.lowest < form.highest or len(form.masks) >= form.n_channels:
                raise ModelFileError(f"pixels from {form.lowest} to {form.highest}, masks {form.masks}")
            if form.has_alpha and form.n_seen not in (2, 4):
                raise ModelFileError(f"transparency as the last of {form.n_seen} channels")
            return cls(form, AttributeCodec.from_state(state["attributes"], tensors), mirrored)
        except (UsageError, DataError) as error:
            raise ModelFileError(
                f"the model's codec says {dict(state)!r:.200} ({error}). Wanted: a form of pictures up to "
                f"{MAX_SIDE_PX} x {MAX_SIDE_PX}. The file is damaged; save the model again."
            ) from error


def _is_range_like(ours: Form, theirs: Form) -> bool:
    """Whether pixels from black to white are values of the model's scale.

    What was found to be white is less where pictures are darker; less than half of it is another scale.
    """
    is_within = ours.lowest <= theirs.lowest and theirs.highest <= ours.highest
    return is_within and 2 * (theirs.highest - theirs.lowest) >= ours.highest - ours.lowest


def _extremes(pixels: Pixels) -> tuple[Any, ...]:
    return (pixels.max(), pixels.min()) if len(pixels) else ()
