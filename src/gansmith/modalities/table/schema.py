"""What a table's columns are: kind, type and spelling, as plain values that a person can read and edit.

A `Schema` is found from the data (see `kinds.py`), shown by `gansmith show`, edited by hand when a person
knows better, kept in the model file as JSON, and used again when synthetic records are written, so that they
are spelt as the real ones were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, Literal, cast, final, get_args

import pyarrow as pa

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.table.fields import checked, is_separator, is_zone, object_of
from gansmith.modalities.table.text_style import TextStyle

Kind = Literal[
    "integer", "decimal", "boolean", "category", "date", "datetime", "time", "duration", "list", "text",
    "invented",
    "identifier", "constant",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Look = Literal[
    "email",
    "name",
    "first_name",
    "last_name",
    "address",
    "phone",
    "company",
    "url",
    "ip",
    "iban",
    "card",
    "uuid",
]
LOOKS: Final[tuple[Look, ...]] = get_args(Look)
"""What can be invented; each may stand for a kind where a person names one: `--column contact:email`."""

NEGATIVES: Final = ("", "inside", "after", "brackets", "inner brackets", "typographic")
"""How negative numbers are spelt: -$5, $-5, $5-, ($5), $(5), and -$5 with a typographer's minus."""

PLUSES: Final = ("", "positive", "all")
"""Which numbers have a plus."""

MADE_ANEW: Final = ("identifier", "text", "invented")
"""Kinds of which nothing is learnt but which cells are missing."""

NOT_ROUNDED: Final = -1
"""`Column.decimals` of numbers that are kept in full double precision."""

MAX_COLUMNS: Final = 100_000

_DEFAULT_TYPES: Final[dict[Kind, str]] = {
    "integer": "int64",
    "decimal": "double",
    "boolean": "bool",
    "category": "string",
    "date": "date32[day]",
    "datetime": "timestamp[us]",
    "time": "time64[us]",
    "duration": "duration[us]",
    "list": "string",
    "text": "string",
    "invented": "string",
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
    "time64[us]": pa.time64("us"),
    "duration[us]": pa.duration("us"),
    "null": pa.null(),
}

