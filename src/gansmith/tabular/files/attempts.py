"""A column of text as its distinct cells, and one attempt for each kind to read them: integers, times, ..."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.tabular.files import clocks, dates
from gansmith.tabular.files.number_formats import bare_numbers, find_number_format
from gansmith.tabular.files.semantic_types import (
    find_delimiter,
    likely_delimiter,
    likely_semantic_type,
    sure_semantic_type,
)
from gansmith.tabular.files.spelling import (
    WEAK_MARKS,
    Counts,
    Mask,
    decimal_style,
    has_endless_digits,
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
from gansmith.tabular.files.stored import parse_cells
from gansmith.tabular.schema import Column, Kind, SemanticType

MANY_DISTINCT: Final = 50
_LONG_CHARACTERS: Final = 40


@final
@dataclass(frozen=True)
class Cells:
    """A column of strings, as its distinct cells and where each stands."""

    name: str
    raw: pa.Array
    """Distinct cells as they are, shape (n_distinct,)."""
    trimmed: pa.Array
    """The same without blanks around them."""
    counts: Counts
    """How often each occurs, shape (n_distinct,)."""
    codes: pa.Array
    """Which distinct cell stands in each record, shape (n,)."""

    @staticmethod
    def of(name: str, column: pa.ChunkedArray) -> Cells:
        """The cells of a column of strings; a null is an empty cell."""
        encoded = pc.dictionary_encode(pc.fill_null(column, "")).combine_chunks()
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
    semantic_type: Literal[SemanticType, ""] = ""
    """Invented kind: what the user wants to be invented; empty: to be found."""
    marks: tuple[str, ...] = ()
    """The user's own spellings of a missing cell, beside the usual ones."""

    @property
    def given(self) -> Column:
        """The column of the schema, or one of which nothing is said."""
        return self.column or Column("any", "text")


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
class Attempt:
    """Distinct cells read as one kind."""

    column: Column
    values: pa.Array
    """Null where missing or not of that kind, shape (n_distinct,)."""
    is_missing: Mask
    remark: str = ""

    @property
    def is_bad(self) -> Mask:
        """Cells that are neither missing nor of that kind."""
        return mask_of(pc.is_null(self.values)) & ~self.is_missing


def without(array: pa.Array, missing: Mask) -> pa.Array:
    """`array` with nulls where `missing`."""
    return pc.if_else(pa.array(missing), None, array)


def _weakly(cells: Cells, marked: Mask) -> Mask:
    """Missing cells among numbers: there "missing" can mean nothing else."""
    return marked | is_in(cells.trimmed, WEAK_MARKS)


