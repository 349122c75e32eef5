"""Rows as a detector of odd ones sees them: normal scores of numbers, codes of categories, and gaps.

A number is seen by its rank among usual ones, as a normal score, so that every column is a bell whatever its
shape; beyond the usual ends scores go on growing, ever more slowly. What too few usual records share is no
category of its own, and the ends of a number are those that some share, as in a model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Float
from scipy.special import log_ndtr, ndtri
from torch import Tensor, nn

from gansmith.engine.corruption import AbstractCorruptor
from gansmith.errors import DataError
from gansmith.modalities.sight import AbstractSight, Parts, View
from gansmith.modalities.table.cell_critic import CellCorruptor, CellCritic
from gansmith.modalities.table.oddities import reasons
from gansmith.tabular.cells import are_missing, cells_of
from gansmith.tabular.columns.measures import to_numbers
from gansmith.tabular.columns.rare import usual_min_count
from gansmith.tabular.schema import Column, Schema, Table

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
            return cls(column, knots, scores, (spreads[0], spreads[1]), (), shares)
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


@final
@dataclass(frozen=True, eq=False)
class TableSight(AbstractSight[Table]):
    """See the base class; the parts of a row are its cells."""

    is_made_again: ClassVar[bool] = False
    n_samples: ClassVar[int] = 400_000
    columns: tuple[SeenColumn, ...]

    @classmethod
    def fit(cls, records: Table) -> TableSight:
        min_count = usual_min_count(len(records))
        return cls(
            tuple(
                SeenColumn.fit(cells_of(records.records, column.name), column, min_count)
                for column in records.schema.columns
            )
        )

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Of each column, "others" among them; 0 of numbers."""
        return tuple(len(one.shares) if one.is_category else 0 for one in self.columns)

    def seen(self, records: Table) -> View:
        """See the base class: shape `(n, n_columns, 2)`, scores or codes, and gaps."""
        parts = [one.seen(cells_of(records.records, one.column.name)) for one in self.columns]
        return torch.from_numpy(np.stack(parts, 1).astype(np.float32))

    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        return CellCorruptor(self.n_categories), CellCritic(self.n_categories)

    def margins(self, view: View) -> Parts:
        """See the base class: of a number the chance to lie as far out, of a category its share."""
        found = view.double().numpy()
        columns: list[np.ndarray] = []
        for place, one in enumerate(self.columns):
            values, gaps = found[:, place, 0], found[:, place, 1].astype(np.int64)
            if one.is_category:
                columns.append(-np.log(one.shares[values.astype(np.int64)]))
            else:
                tails = -math.log(2) - log_ndtr(-np.abs(values))
                columns.append(np.where(gaps, 0.0, tails) - np.log(one.shares[gaps]))
        return np.stack(columns, 1)

    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        """See the base class: scores, and for each category a coordinate; two that differ are one apart."""
        found = view.double().numpy()
        parts: list[np.ndarray] = []
        for place, one in enumerate(self.columns):
            values, gaps = found[:, place, :1], found[:, place, 1:]
            if one.is_category:
                parts.append((values == np.arange(len(one.shares))) / math.sqrt(2))
            else:
                parts += [values, gaps] if gaps.any() else [values]
        return np.concatenate(parts, 1)

    def reasons(self, records: Table, oddness: Parts, usual: Table, neighbours: np.ndarray) -> Sequence[str]:
        return reasons(records, oddness, usual, neighbours)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        tensors: dict[str, Tensor] = {}
        for place, one in enumerate(self.columns):
            arrays = {"knots": one.knots, "normal_scores": one.normal_scores, "shares": one.shares}
            tensors |= {f"{place}/{name}": torch.from_numpy(value.copy()) for name, value in arrays.items()}
        columns = [{"spreads": list(one.spreads), "categories": list(one.categories)} for one in self.columns]
        schema = Schema(tuple(one.column for one in self.columns))
        return {"schema": schema.to_json(), "columns": columns}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TableSight:
        schema = Schema.from_json(state["schema"])
        return cls(tuple(_columns_from(schema, state["columns"], tensors)))


def _columns_from(
    schema: Schema, plain: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor]
) -> Iterator[SeenColumn]:
    for place, (column, said) in enumerate(zip(schema.columns, plain, strict=True)):
        knots, scores, shares = (
            tensors[f"{place}/{name}"].double().numpy() for name in ("knots", "normal_scores", "shares")
        )
        categories, (below, above) = tuple(map(str, said["categories"])), map(float, said["spreads"])
        n_shares = len(categories) + 1 if not len(knots) else 2
        is_sound = (
            len(knots) == len(scores)
            and len(shares) == n_shares
            and bool((np.diff(knots) > 0).all() and (shares > 0).all())
            and min(below, above) > 0
        )
        if not is_sound:
            raise DataError(f"what a detector learnt of the column {column.name!r} does not fit together.")
        yield SeenColumn(column, knots, scores, (below, above), categories, shares)


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
