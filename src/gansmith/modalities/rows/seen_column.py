"""What a detector of odd rows learns of one column: normal scores of numbers, shares of categories.

A number is seen by its rank among usual ones, as a normal score, so that every column is a bell whatever its
shape; beyond the usual ends scores go on growing, ever more slowly. What too few usual records share is no
category of its own, and the ends of a number are those that some share, as in a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from scipy.special import ndtri
from scipy.stats import chi2_contingency, ks_2samp

from gansmith.modalities.rows.oddities import shortened, spelt_cells
from gansmith.modalities.sight import MovedPart
from gansmith.tabular.cells import are_missing
from gansmith.tabular.columns.measures import from_numbers, to_numbers
from gansmith.tabular.schema import Column

MAX_KNOTS: Final = 1_000
"""Of the distribution of a column of numbers."""
MAX_CATEGORIES: Final = 100
"""Of a column; the rarer ones count as one."""
_ENDS: Final = (0.01, 0.5, 0.99)
"""Quantiles whose distances say how far beyond the usual ends a number lies."""


@final
@dataclass(frozen=True, eq=False)
class SeenColumn:
    """What was learnt of one column."""

    column: Column
    knots: Float[np.ndarray, " n_knots"]
    """Of numbers: values, ascending; of categories none."""
    normal_scores: Float[np.ndarray, " n_knots"]
    spreads: tuple[float, float]
    """From the middle to either end, by which what lies beyond it is measured."""
    categories: tuple[str, ...]
    """The most frequent first; of numbers none."""
    shares: Float[np.ndarray, " n_shares"]
    """Of each category, and of all others last; of numbers those of present and of missing cells."""
    has_gaps: bool = False
    """Whether any number was missing."""

    @property
    def is_category(self) -> bool:
        """Whether cells are looked up, not measured."""
        return not len(self.knots)

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, min_count: int) -> SeenColumn:
        """Learn from the cells of usual records."""
        n = len(cells)
        is_gap = are_missing(cells)
        if column.traits.is_measure and (n - int(is_gap.sum())) > 0:
            numbers = np.sort(to_numbers(cells, column)[0][~is_gap])
            knots, scores = _normal_scores(numbers, min_count)
            low, middle, high = np.quantile(numbers, _ENDS)
            widest = max(float(knots[-1] - knots[0]), 1e-9)
            spreads = tuple(max(float(side), 1e-3 * widest) for side in (middle - low, high - middle))
            shares = _shares(np.array([n - is_gap.sum(), is_gap.sum()]))
            return cls(column, knots, scores, (spreads[0], spreads[1]), (), shares, bool(is_gap.any()))
        counted = pc.value_counts(_texts(cells, column))
        texts, counts = counted.field("values").to_pylist(), counted.field("counts").to_numpy()
        order = [place for place in np.lexsort((texts, -counts)) if counts[place] >= min_count]
        kept = order[:MAX_CATEGORIES]
        others = n - int(counts[kept].sum())
        shares = _shares(np.array([*counts[kept], others]))
        return cls(column, np.empty(0), np.empty(0), (1.0, 1.0), tuple(texts[i] for i in kept), shares)

    def seen(self, cells: pa.Array) -> Float[np.ndarray, "n 2"]:
        """Of each cell its score or code, and whether a number is missing."""
        if self.is_category:
            known = pa.array(self.categories, pa.string())
            codes = pc.index_in(_texts(cells, self.column), known)
            return np.stack([pc.fill_null(codes, len(known)).to_numpy(), np.zeros(len(cells))], 1)
        numbers, is_gap = to_numbers(cells, self.column)
        low, high = self.knots[0], self.knots[-1]
        scores = np.interp(numbers, self.knots, self.normal_scores)
        scores += np.log1p(2 * np.maximum(numbers - high, 0) / self.spreads[1])
        scores -= np.log1p(2 * np.maximum(low - numbers, 0) / self.spreads[0])
        return np.stack([np.where(is_gap, 0.0, scores), is_gap], 1)

    def spelt(self, score: float) -> str:
        """The number with this normal score, as a file spells it."""
        number = np.interp([score], self.normal_scores, self.knots)
        cells = from_numbers(number, np.zeros(1, bool), self.column)
        return shortened(spelt_cells(cells, self.column)[0])


def _normal_scores(numbers: np.ndarray, min_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Some of the different numbers, and the normal score of the middle rank of each.

    The ends are those that `min_count` records reach or pass, where there are so many different ones.
    """
    n = len(numbers)
    values, first, counts = np.unique(numbers, return_index=True, return_counts=True)
    scores = ndtri((first + counts / 2) / n)
    reached, passed = first + counts >= min_count, n - first >= min_count
    inner = np.flatnonzero(reached & passed)
    inner = inner if len(inner) else np.arange(len(values))
    places = np.linspace(0, n - 1, MAX_KNOTS).round().astype(np.int64)
    kept = np.unique(np.clip(np.searchsorted(values, numbers[places]), inner[0], inner[-1]))
    return values[kept], scores[kept]


def _shares(counts: np.ndarray) -> np.ndarray:
    """Of each count, none of them 0: one more is added to those that are."""
    counts = np.maximum(counts, 1).astype(np.float64)
    return counts / counts.sum()


def _texts(cells: pa.Array, column: Column) -> pa.Array:
    """Categories as texts, a missing one among them; of what is made anew only whether it is there."""
    if column.traits.is_made_anew or pa.types.is_null(cells.type):
        return pc.if_else(pc.is_null(cells), "missing", "there")
    return pc.fill_null(pc.binary_join_element_wise("=", cells.cast(pa.string()), ""), "missing")


def moved_columns(
    columns: Sequence[SeenColumn], before: Float[np.ndarray, "n d 2"], after: Float[np.ndarray, "m d 2"]
) -> list[MovedPart]:
    """How each column differs between two sets of rows, as they are seen."""
    return [_moved(one, before[:, place], after[:, place]) for place, one in enumerate(columns)]


def _moved(one: SeenColumn, before: np.ndarray, after: np.ndarray) -> MovedPart:
    if one.is_category:
        codes = [part[:, 0].astype(np.int64) for part in (before, after)]
        return _moved_shares(one.column.name, codes, (*one.categories, "others"))
    gaps = [part[:, 1].astype(np.int64) for part in (before, after)]
    of_gaps = _moved_shares(one.column.name, gaps, ("present", "missing"))
    there = [part[part[:, 1] == 0, 0] for part in (before, after)]
    if min(map(len, there)) < 2:
        return of_gaps
    found: Any = ks_2samp(there[0], there[1])
    middles = [one.spelt(float(np.median(part))) for part in there]
    words = f"median {middles[0]} before, {middles[1]} now"
    moved = MovedPart(one.column.name, float(found.statistic), float(found.pvalue), words)
    return min(moved, of_gaps, key=lambda part: part.chance)


def _moved_shares(name: str, codes: Sequence[np.ndarray], labels: Sequence[str]) -> MovedPart:
    counts = np.stack([np.bincount(part, minlength=len(labels)) for part in codes])
    shares = counts / counts.sum(1, keepdims=True)
    gap = shares[1] - shares[0]
    most = int(np.argmax(np.abs(gap)))
    label = labels[most].removeprefix("=")
    words = f"{label}: {shares[0, most]:.1%} before, {shares[1, most]:.1%} now"
    varied = counts[:, counts.sum(0) > 0]
    test: Any = chi2_contingency
    chance = float(test(varied, correction=False).pvalue) if varied.shape[1] > 1 else 1.0
    return MovedPart(name, float(np.abs(gap).sum() / 2), chance, words)
