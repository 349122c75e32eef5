"""What only few families share does not come out, however many rows of these families have it.

A column counts rows; but a value that all orders of one customer have is that customer's own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from gansmith.modalities.relational.records import Rows
from gansmith.tabular.cells import cells_of, codes_of, replaced
from gansmith.tabular.schema import Column, Schema

FEWEST_FAMILIES: Final = 3
"""That must share a value: of two each knows which is the other's."""


def of_many_families(
    records: pa.Table, schema: Schema, families: Rows, min_count: int, rng: np.random.Generator
) -> tuple[pa.Table, Schema]:
    """Rows in which a value that fewer than three families share stands once for each of them at most.

    So its rows are too few to come out. In the place of the others stand values of other rows. Texts that are
    all such values become what is made anew.

    Args:
        records: Rows to learn columns from.
        schema: Their columns; those whose values are made anew anyway stay as they are.
        families: Whose each row is.
        min_count: Rows that must share a value.
        rng: Draws the other rows.
    """
    changed: dict[str, pa.Array] = {}
    columns: list[Column] = []
    for column in schema.columns:
        columns.append(column)
        if column.traits.is_made_anew or not column.traits.is_varied or column.parts:
            continue
        cells = cells_of(records, column.name)
        codes = codes_of(cells)
        pairs, first = np.unique(np.stack([codes, families], 1), axis=0, return_index=True)
        n_families, n_rows = np.bincount(pairs[:, 0]), np.bincount(codes)
        is_few = (n_families < min(FEWEST_FAMILIES, min_count)) & (n_rows >= min_count)
        others = np.flatnonzero(~is_few[codes])
        if len(others):
            is_again = is_few[codes]
            is_again[first] = False
            rows = np.arange(len(codes))
            rows[is_again] = rng.choice(others, is_again.sum())
            changed[column.name] = cells.take(pa.array(rows))
        elif column.traits.rare_as:
            columns[-1] = replace(column, kind=column.traits.rare_as)
    return replaced(records, changed), replace(schema, columns=tuple(columns))
