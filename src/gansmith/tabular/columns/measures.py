"""Numbers, dates and times: frequent values as states of their own, the rest as quantile bins with a rank.

A number that stands out (a zero in a zero-inflated column, a cap, a sentinel such as 999) is a state, so
it comes back exactly and as often as it should. The others are spread evenly by their rank: whatever
the shape of a distribution, the networks see twenty equally likely bins and a uniform level in each.

What is kept of the others is their distribution function. Where values repeat (ages, grades) it steps at
each of them, and only such values come back. Where they hardly do (salaries with cents) it is drawn through
a few quantiles (see `distribution.py`), and numbers are made anywhere between, in the column's own precision.

What too few records share never comes out: the ends of the function are the k-th smallest and the k-th
largest real value, and where values repeat, one that fewer than k records have becomes the nearest that
enough have.

A number in a bin comes back within a millionth of what that bin spans: levels have 24 binary digits.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar, Final, Literal, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float

from gansmith.disclosure import Unit, shared_ends, usual_min_count
from gansmith.errors import DataError, UsageError
from gansmith.settings import Field, settings
from gansmith.tabular.cells import Mask, Numbers, are_missing, floats_of
from gansmith.tabular.columns.base import AbstractKind
from gansmith.tabular.columns.choices import Choices, Codes, Entries, Levels, check_missing, missing_cell
from gansmith.tabular.columns.codecs import (
    NOTHING,
    UNLIMITED,
    AbstractColumnCodec,
    Ascending,
    Counts,
    Fitting,
    Suppressed,
    counted,
)
from gansmith.tabular.columns.distribution import are_edges, has_steps, places_of, ranks, share_at, shares_at
from gansmith.tabular.columns.fractions import Shares, are_ends, with_ends, with_lost_ends
from gansmith.tabular.columns.hours import Clock, are_hours, from_open, to_open
from gansmith.tabular.columns.number_fitting import MAX_BINS, learnt_numbers
from gansmith.tabular.columns.special_values import specials, with_exact
from gansmith.tabular.conditions import Condition
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

N_LEVELS: Final = 64
"""Levels of a bin that are tried, and then moved a little, where a range is asked for."""


def to_numbers(cells: pa.Array, column: Column) -> tuple[Numbers, Mask]:
    """Cells as floats, and which are missing (where the float is zero).

    Dates become days, points in time seconds since 1970, times of day and durations seconds; of whole numbers
    beyond 2^53 the last digits are lost.
    """
    numbers, is_missing = units(cells, column)
    return numbers / measure(column).n_per_score, is_missing


def from_numbers(numbers: Numbers, is_missing: Mask, column: Column) -> pa.Array:
    """The inverse of `to_numbers`, rounded to the column's own precision and granularity."""
    return from_units(numbers * measure(column).n_per_score, is_missing, column)


