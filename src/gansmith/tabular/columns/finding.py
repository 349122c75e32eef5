"""Finding out what a column is: its kind, its type, its spelling, and its values typed.

Of text the work is done on the *distinct* cells, whatever the length of the column, by Arrow's kernels. Kinds
are tried in the order of `KINDS`, and a column is of a kind when every cell that is not missing is. Of typed
columns (of a data frame, an Arrow table, Parquet or JSON lines) the type says most; what it leaves open is
found: the digits of decimals, the granularity of times. Texts in such columns, and typed ones that the user
wants to be of another kind, are learnt as cells of text are. Afterwards a column may turn out to be a special
case: one distinct value makes a constant, and values that never repeat may make an identifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.errors import DataError
from gansmith.settings import changed
from gansmith.tabular.cells import EXACT, Mask, strings
from gansmith.tabular.columns import kind_called, kinds
from gansmith.tabular.columns.base import Attempt, Cells, Reading, Wish, natural_kind
from gansmith.tabular.columns.date_formats import find_compact, unread_dates
from gansmith.tabular.columns.decimals import read_decimals
from gansmith.tabular.columns.identifiers import MIN_IDENTIFIERS
from gansmith.tabular.columns.numbers import is_beyond
from gansmith.tabular.columns.special_values import with_special
from gansmith.tabular.columns.stored import has_local_days, plain
from gansmith.tabular.schema import Column

_TEXTS: Final = ("string", "large_string", "string_view", "dictionary")
"""How callers keep texts."""
MAX_UNREAD: Final = 0.5
"""Share of the cells that the nearest format of dates may not read to be named at all."""
_OF_THE_DATA: Final = ("name", "kind", "type", "missing_rate", "pattern", "parts")
"""Fields of a schema's column that do not go before what is found."""


@final
@dataclass(frozen=True)
class Learnt:
    """What was found in a column."""

    column: Column
    values: pa.Array
    """Typed as `column.type` says, null where missing, shape (n,)."""
    remark: str = ""
    """Something that the user should know, mostly empty."""


def learn_text(name: str, texts: pa.ChunkedArray, wish: Wish) -> Learnt:
    """The column that these cells are.

    Args:
        name: What it is called.
        texts: Its cells as strings.
        wish: What the user wants; a kind that the cells contradict is refused.

    Raises:
        DataError: A cell not of the wanted kind, or an infinite number; column, record, value are named.
    """
    wish = replace(wish, kind=wish.column.traits) if wish.column else wish
    cells, kind = Cells.of(name, texts, wish), wish.kind
    if cells.marked.all():
        column = Column(name, kind.name) if kind else Column(name, "constant", "null")
        attempt = Attempt(column, pa.nulls(len(cells.marked), column.arrow_type), cells.marked)
    elif kind is not None and kind.is_varied:
        attempt = kind.read(cells)
        _refuse_bad(cells, attempt)
    else:
        attempt = _exact(cells, next(found for one in kinds() if (found := one.find(cells))))
    if kind is None or not kind.is_varied:
        attempt = replace(attempt, column=_special(_reading(cells, attempt)))
        if kind is not None and kind is not attempt.column.traits:
            second = int(np.flatnonzero(~attempt.is_missing)[1])
            raise DataError(
                f"column {name!r}, record {cells.record(second)}: {cells.raw[second].as_py()!r} is another "
                f"value, so the column is not {kind.name}. Choose another kind."
            )
    if kind is None and not attempt.column.traits.is_time:
        attempt = _with_unread(cells, attempt)
    if not wish.given.special:
        column, told = with_special(attempt.column, attempt.values, cells.counts)
        attempt = replace(attempt, column=column, remark="; ".join(filter(None, (attempt.remark, told))))
    return _finished(cells, attempt)


