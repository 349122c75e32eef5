"""A table that is looked at before it is learnt from; what several checks need is made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, final

import numpy as np
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from gansmith.disclosure import usual_min_count
from gansmith.tabular.cells import are_missing, cells_of, codes_of
from gansmith.tabular.columns.measures import units
from gansmith.tabular.columns.special_values import are_special
from gansmith.tabular.constraints import read_constraints
from gansmith.tabular.constraints.base import AbstractConstraint
from gansmith.tabular.schema import Column, Table

MAX_CLASSES: Final = 50
"""Different values at most of a target that is one of classes."""
MAX_NUMBERED: Final = 10
"""The same of one of numbers: more are ages, counts, prices."""
MAX_GROUPS: Final = 20
"""Different values at most of a column that sets groups of records apart."""

Codes = Int[np.ndarray, " n"]
Numbers = Float[np.ndarray, " n"]


@final
@dataclass(frozen=True, eq=False)
class Subject:
    """What the checks look at."""

    table: Table
    target: str
    """A column to be predicted from the others, or ""."""
    min_count: int
    """Records that must share a value before it is named."""

    @classmethod
    def of(cls, table: Table, target: str = "", min_count: int = 0) -> Subject:
        """The table; a count of 0 takes what is usual."""
        return cls(table, target, min_count or usual_min_count(len(table)))

    @property
    def n(self) -> int:
        """Records."""
        return len(self.table)

    @cached_property
    def learnt(self) -> tuple[Column, ...]:
        """Columns of which values are learnt."""
        return tuple(
            one
            for one in self.table.schema.columns
            if one.traits.is_varied and not one.traits.is_made_anew and one.missing_rate < 1
        )

    @cached_property
    def words(self) -> tuple[Column, ...]:
        """Columns of words, truth values and the like."""
        return tuple(one for one in self.learnt if not one.traits.is_measure and not one.parts)

    @cached_property
    def measures(self) -> tuple[Column, ...]:
        """Columns of numbers and times."""
        return tuple(one for one in self.learnt if one.traits.is_number or one.traits.is_time)

    @cached_property
    def rules(self) -> list[AbstractConstraint]:
        """What always holds, found and declared."""
        schema = self.table.schema
        return read_constraints(schema.constraints or (), schema.flat)

    @cached_property
    def computed(self) -> dict[str, tuple[str, ...]]:
        """Columns that are computed from others, and which these are."""
        return {
            name: rule.reads
            for rule in self.rules
            for name, left in rule.reduced().items()
            if name in rule.writes and left.type == "null"
        }

    @cache  # noqa: B019 - as long as the subject, which is gone when it has been looked at
    def codes(self, name: str) -> Codes:
        """A number for each different cell of a column, missing ones included."""
        return codes_of(cells_of(self.table.records, name))

    @cache  # noqa: B019
    def n_values(self, name: str) -> int:
        """How many different cells a column has, a missing one included."""
        codes = self.codes(name)
        return int(codes.max()) + 1 if len(codes) else 0

    @cache  # noqa: B019
    def numbers(self, name: str) -> Numbers:
        """The values of a column of numbers or times, NaN where missing or special."""
        column, cells = self.table.schema.column(name), cells_of(self.table.records, name)
        values, missing = units(cells, column)
        return np.where(missing | are_special(cells, column), np.nan, values)

    def missing(self, name: str) -> Bool[np.ndarray, " n"]:
        """Which cells of a column are missing."""
        return are_missing(cells_of(self.table.records, name))

    def counts(self, name: str) -> dict[str, int]:
        """How many records have each value of a column, as it is spelt."""
        column, cells = self.table.schema.column(name), cells_of(self.table.records, name)
        found = pc.value_counts(cells.drop_null())
        spelt = column.traits.spell(found.field("values"), column)
        return dict(zip(map(str, spelt.to_pylist()), found.field("counts").to_pylist(), strict=True))

    @cached_property
    def has_classes(self) -> bool:
        """Whether the target is one of a few classes."""
        if not self.target:
            return False
        is_measure = self.table.schema.column(self.target).traits.is_measure
        return 2 <= self.n_values(self.target) <= (MAX_NUMBERED if is_measure else MAX_CLASSES)
