"""What a table's columns are: kind, type and spelling, as plain values that a person can read and edit.

A `Schema` is found from the data (see `kinds.py`), shown by `gansmith show`, edited by hand when a person
knows better, kept in the model file as JSON, and used again when synthetic records are written, so that they
are spelt as the real ones were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, Literal, cast, final, get_args

import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean

Kind = Literal[
    "integer", "decimal", "boolean", "category", "date", "datetime", "text", "identifier", "constant"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

NOT_ROUNDED: Final = -1
"""`Column.decimals` of numbers that are kept in full double precision."""

MAX_COLUMNS: Final = 100_000
MAX_TEXT_CHARACTERS: Final = 10_000

_DEFAULT_TYPES: Final[dict[Kind, str]] = {
    "integer": "int64",
    "decimal": "double",
    "boolean": "bool",
    "category": "string",
    "date": "date32[day]",
    "datetime": "timestamp[us]",
    "text": "string",
    "identifier": "string",
    "constant": "string",
}

_INTEGER_TYPES: Final = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_PLAIN_TYPES: Final[dict[str, pa.DataType]] = {
    **{name: pa.type_for_alias(name) for name in _INTEGER_TYPES},
    "float": pa.float32(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "date32[day]": pa.date32(),
    "timestamp[us]": pa.timestamp("us"),
    "null": pa.null(),
}

_KIND_TYPES: Final[dict[Kind, tuple[str, ...]]] = {
    "integer": _INTEGER_TYPES,
    "decimal": ("float", "double"),
    "boolean": ("bool",),
    "category": ("string",),
    "date": ("date32[day]",),
    "datetime": ("timestamp[us]",),
    "text": ("string",),
    "identifier": ("string", *_INTEGER_TYPES),
    "constant": tuple(_PLAIN_TYPES),
}


@final
@dataclass(frozen=True)
class Column:
    """One column: what its values are, and how a text file spells them.

    Raises:
        DataError: From the constructor, when a field is out of its range or contradicts the kind.
    """

    name: str
    """As in the file's header; unique within the schema, never empty."""
    kind: Kind
    """What the values are, one of `KINDS`."""
    type: str = ""
    """Arrow type in `Table.records` and after decoding, such as "int64"; empty: the kind's usual one."""
    decimals: int = 0
    """Decimal kind: digits kept after the point, 0 to 30; -1: not rounded, full double precision."""
    is_padded: bool = False
    """Decimal kind, text files: every value has all its `decimals` digits (2.50)."""
    has_point: bool = False
    """Decimal kind, text files: whole numbers are spelt with a point and a zero (3.0)."""
    point: str = "."
    """Decimal kind, text files: the decimal point, "." or ","."""
    format: str = ""
    """Date and datetime kinds, text files: how they are spelt, as in `strftime`; empty: ISO 8601."""
    spelling: tuple[str, str] | tuple[()] = ()
    """Boolean kind, text files: how false and true are spelt; empty: false and true."""
    missing_mark: str = ""
    """Text files: how a missing cell is spelt."""
    missing_rate: float = 0.0
    """Share of the cells that are missing, 0 to 1."""
    granularity_seconds: int = 0
    """Datetime kind: the greatest of 86400, 3600, 60, 1 that all values are multiples of; 0: finer."""
    stored_as: str = ""
    """Arrow type in the caller's own table or Parquet file where it is not `type`, such as "dictionary"; what
    `stored.py` knows; empty: the same."""

    def __post_init__(self) -> None:
        if not self.name:
            raise DataError("A column of the schema has no name. Give every column a name.")
        if self.kind not in KINDS:
            raise UsageError(
                f"column {self.name!r}: there is no kind {self.kind!r}. {did_you_mean(self.kind, KINDS)}"
            )
        if not self.type:
            object.__setattr__(self, "type", _DEFAULT_TYPES[self.kind])
        self._check()

    def _check(self) -> None:
        allowed = _KIND_TYPES[self.kind]
        limits: tuple[tuple[bool, str, object, str], ...] = (
            (self.type in allowed, "type", self.type, f"one of {', '.join(allowed)}"),
            (-1 <= self.decimals <= 30, "decimals", self.decimals, "-1 to 30"),
            (self.point in (".", ","), "point", self.point, "'.' or ','"),
            (len(self.spelling) in (0, 2), "spelling", self.spelling, "two strings, false and true"),
            (0.0 <= self.missing_rate <= 1.0, "missing_rate", self.missing_rate, "0 to 1"),
            (
                0 <= self.granularity_seconds <= 86400,
                "granularity_seconds",
                self.granularity_seconds,
                "0 to 86400",
            ),
        )
        for is_right, field, value, wanted in limits:
            if not is_right:
                raise DataError(
                    f"column {self.name!r} of kind {self.kind}: {field} is {value!r}. Wanted: {wanted}."
                )

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type that `type` names."""
        return _PLAIN_TYPES[self.type]

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers: kinds integer and decimal."""
        return self.kind in ("integer", "decimal")

    @property
    def is_time(self) -> bool:
        """Whether the values are points in time: kinds date and datetime."""
        return self.kind in ("date", "datetime")

    def to_json(self) -> dict[str, Any]:
        """Name, kind, type and every field that is not at its default."""
        out: dict[str, Any] = {"name": self.name, "kind": self.kind, "type": self.type}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in out and value != field.default:
                out[field.name] = list(value) if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownArgumentType]
        return out

    @staticmethod
    def from_json(obj: object, where: str = "column") -> Column:
        """The column that `to_json` or a person wrote.

        Args:
            obj: A JSON object with "name", "kind" and any other field of this class.
            where: What to call it in an error, such as "column 3 of the schema".

        Raises:
            DataError: Not an object, a key that is not a field, a value of another type or out of range.
        """
        given = _object(obj, where)
        known = {field.name: field for field in fields(Column)}
        for key in given:
            if key not in known:
                raise DataError(f"{where}: unknown key {key!r}. {did_you_mean(key, known)}")
        for field in known.values():
            if field.default is MISSING and field.name not in given:
                raise DataError(f"{where}: {field.name!r} is missing. Give every column a name and a kind.")
        values = {key: _checked(key, value, where) for key, value in given.items()}
        if values["kind"] not in KINDS:
            raise DataError(
                f"{where}: unknown kind {values['kind']!r}. {did_you_mean(values['kind'], KINDS)}"
            )
        return Column(**values)


