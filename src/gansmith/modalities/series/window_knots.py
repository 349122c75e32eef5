"""Windows of straight lines between knots, such as hourly weather in ten-minute data."""

from __future__ import annotations

from functools import cached_property
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.series.window_coding import (
    AbstractCoding,
    Kinds,
    Told,
    Tolerance,
    Values,
    at_steps,
    nearest,
)

AtKnots = Float[Tensor, "batch n_knots n_own"]

RESTLESS: Final = 0.5
"""Deviation of the changes between knots, in that of the numbers, from which on numbers are told."""
MOST_KNOWN: Final = 16_384
"""Different numbers at knots that are known, of each measure."""


@final
class Knots(AbstractCoding):
    """The number at the first knot, then the changes between knots, which all of its measures share.

    Of `restless` measures the numbers at knots are told instead. Last comes where the first knot after step 0
    lies: step 1 to `period`. The knot before the window and the one after it are told too.
    """

    name = "knots"

    @cached_property
    def period(self) -> int:
        """Steps between two knots."""
        return int(self.tensors["period"])

    @property
    def _device(self) -> torch.device:
        return self.tensors["tolerance"].device

    @property
    def n_knots(self) -> int:
        """Knots that lines of a window may begin or end at."""
        return 2 - (-(self.n_steps - 2) // self.period)

    @property
    def kinds(self) -> Kinds:
        pairs = zip(self.places, self.tensors["restless"].tolist(), strict=True)
        later = self.n_knots - 1
        own = [(place, ["first", *["first" if restless else "knot"] * later]) for place, restless in pairs]
        told = (f"{place}/{what}/{step}" for place, steps in own for step, what in enumerate(steps))
        return (*told, "-1/where/0")

    def roundings(self, tolerance: Tolerance) -> tuple[float, ...]:
        own = [float(2 * tolerance[place]) for place in self.places for _ in range(self.n_knots)]
        return (*own, 0.1)

    @cached_property
    def positions(self) -> Float[Tensor, "period n_steps"]:
        """Where each step lies between knots, in periods, where the first knot lies at step 1, 2, ..."""
        firsts = torch.arange(1, self.period + 1, device=self._device)[:, None]
        return (torch.arange(self.n_steps, device=self._device) - firsts).double() / self.period + 1

    def told(self, values: Values) -> Told:
        firsts, _ = first_knots(values, self.period, self.tensors["tolerance"].to(values.dtype))
        knots = self._knots(values, firsts)
        lines = torch.where(self.tensors["restless"], knots[:, 1:], knots.diff(dim=1))
        changes = at_steps(lines, self._lines(firsts))
        told = torch.cat([knots[:, :1], changes], 1).transpose(1, 2).flatten(1)
        return torch.cat([told, firsts[:, None].to(values.dtype)], 1)

    def _knots(self, values: Values, firsts: Int[Tensor, " batch"]) -> AtKnots:
        """The numbers at knots; lines go on beyond the window with the slope of their last step in it."""
        at = firsts[:, None] + self.period * (
            torch.arange(self.n_knots, device=self._device) - 1
        )  # (batch, n_knots) steps
        near = at.clamp(0, self.n_steps - 1)
        inner = torch.where(at < 0, 0, (near - 1).clamp(0, self.n_steps - 2))
        slopes = at_steps(values.diff(dim=1), inner)
        return at_steps(values, near) + slopes * (at - near)[..., None]

    def made(self, told: Told) -> Values:
        own = told[:, :-1].unflatten(1, (len(self.places), self.n_knots)).transpose(1, 2)
        knots = torch.where(self.tensors["restless"], own, own.cumsum(1))
        knots = torch.minimum(torch.maximum(knots, self.tensors["low"]), self.tensors["high"])
        return self._between(knots, told[:, -1].detach().round().long().clamp(1, self.period))

    def _between(self, knots: AtKnots, firsts: Int[Tensor, " batch"]) -> Values:
        """All numbers, on the lines between knots."""
        positions = self.positions[firsts - 1].to(knots.dtype)  # (batch, n_steps)
        left = positions.floor().long().clamp(0, self.n_knots - 2)
        low, high = at_steps(knots, left), at_steps(knots, left + 1)
        return low + (high - low) * (positions - left)[..., None]

    def restored(self, values: Values, near: Float[Tensor, " n_own"]) -> Values:
        firsts, n_off = first_knots(values, self.period, 4 * near)
        grid = self.tensors["grid"]
        knots = nearest(self._knots(values, firsts), grid, 4 * self.period * near)
        return torch.where((n_off == 0)[:, None, None], self._between(knots, firsts), values)

    def settled(self, scores: Told, told: Told) -> Told:
        own = scores[:, :-1].unflatten(1, (len(self.places), self.n_knots)).transpose(1, 2)
        firsts = told[:, -1].detach().round().long().clamp(1, self.period)
        changes = at_steps(own[:, 1:], self._lines(firsts))
        return torch.cat([torch.cat([own[:, :1], changes], 1).transpose(1, 2).flatten(1), scores[:, -1:]], 1)

    def _lines(self, firsts: Int[Tensor, " batch"]) -> Int[Tensor, "batch n_lines"]:
        """The lines of a window; one that lies behind it is told as the last one in it."""
        last = (self.n_steps - 2 - firsts).div(self.period, rounding_mode="floor") + 1
        return torch.minimum(torch.arange(self.n_knots - 1, device=self._device), last[:, None])


def first_knots(
    values: Values, period: int, tolerance: Float[Tensor, " n_own"]
) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Where the first knot of each window lies, 1 to `period`, and how many bends lie at no knot."""
    bends = (values.diff(n=2, dim=1).abs() > tolerance).sum(2)  # (batch, n_steps - 2): at steps 1, 2, ...
    padded = torch.nn.functional.pad(bends, (0, -bends.shape[1] % period))
    at = padded.unflatten(1, (-1, period)).sum(1)  # (batch, period)
    most, place = at.max(1)
    return place + 1, bends.sum(1) - most


def fit_knots(
    values: Float[np.ndarray, "n_windows n_steps n_own"], tolerance: Float[np.ndarray, " n_own"], period: int
) -> dict[str, Tensor]:
    """What `Knots` knows of some measures.

    Args:
        values: Of windows, whose bends lie so far apart.
        tolerance: Numbers of a measure that are nearer to each other are the same but for rounding.
        period: Steps between two knots.
    """
    later = values[:, period:] - values[:, :-period]
    known = {"tolerance": 4 * tolerance, "low": values.min((0, 1)), "high": values.max((0, 1))}
    tensors = {name: torch.from_numpy(one.astype(np.float32)) for name, one in known.items()}
    tensors["period"] = torch.tensor(period)
    tensors["restless"] = torch.from_numpy(later.std((0, 1)) > RESTLESS * values.std((0, 1)))
    found = [
        _at_knots(own, limit, period) for own, limit in zip(np.moveaxis(values, 2, 0), tolerance, strict=True)
    ]
    longest = max(2, *map(len, found))
    filled = [np.concatenate([one, np.full(longest - len(one), one[-1])]) for one in found]
    return {**tensors, "grid": torch.from_numpy(np.array(filled))}


def _at_knots(own: Float[np.ndarray, "n_windows n_steps"], tolerance: float, period: int) -> np.ndarray:
    """The different numbers of a measure at its knots, in order: of nearly equal ones the commonest."""
    limit = torch.tensor([4 * tolerance])
    firsts, n_off = (one.numpy() for one in first_knots(torch.from_numpy(own[..., None]), period, limit))
    at = firsts[:, None] + np.arange(0, own.shape[1] - period, period)  # (n_windows, n_knots)
    numbers = np.take_along_axis(own, np.minimum(at, own.shape[1] - 1), 1)[n_off == 0]
    known, counts = np.unique(numbers, return_counts=True)
    order = np.lexsort((counts, np.rint(known / limit.item())))
    is_last = np.diff(np.rint(known[order] / limit.item()), append=np.inf) > 0
    chosen = known[order][is_last]
    return chosen[-MOST_KNOWN:]
