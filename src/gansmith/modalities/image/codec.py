"""Pictures as samples and back: pixel values between 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.errors import DataError, ModelFileError
from gansmith.modalities.image import ImageOptions
from gansmith.modalities.image.pictures import HIGHEST_VALUES, Pictures
from gansmith.modalities.recipe import AbstractCodec

PictureSamples = Float[Tensor, "batch n_values"]

MAX_SIDE: Final = 256
"""Pixels; fully connected players cannot see more of a picture than that."""


@final
@dataclass(frozen=True)
class ImageCodec(AbstractCodec[Pictures, ImageOptions]):
    """The size of a picture and the brightness of white; no pixel tells whose picture it is.

    A sample is a picture's pixels row by row, divided by the brightest value. Its range is [0, 1], not the
    [-1, 1] of most image models: the article's generator ends in a sigmoid, which answers between 0 and 1,
    and a picture is mostly black, which is then an exact 0 for both players.
    """

    height: int
    """Pixels."""
    width: int
    """Pixels."""
    highest: int
    """The value of white, one of `HIGHEST_VALUES`."""

    @classmethod
    def fit(cls, records: Pictures, options: ImageOptions, seed: int) -> ImageCodec:
        _, height, width = records.pixels.shape
        if max(height, width) > MAX_SIDE:
            raise DataError(
                f"{records.name}: pictures of {height} x {width} pixels are too large to be learnt. "
                f"Scale them down to {MAX_SIDE} x {MAX_SIDE} or less."
            )
        return cls(height, width, records.highest)

    @property
    def n_values(self) -> int:
        return self.height * self.width

    def encode(self, records: Pictures, seed: int) -> PictureSamples:
        _, height, width = records.pixels.shape
        if (height, width) != (self.height, self.width):
            raise DataError(
                f"{records.name}: pictures of {height} x {width} pixels, but the model's have "
                f"{self.height} x {self.width}. Scale them to that size."
            )
        brightest = int(records.pixels.max(initial=0))
        if brightest > self.highest:
            raise DataError(
                f"{records.name}: a pixel of {brightest}, but the model's go from 0 to {self.highest}. "
                "Rescale the pixels."
            )
        samples = records.pixels.reshape(len(records), self.n_values).astype(np.float32) / self.highest
        return torch.from_numpy(samples)  # (n, n_values)

    def decode(self, compact: PictureSamples, seed: int, first_index: int) -> Pictures:
        """Samples as pictures: de-normalised, rounded to the nearest whole value, kept within the range."""
        values = np.rint(compact.detach().cpu().numpy().clip(0.0, 1.0) * self.highest).astype(np.uint8)
        pixels = values.reshape(-1, self.height, self.width)  # (n, height, width)
        return Pictures.of(pixels, None, self.highest, "generated pictures")

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return {"height": self.height, "width": self.width, "highest": self.highest}, {}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> ImageCodec:
        sides = [state.get("height"), state.get("width")]
        is_whole = all(isinstance(side, int) and 1 <= side <= MAX_SIDE for side in sides)
        if len(state) != 3 or not is_whole or state.get("highest") not in HIGHEST_VALUES:
            raise ModelFileError(
                f"the model's codec says {dict(state)!r:.200}. "
                f"Wanted: height and width from 1 to {MAX_SIDE}, and highest, one of {HIGHEST_VALUES}. "
                "The file is damaged; save the model again."
            )
        return cls(state["height"], state["width"], state["highest"])
