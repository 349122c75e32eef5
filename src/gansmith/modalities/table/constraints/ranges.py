"""A column between two values that somebody knows: an age from 0 to 120.

What is made lies among the real values anyway, unless it was computed (a sum, a start and a duration); then
it is taken to the nearest end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import pyarrow as pa

from gansmith.modalities.table.constraints.base import AbstractConstraint, Mask
from gansmith.modalities.table.constraints.cells import cells_of, from_units, replaced, step_of, units
from gansmith.modalities.table.constraints.given import Given
from gansmith.modalities.table.schema import Column


@final
@dataclass(frozen=True, eq=False)
class Range(AbstractConstraint):
    """`low` <= `column` <= `high`, where it is there; either end may be open."""

    kind: ClassVar[str] = "range"

    column: Column
    low: float | str | None
    """A number, or a time as ISO 8601 spells it; None: no lower end."""
    high: float | str | None
    ends: tuple[float, float]
    """The lowest and highest value in between that the column can hold, in units."""

    @classmethod
    def from_json(cls, given: Given) -> Range:
        """See the base class."""
        given.only("column", "low", "high")
        column = given.column("column")
        if not (column.is_number or column.is_time):
            raise given.refused(f"column {column.name!r} is {column.kind}. Wanted: a number or a time.")
        low, high = given.values.get("low"), given.values.get("high")
        if low is None and high is None:
            raise given.refused("neither 'low' nor 'high' is given. Give one or both.")
        ends = _on_grid(_end(low, column, given), _end(high, column, given), column)
        if ends[0] > ends[1]:
            raise given.refused(f"no value of column {column.name!r} lies between {low} and {high}.")
        return cls(column, low, high, ends)

    def to_json(self) -> dict[str, Any]:
        """See the base class."""
        ends = {"low": self.low, "high": self.high}
        given = {key: value for key, value in ends.items() if value is not None}
        return {"kind": self.kind, "column": self.column.name, **given}

    @property
    def reads(self) -> tuple[str, ...]:
        """See the base class."""
        return (self.column.name,)

    @property
    def writes(self) -> tuple[str, ...]:
        """See the base class; what others put back, this one only trims."""
        return ()

    def in_words(self) -> str:
        """See the base class."""
        low = "" if self.low is None else f"{self.low} <= "
        return f"{low}{self.column.name}" + ("" if self.high is None else f" <= {self.high}")

    def violating(self, records: pa.Table) -> Mask:
        """See the base class."""
        numbers, missing = units(cells_of(records, self.column.name), self.column)
        low, high = self.ends
        return ~missing & ((numbers < low) | (numbers > high))

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        """See the base class."""
        if not self.violating(records).any():
            return records
        numbers, missing = units(cells_of(records, self.column.name), self.column)
        cells = from_units(np.clip(numbers, *self.ends), missing, self.column)
        return replaced(records, {self.column.name: cells})


def _end(value: object, column: Column, given: Given) -> float | None:
    """One end, in units; None where none is given."""
    if value is None:
        return None
    if column.is_number:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            raise given.refused(f"an end of {column.name!r} is {value!r}. Wanted: a number.")
        return float(value)
    try:
        cell = pa.array([value], pa.string()).cast(column.arrow_type)
    except (pa.ArrowException, TypeError) as error:
        raise given.refused(
            f"an end of {column.name!r} is {value!r}. Wanted: a {column.kind} such as 2019-03-31."
        ) from error
    return float(units(cell, column)[0][0])


def _on_grid(low: float | None, high: float | None, column: Column) -> tuple[float, float]:
    """The lowest and highest value within the range that the column can hold."""
    ends = (-np.inf if low is None else low, np.inf if high is None else high)
    step = step_of(column)
    if not step:
        return ends
    inner = np.ceil(np.round(ends[0] / step, 6)) * step, np.floor(np.round(ends[1] / step, 6)) * step
    return float(inner[0]), float(inner[1])