def learn_typed(name: str, column: pa.ChunkedArray, wish: Wish) -> Learnt:
    """The column that these values are.

    Args:
        name: What it is called.
        column: Of any type that is not nested.
        wish: What the user wants; a kind that the values contradict is refused.

    Raises:
        DataError: A value that is not of the wanted kind, an infinite number, or a nested type.
    """
    simple, stored_as = plain(name, column)
    if pa.types.is_string(simple.type):
        learnt = _kept(learn_text(name, simple, wish), stored_as or "string")
        if column.null_count or not learnt.column.missing_rate or wish.column is not None:
            return learnt
        return replace(learnt, column=replace(learnt.column, is_filled=True))
    natural = natural_kind(simple.type)
    if natural is None:
        raise DataError(
            f"column {name!r} holds values of type {simple.type}, which cannot be learnt. Leave it out."
        )
    found, values = natural.of_type(name, _without_marks(simple.combine_chunks(), wish.marks))
    if pa.types.is_decimal(column.type) and column.type.scale > 0 and found.traits.is_varied:
        found, values = Column(name, "decimal", decimals=column.type.scale), pc.cast(values, pa.float64())
    own = stored_as or (str(simple.type) if str(simple.type) != found.type else "")
    has_zone = pa.types.is_timestamp(column.type) and column.type.tz and not has_local_days(column)
    found = replace(
        found,
        stored_as=own,
        zone=column.type.tz if has_zone and found.traits.is_time else found.zone,
        missing_rate=values.null_count / len(values),
    )
    found, told = with_special(found, values)
    kind = wish.column.traits if wish.column else wish.kind
    if kind is None and pa.types.is_integer(values.type) and _are_days(name, values):
        return _as_text(name, found, values, wish)
    reading = Reading(found, values, len(values) - values.null_count, len(values))
    if kind is None and found.traits.is_number and is_beyond(values):
        kind = kind_called("identifier" if reading.is_key and len(values) >= MIN_IDENTIFIERS else "category")
        wish = replace(wish, kind=kind)
    if kind is None:
        return Learnt(_special(reading), values, told)
    if not kind.is_varied:
        found = _special(reading)
    elif kind.is_unique and found.type in kind.types:
        found = replace(found, kind=kind.name)
    elif "double" in kind.types and found.traits.is_number and found.stored_as:  # whole doubles
        found = replace(found, kind=kind.name, type="double", stored_as="")
        values = pc.cast(values, pa.float64())
    if kind is not found.traits:
        return _as_text(name, found, values, wish)
    if wish.column is None:
        return Learnt(found, values, told)
    return replace(_as_given(found, values, wish.column), remark=told)


def _as_text(name: str, found: Column, values: pa.Array, wish: Wish) -> Learnt:
    """Typed values learnt as cells of text are, and kept in their own type."""
    texts = pa.chunked_array([found.traits.spell(values, found)], pa.string())
    return _kept(learn_text(name, texts, wish), found.stored_as or found.type)


def _are_days(name: str, values: pa.Array) -> bool:
    """Whether whole numbers are days, months or moments such as 20140305."""
    ends = pc.min_max(values).as_py()
    if ends["max"] is None or not 170_001 <= ends["min"] <= ends["max"] < 10**14:
        return False
    return bool(find_compact(name, pc.cast(pc.unique(values.drop_null()), pa.string())))


def _exact(cells: Cells, attempt: Attempt) -> Attempt:
    """Whole numbers that a double cannot keep become categories, unless they are identifiers."""
    if not attempt.column.traits.is_number or not is_beyond(attempt.values):
        return attempt
    if len(cells.raw) == len(cells.codes) >= MIN_IDENTIFIERS and not attempt.is_missing.any():
        return replace(attempt, column=replace(attempt.column, kind="identifier"))
    told = f"its numbers are beyond {EXACT} and are kept exactly, as categories"
    return replace(kind_called("category").read(cells), remark=told)


def _with_unread(cells: Cells, attempt: Attempt) -> Attempt:
    """The attempt with a remark where its cells look like dates and could not be read as such."""
    present = ~attempt.is_missing
    form, is_read = unread_dates(cells.trimmed.filter(pa.array(present)))
    if not form:
        return attempt
    places = np.flatnonzero(present)[~is_read]
    told = f"most of its cells look like dates, but it is read as {attempt.column.kind}"
    if not len(places) or len(places) > MAX_UNREAD * len(is_read):
        cure = "say how they are spelt with a schema's 'format', or spell them as 2014-03-05"
    else:
        record = min(map(cells.record, places[:100].tolist()))
        n_unread = int(cells.counts[places].sum())
        cure = (
            f"the format {form} reads all but {n_unread}, the first in record {record}; clean these, or give "
            "them with --missing"
        )
    remark = f"{told}; {cure}"
    return replace(attempt, remark=f"{attempt.remark}; {remark}" if attempt.remark else remark)


def _reading(cells: Cells, attempt: Attempt) -> Reading:
    present = pa.array(~attempt.is_missing)
    n_present = int(cells.counts[~attempt.is_missing].sum())
    values, texts = attempt.values.filter(present), cells.raw.filter(present)
    return Reading(attempt.column, values, n_present, len(cells.codes), texts)


