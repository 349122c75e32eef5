"""Randomness without state: every draw is a function of (seed, stream name, step) alone.

Nothing has to be saved to resume a run bit for bit, and any block of samples can be made alone, in any
order, by any number of processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.engine.tuning import LatentDistribution


@final
@dataclass(frozen=True)
class Randomness:
    """A family of independent streams grown from one seed."""

    seed: int
    """Any integer; the same seed gives the same numbers on every machine."""
    retry: int = 0
    """How often the run was rolled back: another try must not meet the same numbers again."""

    def key(self, stream: str, step: int) -> int:
        """A 63-bit seed for one draw.

        Example:
            >>> Randomness(0).key("latents", 1) == Randomness(0).key("latents", 1)
            True
            >>> Randomness(0).key("latents", 1) == Randomness(0).key("latents", 2)
            False
        """
        name = f"{self.seed}/{stream}/{step}" + (f"/{self.retry}" if self.retry else "")
        digest = blake2b(name.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") >> 1

    def generator(self, stream: str, step: int) -> torch.Generator:
        """A fresh generator for this draw, on the CPU so that every device sees the same numbers."""
        return torch.Generator().manual_seed(self.key(stream, step))

    def stream(self, name: str) -> Stream:
        """One of the streams, to be handed on."""
        return Stream(self, name)

    def normal(self, shape: tuple[int, ...], stream: str, step: int) -> Float[Tensor, "..."]:
        """Standard normal numbers of the given shape."""
        return torch.randn(shape, generator=self.generator(stream, step))

    def uniform(self, shape: tuple[int, ...], stream: str, step: int) -> Float[Tensor, "..."]:
        """Numbers in [0, 1) of the given shape."""
        return torch.rand(shape, generator=self.generator(stream, step))

    def permutation(self, n: int, stream: str, step: int) -> Int[Tensor, " n"]:
        """The numbers 0..n-1 in random order."""
        return torch.randperm(n, generator=self.generator(stream, step))


@final
@dataclass(frozen=True)
class Stream:
    """One stream of a family: draw k of it is a function of (seed, name, k)."""

    randomness: Randomness
    name: str

    def normal(self, shape: tuple[int, ...], index: int) -> Float[Tensor, "..."]:
        """Standard normal numbers of the given shape."""
        return self.randomness.normal(shape, self.name, index)

    def uniform(self, shape: tuple[int, ...], index: int) -> Float[Tensor, "..."]:
        """Numbers in [0, 1) of the given shape."""
        return self.randomness.uniform(shape, self.name, index)

    def latents(
        self, shape: tuple[int, ...], distribution: LatentDistribution, index: int
    ) -> Float[Tensor, "..."]:
        """Noise of the given shape for a generator; see `latents_of`."""
        return latents_of(self.normal(shape, index), distribution)

    def generator(self, index: int) -> torch.Generator:
        """A fresh generator for this draw."""
        return self.randomness.generator(self.name, index)

    def part(self, name: str) -> Stream:
        """An independent stream that belongs to this one."""
        return Stream(self.randomness, f"{self.name}/{name}")


def latents_of(noise: Float[Tensor, "*shape"], distribution: LatentDistribution) -> Float[Tensor, "*shape"]:
    """Standard normal noise as latents: as it is, or uniform in [-1, 1]."""
    return noise if distribution == "normal" else 2 * torch.special.ndtr(noise) - 1
