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

from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float

from gansmith.errors import DataError
from gansmith.tabular.columns import rare
from gansmith.tabular.columns.base import AbstractColumnCodec, Ascending, Codes, Counts, Levels
from gansmith.tabular.columns.distribution import distribution, repeat
from gansmith.tabular.columns.rare import Numbers
from gansmith.tabular.constraints.cells import floats_of, from_units, mask_of
from gansmith.tabular.schema import Column
from gansmith.settings import Annotated, Field, settings

MAX_BINS: Final = 20
MIN_RECORDS_PER_BIN: Final = 25
MAX_PLAIN_VALUES: Final = 30
"""A column of so few distinct values has a state for each of them."""
MIN_SPIKE_SHARE: Final = 0.01
"""A value that so many records have is a state of its own."""
MIN_SPIKE_COUNT: Final = 10
_LIMITS: Final = {
    "date": 2.0**31 - 1, "datetime": 2.0**63 / 1e6 - 1, "time": 86400 - 1e-6, "duration": 2.0**63 / 1e6 - 1,
}  # fmt: skip
"""Days and seconds that the types of times can hold."""
_IN_SECONDS: Final = {"datetime": pa.timestamp("us"), "time": pa.time64("us"), "duration": pa.duration("us")}


def to_numbers(column: pa.Array, schema: Column) -> tuple[Numbers, Bool[np.ndarray, " n"]]:
    """A column as floats, and which cells are missing (where the float is zero).

    Dates become days, points in time seconds since 1970, times of day and durations seconds; of whole numbers
    beyond 2^53 the last digits are lost.
    """
    is_missing = mask_of(pc.is_null(column))
    numbers = np.where(is_missing, 0.0, floats_of(column))
    return (numbers / 1e6 if schema.kind in _IN_SECONDS else numbers), is_missing


def from_numbers(numbers: Numbers, is_missing: Bool[np.ndarray, " n"], schema: Column) -> pa.Array:
    """The inverse of `to_numbers`, rounded to the column's own precision and granularity."""
    if schema.kind in ("decimal", "date"):
        return from_units(numbers, is_missing, schema)
    if schema.kind == "integer":
        return pa.array(_whole(numbers, schema.arrow_type.to_pandas_dtype()), mask=is_missing)
    step = schema.granularity_seconds
    microseconds = np.rint(numbers / step) * step * 1e6 if step else numbers * 1e6
    return pa.array(np.rint(microseconds).astype(np.int64), mask=is_missing).cast(_IN_SECONDS[schema.kind])


def _whole(numbers: Numbers, type: Any) -> np.ndarray:
    """Rounded, in a type of whole numbers; a double next to its largest may lie beyond it."""
    limits = np.iinfo(type)
    low, high = float(limits.min), float(limits.max)
    if int(high) > limits.max:
        high = float(np.nextafter(high, 0.0))
    return np.clip(np.rint(numbers), low, high).astype(type)


