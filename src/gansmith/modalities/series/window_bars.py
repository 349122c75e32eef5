"""Measures that move as one, such as the open, high, low and close of a day."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gansmith.modalities.series.window_coding import AbstractCoding, Kinds, Told, Tolerance, Values, along

MOST_WALKING: Final = 5
"""Measures that a path leads through, so that all orders can be tried."""
NEAR: Final = 1e-9
"""Share of a number by which another one may lie below it, and still bound it."""
ROUNDING: Final = 1e-5
"""On the common scale, whose deviation is 1."""


@final
class Bars(AbstractCoding):
    """One path through the measures of each step, and how far those that bound the others lie beyond them.

    All numbers are on one scale, on which changes are equally large everywhere. The path leads from a
    measure to the next, and on to the following step (open, close, open, close, ...); of it the number in the
    middle is told, from which neither end is far, then sizes and directions of the changes, 1 or -1. So calm
    times and busy ones lie in the correlations of sizes, and what has to lie above all the others (the high)
    does.
    """

    name = "bars"

    @property
    def _path(self) -> list[int]:
        return self.tensors["path"].tolist()

    @property
    def _middle(self) -> int:
        """The place on the path that is told."""
        return self.n_steps * len(self._path) // 2

    @property
    def _bounds(self) -> list[tuple[int, int]]:
        """The measures beyond the path, each with 1 if it lies above and -1 if it lies below."""
        return [(one, sign) for name, sign in (("tops", 1), ("bottoms", -1)) for one in self._of(name)]

    def _of(self, name: str) -> list[int]:
        return self.tensors[name].tolist()

    @property
    def kinds(self) -> Kinds:
        path = [self.places[one] for one in self._path]
        chain = [(place, step) for step in range(self.n_steps) for place in path]
        bounds = [(self.places[one], step) for one, _ in self._bounds for step in range(self.n_steps)]
        parts = [
            ("middle", [chain[self._middle]]),
            ("size", chain[1:]),
            ("direction", chain[1:]),
            ("beyond", bounds),
        ]
        return tuple(f"{place}/{what}/{step}" for what, told in parts for place, step in told)

    def roundings(self, tolerance: Tolerance) -> tuple[float, ...]:
        return (ROUNDING,) * len(self.kinds)

    def told(self, values: Values) -> Told:
        scaled = along(values, self.tensors["corners"], self.tensors["scale"])
        walking = scaled[..., self._path]
        ends = {1: walking.amax(2), -1: walking.amin(2)}
        beyond = [_flushed(sign * (scaled[..., one] - ends[sign])) for one, sign in self._bounds]
        chain = walking.flatten(1)
        changes = _flushed(chain.diff(dim=1))
        directions = torch.where(changes < 0, -1.0, 1.0).to(changes.dtype)
        middle = chain[:, [self._middle]]
        return torch.cat([middle, changes.abs(), directions, *beyond], 1)

    def made(self, told: Told) -> Values:
        n_changes = self.n_steps * len(self._path) - 1
        middle, sizes, directions, rest = told.split(
            [1, n_changes, n_changes, self.n_steps * len(self._bounds)], 1
        )
        way = torch.nn.functional.pad((sizes * directions).cumsum(1), (1, 0))
        chain = middle + way - way[:, [self._middle]]
        walking = chain.unflatten(1, (self.n_steps, len(self._path)))
        ends = {1: walking.amax(2), -1: walking.amin(2)}
        beyond = rest.unflatten(1, (len(self._bounds), self.n_steps)).unbind(1) if self._bounds else ()
        found = dict(zip(self._path, walking.unbind(2), strict=True))
        found |= {one: ends[sign] + sign * own for (one, sign), own in zip(self._bounds, beyond, strict=True)}
        scaled = torch.stack([found[one] for one in range(len(self.places))], 2)
        return along(scaled, self.tensors["scale"], self.tensors["corners"])


def fit_bars(
    values: Float[np.ndarray, "n_windows n_steps n_own"], scales: Mapping[str, Float[Tensor, "1 n_corners"]]
) -> dict[str, Tensor] | None:
    """What `Bars` knows of some measures; None where there is no path through them.

    Args:
        values: Of windows.
        scales: Corners of numbers of all the measures, and where they lie on the common scale.
    """
    n_own = values.shape[2]
    first = values.reshape(-1, n_own)
    least = first - NEAR * np.abs(first)
    is_above = np.array([(first[:, [one]] >= least).all(0) for one in range(n_own)])
    tops, bottoms = _bounding(is_above)
    walking = [one for one in range(n_own) if one not in (*tops, *bottoms)]
    if n_own < 2 or not 0 < len(walking) <= MOST_WALKING:
        return None

    def length(order: tuple[int, ...]) -> float:
        return float(np.abs(np.diff(values[..., order].reshape(len(values), -1), axis=1)).mean())

    known = {"path": min(permutations(walking), key=length), "tops": tops, "bottoms": bottoms}
    common = {name: one.repeat(n_own, 1) for name, one in scales.items()}
    return {name: torch.tensor(one, dtype=torch.long) for name, one in known.items()} | common


def _bounding(is_above: Bool[np.ndarray, "n_own n_own"]) -> tuple[list[int], list[int]]:
    """The measures that lie above all the others at all times, and below."""
    is_top, is_bottom = is_above.all(1), is_above.all(0)
    both = is_top & is_bottom
    return np.flatnonzero(is_top & ~both).tolist(), np.flatnonzero(is_bottom & ~both).tolist()


def _flushed(numbers: Tensor) -> Tensor:
    """What is nearly nothing is nothing."""
    return torch.where(numbers.abs() < ROUNDING, 0.0, numbers)
