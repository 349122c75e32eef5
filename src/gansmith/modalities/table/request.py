"""A request to a learnt table, from what a user says to what can be held fixed.

Constraints take columns out of the game and compute them from others. Where a condition on such a column
says what these others must be, that is asked of them. Either way the condition itself is looked at when a
record is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
import pyarrow as pa

from gansmith.errors import UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.sampling import SampledBlock
from gansmith.modalities.table.wanted import ConditionedColumn, Wanted
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.base import parted
from gansmith.tabular.columns.choices import Choices
from gansmith.tabular.conditions import Condition, conditions_of
from gansmith.tabular.constraints import Chain
from gansmith.tabular.constraints.dependency import AbstractLookup
from gansmith.tabular.layout import Compact
from gansmith.tabular.parts import split
from gansmith.tabular.schema import Column, Schema
from gansmith.tabular.where import Where

MAX_BALANCED: Final = 1000
"""Values that can take turns."""


@final
@dataclass(frozen=True)
class TableRequest:
    """See `Request` of the base."""

    wanted: Wanted
    texts: tuple[str, ...]

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> SampledBlock:
        return SampledBlock(self.wanted, size, first_index, n_wanted, seed)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`."""
        return self.wanted.doubts(n_learnt, free)


def request_for(codec: TableCodec, where: Where, balance: str = "") -> TableRequest:
    """The request for records that fulfil these conditions.

    Args:
        codec: What was learnt.
        where: Conditions on any columns.
        balance: A column whose values shall be equally frequent: all that were learnt or, where there is a
            condition on it, all that fulfil it. A missing cell is only among them if the condition lists it.

    Raises:
        UsageError: When a column or a value is unknown or out of range, with the nearest known one.
    """
    named = codec.schema.named
    found = conditions_of(named, where)
    texts = tuple(text for condition in found.values() for text in condition.texts)
    conditions = on_parts(codec.schema, found)
    if balance:
        if len(parts := [one.name for one in _in_parts(codec.schema, balance)]) > 1:
            raise UsageError(
                f"column {balance!r} is put together from parts and cannot be balanced. Balance one of them: "
                f"{', '.join(parts)}."
            )
        conditions[balance] = _without_missing(named.column(balance), conditions.get(balance))
        if (rule := codec.rows.chain.taking(balance)) is not None:
            others = ", ".join(repr(name) for name in rule.reads)
            raise UsageError(
                f"column {balance!r} follows from others ({rule.in_words()}) and cannot be balanced. "
                f"Balance {others or 'another one'}."
            )
    on_made, sought = reduced(codec.rows.chain, conditions)
    asked: list[ConditionedColumn] = []
    balanced: int | None = None
    for name, condition in on_made.items():
        index = codec.rows.flat.names.index(name)
        choices = codec.rows.columns[index].choices(condition)
        if name == balance:
            _check_values(condition.column, choices, codec.rows.columns[index].n_states)
            balanced = len(asked)
        if codec.rows.columns[index].n_states:
            asked.append(ConditionedColumn.of(codec, index, choices))
    watched = tuple(conditions.values()) if codec.rows.chain.constraints else ()
    return TableRequest(Wanted(codec, tuple(asked), watched, balanced, sought), texts)


