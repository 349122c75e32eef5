"""Dates and points in time: how text files spell them is found, read, and spelt alike.

Formats are those of `date_codes.py`; `date_formats.py` finds them.

An offset from UTC (2024-07-01T10:00:00+02:00) that is the same in every cell is a part of the format. Where
it changes, as with summer time, the values are learnt in UTC, and written with the offsets of a time zone
that explains all of them; where none does, as UTC. In a format %z spells +0200 and %:z spells +02:00; a Z
among such cells is read as +00:00.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar, Final, Literal, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Mask, Numbers, matches, without
from gansmith.tabular.columns.base import Attempt, Cells
from gansmith.tabular.columns.date_codes import (
    STEPS_SECONDS,
    granularity_seconds,
    has_clock,
    iso_clock,
    read_times,
    spell_times,
)
from gansmith.tabular.columns.date_formats import find_compact, find_format, nearest_format
from gansmith.tabular.columns.hours import Clock
from gansmith.tabular.columns.identifiers import is_id_name
from gansmith.tabular.columns.measures import AbstractMeasure
from gansmith.tabular.schema import Column

_OFFSET: Final = r"(?P<gap> ?)(?P<sign>[+-])(?P<hours>[0-9]{2})(?P<colon>:?)(?P<minutes>[0-9]{2})$"
_ZONED_FORMAT: Final = re.compile(r"(.*?)( ?)%(:?)z")
_ZONES: Final = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Halifax", "America/Anchorage", "America/Sao_Paulo",
    "America/Santiago", "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "Asia/Jerusalem",
    "Europe/Moscow", "Africa/Cairo", "Asia/Tehran",
)  # fmt: skip
"""One zone of each rule of summer time that is common."""


def find_zoned(cells: pa.Array) -> tuple[str, str, str]:
    """Format, time zone and a remark, mostly empty; an empty format where not all cells have an offset.

    Args:
        cells: Distinct trimmed cells that are not missing, at least one.
    """
    has_offset = matches(cells, f"[0-9]{_OFFSET}")
    spelt = re.search(_OFFSET, str(cells[int(has_offset.argmax())]))
    if spelt is None:
        return "", "", ""
    cells = _without_zulu(cells, spelt["colon"], spelt["gap"])
    if not matches(cells, f"[0-9]{_OFFSET}").all():
        return "", "", ""
    local = pc.replace_substring_regex(cells, pattern=_OFFSET, replacement="")
    form, remark = find_format(local)
    if not has_clock(form):
        return "", "", ""
    form += f"{spelt['gap']}%{spelt['colon']}z"
    times = read_zoned(cells, form)
    if times.null_count:
        return "", "", ""
    telling = pa.array(has_offset)
    for zone in _ZONES:
        if spell_zoned(times, form, zone).filter(telling).equals(cells.filter(telling)):
            told = (
                "" if has_offset.all() else f"some of its times are of UTC (Z): all are written as of {zone}"
            )
            return form, zone, "; ".join(filter(None, (remark, told)))
    told = "its offsets follow no known time zone, so its times are written as UTC"
    return form, "UTC", "; ".join(filter(None, (remark, told)))


def read_zoned(cells: pa.Array, form: str) -> pa.Array:
    """Points in time in UTC, `timestamp[us]`; null where a cell is not so spelt."""
    found = _ZONED_FORMAT.fullmatch(form)
    if found is None:
        return read_times(cells, form)
    cells = _without_zulu(cells, found[3], found[2])
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


def _without_zulu(cells: pa.Array, colon: str, gap: str) -> pa.Array:
    """Cells in which the Z of UTC is spelt as an offset."""
    return pc.replace_substring_regex(cells, pattern="([0-9]) ?Z$", replacement=rf"\1{gap}+00{colon}00")


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
    if not form and wanted is None and (form := find_compact(cells.name, present)):
        remark = (
            f"its numbers are read as times in the format {form}; --column {cells.name}:integer keeps them"
        )
    if not form:
        form, remark = find_format(present, is_compact_allowed=wanted is not None)
    if wanted is None and "%j" in form and is_id_name(cells.name):
        form, remark = "", ""
    if not form and wanted is not DATE:
        form, zone, remark = find_zoned(present)
    kind = wanted or (DATETIME if has_clock(form) else DATE)
    if not form and wanted is not None:
        form, _ = nearest_format(present, is_clock_wanted=kind is DATETIME)
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
