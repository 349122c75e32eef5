"""Numbers that say what records are like, as a table with a row for each record."""

from __future__ import annotations

import pyarrow as pa

from gansmith.scorecard.features import Features
from gansmith.tabular.schema import NOT_ROUNDED, Column, Schema, Table


def table_of(numbers: Features, name: str) -> Table:
    """Rows of numbers as a table of that name; a number that is not known is missing."""
    schema = Schema(tuple(Column(one, "decimal", decimals=NOT_ROUNDED) for one in numbers.names))
    cells = [pa.array(column, from_pandas=True) for column in numbers.values.T]
    return Table(pa.table(cells, schema=schema.arrow_schema), schema, name)
