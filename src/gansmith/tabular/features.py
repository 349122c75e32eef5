"""Tables as the scorecard sees them: a matrix of numbers and codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.scorecard.features import Features, Scale
from gansmith.tabular.cells import floats_of
from gansmith.tabular.columns.base import natural_kind
from gansmith.tabular.columns.measures import measure
from gansmith.tabular.schema import NOT_ROUNDED, TYPES, Column, Schema


def table_features(tables: Sequence[pa.Table], schema: Schema) -> list[Features]:
    """Tables as features that can be compared: one code book for all of them.

    Numbers stay numbers, dates become days, all other times seconds. Booleans and categories become codes:
    0 the most frequent in the first table, values that it lacks after all that it has. Constants are left
    out, and so are identifiers, text
    and what is invented, of which only the missing cells can be compared: a column "<name> is missing" stands
    for them where any table lacks a cell. A number that is not finite counts as missing.

    Where a table's column is of another type than the schema's, all of them are compared in a wider one, see
    `common_types`.

    Args:
        tables: One or more with all columns of the schema; the first is the one that the code book is made
            from, best the training table.
        schema: Of the first.

    Returns:
        Features of each table, all with the same columns.

    Raises:
        DataError: A table lacks a column, or has it in a type that cannot be compared.
    """
    tables, schema = common_types(tables, schema)
    lengths = [table.num_rows for table in tables]
    varying = [column for column in schema.columns if column.traits.is_varied]
    compared = [_compared(column, [table[column.name] for table in tables]) for column in varying]
    kept = [one for one in compared if one.scale != "gaps" or one.values.any()]
    values = np.stack([one.values for one in kept], axis=1) if kept else np.empty((sum(lengths), 0))
    whole = Features(
        names=tuple(one.name for one in kept),
        values=values,  # (all records, n_columns)
        is_category=np.array([one.is_category for one in kept], dtype=bool),
        labels={one.name: one.labels for one in kept if one.labels},
        scales={one.name: one.scale for one in kept if one.scale is not None},
    )
    return [replace(whole, values=part) for part in np.split(values, np.cumsum(lengths)[:-1])]


def told(features: Features) -> Features:
    """The columns whose cells are compared, without those that say only whether a cell is missing."""
    return features.keep([name for name in features.names if features.scales.get(name) != "gaps"])


def common_types(tables: Sequence[pa.Table], schema: Schema) -> tuple[list[pa.Table], Schema]:
    """Tables with equal types, and the schema that they have then.

    A column becomes what the schema says, where every table's can; else a decimal or a datetime, and as a
    last resort a category of the cells' spellings. A constant that is not the same in all tables becomes what
    its values are.

    Args:
        tables: One or more with all columns of the schema.
        schema: Of the first.

    Raises:
        DataError: A table lacks a column, or has it in a type that cannot be spelt.
    """
    found = [_common(column, [_cells(table, column) for table in tables]) for column in schema.columns]
    wider = Schema(tuple(column for column, _ in found))
    arrays = [[parts[place] for _, parts in found] for place in range(len(tables))]
    return [pa.table(of_one, schema=wider.arrow_schema) for of_one in arrays], wider


def _cells(table: pa.Table, column: Column) -> pa.ChunkedArray:
    if column.name not in table.column_names:
        raise DataError(f"The table has no column {column.name!r}. Give it all columns of the schema.")
    return table[column.name]


def _common(column: Column, parts: list[pa.ChunkedArray]) -> tuple[Column, list[pa.ChunkedArray]]:
    """The narrowest column that all parts can be, and the parts as that."""
    for wider in _wider(column, parts):
        try:
            return wider, [_as(part, column, wider) for part in parts]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    types = ", ".join(str(part.type) for part in parts)
    raise DataError(f"column {column.name!r} is of the types {types}, which cannot be compared.")


def _wider(column: Column, parts: list[pa.ChunkedArray]) -> list[Column]:
    """What a column may be compared as, the narrowest first."""
    if column.traits.is_made_anew:
        return [column, replace(column, type="string")]
    types = {str(part.type) for part in parts if not pa.types.is_null(part.type)}
    if not column.traits.is_varied:
        if types <= {column.type} and len(pc.unique(_joined(parts, column).drop_null())) <= 1:
            return [column]
        natural = natural_kind(TYPES[types.pop()]) if len(types) == 1 and types <= set(TYPES) else None
        own = [Column(column.name, natural.name)] if natural else []
        return [*own, *_decimals(column, types), Column(column.name, "category")]
    if column.traits.is_number:
        return [column, *_decimals(column, types), Column(column.name, "category")]
    return [column, *(Column(column.name, kind) for kind in column.traits.wider if kind != column.kind)]


def _decimals(column: Column, types: set[str]) -> list[Column]:
    """The column as a decimal one, where all its types are of numbers."""
    is_number = all("int" in type or type in ("float", "double") for type in types)
    return [Column(column.name, "decimal", decimals=NOT_ROUNDED)] if is_number else []


def _joined(parts: list[pa.ChunkedArray], column: Column) -> pa.ChunkedArray:
    cells = [part.cast(column.arrow_type) for part in parts]
    return pa.chunked_array([chunk for part in cells for chunk in part.chunks], type=column.arrow_type)


def _as(part: pa.ChunkedArray, column: Column, wider: Column) -> pa.ChunkedArray:
    """Cells as `wider` has them; as categories they are spelt as `column` would spell its own."""
    if part.type == wider.arrow_type:
        return part
    if pa.types.is_string(wider.arrow_type) and part.type == column.arrow_type:
        return pa.chunked_array(
            [column.traits.spell(chunk, column) for chunk in part.chunks], type=pa.string()
        )
    # A safe cast would refuse to make a double of a whole number above 2^53.
    return part.cast(wider.arrow_type, safe=not pa.types.is_floating(wider.arrow_type))


@final
@dataclass(frozen=True, eq=False)
class _Compared:
    """One column of all tables, as it is compared."""

    name: str
    values: np.ndarray
    """Shape `(all records,)`."""
    is_category: bool
    labels: tuple[str, ...] = ()
    """What the codes mean."""
    scale: Scale | None = None
    """What its numbers count."""


def _compared(column: Column, parts: list[pa.ChunkedArray]) -> _Compared:
    if column.traits.is_made_anew:
        is_missing = np.concatenate([part.is_null().to_numpy() for part in parts]).astype(np.float64)
        name = f"{column.name} is missing"
        return _Compared(name, is_missing, is_category=True, labels=("no", "yes"), scale="gaps")
    if not column.traits.is_measure:
        codes, labels = _codes(parts)
        return _Compared(column.name, codes, is_category=True, labels=labels)
    kind = measure(column)
    values = np.concatenate([floats_of(part) for part in parts])
    values = np.where(np.isfinite(values), values, np.nan) / kind.n_per_score
    return _Compared(column.name, values, is_category=False, scale=kind.scale)


def _codes(parts: list[pa.ChunkedArray]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Cells as codes by frequency among those of the first part, NaN where missing; and texts by code."""
    chunks = [chunk for part in parts for chunk in part.cast(pa.string()).chunks]
    coded = pa.chunked_array(chunks, type=pa.string()).combine_chunks().dictionary_encode()
    numbered, texts = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), coded.dictionary.to_pylist()
    first = numbered[: len(parts[0])]
    order = np.argsort(-np.bincount(first[first >= 0], minlength=len(texts)), kind="stable")
    code = np.empty(len(texts) + 1)
    code[order] = np.arange(len(texts))
    code[-1] = np.nan  # where number -1 looks
    return code[numbered], tuple(texts[place] for place in order)
