"""A table from a file, a data frame or an Arrow table, with the schema that was found in it.

>>> table = read_table(pa.table({"age": [39, 50, 38], "pay": ["low", "high", "low"]}))
>>> [column.kind for column in table.schema.columns]
['integer', 'category']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast, runtime_checkable

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.tabular.columns import kind_called, kind_meant
from gansmith.tabular.columns.base import Wish
from gansmith.tabular.columns.finding import Learnt, learn_text, learn_typed
from gansmith.tabular.columns.stored import is_string
from gansmith.tabular.examples import example_of, is_spelt
from gansmith.tabular.files.frames import from_numpy, from_pandas
from gansmith.tabular.files.raw import RawTable, check_names, read_file
from gansmith.tabular.files.subset import n_kept, note_on, numbers_kept
from gansmith.tabular.schema import Column, Schema, Table

MIN_RECORDS: Final = 2
Leniency = Literal["none", "surplus", "cells", "columns"]
"""What of a schema need not be kept."""


@runtime_checkable
class SpeaksArrow(Protocol):
    """Anything that hands over a table through the Arrow PyCapsule interface: polars, DuckDB, Arrow, ..."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table as a capsule with a C stream."""
        ...


def read_table(
    source: object,
    *,
    overrides: Mapping[str, str] | None = None,
    schema: Schema | None = None,
    has_header: bool | None = None,
    encoding: str | None = None,
    name: str | None = None,
    missing: Sequence[str] = (),
    locale: str = "",
    leniency: Leniency = "none",
    n_min: int = MIN_RECORDS,
    is_capped: bool = False,
) -> Table:
    """A table from wherever the user has it.

    Args:
        source: A path of a CSV, TSV, JSON lines or Parquet file, a pandas or polars frame, an Arrow table, or
            any object with `__arrow_c_stream__`, a NumPy array of rows, or what `raw_table` gave.
        overrides: Kinds that go before those found, by column name; or a thing to invent: "email".
        schema: A whole schema that goes before what is found; its columns must be the table's, in any order.
        has_header: Delimited text: whether the first record holds the columns' names; None: found.
        encoding: Text: its encoding; None: found.
        name: What to call the table in messages; None: the file's name.
        missing: The user's own spellings of a missing cell, beside the usual ones.
        locale: Language and country of what is invented, such as "de_DE"; empty: that of the schema.
        leniency: "cells": a column that is not what the schema says becomes of a wider kind, with a note;
            "columns": and one that is missing or too many is left out, with a note; one must be left;
            "surplus": columns are as the schema says, and those that it lacks are left out, with a note.
        n_min: The fewest records that make a table.
        is_capped: Whether a random subset is enough, where there are very many records; see `Subset`.

    Raises:
        DataError: The table cannot be read or learnt from; the message names file, column, record and value.
        UsageError: An override names an unknown column or kind, or `source` is no table.
    """
    called = name or (Path(source).name if isinstance(source, (str, Path)) else type(source).__name__)
    try:
        known = () if schema is None else schema.names
        raw = raw_table(source, has_header, encoding, is_capped, known)
        _check_size(raw.columns, raw.has_header, n_min)
        has_numbers = not all(map(is_string, raw.columns.schema.types))
        told = Wish(None, "", None, raw.is_comma_decimal, tuple(missing), has_numbers)
        wishes = {
            column: replace(told, kind=wish.kind, variant=wish.variant, column=wish.column)
            for column, wish in _wishes(raw.columns.column_names, overrides or {}, schema, leniency).items()
        }
        unshared = _unshared(raw.columns.column_names, wishes, schema, leniency)
        learn = _learn if leniency in ("none", "surplus") else _learn_leniently
        is_text, notes, style, headers = raw.is_text, raw.notes, raw.style, raw.headers
        is_cut = raw.is_cut
        cells = dict(zip(raw.columns.column_names, raw.columns.columns, strict=True))
        del raw  # each column is forgotten when it has been understood: one copy is enough
        found = {column: learn(cells.pop(column), is_text, column, wish) for column, wish in wishes.items()}
    except DataError as error:
        raise DataError(f"{source if isinstance(source, (str, Path)) else called}: {error}") from error
    columns = tuple(
        replace(one, header=headers.get(one.name, one.header))
        for one in (learnt.column for learnt in found.values())
    )
    columns, told = _with_locale(columns, found, locale)
    notes = (*notes, *told)
    arrays = [learnt.values for learnt in found.values()]
    records = pa.table(arrays, schema=Schema(columns).arrow_schema)
    remarks = tuple(
        f"column {learnt.column.name!r}: {learnt.remark}" for learnt in found.values() if learnt.remark
    )
    style = schema.text if schema is not None and schema.text is not None else style
    constraints = None if schema is None else schema.constraints
    told = (*notes, *unshared, *remarks)
    return Table(records, Schema(columns, style, constraints), called, told, is_cut)


