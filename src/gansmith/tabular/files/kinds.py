"""Finding out what a column of cells is: its kind, its type, its spelling, and its values typed.

The work is done on the *distinct* cells of a column, whatever its length, by Arrow's kernels. Kinds are tried
from the strictest to the most permissive (see `attempts.py`), and a column is of a kind when every cell that
is not missing is: a number, a truth value, a date, a time of day or a duration, a formatted number, and last
the string kinds. Afterwards one distinct value makes a constant, and values that never repeat may make an
identifier.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.tabular.files.attempts import (
    READERS,
    Attempt,
    Cells,
    Learnt,
    Wish,
    read_boolean,
    read_clock,
    read_decimal,
    read_formatted,
    read_integer,
    read_strings,
    read_time,
)
from gansmith.tabular.files.semantic_types import UUID, sure_semantic_type
from gansmith.tabular.files.spelling import (
    MISSING_MARKS,
    Mask,
    has_endless_digits,
    has_leading_zeros,
    is_in,
    matches,
    strings,
)
from gansmith.tabular.schema import Column, Kind

MIN_IDENTIFIERS: Final = 20
MAX_EXACT: Final = 2**53
"""Whole numbers up to here are told apart by a double, which numbers are learnt as."""
_NEARLY_DISTINCT: Final = 0.95
_ID_WORDS: Final = frozenset({"id", "key", "uuid", "guid", "index", "no", "nr", "number"})
_NOT_ID_WORDS: Final = re.compile(
    r"(paid|bid|grid|void|solid|fluid|humid|acid|valid|liquid|covid|rapid|mid|aid|android|hybrid)$"
)
_HASH: Final = r"^([0-9a-f]{16,}|[0-9A-F]{16,})$"


def learn_text(cells: Cells, wish: Wish) -> Learnt:
    """The column that these cells are.

    Args:
        cells: Its cells.
        wish: What the user wants; a kind that the cells contradict is refused.

    Raises:
        DataError: A cell not of the wanted kind, or an infinite number; column, record, value are named.
    """
    wish = replace(wish, kind=wish.column.kind) if wish.column else wish
    own = (*wish.marks, wish.given.missing_mark, *wish.given.missing_marks)
    marked = is_in(cells.trimmed, (*MISSING_MARKS, *own))
    if marked.all():
        column = Column(cells.name, wish.kind) if wish.kind else Column(cells.name, "constant", "null")
        reading = Attempt(column, pa.nulls(len(marked), column.arrow_type), marked)
    elif wish.kind is not None and wish.kind != "constant":
        reading = _wanted(cells, marked, wish, wish.kind)
    else:
        reading = _found(cells, marked, wish)
    if wish.kind in (None, "constant"):
        reading = _settled(cells, _exact(cells, marked, reading, wish), wish.kind)
    return _finished(cells, reading, wish)


def _wanted(cells: Cells, marked: Mask, wish: Wish, kind: Kind) -> Attempt:
    """The cells as the kind that the user wants."""
    reading = READERS[kind](cells, marked, wish)
    if reading.is_bad.any() and kind in ("integer", "decimal"):
        formatted = read_formatted(cells, marked, wish)
        reading = reading if formatted.is_bad.any() or formatted.column.kind != kind else formatted
    _refuse_bad(cells, reading, kind)
    if kind == "integer" and is_beyond(reading.values):
        told = f"numbers beyond {MAX_EXACT} lose their last digits; an identifier or a category keeps them"
        reading = replace(reading, remark=told)
    return reading


def _found(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    present = cells.trimmed.filter(pa.array(~marked))
    # Numbers of cards and phones are digits, too, which nothing is to be calculated with.
    is_long = bool(matches(present[:1], r"^\+?[0-9 ]{9,}$").all())
    is_personal = is_long and sure_semantic_type(cells.name, present) is not None
    is_code = is_personal or has_leading_zeros(present) or has_endless_digits(present)
    numbers = () if is_code else (read_integer, read_decimal)
    if not is_code and matches(present, r"^\+").any():
        numbers = (read_formatted, *numbers)
    for read in (*numbers, read_boolean, read_time, read_clock, *(() if is_code else (read_formatted,))):
        reading = read(cells, marked, wish)
        if not reading.is_bad.any():
            return reading
    return read_strings(cells, marked, wish)


def is_beyond(values: pa.Array) -> bool:
    """Whether a double would not keep all digits of whole numbers."""
    ends = pc.min_max(values).as_py()
    return ends["max"] is not None and max(abs(ends["min"]), abs(ends["max"])) > MAX_EXACT


def _exact(cells: Cells, marked: Mask, reading: Attempt, wish: Wish) -> Attempt:
    """Whole numbers that a double cannot keep become categories, unless they are identifiers."""
    if reading.column.kind != "integer" or not is_beyond(reading.values):
        return reading
    if len(cells.raw) == cells.n >= MIN_IDENTIFIERS and not reading.is_missing.any():
        return replace(reading, column=replace(reading.column, kind="identifier"))
    told = f"its numbers are beyond {MAX_EXACT} and are kept exactly, as categories"
    kept = read_strings(cells, marked, replace(wish, kind="category"))
    return replace(kept, remark=told)


def _settled(cells: Cells, reading: Attempt, wanted: Kind | None) -> Attempt:
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
    n_present = int(cells.counts[~reading.is_missing].sum())
    if n_present < MIN_IDENTIFIERS or len(present) < _NEARLY_DISTINCT * n_present:
        return reading
    is_distinct = len(cells.raw) == cells.n and not reading.is_missing.any()
    if column.kind == "integer":
        is_identifier = is_distinct and (is_id_name(cells.name) or is_run(reading.values))
    elif is_distinct or column.kind == "text":
        is_identifier = column.kind in ("category", "text") and _is_regular(
            cells.name, cells.raw.filter(pa.array(~reading.is_missing))
        )
    else:
        is_identifier = False
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


def _is_regular(name: str, cells: pa.Array) -> bool:
    """Whether strings without blanks have one pattern of letters and digits, or one that keys have."""
    if matches(cells, r"\s").any():
        return False
    if is_id_name(name) or any(matches(cells, known).all() for known in (UUID, _HASH)):
        return True
    pattern = pc.replace_substring_regex(cells, pattern=r"[0-9]+", replacement="9")
    pattern = pc.replace_substring_regex(pattern, pattern=r"[A-Za-z]", replacement="A")
    counts = pc.value_counts(pattern)
    most = int(pc.max(counts.field("counts")).as_py())
    has_digit = matches(cells, "[0-9]").all()
    return bool(has_digit) and 20 * most >= 19 * len(cells)


def _finished(cells: Cells, reading: Attempt, wish: Wish) -> Learnt:
    """The reading with its missing cells counted and the user's own fields put first."""
    missing = reading.is_missing
    column, remark = reading.column, reading.remark
    n_missing = int(cells.counts[missing].sum())
    if n_missing:
        spelt = strings(cells.trimmed.filter(pa.array(missing)))
        counts = cells.counts[missing]
        mark = spelt[int(np.argmax(counts))]
        own = tuple(sorted({text for text in spelt if text in wish.marks and text != mark}))
        column = replace(column, missing_rate=n_missing / cells.n, missing_mark=mark, missing_marks=own)
        if len(set(spelt)) > 1 and wish.column is None:
            told = f"{len(set(spelt))} spellings of a missing cell, all of which are written as {mark!r}"
            remark = f"{remark}; {told}" if remark else told
    values = reading.values
    if wish.column is not None:
        column = merged(column, wish.column)
        values = fitted(values, column)
    return Learnt(column, values.take(cells.codes), remark)


def merged(found: Column, given: Column) -> Column:
    """`given`, with the missing rate found in the data, and what stands at its default found too."""
    plain = Column(given.name, given.kind)
    chosen = {
        name: getattr(given, name)
        for name in ("decimals", "is_padded", "has_point", "point", "format", "spelling", "missing_mark",
                     "missing_marks", "stored_as", "granularity_seconds", "prefix", "suffix", "thousands",
                     "negative", "plus", "zone", "semantic_type", "locale", "delimiter")
        if getattr(given, name) != getattr(plain, name)
    }  # fmt: skip
    return replace(found, type=given.type, **chosen)


def fitted(values: pa.Array, column: Column) -> pa.Array:
    """Values in the type of the schema's column."""
    try:
        return pc.cast(values, column.arrow_type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {column.name!r} does not fit the type {column.type!r} of the schema: {error}. "
            "Choose a wider type."
        ) from error


def _refuse_bad(cells: Cells, reading: Attempt, kind: Kind) -> None:
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
