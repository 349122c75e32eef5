"""What holds for every real record of a table, and which other records break it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.scorecard.features import draws
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.validity import Rule
from gansmith.tabular.cells import Mask, are_again, cells_of, floats_of, mask_of
from gansmith.tabular.constraints import read_constraints
from gansmith.tabular.constraints.base import AbstractConstraint
from gansmith.tabular.constraints.finding import find
from gansmith.tabular.schema import Column, Schema

N_FOLDS: Final = 4
"""Parts that real records are dealt into, to see how often they break what is learnt from the others."""

FEW: Final = 3
"""Columns of a constraint; which ones a constraint of more is between was learnt, too."""

Standing = Literal["stated", "so far", "learnt"]
"""Why a rule holds: somebody says so; no real record has broken it so far; it was learnt from them."""


@final
@dataclass(frozen=True, eq=False)
class _Broken:
    """A rule, and which records break it."""

    words: str
    columns: tuple[str, ...]
    mask: Mask
    standing: Standing
    is_of_pairs: bool = False
    """Whether two records break it together."""


@final
class Rulebook:
    """The rules of real records: types, ranges, known categories, keys, missing cells, constraints.

    Every cell is of its column's kind, a number or a time lies within the real range (with some air where
    the real ones thin out), a category occurs in the real data, a cell is missing only where real ones are,
    keys are unique, and all constraints hold, those of the schema and those that are found.

    Args:
        train: Real records.
        holdout: More of them, of the same types.
        schema: Of the real records, with the constraints that were declared.

    Raises:
        DataError: A real record breaks a constraint of the schema.
    """

    def __init__(self, train: pa.Table, holdout: pa.Table, schema: Schema) -> None:
        self.whole = pa.concat_tables([train, holdout]).combine_chunks()
        self.schema = schema
        self._declared = read_constraints(schema.constraints or (), schema)
        self._found = find(self.whole, schema, self._declared)
        self._control = self._cross_fitted()
        self.fresh = [self._rule(one) for one in self._broken(holdout, train)]
        """The hold-out by the rules of the training records, in which it had no say."""

    def judged(self, records: pa.Table) -> list[Rule]:
        """Which records break which rule of all real ones.

        Args:
            records: A table; a column may be of another type than the schema's, or lacking.
        """
        return [self._rule(one) for one in self._broken(records, self.whole)]

    def _cross_fitted(self) -> dict[str, Tally]:
        """How often real records break what was learnt from the others, by the rule in words."""
        n, found = self.whole.num_rows, dict[str, Tally]()
        order = draws(0).permutation(n)
        is_wide = any(len(_columns_of(one)) > FEW for one in self._found)
        for fold in range(N_FOLDS):
            apart = np.zeros(n, bool)
            apart[order[fold::N_FOLDS]] = True
            fresh, known = (self.whole.filter(pa.array(part)) for part in (apart, ~apart))
            again = find(known, _varied(known, self.schema), self._declared) if is_wide else []
            for one in self._broken(fresh, known, again):
                before = found.get(one.words, Tally(0, 0))
                found[one.words] = Tally(before.n_hits + int(one.mask.sum()), before.n + len(one.mask))
        return found

    def _rule(self, one: _Broken) -> Rule:
        if one.standing == "stated":
            return Rule(one.words, one.columns, one.mask, None)
        if one.standing == "learnt":
            return Rule(one.words, one.columns, one.mask, self._control.get(one.words, Tally(0, 0)))
        n, n_real = len(one.mask), self.whole.num_rows
        if not one.is_of_pairs:
            return Rule(one.words, one.columns, one.mask, Tally(0, n_real))
        together = Tally(int(one.mask.sum()), n * (n - 1) // 2)
        return Rule(one.words, one.columns, one.mask, Tally(0, n_real * (n_real - 1) // 2), together)

    def _broken(
        self, records: pa.Table, known: pa.Table, again: Sequence[AbstractConstraint] = ()
    ) -> Iterator[_Broken]:
        """What `records` break of the rules of `known`, wide constraints as they were found `again`."""
        fitting: list[str] = []
        for column in self.schema.columns:
            name = column.name
            if name not in records.column_names:
                lacks = np.ones(records.num_rows, dtype=bool)
                yield _Broken(f"column {name!r} is there", (name,), lacks, "stated")
                continue
            cells, real = cells_of(records, name), cells_of(known, name)
            read = as_kind(cells, real.type)
            if not cells.type.equals(real.type):
                is_other = mask_of(pc.and_(pc.is_valid(cells), pc.is_null(read)))
                article = "an" if column.kind[0] in "aeiou" else "a"
                yield _Broken(f"{name!r} is {article} {column.kind}", (name,), is_other, "so far")
            else:
                fitting.append(name)
            yield from _of_cells(column, cells, read, real)
        for constraint in (*self._declared, *self._found):
            columns = _columns_of(constraint)
            if set(fitting).issuperset(columns):
                twin = _twin(constraint, again) if len(columns) > FEW else constraint
                mask = twin.learnt(known).violating(records)
                yield _Broken(constraint.in_words(), columns, mask, self._standing(constraint))

    def _standing(self, constraint: AbstractConstraint) -> Standing:
        if any(constraint is one for one in self._declared):
            return "stated"
        return "learnt" if constraint.learns or len(_columns_of(constraint)) > FEW else "so far"


def _varied(records: pa.Table, schema: Schema) -> Schema:
    """The columns that are not the same in all records: others could not have been found to say anything."""
    kept = [one for one in schema.columns if len(pc.unique(cells_of(records, one.name))) > 1]
    return Schema(tuple(kept))


def _columns_of(constraint: AbstractConstraint) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*constraint.reads, *constraint.writes)))


def _twin(constraint: AbstractConstraint, found: Sequence[AbstractConstraint]) -> AbstractConstraint:
    """The same constraint as it was found in other records, where it may be between other columns."""
    own = set(_columns_of(constraint))
    alike = [one for one in found if one.kind == constraint.kind and own & set(_columns_of(one))]
    return max(alike, key=lambda one: len(own & set(_columns_of(one))), default=constraint)


def as_kind(cells: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Cells in the type of the real ones, missing where they cannot be."""
    if cells.type.equals(wanted):
        return cells
    try:
        return cells.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    known = pc.unique(cells)
    read = pa.array([_one_as(value, wanted) for value in known], wanted)
    return read.take(pc.index_in(cells, known))


