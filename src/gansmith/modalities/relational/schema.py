"""What a database is made of, as plain values: tables, columns, keys, rules, and how each is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, final

from gansmith.errors import DataError, did_you_mean
from gansmith.settings import Field, changed, field, from_plain, settings
from gansmith.tabular.schema import Schema

Names = Annotated[tuple[str, ...], Field(strict=False)]
Known = Literal["declared", "found", "given"]
"""By the database itself, from the data, by the user."""
MOST_TABLES: Final = 2_000


@final
@settings(kw_only=True, error=DataError)
class ForeignKey:
    """Columns of a table whose values are those of a row of another one, or of the same."""

    columns: Names
    """Of the table that points."""
    parent: Annotated[str, Field(min_length=1)]
    """The table that is pointed at."""
    parent_columns: Names
    """As many of its columns, which are a key of it."""
    known: Known = "declared"
    """How it is known."""

    def __post_init__(self) -> None:
        if not self.columns or len(self.columns) != len(self.parent_columns):
            raise DataError(
                f"a foreign key has {len(self.columns)} columns and points at {len(self.parent_columns)} of "
                f"{self.parent!r}. Name as many on both sides, one at the least."
            )

    @property
    def name(self) -> str:
        """What it is called: its columns, side by side."""
        return " + ".join(self.columns)


@final
@settings(kw_only=True, error=DataError)
class TableSchema:
    """One table."""

    name: Annotated[str, Field(min_length=1)]
    primary_key: Names = ()
    """Columns that tell its rows apart; empty: none do."""
    foreign_keys: Annotated[tuple[ForeignKey, ...], Field(strict=False)] = ()
    unique: Annotated[tuple[Names, ...], Field(strict=False)] = ()
    """Other columns no two rows of which are alike, where none is missing."""
    required: Names = ()
    """Columns that are never missing."""
    checks: Names = ()
    """What the database demands of each row, in SQL."""
    columns: Schema | None = None
    """What the columns are; None: as found."""
    definition: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How a database spells it: types of columns by name, indexes, what is computed; see `sql.py`."""

    def key_of(self, name: str) -> ForeignKey:
        """The foreign key of that name."""
        return next(one for one in self.foreign_keys if one.name == name)

    @property
    def keys(self) -> frozenset[str]:
        """All columns of primary and foreign keys."""
        return frozenset(self.primary_key).union(*(one.columns for one in self.foreign_keys))


@final
@settings(kw_only=True, error=DataError)
class DatabaseSchema:
    """All tables.

    Raises:
        DataError: From the constructor, when a name stands twice, or a key points nowhere.
    """

    tables: Annotated[tuple[TableSchema, ...], Field(max_length=MOST_TABLES, strict=False)]

    def __post_init__(self) -> None:
        names = [one.name for one in self.tables]
        for name in names:
            if names.count(name) > 1:
                raise DataError(f"the schema has two tables {name!r}. Give each its own name.")
        for table in self.tables:
            for key in table.foreign_keys:
                if key.parent not in names:
                    near = did_you_mean(key.parent, names)
                    raise DataError(f"table {table.name!r}: {key.name} points at {key.parent!r}. {near}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tables."""
        return tuple(one.name for one in self.tables)

    def __getitem__(self, name: str) -> TableSchema:
        """The table of that name.

        Raises:
            DataError: There is none; the nearest is named.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise DataError(f"there is no table {name!r}. {did_you_mean(name, self.names)}")

    def with_table(self, table: TableSchema) -> DatabaseSchema:
        """The same with one table changed."""
        return replace(self, tables=tuple(table if one.name == table.name else one for one in self.tables))

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        listed: list[dict[str, Any]] = []
        for table in self.tables:
            plain = changed(table)
            if table.columns is not None:
                plain["columns"] = table.columns.to_json()
            listed.append(plain)
        return {"tables": listed}

    @staticmethod
    def from_json(given: Mapping[str, Any]) -> DatabaseSchema:
        """The schema that `to_json` or a person wrote, or SDV's metadata of several tables.

        Raises:
            DataError: It is neither; the message names the table and the key.
        """
        if isinstance(given.get("tables"), Mapping):
            return _by_sdv(given)
        return from_plain(DatabaseSchema, dict(given), "the schema: ", DataError)


def _by_sdv(metadata: Mapping[str, Any]) -> DatabaseSchema:
    """Keys as the metadata files of the Synthetic Data Vault state them (docs.sdv.dev, "Metadata JSON")."""
    tables = {name: _keys_by_sdv(name, said) for name, said in metadata["tables"].items()}
    for said in metadata.get("relationships") or ():
        try:
            parent, child = said["parent_table_name"], said["child_table_name"]
            columns, keyed = _listed(said["child_foreign_key"]), _listed(said["parent_primary_key"])
        except (KeyError, TypeError) as error:
            raise DataError(f"the metadata: a relationship lacks {error}. Wanted: SDV's form.") from error
        if child not in tables:
            raise DataError(f"the metadata: there is no table {child!r}. {did_you_mean(child, tables)}")
        key = ForeignKey(columns=columns, parent=parent, parent_columns=keyed, known="given")
        old = tables[child]
        tables[child] = replace(old, foreign_keys=(*old.foreign_keys, key))
    return DatabaseSchema(tables=tuple(tables.values()))


def _keys_by_sdv(name: str, said: Any) -> TableSchema:
    if not isinstance(said, Mapping):
        raise DataError(f"the metadata: table {name!r} is no object. Wanted: SDV's form.")
    others = tuple(_listed(one) for one in said.get("alternate_keys") or ())
    return TableSchema(name=name, primary_key=_listed(said.get("primary_key") or ()), unique=others)


def _listed(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(map(str, names))
