"""Cells that are missing exactly where another column has certain values: a reason of an open order.

Whether a cell is there is learnt like everything else. Where it must not be it is emptied; where one lacks
that must be there, a frequent value stands in, as with those that are missing together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, are_in, cells_of, codes_of, is_missing, replaced, without
from gansmith.tabular.constraints.base import AbstractConstraint, Named, check_kinds, typed
from gansmith.tabular.constraints.dependency import MAX_LOG_CHANCE, log_chance
from gansmith.tabular.constraints.groups import MIN_OF_EACH, stand_in_for
from gansmith.tabular.constraints.view import View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

MAX_VALUES: Final = 50
"""Of a column that decides whether cells of others are missing."""


@final
@settings(eq=False, error=DataError)
class MissingWhen(AbstractConstraint):
    """`column` is missing where `by` is one of `values`, and there where it is not."""

    kind: ClassVar[str] = "missing_when"
    learns: ClassVar = ("stand_ins",)

    column: Named
    by: Named
    values: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    """As texts."""
    stand_ins: tuple[pa.Array, ...] = ()
    """What is put where a cell lacks, as one array; that is empty where nothing can be."""

    def __post_init__(self) -> None:
        wanted = "values that can be looked up. Give it the kind category"
        check_kinds([self.by], lambda one: one.traits.is_exact and one.name != self.column.name, wanted)
        typed(list(self.values), self.by)

    def in_words(self) -> str:
        shown = f"{', '.join(self.values[:3])}{', ...' if len(self.values) > 3 else ''}"
        return f"{self.column.name} is missing where {self.by.name} is {shown}, and nowhere else"

    def violating(self, records: pa.Table) -> Mask:
        return self._are_empty(records) != is_missing(records, self.column.name)

    def learnt(self, records: pa.Table, min_count: int = 1) -> MissingWhen:
        found = stand_in_for(cells_of(records, self.column.name), self.column, min_count)
        return replace(self, stand_ins=(found,))

    def learnt_again(self, state: Mapping[str, Any]) -> MissingWhen:
        listed: Any = state["stand_ins"]
        if not isinstance(listed, list) or len(listed) != 1:
            raise DataError("stand-ins for one column are wanted.")
        found = typed(listed[0], self.column)
        if len(found) > 1 or found.null_count:
            raise DataError("one value stands in for its column, or none.")
        return replace(self, stand_ins=(found,))

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; where nothing can stand in a cell stays missing, and breaks the rule."""
        cells = cells_of(records, self.column.name)
        for stand_in in self.stand_ins:
            cells = cells.fill_null(stand_in[0]) if len(stand_in) else cells
        return replaced(records, {self.column.name: without(cells, self._are_empty(records))})

    def _are_empty(self, records: pa.Table) -> Mask:
        return are_in(cells_of(records, self.by.name), typed(list(self.values), self.by))


def find_missing_when(view: View, taken: frozenset[str]) -> list[MissingWhen]:
    """Of each column that lacks cells the one, of fewest values, that decides in which records."""
    del taken  # it puts nothing back
    codes = view.codes(MAX_VALUES)
    deciding = [one for one in view.schema.columns if one.name in codes and one.traits.is_deciding]
    deciding.sort(key=lambda one: int(codes[one.name].max()))
    found: list[MissingWhen] = []
    for column in view.schema.columns:
        missing = is_missing(view.sample, column.name)
        if MIN_OF_EACH <= missing.sum() <= len(missing) - MIN_OF_EACH:
            rules = (_rule(view, column, by, codes[by.name], missing) for by in deciding)
            found += [rule for rule in rules if rule is not None][:1]
    return found


def _rule(view: View, column: Column, by: Column, codes: np.ndarray, missing: Mask) -> MissingWhen | None:
    cells = cells_of(view.sample, by.name)
    first = np.unique(codes, return_index=True)[1]
    if by.name == column.name or (missing[first][codes] != missing).any():
        return None
    emptying = cells.take(pa.array(first[missing[first]]))
    limit = MAX_LOG_CHANCE - float(np.log(len(view.schema) ** 2))
    if emptying.null_count or log_chance(codes, codes_of(pa.array(missing))) > limit:
        return None
    values = emptying.cast(pa.string())
    if _is_any_rare(values, cells_of(view.records, by.name)):
        return None  # it would say who has it
    rule = MissingWhen(column, by, tuple(sorted(values.to_pylist())))
    return None if rule.violating(view.records).any() else rule


def _is_any_rare(values: pa.Array, cells: pa.Array) -> bool:
    """Whether too few records share one of these values."""
    counted = pc.value_counts(cells.cast(pa.string()))
    known = counted.field("values").filter(
        pc.greater_equal(counted.field("counts"), usual_min_count(len(cells)))
    )
    return not pc.all(pc.is_in(values, value_set=known)).as_py()
