"""How measures of a window are told by other numbers: what every way of doing so has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

Values = Float[Tensor, "batch n_steps n_own"]
Told = Float[Tensor, "batch n_told"]
Kinds = tuple[str, ...]
Tolerance = Float[np.ndarray, " n_measures"]


@dataclass(frozen=True, eq=False)
class AbstractCoding(ABC):
    """How some measures of windows are told."""

    name: ClassVar[str]
    is_ranked: ClassVar[bool] = True
    """Whether what is told are numbers that have yet to be ranked; else they are scores already."""
    places: tuple[int, ...]
    """The measures, among all."""
    n_steps: int
    tensors: Mapping[str, Tensor]
    """What was learnt."""

    @property
    @abstractmethod
    def kinds(self) -> Kinds:
        """What each number of `told` is, as MEASURE/WHAT/STEP.

        Those of the same measure that are the same have the same margins where windows slide over a series.
        """

    def roundings(self, tolerance: Tolerance) -> tuple[float, ...]:
        """Of each number told by how much equal ones differ.

        Args:
            tolerance: The same of each measure, among all.
        """
        return tuple(2 * float(tolerance[int(kind.split("/")[0])]) for kind in self.kinds)

    @abstractmethod
    def told(self, values: Values) -> Told:
        """The numbers that tell the windows."""

    @abstractmethod
    def made(self, told: Told) -> Values:
        """The windows that these numbers tell."""

    def settled(self, scores: Told, told: Told) -> Told:
        """The scores of what was made of `told`, where they say more than it took."""
        return scores

    def exact(self, values: Values) -> Values:
        """Windows that were made, each number as it would have been read."""
        return values

    def restored(self, values: Values, near: Float[Tensor, " n_own"]) -> Values:
        """Windows whose numbers are off by rounding, where the coding knows them better.

        Args:
            values: In double precision.
            near: By how much those of each measure are off at most.
        """
        return values


def at_steps(values: Values, steps: Int[Tensor, "batch n_at"]) -> Float[Tensor, "batch n_at n_own"]:
    """All measures at steps of each window's own."""
    return values.gather(1, steps[..., None].expand(-1, -1, values.shape[2]))


def nearest(values: Values, known: Float[Tensor, "n_own n_known"], within: Float[Tensor, " n_own"]) -> Values:
    """Numbers that lie so near to one that is known as this one.

    Args:
        values: Any numbers.
        known: Of each measure, in ascending order, at least two.
        within: How near, for each measure.
    """
    flat = values.flatten(0, 1).T.contiguous()  # (n_own, n)
    right = torch.searchsorted(known, flat).clamp(1, known.shape[1] - 1)
    low, high = known.gather(1, right - 1), known.gather(1, right)
    found = torch.where(flat - low < high - flat, low, high)
    is_same = (found - flat).abs() <= within[:, None]
    return torch.where(is_same, found, flat).T.unflatten(0, values.shape[:2])


def along(x: Values, from_corners: Tensor, to_corners: Tensor) -> Values:
    """Along straight lines through corners, one set for each measure, beyond the outer ones too."""
    flat = x.flatten(0, 1).T.contiguous()  # (n_own, n)
    from_corners, to_corners = from_corners.to(flat.dtype), to_corners.to(flat.dtype)
    left = (torch.searchsorted(from_corners, flat.detach()) - 1).clamp(0, from_corners.shape[1] - 2)
    x0, x1 = from_corners.gather(1, left), from_corners.gather(1, left + 1)
    y0, y1 = to_corners.gather(1, left), to_corners.gather(1, left + 1)
    return (y0 + (flat - x0) * (y1 - y0) / (x1 - x0)).T.reshape(x.shape)
