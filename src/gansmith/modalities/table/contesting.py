"""Tables in a contest of methods against imbalance: columns as numbers and codes, trees and linear models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError
from gansmith.scorecard.contest.arena import Arena
from gansmith.scorecard.contest.rows import arena_of_rows
from gansmith.tabular.cells import cells_of
from gansmith.tabular.features import table_features
from gansmith.tabular.schema import Column, Schema, Table


def classes_of(records: Table, target: str) -> np.ndarray:
    """The cells of a column as they are spelt, None where missing; shape `(n,)`.

    Raises:
        UsageError: There is no such column, or each of its cells is made anew.
    """
    column = records.schema.column(target)
    if column.traits.is_made_anew:
        raise UsageError(f"target {target!r} is {column.kind}: it has no classes. Choose another column.")
    spelt = column.traits.spell(cells_of(records.records, target), column)
    return np.array(spelt.cast(pa.string()).to_pylist(), object)


def arena_of(parts: Sequence[Table], target: str) -> Arena:
    """See `Contesting`."""
    schema = Schema(tuple(column for column in parts[0].schema.columns if column.name != target))
    if not schema.columns:
        raise DataError(f"there is no column beside {target!r} to tell classes by. Give more columns.")
    features = table_features([part.records.select(schema.names) for part in parts], schema)
    if not features[0].n_columns:
        raise DataError(f"no column beside {target!r} varies, so nothing tells its classes. Give others.")
    return arena_of_rows(features)


def marked(parts: Sequence[Table], marks: Sequence[bool], name: str) -> Table:
    """See `Contesting`: one more column of truths."""
    first = parts[0]
    taken, number = name, 2
    while taken in first.schema.names:
        taken, number = f"{name}_{number}", number + 1
    records = pa.concat_tables([part.records.cast(first.schema.arrow_schema) for part in parts])
    cells = np.repeat(np.array(marks, bool), [len(part) for part in parts])
    schema = Schema((*first.schema.columns, Column(taken, "boolean")))
    records = records.append_column(taken, pa.array(cells)).cast(schema.arrow_schema)
    return Table(records.combine_chunks(), schema, first.name, first.notes)
