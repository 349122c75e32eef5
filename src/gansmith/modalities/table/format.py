"""Tables as files and in memory: how they are read, compared, shown and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError, UsageError
from gansmith.findings import Finding
from gansmith.modalities.format import AbstractFormat, Description
from gansmith.modalities.previews import TablePreview
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.sdv import choose_table, is_sdv, schema_by, table_of
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort
from gansmith.tabular.audit import audit
from gansmith.tabular.cells import cells_of
from gansmith.tabular.columns.base import natural_kind
from gansmith.tabular.conditions import conditions_of, matching
from gansmith.tabular.constraints import named_by
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.description import described
from gansmith.tabular.files import MIN_RECORDS, Leniency, read_table
from gansmith.tabular.files.frames import fingerprint_of, in_type_of, with_column
from gansmith.tabular.files.writing import TableWriter
from gansmith.tabular.parts import split, whole
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Column, Schema, Table, schema_of
from gansmith.tabular.suppressed import suppression_notes
from gansmith.tabular.where import plain_where


@final
class TableFormat(AbstractFormat[Table, TableOptions]):
    """Rows and columns."""

    kind: ClassVar[str] = "table"

    def recognises(self, source: object) -> bool:
        """Any file that no other kind knows; in memory a frame, an array of rows, or what speaks Arrow."""
        return not isinstance(source, np.ndarray) or source.ndim == 2

    def read(self, source: object, options: TableOptions) -> Table:
        if isinstance(options.schema, Mapping) and is_sdv(options.schema):
            table = _read_by_sdv(source, options, options.schema)
        else:
            schema = None if options.schema is None else Schema.from_json(options.schema)
            table = _read(source, options, schema)
        table = replace(table, entity=options.entity)
        if not options.where:
            return _settled(table, options)
        wanted = table.take(matching(*whole(table.records, table.schema), options.where))
        if len(wanted) < MIN_RECORDS:
            asked = " and ".join(map(str, conditions_of(table.schema.named, options.where).values()))
            raise DataError(f"{table.name}: {len(wanted)} records have {asked}. Ask for less.")
        return _settled(wanted, options)

    def settled(self, options: TableOptions, command: str) -> TableOptions:
        """With the content of the schema's file, and conditions as JSON holds them; scores find no rules."""
        schema = options.schema
        if schema is None and options.schema_table:
            raise UsageError(
                f"schema_table {options.schema_table!r} goes with a schema. Give one, or leave it out."
            )
        if schema is not None:
            schema = schema_of(schema, options.schema_table)
        where, finds = plain_where(options.where), options.finds_constraints and command != "score"
        return replace(options, schema=schema, schema_table="", where=where, finds_constraints=finds)

    def read_like(self, source: object, like: Table) -> Table:
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
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        """See `HasScores`."""
        from gansmith.modalities.table.scoring import score_tables  # heavy: only for those who score

        return score_tables(fakes, train, holdout, target, seed, effort, progress)

    def hold_out(
        self, records: Table, given: Table | None, options: TableOptions, share: float, seed: int
    ) -> tuple[Table, Table, tuple[str, ...]]:
        """See `HoldsOut`: whole entities, or the latest records."""
        from gansmith.modalities.table.entities import hold_out  # only for those who score

        return hold_out(records, given, options.time, share, seed)

    def read_for(self, source: object, like: Table) -> Table:
        """See the base class.

        Columns that the model does not know are left out, with a note; one that was constant may hold any
        other value of its type.
        """
        try:
            found = read_table(source, schema=_with_variety(like.schema), n_min=1, leniency="surplus")
            records = found.records.cast(like.schema.arrow_schema)
        except pa.ArrowException as error:
            raise DataError(f"The table cannot be read as the model's: {error}.") from error
        return Table(records, like.schema, found.name, found.notes)

    def names(self, records: Table) -> tuple[str, ...]:
        """See `HasColumns`."""
        return records.schema.names

    def describe(self, records: Table, options: TableOptions) -> Description:
        """See `Describing`."""
        rows = RowCodec.fit(records, options.min_count, 0)
        return Description(
            described(rows), suppression_notes(rows, records.schema, ""), records.schema.to_json()
        )

    def audit(self, records: Table, target: str, options: TableOptions) -> tuple[Finding, ...]:
        """See `Auditing`."""
        return audit(records, target, options.min_count)

    def check_target(self, records: Table, target: str) -> None:
        """See `HasColumns`."""
        column = records.schema.column(target)
        if column.traits.is_made_anew or not column.traits.is_varied:
            raise UsageError(
                f"target {target!r} is {column.kind}: it cannot be predicted. Choose another column."
            )

    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """See `HasColumns`."""
        return with_column(source, values)

    def fingerprint(self, records: Table) -> str:
        return fingerprint_of(records.records)

    def join(self, blocks: Sequence[Table]) -> Table:
        records = pa.concat_tables([block.records for block in blocks]).combine_chunks()
        return Table(records, blocks[0].schema, blocks[0].name)

    def returned(self, records: Table, source: object) -> Any:
        """See the base class; a file or nothing gives a pandas data frame."""
        is_file = source is None or isinstance(source, (str, Path))
        return records.records.to_pandas() if is_file else in_type_of(records.records, records.schema, source)

    def writer(
        self, path: Path, like: Table, metadata: Mapping[str, str], options: TableOptions
    ) -> TableWriter:
        return TableWriter(path, like.schema, metadata=metadata, safe_csv=options.safe_csv)

    def preview(self, records: Table) -> TablePreview:
        """See the base class: the first five records."""
        few = records.take(np.arange(min(5, len(records))))
        cells = [one.traits.spell(cells_of(few.records, one.name), one) for one in few.schema.columns]
        filled = [pc.fill_null(each.cast(pa.string()), "").to_pylist() for each in cells]
        return TablePreview(few.schema.names, tuple(zip(*filled, strict=True)))

    def overview(self, records: Table) -> list[dict[str, str]]:
        """One row for each column: its kind, its missing cells, and its range or how many values it has."""
        return [
            {
                "column": column.name,
                "kind": column.kind,
                "missing": f"{column.missing_rate:.1%}" if column.missing_rate else "",
                "holds": column.traits.holds(records.records.column(column.name), column),
            }
            for column in records.schema.columns
        ]


