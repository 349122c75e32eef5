"""Finding out what a column of cells is: its kind, its type, its spelling, and its values typed.

The work is done on the *distinct* cells of a column, whatever its length, by Arrow's kernels. Kinds are tried
from the strictest to the most permissive, and a column is of a kind when every cell that is not missing is:
integer, decimal, boolean, date or datetime, and last the string kinds. Afterwards one distinct value makes a
constant, and values that never repeat may make an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.modalities.table.files import dates
from gansmith.modalities.table.files.spelling import (
    MISSING_MARKS,
    Mask,
    decimal_style,
    has_leading_zeros,
    is_in,
    is_infinite,
    mask_of,
    matches,
    read_decimals,
    read_integers,
    read_truths,
    strings,
    truth_spelling,
)
from gansmith.modalities.table.schema import Column, Kind

Indices = np.ndarray[Any, np.dtype[np.int64]]

MIN_IDENTIFIERS: Final = 20
_MANY_DISTINCT: Final = 50
_LONG_CHARACTERS: Final = 40
_ID_WORDS: Final = frozenset({"id", "key", "uuid", "guid", "index", "no", "nr", "number"})
_NOT_ID_WORDS: Final = re.compile(
    r"(paid|bid|grid|void|solid|fluid|humid|acid|valid|liquid|covid|rapid|mid|aid|android|hybrid)$"
)
_UUID: Final = r"(?i)^\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?$"
_HASH: Final = r"^([0-9a-f]{16,}|[0-9A-F]{16,})$"
_EMAIL: Final = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_LINK: Final = r"^[a-z]{3,6}://\S+$"


@final
@dataclass(frozen=True)
class Cells:
    """A column of strings, as its distinct cells and where each stands."""

    name: str
    raw: pa.Array
    """Distinct cells as they are, shape (n_distinct,)."""
    trimmed: pa.Array
    """The same without blanks around them."""
    counts: Indices
    """How often each occurs, shape (n_distinct,)."""
    codes: pa.Array
    """Which distinct cell stands in each record, shape (n,)."""

    @staticmethod
    def of(name: str, column: pa.ChunkedArray) -> Cells:
        """The cells of a column of strings; a null is an empty cell."""
        encoded = pc.dictionary_encode(pc.fill_null(column, "")).combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.unify_dictionaries().chunk(0)
        raw = encoded.dictionary
        codes = encoded.indices
        counts = np.bincount(np.asarray(codes), minlength=len(raw)).astype(np.int64)
        return Cells(name, raw, pc.utf8_trim_whitespace(raw), counts, codes)

    @property
    def n(self) -> int:
        """How many records there are."""
        return len(self.codes)

    def record(self, index: int) -> int:
        """The first record, counted from 1, that holds distinct cell `index`."""
        return int(np.argmax(np.asarray(self.codes) == index)) + 1

    def spread(self, values: pa.Array) -> pa.Array:
        """Values of the distinct cells as values of the records."""
        return values.take(self.codes)


@final
@dataclass(frozen=True)
class Wish:
    """What is known of a column before its cells are looked at."""

    kind: Kind | None = None
    """The kind that the user wants; None: to be found."""
    column: Column | None = None
    """The column of the schema that the user gave; its fields go before what is found."""
    is_comma_decimal: bool = False
    """Whether the file separates cells by something other than a comma, so that 3,14 may be a number."""


@final
@dataclass(frozen=True)
class Learnt:
    """What was found in a column."""

    column: Column
    values: pa.Array
    """Typed as `column.type` says, null where missing, shape (n,)."""
    remark: str = ""
    """Something that the user should know, mostly empty."""


@final
@dataclass(frozen=True)
class _Reading:
    """One attempt at a column: its distinct cells read as one kind."""

    column: Column
    values: pa.Array
    is_missing: Mask
    remark: str = ""

    @property
    def is_bad(self) -> Mask:
        return mask_of(pc.is_null(self.values)) & ~self.is_missing


def learn_text(cells: Cells, wish: Wish) -> Learnt:
    """The column that these cells are.

    Args:
        cells: Its cells.
        wish: What the user wants; a kind that the cells contradict is refused.

    Raises:
        DataError: A cell not of the wanted kind, or an infinite number; column, record, value are named.
    """
    wish = replace(wish, kind=wish.column.kind) if wish.column else wish
    marked = is_in(cells.trimmed, MISSING_MARKS)
    if marked.all():
        column = Column(cells.name, wish.kind) if wish.kind else Column(cells.name, "constant", "null")
        reading = _Reading(column, pa.nulls(len(marked), column.arrow_type), marked)
    elif wish.kind is not None and wish.kind != "constant":
        reading = _READERS[wish.kind](cells, marked, wish)
        _refuse_bad(cells, reading, wish.kind)
    else:
        reading = _found(cells, marked, wish)
    if wish.kind in (None, "constant"):
        reading = _settled(cells, reading, wish.kind)
    return _finished(cells, reading, wish)


def _found(cells: Cells, marked: Mask, wish: Wish) -> _Reading:
    has_codes = has_leading_zeros(cells.trimmed.filter(pa.array(~marked)))
    for kind in ("integer", "decimal", "boolean", "datetime"):
        if has_codes and kind in ("integer", "decimal"):
            continue
        reading = _READERS[kind](cells, marked, wish)
        if not reading.is_bad.any():
            return reading
    return _read_strings(cells, marked, wish)


def _read_integer(cells: Cells, marked: Mask, wish: Wish) -> _Reading:
    del wish
    column = Column(cells.name, "integer")
    return _Reading(column, read_integers(_without(cells.trimmed, marked)), marked)


def _read_decimal(cells: Cells, marked: Mask, wish: Wish) -> _Reading:
    point = _point(cells, marked, wish)
    values = read_decimals(_without(cells.trimmed, marked), point)
    is_number = ~mask_of(pc.is_null(values))
    column = Column(cells.name, "decimal", point=point)
    if (is_number | marked).all():
        _refuse_infinite(cells, mask_of(pc.is_inf(values)))
        kept = pa.array(is_number)
        decimals, is_padded, has_point = decimal_style(cells.trimmed.filter(kept), values.filter(kept), point)
        column = replace(column, decimals=decimals, is_padded=is_padded, has_point=has_point)
    return _Reading(column, values, marked)


def _point(cells: Cells, marked: Mask, wish: Wish) -> str:
    if wish.column is not None and wish.column.kind == "decimal":
        return wish.column.point
    is_comma = wish.is_comma_decimal and bool(
        matches(_without(cells.trimmed, marked), "^[+-]?[0-9]+,[0-9]+$").any()
    )
    return "," if is_comma else "."


def _read_boolean(cells: Cells, marked: Mask, wish: Wish) -> _Reading:
    given = wish.column.spelling if wish.column else ()
    present = strings(cells.trimmed.filter(pa.array(~marked)).slice(0, 3)) if not given else []
    spelling = given or truth_spelling(present)
    if spelling is None and wish.kind == "boolean" and len(present) == 2:
        spelling = (min(present), max(present))
    if not spelling:
        nothing = pa.nulls(len(marked), pa.bool_())
        return _Reading(Column(cells.name, "boolean"), nothing, marked)
    column = Column(cells.name, "boolean", spelling=spelling)
    return _Reading(column, read_truths(_without(cells.trimmed, marked), spelling), marked)


def _read_time(cells: Cells, marked: Mask, wish: Wish) -> _Reading:
    given = wish.column.format if wish.column else ""
    present = cells.trimmed.filter(pa.array(~marked))
    is_compact_allowed = wish.kind in ("date", "datetime")
    form, remark = (given, "") if given else dates.find_format(present, is_compact_allowed=is_compact_allowed)
    kind = (
        wish.kind if wish.kind in ("date", "datetime") else ("datetime" if dates.has_clock(form) else "date")
    )
    if not form:
        form = dates.nearest_format(present, is_clock_wanted=kind == "datetime") if wish.kind else ""
    column = Column(cells.name, kind, format=form)
    if not form:
        return _Reading(column, pa.nulls(len(marked), column.arrow_type), marked)
    times = dates.read_times(_without(cells.trimmed, marked), form)
    if kind == "datetime" and times.null_count < len(times):
        column = replace(column, granularity_seconds=dates.granularity_seconds(times))
    return _Reading(column, pc.cast(times, column.arrow_type, safe=False), marked, remark)


def _read_strings(cells: Cells, marked: Mask, wish: Wish) -> _Reading:
    missing = _missing_strings(cells, marked, wish)
    kind = wish.kind if wish.kind in ("category", "text", "identifier") else _string_kind(cells, missing)
    values = _without(cells.raw, missing)
    if wish.kind == "identifier":
        whole = read_integers(_without(cells.trimmed, marked))
        if not has_leading_zeros(cells.trimmed) and whole.null_count == int(marked.sum()):
            return _Reading(Column(cells.name, kind, "int64"), whole, marked)
    return _Reading(Column(cells.name, kind), values, missing)


def _missing_strings(cells: Cells, marked: Mask, wish: Wish) -> Mask:
    """Among strings the empty cell is missing, else the most frequent mark alone: "None" may be an answer."""
    empty = is_in(cells.trimmed, [""])
    if wish.column is not None:
        return empty | is_in(cells.trimmed, [wish.column.missing_mark])
    if empty.any() or not marked.any():
        return empty
    most = int(np.argmax(np.where(marked, cells.counts, 0)))
    return is_in(cells.trimmed, strings(cells.trimmed.slice(most, 1)))


def _string_kind(cells: Cells, missing: Mask) -> Kind:
    """Text when most values are distinct and they are long, have blanks, or hardly ever repeat."""
    n_distinct = int((~missing).sum())
    n = int(cells.counts[~missing].sum())
    if n_distinct <= max(_MANY_DISTINCT, n // 2):
        return "category"
    present = cells.trimmed.filter(pa.array(~missing))
    is_long = float(pc.mean(pc.utf8_length(present)).as_py()) > _LONG_CHARACTERS
    has_blanks = 4 * int(matches(present, r"\s").sum()) > n_distinct
    return "text" if is_long or has_blanks or 4 * n_distinct > 3 * n else "category"


def _settled(cells: Cells, reading: _Reading, wanted: Kind | None) -> _Reading:
    """`reading` as a constant or an identifier, when it is one."""
    column = reading.column
    present = pc.unique(reading.values.filter(pa.array(~reading.is_missing)))
    if len(present) <= 1:
        return replace(reading, column=replace(column, kind="constant"))
    if wanted == "constant":
        second = int(np.flatnonzero(~reading.is_missing)[1])
        raise DataError(
            f"column {cells.name!r}, record {cells.record(second)}: {cells.raw[second].as_py()!r} is another "
            "value, so the column is not constant. Choose another kind."
        )
    is_distinct = len(cells.raw) == cells.n and not reading.is_missing.any()
    if not is_distinct or cells.n < MIN_IDENTIFIERS:
        return reading
    if column.kind == "integer":
        is_identifier = is_id_name(cells.name) or is_run(reading.values)
    else:
        is_identifier = column.kind in ("category", "text") and _is_regular(cells)
    return replace(reading, column=replace(column, kind="identifier")) if is_identifier else reading


def is_id_name(name: str) -> bool:
    """Whether a column of this name is likely to hold identifiers: "id", "customer_id", "PassengerId", ..."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    last = words[-1].casefold() if words else ""
    return last in _ID_WORDS or (last.endswith("id") and not _NOT_ID_WORDS.search(last))


