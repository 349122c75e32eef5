"""A column that is computed from others takes no part in the game; it is computed when records are made.

It is missing where one of the others is. Where the data lack it in more records than that, whether it is
there is learnt in its place.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Mask, Numbers, are_missing, cells_of, codes_of, mask_of, replaced
from gansmith.tabular.columns.measures import from_units, step_of, units
from gansmith.tabular.constraints.base import AbstractConstraint, Cells, empty
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

RELATIVE: Final = 1e-9
"""Doubles that differ by less than this share of their size are equal."""
RELATIVE_OF_SINGLES: Final = 1e-6
MIN_OTHERS: Final = 20
"""Records that must have another value than the most frequent one: a rule about fewer says nothing."""
N_FEW: Final = 100
"""Records of a first look."""
MAX_LOG_CHANCE: Final = -14.0
"""Logarithm of the chance that one rule may have to hold for independent columns, about one in a million."""


Rule = TypeVar("Rule", bound="AbstractDerived")


class AbstractDerived(AbstractConstraint):
    """One column is a function of others."""

    may_be_missing: bool
    """Whether it may be missing where the others are not, too."""

    @property
    @abstractmethod
    def target(self) -> Column:
        """The column that is computed."""

    @property
    def keeps_own(self) -> bool:
        """Whether it is computed from its own cells, too, which are learnt as they are then."""
        return False

    @abstractmethod
    def computed(self, records: pa.Table) -> pa.Array:
        """Its cells, from those of the others."""

    def differs(self, cells: pa.Array, wanted: pa.Array, records: pa.Table) -> Mask:
        """Which cells of the column are not what is computed, where both are there."""
        del records
        return ~mask_of(pc.equal(cells, wanted))

    @final
    @property
    def writes(self) -> tuple[str, ...]:
        return (self.target.name,)

    @final
    def violating(self, records: pa.Table) -> Mask:
        cells = cells_of(records, self.target.name)
        wanted = self.computed(records)
        missing, lacking = are_missing(cells), are_missing(wanted)
        is_amiss = lacking & ~missing if self.may_be_missing else lacking != missing
        return is_amiss | (~missing & ~lacking & self.differs(cells, wanted, records))

    @final
    def held_by(self, records: pa.Table) -> AbstractDerived | None:
        """The rule, as strict about missing cells as these records are; None: they do not keep it."""
        cells = cells_of(records, self.target.name)
        wanted = self.computed(records)
        missing, lacking = are_missing(cells), are_missing(wanted)
        both = ~missing & ~lacking
        if (lacking & ~missing).any() or (both & self.differs(cells, wanted, records)).any():
            return None
        return replace(cast("Any", self), may_be_missing=bool((missing & ~lacking).any()))

    @final
    def reduced(self) -> Mapping[str, Column]:
        if self.keeps_own:
            return {}
        if self.may_be_missing:
            name = self.target.name
            return {name: Column(name, "boolean", missing_rate=self.target.missing_rate)}
        return empty([self.target])

    @final
    def reduce(self, records: pa.Table) -> pa.Table:
        """See the base class; what is left of the column says whether it is there."""
        if self.keeps_own:
            return records
        n, is_there = records.num_rows, pc.is_valid(cells_of(records, self.target.name))
        left = pc.if_else(is_there, True, pa.scalar(None, pa.bool_())) if self.may_be_missing else pa.nulls(n)
        return replaced(records, {self.target.name: left})

    @final
    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        cells = self.computed(records)
        if self.may_be_missing:
            is_there = pc.is_valid(cells_of(records, self.target.name))
            cells = pc.if_else(is_there, cells, pa.scalar(None, cells.type))
        return replaced(records, {self.target.name: cells})

    @final
    def takes(self, name: str) -> bool:
        return name in self.writes and not self.keeps_own

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; that the column is missing can be asked, what it is depends on the others."""
        left, own = self.apart(cells)
        if self.may_be_missing and any(cell.null_count for cell in own.values()):
            return {**left, self.target.name: pa.nulls(1, pa.bool_())}, {}
        return left, own


class AbstractFormula(AbstractDerived):
    """The column is a number, rounded as the column is."""

    @abstractmethod
    def exact(self, records: pa.Table) -> tuple[Numbers, Mask, Numbers]:
        """Numbers in units, not rounded yet, which are missing, and the sizes of what they come from."""

    @final
    def computed(self, records: pa.Table) -> pa.Array:
        wanted, lacking, _ = self.exact(records)
        return from_units(wanted, lacking, self.target)

    @final
    def differs(self, cells: pa.Array, wanted: pa.Array, records: pa.Table) -> Mask:
        """See the base class: by more than half of the last digit, whichever way it was rounded."""
        exact, _, size = self.exact(records)
        numbers, _ = units(cells, self.target)
        coarse = RELATIVE_OF_SINGLES if self.target.type == "float" else RELATIVE
        return np.abs(numbers - exact) > 0.5001 * step_of(self.target) + coarse * size


def held(records: pa.Table, rules: Iterable[Rule], n_tried: float) -> Rule | None:
    """The first of some rules for one column that all records keep, unless chance explains it.

    Args:
        records: All of them.
        rules: Each of the same column.
        n_tried: How many rules there were to choose from.
    """
    few = records.slice(0, N_FEW)  # most rules are broken by one of them: what few break, all break
    for rule in rules:
        found = rule.held_by(few) and rule.held_by(records)
        if found is not None:
            cells = cells_of(records, rule.target.name)
            return None if is_by_chance(cells, n_tried) else cast("Rule", found)
    return None


def is_by_chance(cells: pa.Array, n_tried: float) -> bool:
    """Whether a column could hold these cells though nothing decides them.

    Args:
        cells: Of the column, in records in which a rule foretells each.
        n_tried: How many rules there were to choose from.
    """
    counts = np.bincount(codes_of(cells.drop_null())) if cells.null_count < len(cells) else np.zeros(1, int)
    n = counts.sum()
    if n - counts.max() < MIN_OTHERS:
        return True
    counts = counts[counts > 0]
    log_chance = float((counts * np.log(counts / n)).sum())
    return log_chance > MAX_LOG_CHANCE - float(np.log(max(n_tried, 1)))
