"""What never comes out of a model, being too rare, and what new records hold that it never saw: in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from gansmith.errors import Caution, UsageError
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.codecs import AbstractColumnCodec, Suppressed, counted
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import FIRST_PARTS, Schema

MAX_NAMED: Final = 6
"""Columns that one note names."""
MANY_UNKNOWN: Final = 0.05
"""Share of a column's cells that a model does not know, above which it should be learnt anew."""


def suppression_notes(codec: RowCodec, schema: Schema, target: str) -> tuple[str, ...]:
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
        if after.traits.is_made_anew and not before.traits.is_made_anew
    ]
    columns = dict(zip(codec.flat.names, codec.columns, strict=True))
    is_learnt = bool(target) and codec.chain.taking(target) is None  # else it follows from what is learnt
    notes = _of_target(columns[target], target, codec.min_count) if is_learnt else []
    if made_anew:
        said = (
            f"most cells of {_named(made_anew)} hold a value that fewer than {codec.min_count} records "
            "share: made anew, as text is. --min-count 1 keeps such values"
        )
        notes.append(Caution(said))
    held: dict[tuple[str, str], dict[str, Suppressed]] = {}
    for name, column in columns.items():
        if column.values_called is not None and column.rare():
            held.setdefault(column.values_called, {})[name] = column.rare()
    if held:
        parts = [_of_kind(held[words], words) for words in sorted(held)]
        notes.append(
            f"suppressed, as fewer than {codec.min_count} records share them: {' and '.join(parts)}; "
            "--min-count changes that, see docs/how-to/tables.md"
        )
    says_which = {name for name in columns if name.rpartition(".")[2] in FIRST_PARTS} - set(schema.names)
    emptied = [
        name
        for name, column in columns.items()
        if column.rare() and not column.n_states and name not in says_which
    ]
    if emptied:
        said = f"{_named(emptied)}: not learnt, as without the suppressed values nothing varies any more"
        notes.append(Caution(said))
    return tuple(notes)


def _of_target(codec: AbstractColumnCodec, target: str, min_count: int) -> list[str]:
    """A note when the target loses classes; the ends of a range of numbers are no loss."""
    held = codec.rare()
    way_out = f"fewer than {min_count} records share them. --min-count 1 keeps them"
    if not codec.n_states or codec.values_called is None:
        raise UsageError(f"target {target!r} has too few values left to be predicted: {way_out}.")
    if not held or codec.n_bins:
        return []
    lost = counted(held.n_values, "value", "values"), counted(held.n_records, "record", "records")
    return [Caution(f"THE TARGET {target!r} LOSES {lost[0]} ({lost[1]}): {way_out}")]


def _of_kind(held: Mapping[str, Suppressed], words: tuple[str, str]) -> str:
    """What is suppressed of all columns of a kind."""
    n_values = sum(each.n_values for each in held.values())
    cells = counted(sum(each.n_records for each in held.values()), "cell", "cells")
    return f"{counted(n_values, *words)} of {_named(list(held))} ({cells})"


def _named(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:MAX_NAMED])
    return shown + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")


def unknown_notes(codec: RowCodec, records: pa.Table) -> tuple[str, ...]:
    """A note of the cells that the model can only take for others, or none; a caution where they are many.

    Args:
        codec: Of the model.
        records: Typed as its schema says.
    """
    found, most = list[str](), 0.0
    records = codec.split(records)
    for column, own in zip(codec.flat.columns, codec.columns, strict=True):
        if own.column != column or own.values_called is None or not own.n_states:
            continue  # made anew, or a constraint made something else of it, such as a distance
        cells = cells_of(records, column.name)
        n_unknown = int((~own.knows(cells.drop_null())).sum())
        n_missing = 0 if own.has_missing else cells.null_count
        most = max(most, (n_unknown + n_missing) / max(1, len(cells)))
        if n_unknown:
            found.append(f"{counted(n_unknown, 'cell', 'cells')} of {column.name!r}")
        if n_missing:
            found.append(f"{counted(n_missing, 'missing cell', 'missing cells')} of {column.name!r}")
    if not found:
        return ()
    said = (
        f"the model does not know {', '.join(found)}: such categories are replaced by known ones, drawn by "
        "frequency, numbers outside the learnt range by its ends. If they matter, learn a new model from all "
        "data"
    )
    return (Caution(said) if most > MANY_UNKNOWN else said,)