def _with_locale(
    columns: tuple[Column, ...], found: Mapping[str, Learnt], locale: str
) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The columns with the locale of what is invented, as the user says or as is found, and a note on it."""
    inventing = [one for one in columns if one.traits.variants and (locale or not one.locale)]
    if not inventing:
        return columns, ()
    told: tuple[str, ...] = ()
    if not locale:
        from gansmith.tabular.columns.locales import found_locale  # most tables hold nobody

        locale, by = found_locale([(learnt.column, learnt.values) for learnt in found.values()])
        if locale:
            suggest = "suggest" if len(by) > 1 else "suggests"
            told = (
                f"names, addresses and the like are invented in the style of {locale}, as "
                f"{', '.join(map(repr, by[:3])) or 'the data'} {suggest}; --locale changes that",
            )
    return tuple(replace(one, locale=locale) if one in inventing else one for one in columns), told


def read_partial(
    source: object, schema: Schema, *, has_header: bool | None = None, encoding: str | None = None
) -> tuple[RawTable, Table]:
    """A table with gaps: cells may be missing, and whole columns of the schema.

    Args:
        source: As for `read_table`.
        schema: All columns.
        has_header: Delimited text: whether the first record holds the columns' names; None: found.
        encoding: Text: its encoding; None: found.

    Returns:
        What the source holds, as it is, and the same as the schema says, null in the gaps.

    Raises:
        DataError: As `read_table`, and when the schema has no such column.
        UsageError: When `source` is no table.
    """
    called = Path(source).name if isinstance(source, (str, Path)) else type(source).__name__
    try:
        raw = raw_table(source, has_header, encoding, False, schema.names)
        _check_size(raw.columns, raw.has_header, 1)
        for name in raw.columns.column_names:
            if name not in schema.names:
                raise DataError(
                    f"column {name!r} is not one of the model's. {did_you_mean(name, schema.names)}"
                )
        arrays = [_column_or_gaps(raw, column) for column in schema.columns]
    except DataError as error:
        raise DataError(f"{source if isinstance(source, (str, Path)) else called}: {error}") from error
    return raw, Table(pa.table(arrays, schema=schema.arrow_schema), schema, called, raw.notes)


def _column_or_gaps(raw: RawTable, column: Column) -> pa.Array:
    if column.name not in raw.columns.column_names:
        return pa.nulls(raw.columns.num_rows, column.arrow_type)
    wish = Wish(column=column, is_comma_decimal=raw.is_comma_decimal)
    return _learn(raw.columns.column(column.name), raw.is_text, column.name, wish).values


def raw_table(
    source: object, has_header: bool | None, encoding: str | None, is_capped: bool, known: Sequence[str]
) -> RawTable:
    """What the source of a table holds, before its columns are understood; see `read_table` and `read_file`.

    Raises:
        DataError: It cannot be read.
        UsageError: It is no table.
    """
    if isinstance(source, RawTable):
        raw = source
    elif isinstance(source, (str, Path)):
        raw = read_file(
            Path(source), has_header=has_header, encoding=encoding, is_capped=is_capped, known=known
        )
    elif isinstance(source, pa.Table):
        raw = RawTable(source)
    elif isinstance(source, np.ndarray):
        raw = RawTable(from_numpy(source))
    elif type(source).__module__.split(".")[0] == "pandas":
        columns, notes = from_pandas(source)
        raw = RawTable(columns, notes=notes)
    elif isinstance(source, SpeaksArrow):
        raw = RawTable(pa.table(cast("Any", source)))
    else:
        raise UsageError(
            f"A {type(source).__name__} is no table. "
            "Give a path, a pandas or polars frame, or an Arrow table."
        )
    return _capped(raw) if is_capped else raw


def _capped(raw: RawTable) -> RawTable:
    """What is kept of a table that is in memory as a whole."""
    n_records, n_wanted = raw.columns.num_rows, n_kept(raw.columns.num_columns)
    if n_records <= n_wanted:
        return raw
    columns = raw.columns.take(pa.array(numbers_kept(n_records, n_wanted)))
    return replace(raw, columns=columns, notes=(*raw.notes, note_on(n_records, n_wanted)))


def _check_size(columns: pa.Table, has_header: bool, n_min: int) -> None:
    names: Sequence[str] = columns.column_names
    if not names:
        raise DataError("the table has no columns. Give a table with one at the least.")
    check_names(names)
    if columns.num_rows < n_min:
        after = " after its header" if has_header else ""
        held = "no records" if columns.num_rows == 0 else "a single record"
        raise DataError(f"the table has {held}{after}. Give at least {n_min}; hundreds are better.")


def _wishes(
    names: Sequence[str], overrides: Mapping[str, str], schema: Schema | None, leniency: Leniency
) -> dict[str, Wish]:
    """What the user wants of each column, in the order of the schema or else of the table."""
    for name in overrides:
        if name not in names:
            raise UsageError(f"There is no column {name!r} to set the kind of. {did_you_mean(name, names)}")
    wanted = {name: Wish(*kind_meant(word, name)) for name, word in overrides.items()}
    if schema is None:
        return {name: wanted.get(name, Wish()) for name in names}
    shared = set(names) & set(schema.names)
    for name in schema.names:
        if name not in shared and not (leniency == "columns" and shared):
            raise DataError(f"column {name!r} of the schema is not in the table. {did_you_mean(name, names)}")
    for name in names:
        if name not in shared and leniency not in ("columns", "surplus"):
            raise DataError(f"column {name!r} is not in the schema. {did_you_mean(name, schema.names)}")
    known = [column for column in schema.columns if column.name in shared]
    return {column.name: wanted.get(column.name, Wish(column=column)) for column in known}


def _unshared(
    names: Sequence[str], wishes: Mapping[str, Wish], schema: Schema | None, leniency: Leniency
) -> list[str]:
    """Notes on the columns that were left out because only one side has them."""
    lacking = [name for name in (schema.names if schema else ()) if name not in wishes]
    surplus = [name for name in names if name not in wishes]
    near = {name: f" {did_you_mean(name, surplus)}" if surplus else "" for name in lacking}
    return [
        *(f"column {name!r} is not here.{near[name]}".rstrip() for name in lacking),
        *(
            f"column {name!r} is {'none of the model' if leniency == 'surplus' else 'not in the real data'}"
            for name in surplus
        ),
    ]


def _learn(cells: pa.ChunkedArray, is_text: bool, name: str, wish: Wish) -> Learnt:
    return learn_text(name, cells, wish) if is_text else learn_typed(name, cells, wish)


def _learn_leniently(cells: pa.ChunkedArray, is_text: bool, name: str, wish: Wish) -> Learnt:
    """The column as it is wished for, or else of the first wider kind that it has."""
    try:
        return _learn(cells, is_text, name, wish)
    except DataError:
        if (given := wish.column) is None:
            raise
        # A constant text may spell what would be read as a truth value or a date among other texts.
        is_any_text = not given.traits.is_varied and given.type == "string"
        for kind in given.traits.wider:
            if not kind and is_any_text:
                continue
            wider = Wish(kind_called(kind) if kind else None, is_comma_decimal=wish.is_comma_decimal)
            try:
                learnt = _learn(cells, is_text, name, wider)
            except DataError:
                continue
            remarks = filter(None, (learnt.remark, _unlike(learnt.column, given)))
            return replace(learnt, remark="; ".join(remarks))
        raise


def _unlike(found: Column, given: Column) -> str:
    """What to say of a column that could not be read as the schema says; "": it is merely typed."""
    if (found.kind, found.type) != (given.kind, given.type):
        return f"is {found.kind} ({found.type}) here, not {given.kind} ({given.type})"
    here, there = example_of(found), example_of(given)
    return f"is spelt {here} here, not {there}" if is_spelt(found) and here != there else ""
