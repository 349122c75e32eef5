"""Columns that follow from dates and moments, found in the data: their parts, and the time between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.tabular.cells import Mask, Numbers, are_missing, cells_of, codes_of, floats_of, mask_of
from gansmith.tabular.columns.measures import step_of, units
from gansmith.tabular.constraints.calendar import (
    DAY,
    UNITS,
    Elapsed,
    MomentPart,
    Part,
    Rounding,
    Ticks,
    Unit,
    elapsed,
    part_of,
    rounded,
    spelt,
    ticks_of,
)
from gansmith.tabular.constraints.derived import RELATIVE, held
from gansmith.tabular.constraints.view import View
from gansmith.tabular.schema import Column

MAX_SOURCES: Final = 16
"""Dates and moments that are looked at."""
N_FEW: Final = 100
"""Records of a first look."""
MIN_KNOWN: Final = 20
"""Those that must have both cells."""
_NUMBERS: Final[tuple[Part, ...]] = (
    "year", "month", "day", "weekday", "Sunday weekday", "quarter", "hour", "minute", "week", "weekend",
)  # fmt: skip
_CALLED: Final[tuple[Part, ...]] = ("weekday", "month", "quarter", "weekend", "hour")
"""Parts that texts call by a name."""
_MAX_NAMES: Final = 24
"""There are no more of any of them."""
_FORMATS: Final = (
    "%B", "%b", "%A", "%a", "%Y-%m", "%Y", "%m", "%d", "%H", "%H:%M", "%H:00", "%Y-%m-%d", "%m/%Y", "%m-%Y",
    "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%b %y", "%Y/%m", "%Y%m", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y",
    "%m/%d/%Y", "Q%q", "%Y-Q%q", "%Y Q%q", "%YQ%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "%G-W%V", "%j",
)  # fmt: skip
_UNITS: Final[tuple[Unit, ...]] = (
    "years", "days", "calendar days", "hours", "minutes", "seconds", "weeks", "months", "calendar years",
    "calendar months", "years of 365.25 days", "years of 365 days",
)  # fmt: skip
_EARLIEST, _LATEST = -170 * 31_556_952e6, 230 * 31_556_952e6
"""Days from 1800 to 2200, in microseconds since 1970: what somebody may count from."""
_ROUNDINGS: Final[tuple[Rounding, ...]] = ("down", "nearest", "up")


def find_parts(view: View, taken: frozenset[str]) -> list[MomentPart]:
    """Parts of the first date or moment that each column is one of."""
    few = view.quick.slice(0, N_FEW)
    found: dict[str, MomentPart] = {}
    for source in _sources(view):
        ticks, missing = ticks_of(cells_of(few, source.name), source)
        parts: dict[Part, Int[np.ndarray, " n"]] = {part: part_of(ticks, part) for part in _NUMBERS}
        texts = {form: spelt(ticks, form) for form in _FORMATS} if _has_texts(view) else {}
        for column in view.schema.columns:
            if column.name in taken or column.name in found or column.name == source.name:
                continue
            if not column.traits.is_varied or (source.name in found and found[source.name].of == column):
                continue
            cells = cells_of(few, column.name)
            both = ~missing & ~are_missing(cells)
            if both.sum() < MIN_KNOWN:
                continue
            for rule, n_tried in _likely_parts(column, source, cells, both, parts, texts):
                kept = held(view.records, [rule], n_tried * len(view.schema) ** 2)
                if kept is not None:
                    found[column.name] = kept
                    break
    return list(found.values())


def _sources(view: View) -> list[Column]:
    """Moments before dates, which may be parts of them, before times of day."""
    found = [one for one in view.schema.columns if one.traits.is_varied]
    by_type = [
        [one for one in found if one.type == type] for type in ("timestamp[us]", "date32[day]", "time64[us]")
    ]
    return [one for some in by_type for one in some][:MAX_SOURCES]


def _has_texts(view: View) -> bool:
    return any(column.type == "string" for column in view.schema.columns)


def _likely_parts(
    column: Column,
    source: Column,
    cells: pa.Array,
    both: Mask,
    parts: Mapping[Part, Int[np.ndarray, " n"]],
    texts: Mapping[str, pa.Array],
) -> Iterator[tuple[MomentPart, float]]:
    """Rules that hold in few records, and how many there were to choose from."""
    if column.type == "string":
        first = int(both.argmax())
        own = cells[first].as_py()
        for form, spelling in texts.items():
            if spelling[first].as_py() == own and mask_of(pc.equal(spelling, cells))[both].all():
                yield MomentPart(column, source, format=form), len(_FORMATS)
        codes = codes_of(cells.filter(pa.array(both)))
        for part in _CALLED if codes.max() < _MAX_NAMES else ():
            known, first, places = np.unique(parts[part][both], return_index=True, return_inverse=True)
            if (codes[first][places] == codes).all():
                yield MomentPart(column, source, part), float(codes.max() + 1) ** min(len(known), 24)
    elif column.type == "date32[day]":
        if source.type == "timestamp[us]":
            yield MomentPart(column, source, "date"), 1
        yield MomentPart(column, source, "first of the month"), 1
    elif column.type == "time64[us]" and source.type == "timestamp[us]":
        yield MomentPart(column, source, "time"), 1
    elif column.type == "bool":
        yield MomentPart(column, source, "weekend"), 1
    elif column.traits.is_number and step_of(column) == 1:
        numbers = floats_of(cells)[both]
        for part, values in parts.items():
            apart = numbers - values[both]
            if (apart == apart[0]).all() and (part == "year" or abs(apart[0]) <= 1):
                yield MomentPart(column, source, part, int(apart[0])), len(_NUMBERS)


def find_elapsed(view: View, taken: frozenset[str]) -> list[Elapsed]:
    """Times between two columns, or one and a date that is the same for all records."""
    sources = [one for one in _sources(view) if one.traits.is_time]
    few = view.quick.slice(0, N_FEW)
    moments = {one.name: ticks_of(cells_of(few, one.name), one) for one in sources}
    spans: dict[tuple[Column, Column], tuple[dict[Unit, Numbers], Mask]] = {}
    for start, end in permutations(sources, 2):
        (first, no_first), (last, no_last) = moments[start.name], moments[end.name]
        spans[start, end] = ({unit: elapsed(first, last, unit) for unit in _UNITS}, ~no_first & ~no_last)
    found: list[Elapsed] = []
    for column in view.schema.columns:
        is_measure = column.type == "duration[us]" or column in view.measures
        if column.name in taken or not is_measure or not column.traits.is_varied:
            continue
        numbers, missing = units(cells_of(few, column.name), column)
        rules = (
            *_between(column, spans, numbers, ~missing),
            *_since(view, column, sources, moments, numbers, missing),
        )
        rule = held(view.records, rules, len(_UNITS) * len(view.schema) ** 3)
        found += [] if rule is None else [rule]
    return found


def _between(
    column: Column,
    spans: Mapping[tuple[Column, Column], tuple[Mapping[Unit, Numbers], Mask]],
    numbers: Numbers,
    present: Mask,
) -> Iterator[Elapsed]:
    """Rules of two columns that hold in few records."""
    step = step_of(column)
    for (start, end), (by_unit, known) in spans.items():
        both = present & known
        if both.sum() < MIN_KNOWN:
            continue
        if column.type == "duration[us]":
            if (np.abs(by_unit["seconds"] * 1e6 - numbers)[both] < step).all():
                yield Elapsed(column, start, end)
            continue
        for unit, found in by_unit.items():
            if np.abs(found - numbers)[both].max() > 1.001 * max(step, 1e-6):
                continue
            for rounding in _ROUNDINGS if unit in UNITS else _ROUNDINGS[:1]:
                wanted = rounded(found, step, rounding)
                if (np.abs(wanted - numbers) <= 0.5 * step + RELATIVE * np.abs(wanted))[both].all():
                    yield Elapsed(column, start, end, unit=unit, rounding=rounding)


def _since(
    view: View,
    column: Column,
    sources: list[Column],
    ticks: Mapping[str, tuple[Ticks, Mask]],
    numbers: Numbers,
    missing: Mask,
) -> Iterator[Elapsed]:
    """Rules of one column and one date, found from the days that explain all records."""
    if column.type == "duration[us]" or not step_of(column):
        return
    for source, (unit, is_end) in product(sources, product(_UNITS, (True, False))):
        moments, lacking = ticks[source.name]
        both = ~missing & ~lacking
        if both.sum() < MIN_KNOWN or unit.startswith("calendar"):
            continue
        if _day(moments[both], numbers[both], step_of(column), unit, is_end=is_end) is None:
            continue
        cells = [cells_of(view.records, one.name) for one in (source, column)]
        whole, values = ticks_of(cells[0], source)[0], units(cells[1], column)[0]
        known = ~are_missing(cells[0]) & ~are_missing(cells[1])
        day = _day(whole[known], values[known], step_of(column), unit, is_end=is_end)
        if day is not None:
            sides = (source, None) if is_end else (None, source)
            yield Elapsed(column, *sides, date=day, unit=unit)


def _day(moments: Ticks, numbers: Numbers, step: float, unit: Unit, *, is_end: bool) -> str | None:
    """The middle of the days (or of the moments) at which so much time had passed for all records, or None.

    Args:
        moments: Of the records.
        numbers: How much time it says that there is from each of them, or to each.
        step: Of the numbers.
        unit: What they count.
        is_end: Whether the day is the end, and the moments are starts.
    """
    if unit in UNITS:
        least, most = numbers * UNITS[unit], (numbers + step) * UNITS[unit] - 1
        low, high = (moments + least, moments + most) if is_end else (moments - most, moments - least)
    elif step < 1 or not is_end:
        return None
    else:
        n_months = (numbers * (12 if unit == "years" else 1)).astype(np.int64)
        low, high = (
            _later(moments, n_months),
            _later(moments, n_months + (12 if unit == "years" else 1)) - DAY,
        )
    first, last = float(low.max()), float(high.min())
    if first > last:
        return None
    middle = (first + last) // 2
    days = middle // DAY * DAY  # a whole day, if one is among them
    day = next((one for one in (days, days + DAY) if first <= one <= last), middle)
    if not _EARLIEST <= day <= _LATEST:
        return None
    return str(np.datetime64(int(day), "us").astype("datetime64[us]")).removesuffix("T00:00:00.000000")


def _later(moments: Ticks, n_months: np.ndarray) -> np.ndarray:
    """The days so many months later, in microseconds; the first of the next month where there is none."""
    days = (moments // DAY).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    then = months + n_months
    last = (then + 1).astype("datetime64[D]")
    return np.minimum(then.astype("datetime64[D]") + of_month, last).astype(np.int64) * DAY