def _one_as(value: pa.Scalar, wanted: pa.DataType) -> object:
    try:
        return value.cast(wanted).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _of_cells(column: Column, original: pa.Array, cells: pa.Array, known: pa.Array) -> Iterator[_Broken]:
    """What holds for the cells of one column."""
    name, is_there = column.name, mask_of(pc.is_valid(cells))
    if not known.null_count:
        yield _Broken(f"{name!r} is never missing", (name,), mask_of(pc.is_null(original)), "so far")
    if column.traits.is_made_anew:
        if column.traits.is_unique and len(pc.unique(known)) == len(known):
            again = is_there & are_again(cells)
            yield _Broken(f"{name!r} is unique", (name,), again, "so far", is_of_pairs=True)
        return
    if not column.traits.is_measure:
        is_known = pc.is_in(cells, value_set=pc.unique(known.drop_null()))
        yield _Broken(f"{name!r} has known values", (name,), is_there & ~mask_of(is_known), "learnt")
        return
    low, high = _room(known)
    if low is None:
        return
    values = floats_of(cells)
    yield _Broken(f"{name!r} is within its range", (name,), (values < low) | (values > high), "learnt")


def _room(known: pa.Array) -> tuple[float, float] | tuple[None, None]:
    """Between what numbers may lie: the real ends, and some air where the real numbers thin out.

    Fresh real records go beyond the ends of others, too: by no more than twice the distance from the last to
    the tenth last of these, but for one time in hundreds. Where many share the last number it is an end; and
    so is zero where no real number lies beyond it.
    """
    values = np.sort(floats_of(known.drop_null()))
    values = values[np.isfinite(values)]
    if not len(values):
        return None, None
    tenth = min(9, len(values) - 1)
    low = values[0] - 2 * (values[tenth] - values[0])
    high = values[-1] + 2 * (values[-1] - values[-1 - tenth])
    return max(low, 0.0) if values[0] >= 0 else low, min(high, 0.0) if values[-1] <= 0 else high
