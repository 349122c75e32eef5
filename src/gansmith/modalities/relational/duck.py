"""DuckDB databases, read by DuckDB itself, as Arrow."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final, final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.modalities.relational.connecting import file_of, identity_of
from gansmith.modalities.relational.schema import DatabaseSchema, ForeignKey, TableSchema
from gansmith.modalities.relational.sources import AbstractSource
from gansmith.modalities.relational.targets import quoted

_COMPUTED: Final = re.compile(
    r'("(?:[^"]|"")+"|[^\s(),"]+)[^,()"]*(?:\([^()]*\))?\s+GENERATED ALWAYS AS', re.I
)
_ENUM: Final = re.compile(r"ENUM\(.*\)", re.DOTALL)
_WIDE: Final = ("HUGEINT", "UHUGEINT", "UBIGINT")


@contextmanager
def opened(address: str) -> Generator[AbstractSource]:
    """A DuckDB file, to be read.

    Raises:
        DataError: There is no such file, or it is none, or another process writes to it.
    """
    path = file_of(address)
    if not path.is_file():
        raise DataError(f"{path}: there is no such database. Give the address of one that is there.")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("BEGIN TRANSACTION READ ONLY")
            schema, notes = _declared(connection)
            yield DuckSource(connection, schema, notes, identity_of(address))
    except duckdb.Error as error:
        said = str(error).strip().splitlines()[0]
        raise DataError(f"{path}: {said} Close what writes to it, or give another file.") from None


@final
class DuckSource(AbstractSource):
    """See the base class."""

    def __init__(self, connection: Any, schema: DatabaseSchema, notes: Sequence[str], identity: str) -> None:
        super().__init__(schema, notes, identity)
        self._connection = connection

    def query(self, statement: str, names: Sequence[str], values: Sequence[Any] = ()) -> pa.Table:
        found = self._connection.sql(statement, params=list(values)).to_arrow_table()
        return pa.table({name: _plain(found.column(place)) for place, name in enumerate(names)})

    def quoted(self, name: str) -> str:
        return quoted(name)

    def mark(self, number: int) -> str:
        return f"${number + 1}"

    def hashed(self, cells: Sequence[str]) -> str:
        whole = " || '|' || ".join(f"CAST({cell} AS VARCHAR)" for cell in cells)
        return f"(hash({whole}) % 4294967296) / 4294967296.0"


def _plain(cells: pa.ChunkedArray) -> pa.Array:
    """Cells as others have them: decimals as numbers, what has parts as texts, bytes not at all."""
    kind = cells.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.nulls(len(cells))
    if pa.types.is_decimal(kind):
        cells = cells.cast(pa.float64())
    elif pa.types.is_dictionary(kind) or pa.types.is_large_string(kind):
        cells = cells.cast(pa.string())
    elif pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        cells = pa.chunked_array(
            [[None if one is None else str(one) for one in cells.to_pylist()]], pa.string()
        )
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        cells = pc.local_timestamp(cells.cast(pa.timestamp(kind.unit, "UTC")))
    return pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)


def _declared(connection: Any) -> tuple[DatabaseSchema, tuple[str, ...]]:
    """The tables, as the database declares them."""

    def asked(statement: str) -> list[tuple[Any, ...]]:
        return connection.execute(statement).fetchall()

    here = "database_name = current_database() AND schema_name = current_schema()"
    made = dict(asked(f"SELECT table_name, sql FROM duckdb_tables() WHERE {here} AND NOT internal"))
    if not made:
        raise DataError("this database has no table that may be read.")
    columns = asked(
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM duckdb_columns() "
        f"WHERE {here} ORDER BY column_index"
    )
    rules = asked(
        "SELECT table_name, constraint_type, constraint_column_names, expression, referenced_table, "
        f"referenced_column_names FROM duckdb_constraints() WHERE {here}"
    )
    indexes = asked(f"SELECT table_name, sql FROM duckdb_indexes() WHERE {here} AND sql IS NOT NULL")
    counters = asked(f"SELECT sql FROM duckdb_sequences() WHERE {here}")
    tables = [
        _table(name, sql, [one[1:] for one in columns if one[0] == name],
               [one[1:] for one in rules if one[0] == name])
        for name, sql in made.items()
    ]  # fmt: skip
    for place, table in enumerate(tables):
        own = [made[table.name], *(sql for name, sql in indexes if name == table.name)]
        before = [sql.replace("CREATE SEQUENCE", "CREATE SEQUENCE IF NOT EXISTS") for (sql,) in counters]
        table.definition["statements"] = [*(before if not place else ()), *own]  # type: ignore[index]
    views = asked(f"SELECT view_name FROM duckdb_views() WHERE {here} AND NOT internal")
    listed = ", ".join(name for (name,) in views[:8])
    notes = (f"views are left out, as they follow from tables: {listed}",) if views else ()
    return DatabaseSchema(tables=tuple(tables)), notes


def _table(
    name: str, sql: str, columns: Sequence[tuple[Any, ...]], rules: Sequence[tuple[Any, ...]]
) -> TableSchema:
    """One table; what it says of itself."""
    of_kind: dict[str, list[tuple[Any, ...]]] = {}
    for kind, *rest in rules:
        of_kind.setdefault(kind, []).append(tuple(rest))
    keys = {
        tuple(ours): ForeignKey(columns=tuple(ours), parent=parent, parent_columns=tuple(theirs))
        for ours, _, parent, theirs in of_kind.get("FOREIGN KEY", ())
    }
    primary = next((tuple(ours) for ours, *_ in of_kind.get("PRIMARY KEY", ())), ())
    computed = {_unquoted(match[1]) for match in _COMPUTED.finditer(sql)}
    spelt = {column: kind for column, kind, *_ in columns}
    return TableSchema(
        name=name,
        primary_key=primary,
        foreign_keys=tuple(keys.values()),
        unique=tuple(tuple(ours) for ours, *_ in of_kind.get("UNIQUE", ())),
        required=tuple(column for column, _, is_nullable, _ in columns if not is_nullable),
        checks=tuple(said for _, said, *_ in of_kind.get("CHECK", ())),
        definition={
            "dialect": "duckdb",
            "types": spelt,
            "generic": {
                column: "BIGINT" if kind in _WIDE else _ENUM.sub("VARCHAR", kind)
                for column, kind in spelt.items()
            },
            "defaults": {
                column: said for column, _, _, said in columns
                if said is not None and "nextval" not in said and column not in computed
            },
            "running": {column: said for column, *_, said in columns if said and "nextval" in said},
            "computed": {column: "" for column in spelt if column in computed},
            "enums": {},
            "indexes": [],
        },
    )  # fmt: skip


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