def on_parts(schema: Schema, conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """Conditions on columns that are put together as conditions on their parts; the others as they are.

    Raises:
        UsageError: More is asked of such a column than one value, or whether it has one.
    """
    asked: dict[str, Condition] = {}
    for name, condition in conditions.items():
        found = (
            {name: condition} if not _in_parts(schema, name) else _of_whole(schema.column(name), condition)
        )
        for part, one in found.items():
            asked[part] = _narrowed(asked, one.column, one)
    for column in schema.columns:
        if column.pattern and column.parts:
            asked |= _of_pattern(column, asked)
    return asked


def _of_pattern(column: Column, asked: Mapping[str, Condition]) -> dict[str, Condition]:
    """What asking for parts of a column asks of its pattern: to be one that has these parts."""
    patterns = pa.array(column.pattern, pa.string())
    fits = np.ones(len(patterns), bool)
    for name, has_it in parted(column).needed(patterns, column).items():
        if name in asked and not asked[name].holds(pa.nulls(1, asked[name].column.arrow_type)).any():
            fits &= has_it
    first = column.parts[0]
    return (
        {}
        if fits.all()
        else {first.name: _narrowed(asked, first, _one_of(first, patterns.filter(pa.array(fits))))}
    )


def _in_parts(schema: Schema, name: str) -> tuple[Column, ...]:
    """What a column is put together from; nothing where it is not."""
    found = next((column for column in schema.columns if column.name == name), None)
    return found.flat if found is not None and found.parts else ()


def _of_whole(column: Column, condition: Condition) -> dict[str, Condition]:
    """What is asked of the parts of a column, where one cell of it is asked for."""
    first = column.flat[0]
    if condition.values is None and not len(condition.excluded.drop_null()):
        return {first.name: replace(condition, column=first)}
    if condition.values is None or len(condition.values) > 1:
        names = ", ".join(part.name for part in column.flat)
        raise UsageError(
            f"column {column.name!r} is put together from parts: one value can be asked of it, and more of "
            f"{names}."
        )
    if condition.values.null_count:
        return {first.name: replace(condition, column=first)}
    cells = split(pa.table({column.name: condition.values}), Schema((column,)))
    known = {part.name: cells_of(cells, part.name) for part in column.flat}
    if known[first.name][0].as_py() == "":
        raise UsageError(
            f"column {column.name!r} has no value {condition.values[0].as_py()!r}. "
            f"Wanted: {parted(column).in_words(column)}."
        )
    there = [part for part in column.flat if not known[part.name].null_count]
    return {part.name: _one_of(part, known[part.name]) for part in there}


def _without_missing(column: Column, condition: Condition | None) -> Condition:
    """What is asked of a balanced column; a missing cell is no value, unless it is listed."""
    nothing = pa.nulls(1, column.arrow_type)
    if condition is None:
        return Condition(column, None, nothing, (), ())
    if condition.values is not None:
        return condition
    return replace(condition, excluded=pa.concat_arrays([condition.excluded, nothing]))


def _check_values(column: Column, choices: Choices, n_states: int) -> None:
    """Raise UsageError unless all values of the column can take turns."""
    name = column.name
    if choices.cells is None or not n_states:
        raise UsageError(f"column {name!r} is {column.kind}: it has no values to balance. Choose another.")
    if not choices.is_finite:
        raise UsageError(
            f"column {name!r} has too many values for all of them to be equally frequent. "
            f"Name some, such as --where {name}=VALUE --where {name}=VALUE, or choose a column of categories."
        )
    if len(choices) > MAX_BALANCED:
        raise UsageError(
            f"column {name!r} has {len(choices):,} values, and at most {MAX_BALANCED:,} can be balanced. "
            f"Name some of them with --where {name}=VALUE."
        )


def reduced(
    chain: Chain, conditions: Mapping[str, Condition]
) -> tuple[dict[str, Condition], dict[str, pa.Scalar]]:
    """What to ask of the generator, so that whole records have a chance to fulfil all conditions.

    Returns:
        By column, as that is between the constraints' `reduce` and `restore`, what to ask of it; and cells of
        whole records that the generator cannot be told of, but near ones can be moved to.

    Raises:
        UsageError: When no record can fulfil them.
    """
    exact: dict[str, pa.Array] = {
        name: found.values
        for name, found in conditions.items()
        if found.values is not None
        and len(found.values) == 1
        and not found.bounds
        and not len(found.excluded)
    }
    told, sought = chain.conditions_for(exact)
    asked: dict[str, Condition] = {}
    for name, condition in conditions.items():
        rule = chain.taking(name)
        if rule is None:
            asked[name] = _narrowed(asked, condition.column, condition)
        elif isinstance(rule, AbstractLookup):
            keys, values = rule.known()
            fitting = np.ones(len(keys), bool)
            for one in rule.writes:
                if one in conditions:
                    fitting &= conditions[one].holds(values[one])
            if not fitting.any():
                raise UsageError(f"no record has {condition}: {rule.in_words()}. Ask for one that occurs.")
            if chain.taking(rule.key) is rule or not _is_changed(chain, rule.key):
                called = chain.reduced.column(rule.key)
                found = _one_of(called, keys.filter(pa.array(fitting)))
                asked[called.name] = _narrowed(asked, called, found)
        elif not _is_changed(chain, name):
            asked[name] = condition
    for name, cell in told.items():
        if name not in asked:
            asked[name] = _one_of(chain.reduced.column(name), cell)
    return asked, {name: cell[0] for name, cell in sought.items()}


def _is_changed(chain: Chain, name: str) -> bool:
    """Whether the generator makes something else under this name."""
    rule = chain.taking(name)
    return rule is not None and name in rule.reduced()


def _narrowed(asked: Mapping[str, Condition], column: Column, other: Condition) -> Condition:
    """What is asked of a column already, and this too."""
    before = asked.get(column.name)
    if before is None:
        return other
    if before.values is None:
        before, other = other, before
    values = before.values
    kept = None if values is None else values.filter(pa.array(other.holds(values)))
    if kept is not None and not len(kept):
        raise UsageError(f"no record has {before} and {other}. Ask for less.")
    return replace(before, values=kept, texts=(*before.texts, *other.texts))


def _one_of(column: Column, values: pa.Array) -> Condition:
    if values.null_count == len(values):  # a missing cell, of the type that the column had before
        values = pa.nulls(len(values), column.arrow_type)
    spelt = tuple(f"{column.name}={'' if value is None else value}" for value in values[:3].to_pylist())
    return Condition(column, values, pa.array([], column.arrow_type), (), spelt)
