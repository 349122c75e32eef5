"""Rows as a detector of odd ones sees them: normal scores of numbers, codes of categories, and gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import log_ndtr
from torch import Tensor, nn

from gansmith.disclosure import usual_min_count
from gansmith.engine.batches import Batch
from gansmith.engine.corruption import AbstractCorruptor
from gansmith.errors import DataError
from gansmith.modalities.recipe import AbstractRecipe
from gansmith.modalities.rows.cell_critic import CellCorruptor, CellCritic
from gansmith.modalities.rows.middle import middle
from gansmith.modalities.rows.oddities import SURPRISING, odd_places, reasons, spelt_cells
from gansmith.modalities.rows.seen_column import SeenColumn, moved_columns
from gansmith.modalities.sight import AbstractSight, MovedPart, Others, Parts, View, nearest
from gansmith.tabular import parts
from gansmith.tabular.cells import cells_of
from gansmith.tabular.schema import Schema, Table


@final
@dataclass(frozen=True, eq=False)
class RowSight(AbstractSight[Table]):
    """See the base class; the parts of a row are its cells, or what these are put together from."""

    is_made_again: ClassVar[bool] = False
    n_samples: ClassVar[int] = 400_000
    schema: Schema
    """Of the rows."""
    columns: tuple[SeenColumn, ...]
    """One for each column of the flat schema."""

    @classmethod
    def fit(cls, records: Table) -> RowSight:
        min_count, flat = usual_min_count(len(records)), _flat(records)
        found = (
            SeenColumn.fit(cells_of(flat.records, one.name), one, min_count) for one in flat.schema.columns
        )
        return cls(replace(records.schema, constraints=None), tuple(found))

    @property
    def n_categories(self) -> tuple[int, ...]:
        """Of each column, "others" among them; 0 of numbers."""
        return tuple(len(one.shares) if one.is_category else 0 for one in self.columns)

    def seen(self, records: Table) -> View:
        """See the base class: shape `(n, n_columns, 2)`, scores or codes, and gaps."""
        flat = _flat(records).records
        found = [one.seen(cells_of(flat, one.column.name)) for one in self.columns]
        return torch.from_numpy(np.stack(found, 1).astype(np.float32))

    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        return CellCorruptor(self.n_categories), CellCritic(self.n_categories)

    def given(self, recipe: AbstractRecipe[Any], codec: Any, records: Table) -> Batch:
        """See the base class: what a codec leaves to chance, here it leaves to the middle."""
        return Batch({"real": codec.encode_rows(records.records, middle())})

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
        axes: list[np.ndarray] = []
        for place, one in enumerate(self.columns):
            values, gaps = found[:, place, :1], found[:, place, 1:]
            if one.is_category:
                axes.append((values == np.arange(len(one.shares))) / math.sqrt(2))
            else:
                axes += [values, gaps] if one.has_gaps else [values]
        return np.concatenate(axes, 1)

    def neighbours(self, view: View, oddness: Parts, usual: Others, n: int) -> np.ndarray:
        """See the base class; the oddest cell of a row, and all that surprise, are not looked at."""
        owners = np.repeat(np.arange(len(self.columns)), self._n_coordinates)
        ours, theirs = self.points(view), self.points(usual)
        found: list[np.ndarray] = []
        for point, odd in zip(ours, oddness, strict=True):
            is_odd = (odd > SURPRISING) | (odd == odd.max())
            kept = ~is_odd[owners]
            found.append(nearest(point[kept], theirs[:, kept], n))
        return np.stack(found)

    def moved(self, view: View, other: Others) -> Sequence[MovedPart]:
        """See the base class: numbers by Kolmogorov and Smirnov, categories by Pearson's chi-squared."""
        return moved_columns(self.columns, view.double().numpy(), other.double().numpy())

    @property
    def _n_coordinates(self) -> list[int]:
        return [len(one.shares) if one.is_category else 1 + one.has_gaps for one in self.columns]

    def texts(self, records: Table) -> Sequence[Mapping[str, str]]:
        """See the base class: cells as a file spells them, and their parts."""
        whole, named = parts.whole(records.records, records.schema)
        spelt = [spelt_cells(cells_of(whole, one.name), one) for one in named.columns]
        return [dict(zip(named.names, row, strict=True)) for row in zip(*spelt, strict=True)]

    def odd_parts(self, oddness: Parts) -> Sequence[Sequence[str]]:
        return [[self.columns[place].column.name for place in odd_places(row)] for row in oddness]

    def reasons(self, records: Table, oddness: Parts, usual: Table, neighbours: np.ndarray) -> Sequence[str]:
        return reasons(_flat(records), oddness, _flat(usual), neighbours)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        tensors: dict[str, Tensor] = {}
        for place, one in enumerate(self.columns):
            arrays = {"knots": one.knots, "normal_scores": one.normal_scores, "shares": one.shares}
            tensors |= {f"{place}/{name}": torch.from_numpy(value.copy()) for name, value in arrays.items()}
        columns = [
            {"spreads": list(one.spreads), "categories": list(one.categories), "has_gaps": one.has_gaps}
            for one in self.columns
        ]
        return {"schema": self.schema.to_json(), "columns": columns}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> RowSight:
        schema = Schema.from_json(state["schema"])
        if len(schema.flat) != len(state["columns"]):
            raise DataError("what a detector learnt of the columns does not fit the schema. Learn it again.")
        return cls(schema, tuple(_columns_from(schema.flat, state["columns"], tensors)))


def _flat(records: Table) -> Table:
    """Rows with parts in place of the cells that are put together from them."""
    return replace(records, records=parts.split(records.records, records.schema), schema=records.schema.flat)


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
        has_gaps = bool(said.get("has_gaps", False))  # files of old do not say
        yield SeenColumn(column, knots, scores, (below, above), categories, shares, has_gaps)