def _with_variety(schema: Schema) -> Schema:
    """The schema with constants as what their values are by themselves."""
    columns: list[Column] = []
    for column in schema.columns:
        kind = natural_kind(column.arrow_type)
        is_constant = not column.traits.is_varied and column.type != "null"
        columns.append(
            Column(column.name, kind.name if kind else "category", column.type) if is_constant else column
        )
    return replace(schema, columns=tuple(columns), constraints=())


def _read_like(source: object, like: Table, leniency: Leniency, n_min: int) -> Table:
    return read_table(source, schema=like.schema, leniency=leniency, n_min=n_min, is_capped=True)


def _read(source: object, options: TableOptions, schema: Schema | None) -> Table:
    return read_table(
        source,
        overrides=options.columns,
        schema=schema,
        has_header=options.has_header,
        encoding=options.encoding or None,
        missing=options.missing,
        locale=options.locale,
        is_capped=True,
    )


def _read_by_sdv(source: object, options: TableOptions, metadata: Mapping[str, Any]) -> Table:
    """The table as it is found to be, and once more where the metadata knows better."""
    stem = Path(source).name.partition(".")[0] if isinstance(source, (str, Path)) else ""
    said, lost = table_of(choose_table(metadata, stem))
    found = _read(source, options, None)
    schema, notes = schema_by(said, found.schema)
    table = found if schema == found.schema else _read(source, options, schema)
    return replace(table, notes=(*table.notes, *lost, *notes))


def _settled(table: Table, options: TableOptions) -> Table:
    """The table with all constraints that hold, declared and found."""
    bound = named_by((*(table.schema.constraints or ()), *options.constraints))
    schema = replace(table.schema, columns=tuple(_bare(one, bound) for one in table.schema.columns))
    try:
        records = split(table.records, schema)
        settled, notes = settle(
            records, schema.flat, options.constraints, is_finding=options.finds_constraints
        )
    except DataError as error:
        raise DataError(f"{table.name}: {error}") from error
    schema = replace(schema, constraints=settled.constraints)
    return replace(table, schema=schema, notes=(*table.notes, *notes))


def _bare(column: Column, bound: frozenset[str]) -> Column:
    """A column that constraints name as a whole is learnt as a whole."""
    is_whole = bool(column.parts) and column.name in bound
    return replace(column, kind="text", parts=(), pattern=(), check="") if is_whole else column
