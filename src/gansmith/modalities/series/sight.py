"""Series as a detector of odd ones sees them: what each is like, in numbers, and its attributes, as a row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.engine.corruption import AbstractCorruptor
from gansmith.errors import DataError, UsageError
from gansmith.modalities.rows.oddities import spelt_cells
from gansmith.modalities.rows.sight import RowSight
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.scoring import as_sequences
from gansmith.modalities.sight import AbstractSight, MovedPart, Others, Parts, View
from gansmith.scorecard.features import Features
from gansmith.scorecard.sequences.profiles import LENGTH, N_CODES, Plan, profile
from gansmith.scorecard.sequences.records import Sequences
from gansmith.tabular.schema import NOT_ROUNDED, Column, Schema, Table

FEWEST: Final = 10
"""Usual series, with fewer of which nobody knows what is usual."""


@final
@dataclass(frozen=True, eq=False)
class SeriesSight(AbstractSight[SeriesSet]):
    """See the base class; the parts of a series are the numbers of its profile, and its attributes."""

    is_made_again: ClassVar[bool] = False
    n_samples: ClassVar[int] = 60_000
    most_numbers: ClassVar[int] = 1_000_000
    rows: RowSight
    plan: Plan
    """What profiles hold."""
    named: tuple[str, ...]
    """The columns of steps that they tell of."""
    book: Mapping[str, tuple[str, ...]]
    """By column the categories that have a code; only such as enough series have."""

    @classmethod
    def fit(cls, records: SeriesSet) -> SeriesSight:
        if records.form.window and (records.lengths > records.form.window).any():
            raise UsageError(
                f"odd series cannot be found by a model of windows of {records.form.window:,} steps. "
                "Learn whole series: --window 0."
            )
        if len(records) < FEWEST:
            raise DataError(
                f"{records.name}: {len(records):,} usual series, or stretches of one: with fewer than "
                f"{FEWEST} nobody knows what is usual. Give more."
            )
        measures = [one for one in records.form.measures if one.traits.is_varied]
        named = tuple(one.name for one in measures if not one.traits.is_made_anew)
        found = as_sequences([records], named)[0]
        labels = Plan.of(found).labels
        known = {name: found.steps.labels.get(name, ()) for name in found.categories}
        book = {
            name: tuple(text for text, said in zip(texts, labels[name], strict=False) if text == said)
            for name, texts in known.items()
        }
        coded = _coded(found, book)
        plan = Plan.of(coded)
        transitions = {
            name: tuple(pair for pair in pairs if max(pair) < len(book[name]))
            for name, pairs in plan.transitions.items()
        }
        plan = replace(plan, transitions=transitions)
        return cls(RowSight.fit(_table(records, coded, plan)), plan, named, book)

    def _row(self, records: SeriesSet) -> Table:
        """A row for each series."""
        found = _coded(as_sequences([records], self.named)[0], self.book)
        table = _table(records, found, self.plan)
        if table.schema.names != self.rows.schema.names:
            raise DataError("this detector tells series by other numbers than are known now. Learn it again.")
        return table

    def seen(self, records: SeriesSet) -> View:
        """See the base class: shape `(n, n_parts, 2)`, as rows are seen."""
        return self.rows.seen(self._row(records))

    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        return self.rows.players()

    def margins(self, view: View) -> Parts | None:
        return self.rows.margins(view)

    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        return self.rows.points(view)

    def neighbours(self, view: View, oddness: Parts, usual: Others, n: int) -> np.ndarray:
        return self.rows.neighbours(view, oddness, usual, n)

    def moved(self, view: View, other: Others) -> Sequence[MovedPart]:
        return self.rows.moved(view, other)

    def texts(self, records: SeriesSet) -> Sequence[Mapping[str, str]]:
        return self.rows.texts(self._row(records))

    def names(self, records: SeriesSet) -> Sequence[str]:
        """See the base class: whose each series is."""
        form = records.form
        return spelt_cells(records.entities, form.schema.column(form.entity)) if form.entity else ()

    def odd_parts(self, oddness: Parts) -> Sequence[Sequence[str]]:
        return self.rows.odd_parts(oddness)

    def reasons(
        self, records: SeriesSet, oddness: Parts, usual: SeriesSet, neighbours: np.ndarray
    ) -> Sequence[str]:
        return self.rows.reasons(self._row(records), oddness, self._row(usual), neighbours)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        rows, tensors = self.rows.state()
        cuts = {name: cut if np.isfinite(cut) else None for name, cut in self.plan.cuts.items()}
        plan = json.loads(json.dumps({**vars(self.plan), "cuts": cuts}))  # tuples become lists
        book = {name: list(texts) for name, texts in self.book.items()}
        return {"rows": rows, "plan": plan, "named": list(self.named), "book": book}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> SeriesSight:
        said = state["plan"]
        plan = Plan(
            lags=tuple(map(int, said["lags"])),
            season=int(said["season"]),
            is_irregular=bool(said["is_irregular"]),
            has_hours=bool(said["has_hours"]),
            transitions={
                str(name): tuple((int(first), int(then)) for first, then in pairs)
                for name, pairs in said["transitions"].items()
            },
            cuts={str(name): np.inf if cut is None else float(cut) for name, cut in said["cuts"].items()},
            labels={str(name): tuple(map(str, texts)) for name, texts in said["labels"].items()},
        )
        book = {str(name): tuple(map(str, texts)) for name, texts in state["book"].items()}
        rows = RowSight.from_state(state["rows"], tensors)
        return cls(rows, plan, tuple(map(str, state["named"])), book)


def _coded(of: Sequences, book: Mapping[str, Sequence[str]]) -> Sequences:
    """The same with the codes of a book; categories that are not in it have higher ones."""
    values = of.steps.values.copy()
    for name, known in book.items():
        place, texts = of.steps.position(name), of.steps.labels.get(name, ())
        codes = np.array(
            [known.index(text) if text in known else N_CODES + k for k, text in enumerate(texts)]
        )
        is_there = ~np.isnan(values[:, place])
        values[is_there, place] = codes[values[is_there, place].astype(np.int64)]
    steps = Features(of.steps.names, values, of.steps.is_category, book, of.steps.scales)
    return replace(of, steps=steps)


def _table(records: SeriesSet, found: Sequences, plan: Plan) -> Table:
    """Attributes and profiles as a table with a row for each series."""
    numbers, parts = profile(found, plan)
    columns, told = [*records.form.of_series.columns], records.attributes
    cells = [told.column(one.name).combine_chunks() for one in columns]
    unit = {"days": " (days)", "seconds": " (s)"}.get(found.clock, "")
    is_single = records.form.shape == "single"  # how long stretches of one series are says nothing
    for place, part in enumerate(parts):
        if is_single and part.columns == (LENGTH,):
            continue
        values = np.exp(numbers.values[:, place]) if part.is_log else numbers.values[:, place]
        name = f"{part.name}{unit}" if part.is_log else part.name
        columns.append(Column(name, "decimal", decimals=NOT_ROUNDED))
        cells.append(pa.array(np.nan_to_num(values), mask=np.isnan(values)))
    schema = Schema(tuple(columns))
    return Table(pa.table(cells, schema=schema.arrow_schema), schema, records.name)
