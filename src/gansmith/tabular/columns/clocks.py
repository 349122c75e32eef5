"""Times of day and durations: finding how text files spell them, reading that, and spelling values alike.

A time of day is spelt by a format of `strftime` (and %P for am and pm in small letters). A duration has
codes of its own: %D days, %H hours, %M minutes, %S seconds, %g milliseconds, %f microseconds, with two digits
unless a hyphen says otherwise (%-H); its first code may be as large as it likes. "ISO 8601" spells PT1H30M.

Either is only found where spelling the values gives every cell back, letter for letter.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import are_missing, mask_of, matches, strings, without
from gansmith.tabular.columns.base import Attempt, Cells
from gansmith.tabular.columns.date_codes import (
    granularity_seconds,
    iso_clock,
    read_times,
    signs_of,
    spell_times,
)
from gansmith.tabular.columns.dates import AbstractTicking
from gansmith.tabular.columns.hours import Clock
from gansmith.tabular.schema import Column

_TIMES: Final = (
    "%H:%M", "%H:%M:%S", "%-H:%M", "%-H:%M:%S", "%H:%M:%S.%g", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p",
    "%-I:%M %p", "%-I:%M:%S %p", "%I:%M%p", "%-I:%M%p", "%-I %p", "%-I%p", "%I:%M %P", "%-I:%M %P", "%I:%M%P",
    "%-I:%M%P", "%-I %P", "%-I%P", "%Hh%M", "%-Hh%M", "%H.%M.%S",
)  # fmt: skip
_DURATIONS: Final = (
    "%H:%M:%S", "%-H:%M:%S", "%H:%M:%S.%g", "%-H:%M:%S.%g", "%H:%M:%S.%f", "%-H:%M:%S.%f", "%M:%S", "%-M:%S",
    "%M:%S.%g", "%-M:%S.%g", "%H:%M", "%-H:%M", "%-Hh %-Mm", "%-Hh %Mm", "%-Hh%-Mm", "%-Hh%Mm", "%-Hh%M",
    "%-Hh %-Mm %-Ss", "%-Hh%-Mm%-Ss", "%-Mm %-Ss", "%-Mm%-Ss", "%-Mm %Ss", "%-Mm%Ss", "%-H h %-M min",
    "%-H h %M min", "%-H hours %-M minutes", "%-H hrs %-M mins", "%-Dd %-Hh", "%-Dd %-Hh %-Mm",
    "%-D days %H:%M:%S", "%-D days %H:%M:%S.%f", "%-D days, %-H:%M:%S", "%-D day, %-H:%M:%S",
)  # fmt: skip
ISO: Final = "ISO 8601"
_ISO: Final = (
    r"^(?P<sign>-?)P(?:(?P<D>[0-9]{1,7})D)?"
    r"(?:T(?:(?P<H>[0-9]{1,9})H)?(?:(?P<M>[0-9]{1,9})M)?(?:(?P<S>[0-9]{1,9})(?:\.(?P<f>[0-9]{1,6}))?S)?)?$"
)
_DURATION_WORDS: Final = re.compile(
    r"(?i)dur|length|elapsed|runtime|run_time|lap|split|took|time_?taken|delay|wait"
)
_TIME_PATTERNS: Final = {
    "%H": "[0-2][0-9]", "%-H": "(?:1?[0-9]|2[0-3])", "%I": "[01][0-9]", "%-I": "1?[0-9]", "%M": "[0-5][0-9]",
    "%S": "[0-5][0-9]", "%g": "[0-9]{3}", "%f": "[0-9]{6}", "%p": "[AP]M", "%P": "[ap]m",
}  # fmt: skip
_UNITS: Final = {
    "D": 86_400_000_000, "H": 3_600_000_000, "M": 60_000_000, "S": 1_000_000, "g": 1_000, "f": 1,
}  # fmt: skip
_DAY: Final = "1970-01-01 "
_SAMPLE: Final = 50


def find_clock(name: str, cells: pa.Array) -> tuple[str, str, str]:
    """Kind ("time", "duration" or none), format and a remark for the user, mostly empty.

    Args:
        name: The column's name, which decides where 03:45 might be a time of day or a duration.
        cells: Distinct trimmed cells that are not missing, at least one.
    """
    sample = strings(cells.slice(0, _SAMPLE))
    is_duration_name = _DURATION_WORDS.search(name) is not None
    for kind in ("duration", "time") if is_duration_name else ("time", "duration"):
        forms = _TIMES if kind == "time" else (*_DURATIONS, ISO)
        first = sample[0].removeprefix("-")
        alike = [
            form for form in forms if signs_of(form) == signs_of(first) or (form == ISO and first[:1] == "P")
        ]
        likely = [form for form in alike if all(_look(form, kind).search(cell) for cell in sample)]
        reader, speller = (read_clock, spell_clock) if kind == "time" else (read_duration, spell_duration)
        fitting = [form for form in likely if speller(reader(cells, form), form).equals(cells)]
        if fitting:
            same = [form for form in ("%M:%S", "%-M:%S", "%H:%M", "%-H:%M") if form in fitting]
            remark = ""
            if kind == "duration" and len(same) > 1:
                remark = f"read as {same[0]} (minutes and seconds), though {same[-1]} would do too"
            return kind, fitting[0], remark
    return "", "", ""


def read_clock(cells: pa.Array, form: str) -> pa.Array:
    """Times of day, `time64[us]`; null where a cell is not so spelt."""
    bare = form.replace("%-", "%").replace("%P", "%p")
    dated = pc.binary_join_element_wise(_DAY, cells, "")
    return pc.cast(read_times(dated, f"%Y-%m-%d {bare}"), pa.time64("us"))


def spell_clock(values: pa.Array, form: str) -> pa.Array:
    """Times of day as cells; null stays null. An empty format spells ISO 8601."""
    ticks = pc.cast(pc.cast(values, pa.time64("us")), pa.int64())
    form = form or iso_clock(values)
    cells = spell_times(pc.cast(ticks, pa.timestamp("us")), form.replace("%P", "%p"))
    return pc.utf8_lower(cells) if "%P" in form else cells


@cache
def _look(form: str, kind: str) -> re.Pattern[str]:
    """The regular expression of a format."""
    if kind == "duration":
        return re.compile(_pattern(form))
    parts = re.split("(%-?[A-Za-z])", form)
    return re.compile("^" + "".join(_TIME_PATTERNS.get(part, re.escape(part)) for part in parts) + "$")


@cache
def _pattern(form: str) -> str:
    """The regular expression of a duration's format; groups are called after the codes."""
    if form == ISO:
        return _ISO
    parts = re.split(r"(%-?[DHMSgf])", form)
    found = [r"^(?P<sign>-?)"]
    is_first = True
    for part in parts:
        if not re.fullmatch(r"%-?[DHMSgf]", part):
            found.append(re.escape(part))
            continue
        width = {"g": "{3}", "f": "{6}"}.get(part[-1], "{1,2}" if "-" in part else "{2}")
        if is_first:
            width = "{1,9}" if "-" in part else "{2,9}"
        found.append(f"(?P<{part[-1]}>[0-9]{width})")
        is_first = False
    return "".join(found) + "$"


