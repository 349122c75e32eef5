"""A first look at tables: what the columns are and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError
from gansmith.modalities.readers import AbstractReader, Reading
from gansmith.modalities.table.asked.condition import conditions_of, matching
from gansmith.modalities.table.constraints.finding import settle
from gansmith.modalities.table.files.reading import MIN_RECORDS, Leniency, Table, read_table
from gansmith.modalities.table.files.stored import spelt
from gansmith.modalities.table.schema import MADE_ANEW, Column, Schema
from gansmith.modalities.table.sdv import choose_table, is_sdv, schema_by, table_of
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.effort import Effort


@final
class TableReader(AbstractReader):
    """Rows and columns."""

    kind: ClassVar[str] = "table"

    def recognises(self, source: object) -> bool:
        """Any file that no other kind knows; in memory a frame, an array of rows, or what speaks Arrow."""
        return not isinstance(source, np.ndarray) or source.ndim == 2

    def read(self, source: object, reading: Reading) -> Table:
        """See the base class."""
        if reading.schema is not None and is_sdv(reading.schema):
            table = _read_by_sdv(source, reading, reading.schema)
        else:
            schema = None if reading.schema is None else Schema.from_json(reading.schema)
            table = _read(source, reading, schema)
        if not reading.where:
            return _settled(table, reading)
        wanted = table.take(matching(table.records, table.schema, reading.where))
        if len(wanted) < MIN_RECORDS:
            asked = " and ".join(map(str, conditions_of(table.schema, reading.where).values()))
            raise DataError(f"{table.name}: {len(wanted)} records have {asked}. Ask for less.")
        return _settled(wanted, reading)

    def read_alike(self, source: object, like: Table) -> Table:
        """See the base class; the columns may stand in another order.

        A column that holds what the other table's does not, such as decimals among whole numbers, becomes of
        a wider kind and a note says so: that it differs is for the scores to tell.
        """
        return _read_like(source, like, "cells", MIN_RECORDS)

    def read_to_judge(self, source: object, like: Table) -> Table:
        """See the base class; columns that only one of them has are left out, with a note."""
        return _read_like(source, like, "columns", 1)

    def score(
        self,
        fakes: Sequence[Table],
        train: Table,
        holdout: Table,
        target: str | None,
        seed: int,
        effort: Effort,
    ) -> Iterator[Scorecard]:
        """See the base class."""
        from gansmith.modalities.table.scoring import score_tables  # heavy: only for those who score

        return score_tables(fakes, train, holdout, target, seed, effort)

    def check_target(self, records: Table, target: str) -> None:
        """See the base class."""
        kind = records.schema.column(target).kind
        if kind in ("constant", *MADE_ANEW):
            raise UsageError(f"target {target!r} is {kind}: it cannot be predicted. Choose another column.")

    def overview(self, records: Table) -> list[dict[str, str]]:
        """One row for each column: its kind, its missing cells, and its range or how many values it has."""
        return [
            {
                "column": column.name,
                "kind": column.kind,
                "missing": f"{column.missing_rate:.1%}" if column.missing_rate else "",
                "holds": _holds(column, records.records.column(column.name)),
            }
            for column in records.schema.columns
        ]


def _read_like(source: object, like: Table, leniency: Leniency, n_min: int) -> Table:
    names = like.schema.names
    try:
        return read_table(source, schema=like.schema, leniency=leniency, n_min=n_min, is_capped=True)
    except DataError:
        if names != tuple(f"column_{number + 1}" for number in range(len(names))):
            raise
    # As `like` was.
    return read_table(
        source, schema=like.schema, leniency=leniency, n_min=n_min, has_header=False, is_capped=True
    )


def _read(source: object, reading: Reading, schema: Schema | None) -> Table:
    return read_table(
        source,
        overrides=reading.columns,
        schema=schema,
        has_header=reading.has_header,
        encoding=reading.encoding,
        missing=reading.missing,
        locale=reading.locale,
        is_capped=True,
    )


def _read_by_sdv(source: object, reading: Reading, metadata: Mapping[str, Any]) -> Table:
    """The table as it is found to be, and once more where the metadata knows better."""
    stem = Path(source).name.partition(".")[0] if isinstance(source, (str, Path)) else ""
    said = table_of(choose_table(metadata, stem))
    found = _read(source, reading, None)
    schema, notes = schema_by(said, found.schema)
    table = found if schema == found.schema else _read(source, reading, schema)
    return replace(table, notes=(*table.notes, *notes))


def _settled(table: Table, reading: Reading) -> Table:
    """The table with all constraints that hold, declared and found."""
    try:
        schema, notes = settle(
            table.records, table.schema, reading.constraints, is_finding=reading.finds_constraints
        )
    except DataError as error:
        raise DataError(f"{table.name}: {error}") from error
    return Table(table.records, schema, table.name, (*table.notes, *notes))


def _holds(column: Column, cells: pa.ChunkedArray) -> str:
    if column.kind == "invented":
        return f"not learnt: made anew as {column.look.replace('_', ' ') or 'its pattern'}"
    if column.is_made_anew:
        return "not learnt: made anew"
    if column.kind in ("constant", "category", "boolean", "list"):
        n_values = len(pc.unique(cells.drop_null()))
        return f"{n_values:,} value{'' if n_values == 1 else 's'}"
    is_duration = column.kind == "duration"  # of which Arrow knows no smallest and largest
    ends = pc.min_max(pc.cast(cells, pa.int64()) if is_duration else cells)
    low, high = (
        spelt(pa.array([ends[end].as_py()], ends[end].type).cast(cells.type), column)[0].as_py()
        for end in ("min", "max")
    )
    return "" if low is None else f"{low} to {high}"
