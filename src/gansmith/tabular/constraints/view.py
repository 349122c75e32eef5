"""Some of a table's records, laid out so that many pairs of columns can be compared in little time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from gansmith.tabular.cells import EXACT, cells_of, codes_of
from gansmith.tabular.columns.measures import measure, units
from gansmith.tabular.columns.special_values import are_special
from gansmith.tabular.schema import Column, Schema

MAX_RECORDS: Final = 100_000
MAX_CELLS: Final = 20_000_000
MIN_RECORDS: Final = 100
"""Fewer records prove nothing."""
QUICK_RECORDS: Final = 1_000
QUICK_CELLS: Final = 400_000
QUICK_MIN: Final = 200


@final
@dataclass(frozen=True, eq=False)
class View:
    """A random part of the records, and a random part of that for a first look."""

    records: pa.Table
    """All of them."""
    schema: Schema

    @cached_property
    def sample(self) -> pa.Table:
        """Records that a rule must hold for before all of them are looked at."""
        n = min(MAX_RECORDS, max(1_000, MAX_CELLS // max(len(self.schema), 1)))
        return _drawn(self.records, n)

    @cached_property
    def quick(self) -> pa.Table:
        """Fewer records, by which most pairs of columns are ruled out."""
        n = int(np.clip(QUICK_CELLS // max(len(self.schema), 1), QUICK_MIN, QUICK_RECORDS))
        return _drawn(self.sample, n)

    def codes(self, max_values: int) -> dict[str, Int[np.ndarray, " n"]]:
        """Of each column of few values, but for constants: a number per value, in the sample's records."""
        found: dict[str, Any] = {}
        for column in self.schema.columns:
            if not (column.traits.is_varied and column.traits.is_exact):
                continue
            quick = codes_of(cells_of(self.quick, column.name))
            if len(quick) and quick.max() >= max_values:
                continue
            codes = codes_of(cells_of(self.sample, column.name))
            if 1 <= codes.max() < max_values:
                found[column.name] = codes.astype(np.int32)
        return found

    def numbers(self, columns: list[Column], records: pa.Table) -> Float[np.ndarray, "n k"]:
        """Numbers and times in their units, NaN where missing or special."""
        is_mixed = len({measure(column).ticks for column in columns}) > 1
        found: list[np.ndarray] = []
        for column in columns:
            cells = cells_of(records, column.name)
            values, missing = units(cells, column, is_mixed=is_mixed)
            found.append(np.where(missing | are_special(cells, column), np.nan, values))
        return np.stack(found, 1) if found else np.zeros((records.num_rows, 0))

    @cached_property
    def measures(self) -> list[Column]:
        """Numbers of more than two values, small enough to be exact."""
        return [column for column in self.schema.columns if column.traits.is_number and self._varies(column)]

    @cached_property
    def times(self) -> list[Column]:
        """Dates and datetimes of more than two values."""
        return [column for column in self.schema.columns if column.traits.is_time and self._varies(column)]

    def _varies(self, column: Column) -> bool:
        cells = cells_of(self.quick, column.name)
        values, missing = units(cells, column)
        present = values[~missing & ~are_special(cells, column)]
        return bool(len(np.unique(present)) > 2 and np.abs(present).max() < EXACT)


def _drawn(records: pa.Table, n: int) -> pa.Table:
    """That many records at random, always the same, in their order."""
    if records.num_rows <= n:
        return records
    chosen = np.random.default_rng(0).choice(records.num_rows, n, replace=False)
    return records.take(pa.array(np.sort(chosen))).combine_chunks()