_KIND_TYPES: Final[dict[Kind, tuple[str, ...]]] = {
    "integer": _INTEGER_TYPES,
    "decimal": ("float", "double"),
    "boolean": ("bool",),
    "category": ("string",),
    "date": ("date32[day]",),
    "datetime": ("timestamp[us]",),
    "time": ("time64[us]",),
    "duration": ("duration[us]",),
    "list": ("string",),
    "text": ("string",),
    "invented": ("string", *_INTEGER_TYPES),
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
    """Kinds of time, text files: how they are spelt, as in `strftime`; empty: ISO 8601. Durations: %D days,
    %H hours, %M minutes, %S seconds, %g or %f of a second, the first of them without a limit."""
    zone: str = ""
    """Datetime kind: the values are UTC and are written as in this time zone, such as "Europe/Paris"; empty:
    they are what the clock showed."""
    spelling: tuple[str, str] | tuple[()] = ()
    """Boolean kind, text files: how false and true are spelt; empty: false and true."""
    prefix: str = ""
    """Integer and decimal kinds, text files: what stands before every number, such as "$"."""
    suffix: str = ""
    """Integer and decimal kinds, text files: what stands after every number, such as "%" or " kg"."""
    thousands: str = ""
    """Integer and decimal kinds, text files: what stands between groups of three digits; empty: nothing."""
    negative: str = ""
    """Integer and decimal kinds, text files: how negative numbers are spelt, one of `NEGATIVES`."""
    plus: str = ""
    """Integer and decimal kinds, text files: "positive" numbers have a plus, or "all" but the negative."""
    delimiter: str = ""
    """List kind: what stands between the items, such as ", "."""
    look: str = ""
    """Invented kind: what is invented, one of `LOOKS`."""
    locale: str = ""
    """Invented kind: language and country of what is invented, such as "de_DE", by the extra package `faker`;
    empty: neutral inventions of our own."""
    missing_mark: str = ""
    """Text files: how a missing cell is spelt."""
    missing_marks: tuple[str, ...] = ()
    """Text files: further spellings of a missing cell, beside the usual ones."""
    missing_rate: float = 0.0
    """Share of the cells that are missing, 0 to 1."""
    granularity_seconds: int = 0
    """Kinds with a time of day: the greatest of 86400, 3600, 60, 1 that all are multiples of; 0: finer."""
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
        if self.kind == "list" and not self.delimiter:
            object.__setattr__(self, "delimiter", ", ")
        self._check()

    def _check(self) -> None:
        allowed = _KIND_TYPES[self.kind]
        limits: tuple[tuple[bool, str, object, str], ...] = (
            (self.type in allowed, "type", self.type, f"one of {', '.join(allowed)}"),
            (-1 <= self.decimals <= 30, "decimals", self.decimals, "-1 to 30"),
            (self.point in (".", ","), "point", self.point, "'.' or ','"),
            (self.plus in PLUSES, "plus", self.plus, f"one of {', '.join(map(repr, PLUSES))}"),
            (
                self.negative in NEGATIVES,
                "negative",
                self.negative,
                f"one of {', '.join(map(repr, NEGATIVES))}",
            ),
            (
                is_separator(self.thousands, self.point),
                "thousands",
                self.thousands,
                "one sign that is no digit",
            ),
            (
                not re.search("[0-9]", self.prefix + self.suffix),
                "prefix or suffix",
                self.prefix + self.suffix,
                "no digits in them",
            ),
            (self.look in ("", *LOOKS), "look", self.look, f"one of {', '.join(LOOKS)}"),
            (
                re.fullmatch("([a-z]{2,3}_[A-Z]{2})?", self.locale) is not None,
                "locale",
                self.locale,
                "a language and a country such as de_DE",
            ),
            (is_zone(self.zone), "zone", self.zone, "a time zone such as Europe/Paris"),
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

    @property
    def is_made_anew(self) -> bool:
        """Whether nothing of the values is learnt, only which are missing."""
        return self.kind in MADE_ANEW

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
        given = object_of(obj, where)
        known = {field.name: field for field in fields(Column)}
        for key in given:
            if key not in known:
                raise DataError(f"{where}: unknown key {key!r}. {did_you_mean(key, known)}")
        for field in known.values():
            if field.default is MISSING and field.name not in given:
                raise DataError(f"{where}: {field.name!r} is missing. Give every column a name and a kind.")
        values = {key: checked(key, value, where) for key, value in given.items()}
        if values["kind"] not in KINDS:
            raise DataError(
                f"{where}: unknown kind {values['kind']!r}. {did_you_mean(values['kind'], KINDS)}"
            )
        return Column(**values)


@final
@dataclass(frozen=True)
class Schema:
    """The columns of a table, in their order, and what always holds between them.

    Raises:
        DataError: From the constructor, when two columns have the same name.
    """

    columns: tuple[Column, ...]
    text: TextStyle | None = None
    """How text files of these records are written; None: as CSV usually is."""
    constraints: tuple[Mapping[str, Any], ...] | None = None
    """What always holds, as plain JSON; see `constraints/`. None: nobody has said yet."""

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
        found: dict[str, Any] = {"columns": [column.to_json() for column in self.columns]}
        if self.text is not None:
            found["text"] = self.text.to_json()
        if self.constraints is not None:
            found["constraints"] = [dict(constraint) for constraint in self.constraints]
        return found

    @staticmethod
    def from_json(obj: object) -> Schema:
        """The schema that `to_json` or a person wrote.

        Raises:
            DataError: Not such an object; the message names the column, the key, what was wanted.
        """
        given = object_of(obj, "the schema")
        for key in given:
            if key not in ("columns", "text", "constraints"):
                near = did_you_mean(key, ["columns", "text", "constraints"])
                raise DataError(f"the schema: unknown key {key!r}. {near}")
        listed = given.get("columns")
        if not isinstance(listed, list) or not listed:
            raise DataError("the schema: 'columns' must be a list of one or more columns.")
        items = cast("list[object]", listed)
        if len(items) > MAX_COLUMNS:
            raise DataError(f"the schema: {len(items)} columns. Wanted: {MAX_COLUMNS} at the most.")
        return Schema(
            tuple(Column.from_json(item, _where(number, item)) for number, item in enumerate(items, start=1)),
            TextStyle.from_json(given["text"]) if "text" in given else None,
            constraints_from_json(given.get("constraints")),
        )


def constraints_from_json(listed: object) -> tuple[Mapping[str, Any], ...] | None:
    """A list of constraints as it was given, not yet read; None where none is given.

    Raises:
        DataError: It is no list of JSON objects.
    """
    if listed is None:
        return None
    if not isinstance(listed, (list, tuple)):
        raise DataError("'constraints' must be a list of JSON objects, each with a 'kind'.")
    items = enumerate(cast("Sequence[object]", listed), start=1)
    return tuple(object_of(item, f"constraint {number}") for number, item in items)


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
