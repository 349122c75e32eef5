"""Groups of neighbouring 0/1 columns of which exactly one is 1."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from gansmith.modalities.table.constraints.cells import cells_of
from gansmith.modalities.table.constraints.one_of import OneOf
from gansmith.modalities.table.constraints.view import View
from gansmith.modalities.table.schema import Column

MIN_COLUMNS: Final = 3
"""Of two columns one decides the other; that is found as such."""
MAX_COLUMNS: Final = 1_000


def find_one_of(view: View, taken: frozenset[str]) -> list[OneOf]:
    """Groups that hold for every record; columns that are always the same may stand among them."""
    found: list[OneOf] = []
    for run in _runs(view, taken):
        first = 0
        while first + MIN_COLUMNS <= len(run):
            last = _last([truths for _, truths in run[first : first + MAX_COLUMNS]])
            columns = tuple(column for column, _ in run[first : first + last])
            group = OneOf(columns) if last >= MIN_COLUMNS else None
            if group and not group.violating(view.records).any():
                found.append(group)
                first += last
            else:
                first += 1
    return found


def _runs(view: View, taken: frozenset[str]) -> list[list[tuple[Column, Int[np.ndarray, " n"]]]]:
    """Neighbouring 0/1 columns without missing cells, with their values."""
    runs: list[list[tuple[Column, np.ndarray]]] = [[]]
    for column in view.schema.columns:
        if column.kind == "constant":
            continue
        truths = None if column.name in taken else _truths(view, column)
        if truths is None:
            runs.append([])
        else:
            runs[-1].append((column, truths))
    return [run for run in runs if len(run) >= MIN_COLUMNS]


def _truths(view: View, column: Column) -> Int[np.ndarray, " n"] | None:
    """The sample's values as 0 and 1, or None where there are others."""
    if column.kind not in ("integer", "boolean") or column.missing_rate:
        return None
    for records in (view.quick, view.sample):
        cells = cells_of(records, column.name)
        if cells.null_count:
            return None
        values = cells.cast(pa.int8() if column.type == "bool" else pa.int64(), safe=False).to_numpy()
        if ((values != 0) & (values != 1)).any():
            return None
    return values.astype(np.int8)


def _last(truths: list[Int[np.ndarray, " n"]]) -> int:
    """How many columns from the first on add up to 1 in every record; 0: none do."""
    total = np.zeros(len(truths[0]), np.int16)
    for number, values in enumerate(truths, start=1):
        total = total + values
        if total.max() > 1:
            return 0
        if total.min() == 1:
            return number
    return 0
