"""What never comes out of a model, being too rare, and what new records hold that it never saw: in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.tabular.columns.base import AbstractColumnCodec
from gansmith.tabular.columns.categories import CategoryCodec
from gansmith.tabular.columns.numbers import NumberCodec, to_numbers
from gansmith.tabular.columns.rare import NOTHING, Suppressed
from gansmith.tabular.schema import Schema

MAX_NAMED: Final = 6
"""Columns that one note names."""


def suppressed_of(codec: AbstractColumnCodec) -> Suppressed:
    """What never comes out of a column; nothing where its values are made anew anyway."""
    return codec.suppressed if isinstance(codec, (CategoryCodec, NumberCodec)) else NOTHING


def suppression_notes(codec: TableCodec, schema: Schema, target: str) -> tuple[str, ...]:
    """What a person should know about the values that never come out, the target's first.

    Args:
        codec: Of the table.
        schema: Of the records, as they were read.
        target: A column to be predicted from the others, or "".

    Raises:
        UsageError: When fewer than two values of the target are left.
    """
    made_anew = [
        before.name
        for before, after in zip(schema.columns, codec.schema.columns, strict=True)
        if before.kind == "category" and after.kind == "text"
    ]
    columns = dict(zip(codec.schema.names, codec.columns, strict=True))
    is_learnt = bool(target) and codec.chain.taking(target) is None  # else it follows from what is learnt
    notes = _of_target(columns[target], target, codec.min_count) if is_learnt else []
    if made_anew:
        notes.append(
            f"most cells of {_named(made_anew)} hold a value that fewer than {codec.min_count} records "
            "share: made anew, as text is. --min-count 1 lets such values out"
        )
    held = [
        _of_kind(
            {name: suppressed_of(column) for name, column in columns.items() if isinstance(column, kind)},
            words,
        )
        for kind, words in ((CategoryCodec, ("category", "categories")), (NumberCodec, ("number", "numbers")))
    ]
    if any(held):
        notes.append(
            f"too rare to come out, as fewer than {codec.min_count} records share them: "
            f"{' and '.join(part for part in held if part)}; see docs/how-to/tables.md"
        )
    emptied = [name for name, column in columns.items() if suppressed_of(column) and not column.n_states]
    if emptied:
        notes.append(f"without its rare values {_named(emptied)} does not vary any more: not learnt")
    return tuple(notes)


def _of_target(codec: AbstractColumnCodec, target: str, min_count: int) -> list[str]:
    """A note when the target loses classes; the ends of a range of numbers are no loss."""
    held = suppressed_of(codec)
    way_out = f"fewer than {min_count} records share them. --min-count 1 keeps them"
    if not codec.n_states or not isinstance(codec, (CategoryCodec, NumberCodec)):
        raise UsageError(f"target {target!r} has too few values left to be predicted: {way_out}.")
    if not held or codec.n_bins:
        return []
    lost = counted(held.n_values, "value", "values"), counted(held.n_records, "record", "records")
    return [f"THE TARGET {target!r} LOSES {lost[0]} ({lost[1]}): {way_out}"]


def _of_kind(held: Mapping[str, Suppressed], words: tuple[str, str]) -> str:
    """What is suppressed of all columns of a kind; empty when there is nothing."""
    n_values = sum(each.n_values for each in held.values())
    n_cells = sum(each.n_records for each in held.values())
    if not n_values:
        return ""
    columns = _named([name for name, each in held.items() if each])
    cells = counted(n_cells, "cell", "cells")
    return f"{counted(n_values, *words)} of {columns} ({cells})"


def counted(n: int, one: str, many: str) -> str:
    """A number and the word for what is counted.

    Example:
        >>> counted(1, "category", "categories")
        '1 category'
    """
    return f"{n:,} {one if n == 1 else many}"


def _named(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:MAX_NAMED])
    return shown + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")


def unknown_notes(codec: TableCodec, records: pa.Table) -> tuple[str, ...]:
    """A note of the cells that the model can only take for others, or none.

    Args:
        codec: Of the model.
        records: Typed as its schema says.
    """
    found: list[str] = []
    for column, own in zip(codec.schema.columns, codec.columns, strict=True):
        if own.column != column:
            continue  # a constraint made something else of it, such as a distance
        cells = records.column(column.name).combine_chunks()
        n_unknown, n_missing = n_unknown_cells(own, cells)
        if n_unknown:
            found.append(f"{counted(n_unknown, 'cell', 'cells')} of {column.name!r}")
        if n_missing:
            found.append(f"{counted(n_missing, 'missing cell', 'missing cells')} of {column.name!r}")
    if not found:
        return ()
    return (
        f"the model does not know {', '.join(found)}: such categories count as known ones, drawn by "
        "frequency, numbers beyond the learnt range as its ends. If they matter, learn all data anew",
    )


def n_unknown_cells(codec: AbstractColumnCodec, cells: pa.Array) -> tuple[int, int]:
    """How many cells have a value that the column's codec does not know, and how many are newly missing."""
    if not isinstance(codec, (CategoryCodec, NumberCodec)) or not codec.n_states:
        return 0, 0
    n_missing = 0 if codec.has_missing else cells.null_count
    present = cells.drop_null()
    if isinstance(codec, CategoryCodec):
        is_known = pc.is_in(present.cast(pa.string()), codec.values).to_numpy(zero_copy_only=False)
    else:
        numbers, _ = to_numbers(present, codec.column)
        is_known = np.isin(numbers, codec.spikes)
        if codec.n_bins:
            is_known |= (codec.knots[0] <= numbers) & (numbers <= codec.knots[-1])
    return int((~is_known).sum()), n_missing
