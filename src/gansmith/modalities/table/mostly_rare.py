"""Columns of categories that hardly anybody shares: texts by another name."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.columns.rare import are_mostly_rare
from gansmith.modalities.table.constraints.chain import bound_columns
from gansmith.modalities.table.schema import Column, Schema

_STORED_STRINGS: Final = ("", "string", "large_string", "string_view", "dictionary")
"""How callers keep columns of strings."""


def with_rare_ones_as_text(records: pa.Table, schema: Schema, min_count: int, *, kept: str = "") -> Schema:
    """Columns of categories most of whose records have a rare one, as text: nothing else is left to say.

    Not those that the caller keeps as numbers or the like, which text would not fit, nor those that a
    constraint must know, nor the column `kept`.
    """
    bound = {*bound_columns(schema), kept}
    columns: list[Column] = []
    for column in schema.columns:
        is_free = column.name not in bound
        if column.kind == "category" and column.stored_as in _STORED_STRINGS and is_free:
            counts = pc.value_counts(records.column(column.name).drop_null()).field("counts").to_numpy()
            if are_mostly_rare(counts, min_count):
                column = replace(column, kind="text")
        columns.append(column)
    return replace(schema, columns=tuple(columns))
