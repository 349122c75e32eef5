"""A first look at tables: what the columns are and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
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
from gansmith.modalities.table.files.reading import MIN_RECORDS, Table, read_table
from gansmith.modalities.table.files.stored import spelt
from gansmith.modalities.table.schema import MADE_ANEW, Column, Schema
from gansmith.modalities.table.sdv import choose_table, is_sdv, schema_by, table_of


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