@final
@settings(error=DataError)
class NumberCodec(AbstractColumnCodec):
    """States: missing (if it occurs), spikes in ascending order, then bins of equal probability."""

    name: ClassVar[str] = "number"
    values_called: ClassVar[tuple[str, str] | None] = ("number", "numbers")

    spikes: Ascending
    """Values with a state of their own, ascending."""
    knots: Ascending
    """Values at the corners of the distribution function of all other numbers, ascending."""
    shares: Ascending
    """Shares of those numbers up to each corner, ascending from 0 to 1."""
    n_quantiles: Annotated[int, Field(ge=0, le=MAX_BINS)]
    """Equally likely bins that those numbers fall into; 0 when there are none."""
    counts: Counts
    """How many records have each spike and, last, a number in a bin."""
    suppressed: Suppressed = NOTHING
    """Numbers that were too rare, or too far out, to be kept."""
    ends: Shares = ()
    """What numbers in bins have after the point, 0 to 1; empty: anything."""
    upto: Shares = ()
    """Shares of the records up to each of these."""
    hours: Shares = ()
    """Of times, the share of the records in each hour, where some are closed: see `hours.py`."""
    edges: Shares = ()
    """Shares of the numbers in bins up to the edges of these; empty: all bins are equally likely."""

    def __post_init__(self) -> None:
        if (np.diff(self.spikes) <= 0).any():
            raise DataError("a value is there twice among its 'spikes'.")
        knots, shares = self.knots, self.shares
        if len(knots) != len(shares) or (len(knots) >= 2) != (self.n_quantiles > 0) or len(knots) == 1:
            raise DataError(f"{len(knots)} 'knots', {len(shares)} 'shares', {self.n_quantiles} bins.")
        if len(knots) and not (shares[0] == 0 and 0 < shares[-1] <= 1):
            raise DataError("its 'shares' do not go from 0 up to 1 at most.")
        if not are_ends(self.ends, self.upto):
            raise DataError(f"its {len(self.ends)} 'ends' and {len(self.upto)} 'upto' do not go together.")
        if self.hours and (not are_hours(self.hours, clock_of(self.column))):
            raise DataError(f"its {len(self.hours)} 'hours' are not those of {self.column.kind}.")
        if not are_edges(self.edges, self.n_quantiles):
            raise DataError(f"its {len(self.edges)} 'edges' are not those of {self.n_quantiles} bins.")
        if len(self.counts) != len(self.spikes) + 1:
            raise DataError(f"its 'counts' are {len(self.counts)}, not {len(self.spikes) + 1}.")
        if (np.abs(np.concatenate([self.spikes, knots])) > measure(self.column).limit).any():
            raise DataError(f"a value is beyond the last {self.column.kind}.")

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> NumberCodec:
        """Find spikes, bins and the distribution function of the rest.

        Zero and one alone are no more than true and false: they always come out. Special values are spikes.
        """
        numbers, is_missing = to_numbers(cells, column)
        found = learnt_numbers(
            numbers[~is_missing], column, clock_of(column), specials_of(column), fitting.min_count
        )
        return cls(column, bool(is_missing.any()), **found)

    @property
    def n_bins(self) -> int:
        return self.n_quantiles

    @property
    def n_states(self) -> int:
        """Missing, spikes and bins; a column that never varies needs none."""
        n_states = self.has_missing + len(self.spikes) + self.n_quantiles
        return n_states if n_states > 1 else 0

    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """See the base class; numbers beyond the range of the fit are taken to its ends."""
        numbers, is_missing = self._numbers_of(column)
        n_before = self.has_missing + len(self.spikes)
        codes, levels = np.zeros(len(numbers), np.int64), np.zeros(len(numbers), np.float32)
        position = np.minimum(np.searchsorted(self.spikes, numbers), max(len(self.spikes) - 1, 0))
        is_spike = np.zeros(len(numbers), bool)
        if len(self.spikes):
            is_spike = self.spikes[position] == numbers
            if not self.n_bins:  # nothing else is known: the nearest spike
                position = np.abs(numbers[:, None] - self.spikes).argmin(1)
                is_spike = np.ones(len(numbers), bool)
            codes[is_spike] = self.has_missing + position[is_spike]
        in_bin = ~is_spike & ~is_missing
        if in_bin.any():
            inside = np.clip(numbers[in_bin], self.knots[0], self.knots[-1])
            shares = places_of(ranks(inside, self.knots, self.shares, rng), self.n_bins, self.edges)
            bins = np.clip(np.floor(shares), 0, self.n_bins - 1)
            codes[in_bin] = n_before + bins.astype(np.int64)
            levels[in_bin] = 2 * (shares - bins) - 1
        codes[is_missing], levels[is_missing] = 0, 0
        return codes, levels

    def numbers(self, codes: Codes, levels: Levels) -> tuple[Numbers, Bool[np.ndarray, " n"]]:
        """The numbers that states and levels stand for, not rounded, and which are missing."""
        is_missing = (codes == 0) if self.has_missing else np.zeros(len(codes), bool)
        states, numbers = codes - self.has_missing, np.zeros(len(codes))
        is_spike = (states < len(self.spikes)) & ~is_missing
        numbers[is_spike] = self.spikes[states[is_spike]]
        in_bin = states >= len(self.spikes)
        if self.n_bins:
            bins = states[in_bin] - len(self.spikes) + (levels[in_bin].astype(np.float64) + 1) / 2
            made = np.interp(shares_at(bins, self.n_bins, self.edges), self.shares, self.knots)
            ends = () if self._has_lost_ends else self.ends
            numbers[in_bin] = with_ends(made, levels[in_bin], ends, self.upto, self.knots[[0, -1]])
        return numbers, is_missing

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        numbers, is_missing = self.numbers(codes, levels)
        if self._has_lost_ends:
            draws = made.part("ends").uniform(made.numbers(len(codes)))
            known = np.concatenate([self.spikes, self.knots])
            is_open = ~np.isin(numbers, specials_of(self.column))
            span = float(known.min()), float(known.max())
            numbers[is_open] = with_lost_ends(numbers[is_open], draws[is_open], self.ends, self.upto, span)
        return self._as_cells(numbers, is_missing)

    @property
    def _has_lost_ends(self) -> bool:
        """Whether `ends` are those of numbers that are not made themselves."""
        return bool(self.ends) and has_steps(self.knots)

    def describe(self) -> str:
        spikes = counted(len(self.spikes), "distinct value", "distinct values") if len(self.spikes) else ""
        bins = counted(self.n_bins, "quantile bin", "quantile bins") if self.n_bins else ""
        return ", ".join(part for part in (spikes, bins) if part)

    def rare(self) -> Suppressed:
        return self.suppressed

    def knows(self, cells: pa.Array) -> Mask:
        numbers, is_missing = self._numbers_of(cells)
        is_known = np.isin(numbers, self.spikes)
        if self.n_bins:
            is_known |= (self.knots[0] <= numbers) & (numbers <= self.knots[-1])
        return is_known & ~is_missing

    def features(self, codes: Codes, levels: Levels) -> tuple[Float[np.ndarray, " n"], bool]:
        numbers, is_missing = self.numbers(codes, levels)
        return np.where(is_missing, np.nan, numbers), False

    def choices(self, condition: Condition) -> Choices:
        check_missing(condition, self.has_missing)
        parts = [missing_cell(condition, float(self.counts.sum()))] if self.has_missing else []
        parts += self._ranged(condition) if condition.values is None else [self._listed(condition)]
        return Choices.among(parts, condition, self._what_is_known(), self._cells)

    def _listed(self, condition: Condition) -> Entries:
        """The numbers that a condition lists.

        Raises:
            UsageError: When one of them is beyond what was learnt.
        """
        cells = condition.named.drop_null()
        numbers, _ = self._numbers_of(cells)
        for number, cell in zip(numbers, cells, strict=True):
            self._check(float(number), cell)
        codes, levels = self.encode(cells, np.random.default_rng(0))
        steps = [self._share(number, "right") - self._share(number, "left") for number in numbers]
        weights = 0.5 + np.array(steps) * self.counts[-1]
        is_spike = np.isin(numbers, self.spikes)
        weights[is_spike] = self.counts[np.searchsorted(self.spikes, numbers[is_spike])]
        return Entries.singles(codes, weights, cells, levels)

    def _ranged(self, condition: Condition) -> list[Entries]:
        """All single values, and the bins as far as the range reaches into them."""
        n_spikes = len(self.spikes)
        states, weights = self.has_missing + np.arange(n_spikes), self.counts[:-1].astype(float)
        parts = [Entries.singles(states, weights, self._as_cells(self.spikes))]
        if not self.n_bins:
            return parts
        low, high = places_of(np.array(self._shares_between(condition)), self.n_bins, self.edges)
        first = min(int(low), self.n_bins - 1)
        last = min(max(int(np.ceil(high)), first + 1), self.n_bins)
        for place in range(first, last):
            begin, end = max(low, place), min(high, place + 1)
            width = max(end - begin, 1e-9)
            levels = 2 * (begin - place + width * (np.arange(N_LEVELS) + 0.5) / N_LEVELS) - 1
            levels = np.clip(levels, -1, 1).astype(np.float32)
            codes = np.full(N_LEVELS, self.has_missing + n_spikes + place)
            widths = np.full(N_LEVELS, 2 * width / N_LEVELS, np.float32)
            share = np.diff(shares_at(np.array([place, place + 1.0]), self.n_bins, self.edges)) * width
            weights = np.full(N_LEVELS, self.counts[-1] * share / N_LEVELS)
            parts.append(Entries(codes, levels, widths, weights, self._cells(codes, levels)))
        if not any(condition.holds(part.cells).any() for part in parts):  # narrower than any step of levels
            parts.append(self._ends(condition))
        return parts

    def _shares_between(self, condition: Condition) -> tuple[float, float]:
        """The part of the distribution function between the ends of the range."""
        low, high = 0.0, 1.0
        for operator, end in condition.bounds:
            number = self._numbers_of(pa.array([end.as_py()], end.type))[0][0]
            if operator.startswith(">"):
                low = max(low, self._share(number, "left"))
            else:
                high = min(high, self._share(number, "right"))
        return low, max(low, high)

    def _share(self, number: float, side: Literal["left", "right"]) -> float:
        """The distribution function at a number, on one side of its step if there is one."""
        if not self.n_bins:
            return 0.0
        return share_at(number, self.knots, self.shares, side)

    def _ends(self, condition: Condition) -> Entries:
        """The ends of a range, those that lie within what was learnt."""
        cells = pa.array([end.as_py() for _, end in condition.bounds], condition.column.arrow_type)
        numbers, _ = self._numbers_of(cells)
        cells = cells.filter(pa.array((numbers >= self.knots[0]) & (numbers <= self.knots[-1])))
        codes, levels = self.encode(cells, np.random.default_rng(0))
        return Entries.singles(codes, np.ones(len(cells)), cells, levels)

    def _check(self, number: float, cell: pa.Scalar) -> None:
        known = np.concatenate([self.spikes, self.knots])
        if not len(known):
            raise UsageError(f"column {self.column.name!r} has no values, only missing cells.")
        if not known.min() <= number <= known.max() or (not self.n_bins and number not in self.spikes):
            nearest = self._as_cells(known[[np.abs(known - number).argmin()]])[0]
            raise UsageError(
                f"column {self.column.name!r} has no value {cell.as_py()}: {self._what_is_known()} "
                f"The nearest is {nearest.as_py()}."
            )

    def _what_is_known(self) -> str:
        known = np.concatenate([self.spikes, self.knots])
        if not len(known):
            return "it has no values, only missing cells."
        low, high = map(str, self._as_cells(np.array([known.min(), known.max()])).to_pylist())
        return f"it was learnt from {low} to {high}."

    def _cells(self, codes: Codes, levels: Levels) -> pa.Array:
        return self._as_cells(*self.numbers(codes, levels))

    def _as_cells(self, numbers: Numbers, is_missing: Mask | None = None) -> pa.Array:
        missing = np.zeros(len(numbers), bool) if is_missing is None else is_missing
        return from_numbers(self._in(from_open, numbers), missing, self.column)

    def _numbers_of(self, cells: pa.Array) -> tuple[Numbers, Mask]:
        numbers, is_missing = to_numbers(cells, self.column)
        return self._in(to_open, numbers), is_missing

    def _in(self, time: Callable[..., Numbers], numbers: Numbers) -> Numbers:
        """Numbers in the time of open hours, or in usual time again; special ones stay."""
        changed = time(numbers, self.hours, clock_of(self.column))
        return np.where(np.isin(numbers, specials_of(self.column)), numbers, changed)