def is_run(values: pa.Array) -> bool:
    """Whether distinct whole numbers have no gaps: 1 to n, or a longer run from anywhere (not years)."""
    ends = pc.min_max(values).as_py()
    is_whole_run = ends["max"] - ends["min"] == len(values) - 1
    return is_whole_run and (ends["min"] in (0, 1) or len(values) >= 10 * MIN_IDENTIFIERS)


def _is_regular(cells: Cells) -> bool:
    """Whether strings without blanks have one pattern of letters and digits, or one that keys have."""
    if matches(cells.raw, r"\s").any():
        return False
    if is_id_name(cells.name) or any(
        matches(cells.raw, known).all() for known in (_UUID, _HASH, _EMAIL, _LINK)
    ):
        return True
    pattern = pc.replace_substring_regex(cells.raw, pattern=r"[0-9]+", replacement="9")
    pattern = pc.replace_substring_regex(pattern, pattern=r"[A-Za-z]", replacement="A")
    counts = pc.value_counts(pattern)
    most = int(pc.max(counts.field("counts")).as_py())
    has_digit = matches(cells.raw, "[0-9]").all()
    return bool(has_digit) and 20 * most >= 19 * cells.n


def _finished(cells: Cells, reading: _Reading, wish: Wish) -> Learnt:
    """The reading with its missing cells counted and the user's own fields put first."""
    missing = reading.is_missing
    column = reading.column
    n_missing = int(cells.counts[missing].sum())
    if n_missing:
        most = int(np.argmax(np.where(missing, cells.counts, 0)))
        mark = str(cells.trimmed[most].as_py())
        column = replace(column, missing_rate=n_missing / cells.n, missing_mark=mark)
    values = reading.values
    if wish.column is not None:
        column = merged(column, wish.column)
        values = _typed(cells, values, column)
    return Learnt(column, cells.spread(values), reading.remark)


