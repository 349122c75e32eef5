"""A column is the sum of others: total = fare + tip + tolls.

It takes no part in the game; it is added up afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.modalities.table.constraints.base import AbstractConstraint, Mask
from gansmith.modalities.table.constraints.cells import (
    cells_of,
    empty,
    from_units,
    replaced,
    step_of,
    units,
)
from gansmith.modalities.table.constraints.given import Columns, Named, check_kinds, each_once
from gansmith.modalities.table.schema import Column
from gansmith.settings import Annotated, Field, settings

_RELATIVE: Final = 1e-9
"""Doubles that differ by less than this share of their size are equal."""


@final
@settings(eq=False, error=DataError)
class Total(AbstractConstraint):
    """`total` is the sum of `parts` up to its rounding, and missing where one of them is."""

    kind: ClassVar[str] = "sum"

    total: Named
    parts: Annotated[Columns, Field(min_length=1)]

    def __post_init__(self) -> None:
        check_kinds(each_once((self.total, *self.parts)), lambda one: one.is_number, "numbers")

    @property
    def reads(self) -> tuple[str, ...]:
        """See the base class."""
        return tuple(part.name for part in self.parts)

    @property
    def writes(self) -> tuple[str, ...]:
        """See the base class."""
        return (self.total.name,)

    def in_words(self) -> str:
        """See the base class."""
        return f"{self.total.name} = {' + '.join(self.reads)}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class."""
        total, missing = units(cells_of(records, self.total.name), self.total)
        wanted, lacking, size = self._added(records)
        # A single where it is stored in few digits, and half of the last digit that is kept.
        coarse = 1e-6 if self.total.type == "float" else _RELATIVE
        tolerance = 0.5001 * step_of(self.total) * (self.total.kind == "decimal") + coarse * size
        return (missing != lacking) | (~missing & ~lacking & (np.abs(total - wanted) > tolerance))

    def reduced(self) -> Mapping[str, Column]:
        """See the base class."""
        return {self.total.name: empty(self.total)}

    def reduce(self, records: pa.Table) -> pa.Table:
        """See the base class."""
        return replaced(records, {self.total.name: pa.nulls(records.num_rows)})

    def restore(self, records: pa.Table, rng: np.random.Generator, first_index: int) -> pa.Table:
        """See the base class."""
        wanted, lacking, _ = self._added(records)
        return replaced(records, {self.total.name: from_units(wanted, lacking, self.total)})

    def _added(self, records: pa.Table) -> tuple[Float[np.ndarray, " n"], Mask, Float[np.ndarray, " n"]]:
        """Sums, where a part is missing, and the sizes of what was added."""
        found = [units(cells_of(records, part.name), part) for part in self.parts]
        numbers = np.stack([values for values, _ in found], 1)
        missing = np.logical_or.reduce([lacking for _, lacking in found])
        return numbers.sum(1), missing, np.abs(numbers).sum(1)
