"""Series that go on, and series whose gaps are filled.

What is there is kept, letter for letter. A history is walked along and goes on from where it ends, as often
as futures are wanted; gaps are filled on the way, by ways through them that what comes after finds likely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.format import Writer
from gansmith.modalities.recipe import Compact
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.records import SeriesSet
from gansmith.tabular.cells import cells_of
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.schema import Column, Schema, Table

FUTURE: Final = "future"
"""The column that numbers the ways in which a history goes on."""


@final
@dataclass(frozen=True, eq=False)
class SeriesPartial:
    """See `Partial` of the base: record k is series k // n_futures, in its way k % n_futures."""

    codec: SeriesCodec
    history: SeriesSet
    n_more: int
    """Steps by which each goes on."""
    n_futures: int

    @property
    def name(self) -> str:
        return self.history.name

    @property
    def notes(self) -> tuple[str, ...]:
        return self.history.notes

    @property
    def texts(self) -> tuple[str, ...]:
        """Nothing is asked beside what is there."""
        return ()

    @property
    def n_gaps(self) -> int:
        names = [column.name for column in self.codec.form.measures]
        n_cells = len(names) * self.n_more * len(self)
        return n_cells + sum(self.history.steps.column(name).null_count for name in names) * self.n_futures

    def __len__(self) -> int:
        return len(self.history) * self.n_futures

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        return ()

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> FutureBlock:
        """See `Request`."""
        chosen = np.minimum((first_index + np.arange(size)) // self.n_futures, len(self.history) - 1)
        return FutureBlock(self, chosen, first_index)

    def settled(self, made: SeriesSet, chosen: np.ndarray, first_index: int) -> SeriesSet:
        """What was made, with what was there in its place; with its number where there are several ways."""
        n = len(made)
        given, form = self.history.take(chosen[:n]), self.codec.form
        begin = np.arange(len(made.owners)) - made.starts[:-1][made.owners]
        there = begin < given.lengths[made.owners]
        places = np.where(there, given.starts[:-1][made.owners] + begin, 0)
        cells: dict[str, pa.Array] = {}
        for column in form.schema.columns:
            new, old = (
                cells_of(made.steps, column.name),
                cells_of(given.steps, column.name).take(pa.array(places)),
            )
            if column.name == form.entity or column.name in form.attributes:
                whose = pa.array(given.starts[:-1][made.owners])
                cells[column.name] = cells_of(given.steps, column.name).take(whose)
            else:
                cells[column.name] = pc.if_else(
                    pa.array(there & pc.is_valid(old).to_numpy(zero_copy_only=False)), old, new
                )
        steps = pa.table(cells, schema=form.schema.arrow_schema)
        if self.n_more:
            steps = steps.filter(pa.array(~there))
            starts = np.concatenate([[0], np.cumsum(np.bincount(made.owners[~there], minlength=n))])
        else:
            starts = made.starts
        if self.n_futures > 1:
            number = (first_index + np.arange(n)) % self.n_futures + 1
            steps = steps.append_column(FUTURE, pa.array(np.repeat(number, np.diff(starts))))
        return SeriesSet(steps, starts, form, made.name)

    @property
    def schema(self) -> Schema:
        """Of what is written."""
        schema = self.codec.form.schema
        if self.n_futures == 1:
            return schema
        return Schema((*schema.columns, Column(FUTURE, "integer")), schema.text)

    def returned(self, blocks: Sequence[SeriesSet]) -> Any:
        return pa.concat_tables([block.steps for block in blocks]).combine_chunks().to_pandas()

    def writer(self, path: Path, metadata: Mapping[str, str]) -> Writer:
        return StepsWriter(TableWriter(path, self.schema, metadata=metadata), self.schema)


@final
class StepsWriter:
    """A file of the steps of series, one after the other."""

    def __init__(self, table: TableWriter, schema: Schema) -> None:
        self._table, self._schema = table, schema

    def __enter__(self) -> StepsWriter:
        self._table.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._table.__exit__(*raised)

    def write(self, records: SeriesSet) -> None:
        """Append the steps of series."""
        self._table.write(Table(records.steps, self._schema, records.name))


@final
class FutureBlock:
    """See `ConditionalBlock`: asked once."""

    def __init__(self, partial: SeriesPartial, chosen: np.ndarray, first_index: int) -> None:
        self._partial, self._chosen, self._first = partial, chosen, first_index
        self._compact: Tensor | None = None

    @property
    def is_done(self) -> bool:
        return self._compact is not None

    def ask(self, fresh: Origins) -> Question:
        return Question(fresh, conditions_for(self._partial, self._chosen))

    def take(self, compact: Compact) -> None:
        self._compact = compact

    @property
    def compact(self) -> Compact:
        assert self._compact is not None
        return self._compact

    def settled(self, records: SeriesSet) -> SeriesSet:
        return self._partial.settled(records, self._chosen, self._first)


def conditions_for(partial: SeriesPartial, chosen: np.ndarray) -> Tensor:
    """Histories as a generator is told of them: attributes that are fixed, steps to be added, compact steps.

    Cells that are missing are told as such by a state of -1.
    """
    codec = partial.codec
    given = partial.history.take(chosen)
    packed = codec.encode(given, 0).numpy()
    k, first = codec.n_own, codec.n_of_series
    rows = packed[:, first:].reshape(len(packed), -1, codec.n_per_step)
    if codec.steps.rows is not None and not partial.n_more:
        names = [codec.steps.columns[codec.steps.n_clock + place].column.name for place in range(k)]
        flat = codec.steps.rows.split(given.steps.select(list(codec.steps.rows.schema.names)))
        begin = np.arange(len(given.owners)) - given.starts[:-1][given.owners]
        for place, name in enumerate(names):
            lacks = np.asarray(pc.is_null(cells_of(flat, name)))
            rows[given.owners[lacks], begin[lacks], 1 + place] = -1
    more = np.full((len(packed), 1), partial.n_more)
    told = np.concatenate([packed[:, :1], more, packed[:, 1:first], rows.reshape(len(packed), -1)], 1)
    if told.shape[1] == codec.n_asked:  # by its width it is told from what is asked of attributes
        told = np.concatenate([told, np.zeros((len(told), 1))], 1)
    return torch.from_numpy(told)
