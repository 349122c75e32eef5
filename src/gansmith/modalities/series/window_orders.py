"""Measures that never lie on the other side of others: high above open and close, low below them.

Such a measure is told by how far it lies beyond the outermost of the others, which is never negative. So what
is made keeps the order, and the distance, small beside the numbers themselves, comes out right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

Values = Float[Tensor, "batch n_steps n_measures"]

NEAR: Final = 1.5
"""Deviations of its changes within which the distances of a measure have to vary."""


@final
@dataclass(frozen=True)
class Order:
    """One measure beyond others."""

    place: int
    side: Literal[1, -1]
    """1: never below them; -1: never above."""
    others: tuple[int, ...]

    def outermost(self, values: Values) -> Float[Tensor, "batch n_steps"]:
        """Of the others, the one that lies nearest."""
        chosen = values[..., list(self.others)]
        return chosen.amax(-1) if self.side > 0 else chosen.amin(-1)


def as_distances(values: Values, orders: Sequence[Order]) -> Values:
    """Ordered measures replaced by their distances."""
    found = list(values.unbind(-1))
    for one in orders:
        found[one.place] = one.side * (values[..., one.place] - one.outermost(values))
    return torch.stack(found, -1)


def from_distances(values: Values, orders: Sequence[Order]) -> Values:
    """The inverse of `as_distances`; a distance below nothing is none."""
    found = list(values.unbind(-1))
    for one in orders:
        found[one.place] = one.outermost(values) + one.side * values[..., one.place].clamp(min=0)
    return torch.stack(found, -1)


def find_orders(values: Float[np.ndarray, "n_windows n_steps n_measures"]) -> tuple[Order, ...]:
    """The measures that lie near others and never on their other side; none of these is ordered itself."""
    beyond = {side: np.stack([_beyond(values, place, side) for place in _all(values)]) for side in (1, -1)}
    left, chosen = set(_all(values)), dict[int, int]()
    while left:
        counts = {
            (place, side): int(beyond[side][place, sorted(left)].sum()) for place in left for side in (1, -1)
        }
        place, side = max(counts, key=lambda one: (counts[one], -one[0], one[1]))
        if not counts[place, side]:
            break
        chosen[place] = side
        left.remove(place)
    found = [
        Order(place, 1 if side > 0 else -1, tuple(one for one in sorted(left) if beyond[side][place, one]))
        for place, side in sorted(chosen.items())
    ]
    return tuple(one for one in found if one.others)


def _all(values: np.ndarray) -> range:
    return range(values.shape[2])


def _beyond(values: np.ndarray, place: int, side: int) -> Bool[np.ndarray, " n_measures"]:
    """Which of the others a measure never lies on this side of, and near."""
    distances = side * (values[..., [place]] - values)
    is_near = distances.std((0, 1)) < NEAR * np.diff(values[..., place], axis=1).std()
    return (distances >= 0).all((0, 1)) & is_near & (np.arange(values.shape[2]) != place)
