"""All constraints of a table: read from plain JSON, and one after the other.

Some build on others: an end on a start that is itself a sum. They are put back in such an order that what
one needs is there, and taken out in the reverse order. A column is put back by one constraint only, the first
that is listed; a constraint that comes too late, or would close a circle, takes no part in this. It is looked
at when records are made, and records that break it are made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, did_you_mean
from gansmith.tabular.cells import Mask, cells_of, replaced
from gansmith.tabular.constraints.base import AbstractConstraint, Cells
from gansmith.tabular.constraints.bounds import Range, Unique
from gansmith.tabular.constraints.calendar import Elapsed, MomentPart
from gansmith.tabular.constraints.codes import Codes
from gansmith.tabular.constraints.composition import Composition
from gansmith.tabular.constraints.dependency import Combinations, Dependency
from gansmith.tabular.constraints.derived import AbstractDerived
from gansmith.tabular.constraints.emptiness import MissingWhen
from gansmith.tabular.constraints.formats import Format
from gansmith.tabular.constraints.groups import MissingTogether, OneOf
from gansmith.tabular.constraints.inequality import Inequality
from gansmith.tabular.constraints.near import Near
from gansmith.tabular.constraints.presence import OnePresent
from gansmith.tabular.constraints.product import Product
from gansmith.tabular.constraints.total import Total
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Schema

_CLASSES: Final = (
    Inequality, Combinations, Dependency, OneOf, Total, Range, Unique, Format, MissingTogether, MomentPart,
    Elapsed, Product, Composition, Codes, MissingWhen, OnePresent, Near,
)  # fmt: skip
KINDS: Final[Mapping[str, type[AbstractConstraint]]] = {one.kind: one for one in _CLASSES}
MAX_CONSTRAINTS: Final = 10_000


def read_constraints(listed: Sequence[Mapping[str, Any]], schema: Schema) -> list[AbstractConstraint]:
    """The constraints that a schema lists.

    Raises:
        DataError: A kind, a key or a column is unknown, with the nearest known one.
    """
    if len(listed) > MAX_CONSTRAINTS:
        raise DataError(f"{len(listed):,} constraints. Wanted: {MAX_CONSTRAINTS:,} at the most.")
    found: list[AbstractConstraint] = []
    for number, values in enumerate(listed, start=1):
        kind = str(values.get("kind"))
        if kind not in KINDS or kind != values.get("kind"):
            near = did_you_mean(kind, sorted(KINDS))
            raise DataError(f"constraint {number}: there is no kind {values.get('kind')!r}. {near}")
        found.append(KINDS[kind].from_json(values, schema, f"{place_of(values, number)}: "))
    return found


def place_of(values: Mapping[str, Any], number: int) -> str:
    """What a constraint is called in an error."""
    return f"constraint {number} ({values.get('kind')})"


def named_by(listed: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """All names that constraints mention, those of columns among them."""
    said = (value for values in listed for key, value in values.items() if key != "kind")
    texts = (one for value in said for one in (value if isinstance(value, (list, tuple)) else (value,)))
    return frozenset(one for one in texts if isinstance(one, str))


@final
@dataclass(frozen=True, eq=False)
class Chain:
    """Constraints, and how they follow each other."""

    schema: Schema
    """Of the full records."""
    constraints: tuple[AbstractConstraint, ...]
    """All of them, as they are listed."""
    order: tuple[int, ...]
    """Numbers of those that put columns back, in the order in which they do."""

    @classmethod
    def fit(cls, records: pa.Table, schema: Schema, min_count: int = 1) -> Chain:
        """What the constraints of a schema have to know of the records that are learnt from.

        Args:
            records: What is learnt from.
            schema: The columns, and the constraints.
            min_count: Records that must share a value before it is kept.

        Raises:
            DataError: One of them is not right; the message says which and why.
        """
        constraints = read_constraints(schema.constraints or (), schema)
        return cls(schema, tuple(one.learnt(records, min_count) for one in constraints), ordered(constraints))

    def keeping(self, emitted: Mapping[str, pa.Array]) -> Chain:
        """The chain without what it knows of values that are never made; see the constraints.

        What a column holds that another constraint puts back are not its own values: those of the other.
        """
        takers = {name: self.taking(name) for name in emitted}
        kept = tuple(
            one.keeping({name: emitted[name] for name, taker in takers.items() if taker in (None, one)})
            for one in self.constraints
        )
        return Chain(self.schema, kept, self.order)

    @property
    def reduced(self) -> Schema:
        """The schema of reduced records: as many columns, of the same names."""
        changed = {name: column for one in self._active for name, column in one.reduced().items()}
        columns = tuple(changed.get(column.name, column) for column in self.schema.columns)
        return Schema(columns) if changed else self.schema

    @property
    def uniques(self) -> tuple[Unique, ...]:
        """Keys of which no two records may share one, and that are not made so."""
        found = (one for one in self.constraints if isinstance(one, Unique))
        return tuple(one for one in found if not one.is_by_construction)

    def reduce(self, records: pa.Table) -> pa.Table:
        """Records without what follows from the rest."""
        for constraint in reversed(self._active):
            records = constraint.reduce(records)
        return records

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """The inverse of `reduce`."""
        fills = [one for one in self.constraints if isinstance(one, MissingWhen)]
        trims = [one for one in self.constraints if isinstance(one, Range)]
        steps = (*self._active, *fills, *trims)
        for constraint, stream in zip(steps, rng.spawn(len(steps)), strict=True):
            records = constraint.restore(records, stream, made)
            if isinstance(constraint, MissingWhen):
                records = self._raised(records, constraint.column.name)
        return records

    def _raised(self, records: pa.Table, name: str) -> pa.Table:
        """Records in which what was put into a column is not below what it must not be below."""
        for rule in self._active:
            if isinstance(rule, Inequality) and rule.high.name == name:
                records = rule.raised(records)
        return records

    def told(self, records: pa.Table) -> pa.Table:
        """Partial records with what their cells say of others."""
        for constraint in reversed(self._active):
            records = constraint.told(records)
        return records

    def computed_anew(self, records: pa.Table, given: pa.Table | None = None) -> pa.Table:
        """Full records, some cells of which have changed, with what follows; what is given stays."""
        for rule in self._active:
            if isinstance(rule, AbstractDerived):
                name = rule.target.name
                cells = cells_of(records, name)
                is_open = pc.is_valid(cells)
                if given is not None:
                    is_open = pc.and_(pc.is_null(cells_of(given, name)), is_open)
                records = replaced(records, {name: pc.if_else(is_open, rule.computed(records), cells)})
        return records

    def nudged(self, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> pa.Table:
        """Full records with the cells that are sought, where little has to be changed for that."""
        for constraint in self._active if sought else ():
            records = constraint.nudged(records, sought)
        return records

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """What to ask of reduced records, and the cells to be looked for in what comes.

        Raises:
            UsageError: No record can have these cells.
        """
        untold: Cells = {}
        for constraint in reversed(self._active):
            cells, unsure = constraint.conditions_for(cells)
            untold |= unsure
        return cells, untold

    def violating(self, records: pa.Table) -> Mask:
        """Which records break a constraint other than a unique key or a format that they were made from."""
        broken = np.zeros(records.num_rows, bool)
        for is_broken in self.broken(records).values():
            broken |= is_broken
        return broken

    def broken(self, records: pa.Table) -> dict[str, Mask]:
        """The same by constraint, in words."""
        kept = (one for one in self.constraints if not isinstance(one, (Unique, Format)))
        return {one.in_words(): one.violating(records) for one in kept}

    def taking(self, name: str) -> AbstractConstraint | None:
        """The constraint that puts a column back; None where it takes part in the game as it is."""
        return next((one for one in self._active if one.takes(name)), None)

    def state(self) -> list[dict[str, Any]]:
        """What each constraint has learnt, as plain JSON; what they are stands in the schema."""
        return [constraint.learnt_state() for constraint in self.constraints]

    @classmethod
    def from_state(cls, listed: object, schema: Schema) -> Chain:
        """The chain that `state` came from.

        Raises:
            DataError: It could not have come from one.
        """
        constraints = read_constraints(schema.constraints or (), schema)
        states = cast("list[object]", listed)
        if not isinstance(listed, list) or len(states) != len(constraints):
            raise DataError(f"the model must hold something of each of {len(constraints)} constraints.")
        learnt: list[AbstractConstraint] = []
        for number, (constraint, state) in enumerate(zip(constraints, states, strict=True), start=1):
            where = f"the model's {place_of(constraint.to_json(), number)}"
            if not isinstance(state, Mapping):
                raise DataError(f"{where}: wanted a JSON object.")
            try:
                learnt.append(constraint.with_state(cast("Mapping[str, Any]", state)))
            except DataError as error:
                raise DataError(f"{where}: {error}") from error
        return cls(schema, tuple(learnt), ordered(constraints))

    @property
    def _active(self) -> tuple[AbstractConstraint, ...]:
        return tuple(self.constraints[index] for index in self.order)


def bound_columns(schema: Schema) -> frozenset[str]:
    """Columns whose values the schema's constraints must know: they cannot be made anew, as text is."""
    constraints = read_constraints(schema.constraints or (), schema)
    bound = (
        one
        for one in constraints
        if not isinstance(one, (Unique, Format, Composition, MissingWhen, OnePresent))
    )
    return frozenset(name for one in bound for name in (*one.reads, *one.writes))


