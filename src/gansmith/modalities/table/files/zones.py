"""Points in time with an offset from UTC: 2024-07-01T10:00:00+02:00.

An offset that is the same in every cell is a part of the format (see `dates.py`). Where it changes, as with
summer time, the values are learnt in UTC, and written with the offsets of a time zone that explains all of
them; where none does, as UTC. In a format %z spells +0200 and %:z spells +02:00.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.modalities.table.files import dates
from gansmith.modalities.table.files.spelling import matches

_OFFSET: Final = r"(?P<gap> ?)(?P<sign>[+-])(?P<hours>[0-9]{2})(?P<colon>:?)(?P<minutes>[0-9]{2})$"
_FORMAT: Final = re.compile(r"(.*?)( ?)%(:?)z")
_ZONES: Final = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "America/Chicago",
    "America/Denver",
    "America/Los_Angeles", "America/Halifax", "America/Anchorage", "America/Sao_Paulo", "America/Santiago",
    "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "Asia/Jerusalem", "Europe/Moscow",
    "Africa/Cairo", "Asia/Tehran",
)  # fmt: skip
"""One zone of each rule of summer time that is common."""


def has_offset(form: str) -> bool:
    """Whether a format spells an offset that changes from cell to cell."""
    return _FORMAT.fullmatch(form) is not None


def find_zoned(cells: pa.Array) -> tuple[str, str, str]:
    """Format, time zone and a remark, mostly empty; an empty format where not all cells have an offset.

    Args:
        cells: Distinct trimmed cells that are not missing, at least one.
    """
    if not matches(cells, f"[0-9]{_OFFSET}").all():
        return "", "", ""
    local = pc.replace_substring_regex(cells, pattern=_OFFSET, replacement="")
    form, remark = dates.find_format(local)
    if not dates.has_clock(form):
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
    found = _FORMAT.fullmatch(form)
    if found is None:
        return dates.read_times(cells, form)
    offset = _OFFSET.replace("(?P<gap> ?)", f"(?P<gap>{found[2]})").replace("<colon>:?", f"<colon>{found[3]}")
    fits = pa.array(matches(cells, f"[0-9]{offset}"))
    kept = pc.if_else(fits, cells, None)
    times = dates.read_times(pc.replace_substring_regex(kept, pattern=offset, replacement=""), found[1])
    parts = pc.extract_regex(kept, pattern=f"[0-9]{offset}")
    hours, minutes = (pc.if_else(fits, parts.field(part), "0") for part in ("hours", "minutes"))
    seconds = np.asarray(pc.cast(hours, pa.int64())) * 3600 + np.asarray(pc.cast(minutes, pa.int64())) * 60
    is_west = pc.fill_null(pc.equal(parts.field("sign"), "-"), False)
    shift = pc.if_else(is_west, pa.array(seconds), pa.array(-seconds))
    return pc.add(times, pc.cast(pc.multiply(shift, 1_000_000), pa.duration("us")))


def spell_zoned(times: pa.Array, form: str, zone: str) -> pa.Array:
    """Points in time in UTC as cells of a time zone; null stays null. An empty format spells ISO 8601."""
    form = form or ("%Y-%m-%d %H:%M:%S%:z" if dates.granularity_seconds(times) else "%Y-%m-%d %H:%M:%S.%f%:z")
    moments = pc.cast(times, pa.timestamp("us"))
    local = pc.local_timestamp(pc.cast(moments, pa.timestamp("us", zone)))
    found = _FORMAT.fullmatch(form)
    if found is None:
        return dates.spell_times(local, form)
    ticks = pc.subtract(pc.cast(local, pa.int64()), pc.cast(moments, pa.int64()))
    minutes = np.asarray(pc.fill_null(ticks, 0)) // 60_000_000
    sign = pc.if_else(pa.array(minutes < 0), "-", "+")
    hours, rest = (
        pc.utf8_lpad(pc.cast(pa.array(part), pa.string()), width=2, padding="0")
        for part in np.divmod(np.abs(minutes), 60)
    )
    cells = dates.spell_times(local, found[1])
    return pc.binary_join_element_wise(cells, found[2], sign, hours, found[3], rest, "")
