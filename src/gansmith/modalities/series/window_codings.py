"""How the numbers of a window are told by fewer or plainer ones, and made of these again.

- `Levels`: each number by itself, where it hardly depends on the one before (counts, volumes, noise).
- `Changes`: the first number, then the changes.
- `Moves`: the first number, then sizes and directions of the changes (sensors, whose readings often repeat).
- `Knots`: the same of the numbers at knots that lie equally far apart, with straight lines between them, and
  where in the window the first knot lies (hourly weather in ten-minute data).
- `Anchors`: some of the numbers, of which all the others are polynomials (smooth curves).
- `Bars`: a path through measures that move as one, told by sizes and directions of its changes, and how far
  those that bound the others lie beyond them (open, high, low and close).
- `Smooth`: all numbers on a scale on which changes are equally large everywhere. What goes together closely
  stays together in linear combinations.

Each is a plain value with tensors; `told` and `made` are inverses where windows are such as were fitted.

Source:
    Lamperti 1964, "A simple construction of certain diffusion processes": the scale of `Bars` and `Smooth`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.series.window_bars import Bars
from gansmith.modalities.series.window_coding import AbstractCoding, Kinds, Told, Values, along
from gansmith.modalities.series.window_knots import Knots

First = Float[Tensor, "batch 1 n_own"]
Later = Float[Tensor, "batch n_changes n_own"]

PARITY: Final = 1_000
"""Tolerances by which numbers differ that are told apart for certain."""
PAIR_DEGREE: Final = 9
"""Of polynomials of one or two anchors."""
TRIPLE_DEGREE: Final = 5
"""Of those of three."""


@final
class Levels(AbstractCoding):
    """Each number by itself."""

    name = "levels"

    @property
    def kinds(self) -> Kinds:
        return tuple(f"{place}/number/{step}" for place in self.places for step in range(self.n_steps))

    def told(self, values: Values) -> Told:
        return values.transpose(1, 2).flatten(1)

    def made(self, told: Told) -> Values:
        return told.unflatten(1, (len(self.places), self.n_steps)).transpose(1, 2)


@final
class Changes(AbstractCoding):
    """The first number, then the changes.

    Sums of changes come out between the numbers of a sensor; `exact` finds the one that is meant.
    """

    name = "changes"

    @property
    def kinds(self) -> Kinds:
        steps = ["first/0", *(f"change/{step}" for step in range(1, self.n_steps))]
        return tuple(f"{place}/{step}" for place in self.places for step in steps)

    def told(self, values: Values) -> Told:
        return torch.cat([values[:, :1], values.diff(dim=1)], 1).transpose(1, 2).flatten(1)

    def made(self, told: Told) -> Values:
        return told.unflatten(1, (len(self.places), self.n_steps)).cumsum(2).transpose(1, 2)

    def exact(self, values: Values) -> Values:
        return _as_read(values, self.tensors)


@final
class Moves(AbstractCoding):
    """The first number, then the sizes of the changes, then their directions, 1 or -1.

    So calm times and busy ones, and readings that repeat, lie in the correlations of sizes. A change of
    nothing has the direction of the one before it, or of the next; that of a constant window is its number's.
    """

    name = "moves"

    @property
    def kinds(self) -> Kinds:
        later = range(1, self.n_steps)
        steps = ["first/0", *(f"{one}/{step}" for one in ("size", "direction") for step in later)]
        return tuple(f"{place}/{step}" for place in self.places for step in steps)

    def told(self, values: Values) -> Told:
        changes = values.diff(dim=1)
        changes = torch.where(changes.abs() > self.tensors["tolerance"], changes, 0.0)
        parity = (values[:, :1] / self.tensors["tolerance"] / PARITY).round().remainder(2) * 2 - 1
        own = torch.where((changes == 0).all(1, keepdim=True), parity, changes.sign())
        directions = own.gather(1, _moving(changes))
        return self._joined(values[:, :1], changes.abs(), directions)

    def made(self, told: Told) -> Values:
        first, sizes, directions = self._apart(told)
        return torch.cat([first, sizes * directions], 1).cumsum(1)

    def settled(self, scores: Told, told: Told) -> Told:
        first, sizes, directions = self._apart(scores)
        return self._joined(first, sizes, directions.gather(1, _moving(self._apart(told)[1].detach())))

    def exact(self, values: Values) -> Values:
        return _as_read(values, self.tensors)

    def _apart(self, told: Told) -> tuple[First, Later, Later]:
        steps = told.unflatten(1, (len(self.places), -1)).transpose(1, 2)
        first, sizes, directions = steps.split([1, self.n_steps - 1, self.n_steps - 1], 1)
        return first, sizes, directions

    def _joined(self, first: First, sizes: Later, directions: Later) -> Told:
        return torch.cat([first, sizes, directions], 1).transpose(1, 2).flatten(1)


@final
class Anchors(AbstractCoding):
    """Polynomials of the numbers at some steps; each after the first is told as the change since the last."""

    name = "anchors"

    @property
    def kinds(self) -> Kinds:
        n_anchors = self.tensors["steps"].shape[1]
        return tuple(f"{place}/anchor/{anchor}" for place in self.places for anchor in range(n_anchors))

    def told(self, values: Values) -> Told:
        steps = self.tensors["steps"].T.expand(len(values), -1, -1)  # (batch, n_anchors, n_own)
        anchors = values.gather(1, steps)
        return torch.cat([anchors[:, :1], anchors.diff(dim=1)], 1).transpose(1, 2).flatten(1)

    def made(self, told: Told) -> Values:
        anchors = told.unflatten(1, (len(self.places), -1)).cumsum(2)
        low, high = self.tensors["low"], self.tensors["high"]  # (n_own, n_anchors)
        terms = polynomial_terms(2 * (anchors - low) / (high - low) - 1)  # (batch, n_own, n_terms)
        return torch.einsum("bok,oks->bso", terms, self.tensors["weights"].to(terms.dtype))


@final
class Smooth(AbstractCoding):
    """All numbers on a scale of their own, of mean 0 and deviation 1."""

    name = "smooth"
    is_ranked = False

    @property
    def kinds(self) -> Kinds:
        return tuple(f"{place}/number/{step}" for place in self.places for step in range(self.n_steps))

    def told(self, values: Values) -> Told:
        scaled = along(values, self.tensors["corners"], self.tensors["scale"])
        return scaled.transpose(1, 2).flatten(1)

    def made(self, told: Told) -> Values:
        scaled = told.unflatten(1, (len(self.places), self.n_steps)).transpose(1, 2)
        return along(scaled, self.tensors["scale"], self.tensors["corners"])


CODINGS: Final = {one.name: one for one in (Levels, Changes, Moves, Knots, Anchors, Bars, Smooth)}


def polynomial_terms(x: Float[Tensor, "*batch n_anchors"]) -> Float[Tensor, "*batch n_terms"]:
    """All products of powers up to the degree that goes with so many anchors.

    Example:
        >>> polynomial_terms(torch.ones(3, 2)).shape
        torch.Size([3, 55])
    """
    n_anchors = x.shape[-1]
    degree = PAIR_DEGREE if n_anchors < 3 else TRIPLE_DEGREE
    powers = [torch.ones_like(x)]
    for _ in range(degree):
        powers.append(powers[-1] * x)
    table = torch.stack(powers, -1)  # (*batch, n_anchors, degree + 1)
    chosen = [one for one in product(range(degree + 1), repeat=n_anchors) if sum(one) <= degree]
    exponents = torch.tensor(chosen).T  # (n_anchors, n_terms)
    terms = [table[..., anchor, exponents[anchor]] for anchor in range(n_anchors)]
    return torch.stack(terms).prod(0)


def _as_read(values: Values, tensors: Mapping[str, Tensor]) -> Values:
    """Numbers of coarse sensors as those that are likeliest meant."""
    meant, low, high = (tensors[name] for name in ("meant", "low", "high"))
    last = meant.shape[1] - 1
    cells = ((values - low) / (high - low) * last).round().long().clamp(0, last)
    found = meant.T.gather(0, cells.flatten(0, 1)).reshape(values.shape)
    return torch.where(tensors["is_coarse"], found, values)


def _moving(changes: Later) -> Int[Tensor, "batch n_changes n_own"]:
    """Of each change itself if it is any, else the last before it that is, else the next; else the first."""
    n = changes.shape[1]
    steps = torch.arange(n, device=changes.device)[:, None].expand_as(changes)
    before = torch.where(changes != 0, steps, -1).cummax(1).values
    after = torch.where(changes != 0, steps, n).flip(1).cummin(1).values.flip(1)
    return torch.where(before >= 0, before, torch.where(after < n, after, 0))
