"""The codes that formats of dates are made of: cells of a format read, and points in time spelt alike.

Codes are those of `strftime`, read and written by DuckDB, which is vectorised, knows English month names
whatever the machine's language, and spells days without a leading zero (`%-d`). Text files know more:

| code | what it spells |
|---|---|
| `%^b`, `%~b` | a name in capital or in small letters: MAR, mar (likewise %B, %a, %A) |
| `%e` | the day with a blank before it where it has one digit |
| `%o` | the ending of an ordinal: the st of 1st |
| `%7f` | so many digits of a second, 1 to 9; microseconds are the finest |
| `%.f`, `%,f` | point or comma and as many digits of a second as there are, or nothing |
| `%P`, `%.p`, `%.P` | pm, P.M., p.m. |
| `%1930y` | the last two digits of a year from 1930 to 2029; %y is one from 1969 to 2068 |
| `%V` without `%u` | the Monday of a week |
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import matches, without

CODE: Final = re.compile(r"%(?:[-^~.,]|[1-9](?=f)|[12][0-9]{3}(?=y))?[A-Za-z]")
_OWN: Final = re.compile(r"%(?:[\^~.,][A-Za-z]|[1-9]f|[12][0-9]{3}y|[eoP])")
_PATTERNS: Final = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}", "j": "[0-9]{1,3}",
    "H": "[0-9]{1,2}", "I": "[0-9]{1,2}", "M": "[0-9]{2}", "S": "[0-9]{2}", "g": "[0-9]{3}", "f": "[0-9]{6}",
    "p": "[AaPp][Mm]", "P": "[ap]m", "B": "[A-Za-z]{3,9}", "b": "[A-Za-z]{3}", "A": "[A-Za-z]{6,9}",
    "a": "[A-Za-z]{3}", "G": "[0-9]{4}", "V": "[0-9]{2}", "u": "[1-7]", "e": "(?: [1-9]|[123][0-9])",
    "o": "(?:st|nd|rd|th)", ".f": r"(?:\.[0-9]{1,9})?", ",f": "(?:,[0-9]{1,9})?", ".p": r"[AP]\.M\.",
    ".P": r"[ap]\.m\.",
}  # fmt: skip
_CLOCK_CODES: Final = ("%H", "%I", "%-H", "%-I")
_FINEST: Final = 6
"""Digits of a second that are kept."""


def has_clock(form: str) -> bool:
    """Whether a format holds a time of day, so that the column is of kind datetime."""
    return any(code in form for code in _CLOCK_CODES)


@cache
def signs_of(text: str) -> str:
    """What stands between the words and numbers of a cell or a format: most formats differ by that alone."""
    return re.sub("%-?[A-Za-z]|[A-Za-z0-9]", "", text)


@cache
def pattern_of(form: str) -> str:
    """The regular expression of a format's spellings, looser than the format: February has 30 days here."""
    return f"^{_pattern(form)}$"


def _pattern(form: str) -> str:
    parts = re.split(f"({CODE.pattern})", form)
    return "".join(re.escape(part) if place % 2 == 0 else _of(part) for place, part in enumerate(parts))


def _of(code: str) -> str:
    """The regular expression of one code; that of a code that is not known matches nothing but itself."""
    if digits := re.fullmatch("%([1-9])f", code):
        return f"[0-9]{{{digits[1]}}}"
    bare = code[-1] if re.fullmatch(r"%(?:[-^~]|[12][0-9]{3})[A-Za-z]", code) else code[1:]
    return _PATTERNS.get(bare, re.escape(code))


@cache
def compiled(form: str) -> re.Pattern[str]:
    """`pattern_of`, compiled: there are more formats than Python remembers."""
    return re.compile(pattern_of(form))


def read_times(cells: pa.Array, form: str) -> pa.Array:
    """Points in time, `timestamp[us]`; null where a cell is not so spelt."""
    kept, usual = _as_usual(without(cells, ~matches(cells, pattern_of(form))), form)
    return _query("try_strptime(cell, $1)", kept, usual, pa.timestamp("us"))


def spell_times(times: pa.Array, form: str) -> pa.Array:
    """Dates or timestamps as cells; null stays null. An empty format spells ISO 8601."""
    if not form:
        form = "%Y-%m-%d" if pa.types.is_date(times.type) else f"%Y-%m-%d {iso_clock(times)}"
    parts = [part for part in re.split(f"({_OWN.pattern})", form) if part]
    spelt = [_spell_own(times, part) if _OWN.fullmatch(part) else _strftime(times, part) for part in parts]
    return spelt[0] if len(spelt) == 1 else pc.binary_join_element_wise(*spelt, "")


def iso_clock(times: pa.Array) -> str:
    """How ISO 8601 spells the time of day of these, with a fraction of the second where one has any."""
    return "%H:%M:%S" if granularity_seconds(times) else "%H:%M:%S.%f"


STEPS_SECONDS: Final = (86400, 3600, 60, 1)


