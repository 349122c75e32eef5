"""What holds without exception, found in the data; and what a schema declares, checked against it.

A rule is found only where chance is ruled out: enough records speak for it, and records put together at
random would break it. A rule that is found holds for all records, not for a sample of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError
from gansmith.tabular.constraints import ordered, place_of, read_constraints
from gansmith.tabular.constraints.base import AbstractConstraint
from gansmith.tabular.constraints.calendar_finding import find_elapsed, find_parts
from gansmith.tabular.constraints.codes import find_codes
from gansmith.tabular.constraints.composition import find_compositions
from gansmith.tabular.constraints.dependency import find_dependencies
from gansmith.tabular.constraints.emptiness import find_missing_when
from gansmith.tabular.constraints.groups import find_missing_together, find_one_of
from gansmith.tabular.constraints.inequality import find_inequalities
from gansmith.tabular.constraints.maps import find_maps
from gansmith.tabular.constraints.near import find_near
from gansmith.tabular.constraints.presence import find_one_present
from gansmith.tabular.constraints.product import find_products
from gansmith.tabular.constraints.total import find_totals
from gansmith.tabular.constraints.view import MIN_RECORDS, View
from gansmith.tabular.schema import FIRST_PARTS, Schema

MAX_NOTES: Final = 20
MIN_FEW: Final = 30
"""Records that prove an order, which most of them would break by chance; other rules need more."""
_FINDERS: Final = (
    find_parts, find_elapsed, find_totals, find_maps, find_products, find_one_of, find_compositions,
    find_dependencies, find_codes, find_near, find_inequalities, find_missing_together,
    find_one_present, find_missing_when,
)  # fmt: skip
"""In the order in which they have their say: a column is put back by one rule alone."""


def settle(
    records: pa.Table, schema: Schema, more: Sequence[Mapping[str, Any]], *, is_finding: bool
) -> tuple[Schema, tuple[str, ...]]:
    """The schema with all constraints that hold, and what to tell the user of those that were found.

    Args:
        records: All real records.
        schema: Their columns; what it says of constraints is checked, and where it says nothing they are
            looked for.
        more: Constraints beside those of the schema, as plain JSON.
        is_finding: Whether constraints are looked for at all.

    Raises:
        DataError: A constraint is not right, or a record breaks it.
    """
    listed = (*(schema.constraints or ()), *more)
    declared = read_constraints(listed, schema)
    for number, constraint in enumerate(declared, start=1):
        _check(constraint, records, number)
    found = find(records, schema, declared) if is_finding and schema.constraints is None else []
    if not declared and not found and schema.constraints is None:
        return schema, ()
    settled = (*listed, *(constraint.to_json() for constraint in found))
    return replace(schema, constraints=settled), _notes(found)


def find(
    records: pa.Table,
    schema: Schema,
    declared: Sequence[AbstractConstraint] = (),
    given: frozenset[str] = frozenset(),
) -> list[AbstractConstraint]:
    """Constraints that hold for all records, beside those that are declared.

    Args:
        records: All of them.
        schema: Their columns.
        declared: Constraints that are known.
        given: Columns that no rule may put back, as they are there before the others are.
    """
    if records.num_rows < MIN_FEW:
        return []
    view = View(records, schema)
    taken = {*given, *(name for constraint in declared for name in constraint.writes)}
    found: list[AbstractConstraint] = []
    for finder in _FINDERS if records.num_rows >= MIN_RECORDS else (find_inequalities,):
        for constraint in finder(view, frozenset(taken)):
            if not _is_within(constraint):
                found.append(constraint)
                taken |= set(constraint.writes)
    kept = ordered([*declared, *found])  # what would close a circle with others is left out
    numbered = enumerate(found, start=len(declared))
    return [one for index, one in numbered if index in kept or not one.writes]


def _is_within(constraint: AbstractConstraint) -> bool:
    """Whether it says which parts of a column go with its first part: cells are put together so anyway."""
    names = (*constraint.reads, *constraint.writes)
    owners = [name.rpartition(".")[0] for name in names if name.rpartition(".")[2] in FIRST_PARTS]
    return len(names) > 1 and any(all(name.startswith(f"{owner}.") for name in names) for owner in owners)


def _check(constraint: AbstractConstraint, records: pa.Table, number: int) -> None:
    """Raise DataError with the first record that breaks a constraint."""
    broken = constraint.violating(records)
    if not broken.any():
        return
    first = int(np.argmax(broken))
    names = dict.fromkeys((*constraint.reads, *constraint.writes))
    shown = [f"{name}={records.column(name)[first].as_py()}" for name in list(names)[:8]]
    others = f" ({int(broken.sum()):,} records do)" if broken.sum() > 1 else ""
    raise DataError(
        f"{place_of(constraint.to_json(), number)}: record {first + 1} breaks {constraint.in_words()!r}: "
        f"{', '.join(shown)}{', ...' if len(names) > 8 else ''}{others}. "
        "Clean the data, or leave the constraint out of the schema."
    )


def _notes(found: Sequence[AbstractConstraint]) -> tuple[str, ...]:
    cure = "Synthetic records will keep it; to drop it, give --no-constraints or edit the schema"
    shown = [f"rule found: {constraint.in_words()}. {cure}" for constraint in found[:MAX_NOTES]]
    n_more = len(found) - MAX_NOTES
    more = [f"{n_more} more such rules were found; `gansmith show --json` lists them"] if n_more > 0 else []
    return (*shown, *more)