class AbstractMeasure(AbstractKind):
    """A kind whose values lie on a line: numbers, dates and times."""

    codec: ClassVar[type[AbstractColumnCodec]] = NumberCodec
    is_measure: ClassVar[bool] = True
    ticks: ClassVar[float] = 1.0
    """Microseconds of its unit, where it is a time."""
    n_per_score: ClassVar[float] = 1.0
    """How many of its units one of those is that scores and codecs count in."""
    scale: ClassVar[Literal["days", "seconds"] | None] = None
    """What points in time are counted in."""
    limit: ClassVar[float] = np.inf
    """The largest number that a codec may hold of it."""

    def clock(self, column: Column) -> Clock | None:
        """How its values tell the time; None: they are none."""
        return None

    def step(self, column: Column) -> float:
        """The distance of neighbouring values in the kind's unit; 0 where there is none."""
        return 1.0

    @abstractmethod
    def from_units(self, numbers: Numbers, missing: Mask, column: Column) -> pa.Array:
        """Numbers in the kind's unit as cells, each the nearest that the column can hold."""

    @final
    def holds(self, cells: pa.ChunkedArray, column: Column) -> str:
        """Between what the values lie, as far as that may be printed; else how many there are."""
        numbers, is_missing = to_numbers(cells.combine_chunks(), column)
        unit: Unit = self.scale or ("number" if self.n_per_score == 1 else "clock")
        ends = shared_ends(numbers[~is_missing], usual_min_count(len(cells)), unit)
        if ends is None:
            return "" if is_missing.all() else super().holds(cells, column)
        found = from_numbers(np.array([ends.low, ends.high]), np.zeros(2, bool), column)
        low, high = self.spell(found.cast(cells.type), column).to_pylist()
        if low == high:
            return f"mostly {low}"
        return f"{'' if ends.is_exact else 'about '}{low} to {high}"