@final
@settings(error=DataError)
class NumberCodec(AbstractColumnCodec):
    """States: missing (if it occurs), spikes in ascending order, then bins of equal probability."""

    name: ClassVar[str] = "number"

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
    suppressed: rare.Suppressed = rare.NOTHING
    """Numbers that were too rare, or too far out, to be kept."""

    def __post_init__(self) -> None:
        if (np.diff(self.spikes) <= 0).any():
            raise DataError("a value is there twice among its 'spikes'.")
        knots, shares, limit = self.knots, self.shares, _LIMITS.get(self.column.kind, np.inf)
        if len(knots) != len(shares) or (len(knots) >= 2) != (self.n_quantiles > 0) or len(knots) == 1:
            raise DataError(f"{len(knots)} 'knots', {len(shares)} 'shares', {self.n_quantiles} bins.")
        if len(knots) and not (shares[0] == 0 and 0 < shares[-1] <= 1):
            raise DataError("its 'shares' do not go from 0 up to 1 at most.")
        if len(self.counts) != len(self.spikes) + 1:
            raise DataError(f"its 'counts' are {len(self.counts)}, not {len(self.spikes) + 1}.")
        if (np.abs(np.concatenate([self.spikes, knots])) > limit).any():
            raise DataError(f"a value is beyond the last {self.column.kind}.")

    @classmethod
    def fit(cls, column: pa.Array, schema: Column, min_count: int = 1) -> NumberCodec:
        """Find spikes, bins and the distribution function of the rest.

        Args:
            column: Nulls for missing cells.
            schema: What the column is.
            min_count: Records that must share a number, or lie beyond it, before it comes out. Zero and one
                alone are no more than true and false, and always do.
        """
        numbers, is_missing = to_numbers(column, schema)
        if schema.kind == "decimal" and schema.decimals >= 0:  # sums of cents are not always whole cents
            numbers = np.round(numbers, schema.decimals)
        values, counts = np.unique(numbers[~is_missing], return_counts=True)
        became, spikes = _shared(values, counts, min_count)
        suppressed = rare.Suppressed.of(became != values, counts)
        if np.isnan(became).all():  # nothing may come out
            nothing, none = np.zeros(0), np.zeros(1, np.int64)
            return cls(schema, bool(is_missing.any()), nothing, nothing, nothing, 0, none, suppressed)
        values, counts = rare.merged(became, counts)
        is_spike = np.isin(values, spikes)
        rest, n_rest = values[~is_spike], counts[~is_spike]
        knots, shares = distribution(rest, n_rest, min_count)
        n_bins = int(np.clip(n_rest.sum() // MIN_RECORDS_PER_BIN, 1, MAX_BINS)) if len(rest) else 0
        has_missing, n_each = bool(is_missing.any()), np.append(counts[is_spike], n_rest.sum())
        return cls(schema, has_missing, values[is_spike], knots, shares, n_bins, n_each, suppressed)

    @property
    def n_bins(self) -> int:
        """See the base class."""
        return self.n_quantiles

    @property
    def n_states(self) -> int:
        """Missing, spikes and bins; a column that never varies needs none."""
        n_states = self.has_missing + len(self.spikes) + self.n_quantiles
        return n_states if n_states > 1 else 0

    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """See the base class; numbers beyond the range of the fit are taken to its ends."""
        numbers, is_missing = to_numbers(column, self.column)
        return self.encode_numbers(numbers, is_missing, rng)

    def encode_numbers(
        self, numbers: Numbers, is_missing: Bool[np.ndarray, " n"], rng: np.random.Generator
    ) -> tuple[Codes, Levels]:
        """`encode` for numbers that have been taken out of their column."""
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
            shares = self._to_shares(inside, rng) * self.n_bins
            bins = np.clip(np.floor(shares), 0, self.n_bins - 1)
            codes[in_bin] = n_before + bins.astype(np.int64)
            levels[in_bin] = 2 * (shares - bins) - 1
        codes[is_missing] = 0
        levels[is_missing] = 0
        return codes, levels

    def numbers(self, codes: Codes, levels: Levels) -> tuple[Numbers, Bool[np.ndarray, " n"]]:
        """The numbers that states and levels stand for, not rounded, and which are missing."""
        is_missing = (codes == 0) if self.has_missing else np.zeros(len(codes), bool)
        states = codes - self.has_missing
        numbers = np.zeros(len(codes))
        is_spike = (states < len(self.spikes)) & ~is_missing
        numbers[is_spike] = self.spikes[states[is_spike]]
        in_bin = states >= len(self.spikes)
        if self.n_bins:
            bins = states[in_bin] - len(self.spikes) + (levels[in_bin].astype(np.float64) + 1) / 2
            numbers[in_bin] = np.interp(bins / self.n_bins, self.shares, self.knots)
        return numbers, is_missing

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """See the base class."""
        return from_numbers(*self.numbers(codes, levels), self.column)

    def numbers_as_cells(self, numbers: Numbers) -> pa.Array:
        """Numbers as cells of the column's own type and precision."""
        return from_numbers(numbers, np.zeros(len(numbers), bool), self.column)

    def _to_shares(self, numbers: Numbers, rng: np.random.Generator) -> Numbers:
        """Ranks in [0, 1]; a number that many records share gets a random place among them."""
        left = np.searchsorted(self.knots, numbers, "left")
        right = np.searchsorted(self.knots, numbers, "right")
        at_knot = left < right
        last = len(self.knots) - 1
        low, high = self.shares[np.minimum(left, last)], self.shares[np.maximum(right - 1, 0)]
        places = rng.uniform(0.01, 0.99, len(numbers))  # off the edges: floats are coarse
        spread = low + (high - low) * places
        return np.where(at_knot, spread, np.interp(numbers, self.knots, self.shares))


def find_spikes(values: Numbers, counts: Codes) -> Bool[np.ndarray, " n"]:
    """Which distinct values deserve a state of their own.

    All of them when they are few; otherwise those that one record in a hundred has, and those that occur
    ten times as often as their neighbours (a sentinel, a round number, a cap).

    Args:
        values: Distinct values, ascending.
        counts: How often each occurs.
    """
    if len(values) <= MAX_PLAIN_VALUES:
        return np.ones(len(values), bool)
    is_common = counts >= max(MIN_SPIKE_COUNT, MIN_SPIKE_SHARE * counts.sum())
    usual = np.array(
        [np.median(counts[max(i - 10, 0) : i + 11]) for i in np.flatnonzero(counts >= MIN_SPIKE_COUNT)]
    )
    stands_out = np.zeros(len(values), bool)
    stands_out[counts >= MIN_SPIKE_COUNT] = counts[counts >= MIN_SPIKE_COUNT] >= 10 * usual
    strongest = np.argsort(-counts, kind="stable")[:60]
    is_spike = np.zeros(len(values), bool)
    is_spike[strongest] = True
    return is_spike & (is_common | stands_out)


def _shared(values: Numbers, counts: Codes, min_count: int) -> tuple[Numbers, Float[np.ndarray, " n_spikes"]]:
    """What each distinct number becomes so that none comes out that too few records share, and the spikes.

    Where values repeat, a rare one becomes the nearest frequent one. Where they hardly do none comes out as
    it is anyway, but for the ends. NaN: nothing may come out.
    """
    if min_count == 1 or np.isin(values, (0, 1)).all():
        return values, values[find_spikes(values, counts)]
    if counts.sum() < min_count:
        return np.full(len(values), np.nan), np.zeros(0)
    inner = rare.within_ends(values, counts, min_count)
    kept, n_kept = rare.merged(inner, counts)
    is_spike = find_spikes(kept, n_kept) & (n_kept >= min_count)
    became, rest, n_rest = kept.copy(), kept[~is_spike], n_kept[~is_spike]
    is_plain = len(kept) <= MAX_PLAIN_VALUES and not rare.are_mostly_rare(n_kept, min_count)
    if is_spike.any() and (is_plain or n_rest.sum() < 2 * min_count):
        became = rare.to_frequent(kept, np.where(is_spike, n_kept, 0), min_count)
    elif repeat(rest, n_rest, min_count):
        became[~is_spike] = rare.to_frequent(rest, n_rest, min_count)
    else:
        became[~is_spike] = rare.within_ends(rest, n_rest, min_count)
    return became[np.searchsorted(kept, inner)], kept[is_spike]
