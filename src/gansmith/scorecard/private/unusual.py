"""How unusual a record is: those who stand out are hurt first."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.scorecard.features import Features

_N_BINS: Final = 20
"""Cells of equal width between the 1 % and the 99 % quantile of a number."""


def unusualness(*parts: Features) -> list[np.ndarray]:
    """Sum over the columns of -log of how frequent the record's cell is among all records.

    A category is a cell, and so is a missing value. Numbers lie in 20 cells of equal width, or in the two
    beyond the 1 % and the 99 % quantile: in cells of equal counts no number would be rare.

    Args:
        parts: Sets of records with the same columns, counted together.

    Returns:
        For each part shape `(n_records,)`, in nats, 0 or more; high is unusual.

    Source:
        The surprise of independent columns; Shannon 1948, "A mathematical theory of communication".
    """
    values = np.concatenate([part.values for part in parts])
    total = np.zeros(len(values))
    for column, is_category in enumerate(parts[0].is_category):
        cells = values[:, column] if is_category else _cells(values[:, column])
        _, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
        total -= np.log(counts / len(values))[inverse]
    return np.split(total, np.cumsum([len(part) for part in parts])[:-1])


def _cells(numbers: np.ndarray) -> np.ndarray:
    present = numbers[~np.isnan(numbers)]
    if not len(present):
        return numbers
    low, high = np.quantile(present, (0.01, 0.99))
    if low == high:
        return np.sign(numbers - low)
    cells = np.floor((numbers - low) / (high - low) * _N_BINS)
    # The 99 % quantile itself still lies inside.
    cells = np.where(numbers == high, _N_BINS - 1, cells)
    return np.clip(cells, -1, _N_BINS)  # NaN stays
