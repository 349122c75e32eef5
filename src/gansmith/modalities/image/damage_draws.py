"""The chance by which pictures are damaged: numbers for each picture of a batch, on the batch's device.

All numbers come from one generator on the CPU, so a GPU damages as the CPU does. Parameters have shape
`(batch, n_marks, 1, 1)`, to be put against fields of shape `(batch, n_marks, height, width)`; a mark may be a
channel, a scratch, a hole.
"""

from __future__ import annotations

import math
from typing import final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Pictures = Float[Tensor, "batch n_channels height width"]
"""Stored values, black 0 and white 1, as files have them: about light to the power of 1 / 2.2."""
Parameters = Float[Tensor, "batch n_marks 1 1"]
Choices = Bool[Tensor, "batch n_marks 1 1"]
Fields = Float[Tensor, "batch n_marks height width"]
Transfer = Float[Tensor, "batch #n_marks height frequencies"]
"""What a filter leaves of each frequency, as `torch.fft.rfft2` orders them."""


@final
class Draws:
    """What is drawn for the pictures of one batch, or for some of them.

    Args:
        generator: On the CPU; each draw moves it on.
        device: Where the numbers are wanted.
    """

    def __init__(self, generator: torch.Generator, device: torch.device) -> None:
        self._generator, self.device = generator, device

    def between(self, low: float, high: float, n: int, n_marks: int = 1) -> Parameters:
        """Numbers in [low, high), evenly spread."""
        drawn = torch.empty(n, n_marks, 1, 1)
        return drawn.uniform_(low, high, generator=self._generator).to(self.device)

    def factors(self, low: float, high: float, n: int, n_marks: int = 1) -> Parameters:
        """Positive numbers in [low, high), their logarithms evenly spread."""
        return self.between(math.log(low), math.log(high), n, n_marks).exp()

    def happens(self, chance: float, n: int, n_marks: int = 1) -> Choices:
        """Whether something happens that does with this chance."""
        return self.between(0.0, 1.0, n, n_marks) < chance

    def normal(self, *shape: int) -> Float[Tensor, "..."]:
        """Standard normal numbers."""
        return torch.randn(shape, generator=self._generator).to(self.device)

    def uniform(self, *shape: int) -> Float[Tensor, "..."]:
        """Numbers in [0, 1)."""
        return torch.rand(shape, generator=self._generator).to(self.device)

    def smooth(self, n: int, n_cells: int, height: int, width: int) -> Float[Tensor, "n 1 height width"]:
        """Smooth fields in [0, 1): so many random values along each side, and what lies between them."""
        values = self.uniform(n, 1, n_cells, n_cells)
        return self._between(height, n_cells) @ values @ self._between(width, n_cells).T

    def _between(self, side: int, n_cells: int) -> Float[Tensor, "side n_cells"]:
        """What each value counts at each pixel of a side: 1 at its own place, falling to 0 at the next."""
        places = torch.linspace(0, n_cells - 1, side, device=self.device)
        near = (1 - (places[:, None] - torch.arange(n_cells, device=self.device)).abs()).clamp_min(0.0)
        return near.square() * (3 - 2 * near)

    def grain(self, sigma_px: Parameters, height: int, width: int) -> Fields:
        """Fields of normal noise of variance 1 with neighbours that go together: white noise, blurred.

        The standard deviation of the Gaussian is in pixels.
        """
        noise = self.normal(len(sigma_px), sigma_px.shape[1], height, width)
        across, along = frequencies(height, width, self.device)
        transfer = gaussian_transfer(sigma_px * across, sigma_px * along)
        grain = filtered(noise, transfer)
        return grain / grain.square().mean((2, 3), keepdim=True).sqrt().clamp_min(1e-6)


def frequencies(
    height: int, width: int, device: torch.device
) -> tuple[Float[Tensor, "height 1"], Float[Tensor, "1 frequencies"]]:
    """Down and across a picture, in cycles per pixel, as `torch.fft.rfft2` orders them."""
    down = torch.fft.fftfreq(height, device=device)[:, None]
    return down, torch.fft.rfftfreq(width, device=device)[None]


def gaussian_transfer(
    down: Float[Tensor, "batch n_marks _h _w"], across: Float[Tensor, "batch n_marks _h2 _w2"]
) -> Transfer:
    """What a Gaussian leaves of frequencies that are in cycles per standard deviation."""
    return (-2 * math.pi**2 * (down.square() + across.square())).exp()


def filtered(fields: Fields, transfer: Transfer) -> Fields:
    """Fields, with what lies beyond an edge taken from the opposite one."""
    height, width = fields.shape[-2:]
    return torch.fft.irfft2(torch.fft.rfft2(fields) * transfer, s=(height, width))


def mixed(
    pictures: Pictures, others: Float[Tensor, "batch _c _h _w"], amount: Float[Tensor, "batch 1 _h2 _w2"]
) -> Pictures:
    """So much of the others, 0 to 1, and the rest of the pictures."""
    return pictures + (others - pictures) * amount
