"""What goes with what among a few discrete columns: a tree of which each edge is the table of two columns.

Any distribution of many columns is replaced by the nearest one in which each column depends on one other
alone. It is exact for one and two columns, keeps the strongest dependences of more, and can be drawn from
exactly whatever is known of some columns: messages go up the tree, then states are drawn from the root down.
Of what was learnt from, nothing but counts of states and of pairs of states is kept.

Source:
    Chow and Liu 1968, "Approximating discrete probability distributions with dependence trees", IEEE
    Transactions on Information Theory 14(3), 462-467. Messages: Pearl 1982, "Reverend Bayes on inference
    engines", AAAI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float, Int

Counts = Int[np.ndarray, " n_states"]
Pairs = Int[np.ndarray, "n_states n_other_states"]
Weights = Float[np.ndarray, " n_states"]
"""How much of each state will do, from 0, nothing of it, to 1, all of it."""

SMOOTHING: Final = 1e-6
"""Share of independent pairs in each table: what never occurred can be had when it is asked for."""
MAX_COMPARED: Final = 20_000
"""Records by which it is decided which columns go together; all are counted then."""
UNDER_ONE: Final = 1 - 1e-9
"""Uniform numbers stay below it, so that adding the number of a row does not lead into the next one."""


@final
@dataclass(frozen=True, eq=False)
class DependenceTree:
    """Counts of the states of columns, and of pairs of states along the edges of a tree."""

    counts: tuple[Counts, ...]
    """By column: how many records had each state; at least one."""
    edges: tuple[tuple[int, int], ...]
    """Pairs of columns, the smaller number first; they connect all columns without a circle."""
    pairs: tuple[Pairs, ...]
    """By edge: how many records had both states."""

    @classmethod
    def fit(cls, codes: Int[np.ndarray, "n columns"], n_states: Sequence[int]) -> DependenceTree:
        """The tree that fits best: of all trees the one with the most mutual information along its edges."""
        counts = tuple(np.bincount(codes[:, k], minlength=n) for k, n in enumerate(n_states))
        some = codes[:: -(-len(codes) // MAX_COMPARED) or 1]
        edges = _spanning_tree(some, n_states)
        pairs = tuple(_pairs(codes[:, a], codes[:, b], n_states[a], n_states[b]) for a, b in edges)
        return cls(counts, edges, pairs)

    @property
    def n_records(self) -> int:
        """How many it was learnt from."""
        return int(self.counts[0].sum()) if self.counts else 0

    def given(self, evidence: Mapping[int, Weights], root: int = 0) -> GivenTree:
        """The distribution of all columns, where something is known of some.

        Args:
            evidence: By number of the column; a column that is left out may be in any state.
            root: The column that is drawn first.
        """
        order = self._order(root)
        beliefs = [np.ones(len(count)) for count in self.counts]
        for column, weights in evidence.items():
            beliefs[column] = weights.astype(float)
        tables: list[tuple[int, int, Float[np.ndarray, "parent child"]]] = []
        log_scale = 0.0
        for column, parent, edge in reversed(order[1:]):
            table = self._conditional(edge, parent) * beliefs[column]
            message = table.sum(1)
            scale = message.max() or 1.0
            beliefs[parent] = beliefs[parent] * (message / scale)
            log_scale += float(np.log(scale))
            tables.append((column, parent, _cumulative(table)))
        at_root = beliefs[root] * self.counts[root] / self.n_records
        return GivenTree(root, at_root, log_scale, tuple(reversed(tables)))

    def _order(self, root: int) -> list[tuple[int, int, int]]:
        """Columns from the root down: number, parent, edge; of the root only the number counts."""
        order, reached = [(root, -1, -1)], {root}
        for column, _, _ in order:  # it grows
            for edge, ends in enumerate(self.edges):
                if column in ends and not reached.issuperset(ends):
                    other = ends[1] if ends[0] == column else ends[0]
                    reached.add(other)
                    order.append((other, column, edge))
        return order

    def _conditional(self, edge: int, parent: int) -> Float[np.ndarray, "parent child"]:
        """The probability of each state of one end, given each of the other, the parent."""
        a, b = self.edges[edge]
        independent = np.outer(self.counts[a], self.counts[b]) / self.n_records
        table = self.pairs[edge] + SMOOTHING * independent
        table = table if parent == a else table.T
        return table / table.sum(1, keepdims=True)


@final
@dataclass(frozen=True, eq=False)
class GivenTree:
    """What a tree says when something is known; see `DependenceTree.given`."""

    root: int
    at_root: Float[np.ndarray, " n_states"]
    """The probability of each state of the root and of what is known, times a scale."""
    log_scale: float
    tables: tuple[tuple[int, int, Float[np.ndarray, "parent child"]], ...]
    """From the root down: column, parent, cumulative probabilities by the parent's state."""

    @property
    def by_root(self) -> Float[np.ndarray, " n_states"]:
        """The probability of what is known together with each state of the root."""
        return self.at_root * np.exp(self.log_scale)

    @property
    def probability(self) -> float:
        """Of what is known."""
        return float(self.by_root.sum())

    def draw(
        self, n: int, rng: np.random.Generator, roots: Int[np.ndarray, " n"] | None = None
    ) -> Int[np.ndarray, "n columns"]:
        """States of so many records; those of the root may be given.

        What is known must be possible: `at_root` is not all zero.
        """
        codes = np.zeros((n, 1 + len(self.tables)), np.int64)
        if roots is None:
            codes[:, self.root] = _drawn(_cumulative(self.at_root[None]), np.zeros(n, np.int64), rng)
        else:
            codes[:, self.root] = roots
        for column, parent, table in self.tables:
            codes[:, column] = _drawn(table, codes[:, parent], rng)
        return codes


