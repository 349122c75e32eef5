"""Tables as SQL: as the database that was read spells them, or in the words of another one.

Into the same kind of database go its own types, defaults, checks and indexes; into another kind the nearest
types that it has. Foreign keys, unique columns and checks are declared in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, final

import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.schema import TableSchema
from gansmith.modalities.relational.targets import quoted
from gansmith.tabular.schema import Column

_SIZED: Final = re.compile(r"([A-Z_ ]+?)\s*(?:\((\d+)(?:,\s*(\d+))?\))?(?: WITH(?:OUT)? TIME ZONE)?")
MYSQL_KEY: Final = 255
"""Letters of a text in an index."""
_CAST: Final = re.compile(r"::[a-z]+(?: [a-z]+)*(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])?")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`")
_WORD: Final = re.compile(r"[^\W\d]\w*")
_ODD: Final = re.compile(r"[~^\[\]{}|&:@#$;?\\]")
_UNDERSTOOD: Final = frozenset({"AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "LIKE"})


@final
class Spelt(UserDefinedType[Any]):
    """A type as a database spells it."""

    cache_ok = False

    def __init__(self, spelt: str) -> None:
        self.spelt = spelt

    def adapt(self, cls: Any, **_: Any) -> Spelt:
        """Another one that spells the same: SQLAlchemy would make one that spells nothing."""
        return Spelt(self.spelt)

    def copy(self, **_: Any) -> Spelt:
        """Another one that spells the same."""
        return Spelt(self.spelt)

    def get_col_spec(self, **_: Any) -> str:
        """What stands behind the column's name."""
        return self.spelt


def metadata_of(
    like: Database, dialect: str, names: tuple[str, ...], called: Mapping[str, str] | None = None
) -> sa.MetaData:
    """The tables of a database with these names, for a kind of database such as "postgresql".

    Args:
        like: The database.
        dialect: The kind of database.
        names: Of its tables.
        called: Other names for them.
    """
    metadata = sa.MetaData()
    called = called or {name: name for name in names}
    chosen = [one for one in like.schema.tables if one.name in names]
    for schema in chosen:
        _add(metadata, like, schema, dialect, called)
    for schema in chosen:
        table = metadata.tables[called[schema.name]]
        for key in schema.foreign_keys:
            if key.parent in called:
                parent = metadata.tables[called[key.parent]]
                theirs = [parent.columns[name] for name in key.parent_columns]
                table.append_constraint(sa.ForeignKeyConstraint(key.columns, theirs))
    return metadata


def _add(
    metadata: sa.MetaData, like: Database, schema: TableSchema, dialect: str, called: Mapping[str, str]
) -> None:
    spelt = schema.definition
    is_same = spelt.get("dialect") == dialect
    indexed = {*schema.keys, *(n for one in schema.unique for n in one)}
    indexed |= {name for _, of_columns, _ in spelt.get("indexes", ()) for name in of_columns}
    columns: list[sa.Column[Any]] = []
    for column in like.tables[schema.name].schema.columns:
        default = spelt["defaults"].get(column.name) if is_same else None
        extra: list[Any] = []
        kind = _type(column, spelt, is_same=is_same)
        if dialect == "mysql":
            is_running = column.name in spelt.get("running", ()) and schema.primary_key[:1] == (column.name,)
            kind = _for_mysql(kind, is_indexed=column.name in indexed, is_running=is_running)
        elif column.name in spelt.get("running", ()) and dialect == "postgresql":
            extra, default = [sa.Identity()], None
        columns.append(
            sa.Column(
                column.name,
                kind,
                *extra,
                nullable=column.name not in schema.required and column.name not in schema.primary_key,
                server_default=None if default is None else _text(default),
                autoincrement="auto" if extra else False,
            )
        )
    for name, formula in spelt.get("computed", {}).items() if is_same else ():
        columns.append(sa.Column(name, Spelt(spelt["types"][name]), sa.Computed(formula, persisted=True)))
    table = sa.Table(
        called[schema.name], metadata, *columns, mysql_engine="InnoDB", mysql_default_charset="utf8mb4"
    )
    if schema.primary_key:
        table.append_constraint(sa.PrimaryKeyConstraint(*schema.primary_key))
    for unique in schema.unique:
        table.append_constraint(sa.UniqueConstraint(*unique))
    for check in schema.checks:
        if is_same or (check := plain_check(check, spelt["types"])):
            table.append_constraint(sa.CheckConstraint(_text(check)))
    known = {tuple(one) for one in schema.unique}
    for name, of_columns, is_unique in spelt.get("indexes", ()):
        if tuple(of_columns) not in known and set(of_columns) <= set(table.columns.keys()):
            sa.Index(name, *(table.columns[one] for one in of_columns), unique=is_unique)


