"""What is asked of one column: one of some values, none of others, a range; and which cells fulfil it.

A value is read as a person writes it, as one typed cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import UsageError
from gansmith.tabular.cells import Mask, are_in, mask_of
from gansmith.tabular.schema import Column, Schema
from gansmith.tabular.where import Term, Where, terms_of

_COMPARISONS: Final = {">=": pc.greater_equal, "<=": pc.less_equal, ">": pc.greater, "<": pc.less}


@final
@dataclass(frozen=True)
class Condition:
    """Everything that is asked of one column.

    A missing cell fulfils it if it is among the values, or if there are only values that it must not be.
    """

    column: Column
    values: pa.Array | None
    """One of these, null for a missing cell; None: any."""
    excluded: pa.Array
    """None of these."""
    bounds: tuple[tuple[str, pa.Scalar], ...]
    """A comparison and an end of a range, each of which must hold."""
    texts: tuple[str, ...]
    """It as on the command line."""

    @staticmethod
    def anything(column: Column) -> Condition:
        """Every cell fulfils it."""
        return Condition(column, None, pa.nulls(0, column.arrow_type), (), ())

    def holds(self, cells: pa.Array) -> Mask:
        """Which cells, typed as the column says, fulfil it."""
        keep = np.ones(len(cells), bool)
        if self.values is not None:
            keep &= are_in(cells, self.values)
        if len(self.excluded):
            keep &= ~are_in(cells, self.excluded)
        for operator, end in self.bounds:
            keep &= mask_of(_COMPARISONS[operator](cells, end))
        return keep

    @property
    def named(self) -> pa.Array:
        """The values that it names, those it excludes too."""
        if self.values is None or not len(self.values):
            return self.excluded
        if not len(self.excluded):  # and of whatever type nothing is
            return self.values
        return pa.concat_arrays([self.values, self.excluded])

    def __str__(self) -> str:
        joined = " or ".join(text for text in self.texts if self._is_choice(text))
        others = [text for text in self.texts if not self._is_choice(text)]
        return " and ".join(([joined] if joined else []) + others)

    def _is_choice(self, text: str) -> bool:
        return text[len(self.column.name) :].startswith("=")


def conditions_of(schema: Schema, where: Where) -> dict[str, Condition]:
    """What is asked, by column.

    Several values with "=" are alternatives; everything else must hold together.

    Raises:
        UsageError: When a column is unknown, a value is not of its kind, a range is asked of a column without
            an order, or nothing can be all that is asked.
    """
    terms: dict[str, list[Term]] = {}
    for term in terms_of(where, schema.names):
        terms.setdefault(term.column, []).append(term)
    return {name: _condition(schema.column(name), found) for name, found in terms.items()}


def matching(records: pa.Table, schema: Schema, where: Where) -> np.ndarray:
    """Numbers of the records that fulfil all of it.

    Raises:
        UsageError: As `conditions_of`.
    """
    keep = np.ones(records.num_rows, bool)
    for name, condition in conditions_of(schema, where).items():
        keep &= condition.holds(records.column(name).combine_chunks())
    return np.flatnonzero(keep)


def _condition(column: Column, terms: Sequence[Term]) -> Condition:
    values, excluded, bounds = list[pa.Array](), list[pa.Array](), list[tuple[str, pa.Scalar]]()
    for term in terms:
        for value in term.values:
            if term.operator in _COMPARISONS:
                bounds.append((term.operator, _end(column, term.operator, value)))
            else:
                (values if term.operator == "=" else excluded).append(parse_value(column, value))
    texts = tuple(text for term in terms for text in term.texts)
    allowed = _joined(column, values) if values else None
    found = Condition(column, allowed, _joined(column, excluded), tuple(bounds), texts)
    if _is_empty(found):
        raise UsageError(f"nothing can be {found}: these contradict each other. Leave one out.")
    return found


def _end(column: Column, operator: str, value: Any) -> pa.Scalar:
    if not column.traits.is_measure:
        name = column.name
        raise UsageError(
            f"column {name!r} is {column.kind} and has no order, so {operator!r} cannot be asked of it. "
            f"Write {name}={value} for a value, {name}={operator}{value} for the value {operator}{value}."
        )
    cell = parse_value(column, value, is_bound=True)
    if cell.null_count:
        raise UsageError(f"column {column.name!r}: {operator!r} needs a value, such as {column.name}>=1.")
    return cell[0]


def _joined(column: Column, cells: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.concat_arrays(cells)) if cells else pa.array([], column.arrow_type)


def _is_empty(condition: Condition) -> bool:
    """Whether no cell at all can fulfil it."""
    if condition.values is not None:
        return not condition.holds(condition.values).any()
    lows = [end for operator, end in condition.bounds if operator.startswith(">")]
    highs = [end for operator, end in condition.bounds if operator.startswith("<")]
    ends = pa.array([end.as_py() for end in (*lows, *highs)], condition.column.arrow_type)
    if not lows or not highs:
        return False
    low, high = pc.max(ends[: len(lows)]), pc.min(ends[len(lows) :])
    if pc.greater(low, high).as_py():
        return True
    return pc.equal(low, high).as_py() and not condition.holds(pa.array([low.as_py()], ends.type)).any()


def parse_value(column: Column, value: Any, *, is_bound: bool = False) -> pa.Array:
    """One value as a column of one cell, typed as the schema says.

    Args:
        column: What the column is.
        value: As a person writes it, spelt as in the data, or a Python value; None, nothing or the column's
            missing mark for a missing cell.
        is_bound: Whether it is the end of a range, which may have more decimals than the column.

    Raises:
        UsageError: When it is not of the column's kind.
    """
    is_nan = isinstance(value, float) and math.isnan(value)
    if value is None or is_nan or (isinstance(value, str) and value in ("", column.missing_mark)):
        return pa.nulls(1, column.arrow_type)
    try:
        cell = _parsed(value, column) if isinstance(value, str) else pa.array([value]).cast(column.arrow_type)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise UsageError(
            f"column {column.name!r}: {value!r} is no {column.kind}.{_hint(column, value)}"
        ) from error
    if cell.null_count:
        plain = "true or false" if pa.types.is_boolean(column.arrow_type) else "a number"
        wanted = f"Write it as in the data: {' or '.join(column.spelling) or column.format or plain}."
        raise UsageError(
            f"column {column.name!r}: {value!r} is no {column.kind}. {wanted}{_hint(column, value)}"
        )
    if column.has_decimals and not is_bound:
        number = cell[0].as_py()
        if abs(round(number, column.decimals) - number) > 1e-12 * max(1.0, abs(number)):
            raise UsageError(
                f"column {column.name!r} has {column.decimals} decimals and cannot hold {value!r}. Round it."
            )
    return cell


def _parsed(text: str, column: Column) -> pa.Array:
    """What a person asks for as one cell: as in the data, a bare number, true or false; null if none."""
    if pa.types.is_string(column.arrow_type):  # blanks may be part of it
        return pa.array([text])
    cell = pa.array([text.strip()])
    found = column.traits.parse(cell, column)
    if found.null_count and column.traits.is_number:
        bare = replace(column, prefix="", suffix="", thousands="", negative="", plus="", point=".")
        return column.traits.parse(cell, bare)
    if found.null_count and pa.types.is_boolean(column.arrow_type):
        return pa.array([{"true": True, "false": False}.get(text.strip().lower())], pa.bool_())
    return found


def _hint(column: Column, value: object) -> str:
    """What to do when a range was meant: in `age=>65` the value is `>65`."""
    if isinstance(value, str) and value[:1] in ("<", ">"):
        return f" For a range write {column.name}{value}."
    return ""
