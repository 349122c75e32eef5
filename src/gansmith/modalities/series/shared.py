"""What enough series share: a value that one customer has a hundred times is still that customer's alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int

from gansmith.scorecard.features import draws
from gansmith.tabular.cells import cells_of, codes_of, replaced


def with_shared_values(
    records: pa.Table, owners: Int[np.ndarray, " n_steps"], min_count: int, seed: int
) -> pa.Table:
    """Steps to learn columns from: values that too few series have stand for others of the same column.

    What counts records would let a value out that one series has often enough. Cells with such a value become
    those of other steps, drawn at random; values that few steps have are left to whoever counts steps.

    Args:
        records: Steps of all series.
        owners: The number of the series of each.
        min_count: Series that must share a value before it may come out.
        seed: Draws the other steps.
    """
    if min_count < 2:
        return records
    found: dict[str, pa.Array] = {}
    for place, name in enumerate(records.column_names):
        cells = cells_of(records, name)
        is_own = _are_own(codes_of(cells), owners, min_count) & np.asarray(cells.is_valid())
        others = np.flatnonzero(~is_own)
        if is_own.any() and len(others):
            places = np.arange(len(cells))
            places[is_own] = draws(seed + place).choice(others, int(is_own.sum()))
            found[name] = cells.take(pa.array(places))
    return replaced(records, found)


def _are_own(
    codes: Int[np.ndarray, " n_steps"], owners: Int[np.ndarray, " n_steps"], min_count: int
) -> Bool[np.ndarray, " n_steps"]:
    """Which cells have a value that enough steps have, but too few series."""
    pairs = np.unique(codes.astype(np.int64) * (int(owners.max(initial=0)) + 1) + owners)
    n_series = np.bincount(pairs // (int(owners.max(initial=0)) + 1), minlength=int(codes.max(initial=0)) + 1)
    n_steps = np.bincount(codes, minlength=len(n_series))
    return ((n_series < min_count) & (n_steps >= min_count))[codes]