def ordered(constraints: Sequence[AbstractConstraint]) -> tuple[int, ...]:
    """Those that can put columns back, each after all that it builds on; the first listed goes first."""
    taken: dict[str, int] = {}
    for index, constraint in enumerate(constraints):
        if any(name in taken for name in constraint.writes):
            continue
        candidate = taken | dict.fromkeys(constraint.writes, index)
        if not _closes_circle(constraints, candidate, index):
            taken = candidate
    order: list[int] = []
    waiting = sorted(set(taken.values()), reverse=True)
    while waiting:
        index = waiting[-1]
        first = [needed for needed in _needed(constraints[index], taken, index) if needed not in order]
        if first:
            waiting += first
        else:
            waiting.pop()
            if index not in order:
                order.append(index)
    return tuple(order)


def _needed(constraint: AbstractConstraint, taken: Mapping[str, int], index: int) -> list[int]:
    """The constraints that put back what this one reads."""
    return sorted({taken[name] for name in constraint.reads if name in taken} - {index})


def _closes_circle(constraints: Sequence[AbstractConstraint], taken: Mapping[str, int], start: int) -> bool:
    """Whether a constraint builds, by way of others, on itself."""
    seen: set[int] = set()
    waiting = [start]
    while waiting and start not in seen:
        index = waiting.pop()
        needed = set(_needed(constraints[index], taken, index)) - seen
        seen |= needed
        waiting += needed
    return start in seen
