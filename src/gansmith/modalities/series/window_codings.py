"""How the numbers of a window are told by fewer or plainer ones, and made of these again.

- `Levels`: each number by itself, where it hardly depends on the one before (counts, volumes, noise).
- `Changes`: the first number, then the changes.
- `Moves`: the first number, then sizes and directions of the changes (sensors, whose readings often repeat).
- `Knots`: the same of the numbers at knots that lie equally far apart, with straight lines between them, and
  where in the window the first knot lies (hourly weather in ten-minute data).
- `Anchors`: some of the numbers, of which all the others are polynomials (smooth curves).
- `Smooth`: all numbers on a scale on which changes are equally large everywhere. What goes together closely
  (open, high, low and close) stays together in linear combinations.

Each is a plain value with tensors; `told` and `made` are inverses where windows are such as were fitted.

Source:
    Lamperti 1964, "A simple construction of certain diffusion processes": the scale of `Smooth`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import ClassVar, Final, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

Values = Float[Tensor, "batch n_steps n_own"]
First = Float[Tensor, "batch 1 n_own"]
Later = Float[Tensor, "batch n_changes n_own"]
Told = Float[Tensor, "batch n_told"]
Kinds = tuple[str, ...]

PARITY: Final = 1_000
"""Tolerances by which numbers differ that are told apart for certain."""
PAIR_DEGREE: Final = 9
"""Of polynomials of one or two anchors."""
TRIPLE_DEGREE: Final = 5
"""Of those of three."""


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

    @property
    def owners(self) -> tuple[int, ...]:
        """The measure that each number told belongs to; -1 for all of them."""
        own = [kind.split("/")[0] for kind in self.kinds]
        return tuple(int(one) for one in own)

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

    @cached_property
    def positions(self) -> Float[Tensor, "period n_steps"]:
        """Where each step lies between knots, in periods, where the first knot lies at step 1, 2, ..."""
        firsts = torch.arange(1, self.period + 1, device=self._device)[:, None]
        return (torch.arange(self.n_steps, device=self._device) - firsts) / self.period + 1

    def told(self, values: Values) -> Told:
        tolerance = self.tensors["tolerance"].to(values.dtype)
        firsts, _ = first_knots(values, self.period, tolerance)
        at = firsts[:, None] + self.period * (
            torch.arange(self.n_knots, device=self._device) - 1
        )  # (batch, n_knots) steps
        near = at.clamp(0, self.n_steps - 1)
        # Lines go on beyond the window with the slope of their last step in it.
        inner = torch.where(at < 0, 0, (near - 1).clamp(0, self.n_steps - 2))
        slopes = _at(values.diff(dim=1), inner)
        knots = _at(values, near) + slopes * (at - near)[..., None]
        lines = torch.where(self.tensors["restless"], knots[:, 1:], knots.diff(dim=1))
        changes = _at(lines, self._lines(firsts))
        told = torch.cat([knots[:, :1], changes], 1).transpose(1, 2).flatten(1)
        return torch.cat([told, firsts[:, None].to(values.dtype)], 1)

    def made(self, told: Told) -> Values:
        own = told[:, :-1].unflatten(1, (len(self.places), self.n_knots)).transpose(1, 2)
        knots = torch.where(self.tensors["restless"], own, own.cumsum(1))
        knots = torch.minimum(torch.maximum(knots, self.tensors["low"]), self.tensors["high"])
        firsts = told[:, -1].detach().round().long().clamp(1, self.period)
        positions = self.positions[firsts - 1]  # (batch, n_steps)
        left = positions.floor().long().clamp(0, self.n_knots - 2)
        low, high = _at(knots, left), _at(knots, left + 1)
        return low + (high - low) * (positions - left)[..., None]

    def settled(self, scores: Told, told: Told) -> Told:
        own = scores[:, :-1].unflatten(1, (len(self.places), self.n_knots)).transpose(1, 2)
        firsts = told[:, -1].detach().round().long().clamp(1, self.period)
        changes = _at(own[:, 1:], self._lines(firsts))
        return torch.cat([torch.cat([own[:, :1], changes], 1).transpose(1, 2).flatten(1), scores[:, -1:]], 1)

    def _lines(self, firsts: Int[Tensor, " batch"]) -> Int[Tensor, "batch n_lines"]:
        """The lines of a window; one that lies behind it is told as the last one in it."""
        last = (self.n_steps - 2 - firsts).div(self.period, rounding_mode="floor") + 1
        return torch.minimum(torch.arange(self.n_knots - 1, device=self._device), last[:, None])


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
        scaled = _along(values, self.tensors["corners"], self.tensors["scale"])
        return scaled.transpose(1, 2).flatten(1)

    def made(self, told: Told) -> Values:
        scaled = told.unflatten(1, (len(self.places), self.n_steps)).transpose(1, 2)
        return _along(scaled, self.tensors["scale"], self.tensors["corners"])


CODINGS: Final = {one.name: one for one in (Levels, Changes, Moves, Knots, Anchors, Smooth)}


def first_knots(
    values: Values, period: int, tolerance: Float[Tensor, " n_own"]
) -> tuple[Int[Tensor, " batch"], Int[Tensor, " batch"]]:
    """Where the first knot of each window lies, 1 to `period`, and how many bends lie at no knot."""
    bends = (values.diff(n=2, dim=1).abs() > tolerance).sum(2)  # (batch, n_steps - 2): at steps 1, 2, ...
    padded = torch.nn.functional.pad(bends, (0, -bends.shape[1] % period))
    at = padded.unflatten(1, (-1, period)).sum(1)  # (batch, period)
    most, place = at.max(1)
    return place + 1, bends.sum(1) - most


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


def _at(values: Values, steps: Int[Tensor, "batch n_at"]) -> Float[Tensor, "batch n_at n_own"]:
    """All measures at steps of each window's own."""
    return values.gather(1, steps[..., None].expand(-1, -1, values.shape[2]))


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


def _along(x: Values, from_corners: Tensor, to_corners: Tensor) -> Values:
    """Along straight lines through corners, one set for each measure, beyond the outer ones too."""
    flat = x.flatten(0, 1).T.contiguous().float()  # (n_own, n)
    left = (torch.searchsorted(from_corners, flat.detach()) - 1).clamp(0, from_corners.shape[1] - 2)
    x0, x1 = from_corners.gather(1, left), from_corners.gather(1, left + 1)
    y0, y1 = to_corners.gather(1, left), to_corners.gather(1, left + 1)
    return (y0 + (flat - x0) * (y1 - y0) / (x1 - x0)).T.reshape(x.shape)
