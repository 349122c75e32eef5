"""What tells series from each other, a row for each: attributes, when each begins, how long it is."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.steps import StepCodec, when
from gansmith.modalities.series.ticks import cells_at
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.distribution import fine_edges
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.files import read_table
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Column, Schema, Table

START, STEPS, SPAN = "first time", "number of steps", "span in days"
"""Attributes of every series that no column says."""


def learnt_attributes(records: SeriesSet, steps: StepCodec, min_count: int, seed: int) -> RowCodec | None:
    """What is learnt of what tells series from each other, with the longest and the shortest told apart.

    Args:
        records: Series that are learnt from.
        steps: How their steps follow each other.
        min_count: Series that must share a value before it comes out.
        seed: Of what codecs leave open.
    """
    table = of_series(records, steps)
    if not table.schema.columns:
        return None
    learnt = RowCodec.fit(table, min_count, seed, needs_states=False)
    columns = [
        replace(one, edges=fine_edges(one.n_bins))
        if one.column.name == STEPS and isinstance(one, NumberCodec) and one.n_bins > 1
        else one
        for one in learnt.columns
    ]
    return replace(learnt, columns=tuple(columns))


def of_series(records: SeriesSet, steps: StepCodec, schema: Schema | None = None) -> Table:
    """What tells series from each other: their attributes, their names, when they begin, how long they are.

    Args:
        records: Series.
        steps: How their steps follow each other.
        schema: As it was found before; None finds it.
    """
    form, timing = records.form, steps.timing
    cells: dict[str, pa.Array] = {}
    columns: list[Column] = []
    firsts = pa.array(records.starts[:-1])
    if form.entity:
        called = cells_of(records.steps, form.entity).take(firsts)
        if schema is None:  # found anew: each stands here once, however often its series comes
            own = pa.table({form.entity: called.unique()})
            found = read_table(own, n_min=1)
            if not found.schema.columns[0].traits.is_made_anew:  # a number for each is no quantity
                found = read_table(own, n_min=1, overrides={form.entity: "identifier"})
            columns.append(found.schema.columns[0])
            every = read_table(pa.table({form.entity: called}), schema=found.schema, n_min=1)
            called = cells_of(every.records, form.entity)
        cells[form.entity] = called
    for name in form.attributes:
        cells[name] = cells_of(records.steps, name).take(firsts)
        columns.append(form.schema.column(name))
    times = when(records)
    first, last = times[records.starts[:-1]], times[records.starts[1:] - 1]
    if timing.kind != "none":
        column = form.schema.column(form.time)
        cells[START] = cells_at(first, form.schema.column(form.time))
        columns.append(replace(column, name=START, missing_rate=0.0, parts=()))
    cells[STEPS] = pa.array(records.lengths)
    columns.append(Column(STEPS, "integer"))
    if not timing.is_fixed:
        cells[SPAN] = pa.array((last - first) / 86_400_000_000)
        columns.append(Column(SPAN, "decimal", decimals=6))
    known = schema or Schema(tuple(columns))
    arrays = [cells[one.name].cast(one.arrow_type) for one in known.columns]
    return Table(pa.table(arrays, schema=known.arrow_schema), known, records.name)
