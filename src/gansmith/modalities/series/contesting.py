"""Series in a contest of methods against imbalance: profiles of what each is like, and attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.scoring import as_sequences
from gansmith.scorecard.contest.arena import Arena
from gansmith.scorecard.contest.rows import arena_of_rows
from gansmith.scorecard.features import Features
from gansmith.scorecard.sequences.case import beside
from gansmith.scorecard.sequences.profiles import Plan, profile
from gansmith.tabular.cells import cells_of, codes_of
from gansmith.tabular.schema import Column


def classes_of(records: SeriesSet, target: str) -> np.ndarray:
    """What an attribute is of each series, as it is spelt, None where missing; shape `(n,)`.

    Raises:
        UsageError: There is no such column, it changes within series, or there is one series alone.
    """
    form = records.form
    column = form.schema.column(target)
    if target in (form.entity, form.time):
        raise UsageError(f"target {target!r} says whose steps they are, or when. Choose another column.")
    if form.shape == "single":
        raise UsageError(f"{records.name} is one series alone: it has no classes. Name an --entity.")
    if column.traits.is_made_anew:
        raise UsageError(f"target {target!r} is {column.kind}: it has no classes. Choose another column.")
    if target not in form.attributes:
        _check_constant(records, target)
    spelt = column.traits.spell(cells_of(records.first_steps, target), column)
    return np.array(spelt.cast(pa.string()).to_pylist(), object)


def _check_constant(records: SeriesSet, target: str) -> None:
    """Raise UsageError where a column changes within a series."""
    changes = _changes(records, target)
    if not changes.any():
        return
    form = records.form
    one = records.entities[int(np.argmax(changes))].as_py()
    near = did_you_mean(target, form.attributes) if form.attributes else ""
    raise UsageError(
        f"target {target!r} changes within {int(changes.sum()):,} of {len(records):,} series, such as "
        f"{form.entity or 'series'} {one}, and a series has one class. Add a column that is the same in "
        f"all steps of a series, such as whether any of them is what you look for. {near}".rstrip()
    )


def _changes(records: SeriesSet, name: str) -> Bool[np.ndarray, " n"]:
    """In which series a column is not the same in all steps."""
    codes = codes_of(cells_of(records.steps, name))
    is_other = codes != codes[records.starts[:-1]][records.owners]
    return np.bincount(records.owners[is_other], minlength=len(records)) > 0


def arena_of(parts: Sequence[SeriesSet], target: str) -> Arena:
    """See `Contesting`: profiles of series beside their attributes."""
    form = parts[0].form
    named = [name for name in form.schema.names if name not in (form.entity, form.time, target)]
    sequences = as_sequences(parts, named)
    plan = Plan.of(sequences[0])
    rows = [beside(one.attributes, profile(one, plan)[0]) for one in sequences]
    varied = _varied(rows[0])
    if not varied.any():
        raise DataError(f"nothing beside {target!r} varies, so nothing tells its classes. Give more columns.")
    return arena_of_rows([_chosen(one, varied) for one in rows])


def _varied(features: Features) -> Bool[np.ndarray, " n_columns"]:
    """Which columns are not all alike."""
    known = np.nan_to_num(features.values, nan=np.inf)
    return (known != known[:1]).any(0)


def _chosen(features: Features, which: Bool[np.ndarray, " n_columns"]) -> Features:
    names = tuple(name for name, is_it in zip(features.names, which, strict=True) if is_it)
    return Features(names, features.values[:, which], features.is_category[which])


def marked(parts: Sequence[SeriesSet], marks: Sequence[bool], name: str) -> SeriesSet:
    """See `Contesting`: one more attribute of truths. A series that is called as one before it is renamed."""
    form, parts = parts[0].form, _renamed(parts, name)
    taken, number = name, 2
    while taken in (*form.schema.names, *form.written.names):
        taken, number = f"{name}_{number}", number + 1
    steps = pa.concat_tables([part.steps.cast(form.schema.arrow_schema) for part in parts])
    cells = np.repeat(np.array(marks, bool), [part.steps.num_rows for part in parts])
    column = Column(taken, "boolean")
    schema = replace(form.schema, columns=(*form.schema.columns, column))
    table = None if form.table is None else replace(form.table, columns=(*form.table.columns, column))
    steps = steps.append_column(taken, pa.array(cells)).cast(schema.arrow_schema).combine_chunks()
    lengths = np.concatenate([part.lengths for part in parts])
    return SeriesSet(
        steps,
        np.concatenate([[0], np.cumsum(lengths)]),
        replace(form, schema=schema, table=table, attributes=(*form.attributes, taken)),
        parts[0].name,
        parts[0].notes,
    )


def _renamed(parts: Sequence[SeriesSet], name: str) -> list[SeriesSet]:
    """Sets in which no series is called as one before it: it gets the next number, or the name added."""
    form = parts[0].form
    if not form.entity:
        return [*parts]
    cell_type = form.schema.column(form.entity).arrow_type
    place, taken, kept = form.schema.names.index(form.entity), set[Any](), list[SeriesSet]()
    for part in parts:
        known: list[Any] = part.entities.to_pylist()
        fresh = count(max({*taken, *known}) + 1) if pa.types.is_integer(cell_type) else None
        called = [one if one not in taken else next(fresh) if fresh else f"{one}-{name}" for one in known]
        taken.update(called)
        cells = pa.array(called, cell_type).take(pa.array(part.owners))
        kept.append(replace(part, steps=part.steps.set_column(place, form.entity, cells)))
    return kept
