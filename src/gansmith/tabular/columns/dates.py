"""Dates and points in time: finding how text files spell them, reading that, and spelling values alike.

Formats are those of `strftime`, read and written by DuckDB, which is vectorised, knows English month names
whatever the machine's language, and spells days without a leading zero (`%-d`).

An offset from UTC (2024-07-01T10:00:00+02:00) that is the same in every cell is a part of the format. Where
it changes, as with summer time, the values are learnt in UTC, and written with the offsets of a time zone
that explains all of them; where none does, as UTC. In a format %z spells +0200 and %:z spells +02:00.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, ClassVar, Final, Literal, final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Mask, Numbers, mask_of, matches, strings, without
from gansmith.tabular.columns.base import Attempt, Cells
from gansmith.tabular.columns.hours import Clock
from gansmith.tabular.columns.measures import AbstractMeasure
from gansmith.tabular.schema import Column

# Day before month where both can be read; `find_format` decides by the data.
_DATES: Final = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%B %d, %Y",
    "%b %d, %Y", "%B %d %Y", "%b %d %Y", "%A, %B %d, %Y", "%a, %d %b %Y",
)  # fmt: skip
_MONTHS: Final = ("%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%m/%Y")
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%g", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_COMPACT: Final = ("%Y%m%d",)

_PATTERNS: Final = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}", "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}", "%g": "[0-9]{3}", "%f": "[0-9]{6}",
    "%p": "[AaPp][Mm]", "%B": "[A-Za-z]{3,9}", "%b": "[A-Za-z]{3}", "%A": "[A-Za-z]{6,9}",
    "%a": "[A-Za-z]{3}",
}  # fmt: skip
_CLOCK_CODES: Final = ("%H", "%I", "%-H", "%-I")
_UNPADDED: Final = {"%d": "%-d", "%m": "%-m", "%H": "%-H", "%I": "%-I"}
_ZONE: Final = re.compile(r"(?<=[0-9])( ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))$")
_SAMPLE: Final = 50
_OFFSET: Final = r"(?P<gap> ?)(?P<sign>[+-])(?P<hours>[0-9]{2})(?P<colon>:?)(?P<minutes>[0-9]{2})$"
_ZONED_FORMAT: Final = re.compile(r"(.*?)( ?)%(:?)z")
_ZONES: Final = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Halifax", "America/Anchorage", "America/Sao_Paulo",
    "America/Santiago", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "Asia/Jerusalem",
    "Europe/Moscow", "Africa/Cairo", "Asia/Tehran",
)  # fmt: skip
"""One zone of each rule of summer time that is common."""
STEPS_SECONDS: Final = (86400, 3600, 60, 1)


def has_clock(form: str) -> bool:
    """Whether a format holds a time of day, so that the column is of kind datetime."""
    return any(code in form for code in _CLOCK_CODES)


def find_format(cells: pa.Array, *, is_compact_allowed: bool = False) -> tuple[str, str]:
    """The format that reads every cell, and a remark when another would too.

    Args:
        cells: Distinct trimmed cells that are not missing, at least one.
        is_compact_allowed: Whether 20210925 is a date rather than a number.

    Returns:
        The format, empty when no format reads all cells, and a remark for the user, mostly empty.
    """
    sample = strings(cells.slice(0, _SAMPLE))
    if not sample or not any(character.isdigit() for character in sample[0]):
        return "", ""
    zone = _ZONE.search(sample[0])
    suffix = zone.group(1) if zone else ""
    dates = (*_DATES, *_MONTHS, *(_COMPACT if is_compact_allowed else ()))
    moments = tuple(f"{day}{gap}{clock}{suffix}" for day, gap, clock in product(_DATES, " T", _CLOCKS))
    alike = [form for form in (*dates, *moments) if signs_of(form) == signs_of(sample[0])]
    likely = [form for form in alike if all(_compiled(form).search(cell) for cell in sample)]
    readable = {form: values for form in likely if (values := read_times(cells, form)).null_count == 0}
    if not readable:
        return "", ""
    # The wrong order of day and month scatters the dates over the years.
    best = min(readable, key=lambda form: _span(readable[form]))
    others = [form for form in readable if form != best and not readable[form].equals(readable[best])]
    remark = f"read as {best}, though {others[0]} would do too" if others else ""
    return _as_padded(cells, readable[best], best), remark


def nearest_format(cells: pa.Array, *, is_clock_wanted: bool) -> str:
    """The format that reads most cells, to name in an error one that it does not; ISO 8601 when none does."""
    clock = " %H:%M:%S" if is_clock_wanted else ""
    counts = {f"{day}{clock}": int(matches(cells, _pattern(f"{day}{clock}")).sum()) for day in _DATES}
    return max(counts, key=lambda form: counts[form])


@cache
def signs_of(text: str) -> str:
    """What stands between the words and numbers of a cell or a format: most formats differ by that alone."""
    return re.sub("%-?[A-Za-z]|[A-Za-z0-9]", "", text)


@cache
def _pattern(form: str) -> str:
    """The regular expression of a format's spellings, looser than the format: February has 30 days here."""
    parts = re.split(r"(%-?[A-Za-z])", form)
    return "^" + "".join(_PATTERNS.get(part.replace("-", ""), re.escape(part)) for part in parts) + "$"


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """The same, compiled: there are more formats than Python remembers."""
    return re.compile(_pattern(form))


