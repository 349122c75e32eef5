"""Heads as samples and back: as pictures are, and where in them the face lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from gansmith.errors import ModelFileError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.heads import HeadOptions
from gansmith.modalities.image.heads.records import Heads
from gansmith.modalities.image.heads.windows import Box, hole_of
from gansmith.modalities.image.pictures import Pictures
from gansmith.modalities.recipe import AbstractCodec


@final
@dataclass(frozen=True)
class HeadCodec(AbstractCodec[Any, HeadOptions]):
    """See the base class; what is made are pictures."""

    pictures: ImageCodec
    face: Box

    @classmethod
    def fit(cls, records: Heads, options: HeadOptions, seed: int) -> HeadCodec:
        return cls(ImageCodec.fit(records.pictures, ImageOptions(), seed), records.face)

    @property
    def hole(self) -> torch.Tensor:
        """What of a record is cut out, shape `(1, 1, height, width)`, 0 or 1."""
        _, height, width = self.pictures.shape
        return torch.from_numpy(hole_of(self.face, (height, width)).astype(np.float32))[None, None]

    @property
    def n_values(self) -> int:
        return self.pictures.n_values

    @property
    def empty(self) -> Pictures:
        return self.pictures.empty

    @property
    def block_size(self) -> int:
        return self.pictures.block_size

    def encode(self, records: Heads, seed: int) -> Tensor:
        return self.pictures.encode(records.pictures, seed)

    def expand(self, compact: Tensor) -> Tensor:
        return self.pictures.expand(compact)

    def compact(self, samples: Tensor) -> Tensor:
        return self.pictures.compact(samples)

    def decode(self, compact: Tensor, seed: int, first_index: int) -> Pictures:
        return self.pictures.decode(compact, seed, first_index)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        state, tensors = self.pictures.state()
        return {"pictures": state, "face": list(self.face)}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> HeadCodec:
        try:
            left, top, right, bottom = (float(one) for one in state["face"])
            if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
                raise ValueError(f"a face at {state['face']}")
            return cls(ImageCodec.from_state(state["pictures"], tensors), (left, top, right, bottom))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"what is known of the heads is damaged ({error}). Save the model again."
            ) from error
