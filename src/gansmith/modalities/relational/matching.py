"""Which rows are pointed at: each as often as it wants to be, by those who want rows of its kind."""

from __future__ import annotations

from typing import Final, final

import numpy as np
from jaxtyping import Bool, Int

from gansmith.modalities.relational.planning import TablePlan
from gansmith.modalities.relational.records import NOBODY, Rows

MAX_TRIES: Final = 8
N_STRATA: Final = 5
"""Parts of the rows that point at one, the earliest first, which are told apart."""


def n_strata(table: TablePlan) -> int:
    """How many of them there are: none where rows have no order."""
    return N_STRATA if table.order else 1


def stratum(places: Int[np.ndarray, " n"], counts: Int[np.ndarray, " n"], n: int) -> Int[np.ndarray, " n"]:
    """Which part of the rows that point at one each is in, by its place among so many."""
    return (n * (2 * places + 1) // np.maximum(2 * counts, 1)).clip(0, n - 1)


@final
class Slots:
    """Rows that may be pointed at, each as often as it has slots.

    Args:
        capacity: Slots of each row.
        kinds: The kind of each row, from 1.
        n_wanted: Rows that will point, about: slots are made more or fewer to that number.
        rng: Shuffles them.
        n_parts: Of the slots of each row, from the first to the last. What is wanted then is a part of a
            kind: those of kind 1 first.
    """

    def __init__(
        self,
        capacity: Int[np.ndarray, " n"],
        kinds: Int[np.ndarray, " n"],
        n_wanted: int,
        rng: np.random.Generator,
        n_parts: int = 1,
    ) -> None:
        self._rng, self._n = rng, len(capacity)
        total = capacity.sum()
        weights = capacity if total else np.ones(len(capacity))
        slots = rounded(weights * (n_wanted / max(weights.sum(), 1)), rng) if n_wanted != total else capacity
        rows = np.repeat(np.arange(self._n), slots)
        places = np.arange(len(rows)) - np.repeat(np.cumsum(slots) - slots, slots)
        wanted = 1 + (np.maximum(kinds[rows], 1) - 1) * n_parts + stratum(places, slots[rows], n_parts)
        order = rng.permutation(len(rows))
        rows, wanted = rows[order], wanted[order]
        self._pools = {kind: list(rows[wanted == kind]) for kind in np.unique(wanted).tolist()}
        self._all, self._weights = np.arange(self._n), weights / max(weights.sum(), 1e-9)

    def draw(self, wanted: Int[np.ndarray, " n"]) -> Rows:
        """A row for each that wants one of a kind; `NOBODY` where it wants none (0), or there are none."""
        found = np.full(len(wanted), NOBODY)
        if not self._n:
            return found
        for kind in np.unique(wanted[wanted > 0]).tolist():
            places = np.flatnonzero(wanted == kind)
            found[places] = self._popped(kind, len(places))
        return found

    def _popped(self, kind: int, n: int) -> Rows:
        """So many slots of a kind, of others where there are no more, and of all again in the end."""
        taken: list[int] = []
        while len(taken) < n:
            pool = self._pools.get(kind) or max(self._pools.values(), key=len, default=[])
            if not pool:
                more = self._rng.choice(self._all, n - len(taken), p=self._weights / self._weights.sum())
                return np.array([*taken, *more], np.int64)
            n_now = min(len(pool), n - len(taken)) if pool is self._pools.get(kind) else 1
            taken += pool[-n_now:]
            del pool[-n_now:]
        return np.array(taken, np.int64)

    def swapped(self, rows: Rows, is_bad: Bool[np.ndarray, " n"]) -> Rows:
        """Rows with others in the place of bad ones, whose slots are free again."""
        places = np.flatnonzero(is_bad)
        pools = list(self._pools.values())
        for place in places:
            pool = pools[int(self._rng.integers(len(pools)))] if pools else []
            if pool:
                other = int(self._rng.integers(len(pool)))
                pool[other], rows[place] = int(rows[place]), pool[other]
            else:
                rows[place] = int(self._rng.integers(self._n))
        return rows


@final
class Pairs:
    """Pairs of a family and a row that were there, no two of which may be alike."""

    def __init__(self, n_rows: int) -> None:
        self._n, self._seen = max(n_rows, 1), set[int]()

    def drawn(self, slots: Slots, wanted: Int[np.ndarray, " n"], families: Rows) -> Rows:
        """See `Slots.draw`; no row that the family has already, as far as that can be."""
        rows = slots.draw(wanted)
        for _ in range(MAX_TRIES):
            pairs = zip(families.tolist(), rows.tolist(), strict=True)
            is_bad = np.array([self._key(family, row) in self._seen for family, row in pairs], bool)
            is_bad &= rows >= 0
            if not is_bad.any():
                break
            rows = slots.swapped(rows, is_bad)
        for place, (family, row) in enumerate(zip(families.tolist(), rows.tolist(), strict=True)):
            if row >= 0 and self._key(family, row) in self._seen:
                row = next((r for r in range(self._n) if self._key(family, r) not in self._seen), row)
                rows[place] = row  # where there is none it comes twice, and goes later
            if row >= 0:
                self._seen.add(self._key(family, row))
        return rows

    def _key(self, family: int, row: int) -> int:
        return int(family) * self._n + int(row)


def rounded(numbers: np.ndarray, rng: np.random.Generator) -> Int[np.ndarray, " n"]:
    """Whole numbers near these, whose sum is about theirs: each is rounded up with the chance of its rest.

    One number drawn decides for all, so that the sum is off by less than one.
    """
    upto = np.cumsum(numbers) + rng.random()
    return np.diff(np.floor(np.concatenate([[upto[0] - numbers[0]], upto])) if len(numbers) else [0]).astype(
        np.int64
    )


def acyclic(
    has_parent: Bool[np.ndarray, " n"], capacity: Int[np.ndarray, " n"], rng: np.random.Generator
) -> Rows:
    """For rows that point at rows of their own table: whom, such that no circle comes about.

    Those who point at nobody come first, then the others at random; each points at one before it that has
    slots left, or at any before it.
    """
    n = len(has_parent)
    found = np.full(n, NOBODY)
    order = np.lexsort((rng.random(n), -np.minimum(capacity, 1), has_parent))
    open_slots: list[int] = []
    done: list[int] = []
    for row in order.tolist():
        if has_parent[row] and done:
            if open_slots:
                place = int(rng.integers(len(open_slots)))
                open_slots[place], open_slots[-1] = open_slots[-1], open_slots[place]
                found[row] = open_slots.pop()
            else:
                found[row] = done[int(rng.integers(len(done)))]
        done.append(row)
        open_slots += [row] * int(capacity[row])
    return found
