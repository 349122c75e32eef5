"""A number that lies near the middle of what goes with it: a latitude near that of its city.

It takes part in the game as its distance from that middle, which is never long. So what is made of a city
lies where the city does, however well the networks know where that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, Numbers, are_missing, cells_of, codes_of, replaced
from gansmith.tabular.columns.measures import from_units, step_of, units
from gansmith.tabular.constraints.base import AbstractConstraint, Cells, Named, check_kinds, each_once, typed
from gansmith.tabular.constraints.view import View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import NOT_ROUNDED, Column

MAX_VALUES: Final = 1_000
"""Of a column that numbers may lie near the middles of."""
MIN_EACH: Final = 20
"""Records of each of its values, on the average."""
FAR: Final = 2.0
"""Times as far as all but few records, from which on one breaks the rule."""
MIN_FAR: Final = 0.5
"""Share of records put together at random that must break it."""
MUCH_NEARER: Final = 0.8
"""Share of the distance at which a column of more values tells better."""
MAX_PAIRS: Final = 5_000


@final
@settings(eq=False, error=DataError)
class Near(AbstractConstraint):
    """`column` lies near a middle that the value of `by` has."""

    kind: ClassVar[str] = "near"
    learns: ClassVar = ("keys", "middles", "reach")

    column: Named
    by: Named
    keys: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """Values of `by` that enough records share."""
    middles: Annotated[tuple[float, ...], Field(strict=False)] = ()
    """Of each."""
    reach: Annotated[float, Field(ge=0)] = 0.0
    """How far from it all but few records are."""

    def __post_init__(self) -> None:
        number, looked_up = each_once((self.column, self.by))
        wanted = "a number without special values"
        check_kinds([number], lambda one: one.traits.is_number and not one.special, wanted)
        wanted = "values that can be looked up. Give it the kind category"
        check_kinds([looked_up], lambda one: one.traits.is_exact, wanted)

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.column.name,)

    def in_words(self) -> str:
        return f"{self.column.name} lies near the mean of its {self.by.name}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class; before anything is learnt nothing breaks it."""
        if not self.middles:
            return np.zeros(records.num_rows, bool)
        numbers, missing = units(cells_of(records, self.column.name), self.column)
        apart = np.abs(numbers - self._middles(records, numbers))
        return ~missing & (apart > FAR * self.reach + self._step)

    def learnt(self, records: pa.Table, min_count: int = 1) -> Near:
        cells = cells_of(records, self.column.name)
        present = records.filter(pc.is_valid(cells))
        numbers, _ = units(cells.drop_null(), self.column)
        by = cells_of(present, self.by.name)
        codes, values = codes_of(by), by.dictionary_encode(null_encoding="encode").dictionary
        counts = np.bincount(codes, minlength=len(values))
        is_kept = counts >= min_count
        if not is_kept.any():
            raise DataError(f"{self.in_words()}: no {self.by.name} is shared by {min_count} records.")
        middles = self._on_grid(np.bincount(codes, numbers, len(values)) / np.maximum(counts, 1))
        apart = np.sort(np.abs(numbers - middles[codes])[is_kept[codes]])
        keys = values.filter(pa.array(is_kept))
        return replace(
            self,
            keys=keys,
            middles=tuple(middles[is_kept].tolist()),
            reach=float(apart[-min(min_count, len(apart))]),
        )

    def learnt_again(self, state: Mapping[str, Any]) -> Near:
        found = replace(self, **{**state, "keys": typed(state["keys"], self.by)})
        if not 0 < len(found.middles) == len(found.keys) == len(pc.unique(found.keys)):
            raise DataError("its 'keys' and 'middles' are not equally many, or two keys are alike.")
        if not np.isfinite([*found.middles, found.reach]).all():
            raise DataError("one of its 'middles' is no number.")
        return found

    def keeping(self, emitted: Mapping[str, pa.Array]) -> Near:
        if self.by.name not in emitted:
            return self
        is_made = pc.is_in(self.keys.cast(pa.string()), value_set=emitted[self.by.name])
        is_kept = pc.or_(is_made, pc.is_null(self.keys))
        if not pc.any(is_kept).as_py():
            return self
        places = np.flatnonzero(is_kept.to_numpy(zero_copy_only=False)).tolist()
        middles = tuple(self.middles[place] for place in places)
        return replace(self, keys=self.keys.filter(is_kept), middles=middles)

    def reduced(self) -> Mapping[str, Column]:
        name, rate = self.column.name, self.column.missing_rate
        if self.column.traits.is_whole:
            return {name: Column(name, "integer", missing_rate=rate)}
        return {name: Column(name, "decimal", decimals=self.column.decimals, missing_rate=rate)}

    def reduce(self, records: pa.Table) -> pa.Table:
        numbers, missing = units(cells_of(records, self.column.name), self.column)
        apart = np.clip(numbers - self._middles(records, numbers), -self.reach, self.reach)
        return replaced(
            records, {self.column.name: from_units(apart, missing, self.reduced()[self.column.name])}
        )

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        cells = cells_of(records, self.column.name)
        apart, missing = units(cells, self.reduced()[self.column.name])
        numbers = self._middles(records) + np.clip(apart, -self.reach, self.reach)
        return replaced(records, {self.column.name: from_units(numbers, missing, self.column)})

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; which distance makes a certain number depends on `by`, so it stays open."""
        cell = cells.get(self.column.name)
        return (cells, {}) if cell is None or cell.null_count else self.apart(cells)

    def nudged(self, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> pa.Table:
        """See the base class: of records whose middle is near enough the number becomes that."""
        wanted = sought.get(self.column.name)
        if wanted is None or not wanted.is_valid:
            return records
        number = float(units(pa.repeat(wanted, 1), self.column)[0][0])
        cells = cells_of(records, self.column.name)
        is_near = ~are_missing(cells) & (np.abs(self._middles(records) - number) <= self.reach)
        return replaced(records, {self.column.name: pc.if_else(pa.array(is_near), wanted, cells)})

    @property
    def _step(self) -> float:
        return 0.0 if self.column.decimals == NOT_ROUNDED else step_of(self.column)

    def _on_grid(self, numbers: Numbers) -> Numbers:
        return np.rint(numbers / self._step) * self._step if self._step else numbers

    def _middles(self, records: pa.Table, numbers: Numbers | None = None) -> Numbers:
        """The middle of each record's value; where that is unknown, the one nearest to its number."""
        middles = np.array(self.middles)
        found = pc.index_in(cells_of(records, self.by.name), value_set=self.keys)
        places, is_known = found.fill_null(0).to_numpy(zero_copy_only=False), ~are_missing(found)
        if numbers is not None and not is_known.all():
            ordered = np.argsort(middles)
            borders = (middles[ordered][1:] + middles[ordered][:-1]) / 2
            places = np.where(is_known, places, ordered[np.searchsorted(borders, numbers)])
        return middles[places]


