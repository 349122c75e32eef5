"""Constraints from plain JSON, and what to say where the data breaks one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, did_you_mean
from gansmith.modalities.table.constraints.base import AbstractConstraint
from gansmith.modalities.table.constraints.combinations import Combinations
from gansmith.modalities.table.constraints.dependency import Dependency
from gansmith.modalities.table.constraints.formats import Format
from gansmith.modalities.table.constraints.inequality import Inequality
from gansmith.modalities.table.constraints.missing import MissingTogether
from gansmith.modalities.table.constraints.one_of import OneOf
from gansmith.modalities.table.constraints.ranges import Range
from gansmith.modalities.table.constraints.total import Total
from gansmith.modalities.table.constraints.unique import Unique
from gansmith.modalities.table.schema import Schema

KINDS: Final[Mapping[str, type[AbstractConstraint]]] = {
    constraint.kind: constraint
    for constraint in (
        Inequality,
        Combinations,
        Dependency,
        OneOf,
        Total,
        Range,
        Unique,
        Format,
        MissingTogether,
    )
}
MAX_CONSTRAINTS: Final = 10_000


def read_constraints(listed: Sequence[Mapping[str, Any]], schema: Schema) -> list[AbstractConstraint]:
    """The constraints that a schema lists.

    Raises:
        DataError: A kind, a key or a column is unknown, with the nearest known one.
    """
    if len(listed) > MAX_CONSTRAINTS:
        raise DataError(f"{len(listed):,} constraints. Wanted: {MAX_CONSTRAINTS:,} at the most.")
    return [_read(values, number, schema) for number, values in enumerate(listed, start=1)]


def place_of(values: Mapping[str, Any], number: int) -> str:
    """What a constraint is called in an error."""
    return f"constraint {number} ({values.get('kind')})"


def check(constraint: AbstractConstraint, records: pa.Table, number: int) -> None:
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


def _read(values: Mapping[str, Any], number: int, schema: Schema) -> AbstractConstraint:
    kind = cast(object, values.get("kind"))
    if not isinstance(kind, str) or kind not in KINDS:
        raise DataError(
            f"constraint {number}: there is no kind {kind!r}. {did_you_mean(str(kind), sorted(KINDS))}"
        )
    return KINDS[kind].from_json(values, schema, f"{place_of(values, number)}: ")
