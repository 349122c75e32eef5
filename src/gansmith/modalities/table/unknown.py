"""What new records hold that a model does not know."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.columns.base import AbstractColumnCodec
from gansmith.modalities.table.columns.categories import CategoryCodec
from gansmith.modalities.table.columns.numbers import NumberCodec, to_numbers
from gansmith.modalities.table.held_back import counted


def unknown_notes(codec: TableCodec, records: pa.Table) -> tuple[str, ...]:
    """A note of the cells that the model can only take for others, or none.

    Args:
        codec: Of the model.
        records: Typed as its schema says.
    """
    found: list[str] = []
    for column, own in zip(codec.schema.columns, codec.columns, strict=True):
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