def read_integer(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Whole numbers; as the schema's column spells them, where one is given."""
    marked = _weakly(cells, marked)
    present = without(cells.trimmed, marked)
    values = read_integers(bare_numbers(present, wish.given))
    column = replace(Column(cells.name, "integer"), **_number_format_of(wish.given))
    if matches(present, r"^\+").any() and not wish.given.plus and values.null_count == int(marked.sum()):
        found = find_number_format(column, present.filter(pa.array(~marked)), is_comma_decimal=False)
        column = found[0] if found else column
    return Attempt(column, values, marked)


def _number_format_of(column: Column) -> dict[str, str]:
    names = ("prefix", "suffix", "thousands", "negative", "plus", "point")
    return {name: getattr(column, name) for name in names}


def read_decimal(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Numbers with a decimal point; as the schema's column spells them, where one is given."""
    marked = _weakly(cells, marked)
    return _as_decimals(
        cells, marked, replace(Column(cells.name, "decimal"), **_number_format_of(wish.given))
    )


def _as_decimals(cells: Cells, marked: Mask, column: Column) -> Attempt:
    present = bare_numbers(without(cells.trimmed, marked), column)
    values = read_decimals(present, column.point)
    is_number = ~mask_of(pc.is_null(values))
    if (is_number | marked).all():
        _refuse_infinite(cells, mask_of(pc.is_inf(values)))
        kept = pa.array(is_number)
        style = decimal_style(present.filter(kept), values.filter(kept), column.point)
        column = replace(column, decimals=style[0], is_padded=style[1], has_point=style[2])
    return Attempt(column, values, marked)


def read_formatted(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Numbers of a format that is to be found, whole ones as integers."""
    marked = _weakly(cells, marked)
    kept = pa.array(~marked)
    found = find_number_format(
        Column(cells.name, "decimal"), cells.trimmed.filter(kept), is_comma_decimal=wish.is_comma_decimal
    )
    if found is None:
        return Attempt(Column(cells.name, "decimal"), pa.nulls(len(marked), pa.float64()), marked)
    column, remark = found
    bare = bare_numbers(without(cells.trimmed, marked), column)
    whole = read_integers(bare)
    if whole.null_count == int(marked.sum()) and wish.kind != "decimal":
        return Attempt(replace(column, kind="integer", type="int64"), whole, marked, remark)
    return replace(_as_decimals(cells, marked, column), remark=remark)


def read_boolean(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Truth values: a known pair of words, or any two where the user says so."""
    marked = _weakly(cells, marked)
    present = strings(cells.trimmed.filter(pa.array(~marked)).slice(0, 3))
    spelling = wish.given.spelling or truth_spelling(present)
    if spelling is None and wish.kind == "boolean" and len(present) == 2:
        spelling = (min(present), max(present))
    if not spelling:
        nothing = pa.nulls(len(marked), pa.bool_())
        return Attempt(Column(cells.name, "boolean"), nothing, marked)
    column = Column(cells.name, "boolean", spelling=spelling)
    return Attempt(column, read_truths(without(cells.trimmed, marked), spelling), marked)


def read_time(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Dates, with or without a time of day."""
    marked = _weakly(cells, marked)
    present = cells.trimmed.filter(pa.array(~marked))
    is_day_or_moment = wish.kind in ("date", "datetime")
    form, zone, remark = wish.given.format, wish.given.zone, ""
    if not form:
        form, remark = dates.find_format(present, is_compact_allowed=is_day_or_moment)
    if not form and wish.kind != "date":
        form, zone, remark = dates.find_zoned(present)
    kind = wish.kind if is_day_or_moment and wish.kind else ("datetime" if dates.has_clock(form) else "date")
    if not form:
        form = dates.nearest_format(present, is_clock_wanted=kind == "datetime") if wish.kind else ""
    column = Column(cells.name, kind, format=form, zone=zone if kind == "datetime" else "")
    if not form:
        return Attempt(column, pa.nulls(len(marked), column.arrow_type), marked)
    times = dates.read_zoned(without(cells.trimmed, marked), form)
    if kind == "datetime":
        column = replace(column, granularity_seconds=dates.granularity_seconds(times))
    return Attempt(column, pc.cast(times, column.arrow_type, safe=False), marked, remark)


def read_clock(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Times of day and durations."""
    marked = _weakly(cells, marked)
    present = cells.trimmed.filter(pa.array(~marked))
    if wish.column is not None:
        kind, form, remark = wish.column.kind, wish.column.format, ""
    else:
        hint = "duration" if wish.kind == "duration" else cells.name
        kind, form, remark = clocks.find_clock(hint, present) if len(present) else ("", "", "")
    wanted: Kind = "duration" if "duration" in (wish.kind, kind) else "time"
    column = Column(cells.name, wanted, format=form)
    if not kind or (wish.kind and wish.kind != kind):
        return Attempt(column, pa.nulls(len(marked), column.arrow_type), marked)
    values = parse_cells(without(cells.trimmed, marked), column)
    column = replace(column, granularity_seconds=dates.granularity_seconds(values))
    return Attempt(column, values, marked, remark)


def read_strings(cells: Cells, marked: Mask, wish: Wish) -> Attempt:
    """Categories, text, identifiers, and what is to be invented."""
    missing = missing_strings(cells, marked, wish)
    present = pa.array(~missing)
    values = without(cells.raw, missing)
    if wish.kind == "list":
        found = find_delimiter(cells.trimmed.filter(present), cells.counts[~missing])
        found = wish.given.delimiter or found or likely_delimiter(cells.trimmed)
        return Attempt(Column(cells.name, "list", delimiter=found), values, missing)
    if wish.kind == "invented":
        trimmed = cells.trimmed.filter(present)
        found = sure_semantic_type(cells.name, trimmed) or likely_semantic_type(cells.name, trimmed) or ""
        semantic_type = wish.semantic_type or wish.given.semantic_type or found
        return Attempt(Column(cells.name, "invented", semantic_type=semantic_type), values, missing)
    if wish.kind == "identifier":
        whole = read_integers(without(cells.trimmed, marked))
        if not has_leading_zeros(cells.trimmed) and whole.null_count == int(marked.sum()):
            return Attempt(Column(cells.name, "identifier", "int64"), whole, marked)
    if wish.kind in ("category", "text", "identifier"):
        return Attempt(Column(cells.name, wish.kind), values, missing)
    return Attempt(_string_column(cells, missing), values, missing)


def missing_strings(cells: Cells, marked: Mask, wish: Wish) -> Mask:
    """Among strings the empty cell is missing, else the most frequent mark alone: "None" may be an answer.

    What the user called missing is so in any case.
    """
    empty = is_in(cells.trimmed, ["", *wish.marks])
    if wish.column is not None:
        return empty | is_in(cells.trimmed, [wish.column.missing_mark, *wish.column.missing_marks])
    if empty.any() or not marked.any():
        return empty
    most = int(np.argmax(np.where(marked, cells.counts, 0)))
    return is_in(cells.trimmed, strings(cells.trimmed.slice(most, 1)))


def _string_column(cells: Cells, missing: Mask) -> Column:
    """Text when most values are distinct and they are long, have blanks, or hardly ever repeat."""
    n_distinct = int((~missing).sum())
    n = int(cells.counts[~missing].sum())
    present = cells.trimmed.filter(pa.array(~missing))
    if n_distinct > 1 and (semantic_type := sure_semantic_type(cells.name, present)):
        return Column(cells.name, "invented", semantic_type=semantic_type)
    if n_distinct > MANY_DISTINCT and not _is_key(cells, missing):
        semantic_type = likely_semantic_type(cells.name, present)
        if semantic_type:
            return Column(cells.name, "invented", semantic_type=semantic_type)
    delimiter = find_delimiter(present, cells.counts[~missing])
    if delimiter:
        return Column(cells.name, "list", delimiter=delimiter)
    if n_distinct <= max(MANY_DISTINCT, n // 2) or has_endless_digits(present):
        return Column(cells.name, "category")
    is_long = float(pc.mean(pc.utf8_length(present)).as_py()) > _LONG_CHARACTERS
    has_blanks = 4 * int(matches(present, r"\s").sum()) > n_distinct
    return Column(cells.name, "text" if is_long or has_blanks or 4 * n_distinct > 3 * n else "category")


def _is_key(cells: Cells, missing: Mask) -> bool:
    """Whether every record has its own UUID: identifiers spell those."""
    return len(cells.raw) == cells.n and not missing.any() and bool(matches(cells.raw[:1], "-.*-.*-").all())


def _refuse_infinite(cells: Cells, infinite: Mask) -> None:
    found = infinite | is_infinite(cells.trimmed)
    if found.any():
        index = int(np.argmax(found))
        raise not_finite(cells.name, cells.record(index), repr(cells.raw[index].as_py()))


def not_finite(name: str, record: int, value: str) -> DataError:
    """The error that an infinite number is."""
    return DataError(
        f"column {name!r}, record {record}: {value} is not a finite number. "
        "Replace infinite numbers, or leave the cell empty if the value is unknown."
    )


READERS: Final[dict[Kind, Callable[[Cells, Mask, Wish], Attempt]]] = {
    "integer": read_integer, "decimal": read_decimal, "boolean": read_boolean,
    "date": read_time, "datetime": read_time, "time": read_clock, "duration": read_clock,
    "category": read_strings, "list": read_strings, "text": read_strings, "invented": read_strings,
    "identifier": read_strings,
}  # fmt: skip