def _cumulative(table: Float[np.ndarray, "rows states"]) -> Float[np.ndarray, "rows states"]:
    """Row k: probabilities summed up, from k to k + 1; a row of nothing stays k."""
    summed = np.cumsum(table, 1)
    total = summed[:, -1:]
    share = np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)
    return share + np.arange(len(table))[:, None]


def _drawn(
    table: Float[np.ndarray, "rows states"], rows: Int[np.ndarray, " n"], rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """A state for each of these rows; one of no probability is as large as the one before and never met."""
    values = rows + rng.random(len(rows)) * UNDER_ONE
    n_states = table.shape[1]
    return np.minimum(np.searchsorted(table.ravel(), values, "right") - rows * n_states, n_states - 1)


def _pairs(a: Int[np.ndarray, " n"], b: Int[np.ndarray, " n"], n_a: int, n_b: int) -> Pairs:
    return np.bincount(a * n_b + b, minlength=n_a * n_b).reshape(n_a, n_b)


def mutual_information(pairs: Pairs) -> float:
    """In nats, without what few records seem to have by chance.

    Source:
        Miller 1955, "Note on the bias of information estimates": half the cells beyond need, by n.
    """
    n = pairs.sum()
    a, b = np.nonzero(pairs)
    rows, columns, found = pairs.sum(1), pairs.sum(0), pairs[a, b]
    information = float((found / n * np.log(found * n / (rows[a] * columns[b].astype(float)))).sum())
    n_spare = len(found) - np.count_nonzero(rows) - np.count_nonzero(columns) + 1
    return information - n_spare / (2 * float(n))


def _spanning_tree(
    codes: Int[np.ndarray, "n columns"], n_states: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Edges of the tree of the most mutual information, by Prim's algorithm."""
    n_columns = codes.shape[1]
    best, nearest = np.full(n_columns, -np.inf), np.zeros(n_columns, np.int64)
    outside, last = set(range(1, n_columns)), 0
    edges: list[tuple[int, int]] = []
    while outside:
        for column in outside:
            pairs = _pairs(codes[:, last], codes[:, column], n_states[last], n_states[column])
            if (information := mutual_information(pairs)) > best[column]:
                best[column], nearest[column] = information, last
        last = max(sorted(outside), key=lambda column: best[column])
        outside.remove(last)
        edges.append((min(last, int(nearest[last])), max(last, int(nearest[last]))))
    return tuple(edges)
