"""Which kind a column is: the kinds that numbers, words and marks are taken for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pandas as pd
import pyarrow as pa
import pytest

from gansmith.errors import DataError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.tabular.files import read_table
from gansmith.tabular.files.frames import in_type_of


def of(cells: Sequence[str | None], name: str = "x", **options):
    """The column of these strings, its values, and what was said of it."""
    table = read_table(pa.table({name: pa.array(cells, pa.string())}), **options)
    return table.schema.column(name), table.records.column(name).to_pylist(), table.notes


@pytest.mark.parametrize(
    ("cells", "kind", "first"),
    [
        (["$1,234.50", "$5.00"], "decimal", 1234.5),
        (["1,234", "56"], "integer", 1234),
        (["12.5%", "3%"], "decimal", 12.5),
        (["(1,200)", "5"], "integer", -1200),
        (["5 kg", "5 kg"], "constant", 5),
        (["ja", "nein"], "boolean", True),
        (["ON", "OFF"], "boolean", True),
        (["M", "F"], "category", "M"),
        (["low", "high"], "category", "low"),
        (["08:30", "23:15"], "time", datetime.time(8, 30)),
        (["36:15:00", "02:00:00"], "duration", datetime.timedelta(hours=36.25)),
        (["2024-07-01T10:00:00+02:00", "2024-01-01T10:00:00+01:00"], "datetime",
         datetime.datetime(2024, 7, 1, 8)),
        (["7", "missing", "n/a", "8"], "integer", 7),
        (["+0.5", "-1.5", "0.0"], "decimal", 0.5),
        (["+49301234567", "+49309876543"], "invented", "+49301234567"),
        (["4111111111111111", "5500005555555559", "340000000000009", "30000000000004", "6011000000000004",
          "4012888888881881", "5105105105105100", "371449635398431"], "invented", "4111111111111111"),
        (["red", "missing", "blue"], "category", "red"),
        (["5", "unknown", "6"], "category", "5"),
        ([str(2**60 + n % 3) for n in range(40)], "category", str(2**60)),
        ([str(2**60 + n * n) for n in range(40)], "identifier", 2**60),
        ([str(10**25 + n % 3) for n in range(40)], "category", str(10**25)),
        ([f"999-{n % 97:02}-{n * 7919 % 10000:04}" for n in range(100)], "identifier", "999-00-0000"),
    ],
)  # fmt: skip
def test_cells_become_a_kind_and_come_back(cells, kind, first):
    column, values, _ = of(cells)
    assert (column.kind, values[0]) == (kind, first)
    again = column.traits.spell(pa.array(values, column.arrow_type), column)
    shown = [cell for cell in again.to_pylist() if cell is not None]
    assert shown == [cell for cell, value in zip(cells, values, strict=True) if value is not None]
    assert column.traits.parse(again, column).equals(pa.array(values, column.arrow_type))


@pytest.mark.parametrize("numbers", [[2**60 + n % 3 for n in range(40)], [2**60 + n * n for n in range(40)]])
def test_numbers_that_a_double_cannot_keep_are_exact_in_frames_too(numbers):
    frame = pd.DataFrame({"x": numbers, "n": range(40), "half": [n % 2 for n in range(40)]})
    table = read_table(frame)
    column = table.schema.column("x")
    assert column.kind in ("category", "identifier")
    assert in_type_of(table.records, table.schema, frame)["x"].tolist() == numbers
    codec = TableCodec.fit(table, TableOptions(min_count=1), 0)
    assert codec.schema == table.schema


def test_an_integer_that_loses_digits_is_told():
    column, _, notes = of([str(2**60 + n % 3) for n in range(40)], overrides={"x": "integer"})
    assert column.kind == "integer"
    assert "lose their last digits" in notes[0]


def test_spellings_of_a_missing_cell_of_one_s_own():
    cells = ["5", "n.v.", "7", "n.v.", "NA"]
    assert of(cells)[0].kind == "category"
    column, values, notes = of(cells, missing=["n.v.", "gone"])
    assert (column.kind, values) == ("integer", [5, None, 7, None, None])
    assert (column.missing_mark, column.missing_rate) == ("n.v.", 0.6)
    assert "2 spellings of a missing cell" in notes[0]
    column, values, _ = of(["red", "gone", "blue", "red"], missing=["n.v.", "gone"])
    assert (column.kind, values[1]) == ("category", None)


def test_a_schema_remembers_the_marks():
    cells = ["5", "n.v.", "7", "gone", "gone"]
    table = read_table(pa.table({"x": cells}), missing=["n.v.", "gone"])
    assert table.schema.column("x").missing_marks == ("n.v.",)
    again = read_table(pa.table({"x": cells}), schema=table.schema)
    assert again.records["x"].to_pylist() == [5, None, 7, None, None]


def test_a_number_can_be_a_mark_in_a_frame():
    table = read_table(pd.DataFrame({"x": [1, -999, 3], "y": [1.5, -999.0, 2.0]}), missing=["-999"])
    assert table.records.to_pydict() == {"x": [1, None, 3], "y": [1.5, None, 2.0]}


def test_a_thing_to_invent_stands_for_a_kind():
    cells = [f"id{n % 7}" for n in range(60)]
    column, _, _ = of(cells, overrides={"x": "email"})
    assert (column.kind, column.semantic_type) == ("invented", "email")
    assert of([f"a{n}@b.com" for n in range(9)], overrides={"x": "invented"})[0].semantic_type == "email"
    assert of(cells, overrides={"x": "category"})[0].kind == "category"


def test_forced_kinds_read_number_formats_too_and_refuse_the_rest():
    assert of(["1,234", "56"], overrides={"x": "integer"})[0].thousands == ","
    assert of(["1,234", "56"], overrides={"x": "decimal"})[0].kind == "decimal"
    assert of(["03:15", "02:10"], overrides={"x": "duration"})[1][0] == datetime.timedelta(seconds=195)
    for kind in ("integer", "time", "duration", "datetime"):
        with pytest.raises(DataError, match="record 1: 'red'"):
            of(["red", "blue"], overrides={"x": kind})


def test_typed_times_and_durations_keep_their_types():
    table = pa.table(
        {
            "at": pa.array([3600, 7200, None], pa.time32("s")),
            "took": pa.array([90, None, 30], pa.duration("ms")),
            "n": [1, 2, 3],
        }
    )
    found = read_table(table)
    assert [column.kind for column in found.schema.columns] == ["time", "duration", "integer"]
    assert found.records["at"][0].as_py() == datetime.time(1)
    assert in_type_of(found.records, found.schema, table).equals(table)
    codec = TableCodec.fit(found, TableOptions(min_count=1), 0)
    assert codec.schema.column("at").granularity_seconds == 3600


@pytest.mark.parametrize(
    "cells", [["20/07/2019", "04/09/2019"], ["1h 5m", "2h 7m"], ["2020-04-28 01:37", "2020-06-01 02:13"]]
)
def test_times_that_differ_are_no_constant(cells):
    with pytest.raises(DataError, match=f"record 2: .{cells[1]}. is another value"):
        read_table(pa.table({"x": cells * 3}), overrides={"x": "constant"})


def test_what_is_refused_is_called_as_it_was_asked_for():
    with pytest.raises(DataError, match="'7h 9m' is not of the wanted kind time"):
        read_table(pa.table({"x": ["7h 9m", "4h 45m"]}), overrides={"x": "time"})
