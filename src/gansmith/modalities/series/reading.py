"""Series read: the cells of all steps understood, in order by series and time, and what is known of each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int

from gansmith.errors import Caution, DataError, UsageError
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.finding import find_attributes, find_series, likely_entity
from gansmith.modalities.series.records import ENTITY, Form, SeriesSet, Shape, with_first
from gansmith.modalities.series.sources import Source, source_of
from gansmith.modalities.series.ticks import grid_of, times_of
from gansmith.modalities.series.when import When, put_together, told
from gansmith.tabular.cells import cells_of, codes_of, replaced
from gansmith.tabular.columns.identifiers import is_id_name
from gansmith.tabular.columns.stored import stored_table
from gansmith.tabular.files import MIN_RECORDS, Leniency, read_table
from gansmith.tabular.files.raw import RawTable
from gansmith.tabular.files.subset import MAX_CELLS, numbers_kept
from gansmith.tabular.schema import Column, Schema, Table
from gansmith.tabular.timelines import says_who

MAX_STEPS: Final = 8_000_000
"""Steps that are kept at most, of whole series drawn at random, or the latest ones of a single series."""
LONGEST_WHOLE: Final = 128
"""Steps up to which a game on whole windows has been tried."""
WHOLE: Final = (
    "all series have {} steps of numbers alone, so each is learnt whole; --window 0 learns step by step, "
    "which is less true to them but can go on from a history, fill gaps and mark odd stretches"
)
Order = Int[np.ndarray, " n"]


def read_series(source: object, options: SeriesOptions) -> SeriesSet:
    """The user's data as series.

    Raises:
        DataError: It is missing or malformed; times repeat where they should not; windows are too long.
        UsageError: A column that was named is not there, or says no such thing.
    """
    found = source_of(
        source, wide=options.wide, has_header=options.has_header, encoding=options.encoding or None
    )
    table = _understood(source, found, options)
    if found.shape == "wide":
        series = _from_wide(table, found)
    else:
        entity, when = find_series(table, options.entity or found.entity, options.time)
        shape: Shape = found.shape if entity == found.entity else "long"
        series = arranged(table, entity, when, "single" if not entity else shape)
        series = _with_attributes(series)
    if found.shape in ("wide", "array"):
        series = _without_ends(series)
    series = _of_whole_series(_capped(series), options)
    window = _window(series, options.window)
    notes = (*series.notes, *_said(series))
    if options.window is None and window:
        notes = (*notes, WHOLE.format(window))
    return replace(series, form=replace(series.form, window=window), notes=notes)


def read_again(source: object, like: Form, leniency: Leniency) -> SeriesSet:
    """Series that are read as others were.

    Args:
        source: As for `read_series`.
        like: How the others were read.
        leniency: What of their columns need not be kept; see `read_table`.

    Raises:
        DataError: It is missing, malformed, or of other columns.
    """
    found = source_of(source, wide=bool(like.sides), like=like)
    names = found.raw.columns.column_names
    if ENTITY in names and not like.entity:  # several series such as the one that is known
        like = like.separated
    schema = like.schema if like.sides else like.written
    if like.sides and found.entity not in schema.names:
        schema = with_first(schema, Column(found.entity, "integer"))
    table = read_table(found.raw, schema=schema, name=_name_of(source), leniency=leniency, n_min=1)
    for name in filter(None, (like.entity, like.time, *like.parts.values())):
        if name not in table.schema.names and (name in schema.names):
            raise DataError(f"{table.name}: there is no column {name!r}, which says whose or when steps are.")
    if like.sides:
        series = _without_ends(_from_wide(table, found, like))
    else:
        when = (
            put_together(table, like.parts) if like.parts else told(table, like.time) if like.time else None
        )
        if like.parts and when is None:
            raise DataError(
                f"{table.name}: {like.told_by} tell times that there are not, such as 30 February."
            )
        series = arranged(table, like.entity, when, like.shape)
        series = _without_ends(series) if found.shape == "array" else series
    own = series.form.schema.names
    attributes = tuple(name for name in like.attributes if name in own)
    form = replace(series.form, attributes=attributes, window=like.window)
    return _capped(replace(series, form=form))


def _understood(source: object, found: Source, options: SeriesOptions) -> Table:
    """The long table, its columns understood."""
    name = _name_of(source)
    kinds = dict(options.columns)

    def read() -> Table:
        return read_table(
            found.raw, overrides=kinds, name=name, missing=options.missing, locale=options.locale
        )

    table = read()
    column = table.schema.column(options.time) if options.time else None
    if column is not None and column.type == "string" and options.time not in kinds:
        kinds[options.time] = "datetime"  # names the first cell that is no time
        table = read()
    return table


def _name_of(source: object) -> str:
    return Path(source).name if isinstance(source, (str, Path)) else type(source).__name__


# --- Order --------------------------------------------------------------------------------------------------


def arranged(table: Table, entity: str, when: When | None, shape: Shape) -> SeriesSet:
    """Rows as steps: those of a series together, in the order of time.

    Series come in the order in which they first occur. Rows that do not say whose or when they are are left
    out, with a note.

    Args:
        table: Of all steps.
        entity: The column that says whose they are; empty: all are of one series.
        when: Their times; None: they follow each other as they stand.
        shape: What the data looks like.
    """
    is_known, notes = _known(table, entity, when)
    records = table.records
    if not is_known.all():
        records = records.filter(pa.array(is_known))
    if not records.num_rows:
        raise DataError(f"{table.name}: no row says whose and when it is. Give other columns.")
    codes = codes_of(cells_of(records, entity)) if entity else np.zeros(records.num_rows, np.int64)
    times = None if when is None else when.times[is_known]
    order = np.lexsort((codes,) if times is None else (times, codes))
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes))])
    if when is not None and times is not None:
        notes += _on_order(codes, times, order, when)
    form, columns = Form(schema=table.schema, entity=entity, shape=shape), dict[str, Any]()
    if when is not None:
        form, columns = _timed(form, when, is_known)
    for name, cells in columns.items():
        records = records.add_column(0, name, cells)
    records = records.select(list(form.schema.names))
    if (np.diff(order) != 1).any():
        records = records.take(pa.array(order))
    return SeriesSet(records.combine_chunks(), starts, form, table.name, (*table.notes, *notes))


def _known(table: Table, entity: str, when: When | None) -> tuple[Bool[np.ndarray, " n"], tuple[str, ...]]:
    """Which rows say whose and when they are, and notes on the others."""
    is_known, notes = np.ones(len(table), dtype=bool), list[str]()
    missing = {} if when is None else {when.said: when.missing}
    if entity:
        missing = {repr(entity): np.asarray(pc.is_null(cells_of(table.records, entity))), **missing}
    for name, mask in missing.items():
        if mask.any():
            n = int(mask.sum())
            rows, were = ("rows have", "were") if n > 1 else ("row has", "was")
            cure = "Fill in what is missing, or drop such rows."
            notes.append(Caution(f"{n:,} {rows} no {name} and {were} left out of the series. {cure}"))
            is_known &= ~mask
    return is_known, tuple(notes)


def _on_order(codes: Order, times: Order, order: Order, when: When) -> tuple[str, ...]:
    """Notes on rows that were not in the order of time, and on those of the same time."""
    name, notes = when.said, list[str]()
    by_series = np.argsort(codes, kind="stable")
    is_same = np.diff(codes[by_series]) == 0
    steps = np.diff(times[by_series])[is_same]
    n_back, n_again = int((steps < 0).sum()), 0
    if n_back and not (steps > 0).any():
        notes.append(f"the latest steps stood first: they were put in the order of {name}")
    elif n_back:
        notes.append(f"{n_back:,} rows stood after a later one: they were put in the order of {name}")
        if not codes.any() and 2 * n_back < 0.01 * len(times) and _is_overlapping(times):
            times_back = f"{n_back:,} time{'s' if n_back > 1 else ''}"
            notes[-1] = Caution(
                f"{name} goes back {times_back}, as where several series follow each other: they were sorted "
                "into one. If they are several, add a column that says whose each row is, and give it with "
                "--entity."
            )
    n_again = int(((np.diff(times[order]) == 0) & (np.diff(codes[order]) == 0)).sum())
    if n_again:
        steps_have = "steps have" if n_again > 1 else "step has"
        said = f"{n_again:,} {steps_have} the same {name} as the one before in the series"
        grid = grid_of(times[order], np.concatenate([[0], np.cumsum(np.bincount(codes))]), when.column)
        is_odd = grid.is_regular and grid.share > 0.9 and n_again < 0.05 * len(times)
        cure = "On a grid of times each should have one: drop those that are no steps of their own."
        notes.append(
            Caution(f"{said}; they stay in the order of the data. {cure}")
            if is_odd
            else f"{said}: they stay in the order of the data"
        )
    return tuple(notes)


def _is_overlapping(times: Order) -> bool:
    """Whether times go back far: over a tenth of all that they span."""
    steps = np.diff(times)
    return bool((-steps[steps < 0]).max() > 0.1 * (times.max() - times.min()))


def _timed(form: Form, when: When, is_known: Bool[np.ndarray, " n"]) -> tuple[Form, dict[str, Any]]:
    """The form with the column that says when, and that column where several told it."""
    name = when.column.name
    if not when.parts:
        return replace(form, time=name), {}
    table = form.schema
    told = set(when.parts.values())
    own = replace(table, columns=tuple(one for one in table.columns if one.name not in told))
    form = replace(form, schema=with_first(own, when.column), time=name, table=table, parts=dict(when.parts))
    return form, {name: when.cells.filter(pa.array(is_known))}


# --- Attributes ---------------------------------------------------------------------------------------------


def _with_attributes(series: SeriesSet) -> SeriesSet:
    """The series with what is constant within each of them known as such."""
    form = series.form
    names = [one.name for one in form.measures]
    return replace(series, form=replace(form, attributes=find_attributes(series.steps, names, series.owners)))


def _of_whole_series(series: SeriesSet, options: SeriesOptions) -> SeriesSet:
    """The series with the columns that say something of whole ones understood by one cell of each.

    Customers' names are made anew where each customer has one, however often it stands in the steps.
    """
    form = series.form
    names = [name for name in (form.entity, *form.attributes) if name and name not in options.columns]
    schema = replace(form.schema, columns=tuple(form.schema.column(name) for name in names))
    if not names or len(series) < MIN_RECORDS:
        return series
    rows, style = series.first_steps, form.schema.text
    raw = RawTable(stored_table(rows, form.schema))  # all columns: others help to tell what one is
    if style is not None:
        spelt = _spelt(rows.select(names), schema)
        raw = RawTable(spelt, is_text=True, is_comma_decimal=style.delimiter != ",")
    found = read_table(raw, missing=options.missing, locale=options.locale)
    again = {name: found.schema.column(name) for name in names}
    of_another_type = {
        name: cells_of(found.records, name).take(pa.array(series.owners))
        for name, column in again.items()
        if column.type != schema.column(name).type
    }
    table = None if form.table is None else _replaced(form.table, again)
    form = replace(form, schema=_replaced(form.schema, again), table=table)
    return replace(series, form=form, steps=replaced(series.steps, of_another_type))


def _spelt(rows: pa.Table, schema: Schema) -> pa.Table:
    """Cells as a text file spells them."""
    columns: dict[str, pa.Array] = {}
    for one in schema.columns:
        cells = one.traits.spell(cells_of(rows, one.name), one).cast(pa.string())
        columns[one.name] = pc.fill_null(cells, one.missing_mark)
    return pa.table(columns)


def _replaced(schema: Schema, columns: dict[str, Column]) -> Schema:
    kept = (
        replace(columns[one.name], header=one.header) if one.name in columns else one
        for one in schema.columns
    )
    return replace(schema, columns=tuple(kept))


# --- Wide tables and arrays ---------------------------------------------------------------------------------


def _from_wide(table: Table, found: Source, like: Form | None = None) -> SeriesSet:
    """The series of a table of a row each, whose long form has been understood."""
    n = len(table) // len(found.sides[0])
    measures = table.schema.names[-len(found.sides) :]
    others = [name for name in table.schema.names if name not in (found.entity, found.time, *measures)]
    if like is None:
        entity = next((name for name in others if _says_whose(table, name, n)), found.entity)
    else:
        entity = like.entity
    side_of = {name: measure for measure, side in zip(measures, found.sides, strict=True) for name in side}
    known = [name for name in found.names if name in side_of or name in others]
    user = Schema(
        tuple(replace(table.schema.column(side_of.get(name, name)), name=name) for name in known),
        table.schema.text,
    )
    kept = [one for one in table.schema.columns if one.name != found.entity or one.name == entity]
    form = Form(
        schema=replace(table.schema, columns=tuple(kept)),
        entity=entity,
        time=found.time,
        attributes=tuple(name for name in others if name != entity),
        shape="wide",
        table=user,
        sides=found.sides,
    )
    starts = np.arange(n + 1) * len(found.sides[0])
    return SeriesSet(table.records.select(list(form.schema.names)), starts, form, table.name, table.notes)


def _says_whose(table: Table, name: str, n: int) -> bool:
    """Whether a column of a wide table has a text or a number of its own for each row, and is named so."""
    cells = cells_of(table.records, name)
    is_able = pa.types.is_string(cells.type) or pa.types.is_integer(cells.type)
    is_named = says_who(name) or is_id_name(name) or pa.types.is_string(cells.type)
    return is_able and is_named and not cells.null_count and len(pc.unique(cells)) == n


def _without_ends(series: SeriesSet) -> SeriesSet:
    """The series without the steps at their ends in which all measures are missing: shorter ones, that is."""
    measures = [one.name for one in series.form.measures]
    is_there = np.any([np.asarray(pc.is_valid(cells_of(series.steps, name))) for name in measures], axis=0)
    place = np.where(is_there, np.arange(len(is_there)) + 1, 0)
    last = np.maximum.reduceat(place, series.starts[:-1]) - series.starts[:-1]
    lengths = np.clip(last, 1, series.lengths)
    if (lengths == series.lengths).all():
        return series
    n = int((lengths < series.lengths).sum())
    note = f"{n:,} of {len(series):,} series end before the last column: what follows there is missing"
    cut = series.cut(np.arange(len(series)), np.zeros(len(series), np.int64), lengths)
    return replace(cut, notes=(*series.notes, note))


# --- Size ---------------------------------------------------------------------------------------------------


def _capped(series: SeriesSet) -> SeriesSet:
    """The series, or some of them where there are more steps than a game can use."""
    n_steps, n_most = series.steps.num_rows, min(MAX_STEPS, MAX_CELLS // max(1, series.steps.num_columns))
    if n_steps <= n_most:
        return series
    if len(series) == 1:
        found = series.cut(np.array([0]), np.array([n_steps - n_most]), np.array([n_steps]))
        note = f"of {n_steps:,} steps the latest {n_most:,} were kept; the others were not looked at"
        return replace(found, notes=(*series.notes, note))
    n_kept = max(1, int(len(series) * n_most / n_steps))
    found = series.take(numbers_kept(len(series), n_kept))
    note = f"of {len(series):,} series {n_kept:,} were kept, drawn at random (the same each time)"
    return replace(found, notes=(*series.notes, note))


def _window(series: SeriesSet, asked: int | None) -> int:
    """Steps of the windows that are learnt, 0 for none: as asked, else what suits the series."""
    if asked is None:
        length = int(series.lengths[0])
        is_short = 1 < length <= LONGEST_WHOLE and len(series) > 1
        suits = is_short and bool((series.lengths == length).all()) and series.are_numbers_alone(length)
        return length if suits else 0
    _check_window(series, asked)
    return asked


def _check_window(series: SeriesSet, window: int) -> None:
    longest = int(series.lengths.max())
    if window == 1:
        raise UsageError("window 1 is a step alone. Give 2 or more, or learn the rows as --kind table.")
    if window > longest:
        raise UsageError(
            f"window {window:,}: the longest series has {longest:,} steps. Give at most as many."
        )


# --- Notes --------------------------------------------------------------------------------------------------


def _said(series: SeriesSet) -> tuple[str, ...]:
    """How the data was understood, in one note."""
    form, n = series.form, len(series)
    whose = f"series of {form.entity!r} ({n:,})" if form.entity and form.entity != ENTITY else f"{n:,} series"
    whose = "one series" if not form.entity else whose
    if not form.time:
        return (f"{whose}, whose steps follow each other: no column says when; --time names one",)
    column = form.schema.column(form.time)
    grid = grid_of(times_of(cells_of(series.steps, form.time), column), series.starts, column)
    gaps = f" ({1 - grid.share:.1%} of the gaps differ)" if grid.is_regular and grid.share < 1 else ""
    known = f"{whose}, in time by {form.told_by}: {grid.in_words}{gaps}"
    if form.entity or not (likely := likely_entity(series.steps, [one.name for one in form.measures])):
        return (known,)
    return (f"{known}; if {likely!r} says whose steps they are, give --entity {likely}",)