def read_duration(cells: pa.Array, form: str) -> pa.Array:
    """Durations, `duration[us]`; null where a cell is not so spelt."""
    pattern = _pattern(form or "%H:%M:%S")
    fits = matches(cells, pattern)
    parts = pc.extract_regex(without(cells, ~fits), pattern=pattern)
    ticks = np.zeros(len(cells), np.int64)
    for code, unit in _UNITS.items():
        if f"(?P<{code}>" in pattern:
            digits = pc.fill_null(parts.field(code), "")
            if form == ISO and code == "f":
                digits = pc.utf8_rpad(digits, width=6, padding="0")
            numbers = pc.cast(pc.if_else(pc.equal(digits, ""), "0", digits), pa.int64())
            ticks += np.asarray(numbers) * unit
    is_negative = mask_of(pc.equal(parts.field("sign"), "-"))
    return pa.array(np.where(is_negative, -ticks, ticks), mask=~fits).cast(pa.duration("us"))


def spell_duration(values: pa.Array, form: str) -> pa.Array:
    """Durations as cells; null stays null. An empty format spells hours, minutes and seconds."""
    missing = are_missing(values)
    ticks = np.asarray(pc.fill_null(pc.cast(pc.cast(values, pa.duration("us")), pa.int64()), 0))
    form = form or iso_clock(values)
    if form == ISO:
        return pa.array([_iso(int(tick)) for tick in ticks], pa.string(), mask=missing)
    rest = np.abs(ticks)
    codes = re.findall(r"%-?[DHMSgf]", form)
    digits: dict[str, pa.Array] = {}
    for code in sorted(codes, key=lambda code: -_UNITS[code[-1]]):
        numbers, rest = np.divmod(rest, _UNITS[code[-1]])
        width = {"g": 3, "f": 6}.get(code[-1], 1 if "-" in code else 2)
        digits[code] = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width=width, padding="0")
    parts = [digits.get(part, part) for part in re.split(r"(%-?[DHMSgf])", form) if part]
    sign = pc.if_else(pa.array(ticks < 0), "-", "")
    return without(pc.binary_join_element_wise(sign, *parts, ""), missing)


