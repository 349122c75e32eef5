"""What a table's columns are: kind, type and spelling, as plain values that a person can read and edit.

A `Schema` is found from the data (see `kinds.py`), shown by `gansmith show`, edited by hand when a person
knows better, kept in the model file as JSON, and used again when synthetic records are written, so that they
are spelt as the real ones were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeGuard, final, get_args

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.settings import (
    Annotated,
    BeforeValidator,
    Field,
    changed,
    from_plain,
    settings,
    to_plain,
)
from gansmith.tabular.columns import KINDS, kind_called
from gansmith.tabular.expressions import MAX_PATTERN, read_template
from gansmith.tabular.fields import Affix, Around, Locale, Pair, Provider, Separator, Text, Zone
from gansmith.tabular.text_style import TextStyle

if TYPE_CHECKING:
    from gansmith.tabular.columns.base import AbstractKind

SemanticType = Literal[
    "email", "name", "first_name", "last_name", "address", "phone", "company", "url", "ip", "iban", "card",
    "uuid", "username", "mac",
]  # fmt: skip
SEMANTIC_TYPES: Final[tuple[SemanticType, ...]] = get_args(SemanticType)
"""What can be invented; each may stand for a kind where a person names one: `--column contact:email`."""

Negative = Literal["", "inside", "after", "brackets", "inner brackets", "typographic"]
NEGATIVES: Final[tuple[Negative, ...]] = get_args(Negative)
"""How negative numbers are spelt: -$5, $-5, $5-, ($5), $(5), and -$5 with a typographer's minus."""

Plus = Literal["", "positive", "all"]
"""Which numbers have a plus."""

NOT_ROUNDED: Final = -1
"""`Column.decimals` of numbers that are kept in full double precision."""

MAX_COLUMNS: Final = 100_000
MAX_PATTERNS: Final = 30
FIRST_PARTS: Final = ("pattern", "keys")
"""What the part is called that says which others there are."""

INTEGER_TYPES: Final = ("int64", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64")
TYPES: Final[dict[str, pa.DataType]] = {
    **{name: pa.type_for_alias(name) for name in INTEGER_TYPES},
    "float": pa.float32(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "date32[day]": pa.date32(),
    "timestamp[us]": pa.timestamp("us"),
    "time64[us]": pa.time64("us"),
    "duration[us]": pa.duration("us"),
    "null": pa.null(),
}
"""What values may be in `Table.records`, by name."""


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Expressions = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=MAX_PATTERN)], ...],
    Field(max_length=MAX_PATTERNS, strict=False),
    BeforeValidator(_as_list),
]
Check = Literal["", "luhn", "ean", "isbn10"]
CHECKS: Final[tuple[Check, ...]] = get_args(Check)
"""How the last character of a cell is computed from the others."""


