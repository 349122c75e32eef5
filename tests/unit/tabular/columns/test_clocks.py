from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from gansmith.tabular.columns.clocks import (
    find_clock,
    read_clock,
    read_duration,
    spell_clock,
    spell_duration,
)
from gansmith.tabular.columns.dates import granularity_seconds


def hours(hours: float) -> datetime.timedelta:
    return datetime.timedelta(hours=hours)


@pytest.mark.parametrize(
    ("cells", "form", "first"),
    [
        (["08:30", "23:15"], "%H:%M", datetime.time(8, 30)),
        (["8:30", "23:15"], "%-H:%M", datetime.time(8, 30)),
        (["08:30:15", "23:15:01"], "%H:%M:%S", datetime.time(8, 30, 15)),
        (["08:30:15.250", "23:15:01.125"], "%H:%M:%S.%g", datetime.time(8, 30, 15, 250_000)),
        (["8:30 PM", "12:15 AM"], "%-I:%M %p", datetime.time(20, 30)),
        (["08:30pm", "12:15am"], "%I:%M%P", datetime.time(20, 30)),
        (["8 PM", "12 AM"], "%-I %p", datetime.time(20)),
        (["14h30", "08h05"], "%Hh%M", datetime.time(14, 30)),
    ],
)
def test_a_time_of_day_is_found_read_and_spelt(cells, form, first):
    array = pa.array(cells)
    assert find_clock("x", array) == ("time", form, "")
    times = read_clock(array, form)
    assert times[0].as_py() == first
    assert spell_clock(times, form).to_pylist() == cells


@pytest.mark.parametrize(
    ("cells", "form", "first"),
    [
        (["36:15:00", "02:00:00"], "%H:%M:%S", hours(36.25)),
        (["-1:30:00", "40:00:00"], "%-H:%M:%S", hours(-1.5)),
        (["2h 30m", "101h 5m"], "%-Hh %-Mm", hours(2.5)),
        (["PT1H30M", "PT45M", "-P1DT2S", "PT0.5S", "PT0S"], "ISO 8601", hours(1.5)),
        (["1 days 02:03:00", "0 days 00:00:01"], "%-D days %H:%M:%S", hours(26.05)),
        (["1:30.250", "61:10.125"], "%-M:%S.%g", datetime.timedelta(seconds=90.25)),
    ],
)
def test_a_duration_is_found_read_and_spelt(cells, form, first):
    array = pa.array(cells)
    assert find_clock("x", array) == ("duration", form, "")
    durations = read_duration(array, form)
    assert durations[0].as_py() == first
    assert spell_duration(durations, form).to_pylist() == cells


def test_the_name_decides_between_a_time_and_a_duration():
    cells = pa.array(["03:45", "02:10"])
    assert find_clock("start", cells)[0] == "time"
    kind, form, remark = find_clock("lap_duration", cells)
    assert (kind, form) == ("duration", "%M:%S")
    assert "%H:%M would do too" in remark


@pytest.mark.parametrize(
    "cells", [["1.5"], ["12:3"], ["2:1"], ["25:61:00"], ["a:30"], ["08:30", "8:30"], ["1 h"]]
)
def test_other_cells_are_neither(cells):
    assert find_clock("x", pa.array(cells))[0] == ""


def test_missing_cells_stay_missing_and_bad_ones_become_so():
    assert read_clock(pa.array(["08:30", None, "x"]), "%H:%M").null_count == 2
    assert read_duration(pa.array(["08:30", None, "x"]), "%H:%M").null_count == 2
    assert spell_duration(pa.array([None, hours(1)], pa.duration("us")), "").to_pylist() == [None, "01:00:00"]
    assert spell_clock(pa.array([None, datetime.time(1)], pa.time64("us")), "").to_pylist() == [
        None,
        "01:00:00",
    ]


def test_the_granularity_is_the_greatest():
    assert granularity_seconds(pa.array([hours(1), None, hours(3)], pa.duration("us"))) == 3600
    assert granularity_seconds(pa.array([datetime.time(0, 0, 0, 5)], pa.time64("us"))) == 0
    assert granularity_seconds(pa.array([None], pa.time64("us"))) == 0
