"""Questions about records, such as "age >= 90 and job = baker", and how many records answer yes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from gansmith.scorecard.features import Features

MISSING = 0
"""The code of a missing cell; values have codes from 1, in their order."""


@final
@dataclass(frozen=True)
class Predicates:
    """Each asks whether the codes of some columns lie between two bounds, which belong to it."""

    columns: np.ndarray
    """Shape `(n_predicates, n_asked)`, whole numbers: the columns each one asks about."""
    low: np.ndarray
    """Shape `(n_predicates, n_asked)`, codes."""
    high: np.ndarray

    def __len__(self) -> int:
        return len(self.columns)

    def take(self, indices: np.ndarray) -> Predicates:
        """The predicates at `indices`."""
        return Predicates(self.columns[indices], self.low[indices], self.high[indices])

    def distinct(self) -> Predicates:
        """Each predicate once."""
        order = np.argsort(self.columns, axis=1)
        parts = [np.take_along_axis(part, order, axis=1) for part in (self.columns, self.low, self.high)]
        rows = np.concatenate(parts, axis=1)  # (n_predicates, 3 * n_asked)
        return self.take(np.sort(np.unique(rows, axis=0, return_index=True)[1]))


@final
class CodedRecords:
    """Records as whole codes, sorted by each column, so that a question looks at few of them."""

    def __init__(self, codes: np.ndarray) -> None:
        self.codes = codes  # (n_columns, n_records)
        self.order = np.argsort(codes, axis=1, kind="stable")
        self.ascending = np.take_along_axis(codes, self.order, axis=1)

    def counts(self, predicates: Predicates) -> np.ndarray:
        """How many records answer yes to each predicate: shape `(n_predicates,)`."""
        starts, ends = np.empty_like(predicates.columns), np.empty_like(predicates.columns)
        for column, ascending in enumerate(self.ascending):
            asked = predicates.columns == column
            starts[asked] = np.searchsorted(ascending, predicates.low[asked], side="left")
            ends[asked] = np.searchsorted(ascending, predicates.high[asked], side="right")
        if predicates.columns.shape[1] == 1:
            return (ends - starts)[:, 0]
        return np.array(list(self._counted(predicates, starts, ends)), dtype=np.int64)

    def _counted(self, predicates: Predicates, starts: np.ndarray, ends: np.ndarray) -> Iterator[int]:
        # The column that leaves the fewest records comes first; each further one sees what is left.
        for index, order in enumerate(np.argsort(ends - starts, axis=1)):
            columns = predicates.columns[index].tolist()
            low, high = predicates.low[index].tolist(), predicates.high[index].tolist()
            first = int(order[0])
            records = self.order[columns[first], starts[index, first] : ends[index, first]]
            for place in order[1:].tolist():
                if not len(records):
                    break
                codes = self.codes[columns[place], records]
                records = records[(codes >= low[place]) & (codes <= high[place])]
            yield len(records)


def coded(*parts: Features) -> tuple[list[CodedRecords], np.ndarray]:
    """Records with each cell as the place of its value among all values of its column.

    Args:
        parts: Sets of records with the same columns.

    Returns:
        Each part, and the highest code of each column, shape `(n_columns,)`.
    """
    values = np.concatenate([part.values for part in parts])
    codes = np.empty(values.T.shape, dtype=np.int32)  # (n_columns, all records)
    for column, cells in enumerate(values.T):
        present = ~np.isnan(cells)
        codes[column, ~present] = MISSING
        codes[column, present] = np.unique(cells[present], return_inverse=True)[1] + 1
    ends = np.cumsum([len(part) for part in parts])[:-1]
    return [CodedRecords(part) for part in np.split(codes, ends, axis=1)], codes.max(axis=1)