@final
@settings(error=DataError)
class Column:
    """One column: what its values are, and how a text file spells them.

    Raises:
        DataError: From the constructor, when a field is out of its range or contradicts the kind.
    """

    name: Annotated[Text, Field(min_length=1)]
    """As in the file's header; unique within the schema, never empty."""
    kind: str
    """What the values are, one of `columns.KINDS`."""
    type: Text = ""
    """Arrow type in `Table.records` and after decoding, such as "int64"; empty: the kind's usual one."""
    decimals: Annotated[int, Field(ge=NOT_ROUNDED, le=30)] = 0
    """Decimal kind: digits kept after the point, 0 to 30; -1: not rounded, full double precision."""
    is_padded: bool = False
    """Decimal kind, text files: every value has all its `decimals` digits (2.50)."""
    has_point: bool = False
    """Decimal kind, text files: whole numbers are spelt with a point and a zero (3.0)."""
    point: Literal[".", ","] = "."
    """Decimal kind, text files: the decimal point, "." or ","."""
    format: Text = ""
    """Kinds of time, text files: how they are spelt, as in `strftime`; empty: ISO 8601. Durations: %D days,
    %H hours, %M minutes, %S seconds, %g or %f of a second, the first of them without a limit."""
    zone: Zone = ""
    """Datetime kind: the values are UTC and are written as in this time zone, such as "Europe/Paris"; empty:
    they are what the clock showed."""
    spelling: Pair = ()
    """Boolean kind, text files: how false and true are spelt; empty: false and true."""
    prefix: Affix = ""
    """Integer and decimal kinds, text files: what stands before every number, such as "$"."""
    suffix: Affix = ""
    """Integer and decimal kinds, text files: what stands after every number, such as "%" or " kg"."""
    thousands: Separator = ""
    """Integer and decimal kinds, text files: what stands between groups of three digits; empty: nothing."""
    negative: Negative = ""
    """Integer and decimal kinds, text files: how negative numbers are spelt, one of `NEGATIVES`."""
    plus: Plus = ""
    """Integer and decimal kinds, text files: "positive" numbers have a plus, or "all" but the negative."""
    delimiter: Annotated[Text, Field(min_length=1)] = ", "
    """List kind: what stands between the items, such as ", "."""
    semantic_type: Literal[SemanticType, ""] = ""
    """Invented kind: what is invented, one of `SEMANTIC_TYPES`."""
    locale: Locale = ""
    """Invented kind: language and country of what is invented, such as "de_DE"; empty: as in the United
    States."""
    provider: Provider = ""
    """Invented kind: the provider of Faker that makes values, such as "license_plate", whatever they are."""
    missing_mark: Text = ""
    """Text files: how a missing cell is spelt."""
    missing_marks: tuple[Text, ...] = ()
    """Text files: further spellings of a missing cell, beside the usual ones."""
    missing_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the cells that are missing, 0 to 1."""
    pattern: Expressions = ()
    """Pattern kind: what cells look like, one or several regular expressions, the most frequent first; what
    stands in a group with a name, `(?P<year>[0-9]{4})`, is a part. Key kind: one expression that values are
    made of."""
    parts: tuple[Column, ...] = ()
    """Pattern and json kinds: the columns that a cell is put together from, called `column.part`; empty:
    found."""
    check: Check = ""
    """Pattern kind: how the last character is computed from the others, one of `CHECKS`; empty: it is not."""
    width: Annotated[int, Field(ge=0, le=18)] = 0
    """Integer kind, text files: digits of every number, with zeros before it; 0: as many as it needs."""
    is_unique: bool = False
    """Key kind: no two records have the same."""
    is_quoted: bool = False
    """Parts of json: the value, or each item of a list, stands between quotes."""
    granularity_seconds: Annotated[int, Field(ge=0, le=86400)] = 0
    """Kinds with a time of day: the greatest of 86400, 3600, 60, 1 that all are multiples of; 0: finer."""
    stored_as: Text = ""
    """Arrow type in the caller's own table or Parquet file where it is not `type`, such as "dictionary"; what
    `stored.py` knows; empty: the same."""
    header: Text = ""
    """Text files: how the header spells the name, where that has blanks around it."""
    around: Around = ()
    """Text files: the blanks before and after every cell, which are quoted with it; empty: none."""
    is_filled: bool = False
    """Strings of the caller's own table of which none was null: a missing cell is its mark there, too."""
    special: tuple[Text, ...] = ()
    """Kinds of number and time: values that stand for something else, such as "9999-12-31" for no end. They
    come back as often as they are there, and nothing that holds for the others has to hold for them."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = did_you_mean(self.kind, KINDS)
            raise DataError(f"column {self.name!r}: kind {self.kind!r} is not known. {near}")
        allowed = self.traits.types
        if not self.type:
            object.__setattr__(self, "type", allowed[0])
        if self.type not in allowed:
            wanted = f"type must be one of {', '.join(allowed)}, not {self.type!r}"
            raise DataError(f"column {self.name!r} of kind {self.kind}: {wanted}.")
        if self.thousands and self.thousands == self.point:
            raise DataError(f"column {self.name!r}: thousands and point are both {self.point!r}.")
        for expression in self.pattern:
            try:
                read_template(expression)
            except UsageError as error:
                raise DataError(f"column {self.name!r}: {error}") from error
        if self.pattern or self.parts or self.check:
            self.traits.check_parts(self)
        try:
            pa.array(self.special, pa.string()).cast(self.arrow_type if self.special else pa.string())
        except pa.ArrowException as error:
            raise DataError(
                f"column {self.name!r}: 'special' holds what is no {self.type}: {error}. "
                "Spell times as 2014-03-05 13:55:00."
            ) from error

    @property
    def traits(self) -> AbstractKind:
        """What columns of this kind can do."""
        return kind_called(self.kind)

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type that `type` names."""
        return TYPES[self.type]

    @property
    def has_decimals(self) -> bool:
        """Whether the values are numbers of so many decimals."""
        return self.traits.is_number and not self.traits.is_whole and self.decimals != NOT_ROUNDED

    @property
    def flat(self) -> tuple[Column, ...]:
        """The columns that it is learnt as: its parts and theirs, or itself where it has none."""
        return tuple(one for part in self.parts for one in part.flat) if self.parts else (self,)

    def to_json(self) -> dict[str, Any]:
        """Name, kind, type and every field that is not at its default."""
        return changed(self)