def _span(times: pa.Array) -> int:
    ends = pc.min_max(pc.cast(times, pa.int64())).as_py()
    return int(ends["max"]) - int(ends["min"])


def _as_padded(cells: pa.Array, times: pa.Array, form: str) -> str:
    """`form` with the leading zeros of days, months and hours that the cells have."""
    if spell_times(times, form).equals(cells):
        return form
    variants = [form]
    for code, bare in _UNPADDED.items():
        variants += [variant.replace(code, bare) for variant in variants if code in variant]
    same = [int(mask_of(pc.equal(spell_times(times, variant), cells)).sum()) for variant in variants]
    return variants[int(np.argmax(same))]


def read_times(cells: pa.Array, form: str) -> pa.Array:
    """Points in time, `timestamp[us]`; null where a cell is not so spelt."""
    kept = without(cells, ~matches(cells, _pattern(form)))
    return _query("try_strptime(cell, $1)", kept, form, pa.timestamp("us"))


def spell_times(times: pa.Array, form: str) -> pa.Array:
    """Dates or timestamps as cells; null stays null. An empty format spells ISO 8601."""
    if not form:
        form = "%Y-%m-%d" if pa.types.is_date(times.type) else f"%Y-%m-%d {iso_clock(times)}"
    return _query("strftime(cell, $1)", times, form, pa.string())


def iso_clock(times: pa.Array) -> str:
    """How ISO 8601 spells the time of day of these, with a fraction of the second where one has any."""
    return "%H:%M:%S" if granularity_seconds(times) else "%H:%M:%S.%f"


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


def find_zoned(cells: pa.Array) -> tuple[str, str, str]:
    """Format, time zone and a remark, mostly empty; an empty format where not all cells have an offset.

    Args:
        cells: Distinct trimmed cells that are not missing, at least one.
    """
    if not matches(cells, f"[0-9]{_OFFSET}").all():
        return "", "", ""
    local = pc.replace_substring_regex(cells, pattern=_OFFSET, replacement="")
    form, remark = find_format(local)
    if not has_clock(form):
        return "", "", ""
    first = re.search(_OFFSET, str(cells[0]))
    form += f"{first['gap']}%{first['colon']}z" if first else ""
    times = read_zoned(cells, form)
    if times.null_count:
        return "", "", ""
    for zone in _ZONES:
        if spell_zoned(times, form, zone).equals(cells):
            return form, zone, remark
    told = "its offsets follow no known time zone, so its times are written as UTC"
    return form, "UTC", f"{remark}; {told}" if remark else told


def read_zoned(cells: pa.Array, form: str) -> pa.Array:
    """Points in time in UTC, `timestamp[us]`; null where a cell is not so spelt."""
    found = _ZONED_FORMAT.fullmatch(form)
    if found is None:
        return read_times(cells, form)
    offset = _OFFSET.replace("(?P<gap> ?)", f"(?P<gap>{found[2]})").replace("<colon>:?", f"<colon>{found[3]}")
    fits = pa.array(matches(cells, f"[0-9]{offset}"))
    kept = pc.if_else(fits, cells, None)
    times = read_times(pc.replace_substring_regex(kept, pattern=offset, replacement=""), found[1])
    parts = pc.extract_regex(kept, pattern=f"[0-9]{offset}")
    hours, minutes = (pc.if_else(fits, parts.field(part), "0") for part in ("hours", "minutes"))
    seconds = np.asarray(pc.cast(hours, pa.int64())) * 3600 + np.asarray(pc.cast(minutes, pa.int64())) * 60
    is_west = pc.fill_null(pc.equal(parts.field("sign"), "-"), False)
    shift = pc.if_else(is_west, pa.array(seconds), pa.array(-seconds))
    return pc.add(times, pc.cast(pc.multiply(shift, 1_000_000), pa.duration("us")))


def spell_zoned(times: pa.Array, form: str, zone: str) -> pa.Array:
    """Points in time in UTC as cells of a time zone; null stays null. An empty format spells ISO 8601."""
    form = form or f"%Y-%m-%d {iso_clock(times)}%:z"
    moments = pc.cast(times, pa.timestamp("us"))
    local = pc.local_timestamp(pc.cast(moments, pa.timestamp("us", zone)))
    found = _ZONED_FORMAT.fullmatch(form)
    if found is None:
        return spell_times(local, form)
    ticks = pc.subtract(pc.cast(local, pa.int64()), pc.cast(moments, pa.int64()))
    minutes = np.asarray(pc.fill_null(ticks, 0)) // 60_000_000
    sign = pc.if_else(pa.array(minutes < 0), "-", "+")
    hours, rest = (
        pc.utf8_lpad(pc.cast(pa.array(part), pa.string()), width=2, padding="0")
        for part in np.divmod(np.abs(minutes), 60)
    )
    cells = spell_times(local, found[1])
    return pc.binary_join_element_wise(cells, found[2], sign, hours, found[3], rest, "")


