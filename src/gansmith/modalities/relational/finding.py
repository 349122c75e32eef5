"""Keys that nobody declared, found in the data: by uniqueness, inclusion, names and types.

Values of one column among those of another are many by chance: numbers that count from one lie within each
other. So a foreign key is found only where the names say so as well, and it is shown for confirmation.

Source:
    Rostin et al. 2009, "A machine learning approach to foreign key discovery" (WebDB): what tells true ones,
    here as plain rules. Jiang and Naumann 2020, "Holistic primary key and foreign key detection".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey, TableSchema
from gansmith.tabular.cells import cells_of, keys_of

LEAST_SHARE: Final = 0.99
"""Of the values of a foreign key that must be there."""
LEAST_SCORE: Final = 2
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_KEY_WORDS: Final = ("id", "key", "code", "no", "nr", "num", "number", "uuid", "guid", "pk", "fk")


def with_found_keys(schema: DatabaseSchema, tables: Mapping[str, pa.Table]) -> DatabaseSchema:
    """The schema with keys for tables that have none."""
    for table in schema.tables:
        if not table.primary_key:
            schema = schema.with_table(
                replace(table, primary_key=_primary_key(table.name, tables[table.name]))
            )
    if any(table.foreign_keys for table in schema.tables):
        return schema
    for table in schema.tables:
        keys = _foreign_keys(table, schema, tables)
        schema = schema.with_table(replace(table, foreign_keys=keys))
    return replace(schema, tables=tuple(_with_pair(one, tables[one.name]) for one in schema.tables))


def words_of(name: str) -> tuple[str, ...]:
    """The words that a name is made of, in lower case and in the singular.

    Example:
        >>> words_of("OrderLines"), words_of("customer_id")
        (('order', 'line'), ('customer', 'id'))
    """
    return tuple(_singular(word.lower()) for word in _WORDS.findall(name))


def _singular(word: str) -> str:
    for plural, single in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(plural) and len(word) > 4:
            return word[: -len(plural)] + single
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _primary_key(name: str, table: pa.Table) -> tuple[str, ...]:
    """The column that tells rows apart and is called like a key; of several the one most like the table."""
    best: tuple[int, str] = (0, "")
    for place, column in enumerate(table.column_names):
        cells = table.column(column)
        if cells.null_count or not _is_key_type(cells.type) or not table.num_rows:
            continue
        words = words_of(column)
        is_named = bool(words) and words[-1] in _KEY_WORDS
        own = set(words[:-1]) <= set(words_of(name)) if is_named else words == words_of(name)
        score = 2 * is_named + 2 * own + (place == 0)
        if score > max(best[0], 2) and pc.count_distinct(cells).as_py() == table.num_rows:
            best = (score, column)
    return (best[1],) if best[1] else ()


def _is_key_type(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _foreign_keys(
    table: TableSchema, schema: DatabaseSchema, tables: Mapping[str, pa.Table]
) -> tuple[ForeignKey, ...]:
    """One target for each column whose name says where it points and whose values are all there."""
    found: list[ForeignKey] = []
    records = tables[table.name]
    for column in records.column_names:
        cells = records.column(column)
        if not _is_key_type(cells.type) or cells.null_count == len(cells):
            continue
        scored: list[tuple[float, str]] = []
        for parent in schema.tables:
            if len(parent.primary_key) != 1 or (parent.name, parent.primary_key[0]) == (table.name, column):
                continue
            score = _name_score(column, table.name, parent)
            if column in table.primary_key and len(tables[parent.name]) < len(records):
                continue  # a key of its own that lies within a smaller table's by chance
            if score >= LEAST_SCORE and _is_within(cells, tables[parent.name].column(parent.primary_key[0])):
                scored.append((score, parent.name))
        if scored:
            _, parent = max(scored, key=lambda one: (one[0], -len(one[1])))
            key = schema[parent].primary_key
            found.append(ForeignKey(columns=(column,), parent=parent, parent_columns=key, known="found"))
    return tuple(found)


def _name_score(column: str, table: str, parent: TableSchema) -> float:
    """How much a name says that a column points at a table: 0 nothing, 2 enough, 4 all."""
    words, target, key = words_of(column), words_of(parent.name), words_of(parent.primary_key[0])
    stem = tuple(word for word in words if word not in _KEY_WORDS)
    if column == parent.primary_key[0] and stem:
        return 4 if column != "id" else 0
    if stem and stem == target:
        return 4
    if not stem or parent.name == table:
        return 0
    if stem[-len(target) :] == target or words[-len(key) :] == key != ("id",):
        return 3  # billing_address_id
    return 2 if stem[-1] == target[-1] and words != stem else 0


def _is_within(cells: pa.ChunkedArray, keys: pa.ChunkedArray) -> bool:
    """Whether nearly all values are among the keys."""
    values = pc.unique(cells.drop_null())
    if pa.types.is_integer(values.type) != pa.types.is_integer(keys.type) or not len(values):
        return False
    known = pc.is_in(values, value_set=pc.unique(keys).cast(values.type))
    return float(pc.mean(known.cast(pa.float64())).as_py()) >= LEAST_SHARE


def _with_pair(table: TableSchema, records: pa.Table) -> TableSchema:
    """A table without a key of its own, two foreign keys of which tell its rows apart together."""
    if table.primary_key or len(table.foreign_keys) < 2:
        return table
    names = tuple(one.columns[0] for one in table.foreign_keys[:2])
    if any(cells_of(records, name).null_count for name in names):
        return table
    if len(np.unique(keys_of(records, names).to_numpy(zero_copy_only=False))) < len(records):
        return table
    return replace(table, primary_key=names)