def granularity_seconds(times: pa.Array) -> int:
    """The greatest of a day, an hour, a minute and a second that all are multiples of; 0 when none is.

    Args:
        times: Points in time, or times of day and durations in microseconds.
    """
    present = pc.drop_null(times)
    if pa.types.is_date(times.type) or pa.types.is_timestamp(times.type):
        present = pc.cast(present, pa.timestamp("us"))
    ticks = np.asarray(pc.cast(present, pa.int64()), dtype=np.int64)
    return next((step for step in STEPS_SECONDS if len(ticks) and not (ticks % (step * 1_000_000)).any()), 0)


def _as_usual(cells: pa.Array, form: str) -> tuple[pa.Array, str]:
    """Cells and their format with codes that DuckDB knows alone."""
    is_week = "%V" in form and "%u" not in form
    if not _OWN.search(form) and not is_week:
        return cells, form
    parts = [part for part in re.split(f"({_OWN.pattern})", form) if part]
    groups = "".join(f"(?P<p{place}>{_pattern(part)})" for place, part in enumerate(parts))
    found = pc.extract_regex(cells, pattern=f"^{groups}$")
    texts: list[pa.Array] = []
    codes: list[str] = []
    for place, part in enumerate(parts):
        text, code = found.field(f"p{place}"), part
        if _OWN.fullmatch(part):
            text, code = _usual_part(text, part)
        texts.append(text)
        codes.append(code)
    if is_week:
        texts, codes = [*texts, pc.if_else(pc.is_valid(cells), "-1", None)], [*codes, "-%u"]
    joined = pc.binary_join_element_wise(*texts, "") if len(texts) > 1 else texts[0]
    return pc.if_else(pc.is_valid(cells), joined, None), "".join(codes)


def _usual_part(text: pa.Array, code: str) -> tuple[pa.Array, str]:
    """The part of cells that is spelt by a code of ours, and a usual code that reads it once changed."""
    last = code[-1]
    if last == "f":
        sign = code[1] if code[1] in ".," else ""
        digits = pc.utf8_slice_codeunits(text, len(sign), _FINEST + len(sign))
        digits = pc.utf8_rpad(digits, width=_FINEST, padding="0")
        return pc.binary_join_element_wise(sign, digits, ""), f"{sign}%f"
    if last == "y":
        start = int(code[1:5])
        is_early = pc.greater_equal(text, f"{start % 100:02}")
        century = pc.if_else(is_early, f"{start // 100:02}", f"{start // 100 + 1:02}")
        return pc.binary_join_element_wise(century, text, ""), "%Y"
    if last in "pP":
        return pc.utf8_upper(pc.replace_substring(text, ".", "")), "%p"
    if last == "o":
        return pc.utf8_slice_codeunits(text, 0, 0), ""
    if last == "e":
        return pc.utf8_ltrim_whitespace(text), "%d"
    return text, f"%{last}"


def _spell_own(times: pa.Array, code: str) -> pa.Array:
    """Points in time by one code of ours."""
    last = code[-1]
    if last == "f":
        digits = _strftime(times, "%f")
        if code[1] in ".,":
            trimmed = pc.utf8_rtrim(digits, characters="0")
            return pc.if_else(pc.equal(trimmed, ""), "", pc.binary_join_element_wise(code[1], trimmed, ""))
        n_digits = int(code[1])
        cut = pc.utf8_slice_codeunits(digits, 0, min(n_digits, _FINEST))
        return pc.utf8_rpad(cut, width=n_digits, padding="0")
    if last in "pP":
        text = _strftime(times, "%p")
        text = pc.replace_substring(text, "M", ".M.") if "." in code else text
        return pc.utf8_lower(text) if last == "P" else text
    if last == "o":
        return _ordinals(_strftime(times, "%-d"))
    if last == "e":
        return pc.utf8_lpad(_strftime(times, "%-d"), width=2, padding=" ")
    text = _strftime(times, f"%{last}")
    return pc.utf8_upper(text) if "^" in code else pc.utf8_lower(text) if "~" in code else text


def _ordinals(days: pa.Array) -> pa.Array:
    """st, nd, rd or th after a day of the month."""
    is_teen = pc.match_substring_regex(days, "^1[0-9]$")
    found = pc.if_else(pc.is_valid(days), "th", None)
    for digit, ending in (("1", "st"), ("2", "nd"), ("3", "rd")):
        is_it = pc.and_(pc.ends_with(days, digit), pc.invert(is_teen))
        found = pc.if_else(is_it, ending, found)
    return found


@cache
def _database() -> Any:
    """One database for all questions, as opening one takes longer than answering; each has its own cursor."""
    return duckdb.connect(":memory:")


def _strftime(times: pa.Array, form: str) -> pa.Array:
    return _query("strftime(cell, $1)", times, form, pa.string())


def _query(expression: str, array: pa.Array, form: str, wanted: pa.DataType) -> pa.Array:
    query = f"SELECT {expression} AS out FROM cells"
    with _database().cursor() as connection:
        connection.register("cells", pa.table({"cell": array}))
        table: pa.Table = connection.sql(query, params=[form]).to_arrow_table()
    return pc.cast(table.column("out").combine_chunks(), wanted)