def find_near(view: View, taken: frozenset[str]) -> list[Near]:
    """Numbers near the middles of the column that tells best where they are."""
    n = view.sample.num_rows
    codes = view.codes(min(MAX_VALUES, max(2, n // MIN_EACH)))
    deciding = [one for one in view.schema.columns if one.name in codes and one.traits.is_deciding]
    deciding.sort(key=lambda one: int(codes[one.name].max()))
    columns = [one for one in view.measures if one.name not in taken and not one.special]
    found: list[Near] = []
    for column in columns[: MAX_PAIRS // max(1, len(deciding))]:
        numbers, missing = units(cells_of(view.sample, column.name), column)
        best: tuple[float, Column] | None = None
        for by in deciding:
            reach = _reach(numbers[~missing], codes[by.name][~missing]) if by.name != column.name else None
            if reach is not None and (best is None or reach < MUCH_NEARER * best[0]):
                best = reach, by
        if best is not None:
            found.append(Near(column, best[1]))
    return [one for one in found if not one.learnt(view.records).violating(view.records).any()]


def _reach(numbers: Numbers, codes: Int[np.ndarray, " n"]) -> float | None:
    """How far numbers are from the middles of their values, measured on other records; None: too far."""
    if len(numbers) < 2 * MIN_EACH:
        return None
    half, rest = slice(0, None, 2), slice(1, None, 2)
    n_values = int(codes.max()) + 1
    counts = np.bincount(codes[half], minlength=n_values)
    middles = np.bincount(codes[half], numbers[half], n_values) / np.maximum(counts, 1)
    is_known = counts[codes[rest]] > 0
    ours, values = numbers[rest][is_known], codes[rest][is_known]
    if 2 * len(ours) < len(numbers[rest]):
        return None
    reach = float(np.abs(ours - middles[values]).max())
    mixed = np.random.default_rng(0).permutation(values)
    return reach if (np.abs(ours - middles[mixed]) > FAR * reach).mean() >= MIN_FAR else None
