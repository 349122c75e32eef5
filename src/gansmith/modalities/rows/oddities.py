"""What is odd about a row, in words: its odd cells, and what stands there in rows that are like it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float

from gansmith.modalities.sight import Parts
from gansmith.tabular.cells import cells_of
from gansmith.tabular.schema import Column, Table

MAX_NAMED: Final = 3
"""Columns that are named."""
SURPRISING: Final = 3.0
"""Oddness of a cell, in nats, from which it is named beside the oddest one: a chance of 5 %."""
USUAL: Final = (0.05, 0.95)
"""Quantiles between which numbers are called usual."""
N_DIGITS: Final = 5
"""Of a number that is spelt with more."""
MAX_VALUES: Final = 3
"""Categories that are listed as usual."""
LEAST_SHARE: Final = 0.1
"""Of the neighbours that have it, for a category to be called usual."""


def reasons(records: Table, oddness: Parts, usual: Table, neighbours: np.ndarray) -> Sequence[str]:
    """Of each row the oddest cells, the oddest first, and what neighbours have there.

    Args:
        records: Odd rows.
        oddness: Of each cell, in nats.
        usual: Rows among which there are neighbours.
        neighbours: Their numbers, shape `(n, k)`.
    """
    found: list[str] = []
    for row in range(len(records)):
        named = odd_places(oddness[row])
        near = usual.records.take(pa.array(neighbours[row]))
        columns = [records.schema.columns[place] for place in named]
        found.append("; ".join(_reason(records.records, row, column, near) for column in columns))
    return found


def odd_places(oddness: Float[np.ndarray, " n_columns"]) -> list[int]:
    """Which cells of a row are odd, the oddest first: that one, and those that surprise."""
    order = np.argsort(-oddness, kind="stable")[:MAX_NAMED]
    return [int(place) for rank, place in enumerate(order) if not rank or oddness[place] > SURPRISING]


def _reason(records: pa.Table, row: int, column: Column, near: pa.Table) -> str:
    cell = cells_of(records, column.name).slice(row, 1)
    words = _usual(cells_of(near, column.name), column)
    return f"{column.name} {shortened(spelt_cells(cell, column)[0])} where {words} is usual"


def _usual(cells: pa.Array, column: Column) -> str:
    """What most of these cells are."""
    if column.traits.is_made_anew:
        share = cells.null_count / max(1, len(cells))
        return "a missing cell" if share > 1 / 2 else "a cell that is there"
    present = cells.drop_null()
    if len(present) * 2 < len(cells):
        return "a missing cell"
    if column.traits.is_measure:
        ordered = present.take(pc.sort_indices(present))
        low, high = (ordered.slice(int(share * (len(ordered) - 1)), 1) for share in USUAL)
        first, last = (shortened(spelt_cells(end, column)[0]) for end in (low, high))
        return first if first == last else f"{first} to {last}"
    counted = pc.value_counts(present)
    counts = counted.field("counts").to_numpy()
    order = np.argsort(-counts, kind="stable")[:MAX_VALUES]
    kept = [
        place for rank, place in enumerate(order) if not rank or counts[place] >= LEAST_SHARE * len(cells)
    ]
    return " or ".join(spelt_cells(counted.field("values").take(pa.array(kept)), column))


def shortened(text: str) -> str:
    """A number of many digits with five of them, any other text as it is."""
    digits = sum(sign.isdigit() for sign in text)
    if digits <= N_DIGITS or "." not in text or not re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text):
        return text
    return f"{float(text):.{N_DIGITS}g}"


def spelt_cells(cells: pa.Array, column: Column) -> list[str]:
    """Cells as a file spells them; a missing one in a word."""
    texts = column.traits.spell(cells, column).cast(pa.string()).to_pylist()
    return ["missing" if text is None else text for text in texts]