@cache
def _database() -> Any:
    """One database for all questions, as opening one takes longer than answering; each has its own cursor."""
    return duckdb.connect(":memory:")


def _query(expression: str, array: pa.Array, form: str, wanted: pa.DataType) -> pa.Array:
    query = f"SELECT {expression} AS out FROM cells"
    with _database().cursor() as connection:
        connection.register("cells", pa.table({"cell": array}))
        table: pa.Table = connection.sql(query, params=[form]).to_arrow_table()
    return pc.cast(table.column("out").combine_chunks(), wanted)


@final
class Date(AbstractMeasure):
    """Days."""

    name: ClassVar[str] = "date"
    types: ClassVar[tuple[str, ...]] = ("date32[day]",)
    sdtypes: ClassVar[tuple[str, ...]] = ("datetime",)
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("date", "datetime", "category")
    is_exact: ClassVar[bool] = True
    is_deciding: ClassVar[bool] = True
    is_time: ClassVar[bool] = True
    is_whole: ClassVar[bool] = True
    ticks: ClassVar[float] = 86_400e6
    scale: ClassVar[Literal["days", "seconds"] | None] = "days"
    limit: ClassVar[float] = 2.0**31 - 1

    def clock(self, column: Column) -> Clock:
        return Clock("days of the week", 86_400.0, 86_400.0)

    def find(self, cells: Cells) -> Attempt | None:
        """Dates with or without a time of day."""
        return _read(cells).fitting

    def read(self, cells: Cells) -> Attempt:
        return _read(cells)

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return _parse(cells, column)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        return spell_times(values, column.format)

    def from_units(self, numbers: Numbers, missing: Mask, column: Column) -> pa.Array:
        days = np.clip(np.rint(numbers), -(2**31), 2**31 - 1)
        return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())


class AbstractTicking(AbstractMeasure):
    """A kind whose values are counted in microseconds."""

    is_whole: ClassVar[bool] = True
    n_per_score: ClassVar[float] = 1e6

    @final
    def of_type(self, name: str, values: pa.Array) -> tuple[Column, pa.Array]:
        return Column(name, self.name, granularity_seconds=granularity_seconds(values)), values

    @final
    def step(self, column: Column) -> float:
        return column.granularity_seconds * 1e6 or 1.0

    @final
    def from_units(self, numbers: Numbers, missing: Mask, column: Column) -> pa.Array:
        step, limit = self.step(column), np.nextafter(2.0**63, 0)
        ticks = np.clip(np.rint(numbers / step) * step, -limit, limit).astype(np.int64)
        return pa.array(ticks, mask=missing).cast(column.arrow_type)


@final
class Datetime(AbstractTicking):
    """Points in time."""

    name: ClassVar[str] = "datetime"
    types: ClassVar[tuple[str, ...]] = ("timestamp[us]",)
    sdtypes: ClassVar[tuple[str, ...]] = ("datetime",)
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("datetime", "category")
    is_exact: ClassVar[bool] = True
    is_time: ClassVar[bool] = True
    scale: ClassVar[Literal["days", "seconds"] | None] = "seconds"
    limit: ClassVar[float] = 2.0**63 / 1e6 - 1

    def clock(self, column: Column) -> Clock:
        is_day = column.granularity_seconds == STEPS_SECONDS[0]
        return Clock("days of the week" if is_day else "hours of the week", 1.0, self.step(column) / 1e6)

    def read(self, cells: Cells) -> Attempt:
        return _read(cells)

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return _parse(cells, column)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        if column.zone:
            return spell_zoned(values, column.format, column.zone)
        return spell_times(values, column.format)


DATE: Final = Date()
DATETIME: Final = Datetime()


def _read(cells: Cells) -> Attempt:
    """Dates, with or without a time of day, or as somebody says that they are."""
    missing, given = cells.missing_values, cells.wish.given
    wanted = cells.wish.kind if isinstance(cells.wish.kind, Date | Datetime) else None
    present = cells.present(missing)
    form, zone, remark = given.format, given.zone, ""
    if not form:
        form, remark = find_format(present, is_compact_allowed=wanted is not None)
    if not form and wanted is not DATE:
        form, zone, remark = find_zoned(present)
    kind = wanted or (DATETIME if has_clock(form) else DATE)
    if not form and wanted is not None:
        form = nearest_format(present, is_clock_wanted=kind is DATETIME)
    column = Column(cells.name, kind.name, format=form, zone=zone if kind is DATETIME else "")
    if not form:
        return Attempt(column, pa.nulls(len(missing), column.arrow_type), missing)
    times = read_zoned(without(cells.trimmed, missing), form)
    if kind is DATETIME:
        column = replace(column, granularity_seconds=granularity_seconds(times))
    return Attempt(column, pc.cast(times, column.arrow_type, safe=False), missing, remark)


def _parse(cells: pa.Array, column: Column) -> pa.Array:
    times = read_zoned(cells, column.format) if column.format else pc.cast(cells, column.arrow_type)
    return pc.cast(times, column.arrow_type, safe=False)
