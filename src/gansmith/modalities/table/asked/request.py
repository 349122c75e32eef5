"""A request to a learnt table, from what a user says to what can be held fixed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, final

import pyarrow as pa

from gansmith.errors import UsageError
from gansmith.modalities.table.asked.choices import Choices, choices_for
from gansmith.modalities.table.asked.condition import Condition, conditions_of
from gansmith.modalities.table.asked.filling import AskedFilling
from gansmith.modalities.table.asked.reduced import reduced
from gansmith.modalities.table.asked.wanted import AskedColumn, Wanted
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.schema import Column
from gansmith.modalities.where import Where

MAX_BALANCED: Final = 1000
"""Values that can take turns."""


@final
@dataclass(frozen=True)
class TableRequest:
    """See `Request` of the base."""

    wanted: Wanted
    texts: tuple[str, ...]

    def filling(self, size: int, first_index: int, n_wanted: int, seed: int) -> AskedFilling:
        """See the base."""
        return AskedFilling(self.wanted, size, first_index, n_wanted, seed)


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
    conditions = conditions_of(codec.schema, where)
    texts = tuple(text for condition in conditions.values() for text in condition.texts)
    if balance:
        conditions[balance] = _without_missing(codec.schema.column(balance), conditions.get(balance))
        _check_balance(codec, conditions[balance].column)
    found = reduced(codec.chain, conditions)
    asked: list[AskedColumn] = []
    balanced: int | None = None
    for name, condition in found.asked.items():
        index = codec.schema.names.index(name)
        choices = choices_for(codec.columns[index], condition)
        if name == balance:
            _check_values(condition.column, choices)
            balanced = len(asked)
        if codec.columns[index].n_states:
            asked.append(_asked(codec, index, choices))
    watched = tuple(conditions.values()) if codec.chain.constraints else ()
    return TableRequest(Wanted(codec, tuple(asked), watched, balanced, found.sought), texts)


def _asked(codec: TableCodec, index: int, choices: Choices) -> AskedColumn:
    layout, place = codec.layout, codec.playing.index(index)
    has_level = place in layout.level_columns
    level_place = layout.n_columns + layout.level_columns.index(place) if has_level else None
    return AskedColumn(choices, place, level_place)


def _without_missing(column: Column, condition: Condition | None) -> Condition:
    """What is asked of a balanced column; a missing cell is no value, unless it is listed."""
    nothing = pa.nulls(1, column.arrow_type)
    if condition is None:
        return Condition(column, None, nothing, (), ())
    if condition.values is not None:
        return condition
    return replace(condition, excluded=pa.concat_arrays([condition.excluded, nothing]))


def _check_balance(codec: TableCodec, column: Column) -> None:
    """Raise UsageError unless the generator makes the column as it is."""
    rule = codec.chain.taking(column.name)
    if rule is not None:
        others = ", ".join(repr(name) for name in rule.reads)
        raise UsageError(
            f"column {column.name!r} follows from others ({rule.in_words()}) and cannot be balanced. "
            f"Balance {others or 'another one'}."
        )


def _check_values(column: Column, choices: Choices) -> None:
    """Raise UsageError unless all values of the column can take turns."""
    name = column.name
    if choices.cells is None or not choices.codec.n_states:
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
