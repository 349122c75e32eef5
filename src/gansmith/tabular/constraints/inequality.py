"""One column never lies above another: start <= end.

Where the two go together closely the higher one takes part in the game as its distance from the lower one,
which cannot be negative: a trip's duration, in place of its end; so, too, where the distance is never as long
as it would be by chance. Where they hardly do, both take part as they
are, and the higher one of the few records that break the rule is raised to the lower one.

A day that a moment is compared with lasts until its end: what is handed in at noon is in time on the day.
Special values, such as 9999-12-31 for no end, have no distance and break no rule.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float

from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import EXACT, Mask, Numbers, are_missing, cells_of, replaced
from gansmith.tabular.columns.measures import from_units, measure, step_of, units
from gansmith.tabular.columns.special_values import MARK, are_special, special_places, specials
from gansmith.tabular.constraints.base import AbstractConstraint, Cells, Named, each_once
from gansmith.tabular.constraints.view import MIN_RECORDS, View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import NOT_ROUNDED, Column

_DAY: Final = 86_400e6
"""Microseconds."""
N_QUANTILES: Final = 41
MAX_SPREAD: Final = 0.4
"""How wide the middle half of the distances may be, in that of `high`, for two columns to be close."""
MIN_FAR: Final = 0.2
"""Share of records put together at random that must be farther apart than real ones ever are."""
NEAR: Final = 4
"""Quantiles, of forty, that a value may be off where one is asked for: a tenth of all records."""
MIN_BROKEN: Final = 0.05
"""Share of records put together at random that must break a rule: else it says nothing."""
MIN_BROKEN_FEW: Final = 15
"""Records that must break it where there are few, so that chance is ruled out."""
MAX_TRIED: Final = 3
"""Lower columns that are tried for one higher column."""
MAX_SPIKE: Final = 0.05
"""Share of records that one value of the higher column may have, unless one distance has as many: a
distance cannot hold such values."""
MIN_NEVER: Final = 5
"""Records that must have the largest value for it to mean never, or unlimited."""
FAR: Final = 3.0
"""Ranges of all other values that it must lie beyond them."""


@final
@settings(eq=False, error=DataError)
class Inequality(AbstractConstraint):
    """`low` <= `high` (or <) where both are there."""

    kind: ClassVar[str] = "inequality"

    learns: ClassVar = ("reference", "quantiles", "is_distance")

    low: Named
    high: Named
    is_strict: Annotated[bool, Field(alias="strict")] = False
    reference: float = 0.0
    """What the distance is measured from where `low` is missing, in units."""
    quantiles: Annotated[tuple[float, ...], Field(strict=False)] = (0.0, 0.0)
    """Of `high`, the smallest to the largest, in units."""
    is_distance: bool = True
    """Whether the distance takes part in the game, and not `high` as it is."""

    def __post_init__(self) -> None:
        low, high = each_once((self.low, self.high))
        if not (
            (low.traits.is_number and high.traits.is_number) or (low.traits.is_time and high.traits.is_time)
        ):
            kinds = f"{low.name!r} is {low.kind} and {high.name!r} is {high.kind}"
            raise DataError(f"{kinds}. Wanted: two numbers or two times.")

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.high.name,)

    def in_words(self) -> str:
        return f"{self.low.name} {'<' if self.is_strict else '<='} {self.high.name}"

    def violating(self, records: pa.Table) -> Mask:
        low, is_low_open, high, is_high_open = self._units(records)
        return self._is_broken(low, high) & ~is_low_open & ~is_high_open

    def learnt(self, records: pa.Table, min_count: int = 1) -> Inequality:
        """See the base class; the ends that are kept are those that enough records reach."""
        low, low_missing, high, high_missing = self._units(records)
        present = np.sort(high[~high_missing])
        middle = float(np.median(low[~low_missing])) if not low_missing.all() else 0.0
        n_left_out = min(min_count, (len(present) + 1) // 2) - 1
        inner = present[n_left_out : len(present) - n_left_out] if n_left_out > 0 else present
        shares = np.linspace(0, 1, N_QUANTILES)
        quantiles = np.quantile(inner, shares, method="lower") if len(inner) else np.zeros(N_QUANTILES)
        if min_count > 1 and len(inner):  # single values in between are nobody's business: those half-way
            middles = (quantiles[:-2] + quantiles[1:-1]) / 2
            quantiles[1:-1] = [self._on_grid(value) for value in middles]
        return replace(
            self,
            reference=self._on_grid(middle),
            quantiles=tuple(np.sort(quantiles).tolist()),
            is_distance=_are_close(low, high, ~low_missing & ~high_missing, min_count)
            and not _is_never(high[~high_missing]).any(),
        )

    def learnt_again(self, state: Mapping[str, Any]) -> Inequality:
        found = replace(self, **state)
        numbers = np.array([found.reference, *found.quantiles])
        if len(numbers) != 1 + N_QUANTILES or (np.diff(numbers[1:]) < 0).any():
            raise DataError(f"its 'quantiles' are not {N_QUANTILES} that go up.")
        if self.high.traits.is_whole and np.abs(numbers).max() > EXACT:
            raise DataError("its 'quantiles' lie beyond what the column can hold.")
        return found

    def reduced(self) -> Mapping[str, Column]:
        if not self.is_distance:
            return {}
        name, rate = self.high.name, self.high.missing_rate
        marks = tuple(str(MARK + place) for place in range(len(self.high.special)))
        if self.high.traits.is_whole and self.low.traits.is_whole:
            return {name: Column(name, "integer", missing_rate=rate, special=marks)}
        decimals = [0 if column.traits.is_whole else column.decimals for column in (self.low, self.high)]
        most = -1 if NOT_ROUNDED in decimals else max(decimals)
        return {name: Column(name, "decimal", decimals=most, missing_rate=rate, special=marks)}

    def reduce(self, records: pa.Table) -> pa.Table:
        if not self.is_distance:
            return records
        low, is_low_open, high, _ = self._units(records)
        cells = cells_of(records, self.high.name)
        places = special_places(cells, self.high)
        distance = (high - np.where(is_low_open, self.reference, low)) / self._unit
        distance = np.where(places < 0, distance, MARK + places)
        column = self.reduced()[self.high.name]
        return replaced(records, {self.high.name: from_units(distance, are_missing(cells), column)})

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; a long distance from a late start may lead beyond the last end seen."""
        low, is_low_open = self._low(cells_of(records, self.low.name))
        cells = cells_of(records, self.high.name)
        if self.is_distance:
            column = self.reduced()[self.high.name]
            distance, missing = units(cells, column)
            places = special_places(cells, column)
            high = np.where(is_low_open, self.reference, low) + np.where(places < 0, distance, 0) * self._unit
            cells = from_units(high, missing, self.high, is_mixed=self._is_mixed)
            marks = specials(self.high).take(pa.array(places, mask=places < 0))
            cells = pc.coalesce(marks, cells)
        return self.raised(replaced(records, {self.high.name: cells}))

    def raised(self, records: pa.Table) -> pa.Table:
        """Records in which `high` is the lowest value that it may have, where it is below that."""
        low, is_low_open, high, is_high_open = self._units(records)
        is_broken = self._is_broken(low, high) & ~is_low_open & ~is_high_open
        if not is_broken.any():
            return records
        kept = np.where(is_broken, self._above(low), high)
        raised = from_units(kept, ~is_broken, self.high, is_mixed=self._is_mixed)
        cells = pc.if_else(pa.array(is_broken), raised, cells_of(records, self.high.name))
        return replaced(records, {self.high.name: cells})

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; which distance makes a certain `high` depends on `low`, so it stays open."""
        cell = cells.get(self.high.name)
        if not self.is_distance or cell is None or not cell[0].is_valid:
            return cells, {}
        if (place := int(special_places(cell, self.high)[0])) >= 0:
            mark = pa.array([MARK + place]).cast(self.reduced()[self.high.name].arrow_type)
            return {**cells, self.high.name: mark}, {}
        number = units(cell, self.high, is_mixed=self._is_mixed)[0][0]
        ends = self.quantiles[0], self.quantiles[-1]
        if not ends[0] <= number <= ends[1]:
            first, last = from_units(np.array(ends), np.zeros(2, bool), self.high, is_mixed=self._is_mixed)
            wrong = f"column {self.high.name!r} has no value {cell[0].as_py()}"
            raise UsageError(f"{wrong}: it was learnt from {first} to {last}.")
        return self.apart(cells)

    def takes(self, name: str) -> bool:
        return self.is_distance and name in self.writes

    def nudged(self, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> pa.Table:
        """See the base class: a `high` of nearly the rank of the one that is sought becomes that."""
        wanted = sought.get(self.high.name)
        if wanted is None or not self.is_distance:
            return records
        low, low_missing, high, missing = self._units(records)
        cell = pa.repeat(wanted, 1)
        number = float(units(cell, self.high, is_mixed=self._is_mixed)[0][0])
        rank = np.searchsorted(self.quantiles, number)
        nearest = (self.quantiles[max(rank - NEAR, 0)], self.quantiles[min(rank + NEAR, N_QUANTILES - 1)])
        is_near = (high >= nearest[0]) & (high <= nearest[1]) & ~missing
        is_right = low_missing | ~self._is_broken(low, np.full(len(low), number))
        cells = pc.if_else(pa.array(is_near & is_right), wanted, cells_of(records, self.high.name))
        return replaced(records, {self.high.name: cells})

    @property
    def _is_mixed(self) -> bool:
        return measure(self.low).ticks != measure(self.high).ticks

    @property
    def _unit(self) -> float:
        """What the distance is counted in: for times, the largest step that all of them are multiples of."""
        if not self.low.traits.is_time:
            return 1.0
        if self._is_until_the_end:
            return _DAY
        steps = [int(step_of(column, is_mixed=self._is_mixed)) for column in (self.low, self.high)]
        return float(math.gcd(*steps))

    def _on_grid(self, number: float) -> float:
        step = step_of(self.high, is_mixed=self._is_mixed)
        return float(np.rint(number / step) * step) if step else number

    def _above(self, low: Numbers) -> Numbers:
        """The lowest value that `high` may have beside each `low`."""
        step = step_of(self.high, is_mixed=self._is_mixed)
        if not step:
            return np.nextafter(low, np.inf) if self.is_strict else low
        above = np.ceil(np.round(low / step, 6)) * step
        return np.where(self._is_broken(low, above), above + step, above)

    def _is_broken(self, low: Numbers, high: Numbers) -> Mask:
        return low >= high if self.is_strict else low > high

    def _units(self, records: pa.Table) -> tuple[Numbers, Mask, Numbers, Mask]:
        """Both columns, and which cells are missing or special."""
        cells = cells_of(records, self.high.name)
        high, missing = units(cells, self.high, is_mixed=self._is_mixed)
        return *self._low(cells_of(records, self.low.name)), high, missing | are_special(cells, self.high)

    def _low(self, cells: pa.Array) -> tuple[Numbers, Mask]:
        low, missing = units(cells, self.low, is_mixed=self._is_mixed)
        if self._is_until_the_end:
            low = _days(low)
        return low, missing | are_special(cells, self.low)

    @property
    def _is_until_the_end(self) -> bool:
        """Whether a moment must not come after a day."""
        return measure(self.low).ticks < measure(self.high).ticks and not self.is_strict


def _days(moments: Float[np.ndarray, "*_"]) -> Float[np.ndarray, "*_"]:
    """Microseconds as those of the beginning of their day."""
    return np.floor(moments / _DAY) * _DAY


def _are_close(low: Numbers, high: Numbers, is_there: Mask, min_count: int) -> bool:
    """Whether distances vary so much less than `high` does that they are the better thing to learn.

    Or all but few of them are shorter than many between records that are put together at random.
    """
    if not is_there.any():
        return True
    distances = np.sort(high[is_there] - low[is_there])
    mixed = np.random.default_rng(0).permutation(high[is_there]) - low[is_there]
    if (mixed > distances[-min(min_count, len(distances))]).mean() >= MIN_FAR:
        return True
    middle_halves = np.quantile([high[is_there] - low[is_there], high[is_there]], (0.25, 0.75), axis=1)
    of_distance, of_high = middle_halves[1] - middle_halves[0]
    return bool(of_distance <= MAX_SPREAD * of_high)


def find_inequalities(view: View, taken: frozenset[str]) -> list[Inequality]:
    """For each column the nearest one below it, if it is below it in every record."""
    found: list[Inequality] = []
    for columns in (view.measures, view.times):
        quick, sample = view.numbers(columns, view.quick), None
        are_days = np.array([measure(column).ticks == _DAY for column in columns], bool)
        for high, lows in _candidates(quick, are_days).items():
            for low in lows[:MAX_TRIED] if columns[high].name not in taken else ():
                sample = view.numbers(columns, view.sample) if sample is None else sample
                rule = _rule(view, columns[low], columns[high], sample[:, low], sample[:, high])
                if rule is not None:
                    found.append(rule)
                    break
    return found


def _candidates(values: Float[np.ndarray, "n k"], are_days: Bool[np.ndarray, " k"]) -> dict[int, list[int]]:
    """Lower columns for each higher one, as far as few records show: those there most, then the nearest.

    Args:
        values: NaN where they are missing or special.
        are_days: Which columns are days, so that a moment may lie anywhere in them.
    """
    lows: dict[int, list[tuple[int, float, int]]] = {}
    shuffled = values[np.random.default_rng(0).permutation(len(values))]
    present = ~np.isnan(values)
    enough = max(MIN_BROKEN, MIN_BROKEN_FEW / len(values) if len(values) < MIN_RECORDS else 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for low in range(values.shape[1]):
            column = values[:, low : low + 1]
            if are_days.any() and not are_days[low]:
                column = np.where(are_days, _days(column), column)
            is_below = ~(column > values).any(0)  # a comparison with NaN is false
            is_equal = ~((values[:, low : low + 1] != values) & present[:, low : low + 1] & present).any(0)
            is_enough = (present[:, low : low + 1] & present).sum(0) >= min(MIN_RECORDS, len(values)) / 2
            for high in np.flatnonzero(is_below & is_enough & ~is_equal).tolist():
                lower = column[:, high if column.shape[1] > 1 else 0]
                broken = float((lower > shuffled[:, high]).mean())
                if broken >= enough:
                    distance = (values[:, high] - lower)[present[:, high] & present[:, low]]
                    lows.setdefault(high, []).append((-len(distance), float(np.median(distance)), low))
    return {high: [low for *_, low in sorted(found)] for high, found in lows.items()}


def _rule(view: View, low: Column, high: Column, lower: Numbers, higher: Numbers) -> Inequality | None:
    """The inequality, if it holds in all records and a distance can stand for the higher column."""
    if measure(low).ticks < measure(high).ticks:
        lower = _days(lower)
    both = ~np.isnan(lower) & ~np.isnan(higher)
    n_wanted = min(MIN_RECORDS, view.records.num_rows)
    if both.sum() < n_wanted or (lower[both] > higher[both]).any():
        return None
    both &= ~_is_never(np.where(both, higher, np.nan))
    if both.sum() < n_wanted:
        return None
    distance = np.round(higher[both] - lower[both], 9)
    if _largest_share(higher[both]) > max(MAX_SPIKE, _largest_share(distance)):
        return None
    rule = Inequality(low, high)
    return None if rule.violating(view.records).any() else rule


def _is_never(values: Numbers) -> Mask:
    """Where the largest value stands, if it comes again and lies so far off the rest that it means never.

    Such as 9999-12-31. NaN: missing.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), bool)
    rest = known[known < known.max()]
    n_times = len(known) - len(rest)
    if len(rest) < MIN_RECORDS or n_times < MIN_NEVER:
        return np.zeros(len(values), bool)
    is_far = known.max() - rest.max() > FAR * max(float(np.ptp(rest)), 1e-9)
    return (values == known.max()) & is_far


def _largest_share(values: Numbers) -> float:
    """The share of the most frequent value."""
    return float(np.unique(values, return_counts=True)[1].max() / len(values))
