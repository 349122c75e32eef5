"""Putting cells into the gaps of a table; what was there stays, in its own spelling and type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.columns.stored import flat, is_string, stored
from gansmith.tabular.files.raw import RawTable
from gansmith.tabular.files.writing import STDOUT, TableWriter, writable_extension
from gansmith.tabular.schema import Column, Schema, Table

_DELIMITED = (".csv", ".tsv", ".txt")


@final
@dataclass(frozen=True)
class Gaps:
    """A table with gaps, as it was given and as it was read."""

    source: object
    """What the user gave."""
    raw: RawTable
    """What it holds."""
    table: Table
    """The same, typed; with all columns of the schema, null in the gaps."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that were given, in their order, then those that were not."""
        names: list[str] = self.raw.columns.column_names
        schema = self.table.schema
        return (
            *(schema.column(name) for name in names),
            *(column for column in schema.columns if column.name not in names),
        )

    def is_given(self, column: Column) -> bool:
        """Whether the column is there at all."""
        return column.name in self.raw.columns.column_names

    def is_gap(self, column: Column) -> np.ndarray:
        """Which cells are missing."""
        return self.table.records.column(column.name).is_null().to_numpy()

    def returned(self, records: pa.Table) -> Any:
        """Whole records, typed as the schema says, in the type of the source; a path gives a pandas frame."""
        library = type(self.source).__module__.split(".")[0]
        if library == "pandas":
            return self._as_pandas(records)
        typed = {column.name: self._in_own_type(records, column) for column in self.columns}
        if library == "polars":
            return self._as_polars(pa.table(typed))
        return pa.table(typed) if isinstance(self.source, pa.Table) else pa.table(typed).to_pandas()

    def writer(self, path: Path, metadata: Mapping[str, str]) -> TableWriter:
        """A file of the whole records.

        From delimited text to delimited text every cell that was there is written as it was spelt.
        """
        extension = ".csv" if str(path) == STDOUT else writable_extension(path)
        is_spelt = self.raw.is_text and extension.removesuffix(".gz") in _DELIMITED
        columns = [_wide(column, self.table.records) for column in self.columns]
        style = self.raw.style or self.table.schema.text
        if is_spelt:
            columns = [
                Column(column.name, "text", missing_mark=column.missing_mark, header=column.header)
                for column in columns
            ]
            if style is not None and style.quoting == "text":  # here all columns are
                style = replace(style, quoting="needed")
        spelt = self._spelt if is_spelt else None
        return TableWriter(path, Schema(tuple(columns), style), metadata=metadata, spelt=spelt)

    def _spelt(self, records: pa.Table, first: int) -> pa.Table:
        """The cells of the records from number `first` on, each that was given in its own spelling."""
        cells: dict[str, pa.Array] = {}
        for column in self.columns:
            cells[column.name] = column.traits.spell(flat(records, column), column)
            if self.is_given(column):
                given, read = (
                    table.column(column.name).slice(first, len(records)).combine_chunks()
                    for table in (self.raw.columns, self.table.records)
                )
                cells[column.name] = pc.if_else(read.is_null(), cells[column.name], given)
        return pa.table(cells)

    def _in_own_type(self, records: pa.Table, column: Column) -> pa.Array:
        """One column; what was given is as it was given, unless it was given as text."""
        made = stored(flat(records, column), _wide(column, records))
        if not self.is_given(column) or self.raw.is_text:
            return made
        given = self.raw.columns.column(column.name).combine_chunks()
        if pa.types.is_null(given.type):
            return made
        kind = given.type
        inner = kind.value_type if pa.types.is_dictionary(kind) else kind
        if column.traits.makes_texts(column) and not is_string(inner):
            inner = kind = pa.string()
        inner = pa.string() if pa.types.is_string_view(inner) else inner
        whole = pc.if_else(pa.array(self.is_gap(column)), _cast(made, inner), _cast(given, inner))
        return whole.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else whole.cast(kind)

    def _as_polars(self, records: pa.Table) -> Any:
        import polars as pl  # optional; here only for those who have a frame of it

        frame = cast("pl.DataFrame", pl.from_arrow(records))
        types: dict[str, Any] = dict(cast("pl.DataFrame", self.source).schema)
        kept = [pl.col(name).cast(kind) for name, kind in types.items() if kind != pl.Null]
        return frame.with_columns(kept)

    def _as_pandas(self, records: pa.Table) -> Any:
        import pandas as pd  # only for those who have a frame of it

        frame: Any = self.source
        labels = {str(label): label for label in frame.columns}
        found: dict[Any, Any] = {}
        for column in self.columns:
            made = stored(flat(records, column), _wide(column, records)).to_pandas()
            made.index = frame.index
            gaps = self.is_gap(column)
            if column.name in labels and not gaps.all():
                found[labels[column.name]] = _filled(frame[labels[column.name]], made, gaps)
            else:
                found[labels.get(column.name, column.name)] = made
        return pd.DataFrame(found, index=frame.index)


def _cast(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """Strings of any sort among them, which Arrow does not decode and cast in one."""
    if pa.types.is_dictionary(values.type):
        return values.dictionary.cast(kind).take(values.indices)
    return values.cast(kind)


def _wide(column: Column, records: pa.Table) -> Column:
    """A column that holds all the decimals that are given, where these are more than were learnt."""
    if not column.has_decimals:
        return column
    numbers = records.column(column.name).drop_null().to_numpy().astype(np.float64)
    is_fitting = np.isclose(np.round(numbers, column.decimals), numbers, rtol=1e-12, atol=0).all()
    return column if is_fitting else replace(column, decimals=-1, is_padded=False)


def _filled(series: Any, made: Any, gaps: np.ndarray) -> Any:
    """A pandas series with its gaps filled, of its own dtype where that can hold what was made."""
    import pandas as pd

    if not gaps.any():
        return series
    values = made[gaps]
    if isinstance(series.dtype, pd.CategoricalDtype):
        values = values.astype(object)
        new = [value for value in values.dropna().unique() if value not in series.cat.categories]
        series = series.cat.add_categories(new)
    whole = series.copy()
    whole[gaps] = values.tolist() if series.dtype == np.dtype(object) else values
    return whole