def _special(reading: Reading) -> Column:
    """The column as a special case of its kind, when it is one."""
    kind = next((one for one in kinds() if one.takes_over(reading)), None)
    return reading.column if kind is None else replace(reading.column, kind=kind.name)


def _finished(cells: Cells, attempt: Attempt) -> Learnt:
    """What was read, with its missing cells counted and the user's own fields put first."""
    column, remark, missing, wish = attempt.column, attempt.remark, attempt.is_missing, cells.wish
    if missing.any():
        spelt, counts = strings(cells.trimmed.filter(pa.array(missing))), cells.counts[missing]
        mark = spelt[int(np.argmax(counts))]
        own = tuple(sorted({text for text in spelt if text in wish.marks and text != mark}))
        rate = int(counts.sum()) / len(cells.codes)
        column = replace(column, missing_rate=rate, missing_mark=mark, missing_marks=own)
        if len(set(spelt)) > 1 and wish.column is None:
            told = f"{len(set(spelt))} spellings of a missing cell, all of which are written as {mark!r}"
            remark = f"{remark}; {told}" if remark else told
    column, told = _with_blanks(cells, column, missing)
    remark = "; ".join(filter(None, (remark, told)))
    learnt = Learnt(column, attempt.values, remark)
    if wish.column is not None:
        learnt = replace(_as_given(column, attempt.values, wish.column), remark=remark)
    return replace(learnt, values=learnt.values.take(cells.codes))


def _with_blanks(cells: Cells, column: Column, missing: Mask) -> tuple[Column, str]:
    """The column with the blanks that stand around all its cells, and a remark where these differ.

    Texts are kept with their blanks anyway.
    """
    raw, trimmed = (texts.filter(pa.array(~missing)) for texts in (cells.raw, cells.trimmed))
    if column.type in ("string", "null") or not len(raw) or raw.equals(trimmed):
        return column, ""
    first, inner = str(raw[0].as_py()), str(trimmed[0].as_py())
    before, _, after = first.partition(inner)
    if pc.binary_join_element_wise(before, trimmed, after, "").equals(raw):
        return replace(column, around=(before, after)), ""
    return column, "the spaces around its cells differ; none are written"


def _as_given(found: Column, values: pa.Array, given: Column) -> Learnt:
    """What was found, with all that the schema says of the column, in the type that it says."""
    chosen = {name: getattr(given, name) for name in changed(given) if name not in _OF_THE_DATA}
    column = replace(found, type=given.type, **chosen)
    if column.type == "null":
        return Learnt(column, values if pa.types.is_null(values.type) else pa.nulls(len(values)))
    try:
        return Learnt(column, pc.cast(values, column.arrow_type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"column {column.name!r} does not fit the type {column.type!r} of the schema: {error}. "
            "Choose a wider type."
        ) from error


def _refuse_bad(cells: Cells, attempt: Attempt) -> None:
    if not attempt.is_bad.any():
        return
    record, value = min(
        (cells.record(int(index)), str(cells.raw[int(index)].as_py()))
        for index in np.flatnonzero(attempt.is_bad)[:100]
    )
    kind, form = cells.wish.kind or attempt.column.traits, attempt.column.format
    wanted = f"{kind.name} in the format {form}" if form else kind.name
    raise DataError(
        f"column {cells.name!r}, record {record}: {value!r} is not of the wanted kind {wanted}. "
        "Choose another kind for the column, or clean its values."
    )


def _without_marks(values: pa.Array, marks: Sequence[str]) -> pa.Array:
    """Numbers without those that the user calls missing, such as -999."""
    if not marks or not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return values
    numbers = read_decimals(pa.array(marks, pa.string()), ".").drop_null()
    is_marked = pc.is_in(pc.cast(values, pa.float64(), safe=False), value_set=numbers)
    return pc.if_else(is_marked, pa.scalar(None, values.type), values)


def _kept(learnt: Learnt, stored_as: str) -> Learnt:
    """`learnt` with the type that the caller had, where it is another one and can hold what is made."""
    if learnt.column.traits.makes_texts(learnt.column) and stored_as not in _TEXTS:
        return learnt
    if learnt.column.stored_as or stored_as == learnt.column.type:
        return learnt
    return replace(learnt, column=replace(learnt.column, stored_as=stored_as))
