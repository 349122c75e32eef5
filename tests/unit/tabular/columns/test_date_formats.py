"""Formats of dates: whatever stands where, each cell is read right and spelt back letter for letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest

from gansmith.tabular.columns.date_codes import read_times, spell_times
from gansmith.tabular.columns.date_formats import find_format
from gansmith.tabular.files import read_table
from gansmith.tabular.files.frames import in_type_of

MOMENTS = [dt.datetime(2014, 3, 5, 13, 55) + dt.timedelta(days=37 * n, minutes=11 * n) for n in range(40)]
Speller = Callable[[dt.datetime], str]


def fraction(moment: dt.datetime, digits: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{digits}"


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


SPELLINGS: list[tuple[Speller, str]] = [
    (lambda d: f"{d:%d %b, %y}", "%d %b, %y"),
    (lambda d: f"{d:%d%b%Y}".upper(), "%d%^b%Y"),
    (lambda d: f"{d:%a %b %d %H:%M:%S %Y}", "%a %b %d %H:%M:%S %Y"),
    (lambda d: d.ctime(), "%a %b %e %H:%M:%S %Y"),
    (lambda d: f"{d:%d.%m.%Y, %H:%M}", "%d.%m.%Y, %H:%M"),
    (lambda d: f"{d:%Y-%j}", "%Y-%j"),
    (lambda d: fraction(d, "1234500"), "%Y-%m-%d %H:%M:%S.%7f"),
    (lambda d: fraction(d, "123456000"), "%Y-%m-%d %H:%M:%S.%9f"),
    (lambda d: fraction(d, f"{d.minute:02}"), "%Y-%m-%d %H:%M:%S.%2f"),
    (lambda d: fraction(d, "25" if d.day % 2 else "125"), "%Y-%m-%d %H:%M:%S%.f"),
    (lambda d: f"{d:%d/%m/%Y %H:%M:%S},250", "%d/%m/%Y %H:%M:%S,%g"),
    (lambda d: f"{d:%m/%d/%Y %I:%M:%S%p}", "%m/%d/%Y %I:%M:%S%p"),
    (lambda d: f"{d:%d.%m.%Y %I:%M} {'p' if d.hour >= 12 else 'a'}.m.", "%d.%m.%Y %I:%M %.P"),
    (lambda d: f"{d:%d %b %Y} {(d.hour + 11) % 12 + 1}{d:%p}".lower(), "%d %~b %Y %-I%P"),
    (lambda d: f"{d:%G-W%V-%u}", "%G-W%V-%u"),
    (lambda d: f"{d:%GW%V%u}", "%GW%V%u"),
    (lambda d: f"{d:%Y%m%dT%H%M%S}", "%Y%m%dT%H%M%S"),
    (lambda d: f"{d:%d-%b-%y %I.%M.%S.000000 %p}".upper(), "%d-%^b-%y %I.%M.%S.%f %p"),
    (lambda d: f"{d:%B} {ordinal(d.day)}, {d:%Y}", "%B %-d%o, %Y"),
    (lambda d: f"{d:%a %b %d %H:%M:%S} UTC {d:%Y}", "%a %b %d %H:%M:%S UTC %Y"),
    (lambda d: f"{d:%a, %d %b %Y %H:%M:%S} GMT", "%a, %d %b %Y %H:%M:%S GMT"),
    (lambda d: f"{d:%d.%m.%Y} um {d:%H:%M} Uhr", "%d.%m.%Y um %H:%M Uhr"),
    (lambda d: f"{d:%H:%M %d/%m/%Y}", "%H:%M %d/%m/%Y"),
    (lambda d: f"{d:%d/%m/%Y %Hh%M}", "%d/%m/%Y %Hh%M"),
    (lambda d: f"{d:%Y-%b-%d}", "%Y-%b-%d"),
    (lambda d: f"{d:%y-%m-%d}", "%y-%m-%d"),
    (lambda d: f"{d:%d-%m-%y}", "%d-%m-%y"),
    (lambda d: f"{d.month}/{d.day}/{d.year} {d.hour}:{d:%M}", "%-m/%-d/%Y %H:%M"),
    (lambda d: f"{d:%Y%m%d}", "%Y%m%d"),
    (lambda d: f"{d:%d%m%Y}", "%d%m%Y"),
    (lambda d: f"{d:%Y%m}", "%Y%m"),
    (lambda d: f"{d:%Y%m%d%H%M%S}", "%Y%m%d%H%M%S"),
]


@pytest.mark.parametrize(("speller", "form"), SPELLINGS, ids=[form for _, form in SPELLINGS])
def test_every_spelling_is_found_read_right_and_spelt_back(speller, form):
    cells = list(map(speller, MOMENTS))
    table = read_table(pa.table({"at": cells, "n": range(40)}))
    column = table.schema.column("at")
    assert (column.kind, column.format) == ("datetime" if "%H" in form or "I" in form else "date", form)
    values = table.records["at"].combine_chunks()
    assert column.traits.spell(values, column).to_pylist() == cells
    days = [value.date() if isinstance(value, dt.datetime) else value for value in values.to_pylist()]
    exact = [moment.date() for moment in MOMENTS]
    assert days == ([day.replace(day=1) for day in exact] if form == "%Y%m" else exact)


@pytest.mark.parametrize(
    "cells",
    [
        ["1-2-10", "3-4-11"], ["192.168.1.1", "10.0.0.1"], ["12 Main St 2014", "3 Elm 2010"], ["A-12-2014"],
        ["Mar 14", "Apr 15"], ["2015-001", "2015-002", "2015-003"], ["40 %", "12 %"], ["Room 7"],
        ["30 Feb 2014", "01 Mar 2014"],
    ],
)  # fmt: skip
def test_what_is_no_date_is_none(cells):
    assert find_format(pa.array(cells)) == ("", "")


@pytest.mark.parametrize(
    ("years", "first", "is_told"),
    [(range(30, 100), 1930, True), ((95, 99, 0, 14), 1995, False), ((14, 15), 2014, False),
     ((45, 60, 65), 1945, True), (range(100), 1969, True)],
)  # fmt: skip
def test_two_digits_of_a_year_mean_what_leaves_the_widest_gap(years, first, is_told):
    cells = pa.array([f"25.06.{year:02}" for year in years])
    form, remark = find_format(cells)
    times = read_times(cells, form)
    assert min(times.to_pylist()).year == first
    assert spell_times(times, form).equals(cells)
    assert bool(remark) == is_told, remark


def test_whole_numbers_that_are_days_keep_their_type():
    days = [int(f"{moment:%Y%m%d}") for moment in MOMENTS]
    frame = pd.DataFrame(
        {"day": days, "month": [day // 100 for day in days], "n": [n % 7 for n in range(40)]}
    )
    table = read_table(frame)
    assert [column.kind for column in table.schema.columns] == ["date", "date", "integer"]
    assert table.records["day"][0].as_py() == dt.date(2014, 3, 5)
    again = in_type_of(table.records, table.schema, frame)
    pd.testing.assert_frame_equal(again, frame)
    assert "'day': its numbers are read as times in the format %Y%m%d" in table.notes[0]
    kept = read_table(frame, overrides={"day": "integer"})
    assert kept.schema.column("day").kind == "integer"


@pytest.mark.parametrize("numbers", [range(20000001, 20000041), [20140305, 20140306], [199, 201403]])
def test_other_whole_numbers_stay_numbers(numbers):
    column = read_table(pa.table({"x": list(numbers)})).schema.column("x")
    assert column.kind in ("integer", "identifier")


def test_dates_that_cannot_be_read_are_told_with_the_option_that_helps():
    german = [f"{day}. März 2014" for day in range(1, 31)] * 2
    notes = read_table(pa.table({"x": german})).notes
    assert "look like dates" in notes[0]
    assert "'format'" in notes[0]
    spoilt = [f"{moment:%d.%m.%Y}" for moment in MOMENTS] + ["open"]
    notes = read_table(pa.table({"x": spoilt})).notes
    assert "%d.%m.%Y reads all but 1, the first in record 41" in notes[0]
    assert "--missing" in notes[0]
    assert read_table(pa.table({"x": spoilt}), missing=["open"]).schema.column("x").kind == "date"
    zero = [f"{moment:%Y%m%d}" for moment in MOMENTS] + ["0"]
    assert "%Y%m%d reads all but 1" in read_table(pa.table({"x": zero})).notes[0]
