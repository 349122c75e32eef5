"""The records that are kept of a table with more of them than a game can use.

A run learns from a million records or two: ten million in memory would change nothing but the memory. So of
a larger table a uniform random subset is kept, drawn while it is read. Every record has a fixed random
priority, a function of its number alone, and those with the lowest are kept: the same file gives the same
subset, however it is read, and nothing must be known of its length.
"""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np
import pyarrow as pa

Ranks = np.ndarray[Any, np.dtype[np.uint64]]

MAX_RECORDS: Final = 1_000_000
"""Records that are kept at most."""
MAX_CELLS: Final = 100_000_000
"""Cells that are kept at most: fewer records of tables with more than a hundred columns."""
MIN_KEPT: Final = 5_000
"""Records that are kept however many columns there are."""
_SPARE: Final = 6.0
"""Standard deviations by which the first guess of the threshold between kept and dropped is too high."""
_SLACK: Final = 1.3
"""How many times too many records are kept before some are dropped."""


def n_kept(n_columns: int) -> int:
    """How many records of a table of so many columns are kept at most."""
    return min(MAX_RECORDS, max(MAX_CELLS // max(n_columns, 1), MIN_KEPT))


def priorities(first: int, n: int) -> Ranks:
    """The priorities of records `first` to `first + n - 1`: evenly distributed, the lowest are kept.

    Source:
        The finaliser of SplitMix64: Steele et al. 2014, "Fast splittable pseudorandom number generators".
    """
    mixed = np.arange(first + 1, first + n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def numbers_kept(n_records: int, n_wanted: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The numbers of the records that are kept of a table in memory, ascending."""
    if n_records <= n_wanted:
        return np.arange(n_records)
    return np.sort(np.argpartition(priorities(0, n_records), n_wanted)[:n_wanted])


@final
class Subset:
    """Takes a table batch by batch and keeps what `numbers_kept` would.

    Args:
        schema: Of the batches.
        n_wanted: Records to be kept; None keeps all.
        n_expected: Records that will come, where that is known: then none is kept in vain.
    """

    def __init__(self, schema: pa.Schema, n_wanted: int | None, n_expected: int | None = None) -> None:
        self.n_seen = 0
        self._schema, self._n_wanted = schema, n_wanted
        self._border = 2**64
        if n_wanted is not None and n_expected is not None and n_expected > n_wanted:
            n_guessed = n_wanted + _SPARE * n_wanted**0.5
            self._border = min(2**64, int(2**64 * (n_guessed / n_expected)))
        self._kept: list[tuple[Ranks, pa.RecordBatch]] = []
        self._n_kept = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """The next records."""
        ranks = priorities(self.n_seen, len(batch))
        self.n_seen += len(batch)
        self._keep(ranks, batch)
        if self._n_wanted is not None and self._n_kept > _SLACK * self._n_wanted + 1_000:
            self._drop(self._n_wanted)

    def table(self) -> pa.Table:
        """What was kept, in the order in which it came."""
        if self._n_wanted is not None and self._n_kept > self._n_wanted:
            self._drop(self._n_wanted)
        return pa.Table.from_batches([batch for _, batch in self._kept], self._schema)

    def _keep(self, ranks: Ranks, batch: pa.RecordBatch) -> None:
        if self._border < 2**64:
            is_kept = ranks < np.uint64(self._border)
            ranks, batch = ranks[is_kept], batch.filter(pa.array(is_kept))
        self._kept.append((ranks, batch))
        self._n_kept += len(batch)

    def _drop(self, n_wanted: int) -> None:
        """All but the `n_wanted` lowest."""
        ranks = np.concatenate([ranks for ranks, _ in self._kept])
        self._border = int(np.partition(ranks, n_wanted)[n_wanted])  # no two are alike
        before, self._kept, self._n_kept = self._kept[::-1], [], 0
        while before:  # one by one, so that no second copy is in memory
            self._keep(*before.pop())


def note_on(n_records: int, n_wanted: int) -> str:
    """What the user should know."""
    return (
        f"of {n_records:,} records {n_wanted:,} were kept, drawn at random (the same each time); "
        "the others were not looked at"
    )