def measure(column: Column) -> AbstractMeasure:
    """The kind of a column whose values lie on a line."""
    kind = column.traits
    assert isinstance(kind, AbstractMeasure)
    return kind


def clock_of(column: Column) -> Clock | None:
    """How the values of a measure tell the time; None: they are none."""
    return measure(column).clock(column)


def specials_of(column: Column) -> Numbers:
    """The special values of a measure as `to_numbers` gives them."""
    return to_numbers(specials(column), column)[0] if column.special else np.zeros(0)


def units(cells: pa.Array, column: Column, *, is_mixed: bool = False) -> tuple[Numbers, Mask]:
    """Numbers as they are, dates in days, other times in microseconds; and which are missing (there: 0).

    Args:
        cells: Of the column.
        column: A measure.
        is_mixed: Whether days are wanted in microseconds, too.
    """
    missing = are_missing(cells)
    numbers = np.where(missing, 0.0, floats_of(cells))
    return numbers * (measure(column).ticks if is_mixed else 1), missing


def from_units(numbers: Numbers, missing: Mask, column: Column, *, is_mixed: bool = False) -> pa.Array:
    """The inverse of `units`, to the nearest value that the column can hold."""
    in_own = numbers / (measure(column).ticks if is_mixed else 1)
    cells = measure(column).from_units(np.where(missing, 0.0, in_own), missing, column)
    return with_exact(cells, in_own, column) if column.special else cells


def step_of(column: Column, *, is_mixed: bool = False) -> float:
    """The distance of neighbouring values in `units`; 0 where there is none."""
    return measure(column).step(column) * (measure(column).ticks if is_mixed else 1)
