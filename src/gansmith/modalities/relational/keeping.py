"""Tables that are kept: lists of names as they are, and tables of few rows without their personal cells."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.modalities.relational.finding import words_of
from gansmith.modalities.relational.planning import TablePlan
from gansmith.modalities.relational.records import Database
from gansmith.tabular.cells import cells_of, replaced
from gansmith.tabular.columns import kind_meant
from gansmith.tabular.rows import RowCodec
from gansmith.tabular.schema import Column, Schema, Table

MOST_DAYS: Final = 180
"""By which dates of few rows are moved, at most."""
_PERSONAL: Final = {
    "firstname": "first_name", "lastname": "last_name", "surname": "last_name", "email": "email",
    "mail": "email", "phone": "phone", "fax": "phone", "mobile": "phone", "username": "username",
    "login": "username", "user": "username", "street": "address", "address": "address", "iban": "iban",
}  # fmt: skip
"""What is invented for columns of these names."""
_SECRET: Final = (
    "password",
    "passwd",
    "secret",
    "token",
    "hash",
    "salt",
    "pin",
    "ssn",
    "passport",
    "picture",
)
_MICROSECONDS: Final = 86_400_000_000
_BY_WORD: Final = re.compile(r"[^a-z]")


def kept_table(database: Database, table: TablePlan, seed: int) -> pa.Table:
    """The cells of a table that is kept; of one that only has too few rows, personal ones are made anew."""
    records = database.tables[table.name]
    if table.way != "few":
        return records.records
    changed: dict[str, pa.Array] = {}
    keys = database.schema[table.name].keys
    rng = np.random.default_rng([seed, len(records)])
    invented = [one for one in records.schema.columns if one.name not in keys and _is_personal(one)]
    for column in records.schema.columns:
        cells = cells_of(records.records, column.name)
        if column.name in keys:
            continue
        if _is_secret(column.name):
            changed[column.name] = pa.nulls(len(cells), cells.type)
            if pa.types.is_string(cells.type):
                changed[column.name] = pc.if_else(pc.is_valid(cells), "secret", None)
        elif column.traits.is_time and column.traits.is_varied:
            changed[column.name] = _moved(cells, rng)
    if invented:
        changed |= _anew(records, invented, seed)
    return replaced(records.records, changed)


def _called(name: str) -> str:
    joined = "".join(words_of(name))
    return next((word for word in _PERSONAL if joined.startswith(word) or joined.endswith(word)), "")


def _is_personal(column: Column) -> bool:
    return column.type == "string" and bool(column.semantic_type or _called(column.name))


def _is_secret(name: str) -> bool:
    return bool(set(words_of(name)) & set(_SECRET))


def _moved(cells: pa.Array, rng: np.random.Generator) -> pa.Array:
    """Times, each moved by some days."""
    days = rng.integers(-MOST_DAYS, MOST_DAYS + 1, len(cells))
    whole = cells.cast(pa.timestamp("us"))
    moved = pc.add(whole, pa.array(days * _MICROSECONDS).cast(pa.duration("us")))
    return moved.cast(cells.type)


def _anew(records: Table, columns: list[Column], seed: int) -> dict[str, pa.Array]:
    """Invented cells in the place of personal ones."""
    made: list[Column] = []
    for column in columns:
        variant = column.semantic_type or _PERSONAL[_called(column.name)]
        kind, called = kind_meant(variant, column.name)
        made.append(Column(column.name, kind.name, semantic_type=called or variant))  # type: ignore[arg-type]
    schema = Schema(tuple(made))
    part = records.records.select(list(schema.names)).cast(schema.arrow_schema)
    rows = RowCodec.fit(Table(part, schema, records.name), 1, seed, needs_states=False)
    rng = np.random.default_rng(seed)
    codes, levels = rows.encode(part, rng)
    found = rows.decode(codes, levels, rng)
    return {name: cells_of(found, name).cast(records.schema.column(name).arrow_type) for name in schema.names}


def to_bytes(records: pa.Table) -> np.ndarray:
    """A table as the bytes of an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, records.schema) as writer:
        writer.write_table(records)
    return np.frombuffer(sink.getvalue(), np.uint8).copy()


def of_bytes(content: np.ndarray, schema: Schema, table: TablePlan) -> pa.Table:
    """The inverse of `to_bytes`.

    Raises:
        DataError: They are no such table.
    """
    try:
        with pa.ipc.open_stream(pa.py_buffer(content.astype(np.uint8).tobytes())) as reader:
            found = reader.read_all()
        found.validate(full=True)
    except pa.ArrowException as error:
        raise DataError(f"the model's table {table.name!r} is damaged: {error}.") from error
    if found.schema.names != list(schema.names) or found.num_rows != table.n_rows:
        raise DataError(f"the model's table {table.name!r} has other columns or rows than it says.")
    return found.combine_chunks()