@final
@settings(error=DataError)
class Schema:
    """The columns of a table, in their order, and what always holds between them.

    Raises:
        DataError: From the constructor, when two columns have the same name.
    """

    columns: Annotated[tuple[Column, ...], Field(max_length=MAX_COLUMNS)]
    text: TextStyle | None = None
    """How text files of these records are written; None: as CSV usually is."""
    constraints: tuple[Mapping[str, Any], ...] | None = None
    """What always holds, as plain JSON; see `constraints/`. None: nobody has said yet."""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        parts = (one for column in self.columns if column.parts for one in column.flat)
        for column in (*self.columns, *parts):
            if column.name in seen:
                raise DataError(f"The schema has two columns {column.name!r}. Give each its own name.")
            seen.add(column.name)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def has_parts(self) -> bool:
        """Whether a column is put together from others."""
        return any(column.parts for column in self.columns)

    @property
    def made_anew_parts(self) -> frozenset[str]:
        """Parts of which nothing is learnt: which of them are missing others say."""
        parts = (one for column in self.columns if column.parts for one in column.flat)
        return frozenset(one.name for one in parts if one.traits.is_made_anew)

    @property
    def flat(self) -> Schema:
        """What is learnt: the schema with columns that have parts replaced by these."""
        return replace(self, columns=tuple(one for column in self.columns for one in column.flat))

    @property
    def named(self) -> Schema:
        """The columns, and beside those that have parts these: all that something can be asked of."""
        parts = (one for column in self.columns if column.parts for one in column.flat)
        return replace(self, columns=(*(replace(column, parts=()) for column in self.columns), *parts))

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of `Table.records`, and of records that are decoded."""
        return pa.schema([pa.field(column.name, column.arrow_type) for column in self.columns])

    def column(self, name: str) -> Column:
        """The column called `name`.

        Raises:
            UsageError: There is none; the nearest name is given.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError(f"There is no column {name!r}. {did_you_mean(name, self.names)}")

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        found: dict[str, Any] = {"columns": [column.to_json() for column in self.columns]}
        if self.text is not None:
            found["text"] = to_plain(self.text)
        if self.constraints is not None:
            found["constraints"] = [dict(constraint) for constraint in self.constraints]
        return found

    @staticmethod
    def from_json(obj: object) -> Schema:
        """The schema that `to_json` or a person wrote.

        Raises:
            DataError: Not such an object; the message names the column, the key, what was wanted.
        """
        schema = from_plain(Schema, obj, "the schema: ", DataError)
        if not schema.columns:
            raise DataError("the schema: 'columns' must be a list of one or more columns.")
        return schema


@final
@dataclass(frozen=True)
class Table:
    """Records and what they are."""

    records: pa.Table
    """Typed as `schema.arrow_schema` says, null where missing, one chunk per column."""
    schema: Schema
    """The columns, in the order of `records`."""
    name: str
    """The file's name, or what the caller called it."""
    notes: tuple[str, ...] = ()
    """What the user should know: a guessed encoding, an ambiguous date, ..."""
    is_cut: bool = False
    """Whether the file that it was read from seems to end in the middle of a cell."""
    n_whole: int = 0
    """Records of the table that these were taken from; 0: these are all."""
    entity: str = ""
    """The column that says whose records they are, where the caller said so."""
    time: str = ""
    """The column by which a hold-out is later than these records: it tells them apart by itself."""

    def __len__(self) -> int:
        return self.records.num_rows

    def take(self, indices: np.ndarray[Any, np.dtype[np.integer[Any]]]) -> Table:
        """The records at `indices`, shape (n,), in that order; schema and notes stay."""
        records = self.records.take(pa.array(indices)).combine_chunks()
        return replace(self, records=records, n_whole=self.n_whole or len(self))


def schema_of(source: Mapping[str, Any] | str | Path, table: str = "") -> Mapping[str, Any]:
    """A schema from a JSON file or from plain values, alone or within what `gansmith show --json` prints.

    Args:
        source: The file, or what stands in it; the metadata of other systems is handed on as it is.
        table: The one that is meant, where metadata is of several.

    Raises:
        DataError: When the file is missing, or holds no JSON object.
        UsageError: When there is no such table.
    """
    found: object = source
    if isinstance(source, str | Path):
        try:
            found = json.loads(Path(source).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(
                f"{source}: {error}. Give a JSON file, such as `gansmith show DATA --json` prints."
            ) from error
    if not is_object(found):
        raise DataError(f"{source}: wanted a JSON object, as `gansmith show DATA --json` prints it.")
    if table:
        tables = found.get("tables")
        if not is_object(tables) or table not in tables:
            near = did_you_mean(table, tables if is_object(tables) else {})
            raise UsageError(f"the schema has no table {table!r}. {near}")
        found = {**found, "tables": {table: tables[table]}}
    inner = found.get("schema", found)
    if not is_object(inner):
        raise DataError(f"{source}: its schema is no JSON object. Print one with `gansmith show --json`.")
    return inner


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value is what JSON calls an object."""
    return isinstance(value, Mapping)