def _iso(ticks: int) -> str:
    rest, tail = divmod(abs(ticks), 1_000_000)
    minutes, seconds = divmod(rest, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f".{tail:06d}".rstrip("0") if tail else ""
    units = ((hours, "H"), (minutes, "M"), (f"{seconds}{fraction}" if seconds or tail else "", "S"))
    clock = "".join(f"{number}{unit}" for number, unit in units if number)
    text = "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if ticks < 0 else "") + (text if text != "P" else "PT0S")


@final
class Time(AbstractTicking):
    """Times of day."""

    name: ClassVar[str] = "time"
    types: ClassVar[tuple[str, ...]] = ("time64[us]",)
    sdtypes: ClassVar[tuple[str, ...]] = ("datetime",)
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("time", "duration", "category")
    limit: ClassVar[float] = 86_400 - 1e-6

    def clock(self, column: Column) -> Clock:
        return Clock("hours of the day", 1.0, self.step(column) / 1e6)

    def find(self, cells: Cells) -> Attempt | None:
        """Times of day or durations."""
        return _read(cells).fitting

    def read(self, cells: Cells) -> Attempt:
        return _read(cells)

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return read_clock(cells, column.format or "%H:%M:%S")

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        return spell_clock(values, column.format)


@final
class Duration(AbstractTicking):
    """How long something takes."""

    name: ClassVar[str] = "duration"
    types: ClassVar[tuple[str, ...]] = ("duration[us]",)
    sdtypes: ClassVar[tuple[str, ...]] = ("unknown", "numerical")
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("duration", "category")
    limit: ClassVar[float] = 2.0**63 / 1e6 - 1

    def read(self, cells: Cells) -> Attempt:
        return _read(cells)

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return read_duration(cells, column.format)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        return spell_duration(values, column.format)


TIME: Final = Time()
DURATION: Final = Duration()


def _read(cells: Cells) -> Attempt:
    """Times of day and durations, or as somebody says that they are."""
    missing, wish = cells.missing_values, cells.wish
    present = cells.present(missing)
    if wish.column is not None:
        kind, form, remark = wish.column.kind, wish.column.format, ""
    else:
        hint = "duration" if wish.kind is DURATION else cells.name
        kind, form, remark = find_clock(hint, present) if len(present) else ("", "", "")
    wanted = DURATION if DURATION.name in (kind, wish.kind and wish.kind.name) else TIME
    column = Column(cells.name, wanted.name, format=form)
    if not kind or (wish.kind is not None and wish.kind.name != kind):
        return Attempt(column, pa.nulls(len(missing), column.arrow_type), missing)
    values = wanted.parse(without(cells.trimmed, missing), column)
    return Attempt(replace(column, granularity_seconds=granularity_seconds(values)), values, missing, remark)