def _type(column: Column, spelt: Any, *, is_same: bool) -> Any:
    """The SQL type of a column: the very one, the nearest generic one, or one that holds what was found."""
    if is_same and column.name in spelt["types"]:
        return Spelt(spelt["types"][column.name])
    found = _SIZED.fullmatch(str(spelt.get("generic", {}).get(column.name, "")).upper().strip())
    if found:
        name, length, decimals = found.groups()
        by_name: dict[str, Any] = {
            "INTEGER": sa.Integer, "BIGINT": sa.BigInteger, "SMALLINT": sa.SmallInteger,
            "BOOLEAN": sa.Boolean, "DATE": sa.Date, "DATETIME": sa.DateTime, "TIMESTAMP": sa.DateTime,
            "TIME": sa.Time, "FLOAT": sa.Float, "DOUBLE": sa.Float, "REAL": sa.Float,
            "BLOB": sa.LargeBinary, "UUID": sa.Uuid,
        }  # fmt: skip
        if name in by_name:
            return by_name[name]()
        if name in ("VARCHAR", "CHAR", "NVARCHAR") and length:
            return sa.String(int(length))
        if name in ("NUMERIC", "DECIMAL"):
            if not length:
                return sa.Double()
            return sa.Numeric(int(length), int(decimals) if decimals else None)
    if column.traits.is_number:
        return sa.BigInteger() if column.traits.is_whole else sa.Float(53)
    by_kind = {
        "bool": sa.Boolean,
        "date32[day]": sa.Date,
        "timestamp[us]": sa.DateTime,
        "int64": sa.BigInteger,
    }
    return by_kind.get(column.type, sa.Text)()


def _for_mysql(kind: Any, *, is_indexed: bool, is_running: bool) -> Any:
    """A type as MySQL can have it: texts of an index have a length, numbers that run on say so."""
    if isinstance(kind, Spelt):
        return Spelt(f"{kind.spelt} AUTO_INCREMENT") if is_running else kind
    if isinstance(kind, (sa.Text, sa.String)) and (is_indexed or kind.length):
        return sa.String(kind.length or MYSQL_KEY)
    return kind


def plain_check(check: str, columns: Iterable[str]) -> str:
    """A check as any database reads it; empty where it says more than they all understand."""
    check = _CAST.sub("", check)
    rest = _QUOTED.sub("", check)
    known = _UNDERSTOOD | {name.upper() for name in columns}
    is_plain = {word.upper() for word in _WORD.findall(rest)} <= known and not _ODD.search(rest)
    return check if is_plain else ""


def _text(statement: str) -> Any:
    """Words of SQL in which colons are colons."""
    return sa.text(statement.replace(":", r"\:"))


def enums_of(like: Database, names: tuple[str, ...]) -> dict[str, str]:
    """By name of a type of PostgreSQL that is a list of words, what makes it, before the tables."""
    found: dict[str, str] = {}
    for schema in like.schema.tables:
        if schema.name in names and schema.definition.get("dialect") == "postgresql":
            for name, words in schema.definition.get("enums", {}).items():
                listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
                found[name] = f"CREATE TYPE {quoted(name)} AS ENUM ({listed})"
    return found


def counters_of(like: Database, names: tuple[str, ...]) -> Iterator[str]:
    """What makes PostgreSQL's counters go on behind the rows that are there."""
    for schema in like.schema.tables:
        for name in schema.definition.get("running", ()) if schema.name in names else ():
            table = quoted(schema.name).replace("'", "''")
            column = name.replace("'", "''")
            yield (
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "
                f"(SELECT coalesce(max({quoted(name)}), 1) FROM {quoted(schema.name)}))"
            )


def own_statements(like: Database, names: tuple[str, ...]) -> Iterator[str]:
    """The very statements that made the tables, where the database keeps them."""
    for schema in like.schema.tables:
        if schema.name in names:
            yield from schema.definition.get("statements", ())


def has_own_statements(like: Database, dialect: str, names: tuple[str, ...]) -> bool:
    """Whether all of these tables were made by statements that are known."""
    found = [one.definition for one in like.schema.tables if one.name in names]
    return all(one.get("dialect") == dialect and one.get("statements") for one in found)
