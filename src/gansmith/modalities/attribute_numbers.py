"""Attributes that are numbers: bins to count, values within them to draw, ranges to ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, final

import numpy as np

from gansmith.disclosure import shared_ends, usual_min_count
from gansmith.errors import DataError, UsageError
from gansmith.modalities.attribute_columns import (
    Asked,
    Codes,
    Encoded,
    Pieces,
    contradiction,
    is_unknown,
    unknown_state,
    unknown_words,
)
from gansmith.modalities.attribute_tree import Counts
from gansmith.tabular.where import Term

LEVELS: Final = (0.005, 0.02, 0.05, 0.11, 0.19, 0.29, 0.39, 0.5, 0.61, 0.71, 0.81, 0.89, 0.95, 0.98, 0.995)
"""Shares of the records below the inner edges; close at both ends, where values are far apart."""
N_BINS: Final = len(LEVELS) + 1
MIN_PER_BIN: Final = 5
"""Records."""
MAX_NUMBER: Final = 1e30
"""Of an attribute, so that its square is a number too."""
MAX_DECIMALS: Final = 6
"""Numbers with more are drawn with all digits."""
POINT_OF_A_BIN: Final = 1e-3
"""Share of a bin that a single value of it counts for, where numbers have all digits."""


@final
@dataclass(frozen=True)
class Numbers:
    """An attribute that is measured.

    A value that more than one in `N_BINS` records has is a bin of its own, such as the 0 of what most do not
    have; the others are parted into bins at certain quantiles. Within its bin
    a value may be anywhere with the same chance.
    """

    name: str
    mean: float
    deviation: float
    """Standard deviation."""
    decimals: int | None
    """That values have at most; None: any number of them."""
    points: tuple[float, ...]
    """Values that are a bin each, sorted."""
    edges: tuple[float, ...]
    """Of the other bins; each begins at one edge and ends before the next, the last one at it. Or none."""
    has_unknown: bool
    """Whether some records had none: one more state."""

    @classmethod
    def fit(cls, name: str, column: np.ndarray) -> Numbers:
        """The bins of the values that are known.

        Raises:
            DataError: A value is infinite or enormous.
        """
        known = column[~np.isnan(column)].astype(float)
        if len(known) and not (size := np.abs(known).max()) <= MAX_NUMBER:
            raise DataError(f"attribute {name!r}: {size:g} is too large. Leave it out, or scale it.")
        values, counts = np.unique(known, return_counts=True)
        is_point = counts * N_BINS > len(known) if len(values) > N_BINS else np.ones(len(values), bool)
        points, decimals = values[is_point], _decimals(values)
        rest = known[~np.isin(known, points)]
        edges = _edges(rest) if len(rest) else ()
        mean, deviation = (known.mean(), known.std()) if len(known) else (0.0, 0.0)
        has_unknown = len(known) < len(column)
        shown = float(mean), float(deviation) or 1.0
        return cls(name, *shown, decimals, tuple(points.tolist()), edges, has_unknown)

    @property
    def n_bins(self) -> int:
        """States but for the unknown."""
        return len(self.points) + max(0, len(self.edges) - 1)

    @property
    def n_states(self) -> int:
        """Those of all records."""
        return self.n_bins + self.has_unknown

    @property
    def width(self) -> int:
        """Numbers that networks see."""
        return 2

    def codes(self, column: np.ndarray) -> Codes:
        """States; -1 is a value that is in no bin."""
        codes = np.full(len(column), -1)
        if self.edges:
            bins = np.searchsorted(self.edges, column, "right") - 1
            bins = np.where(column == self.edges[-1], len(self.edges) - 2, bins)
            is_in = (bins >= 0) & (bins < len(self.edges) - 1)
            codes[is_in] = bins[is_in] + len(self.points)
        for place, point in enumerate(self.points):
            codes[column == point] = place
        if self.has_unknown:
            codes[np.isnan(column)] = self.n_bins
        return codes

    def encode(self, column: np.ndarray) -> Encoded:
        """The standardised value, and 1 where it is known; both 0 where it is not."""
        if column.dtype.kind not in "fiu":
            raise DataError(f"attribute {self.name!r} holds texts, but numbers were learnt. Give numbers.")
        is_known = np.isfinite(column)
        value = np.where(is_known, column, self.mean)
        return np.stack([(value - self.mean) / self.deviation, is_known], 1).astype(np.float32)

    def decode(self, encoded: Encoded) -> np.ndarray:
        """The value with its decimals, NaN where it is less likely known than not."""
        values = encoded[:, 0].astype(float) * self.deviation + self.mean
        values = values if self.decimals is None else np.round(values, self.decimals)
        return np.where(encoded[:, 1] < 0.5, np.nan, values)

    def draw(self, codes: Codes, rng: np.random.Generator, asked: Asked | None) -> np.ndarray:
        """A value in each state, anywhere in its bin, or where a condition leaves it."""
        pieces = asked.pieces if asked and asked.pieces else self._whole
        return pieces.draw(codes, rng, self.decimals)

    @cached_property
    def _whole(self) -> Pieces:
        return Pieces.of([(state, low, high, 1.0) for state, (low, high) in enumerate(self._bins)])

    @cached_property
    def _bins(self) -> list[tuple[float, float]]:
        """Both ends of each bin, included."""
        last = len(self.edges) - 2
        ends = [
            (low, high if place == last else math.nextafter(high, -math.inf))
            for place, (low, high) in enumerate(pairwise(self.edges))
        ]
        return [*((point, point) for point in self.points), *(self._snapped(*pair) for pair in ends)]

    def _snapped(self, low: float, high: float) -> tuple[float, float]:
        """The first and the last value with so many decimals between these ends."""
        if self.decimals is None:
            return low, high
        steps = 10.0**self.decimals
        first, last = math.ceil(low * steps - 0.5), math.floor(high * steps + 0.5)
        return (first + (first / steps < low)) / steps, (last - (last / steps > high)) / steps

    def _size(self, low: float, high: float) -> float:
        """Of part of a bin, for comparison with the whole."""
        if self.decimals is None:
            return high - low
        return round((high - low) * 10.0**self.decimals) + 1

    def asked(self, terms: Sequence[Term]) -> Asked:
        """What these conditions leave of it.

        Raises:
            UsageError: A value is no number, or nothing that was learnt is left.
        """
        low, high, wanted, excluded = -math.inf, math.inf, list[float](), list[float]()
        for term in terms:
            values = [self._value(term.operator, value) for value in term.values]
            if term.operator in (">", ">="):
                ends = [
                    math.nextafter(value, math.inf) if term.operator == ">" else value for value in values
                ]
                low = max(low, *ends)
            elif term.operator in ("<", "<="):
                ends = [
                    math.nextafter(value, -math.inf) if term.operator == "<" else value for value in values
                ]
                high = min(high, *ends)
            else:
                (wanted if term.operator == "=" else excluded).extend(values)
        if wanted:
            fitting = (one for one in wanted if low <= one <= high and one not in excluded)
            found = Pieces.of([self._point(value) for value in sorted(set(fitting))])
        else:
            found = Pieces.of(self._parts(low, high, excluded))
        is_ranged = math.isfinite(low) or math.isfinite(high)
        takes_unknown = any(map(math.isnan, wanted)) or (
            not wanted and not is_ranged and not any(map(math.isnan, excluded))
        )
        return self._left(terms, found, takes_unknown=takes_unknown and self.has_unknown)

    def _left(self, terms: Sequence[Term], found: Pieces, *, takes_unknown: bool) -> Asked:
        weights = found.by_state(self.n_states)
        is_point = (found.lows == found.highs).astype(float)
        likeness = np.maximum(weights, np.bincount(found.states, is_point, self.n_states) > 0)
        if takes_unknown:
            weights[-1] = likeness[-1] = 1
        if not weights.any():
            raise UsageError(f"{contradiction(terms)} {self._extent}")
        return Asked(weights, likeness, found)

    def _point(self, value: float) -> tuple[int, float, float, float]:
        """A single value as a piece of its bin."""
        state = int(self.codes(np.array([value]))[0])
        low, high = self._bins[state]
        return state, value, value, 1.0 if low == high else self._share_of_a_point(low, high)

    def _share_of_a_point(self, low: float, high: float) -> float:
        return POINT_OF_A_BIN if self.decimals is None else 1 / self._size(low, high)

    def _parts(
        self, low: float, high: float, excluded: Sequence[float]
    ) -> list[tuple[int, float, float, float]]:
        """What is left of each bin."""
        found: list[tuple[int, float, float, float]] = []
        for state, (first, last) in enumerate(self._bins):
            left = [(max(low, first), min(high, last))]
            for value in excluded:
                left = [part for whole in left for part in _without(*whole, value)]
            for one, other in left:
                one, other = self._snapped(one, other) if first < last and one <= other else (one, other)
                if one <= other:
                    share = 1.0 if first == last else self._size(one, other) / self._size(first, last)
                    share = self._share_of_a_point(first, last) if first < last and one == other else share
                    found.append((state, one, other, share))
        return found

    def _value(self, operator: str, value: Any) -> float:
        if is_unknown(value):
            if operator not in ("=", "!="):
                raise UsageError(f"attribute {self.name!r}: {operator!r} needs a number.")
            unknown_state(self.name, self.n_states, has_unknown=self.has_unknown)
            return math.nan
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise UsageError(f"attribute {self.name!r} is a number, and {value!r} is none. {self._extent}")
        if operator == "=" and self.codes(np.array([number]))[0] < 0:
            raise UsageError(f"attribute {self.name!r}: {number:g} was not learnt. {self._extent}")
        return number

    @property
    def _extent(self) -> str:
        """What was learnt, in a sentence."""
        if not self.edges:
            listed = ", ".join(f"{value:g}" for value in self.points)
            return f"Learnt were {listed or 'no numbers'}. Ask for one of these."
        low, high = (choose(*self.points, *self.edges) for choose in (min, max))
        points = [f"{value:g}" for value in self.points if value < self.edges[0] or value > self.edges[-1]]
        alone = f", where {', '.join(points)} stand alone" if points else ""
        return f"Learnt were values from {low:g} to {high:g}{alone}. Ask for some of these."

    def described(self, counts: Counts) -> str:
        """What was learnt, in words; the ends are such as enough records lie beyond."""
        n_enough = usual_min_count(int(counts.sum()))
        lows, highs = [*self.points, *self.edges[1:]], [*self.points, *self.edges[:-1]]
        sides = [shared_ends(np.repeat(side, counts[: self.n_bins]), n_enough) for side in (lows, highs)]
        low, high = sides[0] and sides[0].low, sides[1] and sides[1].high
        extent = f"about {low:g} to {high:g}, " if low is not None and high is not None else ""
        unknown = unknown_words(counts, self.has_unknown)
        return f"{extent}mean {self.mean:.4g}, deviation {self.deviation:.4g}{unknown}"


def _without(low: float, high: float, value: float) -> list[tuple[float, float]]:
    """What is left of a range without one value."""
    if math.isnan(value) or not low <= value <= high:
        return [(low, high)]
    return [(low, math.nextafter(value, -math.inf)), (math.nextafter(value, math.inf), high)]


def _edges(values: np.ndarray) -> tuple[float, ...]:
    """Edges of bins, none of them empty and none of too few records."""
    n, last = len(values), 0.0
    levels = [0.0]
    for level in LEVELS:
        if level * n - last >= MIN_PER_BIN and n - level * n >= MIN_PER_BIN:
            levels.append(level)
            last = level * n
    edges = np.unique(np.quantile(values, [*levels, 1.0]))
    if len(edges) == 1:  # so few are left that all are the same
        return (float(edges[0]), math.nextafter(float(edges[0]), math.inf))
    counts, _ = np.histogram(values, edges)
    return tuple(edges[np.append(counts > 0, True)].tolist())


def _decimals(values: np.ndarray) -> int | None:
    """The fewest decimals that all values can be written with."""
    for decimals in range(MAX_DECIMALS + 1):
        steps = 10.0**decimals
        if np.abs(values).max(initial=0) * steps > 2**50:
            return None
        if (np.rint(values * steps) / steps == values).all():
            return decimals
    return None