@final
@dataclass(frozen=True)
class Schema:
    """The columns of a table, in their order.

    Raises:
        DataError: From the constructor, when two columns have the same name.
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
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
        return {"columns": [column.to_json() for column in self.columns]}

    @staticmethod
    def from_json(obj: object) -> Schema:
        """The schema that `to_json` or a person wrote.

        Raises:
            DataError: Not such an object; the message names the column, the key, what was wanted.
        """
        given = _object(obj, "the schema")
        for key in given:
            if key != "columns":
                raise DataError(f"the schema: unknown key {key!r}. {did_you_mean(key, ['columns'])}")
        listed = given.get("columns")
        if not isinstance(listed, list) or not listed:
            raise DataError("the schema: 'columns' must be a list of one or more columns.")
        items = cast("list[object]", listed)
        if len(items) > MAX_COLUMNS:
            raise DataError(f"the schema: {len(items)} columns. Wanted: {MAX_COLUMNS} at the most.")
        return Schema(
            tuple(Column.from_json(item, _where(number, item)) for number, item in enumerate(items, start=1))
        )


def check_kind(kind: str, column: str) -> Kind:
    """`kind` as a `Kind`.

    Raises:
        UsageError: There is no such kind; the nearest is given.
    """
    if kind not in KINDS:
        raise UsageError(f"column {column!r}: there is no kind {kind!r}. {did_you_mean(kind, KINDS)}")
    return kind


def _where(number: int, item: object) -> str:
    name = cast("Mapping[object, object]", item).get("name") if isinstance(item, Mapping) else None
    return f"column {number} of the schema" + (f" ({name!r})" if isinstance(name, str) else "")


def _object(obj: object, where: str) -> dict[str, object]:
    if not isinstance(obj, Mapping) or not all(
        isinstance(key, str) for key in cast("Mapping[object, object]", obj)
    ):
        raise DataError(f"{where}: {type(obj).__name__} given. Wanted: a JSON object.")
    return dict(cast("Mapping[str, object]", obj))


_TEXT_FIELDS: Final = ("name", "kind", "type", "point", "format", "missing_mark", "stored_as")
_WHOLE_FIELDS: Final = ("decimals", "granularity_seconds")
_TRUTH_FIELDS: Final = ("is_padded", "has_point")


def _checked(key: str, value: object, where: str) -> Any:
    """`value` when its JSON type is the one that field `key` takes."""
    if key in _TEXT_FIELDS:
        is_right, wanted = isinstance(value, str) and len(value) <= MAX_TEXT_CHARACTERS, "a string"
    elif key in _WHOLE_FIELDS:
        is_right, wanted = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    elif key in _TRUTH_FIELDS:
        is_right, wanted = isinstance(value, bool), "true or false"
    elif key == "missing_rate":
        is_right, wanted = (
            isinstance(value, (int, float)) and not isinstance(value, bool),
            "a number from 0 to 1",
        )
    else:
        return _checked_spelling(value, where)
    if not is_right:
        shown = re.sub(r"(?s)(.{60}).+", r"\1...", repr(value))
        raise DataError(f"{where}: {key!r} is {shown}. Wanted: {wanted}.")
    return value


def _checked_spelling(value: object, where: str) -> tuple[str, ...]:
    items = cast("list[object]", value) if isinstance(value, (list, tuple)) else None
    if (
        items is None
        or len(items) not in (0, 2)
        or not all(isinstance(item, str) and len(item) <= MAX_TEXT_CHARACTERS for item in items)
    ):
        raise DataError(f"{where}: 'spelling' must be two strings, how false and true are spelt.")
    return tuple(cast("list[str]", items))
