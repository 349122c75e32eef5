"""Constraints that take nothing from the records and put no column back.

A range: a column between two values that somebody knows, such as an age from 0 to 120. What is made lies
among the real values anyway, unless it was computed (a sum, a start and a duration); then it is taken to the
nearest end.
Unique: no two records have the same value in a column, or in several columns taken together. Whether a
record is new depends on all records before it, so this is seen to when records are made, not here.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, are_again, cells_of, is_missing, keys_of, replaced
from gansmith.tabular.columns.measures import from_units, step_of, units
from gansmith.tabular.constraints.base import AbstractConstraint, Columns, Named, check_kinds
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column


@final
@settings(eq=False, error=DataError)
class Range(AbstractConstraint):
    """`low` <= `column` <= `high`, where it is there; either end may be open."""

    kind: ClassVar[str] = "range"

    column: Named
    low: Any = None
    """A number, or a time as ISO 8601 spells it; None: no lower end."""
    high: Any = None

    def __post_init__(self) -> None:
        check_kinds(
            [self.column], lambda one: one.traits.is_number or one.traits.is_time, "a number or a time"
        )
        if self.low is None and self.high is None:
            raise DataError("neither 'low' nor 'high' is given. Give one or both.")
        if self.ends[0] > self.ends[1]:
            raise DataError(f"no value of column {self.column.name!r} lies from {self.low} to {self.high}.")

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest value in between that the column can hold, in units."""
        low, high = (_end(value, self.column) for value in (self.low, self.high))
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        if step := step_of(self.column):
            low, high = np.ceil(np.round(low / step, 6)) * step, np.floor(np.round(high / step, 6)) * step
        return float(low), float(high)

    def in_words(self) -> str:
        low = "" if self.low is None else f"{self.low} <= "
        return f"{low}{self.column.name}" + ("" if self.high is None else f" <= {self.high}")

    def violating(self, records: pa.Table) -> Mask:
        numbers, missing = units(cells_of(records, self.column.name), self.column)
        low, high = self.ends
        return ~missing & ((numbers < low) | (numbers > high))

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        if not self.violating(records).any():
            return records
        numbers, missing = units(cells_of(records, self.column.name), self.column)
        cells = from_units(np.clip(numbers, *self.ends), missing, self.column)
        return replaced(records, {self.column.name: cells})


@final
@settings(eq=False, error=DataError)
class Unique(AbstractConstraint):
    """The values of `columns` together occur once; records that lack one of them are not compared."""

    kind: ClassVar[str] = "unique"

    columns: Annotated[Columns, Field(min_length=1)]

    @property
    def is_by_construction(self) -> bool:
        """Whether one of the columns is made so that no two values are alike."""
        return any(column.traits.is_unique for column in self.columns)

    def in_words(self) -> str:
        return f"no two records have the same {', '.join(self.reads)}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class: the second and all further records of a key."""
        return are_again(keys_of(records, self.reads)) & ~self.lacking(records)

    def lacking(self, records: pa.Table) -> Mask:
        """Which records lack a cell of the key."""
        return np.logical_or.reduce([is_missing(records, name) for name in self.reads])

    def numbers(self, records: pa.Table) -> np.ndarray:
        """A 64-bit number for the key of each record: equal keys, equal numbers, on every machine."""
        import pandas as pd  # slow to import, and a first look at data needs none of it

        return pd.util.hash_array(keys_of(records, self.reads).to_numpy(zero_copy_only=False))


def _end(value: object, column: Column) -> float | None:
    """One end, in units; None where none is given."""
    if value is None:
        return None
    if column.traits.is_number:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            raise DataError(f"an end of {column.name!r} is {value!r}. Wanted: a number.")
        return float(value)
    try:
        cell = pa.array([value], pa.string()).cast(column.arrow_type)
    except (pa.ArrowException, TypeError) as error:
        raise DataError(
            f"an end of {column.name!r} is {value!r}. Wanted: a {column.kind} such as 2019-03-31."
        ) from error
    return float(units(cell, column)[0][0])
