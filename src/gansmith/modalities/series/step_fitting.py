"""How steps are learnt: how times go on, what each step may say, how numbers are drafted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
from jaxtyping import Int

from gansmith.modalities.series.drafting import measure_of, off_drafts, with_draft, with_room, within
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.shared import with_shared_values
from gansmith.modalities.series.staying import learnt_staying
from gansmith.modalities.series.steps import StepCodec, Steps, when
from gansmith.modalities.series.timing import DAYS, GAP, Timing, season_of
from gansmith.modalities.series.walk import MAX_RECALLED, Route
from gansmith.tabular.cells import cells_of, codes_of
from gansmith.tabular.columns.codecs import Fitting
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.parts import split
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Schema, Table

N_RANKS: Final = 32
"""States of a drafted number: equally likely distances from its draft."""
N_KNOTS: Final = 8 * N_RANKS + 1
"""Quantiles of these distances that are kept."""
MIN_PER_RANK: Final = 20
"""Steps for each of them, about; where there are fewer steps there are fewer."""
HELD: Final = 0.01
"""Share of steps with the very number of the step before, from which on that is a state of its own."""
MOST_DAYS: Final = 45
"""Gaps of more days are not told apart one by one."""
FEWEST_FAR: Final = 20
"""Gaps beyond for which these are learnt at all."""


def learnt_steps(series: SeriesSet, min_count: int, seed: int) -> StepCodec:
    """What is learnt of the steps of series.

    Args:
        series: That are learnt from.
        min_count: Records that must share a value before it comes out.
        seed: Of what codecs leave open.
    """
    form, starts = series.form, series.starts
    times = when(series)
    column = form.schema.column(form.time) if form.time else None
    timing = Timing.of(times if form.time else None, starts, column)
    clock = rows = None
    if timing.schema.columns:
        later = np.setdiff1d(np.arange(len(times)), starts[:-1])
        learnt = timing.columns(times, starts).take(pa.array(later))
        table = Table(learnt, timing.schema, series.name)
        clock = _by_the_day(RowCodec.fit(table, min_count, seed, needs_states=False), learnt, timing)
    schema = Schema(form.measures)
    if schema.columns:
        learnt = series.steps.select(list(schema.names))
        if form.entity:
            owners = codes_of(cells_of(series.steps, form.entity)).astype(np.int64)
            learnt = with_shared_values(learnt, owners, min_count, seed)
        table = Table(learnt, schema, series.name)
        rows = RowCodec.fit(_settled(table), min_count, seed, needs_states=False)
    bare = StepCodec(timing, clock, rows, Route(timing, 0, (), ()), np.zeros((0, N_KNOTS)), ())
    return _with_route(bare, series, seed)


def _with_route(codec: StepCodec, series: SeriesSet, seed: int) -> StepCodec:
    """The codec with what a walk looks at."""
    starts = series.starts
    steps = codec.encode(series, seed)
    measures = tuple(
        within(measure_of(steps.numbers[:, place], column, starts), codec.columns[column])
        for place, column in enumerate(codec.measured)
    )
    recalled = tuple(
        (place, one.n_states)
        for place, one in enumerate(codec.columns)
        if place >= codec.n_clock and not one.n_bins and one.n_states <= MAX_RECALLED
    )
    if codec.timing.is_fixed:
        recalled = ()
    season = season_of(codec.timing, int(series.lengths.max()))
    if is_endless := series.form.shape == "single" and not series.form.window:
        measures = tuple(map(with_room, measures, steps.numbers.T))
    drafted = [one.column for one in measures if one.is_drafted]
    counted = tuple((k, one.n_states) for k, one in enumerate(codec.columns) if k not in drafted)
    route = Route(codec.timing, season, measures, recalled, counted, None, is_endless)
    route = with_draft(route, steps.times, steps.numbers, starts)
    kinds = {column: (steps.states[:, column], n) for column, n in recalled}
    found = [
        learnt_staying(k, steps.numbers[:, k], kinds, series.owners)
        for k, one in enumerate(measures)
        if not one.is_drafted and codec.columns[one.column].n_bins
    ]
    made = _with_ranks(replace(codec, route=route), steps, starts)
    return replace(made, route=replace(route, staying=tuple(one for one in found if one is not None)))


def _with_ranks(codec: StepCodec, steps: Steps, starts: Int[np.ndarray, " s"]) -> StepCodec:
    """The codec with the distances of numbers from their drafts."""
    places = codec.route.drafted
    off, held = off_drafts(codec.route, steps.times, steps.numbers, starts)
    n = max(2, min(N_RANKS, len(off) // MIN_PER_RANK))
    ranks, is_held = np.zeros((len(places), 8 * n + 1)), []
    for place, index in enumerate(places):
        measure = codec.route.measures[index]
        is_own = measure.place_of(steps.numbers[:, index]) < len(measure.singles)
        is_counted = ~np.isnan(off[:, place]) & ~is_own
        is_held.append(bool((held[:, place] & is_counted).sum() >= HELD * max(is_counted.sum(), 1)))
        there = off[is_counted & ~(held[:, place] & is_held[-1]), place]
        if len(there):
            ranks[place] = np.quantile(there, np.linspace(0, 1, 8 * n + 1))
    return replace(codec, ranks=ranks, is_held=tuple(is_held))


def _by_the_day(clock: RowCodec, learnt: pa.Table, timing: Timing) -> RowCodec:
    """The codec of columns of time, in which each day of gaps of weeks is told apart.

    Args:
        clock: As it was learnt.
        learnt: The columns.
        timing: Of which they are.
    """
    name = DAYS if timing.kind == "clock" else GAP
    place = next((i for i, codec in enumerate(clock.columns) if codec.column.name == name), None)
    if not timing.in_days or place is None:
        return clock
    codec, gaps = clock.columns[place], np.asarray(learnt[name])
    if not isinstance(codec, NumberCodec) or not codec.n_bins:
        return clock
    last = int(min(MOST_DAYS, codec.knots[-1]))
    far, counts = gaps[gaps > last], np.bincount(gaps[gaps <= last], minlength=last + 1)
    is_rare = counts < clock.min_count  # of these no single count comes out
    counts[is_rare] = counts[is_rare].sum() // max(is_rare.sum(), 1)
    singles, nothing = np.arange(last + 1.0), np.zeros(0)
    if len(far) < max(clock.min_count, FEWEST_FAR):
        single_days = replace(
            codec, spikes=singles, counts=np.append(counts, 0), knots=nothing, shares=nothing, n_quantiles=0
        )
    else:
        rest = NumberCodec.fit(pa.array(far), codec.column, Fitting(clock.min_count))
        single_days = replace(
            rest,
            has_missing=codec.has_missing,
            spikes=np.concatenate([singles, rest.spikes]),
            counts=np.concatenate([counts, rest.counts]),
        )
    columns = (*clock.columns[:place], single_days, *clock.columns[place + 1 :])
    return replace(clock, columns=columns)


def _settled(table: Table) -> Table:
    """A table with the rules that all its records keep."""
    settled, _ = settle(split(table.records, table.schema), table.schema.flat, (), is_finding=True)
    return replace(table, schema=replace(table.schema, constraints=settled.constraints))