def merged(found: Column, given: Column) -> Column:
    """`given`, with the missing rate found in the data, and what stands at its default found too."""
    plain = Column(given.name, given.kind)
    chosen = {
        name: getattr(given, name)
        for name in ("decimals", "is_padded", "has_point", "point", "format", "spelling", "missing_mark",
                     "stored_as", "granularity_seconds")
        if getattr(given, name) != getattr(plain, name)
    }  # fmt: skip
    return replace(found, type=given.type, **chosen)


def _typed(cells: Cells, values: pa.Array, column: Column) -> pa.Array:
    try:
        return pc.cast(values, column.arrow_type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {cells.name!r} does not fit the type {column.type!r} of the schema: {error}. "
            "Choose a wider type."
        ) from error


def _without(array: pa.Array, missing: Mask) -> pa.Array:
    return pc.if_else(pa.array(missing), None, array)


def _refuse_bad(cells: Cells, reading: _Reading, kind: Kind) -> None:
    if not reading.is_bad.any():
        return
    record, value = min(
        (cells.record(int(index)), str(cells.raw[int(index)].as_py()))
        for index in np.flatnonzero(reading.is_bad)[:100]
    )
    wanted = f"{kind} in the format {reading.column.format}" if reading.column.format else kind
    raise DataError(
        f"column {cells.name!r}, record {record}: {value!r} is not of the wanted kind {wanted}. "
        "Choose another kind for the column, or clean its values."
    )


def _refuse_infinite(cells: Cells, infinite: Mask) -> None:
    found = infinite | is_infinite(cells.trimmed)
    if found.any():
        index = int(np.argmax(found))
        raise DataError(
            f"column {cells.name!r}, record {cells.record(index)}: {cells.raw[index].as_py()!r} is not "
            "a finite number. "
            "Replace infinite numbers, or leave the cell empty if the value is unknown."
        )


_READERS: Final[dict[Kind, Callable[[Cells, Mask, Wish], _Reading]]] = {
    "integer": _read_integer,
    "decimal": _read_decimal,
    "boolean": _read_boolean,
    "date": _read_time,
    "datetime": _read_time,
    "category": _read_strings,
    "text": _read_strings,
    "identifier": _read_strings,
}
